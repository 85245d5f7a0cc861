//! The hash chain of a log: may this record follow what is known?

use super::Header;
use crate::ids::{LogSeq, RecordHash};

/// How a record relates to what is known of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogVerdict {
    /// It follows the head: take it.
    Next,
    /// It is known already, byte for byte.
    Duplicate,
    /// Another record holds its place, or that of one before it. Quarantine and report; never overwrite.
    Fork,
    /// Records before it are missing.
    Gap {
        /// The position that is needed first.
        expected: LogSeq,
    },
}

/// How a record with `header` and `hash` relates to its log.
///
/// `head`: the log's last record known here. `known_hash_at_seq`: the hash of the record known at the header's position, if any.
/// `follows_aside`: the record before it is here, in quarantine, because it is a fork; then so is this one.
pub fn check_next(
    head: Option<(LogSeq, RecordHash)>,
    header: &Header,
    hash: RecordHash,
    known_hash_at_seq: Option<RecordHash>,
    follows_aside: bool,
) -> LogVerdict {
    let (head_seq, head_hash) = head.unwrap_or((LogSeq::NONE, RecordHash::ZERO));
    match known_hash_at_seq {
        Some(known) if known == hash => return LogVerdict::Duplicate,
        Some(_) => return LogVerdict::Fork,
        None => {}
    }
    let expected = head_seq.next();
    if header.seq < expected {
        // A place within the known prefix with no record known at it: the store forgot the hash. It cannot be told apart, so it is not taken.
        LogVerdict::Fork
    } else if header.seq > expected {
        if follows_aside { LogVerdict::Fork } else { LogVerdict::Gap { expected } }
    } else if header.prev == head_hash {
        LogVerdict::Next
    } else {
        LogVerdict::Fork
    }
}
