//! What a store remembers about the relay above it.

use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{ChunkId, LogSeq, Millis, RelayId, StatementId};
use tendenko_protocol::messages::Cursor;
use tendenko_protocol::record::RejectReason;

use super::Subject;

/// One stored thing, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemName {
    /// A record, by its place.
    Record(LogId, LogSeq),
    /// A statement.
    Statement(StatementId),
    /// A chunk.
    Chunk(ChunkId),
}

/// Something to remember about the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// How far this relay has come with it.
    Cursor(Cursor),
    /// It was heard of.
    Contact(RelayId),
    /// It has this durably.
    Has(ItemName),
    /// It was offered this and did not take it. Offered again after [`RelayStore::begin_upstream`].
    Refused(ItemName, RejectReason),
    /// The earlier items of this subject are still to be filled in.
    Owed(Subject),
    /// They are filled in.
    Filled(Subject),
    /// A record of this document could not be taken: it must be compared.
    Suspect(DocumentId),
    /// It was compared.
    Compared(DocumentId),
}

/// What is remembered about the upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upstream {
    /// The cursor last written.
    pub cursor: Option<Cursor>,
    /// The relay last heard of, and when.
    pub contact: Option<(RelayId, Millis)>,
    /// Subjects to be filled in.
    pub owed: Vec<Subject>,
    /// Documents to be compared.
    pub suspects: Vec<DocumentId>,
}

/// What waits to go up, of one lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Items the upstream is not known to have.
    pub items: u64,
    /// The records and chunks among them, in bytes.
    pub bytes: u64,
    /// Items among them that it was offered and did not take.
    pub refused: u64,
}
