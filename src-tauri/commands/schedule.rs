//! 予定: the visits of some days, and the plans of a patient.

use jiff::ToSpan as _;
use jiff::civil::Date;
use tendenko_app_api as api;
use tendenko_replica::Whose;

use super::patients::Rows;
use super::{Answer, patient};
use crate::error::{field_required, reading};
use crate::tablet::Desk;
use crate::views::plans;

/// Days that a screen can ask for.
const MOST_DAYS: u8 = 31;

pub fn schedule(desk: &Desk, args: api::GetSchedule) -> Answer<api::GetSchedule> {
    let no_date = || field_required("date");
    let today = desk.today();
    let from: Date = match &args.from {
        None => today,
        Some(from) => from.parse().map_err(|_| no_date())?,
    };
    let days: Vec<Date> = from.series(1.day()).take(usize::from(args.days.clamp(1, MOST_DAYS))).collect();
    let to = days.last().copied().unwrap_or(from);
    let whose = match args.patient.as_ref().map(patient).transpose()? {
        Some(patient) => Whose::Patient(patient),
        None => Whose::Member(desk.replica.me().member),
    };
    let rows = Rows::new(desk)?;
    let visits = desk.replica.schedule(&from.to_string(), &to.to_string(), whose).map_err(|error| reading(&error))?;
    let of_day = |day: Date| {
        let of_day = visits.iter().filter(|visit| visit.when.date == day);
        of_day.map(|visit| plans::visit(&desk.viewer, rows.name(&visit.patient), visit, today)).collect()
    };
    let days = days.into_iter().map(|day| api::ScheduleDay { date: day.to_string(), visits: of_day(day) }).collect();
    Ok(api::Schedule { days })
}

pub fn plans(desk: &Desk, args: api::GetPlans) -> Answer<api::GetPlans> {
    let found = desk.replica.plans(patient(&args.patient)?).map_err(|error| reading(&error))?;
    let today = desk.today();
    Ok(found.iter().map(|plan| plans::plan(&desk.viewer, plan, today)).collect())
}
