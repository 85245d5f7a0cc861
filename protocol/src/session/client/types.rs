//! What goes into and comes out of the tablet's side of a sync.

use super::super::CloseReason;
use crate::chunk::Holding;
use crate::document::{DocumentId, LogId, Scope, Vector};
use crate::ids::{
    AttachmentId, ChunkId, DeviceId, LogSeq, Millis, PatientId, Print, RecordHash, RegionId, RelayId, StatementId,
};
use crate::messages::{Backfill, ClientMessage, Cursor, Item, Lane, PerLane, RelayMessage};
use crate::record::RejectReason;

/// What a session starts from; all of it read from the store.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The region.
    pub region: RegionId,
    /// This tablet.
    pub device: DeviceId,
    /// The relay that TLS authenticated.
    pub relay: RelayId,
    /// `TrustStore::chain_of(device)`. Sent only to a relay that may not know the tablet.
    pub chain: Vec<Vec<u8>>,
    /// The cursor last written, whichever relay it is of; `None` if none ever was. A store keeps ONE cursor: what one relay acked
    /// leaves the outbox, so going back to another relay means comparing vectors again.
    pub cursor: Option<Cursor>,
    /// Versions this side speaks: [`crate::domains::SESSION_VERSIONS`].
    pub versions: Vec<u16>,
    /// Scopes granted to this tablet whose earlier records were not yet filled in.
    pub backfill: Vec<(PatientId, Scope)>,
    /// How far charts are known: of use before any charts were received. `None`: checkpoints are of no use here, every record is wanted.
    pub checkpoints: Option<Vec<(DocumentId, Vector)>>,
    /// Patients of today's visits, in their order: their charts are asked for before others. At most [`MAX_FIRST`](crate::limits::MAX_FIRST) count.
    pub first: Vec<PatientId>,
    /// So long without contact that something new is likely: `first` goes with the first flight, or it would come behind a page of
    /// others' charts. Otherwise it is said when the welcome shows that there is something new.
    pub long_away: bool,
    /// Chunks of attachments that somebody wants to look at, in the order of asking.
    pub wanted: Vec<ChunkId>,
    /// May a relay that lacks chunks be given what is here? Not where every byte costs.
    pub offer: bool,
    /// Documents of which a received record could not be taken; their vectors are compared at once.
    pub suspects: Vec<DocumentId>,
}

/// Something on its way out, with its place in the tablet's outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Place in the outbox: any number that grows in the order in which items must be taken.
    pub position: u64,
    /// The record or statement.
    pub item: Item,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// The lanes are open. First event.
    Connected {
        /// This tablet's clock.
        now: Millis,
    },
    /// A message came.
    Received {
        /// This tablet's clock.
        now: Millis,
        /// On which lane.
        lane: Lane,
        /// The message.
        message: RelayMessage,
    },
    /// There is nothing else to do: records of these documents are asked for that only a checkpoint speaks for.
    Prove {
        /// Which.
        documents: Vec<DocumentId>,
    },
    /// A `Store` is durable.
    Stored {
        /// Which.
        batch: u64,
        /// Scopes of every new grant in this batch that names this tablet, whether the grant holds already or not: what makes it
        /// hold may have arrived before this tablet could see it, and comes with the backfill. The host remembers them, in the
        /// same transaction, until `BackfillDone`.
        new_grants: Vec<(PatientId, Scope)>,
        /// Documents of which a record in this batch could not be taken (gap, unknown author …).
        gaps: Vec<DocumentId>,
        /// Logs of which a record in this batch is a fork, also where it was in quarantine before.
        forks: Vec<LogId>,
    },
    /// Answer to `LoadHeld`.
    Held {
        /// One for each scope asked for, with the vectors of what is stored of it.
        scopes: Vec<Backfill>,
    },
    /// Scopes were granted to this tablet otherwise than by this relay: by a courier file, or by whom this side serves. The host remembers them, as
    /// those of a `Store`. The grants leave with the outbox.
    Granted {
        /// Which.
        scopes: Vec<(PatientId, Scope)>,
    },
    /// Something new was saved, or was granted, or became ready to leave in any other way.
    Saved,
    /// Other patients are wanted first from here on, in this order: a visit was planned, a day began, somebody was opened.
    First {
        /// All of them; at most [`MAX_FIRST`](crate::limits::MAX_FIRST) count.
        patients: Vec<PatientId>,
    },
    /// Answer to `Depart`: what leaves next, at most the budget (or one item).
    Departing {
        /// Of which lane.
        lane: Lane,
        /// In the order of the outbox.
        items: Vec<Departure>,
        /// Is there more behind these?
        more: bool,
    },
    /// Answer to `LoadVectors`: vectors of all documents in this store after the one asked for, in order.
    Vectors {
        /// At most `max_documents`, and about `max_logs` log entries.
        documents: Vec<(DocumentId, Vector)>,
        /// Are there more behind these?
        more: bool,
    },
    /// Answer to `LoadListed`: vectors of the documents asked for (empty for those not here).
    Listed {
        /// One for each document asked for.
        documents: Vec<(DocumentId, Vector)>,
    },
    /// Answer to `LoadStatements`.
    Statements {
        /// Statements with their places, in the order in which they were accepted here.
        items: Vec<(u64, Vec<u8>)>,
        /// Are there more behind these?
        more: bool,
    },
    /// Answer to `LoadMissing` (records that the relay lacks, each log from just after what the relay has, without holes) or to `LoadTwins`.
    Missing {
        /// At most the budget (or one record).
        records: Vec<Vec<u8>>,
        /// Is there more behind these?
        more: bool,
    },
    /// Answer to `LoadPrints`.
    Prints {
        /// By place; of more than [`MAX_PRINTS`](crate::limits::MAX_PRINTS) the last.
        prints: Vec<Print>,
    },
    /// What is wanted of attachments has changed.
    Wanted {
        /// All that is wanted now and not known to be absent, in the order of asking.
        chunks: Vec<ChunkId>,
    },
    /// Answer to `LoadHoldings`.
    Holdings {
        /// In order; none when there are no more.
        attachments: Vec<Holding>,
    },
    /// Answer to `LoadPieces`.
    Pieces {
        /// At most the budget (or one chunk); none when nothing of what is lacking is here.
        chunks: Vec<Vec<u8>>,
        /// What is still to be given: what was asked for, without the places that were looked at.
        lacking: Vec<Holding>,
    },
    /// End the session.
    Stop,
}

/// An item that the relay did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// Which item.
    pub item: ItemRef,
    /// Why. If [`RejectReason::is_final`], do not send it again; else it stays in the outbox for the next session.
    pub reason: RejectReason,
}

/// Which record or statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemRef {
    /// A record.
    Record {
        /// Its log.
        log: LogId,
        /// Its position.
        seq: LogSeq,
        /// Its hash.
        hash: RecordHash,
    },
    /// A record whose own bytes are damaged.
    Damaged(RecordHash),
    /// A statement.
    Statement(StatementId),
    /// A chunk of an attachment.
    Chunk(ChunkId),
    /// A part of a checkpoint, by the hash of its bytes.
    Part(RecordHash),
}

/// How far the sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Lane by lane.
    pub lanes: PerLane<LaneProgress>,
    /// The relay has no more on any lane, as far as it said, and all is stored here.
    pub caught_up: bool,
}

impl Progress {
    /// Items answered by the relay in this session.
    pub fn sent(&self) -> u64 {
        self.lanes.iter().map(|(_, lane)| lane.sent).sum()
    }

    /// Items pushed and not yet answered.
    pub fn in_flight(&self) -> u64 {
        self.lanes.iter().map(|(_, lane)| lane.in_flight).sum()
    }

    /// Arrivals passed, lane by lane, since the session began.
    pub fn received(&self) -> u64 {
        self.lanes.iter().map(|(_, lane)| lane.received).sum()
    }

    /// Arrivals still to pass (some of them are for other tablets).
    pub fn to_receive(&self) -> u64 {
        self.lanes.iter().map(|(_, lane)| lane.to_receive).sum()
    }
}

/// How far one lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneProgress {
    /// Arrivals passed since the session began.
    pub received: u64,
    /// Arrivals still to pass (some of them are for other tablets).
    pub to_receive: u64,
    /// Items answered by the relay in this session.
    pub sent: u64,
    /// Items pushed and not yet answered.
    pub in_flight: u64,
    /// The relay has no more on this lane, as far as it said.
    pub caught_up: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAction {
    /// Write this message to the lane's stream.
    Send {
        /// Which.
        lane: Lane,
        /// The message.
        message: ClientMessage,
    },
    /// Store these items (each through `admission`) and the cursor, in one durable transaction, then report `Stored`.
    Store {
        /// Number of the batch.
        batch: u64,
        /// In the order to take them.
        items: Vec<Item>,
        /// The cursor to write with them.
        cursor: Option<Cursor>,
    },
    /// Report `Departing`: the next items of this lane in the outbox after this place that are not acked, sealing pending changes first if
    /// there is room. Items already given in this session are not given again.
    Depart {
        /// Which lane's items (statements and cards, or charts, or chunks).
        lane: Lane,
        /// Place after which to go on; 0 for the first.
        after: u64,
        /// Place up to which the cards lane was given out. What lies behind an item of the cards lane that was not is not given yet (there is
        /// `more`): a grant leaves before the chart that needs it. Of no meaning for the cards lane itself.
        behind: u64,
        /// Bytes wanted at most (but one item always fits).
        budget: usize,
    },
    /// The relay has these durably: take them off the outbox, and write the cursor. Nothing to report.
    Acked {
        /// Records.
        records: Vec<(LogId, LogSeq)>,
        /// Statements.
        statements: Vec<StatementId>,
        /// Chunks of attachments.
        chunks: Vec<ChunkId>,
        /// Parts of checkpoints.
        parts: Vec<RecordHash>,
        /// The cursor to write in the same transaction.
        cursor: Option<Cursor>,
    },
    /// The relay did not take these. Count them, log their codes. Nothing to report.
    Rejected {
        /// Which, and why.
        items: Vec<Rejection>,
    },
    /// Report `Vectors`.
    LoadVectors {
        /// Document after which to go on.
        after: Option<DocumentId>,
        /// At most so many documents.
        max_documents: usize,
        /// About so many log entries.
        max_logs: usize,
    },
    /// Report `Listed`.
    LoadListed {
        /// Which documents.
        documents: Vec<DocumentId>,
    },
    /// Report `Held`: what is stored of these scopes, so that it is not sent again.
    LoadHeld {
        /// Which.
        scopes: Vec<(PatientId, Scope)>,
    },
    /// Report `Statements`: every statement known here, acked or not.
    LoadStatements {
        /// Place after which to go on; 0 for the first.
        after: u64,
        /// Bytes wanted at most (but one statement always fits).
        budget: usize,
    },
    /// Report `Missing`: records of these documents beyond these vectors, whoever wrote them.
    LoadMissing {
        /// Documents, with what the relay has of each.
        documents: Vec<(DocumentId, Vector)>,
        /// Bytes wanted at most (but one record always fits).
        budget: usize,
    },
    /// Report `Prints`: of every record known of this log, kept or in quarantine as a fork.
    LoadPrints {
        /// Which log.
        log: LogId,
    },
    /// Report `Missing`: the records of this log with these prints, kept or in quarantine as forks, by place.
    LoadTwins {
        /// Which log.
        log: LogId,
        /// Of which records.
        prints: Vec<Print>,
        /// Bytes wanted at most (but one record always fits).
        budget: usize,
    },
    /// The relay does not have these chunks of attachments: remember it, until somebody asks again. Nothing to report.
    Absent {
        /// Which of those wanted.
        chunks: Vec<ChunkId>,
    },
    /// Report `Holdings`: attachments of which this store holds pieces that some relay has acked, in order.
    LoadHoldings {
        /// Attachment after which to go on.
        after: Option<(DeviceId, AttachmentId)>,
        /// At most so many.
        limit: usize,
    },
    /// Report `Pieces`: pieces that the relay lacks.
    LoadPieces {
        /// Which, in order.
        lacking: Vec<Holding>,
        /// Bytes wanted at most (but one chunk always fits).
        budget: usize,
    },
    /// The vectors of these documents were compared, and no record of them was refused again: they are suspects no longer.
    Compared {
        /// Documents.
        documents: Vec<DocumentId>,
    },
    /// Everything of this scope is stored: forget that it was to be filled in.
    BackfillDone {
        /// Patient.
        patient: PatientId,
        /// Scope.
        scope: Scope,
    },
    /// The relay's clock minus this tablet's.
    Measured {
        /// In milliseconds.
        clock_offset_ms: i64,
    },
    /// Show how far it is.
    Progress(Progress),
    /// End the lanes. Last action.
    Close {
        /// Why.
        reason: CloseReason,
    },
}
