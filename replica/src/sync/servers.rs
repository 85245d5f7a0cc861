//! Tablets that serve as relays, as this tablet has come to know of them, and its own relay while it serves itself.
//!
//! Whoever finds them (mDNS, a scanned code) puts them here; the sync loop tries them after the region's relays. Being here is no
//! trust: a server is believed by its key and certificate when it is connected to. While this tablet serves, its loop talks to its own
//! relay alone: that one passes on, and a second conversation would only compare the same vectors again.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tendenko_protocol::ids::DeviceId;
use tokio::sync::watch;

/// Others remembered; the oldest make room.
const MAX_OTHERS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Known {
    /// Newest first.
    others: Vec<(DeviceId, Vec<SocketAddr>)>,
    own: Option<SocketAddr>,
}

/// The list. Clones are the same list.
#[derive(Debug, Clone)]
pub struct Servers {
    known: Arc<Mutex<Known>>,
    version: watch::Sender<u64>,
}

impl Default for Servers {
    fn default() -> Self {
        Self { known: Arc::default(), version: watch::Sender::new(0) }
    }
}

impl Servers {
    /// A tablet serves there, best address first. The loop tries it at once if it has no link.
    pub fn offer(&self, device: DeviceId, addresses: Vec<SocketAddr>) {
        self.change(|known| {
            if known.others.first().is_some_and(|(first, at)| *first == device && *at == addresses) {
                return;
            }
            known.others.retain(|(other, _)| *other != device);
            known.others.insert(0, (device, addresses));
            known.others.truncate(MAX_OTHERS);
        });
    }

    /// It serves no longer.
    pub fn withdraw(&self, device: DeviceId) {
        self.change(|known| known.others.retain(|(other, _)| *other != device));
    }

    /// This tablet serves itself, there; `None`: no longer.
    pub fn serve_own(&self, at: Option<SocketAddr>) {
        self.change(|known| known.own = at);
    }

    /// This tablet's own relay.
    pub(super) fn own(&self) -> Option<SocketAddr> {
        self.lock().own
    }

    /// Where others serve.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.lock().others.iter().flat_map(|(_, addresses)| addresses).map(SocketAddr::to_string).collect()
    }

    /// Told of every change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.lock();
        let before = known.clone();
        change(&mut known);
        if *known != before {
            self.version.send_modify(|version| *version += 1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
