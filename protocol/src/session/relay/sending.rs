//! What goes out: on each lane one read at a time, first the jobs, then the stream in order of arrival.

use super::cards::MAX_AHEAD;
use super::chunks::read_chunks;
use super::jobs::{Compare, Job, Summing, Twins};
use super::twins::read_twins;
use super::{LaneState, Phase, Reading, RelayAction, Select, Session};
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, RecordHash};
use crate::limits::{MAX_DOCUMENTS, PAGE, VECTOR_PAGE};
use crate::messages::{Coverage, Item, Lane, RelayMessage};
use crate::session::CloseReason;
use crate::session::client::pages;

fn read_vectors(lane: Lane, coverage: Coverage, listed: Vec<DocumentId>) -> RelayAction {
    RelayAction::ReadVectors { lane, coverage, listed, max_documents: MAX_DOCUMENTS, max_logs: VECTOR_PAGE }
}

impl Session {
    /// Asks for each lane's next read, if none is under way and its stream has taken what was read before.
    pub(super) fn pump(&mut self) {
        if self.phase != Phase::Open {
            return;
        }
        for lane in Lane::ALL {
            if self.lanes[lane].reading.is_none() && self.lanes[lane].unwritten == 0 {
                self.pump_lane(lane);
            }
        }
    }

    fn pump_lane(&mut self, lane: Lane) {
        let committed = self.lanes[Lane::Cards].answered;
        let limit = self.limit(lane);
        let (newest, sent_through) = (self.newest, self.lanes[lane].sent_through);
        let of_checkpoints = if lane == Lane::Charts { self.next_checkpoints() } else { None };
        let read = |after, through, select| RelayAction::ReadPage { lane, after, through, select, limit_bytes: PAGE };
        let waits = self.fill_waits(lane);
        let (reading, action) = match self.lanes[lane].jobs.front_mut().filter(|_| !waits) {
            Some(
                Job::Statements { barrier, .. }
                | Job::Compare(Compare { barrier, .. })
                | Job::Sums(Summing { barrier, .. })
                | Job::Twins(Twins { barrier, .. }),
            ) if *barrier > committed => return,
            // What needs certificates and grants waits until they were sent.
            Some(Job::Checkpoints(_) | Job::Fill(_) | Job::Ahead { .. }) if limit < newest => return,
            Some(Job::Statements { after, .. } | Job::Sums(Summing { statements_after: Some(after), .. })) => {
                (Reading::Job, read(*after, newest, Select::Statements))
            }
            Some(Job::Sums(Summing { documents_after, .. })) => {
                let coverage = Coverage::Span { after: *documents_after, through: None };
                (Reading::Job, read_vectors(lane, coverage, Vec::new()))
            }
            Some(Job::Cards(ahead)) => (Reading::Job, ahead.next(sent_through, newest)),
            Some(Job::Checkpoints(_)) => {
                let Some(action) = of_checkpoints else { return };
                (Reading::Job, action)
            }
            Some(Job::Fill(fill)) => {
                let (after, through) = fill.next(newest);
                (Reading::Job, read(after, through, Select::Scope(fill.patient, fill.scope)))
            }
            Some(Job::Ahead { patient, after }) => {
                let after = *after.get_or_insert(sent_through);
                (Reading::Job, read(after, newest, Select::Scope(*patient, Scope::Chart)))
            }
            Some(Job::Compare(compare)) if compare.lacking.is_empty() => {
                let listed = match compare.coverage {
                    Coverage::Listed => compare.theirs.keys().copied().collect(),
                    Coverage::Span { .. } => Vec::new(),
                };
                (Reading::Job, read_vectors(lane, compare.coverage, listed))
            }
            Some(Job::Compare(compare)) => {
                let documents = compare.lacking.clone();
                (Reading::Job, RelayAction::ReadMissing { lane, documents, limit_bytes: PAGE })
            }
            Some(Job::Twins(Twins { log, sending, .. })) => (Reading::Job, read_twins(lane, *log, sending.as_ref())),
            Some(Job::Want(wanted)) => (Reading::Job, read_chunks(wanted)),
            Some(Job::Offer(offered)) => (Reading::Job, RelayAction::ReadLacking { offered: offered.clone() }),
            None => {
                self.pass_own(lane);
                let state = &mut self.lanes[lane];
                if state.sent_through < limit {
                    (Reading::Stream, read(state.sent_through, limit, Select::All))
                } else {
                    if state.sent_through >= newest && Lane::STREAMED.contains(&lane) {
                        self.announce(lane);
                    }
                    return;
                }
            }
        };
        self.lanes[lane].reading = Some(reading);
        self.actions.push(action);
    }

    /// How far a lane's stream may go: charts not beyond the certificates and grants they need.
    fn limit(&self, lane: Lane) -> ArrivalNo {
        match lane {
            Lane::Cards => self.newest,
            Lane::Charts => self.lanes[Lane::Cards].sent_through,
            Lane::Attachments => ArrivalNo::NONE,
        }
    }

    /// Tells the tablet how far the lane is, once.
    fn announce(&mut self, lane: Lane) {
        let state = &mut self.lanes[lane];
        if std::mem::take(&mut state.announce) {
            state.said = state.sent_through;
            let through = state.sent_through;
            self.send(lane, RelayMessage::CaughtUp { through });
        }
    }

    pub(super) fn page(
        &mut self,
        lane: Lane,
        items: Vec<(ArrivalNo, Item)>,
        through: ArrivalNo,
        end: bool,
    ) -> Result<(), CloseReason> {
        let reading = self.read(lane)?;
        let state = &mut self.lanes[lane];
        let (after, ahead) = match (reading, state.jobs.front_mut()) {
            (Reading::Stream, _) | (Reading::Job, None) => return self.stream(lane, items, through, end),
            (Reading::Job, Some(Job::Sums(_))) => return self.statements_summed(lane, &items, through, end),
            (
                Reading::Job,
                Some(
                    Job::Cards(_)
                    | Job::Checkpoints(_)
                    | Job::Compare(_)
                    | Job::Twins(_)
                    | Job::Want(_)
                    | Job::Offer(_),
                ),
            ) => {
                return Err(CloseReason::Protocol("a page was not asked for"));
            }
            (Reading::Job, Some(Job::Ahead { after, .. })) => (after.get_or_insert(ArrivalNo::NONE), true),
            (Reading::Job, Some(Job::Fill(_))) => return self.fill_page(lane, items, through, end),
            (Reading::Job, Some(Job::Statements { after, .. })) => (after, false),
        };
        // A page that goes nowhere is the last, or a careless host would be asked for ever.
        let done = end || through <= *after;
        *after = through;
        let mut items = items;
        if let Some(Job::Statements { buckets, .. }) = state.jobs.front() {
            items.retain(|(_, item)| buckets.has_statement(item.bytes()));
        }
        let items: Vec<_> = if ahead {
            // The grants among them go on the cards lane anyway.
            let (own, sent, known) = (&self.own, &state.ahead, &mut self.known);
            let wanted = |(arrival, item): &(ArrivalNo, Item)| {
                matches!(item, Item::Record(_))
                    && known.lacks(item)
                    && !own.contains(arrival)
                    && !sent.contains(arrival)
            };
            let items: Vec<_> = items.into_iter().filter(wanted).collect();
            let room = MAX_AHEAD.saturating_sub(state.ahead.len());
            state.ahead.extend(items.iter().take(room).map(|(arrival, _)| *arrival));
            items
        } else {
            items
        };
        for items in pages(items.into_iter().map(|(_, item)| item).collect(), |item| item.bytes().len()) {
            self.fill(lane, items);
        }
        if done {
            // What came ahead of its turn is not all there is: the scope may have been granted only now.
            if let Some(Job::Statements { .. }) = self.lanes[lane].jobs.pop_front() {
                self.send(lane, RelayMessage::StatementsSent);
            }
        }
        Ok(())
    }

    /// A page of the stream.
    fn stream(
        &mut self,
        lane: Lane,
        items: Vec<(ArrivalNo, Item)>,
        through: ArrivalNo,
        end: bool,
    ) -> Result<(), CloseReason> {
        let limit = self.limit(lane);
        let behind = self.behind(lane);
        if lane == Lane::Cards && self.told.note(self.device, &items) {
            // What was forwarded before it may have been refused: it comes in its turn.
            self.forget_live();
        }
        let state = &mut self.lanes[lane];
        let sent_through = state.sent_through;
        state.announce |= !items.is_empty();
        let (own, known) = (&self.own, &mut self.known);
        let LaneState { live, ahead, .. } = state;
        let is_fresh = |(arrival, item): &(ArrivalNo, Item)| {
            let forwarded = !live.is_empty() && live.remove(&RecordHash::of(item.bytes()).0);
            let sent = *arrival <= sent_through || own.contains(arrival) || ahead.contains(arrival);
            !forwarded && known.lacks(item) && !sent
        };
        let items: Vec<_> = items.into_iter().filter(is_fresh).collect();
        state.missed = false;
        if let Some((last, _)) = items.last() {
            state.said = state.said.max(*last);
        }
        let stuck = !end && through <= sent_through;
        state.sent_through = sent_through.max(if stuck { limit } else { through });
        state.ahead = state.ahead.split_off(&state.sent_through.next());
        for items in pages(items, |(_, item)| item.bytes().len()) {
            self.send(lane, RelayMessage::Items { behind, items });
        }
        self.forget_own();
        Ok(())
    }

    pub(super) fn fill(&mut self, lane: Lane, items: Vec<Item>) {
        let behind = self.behind(lane);
        self.send(lane, RelayMessage::Fill { behind, items });
    }

    /// What the tablet must have of the cards lane before what is now sent on another.
    fn behind(&self, lane: Lane) -> ArrivalNo {
        if lane == Lane::Cards { ArrivalNo::NONE } else { self.lanes[Lane::Cards].said }
    }

    pub(super) fn read(&mut self, lane: Lane) -> Result<Reading, CloseReason> {
        self.lanes[lane].reading.take().ok_or(CloseReason::Protocol("nothing was asked for"))
    }

    /// What the tablet pushed itself need not be read again.
    fn pass_own(&mut self, lane: Lane) {
        let limit = self.limit(lane);
        let state = &mut self.lanes[lane];
        while state.sent_through < limit && self.own.contains(&state.sent_through.next()) {
            state.sent_through = state.sent_through.next();
            state.announce = true;
        }
        self.forget_own();
    }

    /// All streams have passed what is before this.
    pub(super) fn passed(&self) -> ArrivalNo {
        Lane::STREAMED.into_iter().map(|lane| self.lanes[lane].sent_through).min().unwrap_or_default()
    }

    fn forget_own(&mut self) {
        let rest = self.passed().next();
        if self.own.first().is_some_and(|first| *first < rest) {
            self.own = self.own.split_off(&rest);
        }
    }
}
