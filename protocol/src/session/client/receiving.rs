//! What the relay sends: stored in order, together with the cursor that covers it; new grants are filled in.

use super::{ClientAction, Session, Storing};
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, PatientId};
use crate::messages::{Cursor, Item, Lane, RelayMessage};
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
                None => self.backfilled(patient, scope),
            },
            RelayMessage::Withheld { patient, scope, newest } => self.withheld(patient, scope, newest),
            RelayMessage::Ack { through, arrival, rejected } => self.acked(lane, through, arrival, &rejected)?,
            RelayMessage::Sums { set, sums } => self.summed(set, &sums)?,
            RelayMessage::StatementsSent => self.statements_sent()?,
            RelayMessage::Twins { prints } => self.twins_answered(lane, prints)?,
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
        new_grants: Vec<(PatientId, Scope)>,
        gaps: Vec<DocumentId>,
    ) -> Result<(), CloseReason> {
        let Some(storing) = self.storing.pop_front().filter(|storing| storing.batch == batch) else {
            return Err(CloseReason::Protocol("batches stored out of order"));
        };
        self.lanes[storing.lane].storing_bytes -= storing.bytes;
        for (patient, scope) in storing.backfilled {
            self.backfilled(patient, scope);
        }
        self.granted(new_grants);
        for document in &gaps {
            self.healing.remove(document);
        }
        // A relay that sends what fits nowhere must not make the list grow for ever. What is left out is remembered by the store.
        let room = MAX_SUSPECTS.saturating_sub(self.suspects.len() + self.compared.len());
        let suspects = gaps.into_iter().filter(|document| !self.compared.contains(document));
        self.suspects.extend(suspects.take(room));
        Ok(())
    }
}
