//! Merging changes into the store: all of an input or nothing of it, and nothing that could not be saved and read again.
//!
//! Who may write at all is decided before (records are signed). What is checked here limits the harm a broken or hostile
//! tablet of the region can do: Automerge accepts some changes it cannot give back afterwards, and a card with such a
//! change in it could be saved but never opened again.

use std::collections::{BTreeMap, BTreeSet};

use automerge::legacy;
use automerge::{ActorId, AutoCommit, AutomergeError, Change, ChangeHash, SaveOptions};

use crate::chunks::{self, guarded};
use crate::document::{Applied, DocumentError, Problem, ProblemKind};
use crate::key::Key;
use crate::store::Store;

impl Store {
    pub(crate) fn apply(&mut self, bytes: &[u8], device: Option<[u8; 16]>) -> Result<Applied, DocumentError> {
        let changes = chunks::decode(bytes)?;
        for change in &changes {
            let actor = chunks::actor_of(change)?;
            if device.is_some_and(|device| actor.device() != device) {
                return Err(DocumentError::ForeignChange);
            }
        }
        self.take_in(changes)
    }

    pub(crate) fn apply_all(&mut self, inputs: &[([u8; 16], &[u8])]) -> Result<Applied, DocumentError> {
        let mut all = Vec::new();
        for (device, bytes) in inputs {
            let changes = chunks::decode(bytes)?;
            for change in &changes {
                if chunks::actor_of(change)?.device() != *device {
                    return Err(DocumentError::ForeignChange);
                }
            }
            all.extend(changes);
        }
        self.take_in(all)
    }

    fn take_in(&mut self, changes: Vec<Change>) -> Result<Applied, DocumentError> {
        self.close_change();
        // Into a copy: a failure half way must leave this document as it was.
        let mut merged = self.clone();
        let applied = match guarded(|| merged.merge(changes.clone())) {
            Err(_) if !self.waiting.is_empty() => {
                merged = self.without_waiting()?;
                self.merge_suspecting_those_that_waited(&mut merged, changes)?
            }
            result => result?,
        };
        *self = merged;
        Ok(applied)
    }

    /// The input failed together with changes that had waited for it. If it is sound by itself it must get in, whatever
    /// waited: one bad change never blocks good ones.
    fn merge_suspecting_those_that_waited(
        &self,
        merged: &mut Store,
        changes: Vec<Change>,
    ) -> Result<Applied, DocumentError> {
        let mut applied = guarded(|| merged.merge(changes))?;
        for change in self.waiting.values() {
            let mut attempt = merged.clone();
            match guarded(|| attempt.merge(vec![change.clone()])) {
                Ok(more) => {
                    *merged = attempt;
                    applied.add(more);
                }
                Err(_) => applied.problems.push(Problem { key: String::new(), kind: ProblemKind::ChangeRefused }),
            }
        }
        Ok(applied)
    }

    fn without_waiting(&mut self) -> Result<Store, DocumentError> {
        let actor = self.document.get_actor().clone();
        let snapshot = self.document.save_with_options(SaveOptions { deflate: false, retain_orphans: false });
        let document =
            guarded(|| AutoCommit::load(&snapshot).map_err(|_| DocumentError::Damaged("the open document")))?;
        Ok(Store { document: document.with_actor(actor), waiting: BTreeMap::new(), ..self.clone() })
    }

    pub(crate) fn merge(&mut self, changes: Vec<Change>) -> Result<Applied, DocumentError> {
        let before = self.document.get_heads();
        let mut expected: BTreeMap<ChangeHash, Change> = BTreeMap::new();
        for change in &changes {
            if self.document.get_change_meta_by_hash(&change.hash()).is_none() {
                expected.insert(change.hash(), change.clone());
            }
        }
        self.document.apply_changes(changes).map_err(|error| match error {
            AutomergeError::DuplicateSeqNumber(..) => DocumentError::ForkedActor,
            _ => DocumentError::Damaged("changes that contradict each other"),
        })?;
        expected.append(&mut self.waiting);
        let document = &mut self.document;
        expected.retain(|hash, change| {
            let applied = document.get_change_meta_by_hash(hash).is_some();
            if !applied {
                self.waiting.insert(*hash, change.clone());
            }
            applied
        });
        self.check(&expected, &before)?;

        let mut applied = Applied { new_changes: expected.len(), waiting: self.waiting.len(), ..Applied::default() };
        let mut changed = BTreeSet::new();
        let mut overwritten = BTreeSet::new();
        for operation in expected.values().flat_map(|change| change.decode().operations) {
            let (legacy::ObjectId::Root, legacy::Key::Map(key)) = (operation.obj, operation.key) else {
                continue;
            };
            if !operation.pred.is_empty() && matches!(Key::parse(&key), Key::Event(_)) {
                overwritten.insert(key.to_string());
            }
            changed.insert(key.to_string());
        }
        applied.changed_keys = changed.into_iter().collect();
        applied.problems = overwritten.into_iter().map(|key| Problem { key, kind: ProblemKind::Overwritten }).collect();
        Ok(applied)
    }

    /// The document must give back every change it took in, bit for bit: saving rebuilds changes from their operations,
    /// and a snapshot whose rebuilt changes have other hashes is refused when it is opened.
    fn check(&mut self, applied: &BTreeMap<ChangeHash, Change>, before: &[ChangeHash]) -> Result<(), DocumentError> {
        let rebuilt: BTreeSet<ChangeHash> = self.document.get_changes(before).iter().map(Change::hash).collect();
        if !rebuilt.iter().eq(applied.keys()) {
            return Err(DocumentError::Damaged("a change that does not fit the ones it follows"));
        }
        for change in applied.values() {
            let mut followed = 0;
            for hash in change.deps() {
                let last = match applied.get(hash) {
                    Some(dependency) => dependency.max_op(),
                    None => self.document.get_change_meta_by_hash(hash).map_or(0, |dependency| dependency.max_op),
                };
                followed = followed.max(last);
            }
            // Also keeps the counters, 32 bits wide, from being used up by one change near their end.
            if change.start_op().get() != followed + 1 {
                return Err(DocumentError::Damaged("a change that does not count on from the ones it follows"));
            }
        }
        self.check_writers(applied)
    }

    /// A writer's change follows its own change before: otherwise its log would not be a chain.
    fn check_writers(&mut self, applied: &BTreeMap<ChangeHash, Change>) -> Result<(), DocumentError> {
        let mut by_writer: Vec<&Change> = applied.values().collect();
        by_writer.sort_by(|a, b| (a.actor_id(), a.seq()).cmp(&(b.actor_id(), b.seq())));
        for change in by_writer {
            let previous = self.last_changes.insert(change.actor_id().clone(), (change.hash(), change.max_op()));
            let follows = match previous {
                Some((hash, counter)) => self.descends(change, hash, counter),
                None => change.seq() == 1,
            };
            if !follows {
                return Err(DocumentError::Damaged("a change that does not follow its writer's change before"));
            }
        }
        Ok(())
    }

    /// What every merged change was held to, for a document that was opened as a whole.
    pub(crate) fn check_history(&mut self) -> Result<(), DocumentError> {
        // In causal order: what a change follows is known by then.
        let mut known: BTreeMap<ChangeHash, (Vec<ChangeHash>, u64)> = BTreeMap::new();
        let mut last: BTreeMap<ActorId, (ChangeHash, u64)> = BTreeMap::new();
        for change in self.document.get_changes_meta(&[]) {
            chunks::writer(&change.actor)?;
            let followed = change.deps.iter().filter_map(|hash| known.get(hash)).map(|(_, counter)| *counter).max();
            if change.start_op != followed.unwrap_or(0) + 1 {
                return Err(DocumentError::Damaged("a change that does not count on from the ones it follows"));
            }
            let follows = match last.insert(change.actor.into_owned(), (change.hash, change.max_op)) {
                Some((ancestor, counter)) => reaches(&known, &change.deps, ancestor, counter),
                None => change.seq == 1,
            };
            if !follows {
                return Err(DocumentError::Damaged("a change that does not follow its writer's change before"));
            }
            known.insert(change.hash, (change.deps, change.max_op));
        }
        Ok(())
    }

    /// Whether `change` follows the change `ancestor`, whose last operation is `counter`. Counters grow along every
    /// path, so only changes made since need to be looked at.
    fn descends(&mut self, change: &Change, ancestor: ChangeHash, counter: u64) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<ChangeHash> = change.deps().to_vec();
        while let Some(hash) = open.pop() {
            if hash == ancestor {
                return true;
            }
            if !seen.insert(hash) {
                continue;
            }
            if let Some(passed) = self.document.get_change_meta_by_hash(&hash).filter(|passed| passed.max_op > counter)
            {
                open.extend(passed.deps);
            }
        }
        false
    }
}

/// As [`Store::descends`], among changes with what they follow and their last counter.
fn reaches(
    known: &BTreeMap<ChangeHash, (Vec<ChangeHash>, u64)>,
    from: &[ChangeHash],
    ancestor: ChangeHash,
    counter: u64,
) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = from.to_vec();
    while let Some(hash) = open.pop() {
        if hash == ancestor {
            return true;
        }
        if seen.insert(hash)
            && let Some((deps, _)) = known.get(&hash).filter(|(_, passed)| *passed > counter)
        {
            open.extend(deps);
        }
    }
    false
}
