//! One tablet saves, the other shows it: two tablets and a relay over loopback QUIC, against what no design can avoid, taken between
//! the edits: a bare QUIC round trip, and the durable commits on the way.
//!
//! The commits on the way are four, one after the other: the save, the sealing, the number in the guard file that must be on disk before a
//! sealed record may leave (decision 0001), and the other tablet's. The relay's is not among them: it forwards while it commits.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
use crate::figures::{Series, Sheet};

const EDITS: usize = 300;
/// Edits that warm everything up and are not counted.
const WARM: usize = 30;
/// Between two edits: acknowledgements and cursors of the one before are written by then. Nobody saves faster.
const BETWEEN: Duration = Duration::from_millis(30);

pub fn measure(sheet: &mut Sheet) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let scene = Scene::set()?;
    let patient: PatientId = scene.patient.parse()?;
    let nurse = Arc::new(scene.unlock(&scene.nurse)?);
    let pharmacist = Arc::new(scene.unlock(&scene.pharmacist)?);
    let mut commits = Commits::open(scene.folder())?;
    let [mut saved, mut visible, mut round_trips, mut committed] = [(); 4].map(|()| Series::default());
    runtime.block_on(async {
        let serving = Relay::open(scene.region.relay_dir())?.serve(None)?;
        let sending = sync::start(Arc::clone(&nurse), SyncConfig::default());
        until(&nurse, is_synced).await;
        let receiving = sync::start(Arc::clone(&pharmacist), SyncConfig::default());
        until(&pharmacist, |replica| replica.patient(patient).is_ok_and(|row| row.chart)).await;
        until(&pharmacist, |replica| replica.sync_status().state == SyncState::Idle).await;
        let mut bare = Bare::connect().await?;
        for number in 0..WARM + EDITS {
            let (save, shown) = once(&nurse, &pharmacist, patient, number).await?;
            until(&nurse, is_synced).await;
            tokio::time::sleep(BETWEEN).await;
            let round_trip = bare.round_trip().await?;
            let commit = commits.all()?;
            if number >= WARM {
                saved.add(save);
                visible.add(shown);
                round_trips.add(round_trip);
                committed.add(commit);
            }
        }
        sending.stop().await;
        receiving.stop().await;
        serving.shutdown().await;
        Ok::<_, Failure>(())
    })?;
    sheet.series("latency.visible", "save on one tablet → readable on the other (sealed, signed)", &visible);
    sheet.series("latency.saved", "of that, until the save is durable", &saved);
    sheet.series("latency.round_trip", "limit: bare QUIC round trip of 400 bytes, loopback", &round_trips);
    sheet.series("latency.commits", "limit: the four durable commits on the way, one after the other", &committed);
    let limit = round_trips.median() + committed.median();
    let excess = (visible.median().as_secs_f64() - limit.as_secs_f64()) * 1e3;
    println!("  more than round trip and commits (medians): {excess:.2} ms; aimed at 2 ms or less");
    sheet.number("latency.excess", "visible − (round trip + commits), medians", excess / 1e3);
    Ok(())
}

/// Until the save is durable, and until the other tablet shows it.
async fn once(
    from: &Arc<Replica>,
    to: &Arc<Replica>,
    patient: PatientId,
    number: usize,
) -> Result<(Duration, Duration), Failure> {
    let mut events = to.events();
    let author = Arc::clone(from);
    let text = format!("訪問 {number}。お変わりなく過ごされる。食事・水分とも良好。");
    let begin = Instant::now();
    let entry =
        tokio::task::spawn_blocking(move || records::note(&author, patient, SystemClock.now(), &text)).await??;
    let saved = begin.elapsed();
    while !shows(to, patient, entry)? {
        // Closed cannot be: the replica is here. Lagged means that there is news.
        let _ = events.recv().await;
    }
    Ok((saved, begin.elapsed()))
}

fn shows(replica: &Replica, patient: PatientId, entry: EntryId) -> Result<bool, Failure> {
    Ok(replica.timeline(patient, None, 3)?.iter().any(|shown| shown.event.id == entry))
}

/// A stream opened once, 400 bytes there and back.
struct Bare {
    send: quinn::SendStream,
    receive: quinn::RecvStream,
    /// Dropped with the rest: an endpoint that is gone answers nothing.
    _ends: (quinn::Connection, [quinn::Endpoint; 2]),
}

impl Bare {
    async fn connect() -> Result<Self, Failure> {
        let rng = SystemRandom::new();
        let relay = RelayKeys::generate(&rng)?;
        let server = quinn::crypto::rustls::QuicServerConfig::try_from(tls::server_config(&relay)?)?;
        let there =
            quinn::Endpoint::server(quinn::ServerConfig::with_crypto(Arc::new(server)), ([127, 0, 0, 1], 0).into())?;
        let address = there.local_addr()?;
        let listening = there.clone();
        tokio::spawn(async move {
            let connection = listening.accept().await.ok_or("no connection")?.await?;
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
        let config = quinn::ClientConfig::new(Arc::new(client));
        let connection = here.connect_with(config, address, "relay.tendenko")?.await?;
        let (send, receive) = connection.open_bi().await?;
        Ok(Self { send, receive, _ends: (connection, [here, there]) })
    }

    async fn round_trip(&mut self) -> Result<Duration, Failure> {
        let mut bytes = [7; 400];
        let begin = Instant::now();
        self.send.write_all(&bytes).await?;
        self.receive.read_exact(&mut bytes).await?;
        Ok(begin.elapsed())
    }
}

/// What makes a save, a sealing and a receipt durable, and nothing else: a row of 400 bytes in an encrypted database, and a number
/// in a file.
struct Commits {
    tablets: [Connection; 2],
    guard: File,
}

impl Commits {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let open = |name: &str| {
            let store = Connection::open(folder.join(name))?;
            store.pragma_update(None, "key", "x'000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f'")?;
            store.pragma_update(None, "journal_mode", "WAL")?;
            store.pragma_update(None, "synchronous", "FULL")?;
            store.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT", [])?;
            Ok::<_, rusqlite::Error>(store)
        };
        let guard = File::options().write(true).create(true).truncate(true).open(folder.join("commits.guard"))?;
        Ok(Self { tablets: [open("commits-author.db")?, open("commits-reader.db")?], guard })
    }

    fn all(&mut self) -> Result<Duration, Failure> {
        let insert = "INSERT INTO record (bytes) VALUES (zeroblob(400))";
        let [author, reader] = &self.tablets;
        let begin = Instant::now();
        author.execute(insert, [])?;
        author.execute(insert, [])?;
        self.guard.rewind()?;
        self.guard.write_all(&[7; 8])?;
        self.guard.sync_all()?;
        reader.execute(insert, [])?;
        Ok(begin.elapsed())
    }
}
