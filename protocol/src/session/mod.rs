//! Sync sessions as state machines: an event goes in, actions come out. Hosts do the actions, in order, and report back.
//!
//! # What a host must do
//! - Do the actions of one call in order. Write a `Send` before going on, and do not queue without bound: that is the
//!   flow control of what a relay sends.
//! - Read from the stream only while `ready_to_receive()`: that is the flow control of what is received.
//! - `Store` and `Commit` are durable before they are reported. A cursor is written in the same transaction as the items it
//!   comes with. Batches are stored, and acks written, in the order given; if one fails (disk full), drop the session.
//! - After a crash or a lost connection, start a new session. Nothing of an old one is needed.
//!
//! # What then holds
//! - The cursor is never ahead of what is stored. What a relay acked, it had committed.
//! - One refused item stops nothing: it is answered with a reason, counted, and the session goes on.
//! - A sync that finds nothing is hello + pull, welcome + caught-up: one round trip after the handshake.
//! - A reconcile that finds nothing is one round trip, too, of a few hundred bytes; what it costs otherwise grows with what differs.
//! - A relay that lost data notices at the next hello of anyone it had acked more to, and is refilled.

pub mod client;
mod cursor;
pub mod relay;
mod sums;

pub use cursor::{CursorVerdict, Standing, judge};

use crate::messages::Refusal;

/// Why a session ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The relay refuses the tablet; it speaks these versions.
    #[error("the relay refused ({}); it speaks versions {versions:?}, this side {ours:?}", reason.code())]
    Refused {
        /// Why.
        reason: Refusal,
        /// Versions the other side speaks.
        versions: Vec<u16>,
        /// Versions this side speaks.
        ours: Vec<u16>,
    },
    /// The relay is another one than TLS said, or chose a version that was not offered.
    #[error("the relay's welcome does not fit: {0}")]
    Mismatch(&'static str),
    /// The other side said something that has no place here.
    #[error("the other side broke the protocol: {0}")]
    Protocol(&'static str),
    /// A bye: all is well.
    #[error("the session was ended")]
    Bye,
}

impl CloseReason {
    /// Short stable code for logs and screens.
    pub fn code(&self) -> &'static str {
        match self {
            CloseReason::Refused { reason, .. } => reason.code(),
            CloseReason::Mismatch(_) => "mismatch",
            CloseReason::Protocol(_) => "protocol",
            CloseReason::Bye => "bye",
        }
    }
}
