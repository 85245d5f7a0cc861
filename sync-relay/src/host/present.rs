//! Who is connected now, and how often at once.
//!
//! A tablet has one session. More than one of a device means that its link moved and the relay has not noticed the end of the old one, or
//! that somebody cloned its disk: two clones may both be served. Beyond [`SESSIONS`] the oldest ends for the newest, so that no
//! device takes up more than its share, and one whose links break often is never turned away for its own dead sessions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tendenko_protocol::ids::DeviceId;
use tokio::sync::Notify;

/// Sessions of one device at once.
pub(super) const SESSIONS: usize = 4;

/// Peers with a session, by the id of their key, with what ends each of their sessions, the oldest first.
#[derive(Clone, Default)]
pub(super) struct Present(Arc<Mutex<BTreeMap<DeviceId, VecDeque<Arc<Notify>>>>>);

/// Held while a session lasts.
pub(super) struct Presence {
    present: Present,
    peer: DeviceId,
    replaced: Arc<Notify>,
}

impl Present {
    /// A session begins. Ends the oldest of this peer, if it has too many.
    pub(super) fn arrive(&self, peer: DeviceId) -> Presence {
        let replaced = Arc::new(Notify::new());
        let mut peers = self.peers();
        let sessions = peers.entry(peer).or_default();
        sessions.push_back(replaced.clone());
        while sessions.len() > SESSIONS
            && let Some(oldest) = sessions.pop_front()
        {
            tracing::warn!(device = %peer, "it has too many sessions at once: the oldest ends");
            oldest.notify_one();
        }
        drop(peers);
        Presence { present: self.clone(), peer, replaced }
    }

    pub(super) fn all(&self) -> Vec<DeviceId> {
        self.peers().keys().copied().collect()
    }

    fn peers(&self) -> MutexGuard<'_, BTreeMap<DeviceId, VecDeque<Arc<Notify>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    /// Resolves when newer sessions of the same device have taken this one's place.
    pub(super) async fn replaced(&self) {
        self.replaced.notified().await;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut peers = self.present.peers();
        if let Some(sessions) = peers.get_mut(&self.peer) {
            sessions.retain(|session| !Arc::ptr_eq(session, &self.replaced));
            if sessions.is_empty() {
                peers.remove(&self.peer);
            }
        }
    }
}
