//! Filling in a scope that was granted later: everything of it, from the first arrival on, that the tablet does not have and was not sent (`known`).
//!
//! A backfill begins when the cards lane was sent all there is, so that grants are there before what needs them. It lets the stream of its own lane go
//! before, which brings most of what a new tablet lacks and moves the cursor as it comes: when a link breaks, that is not sent again. Only a chart that
//! is wanted first does not wait. A backfill ends at what is the newest arrival when it begins. If a grant to the tablet lies before that *end*, all of the backfill was read with the grant, and so is whatever the streams read
//! from there on: then everything up to the end was sent, and `backfilled` says so. If not, the relay may have shown nothing, or may have believed a grant that it has
//! not stored: the scope is *withheld*. When more has arrived, the tablet may ask again.
//!
//! What the stream of this session brought before the own grant the tablet may have refused, for want of grants that the stream had passed in silence,
//! and not noted: it did not know yet that it is concerned. So if the stream has brought the own grant, and the backfill finds such grants, only
//! what the tablet has said counts as known.
//! And what was forwarded live before the own grant may have overtaken it: when the stream brings the own grant, nothing of it counts any more.

use std::collections::BTreeSet;

use super::Session;
use super::jobs::Job;
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, DeviceId, PatientId};
use crate::messages::{Backfill, Item, Lane, RelayMessage};
use crate::session::CloseReason;
use crate::session::client::pages;

/// Statements, and scopes, that are remembered. Beyond that more is sent than needed.
const MAX_TOLD: usize = 100_000;

/// A scope to be filled in.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) patient: PatientId,
    pub(super) scope: Scope,
    /// What the tablet has of it, as it said.
    has: Vec<(DocumentId, Vector)>,
    after: ArrivalNo,
    /// Known once it has begun.
    end: Option<ArrivalNo>,
    /// A grant of it to the tablet was found.
    granted: bool,
    /// Only what the tablet has said counts as known.
    anew: bool,
}

impl Fill {
    pub(super) fn new(Backfill { patient, scope, has }: Backfill) -> Self {
        Self { patient, scope, has, after: ArrivalNo::NONE, end: None, granted: false, anew: false }
    }

    /// What is to be read: after which arrival, and up to which.
    pub(super) fn next(&mut self, newest: ArrivalNo) -> (ArrivalNo, ArrivalNo) {
        (self.after, *self.end.get_or_insert(newest))
    }
}

/// What the stream of the cards lane has brought in this session.
#[derive(Debug, Default)]
pub(super) struct Told {
    statements: BTreeSet<ArrivalNo>,
    /// Scopes of which there is a grant to the tablet among them.
    granted: BTreeSet<(PatientId, Scope)>,
}

impl Told {
    /// A page is about to go out. True if it has a grant to the tablet.
    pub(super) fn note(&mut self, tablet: Option<DeviceId>, items: &[(ArrivalNo, Item)]) -> bool {
        let mut granted = false;
        for (arrival, item) in items {
            if !matches!(item, Item::Statement(_)) || self.statements.len() >= MAX_TOLD {
                continue;
            }
            self.statements.insert(*arrival);
            if let Some((patient, scope, device)) = item.grant()
                && tablet == Some(device)
            {
                self.granted.insert((patient, scope));
                granted = true;
            }
        }
        granted
    }

    fn may_have_granted(&self, patient: PatientId, scope: Scope) -> bool {
        self.granted.contains(&(patient, scope)) || self.statements.len() >= MAX_TOLD
    }
}

impl Session {
    /// Scopes to be filled in, cards on their lane, charts on theirs.
    pub(super) fn fill_in(&mut self, backfill: Vec<Backfill>) {
        if !backfill.is_empty() {
            self.forget_live();
        }
        for scope in backfill {
            for (document, vector) in &scope.has {
                self.known.raise(*document, vector.clone());
            }
            self.lanes[Lane::of(scope.scope)].jobs.push_back(Job::Fill(Fill::new(scope)));
        }
    }

    /// Is there a backfill next that lets the stream go before?
    pub(super) fn fill_waits(&self, lane: Lane) -> bool {
        let state = &self.lanes[lane];
        let waits = |fill: &Fill| lane == Lane::Cards || !self.first.contains_key(&fill.patient);
        matches!(state.jobs.front(), Some(Job::Fill(fill)) if state.sent_through < self.newest && waits(fill))
    }

    /// A page for the backfill that is first on this lane.
    pub(super) fn fill_page(
        &mut self,
        lane: Lane,
        items: Vec<(ArrivalNo, Item)>,
        through: ArrivalNo,
        end: bool,
    ) -> Result<(), CloseReason> {
        let Some(Job::Fill(mut fill)) = self.lanes[lane].jobs.pop_front() else {
            return Err(CloseReason::Protocol("a page was not asked for"));
        };
        let brought: Vec<_> =
            items.into_iter().filter(|(arrival, item)| self.brings(&mut fill, *arrival, item)).collect();
        for items in pages(brought.into_iter().map(|(_, item)| item).collect(), |item| item.bytes().len()) {
            self.fill(lane, items);
        }
        // A page that goes nowhere is the last, or a careless host would be asked for ever.
        if !end && through > fill.after {
            fill.after = through;
            self.lanes[lane].jobs.push_front(Job::Fill(fill));
            return Ok(());
        }
        let Fill { patient, scope, granted, end, .. } = fill;
        if granted {
            self.send(lane, RelayMessage::Backfilled { patient, scope });
        } else {
            // What it was sent without a stored grant it may have refused.
            self.known.forget(patient, scope);
            self.send(lane, RelayMessage::Withheld { patient, scope, newest: end.unwrap_or_default() });
        }
        Ok(())
    }

    /// Is this neither with the tablet nor on its way?
    fn brings(&mut self, fill: &mut Fill, arrival: ArrivalNo, item: &Item) -> bool {
        match item {
            Item::Statement(_) => {
                fill.granted |= self.device.is_some_and(|own| item.grant() == Some((fill.patient, fill.scope, own)));
                let told = self.told.statements.contains(&arrival);
                if !told && !fill.anew && self.told.may_have_granted(fill.patient, fill.scope) {
                    fill.anew = true;
                    self.known.forget(fill.patient, fill.scope);
                    for (document, vector) in std::mem::take(&mut fill.has) {
                        self.known.raise(document, vector);
                    }
                }
                !told
            }
            Item::Record(_) => self.known.lacks(item) && !self.own.contains(&arrival),
            Item::Chunk(_) | Item::Checkpoint(_) => false,
        }
    }
}
