//! The loop that talks to relays: one connection at a time, over QUIC, for as long as it holds, then the next try.
//!
//! Decisions are made by `tendenko_protocol`'s client session; this room does what it says: sockets, waiting, and the blocking store
//! on threads of its own. The loop never gives up: it waits longer after each failure (with jitter, so that a whole town
//! does not come back at the same instant), and tries at once when it is woken: by the app, or by the operating system when
//! the network changes.

mod connecting;
mod error;
mod host;
mod lanes;
mod link;
mod network;
mod room;
mod servers;
mod silence;
mod socket;

pub use servers::Servers;

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tendenko_crdt::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinHandle};

use crate::replica::Replica;
use crate::status::SyncState;
use connecting::Connector;
use error::LinkError;
use link::run;

/// How to reach relays, and how patiently.
#[derive(Debug, Clone)]
pub struct SyncConfig {
    /// `host:port` of relays to try in turn; empty takes those of the region's certificates and of the enrolment bundle.
    /// Whoever answers must be a relay of the region in any case.
    pub relays: Vec<String>,
    /// Wait after the first failure.
    pub shortest_wait: Duration,
    /// Longest wait between two tries.
    pub longest_wait: Duration,
    /// How long to try one address.
    pub connect_timeout: Duration,
    /// How often to show that the link is alive.
    pub keep_alive: Duration,
    /// Silence after which the link counts as lost.
    pub idle_timeout: Duration,
    /// Silence after which the link is moved to a new port while an answer is due.
    pub silence: Duration,
    /// So long nothing comes, goes or is saved before records are fetched that only prove what is readable already.
    pub rest: Duration,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            relays: Vec::new(),
            shortest_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(8),
            keep_alive: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            silence: Duration::from_secs(3),
            rest: Duration::from_secs(5),
        }
    }
}

/// A running loop. Dropping the handle stops it without waiting.
#[derive(Debug)]
pub struct SyncHandle {
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
    network: AbortHandle,
}

impl SyncHandle {
    /// The network or the app woke up: try at once, and move an existing link to the present network.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends the session cleanly and waits until the loop has ended.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A panic in the loop was reported when it happened.
            let _ = task.await;
        }
    }
}

impl Drop for SyncHandle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.network.abort();
    }
}

/// Starts the loop. Call within a tokio runtime.
pub fn start(replica: Arc<Replica>, config: SyncConfig) -> SyncHandle {
    let wake = Arc::new(Notify::new());
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(keep_in_sync(replica, config, wake.clone(), stopped));
    let network = tokio::spawn(network::ring_on_change(wake.clone())).abort_handle();
    SyncHandle { wake, stop, task: Some(task), network }
}

async fn keep_in_sync(
    replica: Arc<Replica>,
    config: SyncConfig,
    wake: Arc<Notify>,
    mut stopped: watch::Receiver<bool>,
) {
    let patience = ExponentialBuilder::default()
        .with_jitter()
        .with_factor(2.0)
        .with_min_delay(config.shortest_wait)
        .with_max_delay(config.longest_wait)
        .without_max_times();
    let mut waits = patience.build();
    let connector = match Connector::new(&replica, &config) {
        Ok(connector) => connector,
        Err(error) => {
            tracing::error!(%error, "no link can be made");
            replica.change_status(|status| status.last_error = Some(error.code()));
            return;
        }
    };
    let mut servers = replica.servers().changes();
    loop {
        servers.mark_unchanged();
        for Candidate { address, kind } in candidates(&replica, &config) {
            if *stopped.borrow() {
                break;
            }
            replica.change_status(|status| {
                status.state = SyncState::Connecting;
                status.next_try = None;
            });
            let ended = tokio::select! {
                ended = run(&replica, &connector, &address, &wake, &mut stopped) => ended,
                () = better(&replica, &config, &connector, kind) => {
                    replica.change_status(|status| status.state = SyncState::Offline);
                    waits = patience.build();
                    break;
                }
            };
            let was_welcome = ended.was_welcome;
            if let Err(error) = &ended.result {
                tracing::info!(code = %error.code(), %error, "the link to a relay ended");
            }
            let code = ended.result.as_ref().err().map(LinkError::code);
            let misbehaves = ended.result.as_ref().is_err_and(LinkError::is_misbehaviour);
            replica.change_status(|status| {
                status.state = SyncState::Offline;
                status.last_error = code;
            });
            if was_welcome && !misbehaves {
                waits = patience.build();
            }
        }
        if *stopped.borrow() {
            break;
        }
        if servers.has_changed().unwrap_or(false) {
            continue;
        }
        let wait = waits.next().unwrap_or(config.longest_wait);
        let due = Timestamp(replica.clock.now().0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(0)));
        replica.change_status(|status| status.next_try = Some(due));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = wake.notified() => waits = patience.build(),
            _ = servers.changed() => waits = patience.build(),
            _ = stopped.changed() => break,
        }
    }
    replica.change_status(|status| {
        status.state = SyncState::Offline;
        status.next_try = None;
    });
}

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A relay of the region.
    Hub,
    /// Another tablet.
    Tablet,
    /// This tablet's own relay.
    Own,
}

/// Somewhere to try.
struct Candidate {
    address: String,
    kind: Kind,
}

/// Where to try, in order: relays of the region, then tablets that serve; only its own relay while this tablet serves itself.
fn candidates(replica: &Replica, config: &SyncConfig) -> Vec<Candidate> {
    let candidate = |kind| move |address| Candidate { address, kind };
    match replica.servers().own() {
        Some(own) => vec![Candidate { address: own.to_string(), kind: Kind::Own }],
        None => {
            let hubs = addresses(replica, config).into_iter().map(candidate(Kind::Hub));
            hubs.chain(replica.servers().addresses().into_iter().map(candidate(Kind::Tablet))).collect()
        }
    }
}

/// Resolves when there is somebody better to talk to than what is at the present address: this tablet began or ceased to serve, or a
/// relay of the region answers again.
async fn better(replica: &Arc<Replica>, config: &SyncConfig, connector: &Connector, kind: Kind) {
    let mut servers = replica.servers().changes();
    let turned = async {
        while replica.servers().own().is_some() == (kind == Kind::Own) {
            if servers.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let hub_is_back = async {
        loop {
            tokio::time::sleep(config.longest_wait).await;
            for hub in addresses(replica, config) {
                let Ok(mut connected) = connector.connect(&hub).await else { continue };
                // What goes out early is no sign that anybody is there.
                let verdict = match connected.early.take() {
                    Some(early) => connector.verdict(early, &connected).await,
                    None => Ok(()),
                };
                connected.connection.close(0u32.into(), b"");
                if matches!(verdict, Ok(()) | Err(LinkError::TooEarly)) {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = turned => {}
        () = hub_is_back, if kind == Kind::Tablet => {}
    }
}

/// Where relays may be, each address once.
fn addresses(replica: &Replica, config: &SyncConfig) -> Vec<String> {
    if !config.relays.is_empty() {
        return config.relays.clone();
    }
    hubs(replica)
}

/// Where the region's relays are, by its certificates and the enrolment bundle.
pub(crate) fn hubs(replica: &Replica) -> Vec<String> {
    let trust = replica.trust();
    let certified = trust.relays().flat_map(|relay| relay.addresses.iter());
    let bundled = replica.bundle.relays.iter().flat_map(|relay| relay.addresses.iter());
    let mut addresses: Vec<String> = Vec::new();
    for address in bundled.chain(certified) {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}
