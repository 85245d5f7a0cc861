//! A store in figures, for the operator.

use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, LogSeq, Millis, RecordHash};

use super::{ChunkShare, Life, Waiting};

/// A device as the store has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The device.
    pub device: DeviceId,
    /// When it was first heard of, by the relay's clock.
    pub first: Millis,
    /// When it was last heard of.
    pub last: Millis,
    /// Records it brought that were new, its own and others'.
    pub records: u64,
    /// Items it brought that were refused.
    pub refused: u64,
    /// When it last began to flood the relay with what is refused.
    pub flooded: Option<Millis>,
}

/// How often something was refused, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    /// The reason's code.
    pub reason: String,
    /// How many times.
    pub times: u64,
}

/// Data was found to be lost: the store was emptied, or is older than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When it was found, by the relay's clock.
    pub at: Millis,
    /// The newest arrival then; what came after it has come back, or is new.
    pub held: ArrivalNo,
}

/// The store in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Where it stands.
    pub life: Life,
    /// Records held.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
    /// Chunks of attachments held.
    pub chunks: u64,
    /// Their bytes.
    pub chunk_bytes: u64,
    /// What each author's chunks take, the largest shares first, at most a hundred.
    pub chunk_shares: Vec<ChunkShare>,
    /// Statements held.
    pub statements: u64,
    /// Logs held.
    pub logs: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// What the upstream is not known to have, by lane; `None` when there never was an upstream.
    pub waiting: Option<[Waiting; 3]>,
    /// When data was last found to be lost.
    pub lost: Option<Loss>,
    /// Refusals by reason, since the store was created.
    pub refused: Vec<RefusalCount>,
    /// Devices seen, the latest contact first.
    pub contacts: Vec<Contact>,
}

/// A quarantined entry, for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// What was refused.
    pub hash: RecordHash,
    /// The log and number it claims.
    pub claimed: Option<(LogId, LogSeq)>,
    /// Why.
    pub reason: String,
    /// Who brought it.
    pub pusher: Option<DeviceId>,
    /// When it first came.
    pub first: Millis,
    /// How often the same bytes came.
    pub times: u64,
    /// The bytes, where they were kept.
    pub bytes: Option<Vec<u8>>,
}
