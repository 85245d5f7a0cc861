//! Checkpoints in the world: made, lied about, and what must hold of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{LogSeq, RecordHash};

use super::document::{Change, INVENTED, Name, Save};
use super::healing::name;
use super::tablet::Stored;
use super::trace::{NONE, Who};
use super::world::World;

impl World {
    /// A checkpoint that is due is made, in one transaction.
    pub(super) fn make_checkpoint(&mut self, tablet: usize, document: DocumentId) {
        let parts = self.tablets[tablet].make_checkpoint(document, &mut self.contents);
        let invented = |hash: &RecordHash| {
            let said = self.contents.get(hash);
            said.is_some_and(|changes| changes.iter().any(|change| change.name.save >= INVENTED))
        };
        let leaving = &self.tablets[tablet].disk.checkpoints.leaving;
        let passes_on = leaving.keys().filter(|hash| !self.oracle.lied.contains(*hash)).any(invented);
        if passes_on {
            self.violate("lie-passed-on", format!("tablet {tablet} says in its own name what another invented"));
        }
        if parts > 0 {
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(tablet),
                "makes a checkpoint of parts",
                [parts as u64, NONE, NONE],
            );
        }
    }

    /// What storing a batch brought of checkpoints, in the trace.
    pub(super) fn note_checkpoints(&mut self, tablet: usize, stored: &Stored) {
        for document in &stored.begun {
            self.check_base(tablet, *document);
        }
        if !stored.begun.is_empty() || stored.proven > 0 {
            let numbers = [stored.begun.len() as u64, stored.proven, NONE];
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(tablet),
                "begins at, and has proven, checkpoints",
                numbers,
            );
        }
    }

    /// Where a chart begins at a checkpoint, everything that the records it stands for say is here. Of logs with two histories either.
    fn check_base(&mut self, tablet: usize, id: DocumentId) {
        let state = &self.tablets[tablet];
        let shown: BTreeSet<Save> =
            state.disk.documents.get(&id).into_iter().flat_map(|document| document.saves()).collect();
        let missing = state.disk.logs.bases_of(id).find(|(log, base)| {
            (1..=base.0).any(|seq| match self.oracle.records_at(log, LogSeq(seq)) {
                [one] => self
                    .contents
                    .get(one)
                    .is_some_and(|changes| changes.iter().any(|change| !shown.contains(&change.name.save))),
                _ => false,
            })
        });
        if let Some((log, base)) = missing {
            let what = format!("tablet {tablet} begins at {base} of {}, without what that says", name(self, log));
            self.violate("base-without-content", what);
        }
    }

    /// What a relay keeps as whole stands for what it has.
    pub(super) fn check_covers(&mut self, relay: usize) {
        if let Some(id) = self.relays[relay].covers_too_much() {
            self.violate(
                "covers-too-much",
                format!("relay {relay} keeps a checkpoint of {id:?} and lacks what it stands for"),
            );
        }
    }

    /// A tablet says in a checkpoint that somebody else wrote what nobody did: in a life of theirs that it makes up, or under the name of what
    /// they will write next.
    pub(super) fn lie(&mut self, tablet: usize, patient: usize, document: u8, under: bool) {
        let Some(patient) = self.patient_of(tablet, patient) else { return };
        let Some(id) = self.document(patient, document) else { return };
        let state = &self.tablets[tablet];
        let granted = state.disk.trust.granted(state.device(), id.patient, id.scope());
        let Some((_, actor, number)) = state.somebody_else_in(id).filter(|_| state.running && granted) else { return };
        let (actor, number) = if under { (actor, number) } else { (!actor, 1) };
        self.oracle.lies += 1;
        let save = INVENTED + self.oracle.lies;
        let invented = Arc::new(Change {
            name: Name { actor, number, save },
            register: 0,
            replaces: Vec::new(),
            follows: Vec::new(),
        });
        let parts = self.tablets[tablet].make_lie(id, invented, &mut self.contents);
        self.oracle.lied.extend(self.tablets[tablet].disk.checkpoints.leaving.keys());
        if parts > 0 {
            self.trace.note(
                self.steps,
                self.now,
                Who::Tablet(tablet),
                "lies in a checkpoint of parts",
                [parts as u64, patient as u64, NONE],
            );
            self.say_saved(super::connection::Caller::Tablet(tablet));
        }
    }

    /// After everyone has met, everyone has the records themselves, and nothing rests on somebody's word. Exempt: logs of revoked devices,
    /// of which some have records that count no more, and logs with two histories.
    pub(super) fn compare_unproven(&self, forked: &BTreeSet<LogId>) -> Result<(), String> {
        let hub = &self.relays[0];
        let disputed = self.of_revoked_devices();
        for (tablet, state) in self.tablets.iter().enumerate() {
            if state.destroyed || hub.trust.device(state.device()).is_none_or(|cert| cert.revoked) {
                continue;
            }
            let exempt = |id: &DocumentId| {
                disputed.contains(id)
                    || forked.iter().any(|log| log.document == *id)
                    || !hub.trust.may_read(state.device(), id)
            };
            if let Some(id) = state.disk.checkpoints.unproven.keys().find(|id| !exempt(id)) {
                let base = state.disk.logs.has_base(*id);
                return Err(format!("tablet {tablet} has not proven {id:?} (is something missing: {base})"));
            }
            for (id, document) in state.disk.documents.iter().filter(|(id, _)| !exempt(id)) {
                if let Some(save) = document.saves().find(|save| *save >= INVENTED) {
                    return Err(format!("tablet {tablet} shows invention {} in {id:?}", save - INVENTED));
                }
            }
        }
        Ok(())
    }
}
