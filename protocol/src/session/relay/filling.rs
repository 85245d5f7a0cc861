//! Filling in a scope that was granted later: what the stream does not bring of it, less what the tablet has.
//!
//! A page of the stream shows what its device is granted when it is read. So the stream has passed in silence what lies before a grant, and
//! that is what a backfill brings. Some words:
//!
//! - On a lane, a scope *began* where the page began in which the stream of this session first brought something of it. That page was read
//!   with the grant, and what is granted stays granted: from there on the stream brings everything of the scope.
//! - A backfill goes *up to* where its scope began. If the stream has brought nothing of it, up to where the stream is when the first page is
//!   here that was read with the grant: whatever the stream reads later, it reads with the grant, too. Records are counted on the lane of
//!   the scope, grants on the cards lane.
//! - A scope is *introduced* when the stream brings the grant to the tablet itself. Records before that the tablet may have refused, for want of grants that
//!   lie before where the scope began, and not noted: it did not know yet that they concern it. So if the backfill finds such grants, it brings these records, too.
//! - A host has *forgotten* something when it took back what it believed, because it could not be stored: a scope may be granted no more, and
//!   the stream may have passed something in silence again. Then no scope has begun, and backfills under way start again.
//! - A scope that is not granted is *withheld*. It is asked for again when a grant of it comes, by the stream or from the tablet itself.
//!
//! So each record of the scope lies either behind the backfill's end, and the stream brings it, or before it, and the backfill does, unless the
//! tablet says that it has it. If an end were too low, what lies between would never come: the cursor passes it, and the tablet asks no
//! more. If it were too high, or the tablet said too little, some of it would come twice, which tablets know. If a tablet said
//! too much, it would miss that, and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use super::jobs::Job;
use super::{Reading, Session};
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, PatientId};
use crate::messages::{Backfill, Item, Lane, RelayMessage};
use crate::record::Header;
use crate::session::client::pages;

/// Scopes that are remembered to have begun on a lane. Of others more is filled in than needed.
const MAX_BEGUN: usize = 100_000;

/// A patient's card or charts.
pub(super) type Subject = (PatientId, Scope);

/// A scope to be filled in.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) subject: Subject,
    /// What the tablet has of it.
    has: BTreeMap<DocumentId, Vector>,
    after: ArrivalNo,
    /// How far it goes: known from its first page on that was read with the grant.
    up_to: Option<UpTo>,
    /// From where the page under way is read, and what had been heard of grants before.
    asked: (ArrivalNo, u64),
}

/// How far a backfill goes.
#[derive(Debug, Clone, Copy)]
struct UpTo {
    records: ArrivalNo,
    grants: ArrivalNo,
    /// Records up to here the tablet may have refused.
    refused: ArrivalNo,
}

impl UpTo {
    fn end(self) -> ArrivalNo {
        self.records.max(self.grants)
    }
}

impl Fill {
    pub(super) fn new(scope: Backfill) -> Self {
        let Backfill { patient, scope, has } = scope;
        Self {
            subject: (patient, scope),
            has: has.into_iter().collect(),
            after: ArrivalNo::NONE,
            up_to: None,
            asked: Default::default(),
        }
    }

    fn start_again(&mut self) {
        (self.after, self.up_to) = (ArrivalNo::NONE, None);
    }

    /// Is it neither in the stream nor with the tablet?
    fn brings(&self, up_to: UpTo, arrival: ArrivalNo, item: &Item) -> bool {
        match item {
            Item::Statement(_) => arrival <= up_to.grants,
            Item::Record(bytes) => {
                let is_there = |header: Header| {
                    let known = self.has.get(&header.document)?.get(header.device, header.incarnation);
                    Some(header.seq <= known)
                };
                arrival <= up_to.records && Header::of(bytes).and_then(is_there) != Some(true)
            }
            Item::Chunk(_) => false,
        }
    }
}

impl Session {
    /// A page of a lane's stream is about to go out.
    pub(super) fn note_begun(&mut self, lane: Lane, items: &[(ArrivalNo, Item)]) {
        let state = &mut self.lanes[lane];
        let (mut granted, mut own) = (BTreeSet::new(), Vec::new());
        for (arrival, item) in items {
            let Some((patient, scope, recipient)) = item.subject() else { continue };
            let subject = (patient, scope);
            if state.begun.len() < MAX_BEGUN {
                state.begun.entry(subject).or_insert(state.sent_through);
            }
            let Some(recipient) = recipient else { continue };
            granted.insert(subject);
            if self.device == Some(recipient) {
                own.push((subject, *arrival));
            }
        }
        for (subject, arrival) in own {
            self.introduce(subject, arrival);
        }
        self.hear_of_grants(&granted);
    }

    /// The grant of a scope to the tablet itself is about to go out.
    fn introduce(&mut self, subject: Subject, arrival: ArrivalNo) {
        if self.introduced.contains_key(&subject) {
            return;
        }
        let lane = Lane::of(subject.1);
        let state = &mut self.lanes[lane];
        // What is sent on another lane from now on is stored behind the grant.
        let before = if lane == Lane::Cards { ArrivalNo(arrival.0.saturating_sub(1)) } else { state.sent_through };
        // What went out of turn comes again.
        state.ahead.clear();
        state.live.clear();
        if self.introduced.len() < MAX_BEGUN {
            self.introduced.insert(subject, before);
        } else {
            for (_, state) in self.lanes.iter_mut() {
                state.begun.remove(&subject);
            }
        }
    }

    /// Grants of these scopes are stored: what was withheld of them is asked for again.
    pub(super) fn hear_of_grants(&mut self, granted: &BTreeSet<Subject>) {
        if granted.is_empty() {
            return;
        }
        self.heard_of_grants += 1;
        let withheld = std::mem::take(&mut self.withheld);
        let (again, rest): (Vec<_>, _) = withheld.into_iter().partition(|fill| granted.contains(&fill.subject));
        self.withheld = rest;
        for fill in again {
            self.lanes[Lane::of(fill.subject.1)].jobs.push_back(Job::Fill(fill));
        }
    }

    /// How often the host has forgotten something.
    pub(super) fn hear_of_forgotten(&mut self, times: u64) {
        if times == std::mem::replace(&mut self.forgotten, times) {
            return;
        }
        self.introduced.clear();
        for (_, lane) in self.lanes.iter_mut() {
            lane.begun.clear();
            for job in &mut lane.jobs {
                if let Job::Fill(fill) = job {
                    fill.start_again();
                }
            }
        }
    }

    /// Up to where a backfill on this lane goes, as things stand.
    fn up_to(&self, lane: Lane, subject: Subject) -> UpTo {
        let began = |lane: Lane| {
            let state = &self.lanes[lane];
            state.begun.get(&subject).copied().unwrap_or(state.sent_through)
        };
        let refused = self.introduced.get(&subject).copied().unwrap_or_default();
        UpTo { records: began(lane), grants: began(Lane::Cards), refused }
    }

    fn has_begun(&self, lane: Lane, subject: Subject) -> bool {
        self.lanes[lane].begun.contains_key(&subject)
    }

    /// Says of the scopes next to be filled in that they are, where the stream brings everything. True if there was one.
    pub(super) fn finish_fills(&mut self, lane: Lane) -> bool {
        let mut finished = false;
        while let Some(Job::Fill(Fill { subject, .. })) = self.lanes[lane].jobs.front()
            && let subject = *subject
            // As for what is read: not before certificates and grants were sent.
            && self.limit(lane) >= self.newest
            && (self.has_begun(lane, subject) || self.has_begun(Lane::Cards, subject))
            && self.up_to(lane, subject).end() == ArrivalNo::NONE
        {
            self.lanes[lane].jobs.pop_front();
            self.filled(lane, subject);
            finished = true;
        }
        finished
    }

    /// What is to be read for the backfill that is next on this lane: after which arrival, up to which.
    pub(super) fn next_of_fill(&mut self, lane: Lane) -> Option<(ArrivalNo, ArrivalNo)> {
        let heard = self.heard_of_grants;
        let Some(Job::Fill(Fill { subject, .. })) = self.lanes[lane].jobs.front() else { return None };
        let so_far = self.up_to(lane, *subject);
        let Some(Job::Fill(fill)) = self.lanes[lane].jobs.front_mut() else { return None };
        fill.asked = (fill.after, heard);
        Some((fill.after, fill.up_to.unwrap_or(so_far).end()))
    }

    /// A page for the backfill that is first on this lane.
    pub(super) fn fill_page(&mut self, lane: Lane, items: Vec<(ArrivalNo, Item)>, through: ArrivalNo, granted: bool) {
        let heard = self.heard_of_grants;
        let Some(Job::Fill(fill)) = self.lanes[lane].jobs.front() else { return };
        let (subject, asked) = (fill.subject, fill.asked);
        // Where the cards lane reads just now, it may have been without the grant: then its end is known when that is here.
        let unsure = self.lanes[Lane::Cards].reading == Some(Reading::Stream) && !self.has_begun(Lane::Cards, subject);
        let so_far = self.up_to(lane, subject);
        let Some(Job::Fill(fill)) = self.lanes[lane].jobs.front_mut() else { return };
        if asked.0 != fill.after {
            return;
        }
        if !granted {
            fill.start_again();
            if asked.1 == heard {
                self.withhold(lane);
            }
            return;
        }
        let up_to = match fill.up_to {
            None if unsure => return,
            known => fill.up_to.insert(known.unwrap_or(so_far)),
        };
        let earlier =
            |(arrival, item): &(ArrivalNo, Item)| matches!(item, Item::Statement(_)) && *arrival <= up_to.grants;
        if items.iter().any(earlier) {
            // It comes before the records that needed it.
            up_to.records = up_to.records.max(up_to.refused);
        }
        let up_to = *up_to;
        // A page that goes nowhere is the last, or a careless host would be asked for ever.
        let done = through <= fill.after || through >= up_to.end();
        fill.after = through;
        let items = items.into_iter().filter(|(arrival, item)| fill.brings(up_to, *arrival, item));
        for items in pages(items.map(|(_, item)| item).collect(), |item| item.bytes().len()) {
            self.fill(lane, items);
        }
        if done {
            self.lanes[lane].jobs.pop_front();
            self.filled(lane, subject);
        }
    }

    fn withhold(&mut self, lane: Lane) {
        if let Some(Job::Fill(fill)) = self.lanes[lane].jobs.pop_front() {
            let (patient, scope) = fill.subject;
            self.withheld.push(fill);
            self.send(lane, RelayMessage::Withheld { patient, scope });
        }
    }

    fn filled(&mut self, lane: Lane, (patient, scope): Subject) {
        self.send(lane, RelayMessage::Backfilled { patient, scope });
    }
}
