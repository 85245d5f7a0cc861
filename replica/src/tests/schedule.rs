//! Plans and their days on two tablets that plan apart from each other.

use tendenko_crdt::{OtherTime, VisitChange, VisitPlan};

use super::reading::{comes, say};
use super::*;

/// A Tuesday.
const DAY: &str = "2026-11-24";

fn plan(members: &[&str], weekdays: &[u8], time: &str) -> VisitPlan {
    VisitPlan {
        participants: members.iter().map(|member| comes(member)).collect(),
        weekdays: weekdays.to_vec(),
        time: time.into(),
        minutes: 45,
        purpose: "服薬確認".into(),
        from: "2026-11-01".into(),
        until: None,
        newer: Default::default(),
    }
}

fn correct(tablet: &Tablet, patient: PatientId, corrected: EntryId, body: EventBody) -> EntryId {
    tablet
        .edit(patient, |edit| {
            let mut event = edit.event(body)?;
            event.corrects = Some(corrected);
            event.reason = Some("ご家族の都合".into());
            Ok(edit.volume(2026)?.record(event)?)
        })
        .unwrap()
}

fn change(first: EntryId, to: Option<(&str, &str)>) -> EventBody {
    let moved_to = to.map(|(date, time)| OtherTime { date: date.into(), time: time.into(), newer: Default::default() });
    EventBody::VisitChange(VisitChange { plan: first, date: DAY.into(), moved_to, newer: Default::default() })
}

fn exchange(a: &Tablet, b: &Tablet) {
    let (from_a, from_b) = (a.departing(), b.departing());
    a.receive(from_b);
    b.receive(from_a);
}

fn week(tablet: &Tablet, whose: Whose) -> Vec<String> {
    let visits = tablet.schedule("2026-11-23", "2026-11-29", whose).unwrap();
    visits
        .iter()
        .map(|visit| {
            let marks = [
                (visit.when.dropped, " dropped"),
                (!visit.when.against.is_empty(), " disputed"),
                (!visit.plan.rivals.is_empty(), " rival"),
                (!visit.clashes.is_empty(), " clash"),
            ];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            format!("{} {}{marks}", &visit.when.date.to_string()[5..], visit.when.time())
        })
        .collect()
}

#[test]
fn what_two_people_planned_apart_clashes_in_words_once_they_meet() {
    let (a, b, patient) = pair();
    let other = a.create_patient(identity("鈴木 次郎", "スズキ ジロウ")).unwrap();
    let both = Whose::Patient(patient);
    say(&a, patient, EventBody::VisitPlan(plan(&["nurse", "helper"], &[2], "09:30")));
    say(&b, patient, EventBody::VisitPlan(plan(&["pharmacist"], &[2], "10:00")));
    assert_eq!(week(&a, both), ["11-24 09:30"], "two people who come together do not clash");
    exchange(&a, &b);
    assert_eq!(week(&a, both), ["11-24 09:30 clash", "11-24 10:00 clash"]);
    assert_eq!(week(&a, both), week(&b, both));
    let visits = a.schedule(DAY, DAY, both).unwrap();
    assert_eq!(visits[0].clashes[0].name, "佐藤 ハナ");
    assert_eq!(visits[0].clashes[0].members, Vec::<String>::new());

    // The helper is expected in another house, which only one of the tablets knows of.
    say(&a, other, EventBody::VisitPlan(plan(&["helper"], &[2], "09:00")));
    let clashes = &a.schedule(DAY, DAY, both).unwrap()[0].clashes;
    let members: Vec<_> = clashes.iter().map(|clash| (clash.name.as_str(), clash.members.concat())).collect();
    assert!(members.contains(&("鈴木 次郎", "helper".to_owned())), "{members:?}");
    assert_eq!(b.schedule(DAY, DAY, both).unwrap()[0].clashes.len(), 1);
}

#[test]
fn one_day_is_moved_by_one_and_another_left_out_by_the_other_and_both_hold() {
    let (a, b, patient) = pair();
    let first = say(&a, patient, EventBody::VisitPlan(plan(&["nurse"], &[2, 4], "09:30")));
    exchange(&a, &b);
    say(&a, patient, change(first, Some(("2026-11-25", "14:00"))));
    let thursday = VisitChange { plan: first, date: "2026-11-26".into(), moved_to: None, newer: Default::default() };
    say(&b, patient, EventBody::VisitChange(thursday));
    exchange(&a, &b);
    let all = ["11-25 14:00", "11-26 09:30 dropped"];
    assert_eq!(
        (week(&a, Whose::Everybody), week(&b, Whose::Everybody)),
        (all.map(String::from).into(), all.map(String::from).into())
    );
    // The plan gets another time: what was said of its days still holds.
    correct(&b, patient, first, EventBody::VisitPlan(plan(&["nurse"], &[2, 4, 5], "11:00")));
    exchange(&a, &b);
    assert_eq!(week(&a, Whose::Everybody), ["11-25 14:00", "11-26 11:00 dropped", "11-27 11:00"]);
    assert_eq!(a.round("2026-11-26", None).unwrap().len(), 0);
}

#[test]
fn a_plan_or_a_day_changed_twice_apart_stands_twice_until_one_is_taken_back() {
    let (a, b, patient) = pair();
    let first = say(&a, patient, EventBody::VisitPlan(plan(&["nurse"], &[2], "09:30")));
    exchange(&a, &b);
    let at_ten = correct(&a, patient, first, EventBody::VisitPlan(plan(&["nurse"], &[2], "10:30")));
    let cancelled = correct(&b, patient, first, EventBody::Withdrawal(Default::default()));
    exchange(&a, &b);
    assert_eq!(week(&a, Whose::Everybody), ["11-24 10:30 rival"]);
    assert_eq!(week(&b, Whose::Everybody), ["11-24 10:30 rival"]);
    assert_eq!(a.plans(patient).unwrap()[0].rivals.iter().map(|event| event.id).collect::<Vec<_>>(), [cancelled]);
    correct(&b, patient, cancelled, EventBody::Withdrawal(Default::default()));
    exchange(&a, &b);
    assert_eq!(week(&a, Whose::Everybody), ["11-24 10:30"]);

    say(&a, patient, change(first, Some((DAY, "13:00"))));
    let dropped = say(&b, patient, change(first, None));
    exchange(&a, &b);
    assert_eq!(week(&a, Whose::Everybody), ["11-24 10:30 dropped disputed", "11-24 13:00 disputed"]);
    correct(&a, patient, dropped, EventBody::Withdrawal(Default::default()));
    assert_eq!(week(&a, Whose::Everybody), ["11-24 13:00"]);
    correct(&a, patient, at_ten, EventBody::Withdrawal(Default::default()));
    assert!(week(&a, Whose::Everybody).is_empty());
}

#[test]
fn a_version_that_cannot_be_read_is_said_and_never_taken_for_agreement() {
    let (a, b, patient) = pair();
    let first = say(&a, patient, EventBody::VisitPlan(plan(&["nurse"], &[2], "09:30")));
    exchange(&a, &b);
    correct(&a, patient, first, EventBody::VisitPlan(plan(&["nurse"], &[2], "10:30")));
    let rival = correct(&b, patient, first, EventBody::Withdrawal(Default::default()));
    exchange(&a, &b);
    assert_eq!(a.plans(patient).unwrap()[0].rivals.len(), 1);
    for unreadable in [first, rival] {
        let row = "UPDATE m_timeline SET event = x'00' WHERE entry = ?1";
        let changed = a.writer().connection.execute(row, [unreadable.as_bytes()]).unwrap();
        assert_eq!(changed, 1);
        assert!(matches!(a.plans(patient), Err(ReadError::Store(_))));
        assert!(a.schedule(DAY, DAY, Whose::Everybody).is_err());
        a.rebuild_read_models().unwrap();
    }
}

#[test]
fn a_visit_that_is_left_out_gets_in_nobodys_way() {
    let (a, _, patient) = pair();
    let first = say(&a, patient, EventBody::VisitPlan(plan(&["nurse"], &[2], "09:30")));
    say(&a, patient, EventBody::VisitPlan(plan(&["pharmacist"], &[2], "10:00")));
    assert_eq!(week(&a, Whose::Everybody), ["11-24 09:30 clash", "11-24 10:00 clash"]);
    say(&a, patient, change(first, None));
    assert_eq!(week(&a, Whose::Everybody), ["11-24 09:30 dropped", "11-24 10:00"]);
}
