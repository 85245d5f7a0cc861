//! What the relay sends: stored in order, together with the cursor that covers it; new grants are filled in.

use std::collections::BTreeMap;

use super::{ClientAction, Phase, Session, Storing, bounded};
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, PatientId};
use crate::limits::{MAX_BACKFILL, MAX_DOCUMENTS, MAX_FIRST, VECTOR_PAGE};
use crate::messages::{Backfill, ClientMessage, Cursor, Item, Lane, RelayMessage};
use crate::session::CloseReason;

/// Documents that are compared alone in one session.
const MAX_SUSPECTS: usize = 10_000;

impl Session {
    /// Takes a message, or holds it until the cards lane has come as far as it needs.
    pub(super) fn open(&mut self, lane: Lane, message: RelayMessage) -> Result<(), CloseReason> {
        if !self.lanes[lane].held.is_empty() || !self.is_due(&message) {
            if lane == Lane::Cards {
                return Err(CloseReason::Protocol("the cards lane waits for itself"));
            }
            self.lanes[lane].held.push_back(message);
            return Ok(());
        }
        self.take(lane, message)?;
        if lane == Lane::Cards { self.take_held() } else { Ok(()) }
    }

    fn is_due(&self, message: &RelayMessage) -> bool {
        match message {
            RelayMessage::Items { behind, .. } | RelayMessage::Fill { behind, .. } => *behind <= self.at(Lane::Cards),
            _ => true,
        }
    }

    pub(super) fn take_held(&mut self) -> Result<(), CloseReason> {
        for lane in Lane::ALL {
            while let Some(message) = self.lanes[lane].held.pop_front() {
                if !self.is_due(&message) {
                    self.lanes[lane].held.push_front(message);
                    break;
                }
                self.take(lane, message)?;
            }
        }
        Ok(())
    }

    /// How far a lane has come.
    pub(super) fn at(&self, lane: Lane) -> ArrivalNo {
        self.reached.map_or(ArrivalNo::NONE, |cursor| cursor.on(lane))
    }

    fn take(&mut self, lane: Lane, message: RelayMessage) -> Result<(), CloseReason> {
        match message {
            RelayMessage::Items { .. } | RelayMessage::CaughtUp { .. } if !Lane::STREAMED.contains(&lane) => {
                return Err(CloseReason::Protocol("arrivals on a lane that has none"));
            }
            RelayMessage::Items { items, .. } => {
                let mut last = self.at(lane);
                for (arrival, _) in &items {
                    if *arrival <= last {
                        return Err(CloseReason::Protocol("arrivals out of order"));
                    }
                    last = *arrival;
                }
                self.reach(lane, last);
                self.lanes[lane].caught_up = false;
                self.store(lane, items.into_iter().map(|(_, item)| item).collect());
            }
            RelayMessage::Live { items } => self.store(lane, items),
            RelayMessage::Fill { items, .. } => {
                self.chunks.came(&items);
                self.store(lane, items);
            }
            RelayMessage::Absent { chunks } => self.absent(chunks),
            RelayMessage::Lacking { attachments } => self.lacking(attachments)?,
            RelayMessage::CaughtUp { through } if through < self.at(lane) => {
                return Err(CloseReason::Protocol("it was further before"));
            }
            RelayMessage::CaughtUp { through } => {
                self.reach(lane, through);
                self.lanes[lane].caught_up = true;
                self.store_cursor();
            }
            RelayMessage::Backfilled { patient, scope } => match self.storing.back_mut() {
                Some(last) => last.backfilled.push((patient, scope)),
                None => self.filled(patient, scope),
            },
            RelayMessage::Withheld { patient, scope } => {
                if self.backfilling.remove(&(patient, scope)) {
                    self.withheld.insert((patient, scope));
                    self.ask_more();
                }
            }
            RelayMessage::Ack { through, arrival, rejected } => self.acked(lane, through, arrival, &rejected)?,
            RelayMessage::Sums { set, sums } => self.summed(set, &sums)?,
            RelayMessage::StatementsSent => self.statements_sent()?,
            RelayMessage::Vectors { documents, done } => self.vectors_answered(lane, documents, done)?,
            RelayMessage::Welcome { .. } | RelayMessage::ChainWanted | RelayMessage::Refused { .. } => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    fn reach(&mut self, lane: Lane, arrival: ArrivalNo) {
        if let Some(cursor) = &mut self.reached {
            cursor.reach(lane, arrival);
        }
        self.newest = self.newest.max(arrival);
    }

    fn store(&mut self, lane: Lane, items: Vec<Item>) {
        self.batches += 1;
        let bytes = items.iter().map(|item| item.bytes().len()).sum();
        let cursor = self.cursor();
        self.lanes[lane].storing_bytes += bytes;
        self.storing.push_back(Storing { batch: self.batches, lane, bytes, backfilled: Vec::new() });
        self.actions.push(ClientAction::Store { batch: self.batches, items, cursor });
    }

    /// Writes the cursor, unless it stands there already.
    pub(super) fn store_cursor(&mut self) {
        if !self.reconciling && self.reached != self.given {
            self.store(Lane::Cards, Vec::new());
        }
    }

    /// The cursor that may be written now.
    pub(super) fn cursor(&mut self) -> Option<Cursor> {
        let cursor = self.reached.filter(|_| !self.reconciling);
        self.given = cursor.or(self.given);
        cursor
    }

    /// What is acked leaves the outbox, so no relay may go on from an older cursor: all must compare vectors.
    pub(super) fn unfinished(&mut self) -> Option<Cursor> {
        self.given = Some(Cursor::unfinished(self.config.relay));
        self.given
    }

    pub(super) fn stored(
        &mut self,
        batch: u64,
        new_grants: Vec<Backfill>,
        gaps: Vec<DocumentId>,
    ) -> Result<(), CloseReason> {
        let Some(storing) = self.storing.pop_front().filter(|storing| storing.batch == batch) else {
            return Err(CloseReason::Protocol("batches stored out of order"));
        };
        self.lanes[storing.lane].storing_bytes -= storing.bytes;
        for (patient, scope) in storing.backfilled {
            self.filled(patient, scope);
        }
        self.owed(new_grants);
        for document in &gaps {
            self.healing.remove(document);
        }
        // A relay that sends what fits nowhere must not make the list grow for ever. What is left out is remembered by the store.
        let room = MAX_SUSPECTS.saturating_sub(self.suspects.len() + self.compared.len());
        let suspects = gaps.into_iter().filter(|document| !self.compared.contains(document));
        self.suspects.extend(suspects.take(room));
        Ok(())
    }

    /// Asks for the scopes among these that were not asked for yet, unless everything is about to be compared.
    pub(super) fn owed(&mut self, mut scopes: Vec<Backfill>) {
        scopes.retain(|Backfill { patient, scope, .. }| {
            let scope = (*patient, *scope);
            !self.backfilling.contains(&scope) && !self.withheld.contains(&scope)
        });
        if self.documents_are_compared_next() {
            self.compared_scopes.extend(scopes.into_iter().map(|scope| (scope.patient, scope.scope)));
            self.backfilling.extend(&self.compared_scopes);
        } else if self.phase != Phase::New {
            self.pull(scopes, Vec::new());
        }
    }

    /// Asks for scopes to be filled in, those of the patients wanted first before others.
    pub(super) fn pull(&mut self, scopes: Vec<Backfill>, first: Vec<PatientId>) {
        self.backfilling.extend(scopes.iter().map(|scope| (scope.patient, scope.scope)));
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
    fn ask(&mut self, mut first: Vec<PatientId>) {
        let room = MAX_BACKFILL.saturating_sub(self.asked());
        let places: BTreeMap<_, _> = self.config.first.iter().zip(0..).collect();
        self.unasked.sort_by_key(|scope| places.get(&scope.patient).copied().unwrap_or(usize::MAX));
        let scopes: Vec<_> = self.unasked.drain(..room.min(self.unasked.len())).collect();
        let mut messages = messages_of(scopes);
        if messages.is_empty() && !first.is_empty() {
            messages.push(Vec::new());
        }
        for backfill in messages {
            let first = std::mem::take(&mut first);
            self.send(Lane::Cards, ClientMessage::Pull { backfill, first });
        }
    }

    /// Scopes that the relay was asked for, and has not filled in yet.
    fn asked(&self) -> usize {
        self.backfilling.len().saturating_sub(self.unasked.len() + self.compared_scopes.len() + self.coming.len())
    }

    /// The relay has sent what the stream does not bring. It is all here when the stream has come to what is there now.
    pub(super) fn filled(&mut self, patient: PatientId, scope: Scope) {
        let scope_of = (patient, scope);
        if self.withheld.remove(&scope_of) || self.backfilling.contains(&scope_of) {
            self.backfilling.insert(scope_of);
            self.coming.insert(scope_of, self.newest);
            self.ask_more();
        }
    }

    /// Which scopes are here by now? Not before what leaves on the cards lane is answered: a grant among it may be what they rest on.
    pub(super) fn check_coming(&mut self) {
        let cards = &self.lanes[Lane::Cards];
        if self.coming.is_empty() || cards.outbox_more || cards.outbox_asked || cards.outgoing.len() > 0 {
            return;
        }
        let here = |(_, scope): &(PatientId, Scope), up_to: ArrivalNo| {
            let lane = Lane::of(*scope);
            let come = self.lanes[lane].caught_up || self.at(lane) >= up_to;
            come && !self.storing.iter().any(|storing| storing.lane == lane)
        };
        let coming = self.coming.iter();
        let done: Vec<_> = coming.filter(|(scope, up_to)| here(scope, **up_to)).map(|(scope, _)| *scope).collect();
        for (patient, scope) in done {
            self.coming.remove(&(patient, scope));
            self.backfilling.remove(&(patient, scope));
            self.actions.push(ClientAction::BackfillDone { patient, scope });
        }
    }

    fn ask_more(&mut self) {
        if !self.unasked.is_empty() && self.asked() <= MAX_BACKFILL / 2 {
            self.ask(Vec::new());
        }
    }
}

/// Scopes in messages within the wire's bounds. A document that is left out of what is here is sent once more than needed.
fn messages_of(scopes: Vec<Backfill>) -> Vec<Vec<Backfill>> {
    let mut messages: Vec<Vec<Backfill>> = Vec::new();
    let (mut documents, mut logs) = (0, 0);
    for mut scope in scopes {
        let mut logs_here = 0;
        scope.has = bounded(scope.has);
        scope.has.truncate(MAX_DOCUMENTS);
        scope.has.retain(|(_, vector)| {
            logs_here += vector.0.len();
            logs_here == vector.0.len() || logs_here <= VECTOR_PAGE
        });
        documents += scope.has.len();
        logs += logs_here;
        match messages.last_mut() {
            Some(message) if documents <= MAX_DOCUMENTS && logs <= VECTOR_PAGE => message.push(scope),
            _ => {
                (documents, logs) = (scope.has.len(), logs_here);
                messages.push(vec![scope]);
            }
        }
    }
    messages
}
