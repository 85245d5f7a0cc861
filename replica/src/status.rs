//! How the exchange with relays stands: what the sync line shows.

use rusqlite::Connection;
use tendenko_crdt::Timestamp;

use crate::metering::{DataUse, Meter};
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

/// How the tablet reached whom it exchanges with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPath {
    /// A relay of the region.
    Hub,
    /// The relay of an evacuation site, which passes everything on when it can.
    Edge,
    /// Another tablet.
    Tablet,
    /// A file on a stick.
    Courier,
}

/// One lane of the exchange, in the present session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneProgress {
    /// Arrivals passed.
    pub received: u64,
    /// Arrivals still to pass, as far as known; some of them are for other tablets.
    pub to_receive: u64,
    /// Items answered.
    pub sent: u64,
    /// Items on their way.
    pub in_flight: u64,
    /// The relay has no more of this lane, and all of it is stored here.
    pub caught_up: bool,
}

/// All lanes. Cards come before charts, charts before attachments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lanes {
    /// Certificates, grants and cards: what an evacuation site needs.
    pub cards: LaneProgress,
    /// Charts.
    pub charts: LaneProgress,
    /// Photos and documents.
    pub attachments: LaneProgress,
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
    /// The relay (its name, if it has one) that last did what no honest relay does, and what, as a code; until an exchange with it comes to its end.
    pub misbehaving: Option<(Option<String>, String)>,
    /// Bytes sent since the replica was opened: whole datagrams with their IP and UDP headers, as they are paid for.
    pub bytes_sent: u64,
    /// Bytes received since the replica was opened, counted likewise.
    pub bytes_received: u64,
    /// The same for this calendar month (in Japan), over all restarts.
    pub month: DataUse,
    /// When the next try to connect is due, while offline.
    pub next_try: Option<Timestamp>,
    /// Lane by lane.
    pub lanes: Lanes,
    /// Patients of whom something was shared with this tablet, as far as it knows.
    pub patients_known: u64,
    /// Of these, those whose earlier records are all here. What is still to come of the others is not shown as if it did not exist.
    pub patients_complete: u64,
    /// Patients of whom something is shown by a colleague's checkpoint, and the records that prove it have not all come.
    pub patients_unproven: u64,
    /// The first exchange came to its end once: from then on `patients_known` is all of them, up to the last contact.
    pub first_sync_done: bool,
    /// Photos, documents and originals come only when asked for.
    pub data_saver: bool,
    /// How the present link goes, or the last one went.
    pub path: Option<SyncPath>,
}

/// The status in memory; what must survive a restart is read from and written to the store.
#[derive(Debug, Default)]
pub(crate) struct Status {
    current: SyncStatus,
    pub(crate) clock_offset_ms: Option<i64>,
    pub(crate) meter: Meter,
}

impl Status {
    pub(crate) fn read(connection: &Connection, now: Timestamp) -> Result<Self, StoreError> {
        let clock_offset_ms = meta::get(connection, name::CLOCK_OFFSET)?;
        let last_contact = meta::get(connection, name::LAST_CONTACT)?.map(Timestamp);
        let rejected = meta::get(connection, name::REJECTED)?.unwrap_or(0);
        let unsent = unsent::count(connection)?;
        let (meter, month) = Meter::read(connection, now)?;
        let current = SyncStatus {
            unsent,
            last_contact,
            rejected,
            clock_offset_ms,
            month,
            first_sync_done: meta::get(connection, name::FIRST_SYNC)?.unwrap_or(false),
            data_saver: meta::get(connection, name::DATA_SAVER)?.unwrap_or(false),
            ..SyncStatus::default()
        };
        Ok(Self { current, clock_offset_ms, meter })
    }

    pub(crate) fn snapshot(&self) -> SyncStatus {
        SyncStatus { clock_offset_ms: self.clock_offset_ms, ..self.current.clone() }
    }

    pub(crate) fn first_sync_done(&self) -> bool {
        self.current.first_sync_done
    }

    /// Changes the status; returns whether it differs now.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut SyncStatus)) -> bool {
        let before = self.current.clone();
        change(&mut self.current);
        before != self.current
    }
}
