//! Records that the tablet has, or will have when what was sent is stored: the stream, what goes ahead of it, and backfills pass them over, while
//! cursors go on.
//!
//! A log is *known* up to a record if the tablet said so, if a checkpoint of which every part was sent stands for it, or if this session has sent
//! it and whatever before it was not known. That is right because lanes are stored in order: whatever cursor or `backfilled` covers a record that
//! was passed over, what makes it known was stored before. What was sent behind a gap is not known: the tablet has refused it. What
//! was forwarded live is not either: it may have overtaken the grants that it needs.
//!
//! A record that was sent may be refused all the same. The tablet notes it, and compares the document; unless it could not know yet that the
//! document concerns it (`filling`). If more were called known than is, a tablet would miss that until everything is compared. If less, some would come
//! twice, which tablets know.

use std::collections::BTreeMap;

use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{PatientId, RecordHash};
use crate::messages::Item;

/// Documents of which it is remembered. Beyond that more is sent than needed.
const MAX_KNOWN: usize = 100_000;

/// How far each log is known.
#[derive(Debug, Default)]
pub(super) struct KnownLogs(BTreeMap<DocumentId, Vector>);

impl KnownLogs {
    /// So far this document is known.
    pub(super) fn raise(&mut self, document: DocumentId, vector: Vector) {
        if self.0.len() < MAX_KNOWN || self.0.contains_key(&document) {
            let known = self.0.entry(document).or_default();
            for ((device, incarnation), log) in vector.0 {
                known.raise(device, incarnation, log.seq, log.print);
            }
        }
    }

    /// Is nothing of it unknown?
    pub(super) fn covers(&self, document: DocumentId, vector: &Vector) -> bool {
        self.0.get(&document).is_some_and(|known| known.covers(vector))
    }

    /// Nothing of this scope is known any more.
    pub(super) fn forget(&mut self, patient: PatientId, scope: Scope) {
        let (card, last) = DocumentId::bounds_of_chart(patient);
        let documents: Vec<_> = self.0.range(card..=last).map(|(document, _)| *document).collect();
        for document in documents.into_iter().filter(|document| document.scope() == scope) {
            self.0.remove(&document);
        }
    }

    /// Is this to be sent? Then it counts as sent from here on. Of what is no record nothing is known.
    pub(super) fn lacks(&mut self, item: &Item) -> bool {
        let Some(header) = item.header() else { return true };
        let log = (header.device, header.incarnation);
        let known = self.0.get(&header.document).and_then(|known| known.0.get(&log)).copied().unwrap_or_default();
        if header.seq < known.seq || header.seq > known.seq.next() {
            return header.seq > known.seq;
        }
        let print = RecordHash::of(item.bytes()).print();
        if header.seq == known.seq {
            // Another history of that log is news.
            return known.print != print;
        }
        let mut sent = Vector::default();
        sent.raise(header.device, header.incarnation, header.seq, print);
        self.raise(header.document, sent);
        true
    }
}
