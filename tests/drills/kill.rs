//! `kill -9` at any moment: what was answered as saved, or acknowledged, is never lost.

use tendenko_tests::demo::history::Dice;
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Answer, Compared, Order, come_to_agree};

use crate::Drill;

/// Kills in each drill.
const KILLS: u64 = 12;

#[test]
fn a_tablet_killed_at_any_moment_keeps_what_it_said_was_saved() -> Drill {
    let scene = Scene::set()?;
    let mut dice = Dice::new(20110311);
    let mut saved = Vec::new();
    for kill in 0..KILLS {
        let tablet = scene.start(&scene.nurse)?;
        let count = usize::try_from(dice.between(1, 25))?;
        saved.extend(tablet.storm_then_kill(&scene.patient, &format!("嵐 {kill}"), count)?);
        let mut tablet = scene.start(&scene.nurse)?;
        let here = tablet.entries(&scene.patient)?;
        let lost: Vec<_> = saved.iter().filter(|entry| !here.contains(entry)).collect();
        assert!(lost.is_empty(), "lost after kill {kill}: {lost:?}");
        tablet.kill();
    }
    Ok(())
}

#[test]
fn tablet_and_relay_killed_in_the_middle_of_a_sync_lose_nothing() -> Drill {
    let scene = Scene::set()?;
    let mut dice = Dice::new(14460);
    let mut saved = Vec::new();
    let mut relay = scene.relay()?;
    scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    for kill in 0..KILLS {
        let mut nurse = scene.start(&scene.nurse)?;
        nurse.run(&Order::Online)?;
        nurse.tell(&Order::Storm { patient: scene.patient.clone(), word: format!("同期中 {kill}") })?;
        for _ in 0..dice.between(1, 20) {
            saved.extend(nurse.saved_entry()?);
        }
        if dice.once_in(2) {
            relay.kill();
        }
        for _ in 0..dice.between(0, 10) {
            saved.extend(nurse.saved_entry()?);
        }
        for line in nurse.kill() {
            if let Ok(Answer::Saved { entry }) = serde_json::from_str(&line) {
                saved.push(entry);
            }
        }
        drop(nurse);
        relay.kill();
        relay = scene.relay()?;
    }
    let mut nurse = scene.start(&scene.nurse)?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitSynced)?;
    let last = saved.last().cloned().ok_or("nothing was saved")?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: last })?;
    pharmacist.run(&Order::AwaitSynced)?;
    for tablet in [&mut nurse, &mut pharmacist] {
        let here = tablet.entries(&scene.patient)?;
        let lost: Vec<_> = saved.iter().filter(|entry| !here.contains(entry)).collect();
        assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), saved.len());
    }
    come_to_agree(&mut [&mut nurse, &mut pharmacist], Compared::Charts)?;
    Ok(())
}

#[test]
fn what_the_relay_acknowledged_is_there_after_it_was_killed() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.relay()?;
    let mut nurse = scene.start(&scene.nurse)?;
    nurse.run(&Order::Online)?;
    let mut saved = Vec::new();
    for round in 0..8 {
        saved.push(nurse.visit(&scene.patient, &format!("確認 {round}"))?);
        nurse.run(&Order::AwaitSynced)?;
        relay.kill();
        relay = scene.relay()?;
    }
    // The author's tablet is gone for good: what it was told is safe must come from the relay alone.
    nurse.kill();
    std::fs::remove_dir_all(&scene.nurse.dir)?;
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    pharmacist.run(&Order::Online)?;
    for entry in saved {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    }
    Ok(())
}
