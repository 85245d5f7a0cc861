//! A visit with vitals saved into a chart that already has a year in it, against the same bytes as bare durable inserts into
//! an equally encrypted SQLite database.

use rusqlite::Connection;
use tendenko_replica::{Clock as _, SystemClock};
use tendenko_tests::demo::history::history;
use tendenko_tests::records;
use tendenko_tests::scene::Scene;

use crate::Failure;
use crate::figures::{Series, Sheet, print_ratio};

const SAVES: usize = 500;

pub fn measure(sheet: &mut Sheet) -> Result<(), Failure> {
    let scene = Scene::set()?;
    let replica = scene.unlock(&scene.nurse)?;
    let patient = scene.patient.parse()?;
    let visits: Vec<_> = (0..).flat_map(|seed| history(seed, &["心不全".to_owned()], 26)).take(SAVES + 100).collect();
    let now = SystemClock.now();
    let (before, measured) = visits.split_at(100);
    for planned in before {
        records::visit(&replica, patient, now, planned.visit.clone(), None)?;
    }
    let mut saves = Series::default();
    for planned in measured {
        saves.time(|| records::visit(&replica, patient, now, planned.visit.clone(), None))?;
    }

    let bare = Connection::open(scene.folder().join("bare.db"))?;
    bare.pragma_update(None, "key", "x'000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f'")?;
    bare.pragma_update(None, "journal_mode", "WAL")?;
    bare.pragma_update(None, "synchronous", "FULL")?;
    bare.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT", [])?;
    let mut inserts = Series::default();
    for planned in measured {
        let body = serde_json::to_vec(&planned.visit)?;
        inserts.time(|| bare.execute("INSERT INTO entry (body) VALUES (?1)", [body]))?;
    }
    sheet.series("saving.save", "save: change, read models, search index; committed, fsync", &saves);
    sheet.series("saving.insert", "limit: one row of the same content, SQLCipher, fsync", &inserts);
    print_ratio("ratio of medians", &saves, &inserts);
    println!("  promised: 50 ms or less");
    Ok(())
}
