//! A device that seals records, for the conformance suite.

use std::collections::BTreeMap;

use ring::rand::{SecureRandom as _, SystemRandom};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{Incarnation, LogSeq, PatientId, RecordHash};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::limits::CHECKPOINT_PART;
use tendenko_protocol::record::{CheckpointDraft, Covered, Draft, Kind, SealedCheckpoint, SealedRecord};

/// Two authors of one number are one device; a clone goes on from where it was cloned, as a restored tablet would.
#[derive(Clone)]
pub(crate) struct Author {
    keys: DeviceKeys,
    epoch: EpochKey,
    heads: BTreeMap<DocumentId, (LogSeq, RecordHash)>,
}

impl Author {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            keys: DeviceKeys::from_secret_bytes(&[number; DeviceKeys::SECRET_LEN]).unwrap(),
            epoch: EpochKey::generate(&SystemRandom::new()).unwrap(),
            heads: BTreeMap::new(),
        }
    }

    /// The next record of the card of patient number `patient`.
    pub(crate) fn card(&mut self, patient: u8) -> SealedRecord {
        self.seal(DocumentId::card(PatientId([patient; 16])))
    }

    /// The next record of a chart volume.
    pub(crate) fn chart(&mut self, patient: u8, year: u16) -> SealedRecord {
        self.seal(DocumentId::chart(PatientId([patient; 16]), year))
    }

    /// A checkpoint of a chart volume, as far as this author has written it, in so many parts.
    pub(crate) fn checkpoint(&self, patient: u8, year: u16, parts: usize) -> Vec<SealedCheckpoint> {
        let document = DocumentId::chart(PatientId([patient; 16]), year);
        let (seq, hash) = self.heads[&document];
        let covered = Covered { device: self.keys.device_id(), incarnation: Incarnation(u64::MAX - 1), seq, hash };
        let draft = CheckpointDraft { document, covers: vec![covered] };
        // What cannot be compressed is cut into as many parts as it is long.
        let mut payload = vec![0; parts * CHECKPOINT_PART - CHECKPOINT_PART / 2];
        SystemRandom::new().fill(&mut payload).unwrap();
        let made = SealedCheckpoint::seal(&SystemRandom::new(), &self.keys, &self.epoch, &draft, &payload).unwrap();
        assert_eq!(made.len(), parts);
        made
    }

    fn seal(&mut self, document: DocumentId) -> SealedRecord {
        let (seq, prev) = self.heads.get(&document).copied().unwrap_or((LogSeq::NONE, RecordHash::ZERO));
        let draft = Draft {
            document,
            incarnation: Incarnation(u64::MAX - 1),
            seq: seq.next(),
            prev,
            kind: Kind::Changes,
            count: 1,
        };
        let payload = format!("change {seq}");
        let record =
            SealedRecord::seal(&SystemRandom::new(), &self.keys, &self.epoch, draft, payload.as_bytes()).unwrap();
        self.heads.insert(document, (seq.next(), record.hash()));
        record
    }
}
