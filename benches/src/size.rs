//! Bytes of a visit record, with the dictionary that records are compressed with and without: sealed, on the wire and on disk, against
//! the same entries (author and time included) as JSON under zstd, which is neither encrypted nor signed nor mergeable.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use tendenko_protocol::ids::PatientId;
use tendenko_protocol::record::NEWEST_DICTIONARY;
use tendenko_relay::Relay;
use tendenko_replica::{Clock as _, SystemClock};
use tendenko_tests::demo::history::{PlannedVisit, history};
use tendenko_tests::records;
use tendenko_tests::scene::Scene;
use tendenko_tests::waiting::exchange;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::figures::Sheet;

/// How many visits leave together.
const BATCHES: [usize; 3] = [1, 10, 100];
const VISITS: usize = 400;

pub fn measure(sheet: &mut Sheet) -> Result<(), Failure> {
    let visits: Vec<_> = (0..).flat_map(|seed| history(seed, &["糖尿病".to_owned()], 26)).take(VISITS).collect();
    println!("  bytes a visit, everything counted; sync and its acknowledgements are part of the wire's");
    for (dictionary, name) in [(NEWEST_DICTIONARY, "with the dictionary"), (0, "without")] {
        println!("  {name}");
        for batch in BATCHES {
            one_size(sheet, &visits, batch, dictionary)?;
        }
    }
    Ok(())
}

fn one_size(sheet: &mut Sheet, visits: &[PlannedVisit], batch: usize, dictionary: u8) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let scene = Scene::set()?;
    let patient: PatientId = scene.patient.parse()?;
    let nurse = Arc::new(scene.unlock(&scene.nurse)?);
    nurse.seal_with_dictionary(dictionary);
    let rounds = VISITS / batch.max(10);
    let (wire, json, compressed, before) = runtime.block_on(async {
        let serving = Relay::open(scene.region.relay_dir())?.serve(None)?;
        exchange(&nurse).await;
        let wire_before = nurse.sync_status().bytes_sent;
        let before = [relay_disk(&scene)?, sealed(&scene)?, fs::metadata(scene.nurse.dir.join("store.db"))?.len()];
        let (mut json, mut compressed) = (0, 0);
        for round in visits.chunks(batch).take(rounds) {
            let mut lines = Vec::new();
            for planned in round {
                let id = records::visit(&nurse, patient, SystemClock.now(), planned.visit.clone(), None)?;
                let entry = nurse.entry(patient, id)?.ok_or("what was saved is not there")?;
                serde_json::to_writer(&mut lines, &entry)?;
            }
            json += lines.len();
            compressed += zstd::encode_all(&lines[..], 19)?.len();
            exchange(&nurse).await;
        }
        let wire = nurse.sync_status().bytes_sent - wire_before;
        serving.shutdown().await;
        Ok::<_, Failure>((wire, json, compressed, before))
    })?;
    let relay = relay_disk(&scene)?.saturating_sub(before[0]);
    let sealed = sealed(&scene)?.saturating_sub(before[1]);
    drop(nurse);
    let tablet = fs::metadata(scene.nurse.dir.join("store.db"))?.len().saturating_sub(before[2]);
    let count = rounds * batch;
    let with = if dictionary == 0 { "without" } else { "with" };
    for (what, bytes) in [("sealed", sealed), ("wire", wire), ("relay", relay), ("json", compressed as u64)] {
        sheet.number(&format!("size.{with}.{batch}.{what}"), "bytes a visit", bytes as f64 / count as f64);
    }
    println!(
        "  {batch:>3} leaving together: sealed {:>5}   wire {:>5}   relay's disk {:>5}   tablet's disk {:>5}   JSON {:>4}   zstd-19 JSON {:>4}   wire / zstd JSON {:.1} ×",
        sealed / count as u64,
        wire / count as u64,
        relay / count as u64,
        tablet / count as u64,
        json / count,
        compressed / count,
        wire as f64 / compressed as f64,
    );
    Ok(())
}

/// Size of the relay's database once its write-ahead log is emptied into it.
fn relay_disk(scene: &Scene) -> Result<u64, Failure> {
    let path = scene.region.relay_dir().join("relay.db");
    Connection::open(&path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(fs::metadata(path)?.len())
}

/// Bytes of all records that the relay keeps.
fn sealed(scene: &Scene) -> Result<u64, Failure> {
    let connection = Connection::open(scene.region.relay_dir().join("relay.db"))?;
    let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM records";
    let bytes: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(bytes.cast_unsigned())
}
