//! All return at once: twenty tablets that worked alone, and a relay whose disk was lost meanwhile.

use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

/// Tablets in the team.
const TABLETS: usize = 20;

/// Gives everybody an order, and waits for all answers.
fn at_once(tablets: &mut [RemoteTablet], order: &Order) -> Drill {
    for tablet in tablets.iter_mut() {
        tablet.tell(order)?;
    }
    tablets.iter_mut().try_for_each(|tablet| tablet.answer().map(drop)).map_err(Into::into)
}

#[test]
fn twenty_tablets_return_at_once_to_an_emptied_relay() -> Drill {
    let scene = Scene::set_with_team(TABLETS)?;
    let mut relay = scene.region.hub();
    relay.start()?;
    scene.start_online(&scene.nurse)?.kill();
    let mut tablets =
        scene.team.iter().map(|tablet| scene.start_online(tablet)).collect::<Result<Vec<RemoteTablet>, _>>()?;
    relay.lose_disk()?;
    // Side by side: each has a farewell to give up on.
    at_once(&mut tablets, &Order::Offline)?;
    let mut written = Vec::new();
    for (number, tablet) in tablets.iter_mut().enumerate() {
        for visit in 0..3 {
            written.push(tablet.visit(&scene.patient, &format!("{number}号機 {visit}"))?);
        }
    }

    relay.start()?;
    at_once(&mut tablets, &Order::Online)?;
    for tablet in &mut tablets {
        // A tablet's last entry comes after its others.
        for entry in written.iter().skip(2).step_by(3) {
            tablet.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
        }
        tablet.run(&Order::AwaitSynced)?;
    }
    let here = tablets[0].entries(&scene.patient)?;
    assert!(written.iter().all(|entry| here.contains(entry)), "something that was saved is lost");
    come_to_agree(&mut tablets.iter_mut().collect::<Vec<_>>(), Compared::Charts)?;
    for tablet in &mut tablets {
        assert_eq!(tablet.unsent()?, 0);
    }
    let status = relay.until(|status| status.recovery.as_ref().is_some_and(|back| back.devices_back >= TABLETS))?;
    assert_eq!(status.quarantined, 0, "{:?}", status.refused);
    Ok(())
}
