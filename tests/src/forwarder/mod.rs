//! A bad network between real programs: a user-space UDP forwarder that is slow, far away, lossy, or gone for a while.
//!
//! Tablets are pointed at [`Forwarder::address`] instead of the relay. What a direction of the link does to a datagram is decided by
//! [`pipe::Pipe`], which knows no socket and no clock; [`run`] moves bytes as it says, on a thread of its own.
//!
//! Invariants:
//! - The same seed and the same arrivals lead to the same losses, delays and duplicates.
//! - What a direction holds is bounded by its queue: a link that is slower than its sender drops, as a modem does.
//! - Counted is what would be paid for: every datagram offered to the link with 28 bytes of IP and UDP header, lost ones included.
//! - [`Forwarder::rebind`] gives every tablet a new port towards the relay and closes the old one: what a change from Wi-Fi to LTE,
//!   or a NAT that has forgotten, looks like from the relay's side.

pub mod link;
pub mod pipe;
mod run;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

pub use link::{Counts, Direction, Link, Schedule, Traffic};
use run::{Command, Shared};

/// A running forwarder. Dropping it ends it.
pub struct Forwarder {
    address: SocketAddr,
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    /// Forwards between a free loopback port and `to`.
    pub fn start(to: SocketAddr, link: Link) -> std::io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), to, link)
    }

    /// As [`Forwarder::start`], at a given address.
    pub fn start_at(at: SocketAddr, to: SocketAddr, link: Link) -> std::io::Result<Self> {
        let front = UdpSocket::bind(at)?;
        front.set_nonblocking(true)?;
        let address = front.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (commands, orders) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let counted = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("forwarder".into()).spawn(move || {
            if let Err(error) = runtime.block_on(run::forward(front, to, link, orders, &counted)) {
                tracing::error!(%error, "the forwarder ended");
            }
        })?;
        Ok(Self { address, commands, shared, thread: Some(thread) })
    }

    /// Where tablets find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts another link in the place of this one; what is on its way arrives as it would have. The schedule begins anew.
    pub fn set_link(&self, link: Link) {
        self.tell(Command::Link(link));
    }

    /// From now on everything goes to another relay address, as after a change of its DNS entry.
    pub fn set_target(&self, to: SocketAddr) {
        self.tell(Command::Target(to));
    }

    /// A new port towards the relay for every tablet.
    pub fn rebind(&self) {
        self.tell(Command::Rebind);
    }

    /// What was offered to the link and what came out of it, since the start.
    pub fn counts(&self) -> Counts {
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on keeps a copy of every datagram: what a listener on the wire would have.
    pub fn listen_in(&self) {
        *self.heard() = Some(Vec::new());
    }

    /// All that was heard since [`Forwarder::listen_in`].
    pub fn heard_so_far(&self) -> Vec<u8> {
        self.heard().clone().unwrap_or_default()
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Option<Vec<u8>>> {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, command: Command) {
        // The thread lives as long as this handle, unless its socket failed; then it has said so.
        let _ = self.commands.send(command);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.tell(Command::End);
        if let Some(thread) = self.thread.take() {
            // A panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn overhear(&self, bytes: &[u8]) {
        if let Some(heard) = &mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner) {
            heard.extend_from_slice(bytes);
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self { counts: Mutex::new(Counts::default()), heard: Mutex::new(None) }
    }
}

#[cfg(test)]
mod tests;
