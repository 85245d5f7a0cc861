//! The outbox on its way out, and what the relay says about it.

use super::outgoing::Origin;
use super::{ClientAction, Departure, ItemRef, Rejection, Session};
use crate::ids::ArrivalNo;
use crate::messages::{ClientMessage, Item};
use crate::record::RejectReason;
use crate::session::CloseReason;

impl Session {
    pub(super) fn push(&mut self, items: Vec<Item>, origin: Origin) {
        let (messages, refused) = self.outgoing.push(items, origin);
        for items in messages {
            self.send(ClientMessage::Push { items });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
    }

    pub(super) fn departing(&mut self, items: Vec<Departure>, more: bool) -> Result<(), CloseReason> {
        self.outbox_asked = false;
        if self.reconciling {
            // Read before the welcome said so. The outbox is read again from its start when the comparison is done.
            return Ok(());
        }
        self.outbox_more |= more;
        self.outbox_after = items.iter().map(|departure| departure.position).fold(self.outbox_after, u64::max);
        self.push(items.into_iter().map(|departure| departure.item).collect(), Origin::Outbox);
        Ok(())
    }

    pub(super) fn acked(
        &mut self,
        through: u64,
        arrival: ArrivalNo,
        rejected: &[(u64, RejectReason)],
    ) -> Result<(), CloseReason> {
        let Some(answered) = self.outgoing.answer(through) else {
            return Err(CloseReason::Protocol("an ack for what was not sent"));
        };
        let (mut records, mut statements, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (number, item) in answered {
            let reason = rejected.iter().find(|(rejected, _)| *rejected == number).map(|(_, reason)| *reason);
            match (reason, item.item) {
                (None, ItemRef::Record { log, seq, .. }) => records.push((log, seq)),
                (None, ItemRef::Statement(id)) => statements.push(id),
                (None, ItemRef::Damaged(_)) => {}
                // Sent before both sides knew that vectors must be compared: it will be sent again after that.
                (Some(reason), _) if self.reconciling && item.origin == Origin::Outbox && !reason.is_final() => {}
                (Some(RejectReason::Gap), _)
                    if item.document().is_some_and(|document| !self.compared.contains(&document)) =>
                {
                    self.suspects.extend(item.document());
                }
                (Some(reason), item) => refused.push(Rejection { item, reason }),
            }
        }
        if let Some(cursor) = &mut self.reached {
            cursor.acked = cursor.acked.max(arrival);
        }
        self.newest = self.newest.max(arrival);
        if !(records.is_empty() && statements.is_empty()) {
            let cursor = self.cursor().or_else(|| self.unfinished());
            self.actions.push(ClientAction::Acked { records, statements, cursor });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
        Ok(())
    }
}
