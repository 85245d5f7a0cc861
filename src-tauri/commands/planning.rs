//! 予定を立てる・変える: every change is an entry with a reason, and what was planned before stays readable.
//!
//! A weekly plan that gets another form from some day on is ended on the day before and goes on as a new plan: what was planned for the days
//! that are over must not change with it. What had been said of single days to come goes along.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{
    Document as _, EntryId, Event, EventBody, OtherTime, Participant, VisitChange, VisitPlan, Withdrawal,
};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::search::parse_birth_date;
use tendenko_replica::{Edit, SaveError, falls_on, minutes_of};

use super::visit::newest;
use super::{Answer, entry, patient};
use crate::error::{field_required, reading, reason, saving};
use crate::tablet::Desk;
use crate::views::people::millis;

/// How long a visit can be planned to take, in minutes.
const MINUTES: std::ops::RangeInclusive<u16> = 5..=720;

pub fn plan(desk: &Desk, args: api::PlanVisit) -> Answer<api::PlanVisit> {
    let patient = patient(&args.patient)?;
    let plan = plan_of(desk, patient, args.draft)?;
    save(desk, patient, |edit| say(edit, EventBody::VisitPlan(plan), None, None))
}

pub fn change(desk: &Desk, args: api::ChangePlan) -> Answer<api::ChangePlan> {
    let (patient, corrected) = (patient(&args.patient)?, entry(&args.plan)?);
    let why = reason(&args.reason)?;
    let (_, before) = standing(desk, patient, corrected)?;
    let plan = plan_of(desk, patient, args.draft)?;
    if before.weekdays.is_empty() || plan.from <= before.from {
        return save(desk, patient, |edit| say(edit, EventBody::VisitPlan(plan), Some(corrected), Some(why)));
    }
    let ended = ending_before(before, &plan.from)?;
    let to_come = days_said(desk, patient, corrected)?
        .into_iter()
        .filter(|(_, change)| change.date >= plan.from && change.date.parse().is_ok_and(|day| falls_on(&plan, day)));
    let to_come: Vec<_> = to_come.collect();
    save(desk, patient, |edit| {
        say(edit, EventBody::VisitPlan(ended), Some(corrected), Some(why))?;
        let first = say(edit, EventBody::VisitPlan(plan), None, Some(why))?;
        for (said, change) in to_come {
            let change = VisitChange { plan: first, ..change };
            say(edit, EventBody::VisitChange(change), None, said.reason.as_deref())?;
        }
        Ok(first)
    })
}

pub fn end(desk: &Desk, args: api::EndPlan) -> Answer<api::EndPlan> {
    let (patient, corrected) = (patient(&args.patient)?, entry(&args.plan)?);
    let why = reason(&args.reason)?;
    let (_, before) = standing(desk, patient, corrected)?;
    let today = desk.today().to_string();
    let body = if before.weekdays.is_empty() || before.from >= today {
        EventBody::Withdrawal(Withdrawal::default())
    } else {
        EventBody::VisitPlan(ending_before(before, &today)?)
    };
    save(desk, patient, |edit| say(edit, body, Some(corrected), Some(why)))
}

pub fn change_day(desk: &Desk, args: api::ChangeVisitDay) -> Answer<api::ChangeVisitDay> {
    let (patient, first) = (patient(&args.patient)?, entry(&args.plan)?);
    let why = reason(&args.reason)?;
    let none = || ApiError::new(ErrorCode::NoSuchEntry);
    let day: Date = args.date.parse().map_err(|_| none())?;
    let plans = desk.replica.plans(patient).map_err(|error| reading(&error))?;
    if !plans.iter().any(|plan| plan.first == first && falls_on(&plan.plan, day)) {
        return Err(none());
    }
    let moved_to = match args.moved_to {
        None => None,
        Some((date, time)) => Some(OtherTime {
            date: day_to_come(&date, desk.today(), "date")?.to_string(),
            time: time_of_day(&time)?,
            newer: Default::default(),
        }),
    };
    let change = VisitChange { plan: first, date: args.date, moved_to, newer: Default::default() };
    let mut before = days_said_of(desk, patient, first)?.into_iter().filter(|(_, said)| said.date == change.date);
    let corrected = before.next().map(|(event, _)| event.id);
    let others: Vec<EntryId> = before.map(|(event, _)| event.id).collect();
    save(desk, patient, |edit| {
        // Whoever saw several and says something new has decided.
        let now = edit.stamp().at;
        for other in others {
            edit.take_back(other, now, Some(why))?;
        }
        say(edit, EventBody::VisitChange(change), corrected, Some(why))
    })
}

pub fn settle(desk: &Desk, args: api::SettlePlan) -> Answer<api::SettlePlan> {
    let patient = patient(&args.patient)?;
    let why = reason(&args.reason)?;
    let keep = newest(desk, patient, entry(&args.keep)?)?.id;
    let mut against = Vec::new();
    for other in &args.against {
        against.push(newest(desk, patient, entry(other)?)?.id);
    }
    against.retain(|other| *other != keep);
    if against.is_empty() {
        return Err(ApiError::new(ErrorCode::NoSuchEntry));
    }
    save(desk, patient, |edit| {
        let now = edit.stamp().at;
        for other in against {
            edit.take_back(other, now, Some(why))?;
        }
        Ok(keep)
    })
}

/// The plan of an entry that nothing corrects.
fn standing(desk: &Desk, patient: PatientId, plan: EntryId) -> Result<(Event, VisitPlan), ApiError> {
    let event = newest(desk, patient, plan)?;
    match &event.body {
        EventBody::VisitPlan(plan) => Ok((event.clone(), plan.clone())),
        _ => Err(ApiError::new(ErrorCode::NoSuchEntry)),
    }
}

/// What was said of single days of the plan with this entry.
fn days_said(desk: &Desk, patient: PatientId, plan: EntryId) -> Result<Vec<(Event, VisitChange)>, ApiError> {
    let plans = desk.replica.plans(patient).map_err(|error| reading(&error))?;
    match plans.iter().find(|known| known.event.id == plan) {
        Some(known) => days_said_of(desk, patient, known.first),
        None => Ok(Vec::new()),
    }
}

/// What was said of single days of the plan with this first version.
fn days_said_of(desk: &Desk, patient: PatientId, first: EntryId) -> Result<Vec<(Event, VisitChange)>, ApiError> {
    let changes = desk.replica.visit_changes(patient).map_err(|error| reading(&error))?;
    Ok(changes.into_iter().filter(|(_, change)| change.plan == first).collect())
}

/// The plan with its last day before this one.
fn ending_before(plan: VisitPlan, day: &str) -> Result<VisitPlan, ApiError> {
    let unreadable = || ApiError::new(ErrorCode::DateUnreadable).with("field", "from");
    let last = day.parse::<Date>().ok().and_then(|day| day.yesterday().ok()).ok_or_else(unreadable)?.to_string();
    let until = plan.until.filter(|until| *until < last).unwrap_or(last);
    Ok(VisitPlan { until: Some(until), ..plan })
}

fn save(
    desk: &Desk,
    patient: PatientId,
    write: impl FnOnce(&mut Edit<'_, '_>) -> Result<EntryId, SaveError>,
) -> Result<api::Saved, ApiError> {
    let saved = desk.replica.edit(patient, |edit| {
        let at = edit.stamp().at;
        let entry = write(edit)?;
        Ok(api::Saved { entry: Some(api::EntryId(entry.to_string())), at: millis(at) })
    });
    desk.replica.look_at_the_round_again();
    saved.map_err(|error| saving(&error))
}

fn say(
    edit: &mut Edit<'_, '_>,
    body: EventBody,
    corrects: Option<EntryId>,
    why: Option<&str>,
) -> Result<EntryId, SaveError> {
    let mut event = edit.event(body)?;
    event.corrects = corrects;
    event.reason = why.map(str::to_owned);
    let at = event.occurred_at;
    Ok(edit.volume_at(at)?.record(event)?)
}

/// A plan that says all that it must.
fn plan_of(desk: &Desk, patient: PatientId, draft: api::PlanDraft) -> Result<VisitPlan, ApiError> {
    let missing = |field: &str| field_required(field);
    let team = desk.replica.team(patient);
    let participants: Vec<Participant> = team
        .into_iter()
        .filter(|one| draft.members.iter().any(|wanted| wanted.0 == one.member.to_string()))
        .map(|one| Participant {
            member: one.member.to_string(),
            name: one.name,
            profession: one.profession,
            newer: Default::default(),
        })
        .collect();
    if participants.is_empty() {
        return Err(missing("participants"));
    }
    if !MINUTES.contains(&draft.minutes) {
        return Err(ApiError::new(ErrorCode::OutOfRange).with("field", "minutes"));
    }
    let today = desk.today();
    let from = match draft.from.trim() {
        "" => today,
        typed => day_to_come(typed, today, "from")?,
    };
    let until = match draft.until.trim() {
        "" => None,
        typed => Some(day_to_come(typed, from, "until")?),
    };
    if until.is_some_and(|until| until < from) {
        return Err(ApiError::new(ErrorCode::OutOfRange).with("field", "until"));
    }
    let mut weekdays = draft.weekdays;
    weekdays.retain(|day| (1..=7).contains(day));
    weekdays.sort_unstable();
    weekdays.dedup();
    Ok(VisitPlan {
        participants,
        time: time_of_day(&draft.time)?,
        minutes: draft.minutes,
        purpose: draft.purpose.trim().to_owned(),
        from: from.to_string(),
        // A single day has no last one.
        until: until.filter(|_| !weekdays.is_empty()).map(|until| until.to_string()),
        weekdays,
        newer: Default::default(),
    })
}

fn time_of_day(time: &str) -> Result<String, ApiError> {
    let time = time.trim();
    minutes_of(time).map(|_| time.to_owned()).ok_or_else(|| field_required("time"))
}

/// The day that was typed, in any form; one without a year is the next such day.
pub fn day_to_come(typed: &str, today: Date, field: &str) -> Result<Date, ApiError> {
    let of_year = |year: i16| parse_birth_date(&format!("{year}/{}", typed.trim()));
    let next = || of_year(today.year()).filter(|day| *day >= today.to_string()).or_else(|| of_year(today.year() + 1));
    let day = parse_birth_date(typed).or_else(next).and_then(|day| day.parse().ok());
    day.ok_or_else(|| ApiError::new(ErrorCode::DateUnreadable).with("field", field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schedule;
    use crate::commands::testing::{Office, admit};

    /// The office's clock stands at a Friday, 2026-11-20.
    const FRIDAY: &str = "2026-11-20";

    fn draft(desk: &Desk, weekdays: &[u8], time: &str) -> api::PlanDraft {
        api::PlanDraft {
            members: vec![api::MemberId(desk.replica.me().member.to_string())],
            weekdays: weekdays.to_vec(),
            time: time.to_owned(),
            minutes: 45,
            purpose: " 服薬確認 ".to_owned(),
            ..Default::default()
        }
    }

    /// Two weeks from the office's day on.
    fn weeks(desk: &Desk, patient: &api::PatientId) -> Vec<String> {
        let asked = api::GetSchedule { from: Some("2026-11-13".into()), days: 21, patient: Some(patient.clone()) };
        let days = schedule::schedule(desk, asked).unwrap().days;
        days.iter()
            .flat_map(|day| &day.visits)
            .map(|visit| {
                let dropped = visit.change.as_ref().is_some_and(|change| change.dropped);
                format!("{} {}–{}{}", &visit.date[5..], visit.time, visit.until, if dropped { " dropped" } else { "" })
            })
            .collect()
    }

    #[test]
    fn a_plan_is_made_changed_from_a_day_on_and_ended() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let made = plan(&desk, api::PlanVisit { patient: patient.clone(), draft: draft(&desk, &[2, 5, 5], "09:30") });
        let made = made.unwrap().entry.unwrap();
        let before = ["11-20 09:30–10:15", "11-24 09:30–10:15", "11-27 09:30–10:15", "12-01 09:30–10:15"];
        assert_eq!(weeks(&desk, &patient), before);

        // One day is left out, and the plan is changed behind it: the day stays left out.
        let out = |date: &str, moved_to: Option<(&str, &str)>| api::ChangeVisitDay {
            patient: patient.clone(),
            plan: made.clone(),
            date: date.to_owned(),
            moved_to: moved_to.map(|(date, time)| (date.to_owned(), time.to_owned())),
            reason: "受診のため".to_owned(),
        };
        change_day(&desk, out("2026-11-27", None)).unwrap();
        change_day(&desk, out("2026-11-24", Some(("11/25", "13:00")))).unwrap();
        assert_eq!(change_day(&desk, out("2026-11-25", None)).unwrap_err().code, ErrorCode::NoSuchEntry);
        let later = api::PlanDraft { from: "11/26".into(), ..draft(&desk, &[5], "10:00") };
        let change_it = |reason: &str, draft| api::ChangePlan {
            patient: patient.clone(),
            plan: made.clone(),
            draft,
            reason: reason.to_owned(),
        };
        assert_eq!(change(&desk, change_it(" ", later.clone())).unwrap_err().code, ErrorCode::ReasonRequired);
        change(&desk, change_it("担当者会議で決定", later.clone())).unwrap();
        assert_eq!(change(&desk, change_it("もう一度", later)).unwrap_err().code, ErrorCode::ChangedMeanwhile);
        assert_eq!(weeks(&desk, &patient), ["11-20 09:30–10:15", "11-25 13:00–13:45", "11-27 10:00–10:45 dropped"]);

        // What was left out is on again; then the plan is ended before it began.
        let plans = schedule::plans(&desk, api::GetPlans { patient: patient.clone() }).unwrap();
        assert_eq!(plans.iter().map(|plan| plan.said.from.as_str()).collect::<Vec<_>>(), [FRIDAY, "2026-11-26"]);
        let end_it = |plan: &api::PlanView| api::EndPlan {
            patient: patient.clone(),
            plan: plan.entry.clone(),
            reason: "入院".to_owned(),
        };
        end(&desk, end_it(&plans[1])).unwrap();
        assert_eq!(weeks(&desk, &patient), ["11-20 09:30–10:15", "11-25 13:00–13:45"]);
        office.clock.set(tendenko_crdt::Timestamp(crate::commands::testing::NOON + 2 * 86_400_000));
        end(&desk, end_it(&schedule::plans(&desk, api::GetPlans { patient: patient.clone() }).unwrap()[0])).unwrap();
        assert_eq!(weeks(&desk, &patient), ["11-20 09:30–10:15"], "what is over stays as it was");
    }

    #[test]
    fn a_day_that_was_changed_is_changed_again_and_taken_back() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let draft = api::PlanDraft { from: "12/1".into(), ..draft(&desk, &[], "23:30") };
        let made = plan(&desk, api::PlanVisit { patient: patient.clone(), draft }).unwrap().entry.unwrap();
        let day = |moved_to: Option<(&str, &str)>| api::ChangeVisitDay {
            patient: patient.clone(),
            plan: made.clone(),
            date: "2026-12-01".to_owned(),
            moved_to: moved_to.map(|(date, time)| (date.to_owned(), time.to_owned())),
            reason: "ご家族の都合".to_owned(),
        };
        change_day(&desk, day(None)).unwrap();
        let moved = change_day(&desk, day(Some(("R8.12.2", "08:00")))).unwrap().entry.unwrap();
        assert_eq!(weeks(&desk, &patient), ["12-02 08:00–08:45"]);
        let back = api::WithdrawEntry { patient: patient.clone(), entry: moved, reason: "元どおり".to_owned() };
        crate::commands::visit::withdraw(&desk, back).unwrap();
        assert_eq!(weeks(&desk, &patient), ["12-01 23:30–00:15"]);
    }

    #[test]
    fn what_a_plan_must_say_is_asked_for() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let good = draft(&desk, &[1], "09:30");
        let refused = |draft: api::PlanDraft| {
            let refused = plan(&desk, api::PlanVisit { patient: patient.clone(), draft }).unwrap_err();
            (refused.code, refused.params["field"].clone())
        };
        let stranger = vec![api::MemberId("00".repeat(16))];
        for (draft, code, field) in [
            (api::PlanDraft { members: stranger, ..good.clone() }, ErrorCode::FieldRequired, "participants"),
            (api::PlanDraft { time: "9:30".into(), ..good.clone() }, ErrorCode::FieldRequired, "time"),
            (api::PlanDraft { minutes: 0, ..good.clone() }, ErrorCode::OutOfRange, "minutes"),
            (api::PlanDraft { from: "あした".into(), ..good.clone() }, ErrorCode::DateUnreadable, "from"),
            (
                api::PlanDraft { from: "2026/12/1".into(), until: "2026/11/30".into(), ..good },
                ErrorCode::OutOfRange,
                "until",
            ),
        ] {
            assert_eq!(refused(draft), (code, field.to_owned()));
        }
    }

    #[test]
    fn a_day_without_a_year_is_the_next_one() {
        let today: Date = "2026-11-26".parse().unwrap();
        let read = |typed: &str| day_to_come(typed, today, "from").map(|day| day.to_string()).ok();
        for (typed, day) in [
            ("11/26", Some("2026-11-26")),
            ("11/20", Some("2027-11-20")),
            ("1月5日", Some("2027-01-05")),
            ("R8.12.24", Some("2026-12-24")),
            ("2026-12-24", Some("2026-12-24")),
            ("あした", None),
            ("2/30", None),
        ] {
            assert_eq!(read(typed).as_deref(), day, "{typed}");
        }
    }
}
