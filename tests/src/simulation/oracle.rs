//! What is known from outside, and no node knows: who was truly granted what, which records were ever sealed, what was lost on purpose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{DeviceId, LogSeq, PatientId, RecordHash};
use tendenko_protocol::messages::Cursor;

use super::document::Save;

/// The world's own memory.
#[derive(Default)]
pub struct Oracle {
    documents: Vec<DocumentId>,
    granted: BTreeSet<(DeviceId, PatientId, Scope)>,
    forgers: BTreeSet<(DeviceId, PatientId)>,
    revoked: BTreeSet<DeviceId>,
    repeating: BTreeSet<DeviceId>,
    /// Inventions so far.
    pub(super) lies: u32,
    /// Parts of checkpoints with inventions in them, by those who invented.
    pub(super) lied: BTreeSet<RecordHash>,
    sealed: HashMap<RecordHash, (LogId, LogSeq)>,
    places: HashMap<(LogId, LogSeq), Vec<RecordHash>>,
    /// Up to where each tablet's cursor was compared with what it holds.
    pub(super) checked: BTreeMap<usize, Cursor>,
    /// The same of edge relays and what is above them.
    pub(super) checked_edges: BTreeMap<usize, Cursor>,
}

impl Oracle {
    /// Number of saves so far: the next save's name.
    pub fn saves(&self) -> usize {
        self.documents.len()
    }

    /// Someone saved in a document.
    pub fn saved(&mut self, save: Save, document: DocumentId) {
        debug_assert_eq!(save as usize, self.documents.len());
        self.documents.push(document);
    }

    /// The document of a save.
    pub fn document_of(&self, save: Save) -> Option<DocumentId> {
        self.documents.get(save as usize).copied()
    }

    /// Somebody who may gave this to a device.
    pub fn granted(&mut self, device: DeviceId, patient: PatientId, scope: Scope) {
        self.granted.insert((device, patient, scope));
    }

    /// Was this device ever truly granted this?
    pub fn may_hold(&self, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        self.granted.contains(&(device, patient, scope))
    }

    /// A device without a grant said that it gives one.
    pub fn forged(&mut self, device: DeviceId, patient: PatientId) {
        self.forgers.insert((device, patient));
    }

    /// Has this device forged a grant of this patient?
    pub fn has_forged(&self, device: DeviceId, patient: PatientId) -> bool {
        self.forgers.contains(&(device, patient))
    }

    /// The operator revoked a device.
    pub fn revoked(&mut self, device: DeviceId) {
        self.revoked.insert(device);
    }

    /// Was this device revoked anywhere?
    pub fn is_revoked(&self, device: DeviceId) -> bool {
        self.revoked.contains(&device)
    }

    /// A device's store was copied so that nothing outside it shows it: it may use numbers twice.
    pub fn repeats(&mut self, device: DeviceId) {
        self.repeating.insert(device);
    }

    /// May it?
    pub fn may_repeat(&self, device: DeviceId) -> bool {
        self.repeating.contains(&device)
    }

    /// A record was sealed, durably. False if its place had another before, and its device has no excuse.
    pub fn sealed(&mut self, hash: RecordHash, log: LogId, seq: LogSeq) -> bool {
        self.sealed.insert(hash, (log, seq));
        let here = self.places.entry((log, seq)).or_default();
        if !here.contains(&hash) {
            here.push(hash);
        }
        here.len() == 1 || self.repeating.contains(&log.device)
    }

    /// The records that were ever sealed in a place.
    pub fn records_at(&self, log: &LogId, seq: LogSeq) -> &[RecordHash] {
        self.places.get(&(*log, seq)).map_or(&[], Vec::as_slice)
    }

    /// Number of records sealed so far.
    pub fn records(&self) -> usize {
        self.sealed.len()
    }

    /// Was this record ever sealed, durably, by a tablet?
    pub fn was_sealed(&self, hash: &RecordHash) -> bool {
        self.sealed.contains_key(hash)
    }

    /// Where a sealed record belongs.
    pub fn place_of(&self, hash: &RecordHash) -> Option<(LogId, LogSeq)> {
        self.sealed.get(hash).copied()
    }

    /// A relay's store went back: arrival numbers are given again.
    pub fn relay_lost_data(&mut self) {
        self.checked.clear();
        self.checked_edges.clear();
    }

    /// A tablet's store went back.
    pub fn tablet_lost_data(&mut self, tablet: usize) {
        self.checked.remove(&tablet);
    }
}
