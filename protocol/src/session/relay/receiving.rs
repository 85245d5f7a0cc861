//! What the tablet sends once it is admitted: items to commit and ack, and requests that become jobs.

use std::collections::{BTreeMap, BTreeSet};

use super::cards::Ahead;
use super::jobs::{Compare, Job, Summing, Twins};
use super::{Committing, Outcome, Reading, RelayAction, Session};
use crate::ids::{ArrivalNo, PatientId};
use crate::limits::MAX_BACKFILL;
use crate::messages::{Backfill, ClientMessage, Item, Lane, RelayMessage, Set};
use crate::record::RejectReason;
use crate::session::CloseReason;

/// Own arrivals remembered so that they are not sent back. Beyond that they are: the tablet knows duplicates.
const MAX_OWN: usize = 100_000;
/// Sums, vectors and twins in one session that may wait for their answer; tablets have one.
const MAX_COMPARISONS: usize = 4;

impl Session {
    pub(super) fn open(&mut self, lane: Lane, message: ClientMessage) -> Result<(), CloseReason> {
        match message {
            ClientMessage::Push { behind, items } => self.pushed(lane, behind, items),
            ClientMessage::Begin { patients, known } => self.begin(patients, known)?,
            ClientMessage::Pull { backfill, first } => self.pulled(backfill, first)?,
            ClientMessage::Sums { sums } => {
                let theirs: BTreeMap<_, _> = sums.into_iter().map(|summary| (summary.set, summary)).collect();
                self.compare(Lane::Cards, |barrier| {
                    Job::Sums(Summing {
                        ours: theirs.keys().map(|set| (*set, Default::default())).collect(),
                        statements_after: theirs.contains_key(&Set::Statements).then_some(ArrivalNo::NONE),
                        documents_after: None,
                        theirs,
                        barrier,
                    })
                })?;
            }
            ClientMessage::Statements { buckets } => {
                self.compare(Lane::Cards, |barrier| Job::Statements { after: ArrivalNo::NONE, barrier, buckets })?;
            }
            ClientMessage::Vectors { coverage, set, buckets, documents } => self.compare(lane, |barrier| {
                Job::Compare(Compare {
                    coverage,
                    only: set.zip(buckets),
                    theirs: documents.into_iter().collect(),
                    lacking: Vec::new(),
                    more: true,
                    barrier,
                })
            })?,
            ClientMessage::Twins { log, prints } => self.compare(lane, |barrier| {
                Job::Twins(Twins { log, theirs: prints.into_iter().collect(), sending: None, barrier })
            })?,
            ClientMessage::Want { chunks } => self.want(chunks)?,
            ClientMessage::Offer { attachments } => self.offered(attachments)?,
            ClientMessage::Hello { .. } | ClientMessage::Bye => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    /// Puts off an answer until what was pushed before is committed.
    fn compare(&mut self, lane: Lane, job: impl FnOnce(u64) -> Job) -> Result<(), CloseReason> {
        let waiting =
            |job: &&Job| matches!(job, Job::Compare(_) | Job::Twins(_) | Job::Sums(_) | Job::Statements { .. });
        if self.lanes[lane].jobs.iter().filter(waiting).count() == MAX_COMPARISONS {
            return Err(CloseReason::Protocol("too many comparisons at once"));
        }
        self.forget_live();
        let barrier = self.lanes[Lane::Cards].received;
        self.lanes[lane].jobs.push_back(job(barrier));
        Ok(())
    }

    /// Items are committed in the order in which they come on their lane, and not before what they say they need.
    fn pushed(&mut self, lane: Lane, behind: u64, items: Vec<Item>) {
        let state = &mut self.lanes[lane];
        state.bytes += items.iter().map(|item| item.bytes().len()).sum::<usize>();
        state.waiting.push_back((if lane == Lane::Cards { 0 } else { behind }, items));
        for lane in Lane::ALL {
            while let Some((behind, _)) = self.lanes[lane].waiting.front()
                && *behind <= self.lanes[Lane::Cards].received
            {
                let Some((_, items)) = self.lanes[lane].waiting.pop_front() else { break };
                self.commit(lane, items);
            }
        }
    }

    fn commit(&mut self, lane: Lane, items: Vec<Item>) {
        self.batches += 1;
        self.lanes[lane].received += items.len() as u64;
        let bytes = items.iter().map(|item| item.bytes().len()).sum();
        self.committing.push_back(Committing { batch: self.batches, lane, items: items.len() as u64, bytes });
        self.actions.push(RelayAction::Commit { batch: self.batches, items });
    }

    /// Cards are filled in on their lane, charts on theirs. What is wanted first goes before what is not, also before what was asked for
    /// earlier: the day goes on, and a patient is opened.
    fn pulled(&mut self, backfill: Vec<Backfill>, first: Vec<PatientId>) -> Result<(), CloseReason> {
        let waiting: usize = self.lanes.iter().map(|(_, lane)| lane.jobs.len()).sum();
        if waiting + backfill.len() + first.len() > 4 * MAX_BACKFILL {
            return Err(CloseReason::Protocol("too many scopes to fill in at once"));
        }
        self.fill_in(backfill);
        if !first.is_empty() {
            self.prefer(first);
        }
        for lane in Lane::STREAMED {
            let state = &mut self.lanes[lane];
            let rest = usize::from(state.reading == Some(Reading::Job));
            // What is compared goes before all of them, and stays in its order.
            let place =
                |job: &Job| job.patient().map(|patient| self.first.get(&patient).copied().unwrap_or(usize::MAX));
            state.jobs.make_contiguous()[rest..].sort_by_key(place);
        }
        Ok(())
    }

    /// Cards and charts of these patients go ahead of the stream.
    fn prefer(&mut self, first: Vec<PatientId>) {
        self.first = first.iter().copied().zip(0..).collect();
        let cards = &mut self.lanes[Lane::Cards];
        if cards.sent_through < self.newest {
            let mut under_way = cards.reading == Some(Reading::Job);
            let rest = usize::from(under_way);
            cards.jobs.retain(|job| {
                std::mem::take(&mut under_way) || !matches!(job, Job::Cards(ahead) if ahead.is_of_first())
            });
            cards.jobs.insert(rest, Job::Cards(Ahead::of(first.clone())));
        }
        let charts = &mut self.lanes[Lane::Charts];
        let mut under_way = charts.reading == Some(Reading::Job);
        // Who is not among them any more comes when the stream does.
        charts.jobs.retain(|job| match job {
            Job::Ahead { patient, .. } => std::mem::take(&mut under_way) || self.first.contains_key(patient),
            _ => {
                under_way = false;
                true
            }
        });
        let asked: BTreeSet<_> = charts.jobs.iter().filter_map(Job::patient).collect();
        let ahead = first.into_iter().filter(|patient| !asked.contains(patient));
        charts.jobs.extend(ahead.map(|patient| Job::Ahead { patient, after: None }));
    }

    pub(super) fn committed(&mut self, batch: u64, outcomes: &[Outcome], newest: ArrivalNo) -> Result<(), CloseReason> {
        let Some(committing) = self.committing.pop_front().filter(|committing| committing.batch == batch) else {
            return Err(CloseReason::Protocol("batches committed out of order"));
        };
        if outcomes.len() as u64 != committing.items {
            return Err(CloseReason::Protocol("an item was left without an outcome"));
        }
        let lane = committing.lane;
        let state = &mut self.lanes[lane];
        state.bytes -= committing.bytes;
        let first = state.answered + 1;
        state.answered += committing.items;
        let through = state.answered;
        let passed = self.passed();
        let mut rejected: Vec<(u64, RejectReason)> = Vec::new();
        for (number, outcome) in (first..).zip(outcomes) {
            match outcome {
                Outcome::Stored(arrival) => {
                    if *arrival > passed && self.own.len() < MAX_OWN {
                        self.own.insert(*arrival);
                    }
                }
                Outcome::Duplicate => {}
                Outcome::Rejected(reason) => rejected.push((number, *reason)),
            }
        }
        self.newest = self.newest.max(newest);
        self.send(lane, RelayMessage::Ack { through, arrival: newest, rejected });
        Ok(())
    }
}
