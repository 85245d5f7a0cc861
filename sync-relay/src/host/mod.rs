//! The relay as a running thing: sockets, tasks and threads around the store and the protocol's relay session.
//!
//! [`Relay::open`] reads a directory; [`Relay::serve`] listens. A tablet or a test can do both in its own process.
//!
//! What is bounded, and where:
//! - connections: [`crate::directory::Config::max_connections`], the rest is turned away before the handshake;
//! - strangers: [`STRANGERS`] connections whose device is not admitted yet, each for the time of a hello;
//! - what one tablet can make the relay hold: one frame read ahead, the session's receive window, QUIC's windows (`quic.rs`);
//! - what waits for the disk: the writer's queue;
//! - what waits for a slow tablet: one page for each lane. A session reads its next page from the store when the one before is written to
//!   the stream, so a slow tablet keeps only itself waiting, and nothing is ever dropped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ring::rand::SystemRandom;
use tendenko_protocol::RandomError;
use tendenko_protocol::ids::{DeviceId, RelayId, RelayIncarnation};
use tendenko_protocol::keys::{KeyError, RelayKeys};
use tendenko_protocol::messages::Refusal;
use tendenko_protocol::tls::TlsError;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::directory::{self, Config, Directory, DirectoryError};
use crate::store::{ChunkQuota, RelayStore, Source, SqliteOptions, SqliteStore, StoreError, Submission};
use crate::trust::Trust;
use crate::upstream::{self, UpstreamConfig, UpstreamHandle};
use crate::writer::Writer;
use present::Present;
use shared::Shared;
pub use tablet::TabletRelay;

pub(crate) mod admit;
mod connection;
pub(crate) mod errands;
mod flood;
mod frames;
mod lanes;
mod lock;
mod opening;
mod present;
pub(crate) mod quic;
pub(crate) mod shared;
mod tablet;
mod work;

/// How long a shutdown waits for sessions to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// Connections that have not been admitted yet.
const STRANGERS: usize = 128;
/// How often another process's writing (`enroll`) is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Why a relay could not be opened or could not serve.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay's key.
    #[error("relay.key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// Randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// `relay.toml` names no key.
    #[error("relay.toml: `region` must be 64 hexadecimal digits")]
    Region,
    /// Another process serves this directory.
    #[error("another relay serves {0} already: stop it first")]
    InUse(PathBuf),
    /// TLS.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] TlsError),
    /// The socket.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gave no thread.
    #[error("the writing thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// A relay that is open and does not serve yet.
pub struct Relay {
    config: Config,
    keys: RelayKeys,
    region: [u8; 32],
    store: Arc<SqliteStore>,
    trust: Trust,
    _lock: lock::Lock,
}

impl Relay {
    /// Opens the relay in `dir`; at most one process can at a time.
    ///
    /// The store begins a new life. When the store is gone (a new disk), an empty one is made: tablets refill it.
    /// Blocks: it reads every statement.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, RelayError> {
        let directory = Directory::new(dir);
        let config = directory.config()?;
        let region = unhex(&config.region).ok_or(RelayError::Region)?;
        let lock = lock::Lock::take(&directory)?;
        let keys = RelayKeys::from_secret_bytes(&directory.read(directory::RELAY_KEY)?)?;
        let bytes = |mib: u64| mib.saturating_mul(1024 * 1024);
        let usual = ChunkQuota::default();
        let options = SqliteOptions {
            max_bytes: config.max_store_mib.map(bytes),
            chunks: ChunkQuota {
                per_device: config.max_attachments_mib_per_device.map_or(usual.per_device, bytes),
                whole: config.max_attachments_mib.map_or(usual.whole, bytes),
            },
            ..SqliteOptions::default()
        };
        let store = Arc::new(open_store(&directory, &options)?);
        let trust = Trust::load(region, &*store)?;
        let certificate = directory.read(directory::RELAY_CERTIFICATE)?;
        if let item @ crate::store::NewItem::Statement(_) = admit::statement(&trust, Source::Operator, certificate) {
            store.commit(&[Submission::new(Source::Operator, crate::clock::now(), vec![item])])?;
        }
        Ok(Self { config, keys, region, store, trust, _lock: lock })
    }

    /// The relay's id.
    pub fn id(&self) -> RelayId {
        self.keys.relay_id()
    }

    /// The store, for looking into.
    pub fn store(&self) -> Arc<SqliteStore> {
        self.store.clone()
    }

    /// Names the relay above this one, instead of what `relay.toml` says.
    pub fn set_upstream(&mut self, addresses: Vec<String>) {
        self.config.upstream = addresses;
    }

    /// Listens and serves until [`Serving::shutdown`]. `listen` overrides the address in `relay.toml`. Needs a tokio runtime.
    pub fn serve(self, listen: Option<SocketAddr>) -> Result<Serving, RelayError> {
        let address = listen.unwrap_or(self.config.listen);
        let server = quic::server(&self.keys)?;
        let endpoint = std::net::UdpSocket::bind(address)
            .and_then(|socket| {
                let runtime = Arc::new(quinn::TokioRuntime);
                quinn::Endpoint::new(quic::endpoint(&self.keys), Some(server), socket, runtime)
            })
            .map_err(|source| RelayError::Listen { address, source })?;
        let local_addr = endpoint.local_addr().map_err(|source| RelayError::Listen { address, source })?;

        let relay = self.keys.relay_id();
        let (newest, _) = watch::channel(self.store.newest()?);
        let (writer, writer_end) = Writer::start(self.store.clone(), newest.clone()).map_err(RelayError::Thread)?;
        let shared = Arc::new(Shared::new(relay, self.region, self.store, self.trust, writer, newest)?);
        let (stop, stopping) = watch::channel(false);
        tracing::info!(%relay, address = %local_addr, "serving");
        let look = tokio::spawn(look_for_enrolments(shared.clone()));
        let above = Above { shared: Arc::downgrade(&shared), stopping: stopping.clone() };
        let upstream = (!self.config.upstream.is_empty())
            .then(|| above.climb(UpstreamConfig::new(self.config.upstream, Arc::new(self.keys))))
            .flatten();
        let present = shared.present.clone();
        let accept = Accept { endpoint, shared, stopping, room: self.config.max_connections };
        let task = tokio::spawn(async move {
            accept.run().await;
            look.abort();
            // Whatever the outcome of the abort: the task is over, and with it its hold on the writer.
            let _over = look.await;
            writer_end.wait().await;
            drop(self._lock);
        });
        Ok(Serving { local_addr, relay, present, stop, task, above, upstream })
    }
}

/// What a link to an upstream needs of a serving relay, without keeping it from its end.
struct Above {
    shared: Weak<Shared>,
    stopping: watch::Receiver<bool>,
}

impl Above {
    fn climb(&self, config: UpstreamConfig) -> Option<UpstreamHandle> {
        Some(upstream::start(self.shared.upgrade()?, config, self.stopping.clone()))
    }
}

/// A relay that serves. Dropping it stops it as [`Serving::shutdown`] does, without waiting.
pub struct Serving {
    local_addr: SocketAddr,
    relay: RelayId,
    present: Present,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    above: Above,
    upstream: Option<UpstreamHandle>,
}

impl Serving {
    /// The link to the upstream that `relay.toml` or [`Relay::set_upstream`] names.
    pub fn upstream(&self) -> Option<&UpstreamHandle> {
        self.upstream.as_ref()
    }

    /// Links to an upstream, as whoever holds `config.identity`; it ends with its handle or with the relay. At most one at a time: they
    /// share the outbox and the cursor. `None` when the relay has stopped.
    pub fn climb(&self, config: UpstreamConfig) -> Option<UpstreamHandle> {
        self.above.climb(config)
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The relay's id.
    pub fn relay(&self) -> RelayId {
        self.relay
    }

    /// Who has a session now, by the id of its key.
    pub fn present(&self) -> Vec<DeviceId> {
        self.present.all()
    }

    /// Stops accepting, tells every tablet, lets commits finish, closes the connections. The store is closed when this returns.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        if self.task.await.is_err() {
            tracing::error!("the relay's task ended badly");
        }
    }
}

struct Accept {
    endpoint: quinn::Endpoint,
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    room: usize,
}

impl Accept {
    async fn run(mut self) {
        let room = Arc::new(Semaphore::new(self.room));
        let strangers = Arc::new(Semaphore::new(STRANGERS));
        let mut connections = JoinSet::new();
        loop {
            let incoming = tokio::select! {
                // An error means that the sender is gone: the `Serving` was dropped.
                _ = self.stopping.wait_for(|stop| *stop) => break,
                Some(_) = connections.join_next() => continue,
                incoming = self.endpoint.accept() => incoming,
            };
            let Some(incoming) = incoming else { break };
            if strangers.available_permits() < STRANGERS / 2 && incoming.may_retry() {
                // In a crowd whoever comes shows first that its address is not forged.
                if let Err(error) = incoming.retry() {
                    error.into_incoming().refuse();
                }
                continue;
            }
            match (room.clone().try_acquire_owned(), strangers.clone().try_acquire_owned()) {
                (Ok(permit), Ok(stranger)) => {
                    let (shared, stopping) = (self.shared.clone(), self.stopping.clone());
                    connections.spawn(async move {
                        connection::serve(shared, incoming, stopping, stranger).await;
                        drop(permit);
                    });
                }
                (Err(_), _) | (_, Err(_)) => {
                    tracing::warn!(from = %incoming.remote_address(), "turned away: too many connections");
                    incoming.refuse();
                }
            }
        }
        let goodbyes = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, goodbyes).await.is_err() {
            connections.shutdown().await;
        }
        self.endpoint.close(opening::code(Refusal::Busy), b"busy");
        // The close packets leave; a tablet that does not answer is not waited for.
        if tokio::time::timeout(GOODBYE, self.endpoint.wait_idle()).await.is_err() {
            tracing::debug!("some connections did not close in time");
        }
        tracing::info!(transactions = self.shared.writer.groups(), "stopped");
    }
}

/// `enroll` writes into the store from its own process: believed and told to live sessions soon after.
async fn look_for_enrolments(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(LOOK);
    loop {
        every.tick().await;
        let looking = shared.clone();
        // A failing store is logged where it matters: at the next commit or read.
        let _looked = tokio::task::spawn_blocking(move || looking.look()).await;
    }
}

fn open_store(directory: &Directory, options: &SqliteOptions) -> Result<SqliteStore, RelayError> {
    let rng = SystemRandom::new();
    let incarnation = RelayIncarnation::generate(&rng)?;
    let next = RelayIncarnation::generate(&rng)?;
    match SqliteStore::open(directory.path(), options, || incarnation) {
        Ok((store, lost)) => {
            if lost {
                tracing::warn!("the store is older than it was: tablets will compare everything with it");
            }
            store.begin(next)?;
            Ok(store)
        }
        Err(StoreError::Missing(_)) => {
            tracing::warn!("the store is gone: an empty one is made, tablets will refill it");
            let store = SqliteStore::create(directory.path(), incarnation, options)?;
            store.forget_past(next)?;
            Ok(store)
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    // A record hash has the same form.
    text.parse::<tendenko_protocol::ids::RecordHash>().ok().map(|hash| hash.0)
}
