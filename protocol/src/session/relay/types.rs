//! What goes into and comes out of the relay's side of a sync.

use super::super::{CloseReason, Standing};
use super::Card;
use crate::chunk::Holding;
use crate::document::{DocumentId, LogId, Scope, Vector};
use crate::ids::{ArrivalNo, ChunkId, DeviceId, Millis, PatientId, Print, RegionId};
use crate::messages::{ClientMessage, Coverage, Item, Lane, Refusal, RelayMessage};
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
    /// Everything of the lane that is visible to the device.
    All,
    /// Only statements visible to the device.
    Statements,
    /// Records and grants of this patient and scope, of whatever lane.
    Scope(PatientId, Scope),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayEvent {
    /// A message came.
    Received {
        /// On which lane.
        lane: Lane,
        /// The message.
        message: ClientMessage,
    },
    /// The device may come in (`admission::admit_peer` said so).
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
    /// The lane's stream has taken a message that was given out with `Send`: one for each.
    Written {
        /// Which lane.
        lane: Lane,
    },
    /// Answer to `ReadPage`.
    Page {
        /// For which lane.
        lane: Lane,
        /// Visible items, in order of arrival.
        items: Vec<(ArrivalNo, Item)>,
        /// Every item asked for up to here is in this page or before it.
        through: ArrivalNo,
        /// All that was asked for was read.
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
    /// Another session has verified these, which this device may see, and has not committed them yet. A host may leave this out at any
    /// time: what was not forwarded comes in order of arrival.
    Verified {
        /// In the order in which they are to be committed.
        items: Vec<Item>,
    },
    /// Something was committed by anyone.
    Arrived {
        /// The store's newest arrival.
        newest: ArrivalNo,
    },
    /// Answer to `ReadVectors`.
    Vectors {
        /// For which lane.
        lane: Lane,
        /// Vectors of documents that the device may read, in order; about `max_logs` log entries.
        documents: Vec<(DocumentId, Vector)>,
        /// Are there more behind these?
        more: bool,
    },
    /// Answer to `ReadPrints`.
    Prints {
        /// For which lane.
        lane: Lane,
        /// By place; of more than [`MAX_PRINTS`](crate::limits::MAX_PRINTS) the last. None of a log that the device may not read.
        prints: Vec<Print>,
    },
    /// Answer to `ReadMissing` (records beyond these vectors, each log from just after what the device has, without holes) or to `ReadTwins`.
    Missing {
        /// For which lane.
        lane: Lane,
        /// At most the limit (or one record).
        records: Vec<Vec<u8>>,
        /// Is there more behind these?
        more: bool,
    },
    /// Answer to `ReadChunks`: for the first of those asked for, at least one, the bytes or that it is not here (or not for this device).
    Chunks {
        /// In the order asked for.
        chunks: Vec<(ChunkId, Option<Vec<u8>>)>,
    },
    /// Answer to `ReadCards`.
    Cards {
        /// One for each patient looked at, in their order, also where nothing is to be sent.
        cards: Vec<Card>,
        /// There are no more behind these.
        end: bool,
    },
    /// Answer to `ReadCheckpoints`.
    Checkpoints {
        /// Parts, in order of document and number.
        parts: Vec<(DocumentId, u16, Vec<u8>)>,
        /// There are no more behind these.
        end: bool,
    },
    /// Answer to `ReadLacking`.
    Lacking {
        /// Of what was offered, the pieces that are not here.
        attachments: Vec<Holding>,
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
    /// Write this message to the lane's stream, beside the other lanes; report `Written`.
    Send {
        /// Which lane.
        lane: Lane,
        /// The message.
        message: RelayMessage,
    },
    /// Add the chain's statements (`admission::admit_statement`), then ask `admission::admit_peer`; report `Admitted` or `Refused`.
    CheckDevice {
        /// Who says hello.
        device: DeviceId,
        /// Its certificate and what verifies it; may be empty.
        chain: Vec<Vec<u8>>,
    },
    /// Take these items (each through `admission`, with this device as sender) in one durable transaction; report `Committed`. Batches are
    /// taken in the order given, whatever their lanes.
    Commit {
        /// Number of the batch.
        batch: u64,
        /// In the order to take them.
        items: Vec<Item>,
    },
    /// Report `Page`. At most one read of a lane is under way at a time.
    ReadPage {
        /// For which lane.
        lane: Lane,
        /// Arrival after which to go on.
        after: ArrivalNo,
        /// Arrival up to which to read.
        through: ArrivalNo,
        /// From what.
        select: Select,
        /// Bytes wanted at most (but one item always fits).
        limit_bytes: usize,
    },
    /// Report `Vectors`. At most one read of a lane is under way at a time.
    ReadVectors {
        /// For which lane.
        lane: Lane,
        /// Which documents: a span (going on after `after`), or exactly the documents listed.
        coverage: Coverage,
        /// For `Coverage::Listed`.
        listed: Vec<DocumentId>,
        /// At most so many documents.
        max_documents: usize,
        /// About so many log entries.
        max_logs: usize,
    },
    /// Report `Missing`. At most one read of a lane is under way at a time.
    ReadMissing {
        /// For which lane.
        lane: Lane,
        /// Documents, with what the tablet has of each.
        documents: Vec<(DocumentId, Vector)>,
        /// Bytes wanted at most (but one record always fits).
        limit_bytes: usize,
    },
    /// Report `Prints`: of every record known of this log, kept or in quarantine as a fork. At most one read of a lane is under way at a time.
    ReadPrints {
        /// For which lane.
        lane: Lane,
        /// Which log.
        log: LogId,
    },
    /// Report `Missing`: the records of this log with these prints, kept or in quarantine as forks, by place. At most one read of a lane is
    /// under way at a time.
    ReadTwins {
        /// For which lane.
        lane: Lane,
        /// Which log.
        log: LogId,
        /// Of which records.
        prints: Vec<Print>,
        /// Bytes wanted at most (but one record always fits).
        limit_bytes: usize,
    },
    /// Report `Chunks`, of charts that the device is granted. At most one read of a lane is asked for at a time; this is of the last one.
    ReadChunks {
        /// In order; as many as fit.
        chunks: Vec<ChunkId>,
        /// Bytes wanted at most (but one chunk always fits).
        limit_bytes: usize,
    },
    /// Report `Cards`: of these patients ([`Card::patients`]) what has arrived of each ([`Card::of`]), of each at least the first item. A read
    /// of the cards lane.
    ReadCards {
        /// Whose; none named: of everybody.
        patients: Vec<PatientId>,
        /// Behind this patient.
        after: Option<PatientId>,
        /// Arrival after which to look.
        since: ArrivalNo,
        /// Arrival up to which to look.
        through: ArrivalNo,
        /// Bytes wanted at most (but one card always fits, and may be cut to that).
        limit_bytes: usize,
    },
    /// Report `Checkpoints`: the parts of whole checkpoints of charts that the device is granted, in order of document and number. A read of the
    /// charts lane.
    ReadCheckpoints {
        /// Whose; none named: of everybody.
        patients: Vec<PatientId>,
        /// Behind this part.
        after: Option<(DocumentId, u16)>,
        /// Bytes wanted at most (but one part always fits).
        limit_bytes: usize,
    },
    /// Report `Lacking`. As `ReadChunks`, a read of the last lane.
    ReadLacking {
        /// What the tablet holds.
        offered: Vec<Holding>,
    },
    /// The relay has lost data: begin a new life, forget all past ones, durably; report `Minted`.
    MintIncarnation,
    /// End the lanes. Last action.
    Close {
        /// Why.
        reason: CloseReason,
    },
}
