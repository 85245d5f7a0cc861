//! Waiting for a tablet in this process, on its engine's own events.

use std::sync::Arc;

use tendenko_replica::sync::{self, SyncConfig};
use tendenko_replica::{Replica, SyncState};

/// The relay has everything saved here, and everything it had for this tablet is here.
pub fn is_synced(replica: &Replica) -> bool {
    let status = replica.sync_status();
    status.unsent == 0 && status.state == SyncState::Idle
}

/// Waits until something holds.
pub async fn until(replica: &Replica, holds: impl Fn(&Replica) -> bool) {
    let mut events = replica.events();
    while !holds(replica) {
        // Closed cannot be: the replica is here. Lagged means that there is news.
        let _ = events.recv().await;
    }
}

/// One exchange with the relay, from connecting to having sent and received everything.
pub async fn exchange(replica: &Arc<Replica>) {
    let running = sync::start(Arc::clone(replica), SyncConfig::default());
    until(replica, is_synced).await;
    running.stop().await;
}
