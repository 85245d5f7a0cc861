//! Sealing on departure, the outbox, and what the relay answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tendenko_protocol::admission::LogView;
use tendenko_protocol::document::{Class, DocumentId, LogId};
use tendenko_protocol::ids::{LogSeq, RecordHash, StatementId};
use tendenko_protocol::messages::{Cursor, Item, Lane};
use tendenko_protocol::record::{Draft, Header, Kind, SealedRecord};
use tendenko_protocol::session::client::Departure;

use super::{Contents, Tablet, Waiting};
use crate::simulation::document::Change;
use crate::simulation::logs::Kept;

/// Saves in one record at most.
const CHANGES_AT_ONCE: usize = 6;

/// What a record's payload is made of: the saves it carries.
pub(super) fn payload(changes: &[Arc<Change>]) -> Vec<u8> {
    changes.iter().flat_map(|change| change.name.save.to_be_bytes()).collect()
}

impl Tablet {
    /// Documents with something to seal and a key to seal it with: cards first, then by when it was saved.
    pub fn documents_to_seal(&self) -> Vec<DocumentId> {
        let mut first: BTreeMap<DocumentId, u64> = BTreeMap::new();
        for (place, unsent) in self.disk.unsent.iter().filter(|(_, unsent)| unsent.record.is_none()) {
            first.entry(unsent.document).or_insert(*place);
        }
        let mut documents: Vec<_> = first
            .into_iter()
            .filter(|(document, _)| self.sealing_key(document.patient, document.scope()).is_some())
            .map(|(document, place)| (document.class != Class::Card, place, document))
            .collect();
        documents.sort();
        documents.into_iter().map(|(_, _, document)| document).collect()
    }

    /// Seals what is pending in one document, in one transaction that raises the counter. The guard file comes after it.
    pub fn seal(&mut self, document: DocumentId, contents: &mut Contents) -> Vec<Header> {
        let Some(key) = self.sealing_key(document.patient, document.scope()).cloned() else { return Vec::new() };
        let log = LogId { document, device: self.device(), incarnation: self.disk.incarnation };
        let pending: Vec<(u64, Arc<Change>)> = self
            .disk
            .unsent
            .iter()
            .filter(|(_, unsent)| unsent.document == document && unsent.record.is_none())
            .map(|(place, unsent)| (*place, unsent.change.clone()))
            .collect();
        let mut sealed = Vec::new();
        for part in pending.chunks(CHANGES_AT_ONCE) {
            let Ok(head) = self.disk.logs.head(&log);
            let (seq, prev) = head.map_or((LogSeq(1), RecordHash::ZERO), |(seq, hash)| (seq.next(), hash));
            let changes: Vec<Arc<Change>> = part.iter().map(|(_, change)| change.clone()).collect();
            let incarnation = self.disk.incarnation;
            let draft = Draft { document, incarnation, seq, prev, kind: Kind::Changes, count: changes.len() as u32 };
            let Ok(record) = SealedRecord::seal(&self.rng, &self.keys, &key, draft, &payload(&changes)) else {
                return sealed;
            };
            contents.insert(record.hash(), Arc::new(changes));
            self.disk.logs.push(log, Kept { hash: record.hash(), bytes: record.bytes().into() });
            self.depart(Waiting::Record(log, seq));
            for (place, _) in part {
                if let Some(unsent) = self.disk.unsent.get_mut(place) {
                    unsent.record = Some((log, seq));
                }
            }
            sealed.push(*record.header());
        }
        self.disk.counter += 1;
        sealed
    }

    /// The guard file, after a sealing and before anything of it leaves.
    pub fn write_guard(&mut self) {
        self.guard.counter = self.disk.counter;
    }

    /// A lane's part of the outbox after a place, at most so many items; is there more? Nothing goes before what is on the cards lane
    /// before it.
    pub fn outbox_after(&self, lane: Lane, after: u64, behind: u64, limit: usize) -> (Vec<Departure>, bool) {
        let mut items = Vec::new();
        for (position, waiting) in self.disk.outbox.range(after.min(behind) + 1..) {
            let its = match waiting {
                Waiting::Statement(_) => Lane::Cards,
                Waiting::Record(log, _) => Lane::of(log.document.scope()),
                Waiting::Part(document, _) => Lane::of(document.scope()),
            };
            if its == Lane::Cards && lane != Lane::Cards && *position > behind {
                return (items, true);
            }
            if its != lane || *position <= after {
                continue;
            }
            if items.len() == limit {
                return (items, true);
            }
            items.extend(self.item(waiting).map(|item| Departure { position: *position, item }));
        }
        (items, false)
    }

    fn item(&self, waiting: &Waiting) -> Option<Item> {
        match waiting {
            Waiting::Record(log, seq) => self.disk.logs.at(log, *seq).map(|kept| Item::Record(kept.bytes.to_vec())),
            Waiting::Statement(id) => self
                .disk
                .statements
                .iter()
                .find(|(known, _)| known == id)
                .map(|(_, bytes)| Item::Statement(bytes.to_vec())),
            Waiting::Part(_, hash) => self.disk.checkpoints.leaving.get(hash).cloned().map(Item::Checkpoint),
        }
    }

    /// A relay has these durably.
    pub fn acked(
        &mut self,
        records: &[(LogId, LogSeq)],
        statements: &[StatementId],
        parts: &[RecordHash],
        cursor: Option<Cursor>,
    ) {
        parts.iter().for_each(|part| self.has_left(part));
        self.disk.outbox.retain(|_, waiting| match waiting {
            Waiting::Record(log, seq) => !records.contains(&(*log, *seq)),
            Waiting::Statement(id) => !statements.contains(id),
            Waiting::Part(..) => true,
        });
        self.disk.unsent.retain(|_, unsent| unsent.record.is_none_or(|place| !records.contains(&place)));
        self.disk.cursor = cursor.or(self.disk.cursor);
    }
}
