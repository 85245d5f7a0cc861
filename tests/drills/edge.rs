//! An edge relay at an evacuation site: cut off for days, merged again, and the hub that never comes back.

use tendenko_relay::status::Status;
use tendenko_tests::scene::Scene;
use tendenko_tests::site::RelaySite;
use tendenko_tests::tablet::{Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

/// Nothing waits to go up, and nothing was refused up there.
fn all_is_up(status: &Status) -> bool {
    status.upstream.as_ref().is_some_and(|upstream| upstream.waiting.iter().all(|lane| lane.items == 0))
}

/// Both relays hold the same, and say so.
fn agree(hub: &RelaySite, edge: &RelaySite) -> Drill {
    let above = edge.until(all_is_up).and_then(|_| hub.status())?;
    let below = edge.until(|status| status.records == above.records && status.logs == above.logs)?;
    assert_eq!((above.records, above.record_bytes, above.logs), (below.records, below.record_bytes, below.logs));
    assert_eq!(above.statements, below.statements);
    assert_eq!(above.quarantined + below.quarantined, 0);
    Ok(())
}

/// Starts a tablet on one relay, and waits until it has the patient.
fn online_at(
    scene: &Scene,
    tablet: &tendenko_tests::region::Tablet,
    site: &RelaySite,
    more: &[&str],
) -> Result<RemoteTablet, Box<dyn std::error::Error + Send + Sync>> {
    let address = site.listen.to_string();
    let mut args = vec!["--relay", &address];
    args.extend(more);
    let mut started = RemoteTablet::start_with(&tablet.dir, &args)?;
    started.run(&Order::Online)?;
    started.run(&Order::AwaitAmounts { patient: scene.patient.clone(), medicine: scene.medicine.clone(), count: 1 })?;
    started.run(&Order::AwaitSynced)?;
    Ok(started)
}

fn visits(
    scene: &Scene,
    tablet: &mut RemoteTablet,
    word: &str,
    count: usize,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    (0..count).map(|number| Ok(tablet.visit(&scene.patient, &format!("{word} {number}"))?)).collect()
}

fn await_all(scene: &Scene, tablets: &mut [&mut RemoteTablet], entries: &[String]) -> Drill {
    for tablet in tablets.iter_mut() {
        for entry in entries {
            tablet.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
        }
    }
    Ok(())
}

/// All tablets and both relays know each other's certificates, and the patient is everywhere; then nothing runs any more but the tablets.
fn acquainted(scene: &Scene, hub: &mut RelaySite, edge: &mut RelaySite) -> Drill {
    hub.start()?;
    for tablet in [&scene.nurse, &scene.pharmacist, &scene.site] {
        scene.start_online(tablet)?.kill();
    }
    edge.start()?;
    agree(hub, edge)
}

#[test]
fn an_edge_site_cut_off_for_three_days_is_merged_with_its_hub() -> Drill {
    let scene = Scene::set()?;
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    acquainted(&scene, &mut hub, &mut edge)?;
    hub.kill();

    // Three days, in which the clocks of the site's tablets go wrong in both directions.
    let day = 24 * 60 * 60 * 1000_i64;
    let (ahead, behind) = ((3 * day).to_string(), (-day).to_string());
    let mut nurse = online_at(&scene, &scene.nurse, &edge, &["--clock-off-by", &ahead])?;
    let mut site = online_at(&scene, &scene.site, &edge, &["--clock-off-by", &behind])?;
    let mut written = Vec::new();
    for day in 1..=3 {
        written.extend(visits(&scene, &mut nurse, &format!("避難所 {day}日目"), 8)?);
        nurse.run(&Order::AwaitSynced)?;
        // The power goes once a day.
        edge.kill();
        edge.start()?;
    }
    site.dose(&scene.patient, &scene.medicine, "1", "避難所の医師の判断")?;
    site.run(&Order::AwaitSynced)?;
    let waiting = edge.status()?.upstream.ok_or("the edge relay has an upstream")?;
    // What was saved together left together: at least one record a day, and the card's change.
    assert!(waiting.waiting[0].items >= 1 && waiting.waiting[1].items >= 3, "{waiting:?}");

    hub.start()?;
    let mut pharmacist = online_at(&scene, &scene.pharmacist, &hub, &[])?;
    written.extend(visits(&scene, &mut pharmacist, "薬局", 8)?);
    await_all(&scene, &mut [&mut nurse, &mut pharmacist], &written)?;
    for tablet in [&mut nurse, &mut site, &mut pharmacist] {
        tablet.run(&Order::AwaitSynced)?;
        while tablet.amounts(&scene.patient, &scene.medicine)? != ["1"] {
            tablet.run(&Order::AwaitSynced)?;
        }
    }
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    come_to_agree(&mut [&mut site, &mut pharmacist], Compared::Cards)?;
    assert_eq!(nurse.unsent()? + pharmacist.unsent()? + site.unsent()?, 0);
    agree(&hub, &edge)
}

#[test]
fn two_relays_split_are_merged_and_both_doses_are_shown() -> Drill {
    let scene = Scene::set()?;
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    acquainted(&scene, &mut hub, &mut edge)?;
    // The line between the two is cut: the edge relay runs, its upstream leads nowhere.
    edge.kill();
    let nowhere = tendenko_tests::region::free_port()?;
    let mut edge = edge.below(nowhere);
    edge.start()?;
    let mut nurse = online_at(&scene, &scene.nurse, &hub, &[])?;
    let mut pharmacist = online_at(&scene, &scene.pharmacist, &edge, &[])?;
    let mut written = visits(&scene, &mut nurse, "病院側", 5)?;
    written.extend(visits(&scene, &mut pharmacist, "避難所側", 5)?);
    nurse.dose(&scene.patient, &scene.medicine, "3", "病院の判断")?;
    pharmacist.dose(&scene.patient, &scene.medicine, "1", "避難所の判断")?;
    for tablet in [&mut nurse, &mut pharmacist] {
        tablet.run(&Order::AwaitSynced)?;
    }

    edge.kill();
    let mut edge = edge.below(hub.listen);
    edge.start()?;
    await_all(&scene, &mut [&mut nurse, &mut pharmacist], &written)?;
    for tablet in [&mut nurse, &mut pharmacist] {
        let (patient, medicine) = (scene.patient.clone(), scene.medicine.clone());
        tablet.run(&Order::AwaitAmounts { patient, medicine, count: 2 })?;
    }
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    agree(&hub, &edge)
}

#[test]
fn two_tablets_and_an_edge_relay_go_on_when_the_hub_is_gone_for_good() -> Drill {
    let scene = Scene::set()?;
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    acquainted(&scene, &mut hub, &mut edge)?;
    let before = hub.status()?.records;
    hub.kill();
    std::fs::remove_dir_all(hub.dir())?;

    let mut nurse = online_at(&scene, &scene.nurse, &edge, &[])?;
    let mut pharmacist = online_at(&scene, &scene.pharmacist, &edge, &[])?;
    let mut written = visits(&scene, &mut nurse, "本局なし", 6)?;
    written.extend(visits(&scene, &mut pharmacist, "本局なし、薬局", 6)?);
    await_all(&scene, &mut [&mut nurse, &mut pharmacist], &written)?;
    for tablet in [&mut nurse, &mut pharmacist] {
        tablet.run(&Order::AwaitSynced)?;
    }
    // The edge relay's own disk is lost too: the tablets are all there is, and they are enough.
    edge.lose_disk()?;
    edge.start()?;
    for tablet in [&mut nurse, &mut pharmacist] {
        tablet.run(&Order::AwaitSynced)?;
    }
    let status = edge.until(|status| status.records > before)?;
    assert_eq!(status.quarantined, 0);
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    assert_eq!(nurse.unsent()? + pharmacist.unsent()?, 0);
    Ok(())
}

#[test]
fn a_hub_whose_disk_was_lost_is_refilled_by_its_edge_relay_alone() -> Drill {
    let scene = Scene::set()?;
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    acquainted(&scene, &mut hub, &mut edge)?;
    let mut nurse = online_at(&scene, &scene.nurse, &edge, &[])?;
    let written = visits(&scene, &mut nurse, "波の前", 5)?;
    nurse.run(&Order::AwaitSynced)?;
    agree(&hub, &edge)?;
    // No tablet is left that could bring anything back: only the edge relay, which can read nothing of it.
    nurse.kill();
    hub.lose_disk()?;
    hub.start()?;
    let whole = edge.status()?;
    hub.until(|status| status.records == whole.records)?;
    agree(&hub, &edge)?;
    let mut pharmacist = online_at(&scene, &scene.pharmacist, &hub, &[])?;
    await_all(&scene, &mut [&mut pharmacist], &written)
}

#[test]
fn a_photo_that_only_the_hub_has_is_fetched_through_the_edge_relay() -> Drill {
    const PHOTO: usize = 1_000_000;
    let scene = Scene::set()?;
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    acquainted(&scene, &mut hub, &mut edge)?;
    let patient = scene.patient.clone();
    let mut nurse = online_at(&scene, &scene.nurse, &hub, &[])?;
    let pieces = PHOTO.div_ceil(tendenko_protocol::limits::MAX_CHUNK_CONTENT) as u64;
    let mut photos = Vec::new();
    for given in [pieces, 2 * pieces] {
        photos.push(nurse.attach(&patient, PHOTO)?);
        nurse.run(&Order::AwaitGiven { count: given })?;
    }
    assert_eq!(hub.status()?.chunks, 2 * pieces);
    let mut pharmacist = online_at(&scene, &scene.pharmacist, &edge, &[])?;
    let fetch = |entry: &String| Order::Fetch { patient: patient.clone(), entry: entry.clone() };
    let all = |entry: &String| Order::AwaitPieces { patient: patient.clone(), entry: entry.clone(), count: u32::MAX };
    for photo in &photos {
        pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: photo.clone() })?;
    }
    assert_eq!(edge.status()?.chunks, 0, "an edge relay does not fetch what nobody asks for");
    pharmacist.run(&fetch(&photos[0]))?;
    pharmacist.run(&all(&photos[0]))?;
    assert_eq!(pharmacist.pieces(&patient, &photos[0])?.1, Some(PHOTO));
    assert_eq!(edge.status()?.chunks, pieces, "and keeps it for the next one");

    // Without its hub it says that it has none; with it again, it has.
    hub.kill();
    pharmacist.run(&fetch(&photos[1]))?;
    pharmacist.run(&Order::AwaitAbsent { patient: patient.clone(), entry: photos[1].clone() })?;
    hub.start()?;
    edge.until(|status| status.upstream.is_some())?;
    loop {
        pharmacist.run(&fetch(&photos[1]))?;
        pharmacist.run(&Order::AwaitAnswered { patient: patient.clone(), entry: photos[1].clone() })?;
        if pharmacist.pieces(&patient, &photos[1])?.1 == Some(PHOTO) {
            break;
        }
    }
    assert_eq!(edge.status()?.chunks, 2 * pieces);
    Ok(())
}
