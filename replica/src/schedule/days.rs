//! From plans to days: pure, and the same on every tablet.
//!
//! A plan says on which days it falls; each change of one of these days replaces that day and no other. A change of a day
//! that the plan does not have (any more) changes nothing. Two changes of the same day that were written apart give both:
//! nobody is sent away because two people were careful.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use tendenko_crdt::{EntryId, VisitChange, VisitPlan};

/// Days that are looked at in one go, at most.
pub const MAX_DAYS: i32 = 62;

/// One visit of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The day by the plan.
    pub planned_on: Date,
    /// The day it is on.
    pub date: Date,
    /// When it begins, in minutes after midnight in Japan.
    pub start: u16,
    /// How long it is planned to take, in minutes.
    pub minutes: u16,
    /// What moved it or left it out.
    pub changed_by: Option<EntryId>,
    /// It is left out.
    pub dropped: bool,
    /// What others said otherwise of the same day, apart from this: their entries.
    pub against: Vec<EntryId>,
}

impl Occurrence {
    /// When it begins and ends, in minutes of one count for all days.
    pub fn span(&self) -> (i64, i64) {
        let day = i64::from((self.date - Date::constant(1970, 1, 1)).get_days());
        let start = day * 24 * 60 + i64::from(self.start);
        (start, start + i64::from(self.minutes))
    }

    /// When it begins, `09:30`.
    pub fn time(&self) -> String {
        time_of(self.start)
    }
}

/// The visits of a plan from one day to another, both included, with the changes of its days; by day and time.
///
/// `changes` are those that name this plan and stand. A plan that says no time or day that exists has none.
pub fn occurrences(plan: &VisitPlan, changes: &[(EntryId, &VisitChange)], from: Date, to: Date) -> Vec<Occurrence> {
    let Some(start) = minutes_of(&plan.time) else { return Vec::new() };
    let planned = |day: Date| Occurrence {
        planned_on: day,
        date: day,
        start,
        minutes: plan.minutes,
        changed_by: None,
        dropped: false,
        against: Vec::new(),
    };
    // What is said of a day, each with everybody who says so.
    let mut by_day: BTreeMap<Date, Vec<(Occurrence, Vec<EntryId>)>> = BTreeMap::new();
    for (entry, change) in changes {
        let Some(day) = change.date.parse().ok().filter(|day| falls_on(plan, *day)) else { continue };
        let said = match &change.moved_to {
            None => Occurrence { dropped: true, ..planned(day) },
            Some(other) => match other.date.parse().ok().zip(minutes_of(&other.time)) {
                Some((date, start)) => Occurrence { date, start, ..planned(day) },
                None => continue,
            },
        };
        let of_day = by_day.entry(day).or_default();
        match of_day.iter_mut().find(|(known, _)| *known == said) {
            Some((_, by)) => by.push(*entry),
            None => of_day.push((said, vec![*entry])),
        }
    }
    let mut visits: Vec<Occurrence> =
        days(plan, from, to).filter(|day| !by_day.contains_key(day)).map(planned).collect();
    for of_day in by_day.values() {
        visits.extend(of_day.iter().enumerate().filter(|(_, (said, _))| (from..=to).contains(&said.date)).map(
            |(place, (said, by))| {
                let others = of_day.iter().enumerate().filter(|(other, _)| *other != place);
                let against = others.flat_map(|(_, (_, by))| by.iter().copied()).collect();
                Occurrence { changed_by: by.first().copied(), against, ..said.clone() }
            },
        ));
    }
    visits.sort_by_key(|visit| (visit.date, visit.start, visit.planned_on, visit.changed_by));
    visits
}

/// Whether a plan, as it is planned, has a visit on a day.
pub fn falls_on(plan: &VisitPlan, day: Date) -> bool {
    let iso = day.to_string();
    if plan.weekdays.is_empty() {
        return plan.from == iso;
    }
    plan.weekdays.contains(&weekday_number(day.weekday()))
        && plan.from.as_str() <= iso.as_str()
        && plan.until.as_ref().is_none_or(|until| iso.as_str() <= until.as_str())
}

fn days(plan: &VisitPlan, from: Date, to: Date) -> impl Iterator<Item = Date> {
    let all = from.series(jiff::Span::new().days(1)).take(MAX_DAYS as usize).take_while(move |day| *day <= to);
    all.filter(move |day| falls_on(plan, *day))
}

/// 1 Monday … 7 Sunday.
pub fn weekday_number(day: Weekday) -> u8 {
    day.to_monday_one_offset().unsigned_abs()
}

/// Minutes after midnight of `09:30`; none where it is no time of day.
pub fn minutes_of(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let two = |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok());
    let (hours, minutes): (u16, u16) = (two(hours)??, two(minutes)??);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// `09:30` of minutes after midnight.
pub fn time_of(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use tendenko_crdt::OtherTime;

    use super::*;

    const MONDAY: Date = Date::constant(2026, 11, 23);

    pub(crate) fn weekly(weekdays: &[u8], time: &str, minutes: u16) -> VisitPlan {
        VisitPlan {
            participants: Vec::new(),
            weekdays: weekdays.to_vec(),
            time: time.into(),
            minutes,
            purpose: String::new(),
            from: "2026-11-01".into(),
            until: None,
            newer: Default::default(),
        }
    }

    fn change(date: &str, to: Option<(&str, &str)>) -> VisitChange {
        let moved_to =
            to.map(|(date, time)| OtherTime { date: date.into(), time: time.into(), newer: Default::default() });
        VisitChange { plan: id(0), date: date.into(), moved_to, newer: Default::default() }
    }

    fn id(number: u8) -> EntryId {
        EntryId::new([number; 16])
    }

    fn shown(visits: &[Occurrence]) -> Vec<String> {
        visits
            .iter()
            .map(|visit| {
                let marks = [(visit.dropped, " dropped"), (!visit.against.is_empty(), " disputed")];
                let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
                format!("{} {}{marks}", visit.date, visit.time())
            })
            .collect()
    }

    fn week(plan: &VisitPlan, changes: &[VisitChange]) -> Vec<String> {
        let changes: Vec<_> = (1..).zip(changes).map(|(number, change)| (id(number), change)).collect();
        shown(&occurrences(plan, &changes, MONDAY, MONDAY.checked_add(jiff::Span::new().days(6)).unwrap()))
    }

    #[test]
    fn a_day_is_moved_or_left_out_and_the_rest_stays() {
        let plan = weekly(&[2, 5], "09:30", 40);
        assert_eq!(week(&plan, &[]), ["2026-11-24 09:30", "2026-11-27 09:30"]);
        let moved = change("2026-11-24", Some(("2026-11-25", "14:00")));
        assert_eq!(week(&plan, std::slice::from_ref(&moved)), ["2026-11-25 14:00", "2026-11-27 09:30"]);
        let dropped = change("2026-11-27", None);
        assert_eq!(week(&plan, &[moved, dropped]), ["2026-11-25 14:00", "2026-11-27 09:30 dropped"]);
        // Into the week from outside of it, and out of it.
        let into = change("2026-12-01", Some(("2026-11-28", "10:00")));
        let out = change("2026-11-24", Some(("2026-12-02", "10:00")));
        assert_eq!(week(&plan, &[into, out]), ["2026-11-27 09:30", "2026-11-28 10:00"]);
        // Of a day that the plan does not have.
        assert_eq!(week(&plan, &[change("2026-11-25", Some(("2026-11-26", "10:00")))]), week(&plan, &[]));
    }

    #[test]
    fn two_changes_of_one_day_written_apart_are_both_there_and_the_same_twice_is_once() {
        let plan = weekly(&[2], "09:30", 40);
        let (moved, dropped) = (change("2026-11-24", Some(("2026-11-25", "14:00"))), change("2026-11-24", None));
        assert_eq!(
            week(&plan, &[moved.clone(), dropped]),
            ["2026-11-24 09:30 dropped disputed", "2026-11-25 14:00 disputed"]
        );
        assert_eq!(week(&plan, &[moved.clone(), moved]), ["2026-11-25 14:00"]);
    }

    #[test]
    fn a_single_day_and_the_first_and_last_day_of_a_plan() {
        let once = VisitPlan { from: "2026-11-26".into(), ..weekly(&[], "13:00", 60) };
        assert_eq!(week(&once, &[]), ["2026-11-26 13:00"]);
        let ends = VisitPlan {
            from: "2026-11-25".into(),
            until: Some("2026-11-26".into()),
            ..weekly(&[1, 3, 4, 5], "08:00", 30)
        };
        assert_eq!(week(&ends, &[]), ["2026-11-25 08:00", "2026-11-26 08:00"]);
    }

    #[test]
    fn what_is_no_time_is_no_visit() {
        for time in ["", "9:30", "24:00", "09:60", "+9:30", "0930"] {
            assert_eq!(week(&weekly(&[1, 2, 3], time, 30), &[]), Vec::<String>::new(), "{time}");
        }
        assert_eq!(minutes_of("23:59"), Some(1439));
        assert_eq!(time_of(1439), "23:59");
    }

    proptest! {
        /// A weekly plan falls on its weekdays and on no other day, whatever is left out leaves out that day alone, and windows
        /// side by side are one window.
        #[test]
        fn days_are_what_the_plan_says_and_one_change_touches_one_day(
            weekdays in prop::collection::btree_set(1_u8..=7, 1..7),
            dropped in 0_i64..28,
            split in 1_i64..27,
        ) {
            let plan = weekly(&weekdays.iter().copied().collect::<Vec<_>>(), "10:00", 30);
            let day = |days: i64| MONDAY.checked_add(jiff::Span::new().days(days)).unwrap();
            let all = occurrences(&plan, &[], day(0), day(27));
            prop_assert_eq!(all.len(), 4 * weekdays.len());
            prop_assert!(all.iter().all(|visit| weekdays.contains(&weekday_number(visit.date.weekday()))));
            let mut parts = occurrences(&plan, &[], day(0), day(split - 1));
            parts.extend(occurrences(&plan, &[], day(split), day(27)));
            prop_assert_eq!(&parts, &all);
            let change = change(&day(dropped).to_string(), None);
            let changed = occurrences(&plan, &[(id(1), &change)], day(0), day(27));
            for (before, after) in all.iter().zip(&changed) {
                if before.date == day(dropped) {
                    prop_assert!(after.dropped);
                } else {
                    prop_assert_eq!(before, after);
                }
            }
        }
    }
}
