//! The storm: two tablets that never stop saving, a hub and an edge relay, and every few moments one of them is killed with -9.
//!
//! The moments are drawn from a seed, and counted in saved entries, not in seconds. At the end everything that was ever answered
//! as saved is on both tablets and on both relays.

use std::collections::BTreeSet;

use crate::demo::history::Dice;
use crate::region::RegionFailure;
use crate::scene::Scene;
use crate::site::RelaySite;
use crate::tablet::{Answer, Compared, Order, RemoteTablet, come_to_agree};

/// Plays so many rounds; the number of entries that were saved. Fails with what was lost.
pub fn play(seed: u64, rounds: u32) -> Result<usize, RegionFailure> {
    let scene = Scene::set()?;
    let mut dice = Dice::new(seed);
    let (mut hub, mut edge) = (scene.region.hub(), scene.region.edge("edge")?);
    hub.start()?;
    // Everybody learns of the edge relay from the hub.
    scene.start_online(&scene.nurse)?.kill();
    scene.start_online(&scene.pharmacist)?.kill();
    edge.start()?;

    let mut saved = Vec::new();
    for round in 0..rounds {
        let mut nurse = at(&scene.nurse.dir, &hub)?;
        let mut pharmacist = at(&scene.pharmacist.dir, &edge)?;
        for (tablet, word) in [(&mut nurse, "病院側"), (&mut pharmacist, "避難所側")] {
            tablet.tell(&Order::Storm { patient: scene.patient.clone(), word: format!("{word} {round}") })?;
        }
        for _ in 0..dice.between(1, 12) {
            saved.extend(nurse.saved_entry()?);
            saved.extend(pharmacist.saved_entry()?);
        }
        // What falls first is drawn; the rest has some moments more.
        let first = dice.between(0, 3);
        match first {
            0 => saved.extend(entries(nurse.kill())),
            1 => saved.extend(entries(pharmacist.kill())),
            2 => hub.kill(),
            _ => edge.kill(),
        }
        for _ in 0..dice.between(0, 6) {
            if first != 0 {
                saved.extend(nurse.saved_entry()?);
            }
            if first != 1 {
                saved.extend(pharmacist.saved_entry()?);
            }
        }
        saved.extend(entries(nurse.kill()));
        saved.extend(entries(pharmacist.kill()));
        if dice.once_in(2) {
            hub.kill();
            hub.start()?;
        } else {
            edge.kill();
            edge.start()?;
        }
        match first {
            2 => restart(&mut hub)?,
            3 => restart(&mut edge)?,
            _ => {}
        }
    }
    calm(&scene, &hub, &edge, &saved)?;
    Ok(saved.len())
}

fn restart(relay: &mut RelaySite) -> Result<(), RegionFailure> {
    relay.kill();
    Ok(relay.start()?)
}

fn at(dir: &std::path::Path, relay: &RelaySite) -> Result<RemoteTablet, RegionFailure> {
    let mut tablet = RemoteTablet::start_with(dir, &["--relay", &relay.listen.to_string()])?;
    tablet.run(&Order::Online)?;
    Ok(tablet)
}

fn entries(lines: Vec<String>) -> Vec<String> {
    let saved = |line: &String| match serde_json::from_str(line) {
        Ok(Answer::Saved { entry }) => Some(entry),
        _ => None,
    };
    lines.iter().filter_map(saved).collect()
}

/// Nothing falls any more: everything is everywhere, and `status` says so.
fn calm(scene: &Scene, hub: &RelaySite, edge: &RelaySite, saved: &[String]) -> Result<(), RegionFailure> {
    let mut nurse = at(&scene.nurse.dir, hub)?;
    let mut pharmacist = at(&scene.pharmacist.dir, edge)?;
    let mut tablets = [&mut nurse, &mut pharmacist];
    for tablet in &mut tablets {
        for entry in saved {
            tablet.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry: entry.clone() })?;
        }
        tablet.run(&Order::AwaitSynced)?;
    }
    let saved: BTreeSet<_> = saved.iter().collect();
    for tablet in &mut tablets {
        let here: BTreeSet<_> = tablet.entries(&scene.patient)?.into_iter().collect();
        let lost: Vec<_> = saved.iter().filter(|entry| !here.contains(**entry)).collect();
        if !lost.is_empty() {
            return Err(format!("{} of {} saved entries are lost: {lost:?}", lost.len(), saved.len()).into());
        }
    }
    let below = edge.until(|status| {
        status.upstream.as_ref().is_some_and(|upstream| upstream.waiting.iter().all(|lane| lane.items == 0))
    })?;
    let above = hub.until(|status| status.records == below.records)?;
    if above.quarantined + below.quarantined > 0 {
        return Err(format!("something was refused: {above:?} {below:?}").into());
    }
    come_to_agree(&mut tablets, Compared::Charts)?;
    Ok(())
}
