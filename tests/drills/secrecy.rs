//! No known plaintext in the relay's files, in the tablets' files, or on the wire; no store opens without its key; no grant, nothing.

use rusqlite::Connection;
use tendenko_tests::forwarder::{Forwarder, Link};
use tendenko_tests::scene::{Scene, files_below};
use tendenko_tests::secrecy::{SECRET_NOTE, found_in};
use tendenko_tests::tablet::{Order, RemoteTablet};

use crate::Drill;

#[test]
fn no_known_plaintext_in_any_file_or_on_the_wire() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let wire = Forwarder::start(scene.region.listen, Link::clear())?;
    wire.listen_in();
    let through = wire.address().to_string();
    let mut nurse = RemoteTablet::start_with(&scene.nurse.dir, &["--relay", &through])?;
    let mut pharmacist = RemoteTablet::start_with(&scene.pharmacist.dir, &["--relay", &through])?;
    nurse.run(&Order::Online)?;
    nurse.run(&Order::AwaitSynced)?;
    pharmacist.run(&Order::Online)?;
    let entry = nurse.visit(&scene.patient, SECRET_NOTE)?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;
    nurse.run(&Order::AwaitSynced)?;

    let heard = wire.heard_so_far();
    assert!(heard.len() > 2_000, "the wire was listened to: {} bytes", heard.len());
    assert_eq!(found_in(&heard), None, "on the wire");
    // While everything runs: the write-ahead logs are there too.
    let files = files_below(scene.folder())?;
    assert!(files.iter().any(|file| file.ends_with("relay.db")) && files.iter().any(|file| file.ends_with("store.db")));
    for file in files {
        assert_eq!(found_in(&std::fs::read(&file)?), None, "in {}", file.display());
    }
    Ok(())
}

#[test]
fn a_store_without_its_key_does_not_open() -> Drill {
    let scene = Scene::set()?;
    let path = scene.nurse.dir.join("store.db");
    for key in [None, Some("2580"), Some("x'0000000000000000000000000000000000000000000000000000000000000000'")] {
        let store = Connection::open(&path)?;
        if let Some(key) = key {
            store.pragma_update(None, "key", key)?;
        }
        let read = store.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
        assert!(read.is_err(), "opened with {key:?}");
    }
    let wrong = RemoteTablet::start_with(&scene.nurse.dir, &["--pin", "1111"]);
    assert!(wrong.is_err(), "a wrong PIN opened the store");
    Ok(())
}

#[test]
fn a_device_without_a_grant_gets_nothing() -> Drill {
    let scene = Scene::set()?;
    let _relay = scene.relay()?;
    let mut nurse = scene.start(&scene.nurse)?;
    nurse.run(&Order::Online)?;
    nurse.visit(&scene.patient, SECRET_NOTE)?;
    nurse.run(&Order::AwaitSynced)?;
    let mut stranger = scene.start(&scene.stranger)?;
    stranger.run(&Order::Online)?;
    stranger.run(&Order::AwaitSynced)?;
    assert!(stranger.patients()?.is_empty());
    // The evacuation site holds the card and no entry of the chart.
    let mut site = scene.start_online(&scene.site)?;
    assert!(site.entries(&scene.patient)?.is_empty());
    Ok(())
}
