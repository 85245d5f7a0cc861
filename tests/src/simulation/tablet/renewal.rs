//! Another store goes on under this one's name: this one goes on as somebody new, and nothing it saved is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::LogSeq;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::client::{ItemRef, Rejection};

use super::{Contents, Tablet, Waiting};
use crate::simulation::document::{Change, Document, actor, rewrite};
use crate::simulation::sabotage::Sabotage;

impl Tablet {
    /// Goes on as a new incarnation, in one transaction. Returns the documents to compare.
    pub fn renew(&mut self, contents: &Contents) -> Vec<DocumentId> {
        self.mint();
        let documents: BTreeSet<DocumentId> = self.disk.unsent.values().map(|unsent| unsent.document).collect();
        for document in &documents {
            self.make_room(*document);
            self.write_again(*document, contents);
            self.disk.suspects.insert(*document);
        }
        documents.into_iter().collect()
    }

    /// Own records that no relay has acknowledged leave their places: they may be the other store's.
    fn make_room(&mut self, document: DocumentId) {
        let device = self.device();
        let mut first: BTreeMap<LogId, LogSeq> = BTreeMap::new();
        self.disk.outbox.retain(|_, waiting| match waiting {
            Waiting::Record(log, seq) if log.document == document && log.device == device => {
                first.entry(*log).and_modify(|first| *first = (*first).min(*seq)).or_insert(*seq);
                false
            }
            _ => true,
        });
        for (log, from) in first {
            self.disk.logs.cut(&log, from);
        }
    }

    pub(super) fn write_again(&mut self, document: DocumentId, contents: &Contents) {
        let places: Vec<u64> = self
            .disk
            .unsent
            .iter()
            .filter(|(_, unsent)| unsent.document == document)
            .map(|(place, _)| *place)
            .collect();
        let old: Vec<Arc<Change>> = places.iter().map(|place| self.disk.unsent[place].change.clone()).collect();
        let new = rewrite(&old, actor(self.device(), self.disk.incarnation), 0);
        if self.breaks(Sabotage::LoseSavesOnRenewal) {
            self.disk.unsent.retain(|_, unsent| unsent.document != document);
        }
        let mut rebuilt = self.rebuilt(document, contents);
        for (place, change) in places.iter().zip(new) {
            if let Some(unsent) = self.disk.unsent.get_mut(place) {
                unsent.change = change.clone();
                unsent.record = None;
                // Nothing else has this name yet.
                let _ = rebuilt.apply(&change);
            }
        }
        self.disk.documents.insert(document, rebuilt);
    }

    /// What the kept records of a document say.
    pub fn rebuilt(&self, document: DocumentId, contents: &Contents) -> Document {
        let mut rebuilt = Document::default();
        let closed: BTreeSet<_> = self.disk.waiting_for_key.values().flatten().map(|(_, hash)| *hash).collect();
        let hashes = self.disk.logs.hashes(document);
        for change in hashes.filter(|hash| !closed.contains(hash)).filter_map(|hash| contents.get(&hash)) {
            for change in change.iter() {
                // A clash is kept apart, as when it came.
                let _ = rebuilt.apply(change);
            }
        }
        rebuilt
    }

    /// The relay did not take these. Returns whether this store goes on as a new incarnation.
    pub fn rejected(&mut self, items: &[Rejection], contents: &Contents) -> bool {
        let mut homeless = false;
        for Rejection { item, reason } in items.iter().filter(|rejection| rejection.reason.is_final()) {
            match item {
                ItemRef::Record { log, seq, hash } => {
                    if self.disk.logs.at(log, *seq).is_none_or(|kept| kept.hash != *hash) {
                        continue; // By now another record has that place.
                    }
                    let waits = self.disk.outbox.values().any(|waiting| *waiting == Waiting::Record(*log, *seq));
                    if waits && log.device == self.device() && self.is_worth_another_try(*reason) {
                        homeless = true;
                    } else {
                        self.disk.outbox.retain(|_, waiting| *waiting != Waiting::Record(*log, *seq));
                        self.disk.refused.insert(*hash, reason.code());
                    }
                }
                ItemRef::Damaged(hash) => {
                    self.disk.refused.insert(*hash, reason.code());
                }
                ItemRef::Part(part) => self.has_left(part),
                ItemRef::Chunk(_) => {}
                ItemRef::Statement(id) => {
                    self.disk.outbox.retain(|_, waiting| *waiting != Waiting::Statement(*id));
                }
            }
        }
        if homeless {
            self.renew(contents);
        }
        homeless
    }

    fn is_worth_another_try(&mut self, reason: RejectReason) -> bool {
        match reason {
            RejectReason::Fork => true,
            RejectReason::Oversized | RejectReason::Malformed | RejectReason::Signature => {
                !std::mem::replace(&mut self.sealed_again, true)
            }
            _ => false,
        }
    }
}
