//! How the exchange with relays stands: what the sync line shows.

use rusqlite::Connection;
use tendenko_crdt::Timestamp;

use crate::store::meta::{self, name};
use crate::store::{StoreError, unsent};

/// What the sync loop is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncState {
    /// No link to a relay. A normal state.
    #[default]
    Offline,
    /// Trying to reach a relay.
    Connecting,
    /// Sending what was saved here.
    Sending {
        /// Records acknowledged so far in this round.
        done: u64,
        /// Records of this round.
        total: u64,
    },
    /// Receiving what others wrote.
    Receiving {
        /// Items stored so far.
        done: u64,
        /// Items expected, as far as known.
        total: u64,
    },
    /// Connected, everything exchanged.
    Idle,
}

/// The sync line, and the page behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncStatus {
    /// What is going on.
    pub state: SyncState,
    /// Saves that no relay has acknowledged.
    pub unsent: u64,
    /// Tablet time of the last message from a relay.
    pub last_contact: Option<Timestamp>,
    /// Relay clock minus tablet clock, milliseconds, as last measured.
    pub clock_offset_ms: Option<i64>,
    /// Name or address of the relay in use.
    pub relay: Option<String>,
    /// Records the relay refused since this replica exists.
    pub rejected: u64,
    /// Short code of the last failure, until the next success.
    pub last_error: Option<String>,
    /// Bytes sent since the replica was opened.
    pub bytes_sent: u64,
    /// Bytes received since the replica was opened.
    pub bytes_received: u64,
    /// When the next try to connect is due, while offline.
    pub next_try: Option<Timestamp>,
}

/// The status in memory; what must survive a restart is read from and written to the store.
#[derive(Debug, Default)]
pub(crate) struct Status {
    current: SyncStatus,
    pub(crate) clock_offset_ms: Option<i64>,
}

impl Status {
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let clock_offset_ms = meta::get(connection, name::CLOCK_OFFSET)?;
        let last_contact = meta::get(connection, name::LAST_CONTACT)?.map(Timestamp);
        let rejected = meta::get(connection, name::REJECTED)?.unwrap_or(0);
        let unsent = unsent::count(connection)?;
        let current = SyncStatus { unsent, last_contact, rejected, clock_offset_ms, ..SyncStatus::default() };
        Ok(Self { current, clock_offset_ms })
    }

    pub(crate) fn snapshot(&self) -> SyncStatus {
        SyncStatus { clock_offset_ms: self.clock_offset_ms, ..self.current.clone() }
    }

    /// Changes the status; returns whether it differs now.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut SyncStatus)) -> bool {
        let before = self.current.clone();
        change(&mut self.current);
        before != self.current
    }
}
