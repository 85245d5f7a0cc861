//! Sealed records by log, as a tablet or relay keeps them: each log a contiguous prefix, and beside it the forks in quarantine.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;
use std::sync::Arc;

use tendenko_protocol::admission::LogView;
use tendenko_protocol::document::{DocumentId, LogId, Vector};
use tendenko_protocol::ids::{DeviceId, Incarnation, LogSeq, Print, RecordHash};

/// One kept record.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its hash.
    pub hash: RecordHash,
    /// Its bytes as sent.
    pub bytes: Arc<[u8]>,
}

/// A place in a log, and what is there.
type Place = (LogSeq, RecordHash);

/// All logs of one store.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    kept: BTreeMap<LogId, Vec<Kept>>,
    /// Records that contradict what is kept.
    aside: BTreeMap<LogId, BTreeMap<Place, Arc<[u8]>>>,
}

impl LogView for Logs {
    type Error = Infallible;

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Infallible> {
        let records = self.kept.get(log);
        Ok(records.and_then(|records| Some((LogSeq(records.len() as u64), records.last()?.hash))))
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Infallible> {
        Ok(self.at(log, seq).map(|kept| kept.hash))
    }

    fn is_aside(&self, log: &LogId, hash: &RecordHash) -> Result<bool, Infallible> {
        Ok(self.aside.get(log).is_some_and(|aside| aside.keys().any(|(_, known)| known == hash)))
    }
}

impl Logs {
    /// The record at a place.
    pub fn at(&self, log: &LogId, seq: LogSeq) -> Option<&Kept> {
        self.kept.get(log)?.get((seq.0 as usize).checked_sub(1)?)
    }

    /// How many records of a log are here.
    pub fn len(&self, log: &LogId) -> u64 {
        self.kept.get(log).map_or(0, |records| records.len() as u64)
    }

    /// Appends a record. If it was a fork before, it is none any more.
    pub fn push(&mut self, log: LogId, kept: Kept) {
        if let Some(aside) = self.aside.get_mut(&log) {
            aside.retain(|(_, hash), _| *hash != kept.hash);
        }
        self.kept.entry(log).or_default().push(kept);
    }

    /// Keeps a record that contradicts what is here.
    pub fn set_aside(&mut self, log: LogId, seq: LogSeq, kept: Kept) {
        self.aside.entry(log).or_default().insert((seq, kept.hash), kept.bytes);
    }

    /// Takes away a log's records from a place on. What contradicted them contradicts nothing now.
    pub fn cut(&mut self, log: &LogId, from: LogSeq) {
        if let Some(aside) = self.aside.get_mut(log) {
            aside.retain(|(seq, _), _| *seq < from);
        }
        if let Some(records) = self.kept.get_mut(log) {
            records.truncate((from.0 as usize).saturating_sub(1));
            if records.is_empty() {
                self.kept.remove(log);
            }
        }
    }

    /// Puts another record in a place. No store may do this; it is here to be caught.
    pub fn overwrite(&mut self, log: LogId, seq: LogSeq, kept: Kept) {
        if let Some(place) = self.kept.get_mut(&log).and_then(|records| records.get_mut(seq.0 as usize - 1)) {
            *place = kept;
        }
    }

    /// Every log with its records.
    pub fn iter(&self) -> impl Iterator<Item = (&LogId, &[Kept])> {
        self.kept.iter().map(|(log, records)| (log, records.as_slice()))
    }

    /// The logs of one document.
    pub fn of(&self, document: DocumentId) -> impl Iterator<Item = (&LogId, &[Kept])> {
        let first = LogId { document, device: DeviceId([0; 16]), incarnation: Incarnation(0) };
        let last = LogId { document, device: DeviceId([0xff; 16]), incarnation: Incarnation(u64::MAX) };
        self.kept.range(first..=last).map(|(log, records)| (log, records.as_slice()))
    }

    /// How far a document's logs are here, and as what.
    pub fn vector(&self, document: DocumentId) -> Vector {
        let mut vector = Vector::default();
        for (log, records) in self.of(document) {
            let aside: Vec<Place> = self.aside(log).map(|(place, _)| *place).collect();
            let print = Print::of_log(&places(records), &aside);
            vector.raise(log.device, log.incarnation, LogSeq(records.len() as u64), print);
        }
        vector
    }

    /// The forks of a log.
    pub fn aside(&self, log: &LogId) -> impl Iterator<Item = (&Place, &Arc<[u8]>)> {
        self.aside.get(log).into_iter().flatten()
    }

    /// All that is known of a log, by place.
    pub fn known(&self, log: &LogId) -> BTreeMap<Place, Arc<[u8]>> {
        let records = self.kept.get(log).map_or(&[][..], Vec::as_slice);
        let kept = places(records).into_iter().zip(records.iter().map(|kept| kept.bytes.clone()));
        kept.chain(self.aside(log).map(|(place, bytes)| (*place, bytes.clone()))).collect()
    }

    /// What is known of a log, by prints.
    pub fn prints(&self, log: &LogId) -> Vec<Print> {
        self.known(log).into_keys().map(|(_, hash)| hash.print()).collect()
    }

    /// Records of a log by their prints, at most so many; are there more?
    pub fn with_prints(&self, log: &LogId, prints: &[Print], limit: usize) -> (Vec<Vec<u8>>, bool) {
        let known = self.known(log).into_iter().filter(|((_, hash), _)| prints.contains(&hash.print()));
        let mut found: Vec<Vec<u8>> = known.map(|(_, bytes)| bytes.to_vec()).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
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
            .kept
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

fn places(records: &[Kept]) -> Vec<Place> {
    (1..).map(LogSeq).zip(records.iter().map(|kept| kept.hash)).collect()
}
