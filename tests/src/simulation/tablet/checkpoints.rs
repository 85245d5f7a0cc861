//! Checkpoints as `replica/src/checkpoints.rs` makes, begins at and proves them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tendenko_protocol::Random;
use tendenko_protocol::document::{Class, DocumentId, LogId, Vector};
use tendenko_protocol::ids::{DeviceId, PatientId, RecordHash};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::messages::Lane;
use tendenko_protocol::record::{CheckpointDraft, Covered, ParsedCheckpoint, RejectReason, SealedCheckpoint};

use super::depart::payload;
use super::receive::Stored;
use super::{Contents, Tablet, Unsent, Waiting};
use crate::simulation::document::{Change, Document, Name, actor};
use crate::simulation::sabotage::Sabotage;

/// Bytes of a checkpoint are fewer than these: up to three parts.
const LENGTHS: usize = 40_000;

/// What survives of them.
#[derive(Debug, Clone, Default)]
pub struct Checkpoints {
    /// To be made: somebody was granted these charts.
    pub due: BTreeSet<DocumentId>,
    /// Parts that are in the outbox.
    pub leaving: BTreeMap<RecordHash, Vec<u8>>,
    /// Parts that were taken, by chart and set, while their chart is not proven.
    pub taken: BTreeMap<(DocumentId, [u8; 16]), BTreeMap<u16, Vec<u8>>>,
    /// Charts that began at a checkpoint and are not proven.
    pub unproven: BTreeMap<DocumentId, [u8; 16]>,
}

impl Tablet {
    /// Somebody was granted a patient's charts.
    pub fn checkpoints_are_due(&mut self, patient: PatientId) {
        let charts = self.disk.documents.keys().filter(|id| id.patient == patient && id.class != Class::Card);
        self.disk.checkpoints.due.extend(charts);
    }

    /// Those to be made on this lane.
    pub fn checkpoints_due(&self, lane: Lane) -> Vec<DocumentId> {
        let due = self.disk.checkpoints.due.iter().copied();
        due.filter(|document| Lane::of(document.scope()) == lane).collect()
    }

    /// How far charts are known, before any charts were received.
    pub fn known_charts(&self) -> Vec<(DocumentId, Vector)> {
        if self.disk.cursor.is_some_and(|cursor| cursor.charts != tendenko_protocol::ids::ArrivalNo::NONE) {
            return Vec::new();
        }
        let charts = self.disk.logs.documents(None, None).into_iter().filter(|id| id.class != Class::Card);
        charts.map(|document| (document, self.disk.logs.vector(document))).collect()
    }

    /// How far each log of a chart is covered by a checkpoint made now; none if it is not worth one, or not all here as records.
    fn covers(&self, id: DocumentId) -> Option<Vec<Covered>> {
        let document = self.disk.documents.get(&id)?;
        let covered = |log: &LogId| {
            let (seq, hash) = self.disk.logs.known_head(log)?;
            Some(Covered { device: log.device, incarnation: log.incarnation, seq, hash })
        };
        let mut covers: Vec<Covered> = self.disk.logs.of(id).filter_map(|(log, _)| covered(log)).collect();
        covers.sort_unstable();
        let records: u64 = covers.iter().map(|log| log.seq.0).sum();
        let proven = !self.disk.logs.has_base(id) && !self.disk.checkpoints.unproven.contains_key(&id);
        let whole = (proven || self.breaks(Sabotage::PassOnUnproven))
            && !self.disk.unsent.values().any(|unsent| unsent.document == id && unsent.record.is_none())
            && self.all_applied(id)
            && document.waiting() == 0;
        (records >= self.worth && whole).then_some(covers)
    }

    /// Makes the checkpoint of a chart that is due, in one transaction. Returns how many parts there are to send.
    pub fn make_checkpoint(&mut self, id: DocumentId, contents: &mut Contents) -> usize {
        self.disk.checkpoints.due.remove(&id);
        let Some(covers) = self.covers(id) else { return 0 };
        let changes: Vec<Arc<Change>> =
            self.disk.documents.get(&id).into_iter().flat_map(Document::changes).cloned().collect();
        self.seal_checkpoint(id, covers, &changes, contents)
    }

    /// Makes one of a chart with something in it that no record says.
    pub fn make_lie(&mut self, id: DocumentId, invented: Arc<Change>, contents: &mut Contents) -> usize {
        let Some(covers) = self.covers(id) else { return 0 };
        let document = self.disk.documents.get(&id);
        let truth = document.into_iter().flat_map(Document::changes);
        // What has the same name is left out.
        let is_other = |change: &&Arc<Change>| {
            (change.name.actor, change.name.number) != (invented.name.actor, invented.name.number)
        };
        let changes: Vec<Arc<Change>> = truth.filter(is_other).cloned().chain([invented.clone()]).collect();
        self.seal_checkpoint(id, covers, &changes, contents)
    }

    fn seal_checkpoint(
        &mut self,
        id: DocumentId,
        covers: Vec<Covered>,
        changes: &[Arc<Change>],
        contents: &mut Contents,
    ) -> usize {
        let Some(key) = self.sealing_key(id.patient, id.scope()).cloned() else { return 0 };
        // As long as documents are: some fit into one part, some do not.
        let mut whole = payload(changes);
        whole.resize(whole.len() + changes.len() * 7_919 % LENGTHS, 0);
        if self.rng.fill(&mut whole[4 * changes.len()..]).is_err() {
            return 0;
        }
        let draft = CheckpointDraft { document: id, covers };
        let Ok(parts) = SealedCheckpoint::seal(&self.rng, &self.keys, &key, &draft, &whole) else { return 0 };
        let said = Arc::new(changes.to_vec());
        for part in &parts {
            let hash = RecordHash::of(part.bytes());
            contents.insert(hash, said.clone());
            self.disk.checkpoints.leaving.insert(hash, part.bytes().to_vec());
            self.depart(Waiting::Part(id, hash));
        }
        parts.len()
    }

    /// A relay has this part, or never will.
    pub(super) fn has_left(&mut self, part: &RecordHash) {
        self.disk.checkpoints.leaving.remove(part);
        self.disk.outbox.retain(|_, waiting| !matches!(waiting, Waiting::Part(_, hash) if hash == part));
    }

    /// Is there a record of a document whose key is not here?
    fn waits_for_key(&self, id: DocumentId) -> bool {
        self.disk.waiting_for_key.values().flatten().any(|(document, _)| *document == id)
    }

    /// Every record here of a document is merged.
    fn all_applied(&self, id: DocumentId) -> bool {
        !self.waits_for_key(id)
            && !self.disk.logs.hashes(id).any(|hash| self.disk.quarantine.get(&hash) == Some(&"clash"))
    }

    /// Keeps a part. With the last one, the chart begins there.
    pub(super) fn take_part(&mut self, bytes: Vec<u8>, contents: &Contents, stored: &mut Stored) {
        let Ok(parsed) = ParsedCheckpoint::parse(bytes) else { return };
        let id = parsed.header().document;
        let Ok(part) = self.signed_part(parsed) else { return self.ask_instead(id, stored) };
        let header = part.header();
        if self.disk.logs.vector(id).covers(&header.vector()) {
            return;
        }
        // Then somebody else goes on under this store's name, and that shows by records.
        let own = LogId { document: id, device: self.device(), incarnation: self.disk.incarnation };
        if header.vector().get(own.device, own.incarnation).0 > self.disk.logs.known_len(&own) {
            return self.ask_instead(id, stored);
        }
        let keys = self.disk.keys.get(&(id.patient, id.scope()));
        let Some(key) = keys.and_then(|keys| keys.iter().find(|key| key.id == header.key)).cloned() else {
            return self.ask_instead(id, stored);
        };
        let here = self.disk.checkpoints.taken.entry((id, header.set)).or_default();
        here.insert(header.part, part.bytes().to_vec());
        let whole = here.len() == usize::from(header.parts);
        if whole && !self.merge_whole(id, header.set, &key, contents) {
            self.disk.checkpoints.taken.remove(&(id, header.set));
            return self.ask_instead(id, stored);
        }
        if whole || self.breaks(Sabotage::BeginAtOnce) {
            for Covered { device, incarnation, seq, hash } in &header.covers {
                let log = LogId { document: id, device: *device, incarnation: *incarnation };
                self.disk.logs.begin_at(log, (*seq, *hash));
            }
            self.disk.checkpoints.unproven.insert(id, header.set);
            self.disk.checkpoints.taken.retain(|(document, set), _| *document != id || *set == header.set);
            stored.begun.push(id);
        }
    }

    /// Merges what all parts of a checkpoint say together, or nothing.
    fn merge_whole(&mut self, id: DocumentId, set: [u8; 16], key: &EpochKey, contents: &Contents) -> bool {
        let bytes: Vec<Vec<u8>> = self.disk.checkpoints.taken[&(id, set)].values().cloned().collect();
        let said = bytes.first().and_then(|bytes| contents.get(&RecordHash::of(bytes)));
        let signed = |bytes: Vec<u8>| self.signed_part(ParsedCheckpoint::parse(bytes)?);
        let parts: Result<Vec<_>, _> = bytes.iter().cloned().map(signed).collect();
        let opens = parts.is_ok_and(|parts| SealedCheckpoint::open_all(&parts, key).is_ok());
        let Some(said) = said.filter(|_| opens) else { return false };
        let mut document = self.disk.documents.get(&id).cloned().unwrap_or_default();
        if said.iter().any(|change| document.apply(change).is_err()) {
            return false;
        }
        self.disk.documents.insert(id, document);
        true
    }

    fn signed_part(&self, part: ParsedCheckpoint) -> Result<SealedCheckpoint, RejectReason> {
        let author = self.disk.trust.device(part.header().device).ok_or(RejectReason::UnknownAuthor)?;
        if author.revoked {
            return Err(RejectReason::AuthorRevoked);
        }
        part.verify(&author.signing)
    }

    /// A part is of no use: the relay counts on it, so the records that it stands for are asked for.
    fn ask_instead(&mut self, id: DocumentId, stored: &mut Stored) {
        // What makes a grant hold may come behind the part, with what fills in the scope.
        let (patient, scope) = (id.patient, id.scope());
        let wanted =
            self.disk.trust.granted(self.device(), patient, scope) || self.disk.backfills.contains(&(patient, scope));
        if wanted && !self.breaks(Sabotage::IgnoreUselessParts) {
            self.disk.suspects.insert(id);
            if !stored.gaps.contains(&id) {
                stored.gaps.push(id);
            }
        }
    }

    /// Is anything in this document somebody's word only?
    pub fn is_unproven(&self, id: DocumentId) -> bool {
        self.disk.checkpoints.unproven.contains_key(&id)
    }

    /// Is anything here somebody's word only?
    pub fn rests_on_others(&self) -> bool {
        !self.disk.checkpoints.unproven.is_empty()
    }

    /// A chart whose originals are asked for next, when there is nothing else to do.
    pub fn to_prove(&self, asked: &BTreeSet<DocumentId>) -> Option<DocumentId> {
        self.disk.logs.with_bases().into_iter().find(|document| !asked.contains(document))
    }

    /// Compares the charts whose records are all here with what their checkpoints said.
    pub(super) fn prove(&mut self, contents: &Contents, stored: &mut Stored) {
        let unproven: Vec<DocumentId> = self.disk.checkpoints.unproven.keys().copied().collect();
        for id in unproven.into_iter().filter(|id| !self.disk.logs.has_base(*id)).collect::<Vec<_>>() {
            // What did not fit into the document fits into what the records say, if it was a lie that had its name.
            if self.waits_for_key(id) || (self.breaks(Sabotage::LetLiesStandInTheWay) && !self.all_applied(id)) {
                continue;
            }
            let truth = self.by_records(id, contents);
            self.fits_after_all(id, &truth, contents);
            let parts = self.settle(id);
            stored.proven += 1;
            if self.breaks(Sabotage::BelieveForGood) || self.invented(id, &truth).is_empty() {
                continue;
            }
            self.disk.quarantine.extend(parts.into_iter().map(|part| (part, "checkpoint")));
            self.go_by(id, contents, stored);
        }
    }

    /// Records that could not be merged, and are in what the records say.
    fn fits_after_all(&mut self, id: DocumentId, truth: &Document, contents: &Contents) {
        let fits = |hash: &RecordHash| {
            contents.get(hash).is_some_and(|changes| changes.iter().all(|change| truth.has(&change.name)))
        };
        let hashes: BTreeSet<RecordHash> = self.disk.logs.hashes(id).filter(|hash| fits(hash)).collect();
        self.disk.quarantine.retain(|hash, reason| *reason != "clash" || !hashes.contains(hash));
    }

    /// It is not unproven any more: the parts it began at.
    fn settle(&mut self, id: DocumentId) -> Vec<RecordHash> {
        self.disk.checkpoints.unproven.remove(&id);
        let mut parts = Vec::new();
        self.disk.checkpoints.taken.retain(|(document, _), taken| {
            if *document == id {
                parts.extend(taken.values().map(|bytes| RecordHash::of(bytes)));
            }
            *document != id
        });
        parts
    }

    /// A document as its records, and what is saved here, say.
    fn by_records(&self, id: DocumentId, contents: &Contents) -> Document {
        let mut truth = self.rebuilt(id, contents);
        for unsent in self.disk.unsent.values().filter(|unsent| unsent.document == id) {
            // One that does not fit by itself did not fit before either.
            let _ = truth.apply(&unsent.change);
        }
        truth
    }

    /// What a document says and its records do not.
    fn invented(&self, id: DocumentId, truth: &Document) -> Vec<Arc<Change>> {
        let said: BTreeSet<_> = truth.changes().map(|change| change.name).collect();
        let document = self.disk.documents.get(&id);
        let shown = document.into_iter().flat_map(Document::changes);
        shown.filter(|change| !said.contains(&change.name)).cloned().collect()
    }

    /// The document becomes what its records say; what was written here on top of something else is written again.
    fn go_by(&mut self, id: DocumentId, contents: &Contents, stored: &mut Stored) {
        if !stored.renewed {
            stored.gaps.extend(self.renew(contents));
            stored.renewed = true;
        }
        let mut truth = self.by_records(id, contents);
        let own = self.own_work(id, contents);
        let invented = self.invented(id, &truth);
        let mine: Vec<Arc<Change>> = invented.into_iter().filter(|change| own.contains(&change.name)).collect();
        if self.breaks(Sabotage::DropWhatWasBuilt) {
            self.disk.unsent.retain(|_, unsent| !mine.contains(&unsent.change));
            self.disk.documents.insert(id, truth);
            return;
        }
        let here = actor(self.device(), self.disk.incarnation);
        self.disk.unsent.retain(|_, unsent| !mine.contains(&unsent.change));
        for old in mine {
            let change = truth.write(here, old.register, old.name.save);
            let place = self.disk.unsent.last_key_value().map_or(1, |(last, _)| last + 1);
            self.disk.unsent.insert(place, Unsent { document: id, change, record: None });
        }
        self.disk.documents.insert(id, truth);
        self.disk.suspects.insert(id);
    }

    /// What this device sealed or saved in a document. What somebody else says that it did is not its work.
    fn own_work(&self, id: DocumentId, contents: &Contents) -> BTreeSet<Name> {
        let logs: BTreeSet<LogId> =
            self.disk.logs.of(id).map(|(log, _)| *log).filter(|log| log.device == self.device()).collect();
        let sealed = logs.iter().flat_map(|log| self.disk.logs.known(log)).map(|((_, hash), _)| hash);
        let sealed = sealed.filter_map(|hash| contents.get(&hash)).flat_map(|changes| changes.iter());
        let unsent = self.disk.unsent.values().filter(|unsent| unsent.document == id).map(|unsent| &unsent.change);
        sealed.chain(unsent).map(|change| change.name).collect()
    }

    /// A device other than this that wrote in a document, with its life's actor and the number it will use next there.
    pub fn somebody_else_in(&self, id: DocumentId) -> Option<(DeviceId, u64, u32)> {
        let (log, _) = self.disk.logs.of(id).find(|(log, _)| log.device != self.device())?;
        let theirs = actor(log.device, log.incarnation);
        let document = self.disk.documents.get(&id)?;
        let last = document.changes().filter(|change| change.name.actor == theirs).map(|change| change.name.number);
        Some((log.device, theirs, last.max()? + 1))
    }
}
