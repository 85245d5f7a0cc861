//! The relay's door: what was pushed is checked here, and handed to the writer with a place found for everything.
//!
//! Signatures and grants are checked before the writing transaction, on as many threads as there are sessions; only the place in
//! the log is decided inside it. A revocation that is committed between the two is as if it had come just after.

use std::convert::Infallible;

use tendenko_protocol::admission::{self, LogView, Verdict};
use tendenko_protocol::chunk::{ChunkVerdict, admit_chunk};
use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{ChunkId, DeviceId, LogSeq, Millis, RecordHash, StatementId};
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::{ParsedRecord, ReceivedBytes, RejectReason};
use tendenko_protocol::session::relay::Outcome;
use tendenko_protocol::trust::TrustStore;

use crate::store::{Fate, NewItem, NewStatement, Refused, Source, Submission};
use crate::trust::Trust;

/// Refusals of one batch that get their own line in the log.
const LINES: usize = 8;

/// Checks items somebody brought, in their order: a grant counts for the records behind it. Earlier grants that hold now go along.
pub(crate) fn submission(trust: &Trust, from: Source, at: Millis, items: Vec<Item>) -> Submission {
    let items = items
        .into_iter()
        .map(|item| match item {
            Item::Statement(bytes) => statement(trust, from, bytes),
            Item::Record(bytes) => trust.with(|set| record(set, bytes)),
            Item::Chunk(bytes) => trust.with(|set| chunk(set, bytes)),
            Item::Checkpoint(bytes) => trust.with(|set| checkpoint(set, &bytes)),
        })
        .collect();
    Submission { again: trust.take_due(), ..Submission::new(from, at, items) }
}

/// Checks one statement; one that holds is in the trust set from here on.
pub(super) fn statement(trust: &Trust, from: Source, bytes: Vec<u8>) -> NewItem {
    let id = StatementId::of(&bytes);
    match trust.admit(&bytes, from) {
        Ok(audience) => NewItem::Statement(NewStatement { id, audience, bytes }),
        Err(reason) => NewItem::Refused(Refused {
            hash: RecordHash(id.0),
            claimed: None,
            reason,
            bytes: None,
            may_be_known: false,
        }),
    }
}

fn record(set: &TrustStore, bytes: Vec<u8>) -> NewItem {
    let parsed = match ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse) {
        Ok(parsed) => parsed,
        Err(reason) => {
            let hash = RecordHash::of(&bytes);
            return NewItem::Refused(Refused { hash, claimed: None, reason, bytes: None, may_be_known: false });
        }
    };
    let Ok(verdict) = admission::admit_record(bytes, set, &Fitting(&parsed));
    let reason = match verdict {
        Verdict::Accept(record) => return NewItem::Record(*record),
        Verdict::Reject { reason, .. } => reason,
        Verdict::Duplicate => RejectReason::Malformed,
    };
    // Only what its author signed is worth keeping: anybody can name a revoked device.
    let author = set.device(parsed.header().device).filter(|_| reason == RejectReason::AuthorRevoked);
    let unsent_work = author.and_then(|author| parsed.clone().verify(&author.signing).ok());
    NewItem::Refused(Refused {
        hash: parsed.hash(),
        claimed: Some((parsed.header().log(), parsed.header().seq)),
        reason,
        bytes: unsent_work.map(|record| record.into_bytes()),
        may_be_known: true,
    })
}

/// Whether it is stored already is decided later, inside the writing transaction.
fn chunk(set: &TrustStore, bytes: Vec<u8>) -> NewItem {
    let hash = RecordHash::of(&bytes);
    let Ok(verdict) = admit_chunk(bytes, set, |_| Ok::<_, Infallible>(false));
    let reason = match verdict {
        ChunkVerdict::Accept(chunk) => return NewItem::Chunk(*chunk),
        ChunkVerdict::Reject(reason) => reason,
        ChunkVerdict::Known(_) => RejectReason::Malformed,
    };
    NewItem::Refused(Refused { hash, claimed: None, reason, bytes: None, may_be_known: false })
}

/// Whether it is of use is decided later, inside the writing transaction.
fn checkpoint(set: &TrustStore, bytes: &[u8]) -> NewItem {
    match admission::admit_checkpoint(bytes, set) {
        Ok(part) => NewItem::Checkpoint(part),
        Err(reason) => NewItem::Refused(Refused {
            hash: RecordHash::of(bytes),
            claimed: None,
            reason,
            bytes: None,
            may_be_known: false,
        }),
    }
}

/// The chunks among checked items.
pub(crate) fn chunks(items: &[NewItem]) -> Vec<ChunkId> {
    let id = |item: &NewItem| match item {
        NewItem::Chunk(chunk) => Some(chunk.id()),
        _ => None,
    };
    items.iter().filter_map(id).collect()
}

/// A log into which this record fits: its place is decided later, inside the writing transaction.
struct Fitting<'a>(&'a ParsedRecord);

impl LogView for Fitting<'_> {
    type Error = Infallible;

    fn head(&self, _: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Infallible> {
        let header = self.0.header();
        Ok((header.seq > LogSeq(1)).then(|| (LogSeq(header.seq.0 - 1), header.prev)))
    }

    fn hash_at(&self, _: &LogId, _: LogSeq) -> Result<Option<RecordHash>, Infallible> {
        Ok(None)
    }

    fn is_aside(&self, _: &LogId, _: &RecordHash) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// What the tablet is told of each item. Refusals go to the log, by log, number and code.
pub(super) fn outcomes(pusher: DeviceId, items: &[Claimed], fates: &[Fate]) -> Vec<Outcome> {
    let mut refused = 0;
    let outcomes = items
        .iter()
        .zip(fates)
        .map(|(item, fate)| {
            let reason = match fate {
                Fate::Stored(arrival) => return Outcome::Stored(*arrival),
                Fate::Known(_) | Fate::Kept => return Outcome::Duplicate,
                Fate::Fork => RejectReason::Fork,
                Fate::Gap { .. } => RejectReason::Gap,
                Fate::Full => RejectReason::Full,
                Fate::Refused => item.reason.unwrap_or(RejectReason::Malformed),
            };
            refused += 1;
            if refused <= LINES {
                log_refusal(pusher, item, reason);
            }
            Outcome::Rejected(reason)
        })
        .collect();
    if refused > LINES {
        tracing::warn!(device = %pusher, more = refused - LINES, "more was refused in the same batch");
    }
    outcomes
}

fn log_refusal(pusher: DeviceId, item: &Claimed, reason: RejectReason) {
    match &item.log {
        Some((log, seq)) => tracing::warn!(
            device = %pusher,
            document = %crate::region::hex(&log.document.to_bytes()),
            author = %log.device,
            incarnation = log.incarnation.0,
            seq = seq.0,
            code = reason.code(),
            "a record was refused"
        ),
        None => tracing::warn!(device = %pusher, code = reason.code(), "an item was refused"),
    }
}

/// What is needed to speak of an item after it went to the writer.
pub(super) struct Claimed {
    log: Option<(LogId, LogSeq)>,
    reason: Option<RejectReason>,
}

impl Claimed {
    pub(super) fn of(item: &NewItem) -> Self {
        match item {
            NewItem::Statement(_) => Self { log: None, reason: None },
            NewItem::Record(record) => Self { log: Some((record.log(), record.header().seq)), reason: None },
            NewItem::Chunk(_) | NewItem::Checkpoint(_) => Self { log: None, reason: None },
            NewItem::Refused(refused) => Self { log: refused.claimed, reason: Some(refused.reason) },
        }
    }
}
