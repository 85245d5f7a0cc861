//! A link that is waited for and silent is moved to a new port.
//!
//! On a link that comes and goes, what was sent meanwhile is lost on both sides, and each waits ever longer before it tries again: QUIC
//! doubles its timer up to many seconds, and may just miss the next eight seconds of signal. A packet from a new port makes the relay look whether it
//! reaches the tablet there, at once, and the answer shows both sides what was lost. It also gets round a NAT that has
//! forgotten the old port. Measured in decision 0009.

use std::sync::Arc;
use std::time::Duration;

use quinn::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::connecting::rebind;
use super::room::Room;
use super::socket::Socket;

/// How long a link may be silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// While an answer is due; but no less than three round trips.
    pub(super) silence: Duration,
    /// Otherwise so much longer: the connection's own packets are answered this often.
    pub(super) keep_alive: Duration,
}

/// Watches until it is aborted. `waiting`: an answer is due.
pub(super) async fn watch(
    connection: Connection,
    socket: Arc<Socket>,
    room: Room,
    patience: Patience,
    mut waiting: watch::Receiver<bool>,
) {
    let mut heard = 0;
    let mut since = Instant::now();
    loop {
        let more = if *waiting.borrow() { Duration::ZERO } else { patience.keep_alive };
        let silence = patience.silence.max(connection.rtt() * 3) + more;
        tokio::select! {
            changed = waiting.changed() => match changed {
                // What is waited for now was not before.
                Ok(()) => since = Instant::now(),
                Err(_) => return,
            },
            () = tokio::time::sleep_until(since + silence) => {
                let datagrams = connection.stats().udp_rx.datagrams;
                if datagrams == heard {
                    tracing::debug!("silence: the link moves to a new port");
                    room.prod();
                    rebind(&connection, &socket);
                }
                heard = datagrams;
                since = Instant::now();
            }
        }
    }
}
