//! What a relay or a tablet can lose: yesterday's copy put back, and storage that is full.

use rusqlite::Connection;
use tendenko_tests::scene::Scene;
use tendenko_tests::site::RelaySite;
use tendenko_tests::small_disk::SmallDisk;
use tendenko_tests::tablet::{Compared, Order, come_to_agree};

use crate::Drill;

/// A copy of the store while it is in use, as a nightly job makes it, and of the guard beside it.
fn back_up(relay: &RelaySite, to: &std::path::Path) -> Drill {
    std::fs::create_dir_all(to)?;
    let [database, _, _, guard] = relay.store_files();
    Connection::open(database)?.execute("VACUUM INTO ?1", [to.join("relay.db").to_string_lossy()])?;
    std::fs::copy(guard, to.join("incarnation.guard"))?;
    Ok(())
}

fn put_back(relay: &mut RelaySite, from: &std::path::Path) -> Drill {
    relay.lose_disk()?;
    for name in ["relay.db", "incarnation.guard"] {
        std::fs::copy(from.join(name), relay.dir().join(name))?;
    }
    Ok(())
}

#[test]
fn a_relay_put_back_from_yesterdays_copy_gets_back_what_it_had_acked_since() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.region.hub();
    relay.start()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    let yesterday = nurse.visit(&scene.patient, "昨日")?;
    nurse.run(&Order::AwaitSynced)?;
    let copy = scene.folder().join("backup");
    back_up(&relay, &copy)?;

    let mut today = Vec::new();
    for visit in 0..5 {
        today.push(nurse.visit(&scene.patient, &format!("今日 {visit}"))?);
        today.push(pharmacist.visit(&scene.patient, &format!("今日の薬局 {visit}"))?);
        nurse.run(&Order::AwaitSynced)?;
        pharmacist.run(&Order::AwaitSynced)?;
    }
    let before = relay.status()?;
    assert_eq!(before.recovery, None);
    // The nurse's tablet is gone for good; what she was told is safe is on the pharmacist's.
    for entry in &today {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
    }
    nurse.kill();
    pharmacist.kill();
    put_back(&mut relay, &copy)?;
    relay.start()?;
    let old = relay.status()?;
    assert!(old.records < before.records, "the copy is older");

    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    pharmacist.run(&Order::AwaitSynced)?;
    let after = relay.until(|status| status.records == before.records)?;
    let recovery = after.recovery.ok_or("the loss is told")?;
    assert!(recovery.devices_back >= 1 && recovery.arrivals >= before.records - old.records, "{recovery:?}");
    assert_eq!(after.quarantined, 0);

    std::fs::remove_dir_all(&scene.pharmacist.dir)?;
    pharmacist.kill();
    let mut nurse = scene.start_online(&scene.nurse)?;
    for entry in today.iter().chain([&yesterday]) {
        nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
    }
    Ok(())
}

#[test]
fn a_relay_whose_disk_is_full_refuses_and_nothing_is_lost() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.region.hub();
    let Some(disk) = SmallDisk::under(relay.dir())? else {
        println!("not played: this user may not mount a file system");
        return Ok(());
    };
    relay.start()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    disk.fill()?;
    let mut written = Vec::new();
    for visit in 0..6 {
        written.push(nurse.visit(&scene.patient, &format!("一杯の間 {visit} {}", "長い記録。".repeat(400)))?);
    }
    assert!(nurse.unsent()? > 0);
    disk.make_room()?;
    // Killed while it was full, or not: it comes back with all it had acked.
    relay.kill();
    relay.start()?;
    nurse.run(&Order::AwaitSynced)?;
    for entry in &written {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
    }
    assert_eq!(nurse.unsent()?, 0);
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    relay.kill();
    Ok(())
}

#[test]
fn a_tablet_whose_storage_is_full_says_so_and_keeps_what_it_had() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.region.hub();
    relay.start()?;
    let Some(disk) = SmallDisk::under(&scene.nurse.dir)? else {
        println!("not played: this user may not mount a file system");
        return Ok(());
    };
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    let mut written = vec![nurse.visit(&scene.patient, "一杯になる前")?];
    disk.fill()?;
    let mut refused = 0;
    for visit in 0..20 {
        match nurse.visit(&scene.patient, &format!("一杯 {visit} {}", "長い記録。".repeat(400))) {
            Ok(entry) => written.push(entry),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0, "a full disk is noticed");
    // What others write meanwhile waits for room.
    let theirs = pharmacist.visit(&scene.patient, "薬局は書ける")?;
    disk.make_room()?;
    written.push(nurse.visit(&scene.patient, "また書ける")?);
    nurse.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: theirs })?;
    for entry in &written {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
    }
    nurse.run(&Order::AwaitSynced)?;
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    nurse.kill();
    Ok(())
}
