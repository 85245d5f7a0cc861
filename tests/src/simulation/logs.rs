//! Sealed records by log, as a tablet or relay keeps them: each log a contiguous prefix.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;
use std::sync::Arc;

use tendenko_protocol::admission::LogView;
use tendenko_protocol::document::{DocumentId, LogId, Vector};
use tendenko_protocol::ids::{DeviceId, Incarnation, LogSeq, RecordHash};

/// One kept record.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its hash.
    pub hash: RecordHash,
    /// Its bytes as sent.
    pub bytes: Arc<[u8]>,
}

/// All logs of one store.
#[derive(Debug, Clone, Default)]
pub struct Logs(BTreeMap<LogId, Vec<Kept>>);

impl LogView for Logs {
    type Error = Infallible;

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Infallible> {
        let records = self.0.get(log);
        Ok(records.and_then(|records| Some((LogSeq(records.len() as u64), records.last()?.hash))))
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Infallible> {
        Ok(self.at(log, seq).map(|kept| kept.hash))
    }
}

impl Logs {
    /// The record at a place.
    pub fn at(&self, log: &LogId, seq: LogSeq) -> Option<&Kept> {
        self.0.get(log)?.get((seq.0 as usize).checked_sub(1)?)
    }

    /// How many records of a log are here.
    pub fn len(&self, log: &LogId) -> u64 {
        self.0.get(log).map_or(0, |records| records.len() as u64)
    }

    /// Appends a record.
    pub fn push(&mut self, log: LogId, kept: Kept) {
        self.0.entry(log).or_default().push(kept);
    }

    /// Takes away a log's records from a place on.
    pub fn cut(&mut self, log: &LogId, from: LogSeq) {
        if let Some(records) = self.0.get_mut(log) {
            records.truncate((from.0 as usize).saturating_sub(1));
            if records.is_empty() {
                self.0.remove(log);
            }
        }
    }

    /// Puts another record in a place. No store may do this; it is here to be caught.
    pub fn overwrite(&mut self, log: LogId, seq: LogSeq, kept: Kept) {
        if let Some(place) = self.0.get_mut(&log).and_then(|records| records.get_mut(seq.0 as usize - 1)) {
            *place = kept;
        }
    }

    /// Every log with its records.
    pub fn iter(&self) -> impl Iterator<Item = (&LogId, &[Kept])> {
        self.0.iter().map(|(log, records)| (log, records.as_slice()))
    }

    /// The logs of one document.
    pub fn of(&self, document: DocumentId) -> impl Iterator<Item = (&LogId, &[Kept])> {
        let first = LogId { document, device: DeviceId([0; 16]), incarnation: Incarnation(0) };
        let last = LogId { document, device: DeviceId([0xff; 16]), incarnation: Incarnation(u64::MAX) };
        self.0.range(first..=last).map(|(log, records)| (log, records.as_slice()))
    }

    /// How far a document's logs are here.
    pub fn vector(&self, document: DocumentId) -> Vector {
        let mut vector = Vector::default();
        for (log, records) in self.of(document) {
            vector.raise(log.device, log.incarnation, LogSeq(records.len() as u64));
        }
        vector
    }

    /// Documents with a record, after one and up to another, in order.
    pub fn documents(&self, after: Option<DocumentId>, through: Option<DocumentId>) -> Vec<DocumentId> {
        let from = match after {
            Some(document) => {
                let last = LogId { document, device: DeviceId([0xff; 16]), incarnation: Incarnation(u64::MAX) };
                Bound::Excluded(last)
            }
            None => Bound::Unbounded,
        };
        let mut documents: Vec<DocumentId> = self
            .0
            .range((from, Bound::Unbounded))
            .map(|(log, _)| log.document)
            .take_while(|document| through.is_none_or(|through| *document <= through))
            .collect();
        documents.dedup();
        documents
    }

    /// Records beyond these vectors, at most so many; are there more?
    pub fn beyond(&self, documents: &[(DocumentId, Vector)], limit: usize) -> (Vec<Vec<u8>>, bool) {
        let mut found = Vec::new();
        for (document, known) in documents {
            for (log, records) in self.of(*document) {
                let known = known.get(log.device, log.incarnation).0 as usize;
                for kept in records.iter().skip(known) {
                    if found.len() == limit {
                        return (found, true);
                    }
                    found.push(kept.bytes.to_vec());
                }
            }
        }
        (found, false)
    }
}
