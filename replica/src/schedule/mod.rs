//! 予定: the plans of the patients on this tablet, their days, and what gets in each other's way.
//!
//! Everything here is read: plans and their changes are entries of the charts, so a tablet without a network has the whole
//! of it, and two tablets with the same records show the same. What a tablet cannot know is what is planned for patients it
//! does not hold: a colleague's round elsewhere does not clash here.
//!
//! Nothing is settled silently. A plan that two people changed apart from each other stands in both versions
//! ([`StandingPlan::rivals`]), a day that was changed twice is there twice ([`Occurrence::against`]), and overlapping visits
//! are told ([`ScheduledVisit::clashes`]) and left as they are.

mod clashes;
mod days;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::Connection;
use tendenko_crdt::{EntryId, Event, EventBody, VisitChange, VisitPlan};
use tendenko_protocol::ids::{MemberId, PatientId};

use clashes::{Slot, clashes};
pub use days::{MAX_DAYS, Occurrence, falls_on, minutes_of, occurrences, time_of, weekday_number};

use crate::error::ReadError;
use crate::models::{plans, read};
use crate::read::day_in_japan;
use crate::replica::Replica;
use crate::store::StoreError;
use crate::views::PatientSummary;

/// A plan that nothing corrects or withdraws.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingPlan {
    /// Whose.
    pub patient: PatientId,
    /// The entry as it stands.
    pub event: Event,
    /// What it says.
    pub plan: VisitPlan,
    /// Its first version: what a change of one day names.
    pub first: EntryId,
    /// What others said of this plan without knowing of this version: other versions, and a withdrawal.
    pub rivals: Vec<Event>,
}

/// A visit, as planned or as moved.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledVisit {
    /// The patient, as in the list.
    pub patient: PatientSummary,
    /// The plan it comes from.
    pub plan: StandingPlan,
    /// When.
    pub when: Occurrence,
    /// What moved it or left it out.
    pub change: Option<Event>,
    /// What gets in its way.
    pub clashes: Vec<Clash>,
    /// A visit of one of those who come is recorded on that day; of the member asked about, where there is one.
    pub done: bool,
}

/// A visit that gets in the way of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Clash {
    /// To whom.
    pub patient: PatientId,
    /// Name of that patient.
    pub name: String,
    /// What is planned there.
    pub plan: VisitPlan,
    /// When.
    pub when: Occurrence,
    /// Ids of those who are expected in both houses; empty: both visits are to the same patient.
    pub members: Vec<String>,
}

/// Whose visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A member's round.
    Member(MemberId),
    /// A patient's visits.
    Patient(PatientId),
    /// All that this tablet knows of.
    Everybody,
}

impl Replica {
    /// The visits from one day to another (ISO dates, both included, at most [`MAX_DAYS`]), by day and time; also those that are
    /// left out.
    pub fn schedule(&self, from: &str, to: &str, whose: Whose) -> Result<Vec<ScheduledVisit>, ReadError> {
        let from: Date = from.parse().map_err(|_| ReadError::BadDate)?;
        let to: Date = to.parse().map_err(|_| ReadError::BadDate)?;
        let reader = self.reader();
        let plans = plans::standing(&reader, None)?;
        let changes = plans::changes(&reader, None)?;
        let found = expand(&plans, &changes, from, to);

        // Clashes are looked for among all visits that take place, also those that are not asked for.
        let (places, slots): (Vec<usize>, Vec<Slot<'_>>) = found
            .iter()
            .enumerate()
            .filter(|(_, visit)| !visit.when.dropped)
            .map(|(place, visit)| (place, slot(visit)))
            .unzip();
        let mut in_the_way: BTreeMap<usize, Vec<(usize, Vec<String>)>> = BTreeMap::new();
        for pair in clashes(&slots) {
            let members: Vec<String> = pair.members.iter().map(|member| (*member).to_owned()).collect();
            let (one, other) = (places[pair.one], places[pair.other]);
            in_the_way.entry(one).or_default().push((other, members.clone()));
            in_the_way.entry(other).or_default().push((one, members));
        }

        let member = match whose {
            Whose::Member(member) => Some(member.to_string()),
            Whose::Patient(_) | Whose::Everybody => None,
        };
        let mut summaries: BTreeMap<PatientId, Option<PatientSummary>> = BTreeMap::new();
        let mut summary = |patient: PatientId| -> Result<Option<PatientSummary>, StoreError> {
            if let Some(known) = summaries.get(&patient) {
                return Ok(known.clone());
            }
            let found = read::patient(&reader, self.me(), patient)?;
            summaries.insert(patient, found.clone());
            Ok(found)
        };
        let mut visits = Vec::new();
        for (place, visit) in found.iter().enumerate() {
            let wanted = match whose {
                Whose::Member(_) => member.as_ref().is_some_and(|member| visit.plan.plan.has(member)),
                Whose::Patient(patient) => visit.plan.patient == patient,
                Whose::Everybody => true,
            };
            let Some(patient) = (if wanted { summary(visit.plan.patient)? } else { None }) else { continue };
            let mut with = Vec::new();
            for (other, members) in in_the_way.remove(&place).unwrap_or_default() {
                let other = &found[other];
                with.push(Clash {
                    patient: other.plan.patient,
                    name: summary(other.plan.patient)?.map(|summary| summary.name).unwrap_or_default(),
                    plan: other.plan.plan.clone(),
                    when: other.when.clone(),
                    members,
                });
            }
            visits.push(ScheduledVisit {
                patient,
                plan: visit.plan.clone(),
                when: visit.when.clone(),
                change: visit.change.cloned(),
                clashes: with,
                done: is_done(&reader, visit, member.as_deref())?,
            });
        }
        visits.sort_by(|a, b| {
            let place = |visit: &ScheduledVisit| (visit.when.date, visit.when.start);
            place(a).cmp(&place(b)).then_with(|| {
                (&a.patient.kana, a.plan.event.id, a.when.planned_on).cmp(&(
                    &b.patient.kana,
                    b.plan.event.id,
                    b.when.planned_on,
                ))
            })
        });
        Ok(visits)
    }

    /// The visits that take place on a day (ISO date), of one member or of all, by time of day.
    pub fn round(&self, date: &str, member: Option<MemberId>) -> Result<Vec<ScheduledVisit>, ReadError> {
        let mut round = self.schedule(date, date, member.map_or(Whose::Everybody, Whose::Member))?;
        round.retain(|visit| !visit.when.dropped);
        Ok(round)
    }

    /// The plans of a patient that stand, also those that begin later or have ended, by their first day.
    pub fn plans(&self, patient: PatientId) -> Result<Vec<StandingPlan>, ReadError> {
        let mut plans = plans::standing(&self.reader(), Some(patient))?;
        plans.sort_by(|a, b| (&a.plan.from, &a.plan.time, a.event.id).cmp(&(&b.plan.from, &b.plan.time, b.event.id)));
        Ok(plans)
    }

    /// The changes of single days of a patient's plans that stand.
    pub fn visit_changes(&self, patient: PatientId) -> Result<Vec<(Event, VisitChange)>, ReadError> {
        let changes = plans::changes(&self.reader(), Some(patient))?.into_iter();
        Ok(changes.filter_map(|(_, event)| Some((event.clone(), change_of(&event)?.clone()))).collect())
    }
}

/// A visit of a plan, before anybody asked whose.
struct Found<'a> {
    plan: &'a StandingPlan,
    when: Occurrence,
    change: Option<&'a Event>,
}

fn expand<'a>(plans: &'a [StandingPlan], changes: &'a [(PatientId, Event)], from: Date, to: Date) -> Vec<Found<'a>> {
    let mut by_plan: BTreeMap<(PatientId, EntryId), Vec<(EntryId, &VisitChange)>> = BTreeMap::new();
    for (patient, event) in changes {
        if let Some(change) = change_of(event) {
            by_plan.entry((*patient, change.plan)).or_default().push((event.id, change));
        }
    }
    let entries: BTreeMap<(PatientId, EntryId), &Event> =
        changes.iter().map(|(patient, event)| ((*patient, event.id), event)).collect();
    let mut found = Vec::new();
    for plan in plans {
        let of_plan = by_plan.get(&(plan.patient, plan.first)).map(Vec::as_slice).unwrap_or_default();
        found.extend(occurrences(&plan.plan, of_plan, from, to).into_iter().map(|when| {
            let change = when.changed_by.and_then(|entry| entries.get(&(plan.patient, entry)).copied());
            Found { plan, when, change }
        }));
    }
    found
}

fn slot<'a>(visit: &Found<'a>) -> Slot<'a> {
    Slot {
        patient: visit.plan.patient,
        members: visit.plan.plan.participants.iter().map(|one| one.member.as_str()).collect(),
        span: visit.when.span(),
    }
}

fn change_of(event: &Event) -> Option<&VisitChange> {
    match &event.body {
        EventBody::VisitChange(change) => Some(change),
        _ => None,
    }
}

fn is_done(connection: &Connection, visit: &Found<'_>, member: Option<&str>) -> Result<bool, StoreError> {
    let Some((from, to)) = day_in_japan(visit.when.date) else { return Ok(false) };
    for participant in &visit.plan.plan.participants {
        if member.is_none_or(|member| member == participant.member)
            && read::visited(connection, visit.plan.patient, &participant.member, from, to)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
