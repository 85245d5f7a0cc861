//! What the relay keeps, and the one contract every place it can be kept in must honour.
//!
//! [`RelayStore`] is that contract; `conformance` is its test, run against every implementation;
//! [`SqliteStore`] is the embedded one. The store holds sealed bytes and the facts needed to hand them
//! out again: which log, which number in it, for whom. It opens nothing.
//!
//! Invariants, and what breaks without them:
//! - **All or nothing, durable on return.** [`RelayStore::commit`] either stores everything given to it so that it
//!   survives power loss, or nothing. Otherwise an acked record could be gone, and the tablet would never send it again.
//! - **Arrival numbers appear in order.** Whoever can read arrival `n + 1` can read `n`. Otherwise a tablet's
//!   cursor passes a record it never got. A number that was given up ([`Submission::again`]) is never given again.
//! - **A log is a contiguous chain.** A record is stored only when it follows its log's head, so a log's head is its vector entry.
//! - **Every start is a new life.** Arrival numbers belong to an incarnation, and the store remembers where each earlier one ended.
//!   So a store that was put back from a copy, unnoticed, and has grown since cannot pass for the one that gave out a cursor.
//! - **Nothing is overwritten.** Different bytes for a stored (log, seq), and what follows them, go to the quarantine, with the stored ones
//!   untouched. They count in the log's print, or two histories of one length would pass for the same.
//! - **What the upstream is not known to have is in the outbox.** An item leaves it only when the upstream sent it or acked it, and what
//!   an upstream's cursor covers is stored in the same transaction. Otherwise an edge relay would keep to itself what others wait for.
//! - **Everything is bounded.** What one peer can put into the quarantine, what the quarantine holds in all, and what the store takes.

use tendenko_protocol::chunk::{Holding, SealedChunk};
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, AttachmentId, ChunkId, DeviceId, LogSeq, Millis, PatientId, Print, RecordHash, RelayIncarnation,
    StatementId,
};
pub use tendenko_protocol::messages::Lane;
use tendenko_protocol::record::{RejectReason, SealedCheckpoint, SealedRecord};

mod checkpoints;
mod chunks;
#[cfg(test)]
pub(crate) mod conformance;
mod figures;
mod sqlite;
mod upstream;

pub use checkpoints::{CheckpointPart, PartName};
pub use chunks::{ChunkQuota, ChunkShare, StoredChunk};
pub use figures::{Contact, Figures, Loss, Quarantined, RefusalCount};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use upstream::{ItemName, Mark, Upstream, Waiting};

/// The unit of granting: one scope of one patient.
pub type Subject = (PatientId, Scope);

/// Who may be handed an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every device of the region: certificates and revocations.
    Everyone,
    /// Devices granted on this subject: its records, and the grants themselves.
    Granted(Subject),
}

/// What an arrival number was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A signed statement of the trust set.
    Statement,
    /// A sealed record.
    Record,
    /// A sealed chunk of an attachment. In no page but the outbox's: it is handed out by name.
    Chunk,
}

/// One stored thing as it goes to a tablet: the bytes as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number it was given here.
    pub arrival: ArrivalNo,
    /// Statement or record.
    pub kind: ItemKind,
    /// Who may have it.
    pub audience: Audience,
    /// The bytes as they were received.
    pub bytes: Vec<u8>,
}

/// A statement whose signature and authority were checked, ready to be stored.
#[derive(Clone, Debug)]
pub struct NewStatement {
    /// Its content hash.
    pub id: StatementId,
    /// Who may have it.
    pub audience: Audience,
    /// The bytes as received.
    pub bytes: Vec<u8>,
}

/// Something refused that an operator should be able to see, and in some cases get back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Hash of the bytes that were refused; the same bytes refused again only raise a count.
    pub hash: RecordHash,
    /// The log and number it claims, when that much could be read. A claim, not a fact.
    pub claimed: Option<(LogId, LogSeq)>,
    /// Why.
    pub reason: RejectReason,
    /// The bytes, when they must not be lost (a fork, a revoked device's unsent work).
    pub bytes: Option<Vec<u8>>,
    /// These very bytes may be stored already, and are then known rather than refused. False when whoever sent them may
    /// not learn what is stored.
    pub may_be_known: bool,
}

/// One thing to store.
#[derive(Clone, Debug)]
pub enum NewItem {
    /// A statement.
    Statement(NewStatement),
    /// A record whose signature and author were checked; the store decides whether it follows its log.
    Record(SealedRecord),
    /// A chunk whose signature and author were checked; the store decides whether there is room for it.
    Chunk(SealedChunk),
    /// A part of a checkpoint whose signature and author were checked; the store decides whether it is of use.
    Checkpoint(SealedCheckpoint),
    /// Something refused before it came here.
    Refused(Refused),
}

/// Who brought something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The operator, by `enroll`, or the relay itself.
    Operator,
    /// Whoever is at the other end of a session, by the id of its key: a tablet, a carrier, another relay. It need not be the
    /// records' author.
    Peer(DeviceId),
    /// The upstream, which has it.
    Upstream,
    /// The upstream, which was about to store it: whether it did is not known, so here it waits to leave like anything else.
    Forwarded,
}

impl Source {
    /// Does it come from the upstream, durable there or not?
    pub fn is_upstream(self) -> bool {
        matches!(self, Self::Upstream | Self::Forwarded)
    }
}

/// What one session wants stored, in one piece.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who brought it.
    pub from: Source,
    /// The relay's clock when it came.
    pub at: Millis,
    /// What came, in its order.
    pub items: Vec<NewItem>,
    /// Grants stored before, or among the items, that hold only now: each takes a new arrival number, so that it reaches its device also
    /// where that has passed the old one. Names of what is not stored are passed over.
    pub again: Vec<StatementId>,
    /// What is to be remembered about the upstream, together with the items.
    pub marks: Vec<Mark>,
    /// The peer floods the relay with what it refuses.
    pub flood: bool,
}

impl Submission {
    /// Items from somebody.
    pub fn new(from: Source, at: Millis, items: Vec<NewItem>) -> Self {
        Self { from, at, items, again: Vec::new(), marks: Vec::new(), flood: false }
    }

    /// A submission that only notes a peer's contact.
    pub fn contact(peer: DeviceId, at: Millis) -> Self {
        Self::new(Source::Peer(peer), at, Vec::new())
    }

    /// A submission that only notes that a peer floods the relay.
    pub fn flood(peer: DeviceId, at: Millis) -> Self {
        Self { flood: true, ..Self::contact(peer, at) }
    }
}

/// What became of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// New, and durable now.
    Stored(ArrivalNo),
    /// The same bytes were here already, durable.
    Known(ArrivalNo),
    /// Other bytes hold this (log, seq), or its previous hash is not the log's head. It is in quarantine.
    Fork,
    /// It does not follow what is stored; the log's next number is this. From the upstream: its document is remembered as a suspect.
    Gap {
        /// The number the log expects next.
        expected: LogSeq,
    },
    /// A part of a checkpoint that is here now, or of no use because a better one is. It has no arrival number.
    Kept,
    /// It was refused before it came here, and has been counted.
    Refused,
    /// There is no more room for it. It has been counted.
    Full,
}

/// The result of one durable transaction over several submissions.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// For each submission, the fate of each of its items.
    pub fates: Vec<Vec<Fate>>,
    /// The newest arrival number after the transaction.
    pub newest: ArrivalNo,
}

/// Where the store stands in its lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The present incarnation.
    pub incarnation: RelayIncarnation,
    /// The newest arrival number.
    pub newest: ArrivalNo,
    /// Earlier incarnations whose arrival numbers still hold, each with its last one; the latest first, at most
    /// [`MAX_PAST`](tendenko_protocol::limits::MAX_PAST).
    pub past: Vec<(RelayIncarnation, ArrivalNo)>,
}

/// Which items a page is to hold.
#[derive(Clone, Copy)]
pub enum Selection<'a> {
    /// Of one lane (`None`: of all): everything for everyone, and everything of the subjects the function says yes to.
    Granted(Option<Lane>, &'a dyn Fn(&Subject) -> bool),
    /// The statements among these.
    GrantedStatements(&'a dyn Fn(&Subject) -> bool),
    /// Only this subject's items: the answer to a grant that came later than they did.
    Only(Subject),
    /// Of one lane: what the upstream is not known to have, and was not refused by it.
    Outbox(Lane),
}

/// Which documents to give the vectors of.
#[derive(Clone, Copy, Debug)]
pub enum Documents<'a> {
    /// Those with a record here, in order.
    Span {
        /// Exclusive lower end.
        after: Option<DocumentId>,
        /// Inclusive upper end.
        through: Option<DocumentId>,
    },
    /// These. One without a record here has an empty vector.
    Listed(&'a [DocumentId]),
}

/// Vectors of some documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VectorPage {
    /// The documents, in order.
    pub documents: Vec<(DocumentId, Vector)>,
    /// There are more behind these.
    pub more: bool,
}

/// Records that somebody lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingPage {
    /// Each log from just after what was said to be there, without a hole.
    pub records: Vec<Vec<u8>>,
    /// There are more behind these.
    pub more: bool,
}

impl MissingPage {
    /// Adds a record while there is room; one always fits. False: there is more behind what is here.
    fn take(&mut self, bytes: Vec<u8>, room: &mut usize) -> bool {
        self.more = bytes.len() > *room && !self.records.is_empty();
        if !self.more {
            *room = room.saturating_sub(bytes.len());
            self.records.push(bytes);
        }
        !self.more
    }
}

/// How much one page may cost.
#[derive(Clone, Copy, Debug)]
pub struct PageLimit {
    /// Bytes of items. A page holds at least one item when there is one, however large.
    pub bytes: usize,
    /// Arrival numbers looked at, so that a page of a region where almost nothing is granted still ends.
    pub looked_at: usize,
}

/// Items in arrival order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// Everything selected up to here is in this page or was before it; the next page begins after it.
    pub through: ArrivalNo,
    /// Whether the upper bound that was asked for is reached.
    pub complete: bool,
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space: nothing of the transaction was stored; reading goes on.
    #[error("the relay's disk is full: free space on it (or raise its limit), nothing of this batch was stored")]
    Full,
    /// The store was written by a newer program.
    #[error("the store has schema version {found}, this program knows up to {known}: update the relay program")]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// The directory holds no store.
    #[error("there is no relay store at {0}: run `tendenko-relay init` first")]
    Missing(std::path::PathBuf),
    /// A stored value is not what this program wrote.
    #[error("the store is damaged ({0}): restore it, or let the tablets refill an empty one")]
    Damaged(&'static str),
    /// Anything SQLite says.
    #[error("the store failed: {0}")]
    Sqlite(rusqlite::Error),
    /// The guard file beside the store could not be read or written.
    #[error("the store's guard file failed: {0}")]
    Guard(std::io::Error),
}

/// Where a relay keeps what it is given. All calls block; hosts call them off their event loop.
///
/// `commit` may be called from several threads or processes at once; implementations order the calls.
pub trait RelayStore: Send + Sync + 'static {
    /// Where the store stands, in one consistent look.
    fn life(&self) -> Result<Life, StoreError>;

    /// Begins a new life: the arrival numbers of those before it still hold.
    fn begin(&self, incarnation: RelayIncarnation) -> Result<(), StoreError>;

    /// Begins a new life and forgets all before it: something was lost, and no older arrival number counts any more.
    /// What the store holds stays, and [`Figures::lost`] says when it was.
    fn forget_past(&self, incarnation: RelayIncarnation) -> Result<(), StoreError>;

    /// The newest arrival number, 0 when nothing has arrived.
    fn newest(&self) -> Result<ArrivalNo, StoreError>;

    /// An arrival that is not later than the last one before this time, by the relay's clock as it was then: what came since then
    /// is behind it. Coarse, on the safe side.
    fn arrived_before(&self, time: Millis) -> Result<ArrivalNo, StoreError>;

    /// Stores several submissions in one durable transaction, or nothing of any of them.
    fn commit(&self, submissions: &[Submission]) -> Result<Committed, StoreError>;

    /// Reads what `selection` may have with `after < arrival <= through`, in arrival order.
    fn page(
        &self,
        selection: Selection<'_>,
        after: ArrivalNo,
        through: ArrivalNo,
        limit: PageLimit,
    ) -> Result<Page, StoreError>;

    /// The contiguous prefix of every log, with the print of all that is known of it, of the documents that `readable` says yes to: at most `max_documents`, and after about
    /// `max_logs` log entries no further document.
    fn vectors(
        &self,
        documents: Documents<'_>,
        readable: &dyn Fn(&DocumentId) -> bool,
        max_documents: usize,
        max_logs: usize,
    ) -> Result<VectorPage, StoreError>;

    /// Records of these documents that lie beyond these vectors, up to `limit_bytes` (one record always fits).
    fn missing(&self, documents: &[(DocumentId, Vector)], limit_bytes: usize) -> Result<MissingPage, StoreError>;

    /// The print of every record known of a log, by place, those in quarantine as forks among them; of more than
    /// [`MAX_PRINTS`](tendenko_protocol::limits::MAX_PRINTS) the last.
    fn prints(&self, log: &LogId) -> Result<Vec<Print>, StoreError>;

    /// The records of a log with these prints, kept or in quarantine, by place, up to `limit_bytes` (one record always fits).
    fn with_prints(&self, log: &LogId, prints: &[Print], limit_bytes: usize) -> Result<MissingPage, StoreError>;

    /// Parts of the whole checkpoints of a range of documents, in order, behind one: about `limit_bytes` of them, but one if there is any.
    fn checkpoint_parts(
        &self,
        documents: (DocumentId, DocumentId),
        after: Option<PartName>,
        limit_bytes: usize,
    ) -> Result<Vec<CheckpointPart>, StoreError>;

    /// A chunk, by name.
    fn chunk(&self, id: &ChunkId) -> Result<Option<StoredChunk>, StoreError>;

    /// Which pieces of attachments are here: the attachments behind one, in order of author and name, at most `limit`.
    fn chunk_holdings(&self, after: Option<(DeviceId, AttachmentId)>, limit: usize)
    -> Result<Vec<Holding>, StoreError>;

    /// A piece of an author's attachment.
    fn chunk_in_place(
        &self,
        device: DeviceId,
        attachment: AttachmentId,
        place: u32,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Of what somebody offers, the pieces that are not here.
    fn lacking_chunks(&self, offered: &[Holding]) -> Result<Vec<Holding>, StoreError>;

    /// Statements with `arrival > after`, in arrival order, for everyone or not: what the relay itself trusts by.
    fn statements(&self, after: ArrivalNo, limit: PageLimit) -> Result<Page, StoreError>;

    /// What is remembered about the upstream; `None` when there never was one.
    fn upstream(&self) -> Result<Option<Upstream>, StoreError>;

    /// There is an upstream from here on: what is here goes into the outbox the first time, and what arrives from elsewhere from then
    /// on. Refused items are offered again.
    fn begin_upstream(&self) -> Result<(), StoreError>;

    /// Puts every record back into the outbox but those of subjects that are `seen`: those are compared.
    fn offer_again(&self, seen: &dyn Fn(&Subject) -> bool) -> Result<(), StoreError>;

    /// The last record of a log.
    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, StoreError>;

    /// Shows every log with its head, in the order of their documents; for sums over what is held.
    fn heads(&self, each: &mut dyn FnMut(LogId, LogSeq)) -> Result<(), StoreError>;

    /// Shows the id of every statement with its audience, in order of arrival; for sums over what is held.
    fn statement_ids(&self, each: &mut dyn FnMut(ArrivalNo, StatementId, Audience)) -> Result<(), StoreError>;

    /// The store in figures.
    fn figures(&self) -> Result<Figures, StoreError>;

    /// The latest entries in quarantine, at most `limit`.
    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>, StoreError>;
}
