//! Two tablets on one cable, each a machine of its own, find each other by real multicast DNS.

use tendenko_tests::namespaces::Namespaces;
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

#[test]
fn two_tablets_in_one_network_find_each_other_by_multicast() -> Drill {
    let network = match Namespaces::join() {
        Ok(network) => network,
        Err(why) => {
            eprintln!("skipped: no network namespaces here ({why})");
            return Ok(());
        }
    };
    let scene = Scene::set()?;
    // They have met before, over the hub: the pharmacist's tablet knows the nurse's certificate.
    let hub = scene.relay()?;
    for tablet in [&scene.nurse, &scene.pharmacist] {
        scene.start_online(tablet)?.run(&Order::AwaitSynced)?;
    }
    drop(hub);
    let start = |tablet: &tendenko_tests::region::Tablet, which| {
        RemoteTablet::start_under(&network.launcher(which), &tablet.dir, &["--discover", "multicast"])
    };
    let mut nurse = start(&scene.nurse, 0)?;
    let mut pharmacist = start(&scene.pharmacist, 1)?;
    let entry = nurse.visit(&scene.patient, "中継なし、同じ部屋で")?;
    nurse.run(&Order::Online)?;
    pharmacist.run(&Order::Online)?;
    nurse.serve()?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    pharmacist.run(&Order::AwaitOverTablet)?;
    let answer = pharmacist.visit(&scene.patient, "薬剤師より")?;
    nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: answer })?;
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    Ok(())
}
