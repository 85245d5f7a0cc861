//! Bad links between real programs: thin, coming and going, with a NAT that forgets, with a relay that moved. What is counted is
//! bytes, at the forwarder; nothing here depends on how long it takes.

use std::time::Duration;

use tendenko_crdt::{Identity, item_key};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Clock as _, SystemClock};
use tendenko_tests::demo::history::Dice;
use tendenko_tests::forwarder::{Direction, Forwarder, Link};
use tendenko_tests::records;
use tendenko_tests::region::{Tablet, free_port};
use tendenko_tests::scene::{Scene, warfarin};
use tendenko_tests::tablet::{Order, RemoteError, RemoteTablet};

use crate::Drill;

/// A note that no compression makes shorter than about a third.
fn note(dice: &mut Dice, characters: usize) -> Result<String, std::num::TryFromIntError> {
    (0..characters).map(|_| Ok(char::from(u8::try_from(dice.between(0x21, 0x7e))?))).collect()
}

/// Writes notes on the nurse's tablet before it is started; their ids, and their characters in all.
fn write_notes(
    scene: &Scene,
    patient: PatientId,
    count: usize,
    characters: usize,
) -> Result<(Vec<String>, u64), Box<dyn std::error::Error + Send + Sync>> {
    let nurse = scene.unlock(&scene.nurse)?;
    let mut dice = Dice::new(20110311);
    let mut written = Vec::new();
    for _ in 0..count {
        let text = note(&mut dice, characters)?;
        written.push(records::note(&nurse, patient, SystemClock.now(), &text)?.to_string());
    }
    Ok((written, (count * characters) as u64))
}

fn online_through(tablet: &Tablet, wire: &Forwarder) -> Result<RemoteTablet, RemoteError> {
    let mut tablet = RemoteTablet::start_with(&tablet.dir, &["--relay", &wire.address().to_string()])?;
    tablet.run(&Order::Online)?;
    Ok(tablet)
}

/// A tablet whose waiting is five times shorter.
fn hurried(tablet: &Tablet, wire: &Forwarder) -> Result<RemoteTablet, RemoteError> {
    let mut tablet = RemoteTablet::start_with(&tablet.dir, &["--relay", &wire.address().to_string(), "--hurry", "5"])?;
    tablet.run(&Order::Online)?;
    Ok(tablet)
}

#[test]
fn a_link_that_comes_and_goes_carries_everything_and_nothing_many_times() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let patient = scene.patient.parse()?;
    let (written, size) = write_notes(&scene, patient, 30, 1_500)?;
    // Eight seconds up, twelve down, at a fifth of the length; a few rounds are needed.
    let slow = Direction {
        bits_per_second: Some(256_000),
        delay: Duration::from_millis(20),
        loss: 0.02,
        ..Direction::clear()
    };
    let link = Link::both(slow).flapping(Duration::from_millis(1_600), Duration::from_millis(2_400));
    let up = Forwarder::start(scene.region.listen, link.clone())?;
    let down = Forwarder::start(scene.region.listen, link.seeded(2))?;
    let mut nurse = hurried(&scene.nurse, &up)?;
    let mut pharmacist = hurried(&scene.pharmacist, &down)?;
    for entry in written {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    }
    while nurse.unsent()? > 0 {
        nurse.run(&Order::AwaitSynced)?;
    }
    // Retransmissions, greetings and acknowledgements of many short connections included. Fetching costs more: what the relay has under way
    // when the link goes, up to a window of it, is sent once more. Were nothing kept, it would never end: a round carries less than all of it.
    let (sent, fetched) = (up.counts().up.bytes, down.counts().down.bytes);
    assert!(sent > size / 2 && sent < 3 * size, "{sent} bytes were sent for {size} characters");
    assert!(fetched > size / 2 && fetched < 4 * size, "{fetched} bytes were fetched for {size} characters");
    Ok(())
}

#[test]
fn on_a_thin_link_every_medication_list_comes_before_the_first_long_chart() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let first: PatientId = scene.patient.parse()?;
    let (written, size) = write_notes(&scene, first, 40, 1_500)?;
    let nurse = scene.unlock(&scene.nurse)?;
    // The last to be registered, behind all those notes.
    let second = nurse.create_patient(Identity { name: "及川 サト".into(), ..Identity::default() })?;
    let medicine = warfarin();
    let key = item_key::medicine(&medicine.drug);
    nurse.edit(second, |edit| {
        let stamp = edit.stamp();
        Ok(edit.card()?.put_medicine(&key, medicine, &stamp, None)?)
    })?;
    for scope in Scope::ALL {
        nurse.grant(second, scope, scene.pharmacist.device, "訓練")?;
    }
    drop(nurse);
    let mut nurse = scene.start(&scene.nurse)?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitSynced)?;

    let thin =
        Direction { bits_per_second: Some(96_000), delay: Duration::from_millis(100), loss: 0.1, ..Direction::clear() };
    let wire = Forwarder::start(scene.region.listen, Link::both(thin))?;
    let mut pharmacist = online_through(&scene.pharmacist, &wire)?;
    let amounts = Order::AwaitAmounts { patient: second.to_string(), medicine: key, count: 1 };
    pharmacist.run(&amounts)?;
    let (early, here) = (wire.counts().down.bytes, pharmacist.entries(&scene.patient)?.len());
    assert!(here < written.len(), "the whole chart came before another patient's medicines");
    assert!(early < size / 2, "{early} bytes before the medicines, of a chart of {size}");
    for entry in written {
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    }
    Ok(())
}

#[test]
fn a_session_outlives_a_change_of_network_without_a_new_greeting() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let wire = Forwarder::start(scene.region.listen, Link::clear())?;
    let mut nurse = online_through(&scene.nurse, &wire)?;
    nurse.run(&Order::AwaitSynced)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    let greetings = wire.counts().openings;
    assert!(greetings > 0);
    for round in 0..3 {
        wire.rebind();
        let entry = nurse.visit(&scene.patient, &format!("電波が変わった {round}"))?;
        pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    }
    assert_eq!(wire.counts().openings, greetings, "the tablet greeted the relay anew");
    Ok(())
}

#[test]
fn a_relay_that_moved_is_found_again_and_nothing_is_sent_twice() -> Drill {
    let scene = Scene::set()?;
    let mut relay = scene.relay()?;
    let wire = Forwarder::start(scene.region.listen, Link::clear())?;
    let (_, size) = write_notes(&scene, scene.patient.parse()?, 20, 1_500)?;
    let mut nurse = online_through(&scene.nurse, &wire)?;
    nurse.run(&Order::AwaitSynced)?;
    let before = wire.counts().up.bytes;
    relay.stop()?;

    let elsewhere = free_port()?;
    let folder = scene.region.relay_dir().to_string_lossy().into_owned();
    let args = ["serve", "--dir", &folder, "--listen", &elsewhere.to_string()];
    let log = scene.folder().join("relay.log");
    let relay = tendenko_tests::process::Program::start("tendenko-relay", &args, Some(&log))?;
    assert!(relay.hear()?.starts_with("listening on"));
    wire.set_target(elsewhere);
    let entry = nurse.visit(&scene.patient, "引っ越した中継へ")?;
    nurse.run(&Order::AwaitSynced)?;
    let again = wire.counts().up.bytes - before;
    assert!(again < size / 2, "{again} bytes for one note, after {size} characters had been sent");
    let mut pharmacist = online_through(&scene.pharmacist, &wire)?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    Ok(())
}
