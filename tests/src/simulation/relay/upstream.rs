//! What a relay remembers of the one above it, in the transactions of its store: the outbox, the cursor, what is to be compared. As
//! `sync-relay/src/store/sqlite/upstream.rs` and `sync-relay/src/upstream/carrier.rs` keep it, for a relay that is certified.

use std::collections::{BTreeMap, BTreeSet};

use tendenko_protocol::document::{DocumentId, LogId};
use tendenko_protocol::ids::{ArrivalNo, DeviceId, LogSeq, RecordHash, StatementId};
use tendenko_protocol::messages::{Cursor, Item, Lane};
use tendenko_protocol::record::{Header, RejectReason};
use tendenko_protocol::session::client::{Departure, ItemRef, Rejection};
use tendenko_protocol::session::relay::Outcome;

use super::{Arrived, Checked, Relay, Source, lane_of};
use crate::simulation::sabotage::Sabotage;
use crate::simulation::tablet::header_of;

/// What survives of it.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    /// How far the upstream was heard.
    pub cursor: Option<Cursor>,
    /// What arrived from elsewhere and the upstream does not have, by arrival; true: it was refused, and is offered again after the next start.
    pub outbox: BTreeMap<ArrivalNo, bool>,
    /// Documents to be compared with it.
    pub suspects: BTreeSet<DocumentId>,
}

/// A batch from the upstream that was checked and is to be written.
pub struct FromUpstream {
    /// Its number in the session.
    pub batch: u64,
    /// The items.
    checked: Vec<Checked>,
    /// Their logs, if they are records that were not refused.
    logs: Vec<Option<LogId>>,
    /// Documents of records that were refused for now.
    suspects: Vec<DocumentId>,
    /// The cursor to write with them.
    pub cursor: Option<Cursor>,
}

/// What writing such a batch brought.
#[derive(Debug, Default)]
pub struct Taken {
    /// Documents of which a record could not be taken.
    pub gaps: Vec<DocumentId>,
    /// Logs that a record contradicts.
    pub forked: Vec<LogId>,
    /// The contradicting records.
    pub forks: Vec<RecordHash>,
    /// Records that were kept.
    pub kept: Vec<Header>,
}

/// A stored item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A statement.
    Statement(StatementId),
    /// A record, by its place.
    Record(LogId, LogSeq),
}

/// The name of something that is to be written.
pub(super) fn name_of(item: &Checked) -> Option<Name> {
    match item {
        Checked::Statement(id, _) => Some(Name::Statement(*id)),
        Checked::Record(record) => Some(Name::Record(record.log(), record.header().seq)),
        Checked::Part(_) | Checked::Refused(..) | Checked::Again(_) => None,
    }
}

impl Relay {
    /// The id under which it says hello to its upstream.
    pub fn hello_id(&self) -> DeviceId {
        DeviceId::of_key(&self.keys.public())
    }

    /// With an upstream there is an outbox: all that is here, at first. What was refused is offered again.
    pub fn begin_upstream(&mut self) {
        if self.upstream.is_none() {
            return;
        }
        match &mut self.disk.upstream {
            Some(upstream) => upstream.outbox.values_mut().for_each(|refused| *refused = false),
            None => {
                let there = (1..).map(ArrivalNo).zip(&self.disk.arrivals);
                let outbox = there.filter(|(_, arrived)| !matches!(arrived, Arrived::Moved)).map(|(no, _)| (no, false));
                self.disk.upstream = Some(Upstream { outbox: outbox.collect(), ..Upstream::default() });
            }
        }
    }

    /// Something was written: what is new from elsewhere is to leave, what the upstream is shown to have is not.
    pub(super) fn note_upstream(&mut self, from: Source, name: Option<Name>, outcome: Outcome) {
        let keeps_to_itself = self.breaks(Sabotage::KeepToItself);
        match (from, outcome, name) {
            (Source::Elsewhere, Outcome::Stored(arrival), _) if !keeps_to_itself => {
                if let Some(upstream) = &mut self.disk.upstream {
                    upstream.outbox.insert(arrival, false);
                }
            }
            (Source::Upstream, Outcome::Duplicate, Some(name)) => self.has_left(&name),
            (Source::Upstream, Outcome::Rejected(RejectReason::Gap), Some(Name::Record(log, _))) => {
                if let Some(upstream) = &mut self.disk.upstream {
                    upstream.suspects.insert(log.document);
                }
            }
            _ => {}
        }
    }

    /// The upstream has it.
    fn has_left(&mut self, name: &Name) {
        let place = self
            .disk
            .upstream
            .as_ref()
            .and_then(|upstream| upstream.outbox.keys().copied().find(|arrival| self.is_at(*arrival, name)));
        if let (Some(place), Some(upstream)) = (place, &mut self.disk.upstream) {
            upstream.outbox.remove(&place);
        }
    }

    fn is_at(&self, arrival: ArrivalNo, name: &Name) -> bool {
        match (self.disk.arrivals.get(arrival.0 as usize - 1), name) {
            (Some(Arrived::Statement(id, _)), Name::Statement(wanted)) => id == wanted,
            (Some(Arrived::Record(log, seq)), Name::Record(of, at)) => (log, seq) == (of, at),
            _ => false,
        }
    }

    /// A grant arrived again: so does its place in the outbox.
    pub(super) fn move_in_outbox(&mut self, old: ArrivalNo, new: ArrivalNo) {
        if let Some(upstream) = &mut self.disk.upstream
            && let Some(refused) = upstream.outbox.remove(&old)
        {
            upstream.outbox.insert(new, refused);
        }
    }

    /// Checks a batch from the upstream: statements are believed from here on.
    pub fn check_from_upstream(&mut self, batch: u64, items: Vec<Item>, cursor: Option<Cursor>) -> FromUpstream {
        let mut taken = FromUpstream { batch, checked: Vec::new(), logs: Vec::new(), suspects: Vec::new(), cursor };
        for item in items {
            let header = if let Item::Record(bytes) = &item { header_of(bytes) } else { None };
            let checked = self.check(item);
            if let (Checked::Refused(reason, _), Some(header)) = (&checked, header)
                && !reason.is_final()
            {
                taken.suspects.push(header.document);
            }
            taken.logs.push(match &checked {
                Checked::Record(record) => Some(record.log()),
                _ => None,
            });
            taken.checked.push(checked);
        }
        taken.checked.extend(self.take_due());
        taken
    }

    /// Writes it, with the cursor that covers it, in one transaction.
    pub fn write_from_upstream(&mut self, batch: FromUpstream) -> Taken {
        let (outcomes, forks, kept) = self.write_from(Source::Upstream, batch.checked);
        let mut taken = Taken { gaps: batch.suspects.clone(), forks, kept, ..Taken::default() };
        for (log, outcome) in batch.logs.into_iter().zip(outcomes) {
            match (log, outcome) {
                (Some(log), Outcome::Rejected(RejectReason::Gap)) => taken.gaps.push(log.document),
                (Some(log), Outcome::Rejected(RejectReason::Fork)) => taken.forked.push(log),
                _ => {}
            }
        }
        if let Some(upstream) = &mut self.disk.upstream {
            upstream.suspects.extend(batch.suspects);
            upstream.cursor = batch.cursor.or(upstream.cursor);
        }
        taken
    }

    /// The next of a lane's outbox, at most so many; is there more? Nothing goes before what is on the cards lane before it.
    pub fn upstream_departs(&mut self, lane: Lane, after: u64, behind: u64, limit: usize) -> (Vec<Departure>, bool) {
        let Some(upstream) = &self.disk.upstream else { return (Vec::new(), false) };
        let lane_at = |arrival: &ArrivalNo| self.disk.arrivals.get(arrival.0 as usize - 1).map(lane_of);
        let waiting = |lane: Lane| {
            let open = upstream.outbox.iter().filter(|(_, refused)| !**refused).map(|(arrival, _)| *arrival);
            open.filter(move |arrival| lane_at(arrival) == Some(lane))
        };
        let newest = self.disk.newest();
        let held = waiting(Lane::Cards).find(|arrival| lane != Lane::Cards && arrival.0 > behind);
        let through = held.map_or(newest, |first| ArrivalNo(first.0 - 1));
        if through <= ArrivalNo(after) {
            return (Vec::new(), through < newest);
        }
        let mut places: Vec<ArrivalNo> =
            waiting(lane).filter(|arrival| arrival.0 > after && *arrival <= through).take(limit + 1).collect();
        let more = places.len() > limit;
        places.truncate(limit);
        let departure = |arrival: &ArrivalNo| {
            let item = self.item(self.disk.arrivals.get(arrival.0 as usize - 1)?)?;
            Some(Departure { position: arrival.0, item })
        };
        let items = places.iter().filter_map(departure).collect();
        if self.breaks(Sabotage::SendAndForget)
            && let Some(upstream) = &mut self.disk.upstream
        {
            upstream.outbox.retain(|place, _| !places.contains(place));
        }
        (items, more || through < newest)
    }

    /// The upstream has these durably.
    pub fn upstream_acked(
        &mut self,
        records: Vec<(LogId, LogSeq)>,
        statements: Vec<StatementId>,
        cursor: Option<Cursor>,
    ) {
        let records = records.into_iter().map(|(log, seq)| Name::Record(log, seq));
        for name in records.chain(statements.into_iter().map(Name::Statement)) {
            self.has_left(&name);
        }
        if let Some(upstream) = &mut self.disk.upstream {
            upstream.cursor = cursor.or(upstream.cursor);
        }
    }

    /// The upstream did not take these.
    pub fn upstream_refused(&mut self, items: &[Rejection]) {
        for Rejection { item, .. } in items.iter().filter(|item| item.reason != RejectReason::Full) {
            let name = match item {
                ItemRef::Record { log, seq, .. } => Name::Record(*log, *seq),
                ItemRef::Statement(id) => Name::Statement(*id),
                ItemRef::Chunk(_) | ItemRef::Part(_) | ItemRef::Damaged(_) => continue,
            };
            let place = self
                .disk
                .upstream
                .as_ref()
                .and_then(|upstream| upstream.outbox.keys().copied().find(|arrival| self.is_at(*arrival, &name)));
            if let (Some(place), Some(upstream)) = (place, &mut self.disk.upstream) {
                upstream.outbox.insert(place, true);
            }
        }
    }

    /// Every statement here, by arrival, at most so many; are there more?
    pub fn statements_after(&self, after: u64, limit: usize) -> (Vec<(u64, Vec<u8>)>, bool) {
        let there = (1..).zip(&self.disk.arrivals).skip(after as usize);
        let mut page: Vec<(u64, Vec<u8>)> = there
            .filter_map(|(arrival, arrived)| match arrived {
                Arrived::Statement(_, bytes) => Some((arrival, bytes.to_vec())),
                Arrived::Record(..) | Arrived::Moved => None,
            })
            .take(limit + 1)
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        (page, more)
    }
}
