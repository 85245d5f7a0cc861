//! Both sides record on the same patient, apart from each other, while the relay comes and goes.

use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Compared, Order, RemoteTablet, come_to_agree};

use crate::Drill;

fn synced(tablets: &mut [&mut RemoteTablet]) -> Drill {
    // Twice: what one tablet sends in the first round reaches the others in the second at the latest.
    for _ in 0..2 {
        for tablet in tablets.iter_mut() {
            tablet.run(&Order::AwaitSynced)?;
        }
    }
    Ok(())
}

#[test]
fn both_sides_record_on_one_patient_while_the_relay_is_killed_and_restarted() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.relay()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;

    let mut written = Vec::new();
    for round in 0..6 {
        written.push(nurse.visit(&scene.patient, &format!("看護 {round}"))?);
        if round % 2 == 0 {
            relay.kill();
        }
        written.push(pharmacist.visit(&scene.patient, &format!("薬剤 {round}"))?);
        written.push(nurse.visit(&scene.patient, &format!("看護 {round} その2"))?);
        if round % 2 == 0 {
            relay = scene.relay()?;
        }
    }
    synced(&mut [&mut nurse, &mut pharmacist])?;
    for tablet in [&mut nurse, &mut pharmacist] {
        for entry in &written {
            tablet.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
        }
    }
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    assert_eq!(nurse.unsent()? + pharmacist.unsent()?, 0);
    Ok(())
}

#[test]
fn a_relay_whose_disk_was_lost_is_filled_again_by_the_tablets() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.relay()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    let before = nurse.visit(&scene.patient, "波の前")?;
    let by_pharmacist = pharmacist.visit(&scene.patient, "薬局にて、波の前")?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: before.clone() })?;
    nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: by_pharmacist.clone() })?;
    synced(&mut [&mut nurse, &mut pharmacist])?;

    // The relay's database is gone; its keys and certificate, kept elsewhere, are not. So is the pharmacist's tablet.
    relay.kill();
    pharmacist.kill();
    for file in ["relay.db", "relay.db-wal", "relay.db-shm"] {
        let path = scene.region.relay_dir().join(file);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let _relay = scene.relay()?;
    nurse.run(&Order::AwaitSynced)?;

    // A tablet that never met the old relay gets everything from the new one, also what the lost tablet wrote.
    let mut site = scene.start_online(&scene.site)?;
    std::fs::remove_dir_all(&scene.pharmacist.dir)?;
    nurse.run(&Order::AwaitSynced)?;
    come_to_agree(&mut [&mut nurse, &mut site], Compared::Cards)?;
    Ok(())
}

#[test]
fn a_clock_that_is_a_year_off_decides_nothing_and_is_noted() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let year = 365 * 24 * 60 * 60 * 1000_i64;
    let mut nurse = RemoteTablet::start_with(&scene.nurse.dir, &["--clock-off-by", &(-year).to_string()])?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitSynced)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    pharmacist.dose(&scene.patient, &scene.medicine, "3", "先に変更")?;
    let amounts =
        |count| Order::AwaitAmounts { patient: scene.patient.clone(), medicine: scene.medicine.clone(), count };
    synced(&mut [&mut pharmacist, &mut nurse])?;
    while nurse.amounts(&scene.patient, &scene.medicine)? != ["3"] {
        nurse.run(&Order::AwaitSynced)?;
    }
    // Written after having seen the other: it follows, although its clock says that it was a year earlier.
    nurse.dose(&scene.patient, &scene.medicine, "1", "後から変更")?;
    synced(&mut [&mut nurse, &mut pharmacist])?;
    while pharmacist.amounts(&scene.patient, &scene.medicine)? != ["1"] {
        pharmacist.run(&Order::AwaitSynced)?;
    }
    nurse.run(&amounts(1))?;
    let tendenko_tests::tablet::Answer::Status { clock_offset_ms: Some(offset), .. } = nurse.ask(&Order::Status)?
    else {
        return Err("the offset was not noted".into());
    };
    assert!((offset - year).abs() < 60_000, "offset {offset} ms");
    Ok(())
}
