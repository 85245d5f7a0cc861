//! Sealed records by log, as a tablet or relay keeps them: each log a contiguous prefix, and beside it the forks in quarantine.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Where logs begin that came from a checkpoint. What is kept of these is what came from the first record on.
    bases: BTreeMap<LogId, Base>,
}

/// A checkpoint stands for a log up to here.
#[derive(Debug, Clone)]
struct Base {
    at: Place,
    /// Records that follow it.
    above: Vec<Kept>,
    /// Records up to it that are here and do not follow those kept: they followed an earlier base.
    loose: BTreeMap<LogSeq, Kept>,
}

/// Logs as a record with this number is judged by them: below a base, a log goes on from what is kept of it.
pub struct At<'a>(pub &'a Logs, pub LogSeq);

impl LogView for At<'_> {
    type Error = Infallible;

    fn head(&self, log: &LogId) -> Result<Option<Place>, Infallible> {
        Ok(match self.0.bases.get(log) {
            Some(base) if self.1 <= base.at.0 => self.0.filled(log),
            _ => self.0.known_head(log),
        })
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Infallible> {
        self.0.hash_at(log, seq)
    }

    fn is_aside(&self, log: &LogId, hash: &RecordHash) -> Result<bool, Infallible> {
        self.0.is_aside(log, hash)
    }
}

impl LogView for Logs {
    type Error = Infallible;

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Infallible> {
        Ok(self.known_head(log))
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
        let kept = self.kept.get(log).and_then(|records| records.get((seq.0 as usize).checked_sub(1)?));
        kept.or_else(|| {
            let base = self.bases.get(log)?;
            match seq.0.checked_sub(base.at.0.0 + 1) {
                Some(behind) => base.above.get(behind as usize),
                None => base.loose.get(&seq),
            }
        })
    }

    /// The last record from the first on that is here.
    fn filled(&self, log: &LogId) -> Option<Place> {
        let records = self.kept.get(log)?;
        Some((LogSeq(records.len() as u64), records.last()?.hash))
    }

    /// The last record that is known: here, or by a checkpoint.
    pub fn known_head(&self, log: &LogId) -> Option<Place> {
        match self.bases.get(log) {
            Some(Base { at, above, .. }) => Some(match above.last() {
                Some(last) => (LogSeq(at.0.0 + above.len() as u64), last.hash),
                None => *at,
            }),
            None => self.filled(log),
        }
    }

    /// How far a log is known, here or by a checkpoint.
    pub fn known_len(&self, log: &LogId) -> u64 {
        self.known_head(log).map_or(0, |(seq, _)| seq.0)
    }

    /// Does any log of this document begin at a checkpoint?
    pub fn has_base(&self, document: DocumentId) -> bool {
        self.bases.keys().any(|log| log.document == document)
    }

    /// Documents with a log that begins at a checkpoint.
    pub fn with_bases(&self) -> BTreeSet<DocumentId> {
        self.bases.keys().map(|log| log.document).collect()
    }

    /// Logs of a document that begin at a checkpoint, and where.
    pub fn bases_of(&self, document: DocumentId) -> impl Iterator<Item = (&LogId, LogSeq)> {
        let of = self.bases.iter().filter(move |(log, _)| log.document == document);
        of.map(|(log, base)| (log, base.at.0))
    }

    /// A checkpoint stands for a log up to this record.
    pub fn begin_at(&mut self, log: LogId, at: Place) {
        if at.0.0 <= self.known_len(&log) {
            return;
        }
        let loose = match self.bases.remove(&log) {
            Some(Base { at, above, mut loose }) => {
                loose.extend((at.0.0 + 1..).map(LogSeq).zip(above));
                loose
            }
            None => BTreeMap::new(),
        };
        self.kept.entry(log).or_default();
        self.bases.insert(log, Base { at, above: Vec::new(), loose });
    }

    /// Keeps a record that was accepted at its number.
    pub fn keep(&mut self, log: LogId, seq: LogSeq, kept: Kept) {
        let Some(base) = self.bases.get_mut(&log) else { return self.push(log, kept) };
        if seq > base.at.0 {
            base.above.push(kept);
            return;
        }
        self.push(log, kept);
        let (Some(records), Some(base)) = (self.kept.get_mut(&log), self.bases.get_mut(&log)) else { return };
        while let Some(next) = base.loose.remove(&LogSeq(records.len() as u64 + 1)) {
            records.push(next);
        }
        if records.len() as u64 == base.at.0.0
            && let Some(base) = self.bases.remove(&log)
        {
            if records.last().is_some_and(|last| last.hash == base.at.1) {
                records.extend(base.above);
            } else {
                // The checkpoint named a record that is none of this log: what followed it contradicts what is.
                for (seq, kept) in (base.at.0.0 + 1..).map(LogSeq).zip(base.above) {
                    self.set_aside(log, seq, kept);
                }
            }
        }
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
        if let Some(base) = self.bases.get_mut(log) {
            base.above.truncate(from.0.saturating_sub(base.at.0.0 + 1) as usize);
            base.loose.retain(|seq, _| *seq < from);
        }
        if let Some(records) = self.kept.get_mut(log) {
            records.truncate((from.0 as usize).saturating_sub(1));
            if records.is_empty() && !self.bases.contains_key(log) {
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
        for (log, _) in self.of(document) {
            let Some((seq, hash)) = self.known_head(log) else { continue };
            let aside: Vec<Place> = self.aside(log).map(|(place, _)| *place).collect();
            let print = if aside.is_empty() { hash.print() } else { Print::of_log(&self.places(log), &aside) };
            vector.raise(log.device, log.incarnation, seq, print);
        }
        vector
    }

    /// How far a document's logs are here from their first records on: what is asked for when originals are wanted.
    pub fn held(&self, document: DocumentId) -> Vector {
        let mut vector = self.vector(document);
        for log in self.bases.keys().filter(|log| log.document == document) {
            vector.0.remove(&(log.device, log.incarnation));
            if let Some((seq, hash)) = self.filled(log) {
                vector.raise(log.device, log.incarnation, seq, hash.print());
            }
        }
        vector
    }

    /// Every record of a log that is kept, by its place.
    fn all(&self, log: &LogId) -> impl Iterator<Item = (Place, &Kept)> {
        let kept = (1..).map(LogSeq).zip(self.kept.get(log).into_iter().flatten());
        let base = self.bases.get(log);
        let loose = base.into_iter().flat_map(|base| base.loose.iter().map(|(seq, kept)| (*seq, kept)));
        let above = base.into_iter().flat_map(|base| (base.at.0.0 + 1..).map(LogSeq).zip(&base.above));
        kept.chain(loose).chain(above).map(|(seq, kept)| ((seq, kept.hash), kept))
    }

    /// Places of which the record is known: here, or named by a checkpoint.
    fn places(&self, log: &LogId) -> Vec<Place> {
        let mut places: Vec<Place> = self.all(log).map(|(place, _)| place).collect();
        let base = self.bases.get(log).map(|base| base.at);
        places.extend(base.filter(|base| !places.contains(base)));
        places
    }

    /// Hashes of all records of a document that are kept.
    pub fn hashes(&self, document: DocumentId) -> impl Iterator<Item = RecordHash> + '_ {
        self.of(document).flat_map(|(log, _)| self.all(log).map(|(_, kept)| kept.hash))
    }

    /// The forks of a log.
    pub fn aside(&self, log: &LogId) -> impl Iterator<Item = (&Place, &Arc<[u8]>)> {
        self.aside.get(log).into_iter().flatten()
    }

    /// All that is known of a log, by place.
    pub fn known(&self, log: &LogId) -> BTreeMap<Place, Arc<[u8]>> {
        let kept = self.all(log).map(|(place, kept)| (place, kept.bytes.clone()));
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
                let known = known.get(log.device, log.incarnation);
                // Where originals below the base are missing, only who knows the base can be given what follows it.
                let above = self.bases.get(log).filter(|base| known >= base.at.0);
                let (records, from) = match above {
                    Some(base) => (base.above.as_slice(), base.at.0.0),
                    None => (records, 0),
                };
                for kept in records.iter().skip((known.0 - from) as usize) {
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
