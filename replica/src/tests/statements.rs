//! Team goals on two tablets, across years.

use tendenko_crdt::{DayRhythm, TeamGoal};

use super::*;
use crate::conflicts::Value;

fn goal(description: &str) -> EventBody {
    EventBody::TeamGoal(TeamGoal { description: description.into(), ..TeamGoal::default() })
}

fn current(tablet: &Tablet, patient: PatientId) -> Vec<String> {
    let statements = tablet.statements(patient, "team-goal").unwrap();
    let text = |event: tendenko_crdt::Event| match event.body {
        EventBody::TeamGoal(goal) => goal.description,
        other => panic!("{other:?}"),
    };
    statements.current.into_iter().map(text).collect()
}

#[test]
fn two_goals_written_apart_in_two_years_are_a_conflict_until_one_follows_both() {
    let (a, b, patient) = pair();
    a.state(patient, goal("家で過ごす"), None).unwrap();
    b.receive(a.departing());
    // In another year, so in another volume.
    a.clock.set(Timestamp(NOON + 60 * 24 * 3_600_000));
    a.state(patient, goal("週に1回、外に出る"), None).unwrap();
    b.state(patient, goal("転ばずに過ごす"), None).unwrap();
    assert_eq!(current(&a, patient), ["週に1回、外に出る"]);
    let (from_a, from_b) = (a.departing(), b.departing());
    a.receive(from_b);
    b.receive(from_a);
    for tablet in [&a, &b] {
        assert_eq!(current(tablet, patient), ["転ばずに過ごす", "週に1回、外に出る"]);
        assert_eq!(tablet.patient(patient).unwrap().conflicts, 1);
    }
    let conflict = a.conflicts(Some(patient)).unwrap().remove(0);
    assert_eq!(
        (conflict.kind, conflict.values.len(), conflict.key.as_str()),
        (ConflictKind::TeamGoal, 2, "f/team-goal")
    );
    assert_eq!(a.conflicts(None).unwrap(), b.conflicts(None).unwrap());

    assert!(matches!(a.resolve(&conflict, Value::Removed, None), Err(SaveError::Resolve(_))));
    a.resolve(&conflict, conflict.values[0].value.clone(), Some("担当者会議で決めた")).unwrap();
    b.receive(a.departing());
    for tablet in [&a, &b] {
        assert_eq!(current(tablet, patient), ["転ばずに過ごす"]);
        assert!(tablet.conflicts(None).unwrap().is_empty());
        assert_eq!(tablet.statements(patient, "team-goal").unwrap().past.len(), 3);
    }
    assert_eq!(a.models(), b.models());
}

#[test]
fn what_was_withdrawn_holds_no_more_and_the_conflict_goes_with_it() {
    let (a, b, patient) = pair();
    a.state(patient, goal("家で過ごす"), None).unwrap();
    let wrong = b.state(patient, goal("別の方の目標"), None).unwrap();
    a.receive(b.departing());
    assert_eq!(a.conflicts(None).unwrap().len(), 1);
    a.edit(patient, |edit| {
        let mut event = edit.event(EventBody::Withdrawal(Default::default()))?;
        event.corrects = Some(wrong);
        event.reason = Some("別の方の記録".into());
        Ok(edit.volume(2026)?.record(event)?)
    })
    .unwrap();
    assert!(a.conflicts(None).unwrap().is_empty());
    assert_eq!(current(&a, patient), ["家で過ごす"]);
}

#[test]
fn a_note_is_no_statement_and_kinds_do_not_disturb_each_other() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    assert!(tablet.state(patient, note("記録"), None).is_err());
    tablet.state(patient, goal("家で過ごす"), None).unwrap();
    tablet.state(patient, EventBody::DayRhythm(DayRhythm::default()), None).unwrap();
    assert_eq!(tablet.statements(patient, "day-rhythm").unwrap().current.len(), 1);
    assert_eq!(current(&tablet, patient), ["家で過ごす"]);
    assert!(tablet.conflicts(None).unwrap().is_empty());
}
