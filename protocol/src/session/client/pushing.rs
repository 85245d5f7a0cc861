//! The outbox on its way out, and what the relay says about it.

use super::outgoing::Origin;
use super::{ClientAction, Departure, ItemRef, Phase, Rejection, Session};
use crate::ids::ArrivalNo;
use crate::messages::{ClientMessage, Item, Lane};
use crate::record::RejectReason;
use crate::session::CloseReason;

impl Session {
    pub(super) fn push(&mut self, lane: Lane, items: Vec<Item>, origin: Origin) {
        let behind = if lane == Lane::Cards { 0 } else { self.lanes[Lane::Cards].outgoing.pushed() };
        let (messages, refused) = self.lanes[lane].outgoing.push(items, origin);
        for items in messages {
            self.send(lane, ClientMessage::Push { behind, items });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
    }

    pub(super) fn departing(&mut self, lane: Lane, items: Vec<Departure>, more: bool) -> Result<(), CloseReason> {
        self.lanes[lane].outbox_asked = false;
        if self.reconciling {
            // Read before the welcome said so. The outbox is read again from its start when the comparison is done.
            return Ok(());
        }
        if more && items.is_empty() && lane != Lane::Cards {
            // Something of the cards lane must leave before.
            self.lanes[Lane::Cards].outbox_more = true;
        }
        let outbox = &mut self.lanes[lane];
        outbox.outbox_more |= more;
        outbox.outbox_after = items.iter().map(|departure| departure.position).fold(outbox.outbox_after, u64::max);
        self.push(lane, items.into_iter().map(|departure| departure.item).collect(), Origin::Outbox);
        Ok(())
    }

    /// Asks for what can leave now: charts once nothing of the cards lane waits, and so on.
    pub(super) fn pump_outbox(&mut self) {
        for lane in Lane::ALL {
            if lane == Lane::Attachments && self.phase != Phase::Open {
                return;
            }
            let behind = self.lanes[Lane::Cards].outbox_after;
            let outbox = &mut self.lanes[lane];
            let room = outbox.outgoing.room();
            if outbox.outbox_more && !outbox.outbox_asked && room > 0 {
                outbox.outbox_more = false;
                outbox.outbox_asked = true;
                self.actions.push(ClientAction::Depart { lane, after: outbox.outbox_after, behind, budget: room });
            }
            if self.lanes[lane].outbox_more || self.lanes[lane].outbox_asked {
                return;
            }
        }
    }

    /// The outbox is read from its start.
    pub(super) fn reread_outbox(&mut self) {
        for (_, lane) in self.lanes.iter_mut() {
            lane.outbox_after = 0;
            lane.outbox_more = true;
        }
    }

    pub(super) fn acked(
        &mut self,
        lane: Lane,
        through: u64,
        arrival: ArrivalNo,
        rejected: &[(u64, RejectReason)],
    ) -> Result<(), CloseReason> {
        let Some(answered) = self.lanes[lane].outgoing.answer(through) else {
            return Err(CloseReason::Protocol("an ack for what was not sent"));
        };
        let (mut records, mut statements, mut chunks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut parts, mut refused) = (Vec::new(), Vec::new());
        for (number, item) in answered {
            let reason = rejected.iter().find(|(rejected, _)| *rejected == number).map(|(_, reason)| *reason);
            match (reason, item.item) {
                (None, ItemRef::Record { log, seq, .. }) => records.push((log, seq)),
                (None, ItemRef::Statement(id)) => statements.push(id),
                (None, ItemRef::Chunk(id)) => chunks.push(id),
                (None, ItemRef::Part(hash)) => parts.push(hash),
                (None, ItemRef::Damaged(_)) => {}
                // Sent before both sides knew that vectors must be compared: it will be sent again after that.
                (Some(reason), _) if self.reconciling && item.origin == Origin::Outbox && !reason.is_final() => {}
                (Some(RejectReason::Gap), _)
                    if item.document().is_some_and(|document| !self.compared.contains(&document)) =>
                {
                    self.suspects.extend(item.document());
                }
                (Some(RejectReason::Fork), _) if item.origin == Origin::Twins => {}
                (Some(reason), item) => {
                    if let (RejectReason::Fork, ItemRef::Record { log, .. }) = (reason, item) {
                        self.twins.note([log]);
                    }
                    refused.push(Rejection { item, reason });
                }
            }
        }
        if let Some(cursor) = &mut self.reached {
            cursor.acked = cursor.acked.max(arrival);
        }
        self.newest = self.newest.max(arrival);
        if !(records.is_empty() && statements.is_empty() && chunks.is_empty() && parts.is_empty()) {
            let cursor = self.cursor().or_else(|| self.unfinished());
            self.actions.push(ClientAction::Acked { records, statements, chunks, parts, cursor });
        }
        if !refused.is_empty() {
            self.actions.push(ClientAction::Rejected { items: refused });
        }
        Ok(())
    }
}
