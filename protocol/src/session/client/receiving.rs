//! What the relay sends: stored in order, together with the cursor that covers it; new grants are filled in.

use super::{ClientAction, Session, Storing};
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, PatientId};
use crate::limits::MAX_BACKFILL;
use crate::messages::{ClientMessage, Cursor, Item, RelayMessage};
use crate::session::CloseReason;

impl Session {
    pub(super) fn open(&mut self, message: RelayMessage) -> Result<(), CloseReason> {
        match message {
            RelayMessage::Items { items } => {
                let mut last = self.reached.map_or(ArrivalNo::NONE, |cursor| cursor.after);
                for (arrival, _) in &items {
                    if *arrival <= last {
                        return Err(CloseReason::Protocol("arrivals out of order"));
                    }
                    last = *arrival;
                }
                self.reach(last);
                self.caught_up = false;
                self.store(items.into_iter().map(|(_, item)| item).collect());
            }
            RelayMessage::Fill { items } => self.store(items),
            RelayMessage::CaughtUp { through } => {
                self.reach(through);
                self.caught_up = true;
                self.store_cursor();
            }
            RelayMessage::Backfilled { patient, scope } => match self.storing.back_mut() {
                Some(last) => last.backfilled.push((patient, scope)),
                None => self.backfilled(patient, scope),
            },
            RelayMessage::Ack { through, arrival, rejected } => self.acked(through, arrival, &rejected)?,
            RelayMessage::Vectors { documents, done } => self.vectors_answered(documents, done)?,
            RelayMessage::Welcome { .. } | RelayMessage::ChainWanted | RelayMessage::Refused { .. } => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    fn reach(&mut self, arrival: ArrivalNo) {
        if let Some(cursor) = &mut self.reached {
            cursor.after = cursor.after.max(arrival);
            self.newest = self.newest.max(cursor.after);
        }
    }

    fn store(&mut self, items: Vec<Item>) {
        self.batches += 1;
        let bytes = items.iter().map(|item| item.bytes().len()).sum();
        let cursor = self.cursor();
        self.storing_bytes += bytes;
        self.storing.push_back(Storing { batch: self.batches, bytes, backfilled: Vec::new() });
        self.actions.push(ClientAction::Store { batch: self.batches, items, cursor });
    }

    /// Writes the cursor, unless it stands there already.
    pub(super) fn store_cursor(&mut self) {
        if !self.reconciling && self.reached != self.given {
            self.store(Vec::new());
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
        new_grants: Vec<(PatientId, Scope)>,
        gaps: Vec<DocumentId>,
    ) -> Result<(), CloseReason> {
        let Some(storing) = self.storing.pop_front().filter(|storing| storing.batch == batch) else {
            return Err(CloseReason::Protocol("batches stored out of order"));
        };
        self.storing_bytes -= storing.bytes;
        for (patient, scope) in storing.backfilled {
            self.backfilled(patient, scope);
        }
        let fresh = new_grants.into_iter().filter(|grant| !self.backfilling.contains(grant)).collect();
        self.pull(fresh);
        for document in &gaps {
            self.healing.remove(document);
        }
        let suspects = gaps.into_iter().filter(|document| !self.compared.contains(document));
        self.suspects.extend(suspects);
        Ok(())
    }

    pub(super) fn pull(&mut self, scopes: Vec<(PatientId, Scope)>) {
        self.backfilling.extend(scopes.iter().copied());
        for part in scopes.chunks(MAX_BACKFILL) {
            self.send(ClientMessage::Pull { backfill: part.to_vec() });
        }
    }

    fn backfilled(&mut self, patient: PatientId, scope: Scope) {
        if self.backfilling.remove(&(patient, scope)) {
            self.actions.push(ClientAction::BackfillDone { patient, scope });
        }
    }
}
