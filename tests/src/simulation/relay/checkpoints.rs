//! The one checkpoint of each chart that covers most, whole; and parts on their way to being a better one. As
//! `sync-relay/src/store/sqlite/checkpoints.rs` keeps them.

use std::collections::BTreeMap;

use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{DeviceId, PatientId};
use tendenko_protocol::record::{Covered, SealedCheckpoint};
use tendenko_protocol::session::relay::{Outcome, RelayEvent};

use super::Relay;
use crate::simulation::sabotage::Sabotage;

/// Parts in one page, so that there are several.
const PARTS: usize = 2;

/// A checkpoint, as far as it has come.
#[derive(Clone)]
pub struct Checkpoint {
    device: DeviceId,
    covered: u64,
    covers: Vec<Covered>,
    /// All of it has come.
    whole: bool,
    parts: BTreeMap<u16, Vec<u8>>,
}

impl Relay {
    /// Keeps a part, if it may be of use. Either way it is acked.
    pub(super) fn write_part(&mut self, part: &SealedCheckpoint) -> Outcome {
        let header = part.header();
        let id = (header.document, header.set);
        let covered: u64 = header.covers.iter().map(|log| log.seq.0).sum();
        let best = self.disk.checkpoints.iter().filter(|((document, _), of)| *document == id.0 && of.whole);
        if best.map(|(_, of)| of.covered).max().is_some_and(|best| best >= covered) {
            return Outcome::Duplicate;
        }
        if !self.holds_all(header.document, &header.covers) && !self.breaks(Sabotage::CoverAnything) {
            return Outcome::Duplicate;
        }
        // Of one author only the last is on its way.
        self.disk
            .checkpoints
            .retain(|(document, set), of| *document != id.0 || of.device != header.device || of.whole || *set == id.1);
        let empty = || Checkpoint {
            device: header.device,
            covered,
            covers: header.covers.clone(),
            whole: false,
            parts: BTreeMap::new(),
        };
        let kept = self.disk.checkpoints.entry(id).or_insert_with(empty);
        kept.parts.entry(header.part).or_insert_with(|| part.bytes().to_vec());
        if kept.parts.len() == usize::from(header.parts) {
            kept.whole = true;
            self.disk
                .checkpoints
                .retain(|(document, set), of| *document != id.0 || *set == id.1 || of.covered > covered);
        }
        Outcome::Duplicate
    }

    /// Every record that the checkpoint says it stands for is here, by the same hash.
    fn holds_all(&self, document: DocumentId, covers: &[Covered]) -> bool {
        covers.iter().all(|log| {
            let id = LogId { document, device: log.device, incarnation: log.incarnation };
            self.disk.logs.at(&id, log.seq).is_some_and(|kept| kept.hash == log.hash)
        })
    }

    /// A chart whose checkpoint stands for something that is not here.
    pub fn covers_too_much(&self) -> Option<DocumentId> {
        let whole = self.disk.checkpoints.iter().filter(|(_, of)| of.whole);
        let too_much =
            whole.map(|((document, _), of)| (*document, of)).find(|(id, of)| !self.holds_all(*id, &of.covers));
        too_much.map(|(document, _)| document)
    }

    /// Parts of whole checkpoints of charts that this device may be sent, behind one of them.
    pub fn checkpoint_parts(
        &self,
        device: DeviceId,
        patients: Vec<PatientId>,
        after: Option<(DocumentId, u16)>,
    ) -> RelayEvent {
        let mut parts: Vec<(DocumentId, u16, Vec<u8>)> = self
            .disk
            .checkpoints
            .iter()
            .filter(|((document, _), of)| {
                of.whole
                    && (patients.is_empty() || patients.contains(&document.patient))
                    && self.trust.may_be_sent(device, document.patient, Scope::Chart)
            })
            .flat_map(|((document, _), of)| of.parts.iter().map(|(number, bytes)| (*document, *number, bytes.clone())))
            .filter(|(document, number, _)| after.is_none_or(|after| (*document, *number) > after))
            .collect();
        parts.sort_by_key(|(document, number, _)| (*document, *number));
        let end = parts.len() <= PARTS;
        parts.truncate(PARTS);
        RelayEvent::Checkpoints { parts, end }
    }
}
