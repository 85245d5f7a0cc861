//! Bytes of a visit record: on the wire and on disk, against the same visits as JSON under zstd, which is neither encrypted nor
//! signed nor mergeable.

use std::fs;
use std::sync::Arc;

use tendenko_protocol::ids::PatientId;
use tendenko_relay::Relay;
use tendenko_replica::sync::{self, SyncConfig};
use tendenko_replica::{Clock as _, Replica, SyncState, SystemClock};
use tendenko_tests::demo::history::{PlannedVisit, history};
use tendenko_tests::records;
use tendenko_tests::scene::Scene;
use tokio::runtime::Runtime;

use crate::Failure;

/// How many visits leave together.
const BATCHES: [usize; 3] = [1, 10, 100];
const VISITS: usize = 400;

pub fn measure() -> Result<(), Failure> {
    let visits: Vec<_> = (0..).flat_map(|seed| history(seed, &["糖尿病".to_owned()], 26)).take(VISITS).collect();
    let json: usize = visits.iter().map(|planned| to_json(planned).map(|json| json.len())).sum::<Result<_, _>>()?;
    println!("  one visit as JSON: {} bytes on average", json / VISITS);
    for batch in BATCHES {
        one_size(&visits, batch)?;
    }
    Ok(())
}

fn one_size(visits: &[PlannedVisit], batch: usize) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let scene = Scene::set()?;
    let patient: PatientId = scene.patient.parse()?;
    let nurse = Arc::new(scene.unlock(&scene.nurse)?);
    let rounds = VISITS / batch.max(10);
    let (wire, disk, compressed) = runtime.block_on(async {
        let serving = Relay::open(scene.region.relay_dir())?.serve(None)?;
        sent(&nurse).await;
        let (relay_before, wire_before) = (folder_size(&scene)?, nurse.sync_status().bytes_sent);
        let mut compressed = 0;
        for round in visits.chunks(batch).take(rounds) {
            let mut lines = Vec::new();
            for planned in round {
                lines.extend(to_json(planned)?);
                records::visit(&nurse, patient, SystemClock.now(), planned.visit.clone(), None)?;
            }
            compressed += zstd::encode_all(&lines[..], 19)?.len();
            sent(&nurse).await;
        }
        let wire = nurse.sync_status().bytes_sent - wire_before;
        let disk = folder_size(&scene)?.saturating_sub(relay_before);
        serving.shutdown().await;
        Ok::<_, Failure>((wire, disk, compressed))
    })?;
    let count = (rounds * batch.min(visits.len())) as u64;
    println!(
        "  {batch:>3} leaving together: {:>5} bytes a visit on the wire (everything sent, sync included), {:>5} on the relay's disk; \
         zstd-19 JSON {:>4}; wire/JSON {:.1} ×",
        wire / count,
        disk / count,
        compressed as u64 / count,
        wire as f64 / compressed as f64,
    );
    Ok(())
}

/// One exchange with the relay, from connecting to having sent everything.
async fn sent(replica: &Arc<Replica>) {
    let mut events = replica.events();
    let running = sync::start(Arc::clone(replica), SyncConfig::default());
    loop {
        let status = replica.sync_status();
        if status.state == SyncState::Idle && status.unsent == 0 {
            break;
        }
        // Closed cannot be: the replica is here. Lagged means that there is news.
        let _ = events.recv().await;
    }
    running.stop().await;
}

/// Size of the relay's database and its log.
fn folder_size(scene: &Scene) -> Result<u64, Failure> {
    let mut bytes = 0;
    for name in ["relay.db", "relay.db-wal"] {
        bytes += fs::metadata(scene.region.relay_dir().join(name)).map_or(0, |file| file.len());
    }
    Ok(bytes)
}

fn to_json(planned: &PlannedVisit) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&planned.visit)
}
