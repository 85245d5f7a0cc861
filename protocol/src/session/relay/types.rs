//! What goes into and comes out of the relay's side of a sync.

use super::super::{CloseReason, Standing};
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, DeviceId, Millis, PatientId, RegionId};
use crate::messages::{ClientMessage, Coverage, Item, Refusal, RelayMessage};
use crate::record::RejectReason;

/// What a session starts from.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// The region this relay serves.
    pub region: RegionId,
    /// Versions this side speaks: [`crate::domains::SESSION_VERSIONS`].
    pub versions: Vec<u16>,
    /// The key the tablet authenticated with: `tls::peer_key`.
    pub peer_key: [u8; 32],
}

/// What became of a pushed item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored under this arrival number.
    Stored(ArrivalNo),
    /// Was stored before.
    Duplicate,
    /// Not taken.
    Rejected(RejectReason),
}

/// What a page is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Everything visible to the device.
    All,
    /// Only statements visible to the device.
    Statements,
    /// Records and grants of this patient and scope.
    Scope(PatientId, Scope),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayEvent {
    /// A message came.
    Received {
        /// The message.
        message: ClientMessage,
    },
    /// The device may come in (`admission::admit_device` said so).
    Admitted {
        /// Where the store stands now.
        standing: Standing,
        /// The relay's clock.
        now: Millis,
    },
    /// The device may not come in.
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// Answer to `MintIncarnation`: durable.
    Minted {
        /// Where the store stands now.
        standing: Standing,
        /// The relay's clock.
        now: Millis,
    },
    /// Answer to `ReadPage`.
    Page {
        /// Visible items, in order of arrival.
        items: Vec<(ArrivalNo, Item)>,
        /// Every visible item up to here is in this page or before it. When `end`, the newest arrival of the store at the time of reading.
        through: ArrivalNo,
        /// There was nothing more when the page was read.
        end: bool,
    },
    /// A `Commit` is durable.
    Committed {
        /// Which.
        batch: u64,
        /// One for each item, in order.
        outcomes: Vec<Outcome>,
        /// The store's newest arrival.
        newest: ArrivalNo,
    },
    /// Something was committed by anyone.
    Arrived {
        /// The store's newest arrival.
        newest: ArrivalNo,
    },
    /// Answer to `ReadVectors`.
    Vectors {
        /// Vectors of documents that the device may read, in order; about `max_logs` log entries.
        documents: Vec<(DocumentId, Vector)>,
        /// Are there more behind these?
        more: bool,
    },
    /// Answer to `ReadMissing`: records beyond these vectors, each log from just after what the device has, without holes.
    Missing {
        /// At most the limit (or one record).
        records: Vec<Vec<u8>>,
        /// Is there more behind these?
        more: bool,
    },
    /// End the session, for instance because the relay shuts down or the device was revoked.
    Stop {
        /// Why, for the tablet.
        reason: Refusal,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayAction {
    /// Write this message to the stream.
    Send(RelayMessage),
    /// Add the chain's statements (`admission::admit_statement`), then ask `admission::admit_device`; report `Admitted` or `Refused`.
    CheckDevice {
        /// Who says hello.
        device: DeviceId,
        /// Its certificate and what verifies it; may be empty.
        chain: Vec<Vec<u8>>,
    },
    /// Take these items (each through `admission`, with this device as sender) in one durable transaction; report `Committed`.
    Commit {
        /// Number of the batch.
        batch: u64,
        /// In the order to take them.
        items: Vec<Item>,
    },
    /// Report `Page`. At most one read is asked for at a time.
    ReadPage {
        /// Arrival after which to go on.
        after: ArrivalNo,
        /// From what.
        select: Select,
        /// Bytes wanted at most (but one item always fits).
        limit_bytes: usize,
    },
    /// Report `Vectors`. At most one read is asked for at a time.
    ReadVectors {
        /// Which documents: a span (going on after `after`), or exactly the documents listed.
        coverage: Coverage,
        /// For `Coverage::Listed`.
        listed: Vec<DocumentId>,
        /// At most so many documents.
        max_documents: usize,
        /// About so many log entries.
        max_logs: usize,
    },
    /// Report `Missing`. At most one read is asked for at a time.
    ReadMissing {
        /// Documents, with what the tablet has of each.
        documents: Vec<(DocumentId, Vector)>,
        /// Bytes wanted at most (but one record always fits).
        limit_bytes: usize,
    },
    /// The relay has lost data: begin a new life, forget all past ones, durably; report `Minted`.
    MintIncarnation,
    /// End the stream. Last action.
    Close {
        /// Why.
        reason: CloseReason,
    },
}
