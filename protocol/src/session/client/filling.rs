//! Scopes that were granted to this tablet, and are to be filled in: so many are asked for at a time, each with what is stored of it.
//!
//! While everything is compared none are asked for: the comparison brings them, and what is asked for after it is what then is still missing.
//! A relay that sees no grant withholds a scope; when more of the cards lane has come (with what this tablet pushed itself, the lane
//! passes that, too), it is asked for again.

use std::collections::BTreeMap;

use super::{ClientAction, Phase, Session, bounded};
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, PatientId};
use crate::limits::{MAX_BACKFILL, MAX_DOCUMENTS, MAX_FIRST, VECTOR_PAGE};
use crate::messages::{Backfill, ClientMessage, Lane};

impl Session {
    /// Scopes are newly granted.
    pub(super) fn granted(&mut self, scopes: Vec<(PatientId, Scope)>) {
        let fresh: Vec<_> = scopes.into_iter().filter(|scope| !self.backfilling.contains(scope)).collect();
        self.begin_at_checkpoints(&fresh);
        self.pull(fresh, Vec::new());
    }

    /// Asks for checkpoints of the charts among scopes that are about to be filled in.
    pub(super) fn begin_at_checkpoints(&mut self, scopes: &[(PatientId, Scope)]) {
        let charts = scopes.iter().filter(|(_, scope)| *scope == Scope::Chart).map(|(patient, _)| *patient);
        let patients: Vec<_> = charts.take(MAX_BACKFILL).collect();
        if !patients.is_empty() {
            self.ask_for_checkpoints(patients, Vec::new());
        }
    }

    pub(super) fn ask_for_checkpoints(&mut self, patients: Vec<PatientId>, known: Vec<(DocumentId, Vector)>) {
        if self.config.checkpoints.is_some() {
            let mut known = bounded(known);
            known.truncate(MAX_DOCUMENTS);
            self.send(Lane::Cards, ClientMessage::Begin { patients, known });
        }
    }

    /// Asks for scopes to be filled in, those of the patients wanted first before others.
    pub(super) fn pull(&mut self, scopes: Vec<(PatientId, Scope)>, first: Vec<PatientId>) {
        for scope in &scopes {
            self.withheld.remove(scope);
        }
        self.backfilling.extend(scopes.iter().copied());
        self.unasked.extend(scopes);
        self.ask(first);
    }

    /// Other patients are wanted first. While anything is still to come, the relay is told.
    pub(super) fn prefer(&mut self, mut patients: Vec<PatientId>) {
        patients.truncate(MAX_FIRST);
        if patients == self.config.first {
            return;
        }
        self.config.first.clone_from(&patients);
        let more_comes = !self.is_caught_up() || !self.backfilling.is_empty();
        if self.phase != Phase::New && more_comes && !patients.is_empty() {
            self.ask(patients);
        }
    }

    /// The next scopes, as many as the relay may be asked for at once.
    pub(super) fn ask(&mut self, first: Vec<PatientId>) {
        let asked = self.backfilling.len().saturating_sub(self.unasked.len());
        let room = if self.compares_everything() { 0 } else { MAX_BACKFILL.saturating_sub(asked) };
        let places: BTreeMap<_, _> = self.config.first.iter().zip(0..).collect();
        self.unasked.sort_by_key(|(patient, _)| places.get(patient).copied().unwrap_or(usize::MAX));
        let scopes: Vec<_> = self.unasked.drain(..room.min(self.unasked.len())).collect();
        if !scopes.is_empty() || !self.first_to_say.is_empty() {
            if !first.is_empty() {
                self.first_to_say = first;
            }
            if !scopes.is_empty() {
                self.actions.push(ClientAction::LoadHeld { scopes });
            }
        } else if !first.is_empty() {
            self.send(Lane::Cards, ClientMessage::Pull { backfill: Vec::new(), first });
        }
    }

    fn compares_everything(&self) -> bool {
        self.reconciling || (self.phase != Phase::Open && self.comparison.is_some())
    }

    /// It is known what is stored of the scopes to be asked for.
    pub(super) fn held(&mut self, scopes: Vec<Backfill>) {
        let mut pulls: Vec<Vec<Backfill>> = Vec::new();
        let (mut documents, mut logs) = (0, 0);
        for Backfill { patient, scope, has } in scopes {
            let mut has = bounded(has);
            has.truncate(MAX_DOCUMENTS);
            documents += has.len();
            logs += has.iter().map(|(_, vector)| vector.0.len()).sum::<usize>();
            if pulls.is_empty() || documents > MAX_DOCUMENTS || logs > VECTOR_PAGE {
                pulls.push(Vec::new());
                documents = has.len();
                logs = has.iter().map(|(_, vector)| vector.0.len()).sum();
            }
            if let Some(pull) = pulls.last_mut() {
                pull.push(Backfill { patient, scope, has });
            }
        }
        for backfill in pulls {
            let first = std::mem::take(&mut self.first_to_say);
            self.send(Lane::Cards, ClientMessage::Pull { backfill, first });
        }
    }

    pub(super) fn backfilled(&mut self, patient: PatientId, scope: Scope) {
        if self.backfilling.remove(&(patient, scope)) {
            self.actions.push(ClientAction::BackfillDone { patient, scope });
        }
        self.ask_more();
    }

    /// The relay sees no grant of it. The host still remembers it.
    pub(super) fn withheld(&mut self, patient: PatientId, scope: Scope, newest: ArrivalNo) {
        if self.backfilling.remove(&(patient, scope)) {
            self.withheld.insert((patient, scope), newest);
        }
        self.ask_more();
    }

    fn ask_more(&mut self) {
        let asked = self.backfilling.len().saturating_sub(self.unasked.len());
        if !self.unasked.is_empty() && asked <= MAX_BACKFILL / 2 {
            self.ask(Vec::new());
        }
    }

    /// More has come since they were withheld.
    pub(super) fn ask_again(&mut self) {
        let at = self.at(Lane::Cards);
        let again: Vec<_> = self.withheld.iter().filter(|(_, newest)| at > **newest).map(|(scope, _)| *scope).collect();
        if !again.is_empty() {
            self.begin_at_checkpoints(&again);
            self.pull(again, Vec::new());
        }
    }
}
