//! Plans, their days, and what gets in their way.

use jiff::civil::Date;
use tendenko_app_api as api;
use tendenko_crdt::{EventBody, VisitChange, VisitPlan};
use tendenko_replica::{Clash, Occurrence, ScheduledVisit, StandingPlan, time_of};

use super::people::{Viewer, profession};

/// A plan as it stands.
pub fn plan(viewer: &Viewer, plan: &StandingPlan, today: Date) -> api::PlanView {
    let today = today.to_string();
    let last = if plan.plan.weekdays.is_empty() { Some(&plan.plan.from) } else { plan.plan.until.as_ref() };
    api::PlanView {
        entry: api::EntryId(plan.event.id.to_string()),
        first: api::EntryId(plan.first.to_string()),
        said: said(viewer, &plan.plan),
        ended: last.is_some_and(|last| *last < today),
        written: viewer.stamp(&plan.event.stamp, plan.event.reason.as_deref()),
        rivals: plan
            .rivals
            .iter()
            .map(|rival| api::PlanRival {
                entry: api::EntryId(rival.id.to_string()),
                said: match &rival.body {
                    EventBody::VisitPlan(plan) => Some(said(viewer, plan)),
                    _ => None,
                },
                written: viewer.stamp(&rival.stamp, rival.reason.as_deref()),
            })
            .collect(),
    }
}

/// What a plan says.
pub fn said(viewer: &Viewer, plan: &VisitPlan) -> api::PlanText {
    api::PlanText {
        participants: plan
            .participants
            .iter()
            .map(|one| api::ParticipantView {
                member: api::MemberId(one.member.clone()),
                name: one.name.clone(),
                profession: profession(&one.profession),
                me: one.member == viewer.member,
            })
            .collect(),
        weekdays: plan.weekdays.clone(),
        time: plan.time.clone(),
        minutes: plan.minutes,
        purpose: plan.purpose.clone(),
        from: plan.from.clone(),
        until: plan.until.clone(),
    }
}

/// A change of one day.
pub fn day_change(change: &VisitChange) -> api::VisitChangeView {
    api::VisitChangeView {
        date: change.date.clone(),
        moved_to: change.moved_to.as_ref().map(|other| (other.date.clone(), other.time.clone())),
    }
}

/// A visit of a day.
pub fn visit(viewer: &Viewer, patient: api::PatientName, visit: &ScheduledVisit, today: Date) -> api::ScheduledVisit {
    api::ScheduledVisit {
        patient,
        plan: plan(viewer, &visit.plan, today),
        planned_on: visit.when.planned_on.to_string(),
        date: visit.when.date.to_string(),
        time: visit.when.time(),
        until: ends(&visit.when),
        change: visit.change.as_ref().map(|event| api::DayChangeView {
            entry: api::EntryId(event.id.to_string()),
            dropped: visit.when.dropped,
            against: visit.when.against.iter().map(|entry| api::EntryId(entry.to_string())).collect(),
            written: viewer.stamp(&event.stamp, event.reason.as_deref()),
        }),
        done: visit.done,
        clashes: visit.clashes.iter().map(clash).collect(),
    }
}

/// What gets in the way of a visit.
pub fn clash(clash: &Clash) -> api::ClashView {
    let names = clash.plan.participants.iter();
    api::ClashView {
        patient: api::PatientId(clash.patient.to_string()),
        name: clash.name.clone(),
        time: clash.when.time(),
        until: ends(&clash.when),
        participants: names.clone().map(|one| one.name.clone()).collect(),
        members: names.filter(|one| clash.members.contains(&one.member)).map(|one| one.name.clone()).collect(),
    }
}

/// When a visit ends; one that goes past midnight, on the next day's clock.
pub fn ends(when: &Occurrence) -> String {
    const DAY: u32 = 24 * 60;
    let end = (u32::from(when.start) + u32::from(when.minutes)) % DAY;
    time_of(u16::try_from(end).unwrap_or_default())
}
