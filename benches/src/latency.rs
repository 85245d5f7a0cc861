//! One tablet saves, the other shows it: two tablets and a relay over loopback QUIC, against what no design can avoid, a bare
//! QUIC round trip and the durable commits on the way.

use std::sync::Arc;
use std::time::Instant;

use ring::rand::SystemRandom;
use rusqlite::Connection;
use tendenko_crdt::EntryId;
use tendenko_protocol::ids::PatientId;
use tendenko_protocol::keys::{DeviceKeys, RelayKeys};
use tendenko_protocol::tls;
use tendenko_relay::Relay;
use tendenko_replica::sync::{self, SyncConfig};
use tendenko_replica::{Clock as _, Replica, SyncState, SystemClock};
use tendenko_tests::records;
use tendenko_tests::scene::Scene;
use tendenko_tests::waiting::{is_synced, until};
use tokio::runtime::Runtime;

use crate::Failure;
use crate::figures::{Series, print_ratio};

const EDITS: usize = 300;

pub fn measure() -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let scene = Scene::set()?;
    let patient: PatientId = scene.patient.parse()?;
    let nurse = Arc::new(scene.unlock(&scene.nurse)?);
    let pharmacist = Arc::new(scene.unlock(&scene.pharmacist)?);
    let series = runtime.block_on(async {
        let serving = Relay::open(scene.region.relay_dir())?.serve(None)?;
        let sending = sync::start(Arc::clone(&nurse), SyncConfig::default());
        until(&nurse, is_synced).await;
        let receiving = sync::start(Arc::clone(&pharmacist), SyncConfig::default());
        until(&pharmacist, |replica| replica.patient(patient).is_ok_and(|row| row.chart)).await;
        until(&pharmacist, |replica| replica.sync_status().state == SyncState::Idle).await;
        let mut series = Series::default();
        for number in 0..EDITS {
            series.add(once(&nurse, &pharmacist, patient, number).await?);
        }
        sending.stop().await;
        receiving.stop().await;
        serving.shutdown().await;
        Ok::<_, Failure>(series)
    })?;
    let round_trip = runtime.block_on(bare_round_trip())?;
    let commits = three_commits(&scene)?;
    series.print("save on one tablet → readable on the other (sealed, signed)");
    round_trip.print("limit: bare QUIC round trip of 400 bytes, loopback");
    commits.print("limit: the three durable commits on the way, one after the other");
    print_ratio("ratio to the three commits", &series, &commits);
    Ok(())
}

async fn once(
    from: &Arc<Replica>,
    to: &Arc<Replica>,
    patient: PatientId,
    number: usize,
) -> Result<std::time::Duration, Failure> {
    let mut events = to.events();
    let begin = Instant::now();
    let author = Arc::clone(from);
    let text = format!("訪問 {number}。お変わりなく過ごされる。食事・水分とも良好。");
    let entry =
        tokio::task::spawn_blocking(move || records::note(&author, patient, SystemClock.now(), &text)).await??;
    while !shows(to, patient, entry)? {
        // Closed cannot be: the replica is here. Lagged means that there is news.
        let _ = events.recv().await;
    }
    Ok(begin.elapsed())
}

fn shows(replica: &Replica, patient: PatientId, entry: EntryId) -> Result<bool, Failure> {
    Ok(replica.timeline(patient, None, 3)?.iter().any(|shown| shown.event.id == entry))
}

/// A stream opened once, 400 bytes there and back.
async fn bare_round_trip() -> Result<Series, Failure> {
    let rng = SystemRandom::new();
    let relay = RelayKeys::generate(&rng)?;
    let server = quinn::crypto::rustls::QuicServerConfig::try_from(tls::server_config(&relay)?)?;
    let endpoint =
        quinn::Endpoint::server(quinn::ServerConfig::with_crypto(Arc::new(server)), ([127, 0, 0, 1], 0).into())?;
    let address = endpoint.local_addr()?;
    let echo = tokio::spawn(async move {
        let connection = endpoint.accept().await.ok_or("no connection")?.await?;
        let (mut send, mut receive) = connection.accept_bi().await?;
        let mut bytes = [0; 400];
        while receive.read_exact(&mut bytes).await.is_ok() {
            send.write_all(&bytes).await?;
        }
        Ok::<_, Failure>(())
    });
    let client = tls::client_config(&DeviceKeys::generate(&rng)?, Arc::new(|_| true))?;
    let client = quinn::crypto::rustls::QuicClientConfig::try_from(client)?;
    let here = quinn::Endpoint::client(([127, 0, 0, 1], 0).into())?;
    let connection = here.connect_with(quinn::ClientConfig::new(Arc::new(client)), address, "relay.tendenko")?.await?;
    let (mut send, mut receive) = connection.open_bi().await?;
    let mut series = Series::default();
    let mut bytes = [7; 400];
    for _ in 0..EDITS {
        let begin = Instant::now();
        send.write_all(&bytes).await?;
        receive.read_exact(&mut bytes).await?;
        series.add(begin.elapsed());
    }
    drop((send, connection));
    echo.abort();
    Ok(series)
}

/// Saving, the relay's and the other tablet's commit: three rows of 400 bytes, each with its fsync.
fn three_commits(scene: &Scene) -> Result<Series, Failure> {
    let store = Connection::open(scene.folder().join("commits.db"))?;
    store.pragma_update(None, "journal_mode", "WAL")?;
    store.pragma_update(None, "synchronous", "FULL")?;
    store.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT", [])?;
    let mut series = Series::default();
    for _ in 0..EDITS {
        series.time(|| {
            for _ in 0..3 {
                store.execute("INSERT INTO record (bytes) VALUES (zeroblob(400))", [])?;
            }
            Ok::<_, rusqlite::Error>(())
        })?;
    }
    Ok(series)
}
