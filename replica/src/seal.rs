//! Sealing on departure: what was saved becomes sealed records when it is about to leave.
//!
//! The changes of one document are bundled into as few records as fit comfortably: a record crosses a link whole or not at all. In one
//! transaction, for many documents at once, the sealed bytes are
//! stored, the saves are tied to them, and the guard counter is raised; the guard file follows, and only then may a record leave. From then on these bytes
//! are sent as they are, however often. One document that cannot be sealed does not hold up the others.

use std::sync::atomic::Ordering;

use rusqlite::Connection;
use serde_bytes::ByteBuf;
use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{Incarnation, LogSeq, RecordHash};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::limits::COMFORTABLE_RECORD;
use tendenko_protocol::messages::Lane;
use tendenko_protocol::record::{Draft, Kind, SealError, SealedRecord};
use tendenko_protocol::session::client::Departure;

use crate::documents::{Loaded, Workspace};
use crate::replica::Replica;
use crate::store::records::{Kept, State};
use crate::store::{StoreError, checkpoints, logs, marks, meta, meta::name, outbox, records, statements, unsent};

/// Documents sealed in one transaction at most: so many are in memory at once.
const DOCUMENTS_AT_ONCE: usize = 64;
/// Saves sealed together at most.
const SAVES_AT_ONCE: usize = 1024;
/// Changes in one record at most: a bundle of that many stays far below the payload limit as a rule.
const CHANGES_AT_ONCE: usize = 512;

impl Replica {
    /// A lane's next items of the outbox after a position, within a budget, sealing what is pending when there is room. Behind it, checkpoints that
    /// are due. Also says whether there is more.
    pub(crate) fn depart(
        &self,
        lane: Lane,
        after: u64,
        behind: u64,
        budget: usize,
    ) -> Result<(Vec<Departure>, bool), StoreError> {
        if lane == Lane::Attachments {
            return self.departing_chunks(after, budget);
        }
        let (items, more) = outbox::page(&self.reader(), lane, after, behind, budget)?;
        let size: usize = items.iter().map(|departure| departure.item.bytes().len()).sum();
        if more || size >= budget {
            return Ok((items, true));
        }
        let sealed = self.seal_some(Some(lane), budget - size)?;
        if sealed || self.make_checkpoints(lane)? {
            let (items, more) = outbox::page(&self.reader(), lane, after, behind, budget)?;
            let pending = !to_seal(&self.reader(), Some(lane))?.is_empty()
                || !checkpoints::all_due(&self.reader(), lane)?.is_empty();
            return Ok((items, more || pending));
        }
        Ok((items, false))
    }

    /// Seals everything pending.
    pub fn seal_all(&self) -> Result<(), StoreError> {
        while self.seal_some(None, usize::MAX)? {}
        Ok(())
    }

    /// Seals pending documents of a lane (`None`: of all) until about `budget` bytes were sealed, many in one transaction: forcing data to
    /// disk costs the same for one document as for twenty. Returns whether any was sealed.
    fn seal_some(&self, lane: Option<Lane>, budget: usize) -> Result<bool, StoreError> {
        let mut writer = self.writer();
        for documents in to_seal(&writer.connection, lane)?.chunks(DOCUMENTS_AT_ONCE) {
            let incarnation = writer.incarnation;
            let mut work = self.workspace(&mut writer)?;
            marks::note(work.connection(), self.clock.now())?;
            let mut sealed = 0;
            for &document in documents {
                match work.attempt(|work| self.seal_document(work, document, incarnation)) {
                    Ok(size) => sealed += size,
                    Err(SealFailure::Store(error)) => return Err(error),
                    Err(other) => {
                        tracing::error!(error = %other, "a document could not be sealed; its saves stay pending");
                    }
                }
                if sealed >= budget {
                    break;
                }
            }
            if sealed == 0 {
                continue;
            }
            let (counter, file): (u64, u64) = meta::get(work.connection(), name::GUARD)?.unwrap_or_default();
            let counter = counter.saturating_add(1);
            meta::set(work.connection(), name::GUARD, &(counter, file))?;
            work.commit()?;
            writer.guard.write(counter).map_err(StoreError::Guard)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Leaves the document as it is.
    fn seal_document(
        &self,
        work: &mut Workspace<'_>,
        id: DocumentId,
        incarnation: Incarnation,
    ) -> Result<usize, SealFailure> {
        let (key, secret) =
            statements::sealing_key(work.connection(), id.patient, id.scope())?.ok_or(SealFailure::NoKey)?;
        let key = EpochKey::from_secret_bytes(key, &secret).map_err(|_| SealFailure::NoKey)?;
        let log = LogId { document: id, device: self.device_id(), incarnation };
        let pending = unsent::pending(work.connection(), id, SAVES_AT_ONCE)?;
        // Each change with the save it completes, if it is the last of one.
        let mut changes: Vec<(Vec<u8>, Option<i64>)> = Vec::new();
        for save in pending {
            let last = save.changes.len().saturating_sub(1);
            let own = save
                .changes
                .into_iter()
                .enumerate()
                .map(|(i, c): (usize, ByteBuf)| (c.into_vec(), (i == last).then_some(save.id)));
            changes.extend(own);
        }
        let dictionary = self.dictionary.load(Ordering::Relaxed);
        let mut total = 0;
        let mut rest = changes.as_slice();
        while !rest.is_empty() {
            let mut take = rest.len().min(CHANGES_AT_ONCE);
            let (seq, prev) = match logs::get(work.connection(), log)? {
                Some(log) => (log.head.0.next(), log.head.1),
                None => (LogSeq(1), RecordHash::ZERO),
            };
            let record = loop {
                let count = u32::try_from(take).unwrap_or(u32::MAX);
                let payload = bundled(work.document(id)?, &rest[..take]);
                let draft = Draft { document: id, incarnation, seq, prev, kind: Kind::Changes, count };
                match SealedRecord::seal_with(dictionary, &self.rng, &self.keys, &key, draft, &payload) {
                    Ok(record) if take > 1 && record.bytes().len() > COMFORTABLE_RECORD => {
                        take = (take * COMFORTABLE_RECORD / record.bytes().len()).clamp(1, take - 1);
                    }
                    Ok(record) => break record,
                    Err(SealError::TooLarge { .. }) if take > 1 => take = take.div_ceil(2),
                    Err(other) => return Err(SealFailure::Seal(other)),
                }
            };
            total += record.bytes().len();
            let row = keep(work.connection(), &record)?;
            outbox::add_record(work.connection(), row)?;
            for save in rest[..take].iter().filter_map(|(_, save)| *save) {
                unsent::sealed(work.connection(), save, row)?;
            }
            rest = &rest[take..];
        }
        Ok(total)
    }
}

/// Documents of a lane (`None`: of all) with something to seal.
fn to_seal(connection: &Connection, lane: Option<Lane>) -> Result<Vec<DocumentId>, StoreError> {
    let mut documents = unsent::documents_to_seal(connection)?;
    documents.retain(|document| lane.is_none_or(|lane| lane == Lane::of(document.scope())));
    Ok(documents)
}

fn keep(connection: &Connection, record: &SealedRecord) -> Result<i64, StoreError> {
    records::insert(
        connection,
        &Kept {
            log: record.log(),
            seq: record.header().seq,
            hash: record.hash(),
            key: record.header().key,
            state: State::Applied,
            bytes: record.bytes(),
        },
    )
}

/// The changes as one payload; a bundle where Automerge can make one.
fn bundled(document: &mut Loaded, changes: &[(Vec<u8>, Option<i64>)]) -> Vec<u8> {
    let list: Vec<Vec<u8>> = changes.iter().map(|(change, _)| change.clone()).collect();
    document.bundle(&list).unwrap_or_else(|error| {
        tracing::warn!(%error, "changes are sealed without bundling");
        list.concat()
    })
}

#[derive(Debug, thiserror::Error)]
enum SealFailure {
    #[error("no key for this document")]
    NoKey,
    #[error(transparent)]
    Seal(SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
