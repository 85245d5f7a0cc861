//! Who is connected now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tendenko_protocol::ids::DeviceId;

/// Peers with a session, by the id of their key, with the number of their sessions.
#[derive(Clone, Default)]
pub(super) struct Present(Arc<Mutex<BTreeMap<DeviceId, usize>>>);

/// Held while a session lasts.
pub(super) struct Presence {
    present: Present,
    peer: DeviceId,
}

impl Present {
    pub(super) fn arrive(&self, peer: DeviceId) -> Presence {
        *self.peers().entry(peer).or_default() += 1;
        Presence { present: self.clone(), peer }
    }

    pub(super) fn all(&self) -> Vec<DeviceId> {
        self.peers().keys().copied().collect()
    }

    fn peers(&self) -> MutexGuard<'_, BTreeMap<DeviceId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut peers = self.present.peers();
        if let Some(sessions) = peers.get_mut(&self.peer) {
            *sessions -= 1;
            if *sessions == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}
