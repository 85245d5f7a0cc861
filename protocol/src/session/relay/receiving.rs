//! What the tablet sends once it is admitted: items to commit and ack, and requests that become jobs.

use super::jobs::{Compare, Job};
use super::{Committing, Outcome, RelayAction, Session};
use crate::ids::ArrivalNo;
use crate::limits::MAX_BACKFILL;
use crate::messages::{ClientMessage, Coverage, RelayMessage};
use crate::record::RejectReason;
use crate::session::CloseReason;

/// Own arrivals remembered so that they are not sent back. Beyond that they are: the tablet knows duplicates.
const MAX_OWN: usize = 100_000;
/// Messages of vectors in one session that may wait for their answer; tablets have one.
const MAX_COMPARISONS: usize = 4;

impl Session {
    pub(super) fn open(&mut self, message: ClientMessage) -> Result<(), CloseReason> {
        match message {
            ClientMessage::Push { items } => {
                self.batches += 1;
                self.received += items.len() as u64;
                let bytes = items.iter().map(|item| item.bytes().len()).sum();
                self.committing_bytes += bytes;
                self.committing.push_back(Committing { batch: self.batches, items: items.len() as u64, bytes });
                self.actions.push(RelayAction::Commit { batch: self.batches, items });
            }
            ClientMessage::Pull { backfill } => {
                if self.jobs.len() + backfill.len() > 4 * MAX_BACKFILL {
                    return Err(CloseReason::Protocol("too many scopes to fill in at once"));
                }
                let fill = |(patient, scope)| Job::Fill { patient, scope, after: ArrivalNo::NONE };
                self.jobs.extend(backfill.into_iter().map(fill));
            }
            ClientMessage::Vectors { coverage, documents } => {
                if self.jobs.iter().filter(|job| matches!(job, Job::Compare(_))).count() == MAX_COMPARISONS {
                    return Err(CloseReason::Protocol("too many vectors at once"));
                }
                let barrier = self.received;
                if self.reconciling && matches!(coverage, Coverage::Span { after: None, .. }) {
                    self.jobs.push_back(Job::Statements { after: ArrivalNo::NONE, barrier });
                }
                self.jobs.push_back(Job::Compare(Compare {
                    barrier,
                    coverage,
                    theirs: documents.into_iter().collect(),
                    lacking: Vec::new(),
                    more: true,
                    last: matches!(coverage, Coverage::Span { through: None, .. }),
                }));
            }
            ClientMessage::Hello { .. } | ClientMessage::Bye => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    pub(super) fn committed(&mut self, batch: u64, outcomes: &[Outcome], newest: ArrivalNo) -> Result<(), CloseReason> {
        let Some(committing) = self.committing.pop_front().filter(|committing| committing.batch == batch) else {
            return Err(CloseReason::Protocol("batches committed out of order"));
        };
        if outcomes.len() as u64 != committing.items {
            return Err(CloseReason::Protocol("an item was left without an outcome"));
        }
        self.committing_bytes -= committing.bytes;
        let through = self.answered();
        let first = through - committing.items + 1;
        let mut rejected: Vec<(u64, RejectReason)> = Vec::new();
        for (number, outcome) in (first..).zip(outcomes) {
            match outcome {
                Outcome::Stored(arrival) => {
                    if *arrival > self.sent_through && self.own.len() < MAX_OWN {
                        self.own.insert(*arrival);
                    }
                }
                Outcome::Duplicate => {}
                Outcome::Rejected(reason) => rejected.push((number, *reason)),
            }
        }
        self.newest = self.newest.max(newest);
        self.send(RelayMessage::Ack { through, arrival: newest, rejected });
        Ok(())
    }

    /// Number of the last item of this session that was answered.
    pub(super) fn answered(&self) -> u64 {
        self.received - self.committing.iter().map(|batch| batch.items).sum::<u64>()
    }
}
