//! No hub: one tablet is the relay. Others find it, or scan its code; then the hub returns.

use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn start(scene: &Scene, tablet: &tendenko_tests::region::Tablet) -> Result<RemoteTablet, Failure> {
    let board = scene.folder().join("board");
    Ok(RemoteTablet::start_with(&tablet.dir, &["--discover", &board.to_string_lossy()])?)
}

#[test]
fn a_tablet_found_by_its_colleagues_serves_them_until_the_hub_returns() -> Drill {
    let scene = Scene::set()?;
    let mut nurse = start(&scene, &scene.nurse)?;
    let mut pharmacist = start(&scene, &scene.pharmacist)?;
    let first = nurse.visit(&scene.patient, "中継なし")?;
    // Enrolled before the nurse's tablet, the pharmacist's does not know it: its name is shown, and its code wanted.
    nurse.run(&Order::Online)?;
    let code = nurse.serve()?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitStranger)?;
    pharmacist.run(&Order::Scan { code })?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: first })?;
    pharmacist.run(&Order::AwaitOverTablet)?;
    let Answer::Site { connected, .. } = nurse.ask(&Order::Site)? else { return Err("no site".into()) };
    assert!(connected.len() <= 1, "{connected:?}");

    let answer = pharmacist.visit(&scene.patient, "薬剤師より")?;
    nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: answer })?;
    pharmacist.run(&Order::AwaitSynced)?;
    assert!(nurse.unsent()? > 0, "at home is not elsewhere");
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;

    // A stick to a third tablet that is out of reach.
    let stick = scene.folder().join("stick.tendenko");
    pharmacist.export_courier(&stick)?;
    let mut site = scene.start(&scene.site)?;
    let Answer::Courier { refused: 0, whole: true, .. } = site.import_courier(&stick)? else {
        return Err("the stick was not taken".into());
    };
    come_to_agree(&mut [&mut site, &mut nurse], Compared::Cards)?;

    // The hub returns.
    let mut hub = scene.region.hub();
    hub.start()?;
    // The serving tablet has passed everything on, and stops by itself; its guests go back to the hub.
    nurse.run(&Order::AwaitServed)?;
    let Answer::Site { ended, .. } = nurse.ask(&Order::Site)? else { return Err("no site".into()) };
    assert_eq!(ended.as_deref(), Some("HubIsBack"));
    site.run(&Order::Online)?;
    for tablet in [&mut nurse, &mut pharmacist, &mut site] {
        tablet.run(&Order::AwaitSynced)?;
        assert_eq!(tablet.unsent()?, 0);
    }
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    come_to_agree(&mut [&mut site, &mut nurse], Compared::Cards)?;
    let there = hub.until(|status| status.quarantined == 0 && status.refused.is_empty())?;
    all_say_the_same(&mut [&mut nurse, &mut pharmacist, &mut site])?;

    // And once more, from an empty disk.
    hub.lose_disk()?;
    hub.start()?;
    for tablet in [&mut nurse, &mut pharmacist, &mut site] {
        tablet.run(&Order::Offline)?;
        tablet.run(&Order::Online)?;
        tablet.run(&Order::AwaitSynced)?;
    }
    let again = hub.until(|status| (status.records, status.logs) == (there.records, there.logs))?;
    let lost = again.recovery.ok_or("the hub does not know that it lost its disk")?;
    assert!(lost.devices_back >= 3 && lost.arrivals >= there.records, "{lost:?}");
    assert_eq!((again.record_bytes, again.quarantined), (there.record_bytes, 0));
    all_say_the_same(&mut [&mut nurse, &mut pharmacist, &mut site])?;
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    Ok(())
}

/// Every tablet says: connected to the hub, nothing unsent, nothing refused, one patient, and all of it here.
fn all_say_the_same(tablets: &mut [&mut RemoteTablet]) -> Drill {
    for tablet in tablets {
        tablet.run(&Order::AwaitSynced)?;
        let Answer::Status { unsent, rejected, patients, incomplete, may_be_more, path, .. } =
            tablet.ask(&Order::Status)?
        else {
            return Err("no status".into());
        };
        assert_eq!((unsent, rejected, patients, may_be_more), (0, 0, (1, 1), false));
        assert_eq!((incomplete.len(), path.as_deref()), (0, Some("Hub")));
    }
    Ok(())
}

#[test]
fn sealed_records_pass_through_a_tablet_that_may_not_read_them() -> Drill {
    let scene = Scene::set()?;
    let mut carrier = start(&scene, &scene.stranger)?;
    let code = carrier.serve()?;
    let mut nurse = start(&scene, &scene.nurse)?;
    let mut pharmacist = start(&scene, &scene.pharmacist)?;
    let entry = nurse.visit(&scene.patient, "読めない端末が運ぶ")?;
    for tablet in [&mut nurse, &mut pharmacist] {
        tablet.run(&Order::Online)?;
        tablet.run(&Order::Scan { code: code.clone() })?;
    }
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    assert!(carrier.patients()?.is_empty());
    // Both are lost with their tablets; what they wrote is not: the carrier brings it to the hub, unread.
    nurse.kill();
    let whole = pharmacist.fingerprint(true)?;
    pharmacist.kill();
    for tablet in [&scene.nurse, &scene.pharmacist] {
        std::fs::remove_dir_all(&tablet.dir)?;
    }
    let mut hub = scene.region.hub();
    hub.start()?;
    carrier.run(&Order::AwaitServed)?;
    let mut site = scene.start_online(&scene.site)?;
    assert_eq!(site.fingerprint(true)?, whole);
    let there = hub.status()?.records;

    // The hub's disk is lost, and nobody else has the chart: the carrier gives it again, although it had left its outbox.
    site.kill();
    hub.lose_disk()?;
    hub.start()?;
    carrier.run(&Order::Online)?;
    carrier.serve()?;
    carrier.run(&Order::AwaitServed)?;
    hub.until(|status| status.records >= there)?;
    Ok(())
}

#[test]
fn a_site_that_nobody_needs_ends_by_itself() -> Drill {
    let scene = Scene::set()?;
    let mut nurse = RemoteTablet::start_with(&scene.nurse.dir, &["--idle", "1"])?;
    nurse.serve()?;
    nurse.run(&Order::AwaitServed)?;
    let Answer::Site { ended, code: None, .. } = nurse.ask(&Order::Site)? else { return Err("it still serves".into()) };
    assert_eq!(ended.as_deref(), Some("Idle"));
    Ok(())
}

#[test]
fn another_regions_code_is_refused() -> Drill {
    let (scene, other) = (Scene::set()?, Scene::set()?);
    let code = start(&other, &other.nurse)?.serve()?;
    let mut nurse = start(&scene, &scene.nurse)?;
    assert!(nurse.run(&Order::Scan { code }).is_err_and(|error| error.to_string().contains("another region")));
    Ok(())
}
