//! The network woke up: the operating system says that an address of this device came or went, and the loop tries at once.

use std::future::poll_fn;
use std::sync::Arc;

use if_watch::IfEvent;
use if_watch::tokio::IfWatcher;
use tokio::sync::Notify;

/// Rings `wake` at every new address that leads out of this device. Returns only where the system tells nothing; then the
/// loop's own patience has to do.
pub(super) async fn ring_on_change(wake: Arc<Notify>) {
    let mut watcher = match IfWatcher::new() {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::info!(%error, "the system does not tell when the network changes");
            return;
        }
    };
    loop {
        match poll_fn(|context| watcher.poll_if_event(context)).await {
            Ok(IfEvent::Up(address)) if !address.addr().is_loopback() => {
                tracing::debug!("the network changed");
                wake.notify_one();
            }
            Ok(IfEvent::Up(_) | IfEvent::Down(_)) => {}
            Err(error) => {
                tracing::info!(%error, "the system stopped telling when the network changes");
                return;
            }
        }
    }
}
