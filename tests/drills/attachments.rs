//! Photos between real programs: killed in the middle, on a thin link, and given back to a relay whose disk is gone. What is
//! counted is pieces at the tablets and bytes at the forwarder; nothing here depends on how long it takes.

use std::time::Duration;

use tendenko_protocol::limits::{MAX_CHUNK, MAX_CHUNK_CONTENT, WANT_WINDOW};
use tendenko_relay::Directory;
use tendenko_relay::status::Status;
use tendenko_tests::forwarder::{Direction, Forwarder, Link};
use tendenko_tests::scene::Scene;
use tendenko_tests::tablet::{Order, RemoteTablet};

use crate::Drill;

const PHOTO: usize = 3_000_000;

fn chunks_at_the_relay(scene: &Scene) -> Result<u64, tendenko_relay::RelayError> {
    Ok(Status::read(&Directory::new(scene.region.relay_dir()))?.chunks)
}

#[test]
fn a_photo_cut_in_the_middle_goes_on_where_it_stopped_and_refills_an_emptied_relay() -> Drill {
    let scene = Scene::set_with_team(1)?;
    let patient = scene.patient.clone();
    let mut relay = scene.relay()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let entry = nurse.attach(&patient, PHOTO)?;
    let all = PHOTO.div_ceil(MAX_CHUNK_CONTENT);
    nurse.run(&Order::AwaitGiven { count: all as u64 })?;
    assert_eq!(chunks_at_the_relay(&scene)?, all as u64);
    nurse.run(&Order::Offline)?;

    let wide = Direction { bits_per_second: Some(20_000_000), ..Direction::clear() };
    let wire = Forwarder::start(scene.region.listen, Link::both(wide))?;
    let address = wire.address().to_string();
    let through = || RemoteTablet::start_with(&scene.pharmacist.dir, &["--relay", &address]);
    let piece = |count| Order::AwaitPieces { patient: patient.clone(), entry: entry.clone(), count };
    let mut pharmacist = through()?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: entry.clone() })?;
    pharmacist.run(&Order::AwaitSynced)?;
    assert_eq!(pharmacist.pieces(&patient, &entry)?, (0, None), "nothing comes unasked");
    let before = wire.counts().down.bytes;
    pharmacist.run(&Order::Fetch { patient: patient.clone(), entry: entry.clone() })?;
    let mut cuts = 0;
    for count in [8, 20, 32, 44] {
        pharmacist.run(&piece(count))?;
        if count % 3 == 2 {
            relay.kill();
            relay = scene.relay()?;
        }
        pharmacist.kill();
        pharmacist = through()?;
        assert!(pharmacist.pieces(&patient, &entry)?.0 >= count, "what came was kept");
        pharmacist.run(&Order::Online)?;
        cuts += 1;
    }
    pharmacist.run(&piece(u32::MAX))?;
    assert_eq!(pharmacist.pieces(&patient, &entry)?.1, Some(PHOTO));
    // A cut may cost what was asked for and under way, and a greeting; the rest is one photo with QUIC around it.
    let came = wire.counts().down.bytes - before;
    let limit = (PHOTO + PHOTO / 8 + cuts * (WANT_WINDOW * MAX_CHUNK + 40_000)) as u64;
    assert!(came < limit, "{came} bytes came for a photo of {PHOTO}, {cuts} times cut; at most {limit}");

    // The relay's disk is gone, and so is the tablet of who took the photo.
    nurse.kill();
    std::fs::remove_dir_all(&scene.nurse.dir)?;
    pharmacist.run(&Order::Offline)?;
    relay.kill();
    for file in ["relay.db", "relay.db-wal", "relay.db-shm"] {
        let path = scene.region.relay_dir().join(file);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let _relay = scene.relay()?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitGiven { count: all as u64 })?;
    assert_eq!(chunks_at_the_relay(&scene)?, all as u64, "the relay has the photo again");
    let mut colleague = scene.start(&scene.team[0])?;
    colleague.run(&Order::Online)?;
    colleague.run(&Order::AwaitEntry { patient: patient.clone(), entry: entry.clone() })?;
    colleague.run(&Order::Fetch { patient: patient.clone(), entry: entry.clone() })?;
    colleague.run(&piece(u32::MAX))?;
    assert_eq!(colleague.pieces(&patient, &entry)?.1, Some(PHOTO));
    Ok(())
}

#[test]
fn on_a_thin_link_text_never_waits_for_a_photo() -> Drill {
    let scene = Scene::set()?;
    let patient = scene.patient.clone();
    let _relay = scene.relay()?;
    let mut nurse = scene.start_online(&scene.nurse)?;
    let mut pharmacist = scene.start_online(&scene.pharmacist)?;
    nurse.kill();
    let thin = Direction {
        bits_per_second: Some(256_000),
        delay: Duration::from_millis(100),
        loss: 0.05,
        ..Direction::clear()
    };
    let wire = Forwarder::start(scene.region.listen, Link::both(thin))?;
    let mut nurse = RemoteTablet::start_with(&scene.nurse.dir, &["--relay", &wire.address().to_string()])?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitSynced)?;

    let size = 1_000_000;
    let photo = nurse.attach(&patient, size)?;
    pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: photo.clone() })?;
    let all = size.div_ceil(MAX_CHUNK_CONTENT) as u64;
    for round in 0..3 {
        let note = nurse.visit(&patient, &format!("写真の送信中 {round}"))?;
        pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: note })?;
        let sent = chunks_at_the_relay(&scene)?;
        assert!(sent < all, "the note {round} came after the whole photo");
    }
    pharmacist.run(&Order::Fetch { patient: patient.clone(), entry: photo.clone() })?;
    nurse.run(&Order::AwaitGiven { count: all })?;
    assert_eq!(chunks_at_the_relay(&scene)?, all);
    // Asked for before it was all there: what was absent is asked for again when somebody looks again.
    pharmacist.run(&Order::Fetch { patient: patient.clone(), entry: photo.clone() })?;
    pharmacist.run(&Order::AwaitPieces { patient: patient.clone(), entry: photo.clone(), count: u32::MAX })?;
    assert_eq!(pharmacist.pieces(&patient, &photo)?.1, Some(size));
    Ok(())
}
