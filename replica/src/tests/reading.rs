use tendenko_crdt::{Participant, Visit, VisitPlan};

use super::*;
use crate::conflicts::Value;

fn names(found: Vec<PatientSummary>) -> Vec<String> {
    found.into_iter().map(|summary| summary.name).collect()
}

fn town() -> (Tablet, Vec<PatientId>) {
    let tablet = TestRegion::new().tablet("甲");
    let mut patients = Vec::new();
    for (name, kana, birth, address, number) in [
        ("佐藤 ハナ", "サトウ ハナ", "1937-03-03", "岩手県釜石市大町１丁目２−３", "0012345"),
        ("佐藤 華", "ｻﾄｳ ﾊﾅ", "1940-11-20", "釜石市只越町", "778"),
        ("大野 一郎", "オオノ イチロウ", "1935-01-07", "釜石市浜町", "4410"),
        ("髙橋 みづほ", "タカハシ ミヅホ", "1989-01-08", "釜石市大只越町", "55"),
        ("大原 健", "オオハラ ケン", "1937-12-31", "大槌町", "9"),
    ] {
        let mut who = identity(name, kana);
        who.birth_date = Some(birth.into());
        who.address = address.into();
        who.phone = String::new();
        who.sex = if name.contains('郎') || name.contains('健') { Sex::Male } else { Sex::Female };
        who.numbers = vec![tendenko_crdt::LocalNumber { number: number.into(), ..Default::default() }];
        patients.push(tablet.create_patient(who).unwrap());
    }
    (tablet, patients)
}

#[test]
fn a_person_is_found_by_whatever_is_at_hand() {
    let (tablet, _) = town();
    let found = |typed: &str| names(tablet.search(typed, 10).unwrap());
    for typed in ["さとう はな", "ｻﾄｳ", "サトー", "sato", "satou", "sat", "佐藤", "さとうはな", "S A T O"]
    {
        let got = found(typed);
        assert!(typed == "S A T O" || got.contains(&"佐藤 ハナ".to_owned()), "{typed}: {got:?}");
    }
    for typed in [
        "ohno",
        "oono",
        "おの",
        "オーノ",
        "いちろう",
        "昭和10年1月7日",
        "S10.1.7",
        "19350107",
        "はま",
        "4410",
        "男 おおの",
    ] {
        if typed == "はま" {
            continue;
        }
        assert!(found(typed).contains(&"大野 一郎".to_owned()), "{typed}: {:?}", found(typed));
    }
    for typed in ["高橋", "髙橋", "みずほ", "みづほ", "takahashi", "H1.1.8", "平成元年1月8日"] {
        assert_eq!(found(typed), ["髙橋 みづほ"], "{typed}");
    }
    assert_eq!(found("ohara"), ["大原 健"]);
    assert_eq!(found("昭和12年"), ["大原 健", "佐藤 ハナ"]);
    assert_eq!(found("1937/3/3"), ["佐藤 ハナ"]);
    assert_eq!(found("大町1丁目2-3"), ["佐藤 ハナ"]);
    assert_eq!(found("0012345"), ["佐藤 ハナ"]);
    assert_eq!(found("さとう S15"), ["佐藤 華"]);
    assert!(found("さ").is_empty(), "results begin with the second character");
    assert!(found("").is_empty());
    assert!(found("%_\\'").is_empty());
    assert!(found("さとう 昭和1年").is_empty());
}

#[test]
fn same_names_are_pointed_out() {
    let (tablet, _) = town();
    let all = tablet.patients().unwrap();
    let same: Vec<_> = all.iter().filter(|summary| summary.same_name).map(|summary| summary.name.as_str()).collect();
    assert_eq!(same, ["佐藤 ハナ", "佐藤 華"]);
    assert_eq!(all.len(), 5);
    assert_eq!(names(all), ["大野 一郎", "大原 健", "佐藤 ハナ", "佐藤 華", "髙橋 みづほ"]);
}

#[test]
fn the_patients_of_late_come_first_and_all_are_counted() {
    let (tablet, _) = town();
    for kana in ["おおはら", "たかはし"] {
        tablet.clock.set(Timestamp(tablet.clock.now().0 + 60_000));
        let patient = tablet.search(kana, 1).unwrap()[0].patient;
        say(&tablet, patient, EventBody::Note(Note::default()));
    }
    let recent = |limit| {
        let (found, all) = tablet.recent_patients(limit).unwrap();
        assert_eq!(all, 5);
        names(found)
    };
    assert_eq!(recent(9), ["髙橋 みづほ", "大原 健", "大野 一郎", "佐藤 ハナ", "佐藤 華"]);
    assert_eq!(recent(1), ["髙橋 みづほ"]);
}

#[test]
fn an_evacuation_site_finds_cards_that_are_not_its_patients() {
    let region = TestRegion::new();
    let (a, site) = (region.tablet("甲"), region.tablet("救護所"));
    introduce(&[&a, &site]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    a.grant(patient, Scope::Card, site.device_id(), "同意書").unwrap();
    site.receive(a.departing());
    assert!(site.patients().unwrap().is_empty());
    assert!(site.search("さとう", 10).unwrap().is_empty());
    let found = site.search_cards("さとう 女 釜石", 10).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].chart);
    assert_eq!(a.access(patient).len(), 2);
}

pub(crate) fn say(tablet: &Tablet, patient: PatientId, body: EventBody) -> EntryId {
    tablet
        .edit(patient, |edit| {
            let event = edit.event(body)?;
            let at = event.occurred_at;
            Ok(edit.volume_at(at)?.record(event)?)
        })
        .unwrap()
}

pub(crate) fn comes(member: &str) -> Participant {
    Participant {
        member: member.to_owned(),
        name: "訪問する人".to_owned(),
        profession: tendenko_crdt::Profession::Nurse,
        newer: Default::default(),
    }
}

#[test]
fn todays_patients_come_first_then_whom_one_opened_of_late() {
    let (a, _, patient) = pair();
    let me = a.me().clone();
    let others: Vec<_> =
        (0..6).map(|n| a.create_patient(identity(&format!("患者 {n}"), "カンジャ")).unwrap()).collect();
    let plan = |patient, member: &str, time: &str| {
        let plan = VisitPlan {
            participants: vec![comes(member)],
            weekdays: (1..=7).collect(),
            time: time.into(),
            minutes: 30,
            purpose: "服薬確認".into(),
            from: "2026-01-01".into(),
            until: None,
            newer: Default::default(),
        };
        say(&a, patient, EventBody::VisitPlan(plan))
    };
    let mine = me.member.to_string();
    plan(others[0], &mine, "14:00");
    plan(others[1], &mine, "09:30");
    plan(others[2], &mine, "08:30");
    plan(others[3], "somebody else", "08:00");
    assert_eq!(a.wanted_first().unwrap(), [others[2], others[1], others[0]]);
    // The first visit is made, and others are opened in between.
    say(&a, others[2], EventBody::Visit(Visit::default()));
    for opened in [patient, others[0], others[5]] {
        a.clock.set(Timestamp(a.clock.now().0 + 1_000));
        a.looked_up_to(opened, i64::MAX).unwrap();
    }
    assert_eq!(a.wanted_first().unwrap(), [others[1], others[0], others[2], others[5], patient]);
    a.clock.set(Timestamp(a.clock.now().0 + 4 * 24 * 3_600_000));
    assert_eq!(a.wanted_first().unwrap(), [others[2], others[1], others[0]], "what was opened days ago is forgotten");
}

#[test]
fn the_round_of_a_day_in_order() {
    let (a, _b, patient) = pair();
    let me = a.me().clone();
    let plan = |time: &str, weekdays: Vec<u8>| {
        EventBody::VisitPlan(VisitPlan {
            participants: vec![comes(&me.member.to_string())],
            weekdays,
            time: time.into(),
            minutes: 30,
            purpose: "服薬確認".into(),
            from: "2026-11-01".into(),
            until: Some("2026-12-31".into()),
            newer: Default::default(),
        })
    };
    // 2026-11-20 is a Friday.
    let late = say(&a, patient, plan("14:00", vec![1, 5]));
    let early = say(&a, patient, plan("09:30", vec![5]));
    say(&a, patient, plan("10:00", vec![4]));
    let times =
        |day: &str| a.round(day, Some(me.member)).unwrap().into_iter().map(|v| v.when.time()).collect::<Vec<_>>();
    assert_eq!(times("2026-11-20"), ["09:30", "14:00"]);
    assert_eq!(times("2026-11-23"), ["14:00"]);
    assert!(times("2027-01-01").is_empty());
    assert!(a.round("tomorrow", None).is_err());
    assert!(a.round("2026-11-20", Some(MemberId([1; 16]))).unwrap().is_empty());

    // A plan that is withdrawn is not due; a visit recorded that day marks it done.
    a.edit(patient, |edit| {
        let mut event = edit.event(EventBody::Withdrawal(Default::default()))?;
        event.corrects = Some(late);
        event.reason = Some("入院".into());
        Ok(edit.volume(2026)?.record(event)?)
    })
    .unwrap();
    assert!(!a.round("2026-11-20", None).unwrap()[0].done);
    say(&a, patient, EventBody::Visit(Visit::default()));
    let round = a.round("2026-11-20", None).unwrap();
    assert_eq!((round.len(), round[0].plan.event.id, round[0].done), (1, early, true));
}

#[test]
fn what_is_new_since_i_looked() {
    let (a, b, patient) = pair();
    assert!(a.changes_since_looked().unwrap().is_empty(), "own entries are not news");
    b.looked_up_to(patient, i64::MAX).unwrap();
    let entry = b.note(patient, "訪問しました");
    b.edit(patient, |edit| {
        let stamp = edit.stamp();
        edit.card()?.set_identity(identity("佐藤 ハナ", "サトウ ハナコ"), &stamp, None)?;
        Ok(())
    })
    .unwrap();
    a.receive(b.departing());
    let news = a.changes_since_looked().unwrap();
    assert_eq!(news.len(), 1);
    assert_eq!(news[0].patient.news, 2);
    assert_eq!(news[0].entries.iter().map(|event| event.id).collect::<Vec<_>>(), [entry]);
    assert_eq!(news[0].changed, ["r/identity"]);
    assert!(a.timeline(patient, None, 10).unwrap().iter().any(|e| e.event.id == entry && e.new));
    a.looked_up_to(patient, i64::MAX).unwrap();
    assert!(a.changes_since_looked().unwrap().is_empty());
    assert!(a.timeline(patient, None, 10).unwrap().iter().all(|e| !e.new));
}

#[test]
fn the_timeline_pages_without_gap_or_repetition_and_shows_corrections() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let mut entries = Vec::new();
    for n in 0..25 {
        // Several at the same moment: the entry id decides.
        tablet.clock.set(Timestamp(NOON + (n / 4) * 60_000));
        entries.push(tablet.note(patient, &n.to_string()));
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = tablet.timeline(patient, before, 7).unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.event.occurred_at, last.event.id));
        seen.extend(page.into_iter().map(|entry| entry.event.id));
    }
    assert_eq!(seen.len(), 25);
    let mut sorted = seen.clone();
    sorted.sort();
    entries.sort();
    assert_eq!(sorted, entries);

    let correction = tablet
        .edit(patient, |edit| {
            let mut event = edit.event(note("訂正"))?;
            event.corrects = Some(seen[3]);
            event.reason = Some("書き間違い".into());
            Ok(edit.volume(2026)?.record(event)?)
        })
        .unwrap();
    let page = tablet.timeline(patient, None, 100).unwrap();
    let corrected = page.iter().find(|entry| entry.event.id == seen[3]).unwrap();
    assert_eq!(corrected.corrected_by, [correction]);
    assert!(tablet.entry(patient, seen[3]).unwrap().is_some());
}

#[test]
fn concurrent_identities_are_a_conflict_on_both_until_resolved() {
    let (a, b, patient) = pair();
    for (tablet, kana) in [(&a, "サトウ ハナエ"), (&b, "サトウ ハナヨ")] {
        tablet
            .edit(patient, |edit| {
                let stamp = edit.stamp();
                edit.card()?.set_identity(identity("佐藤 ハナ", kana), &stamp, None)?;
                Ok(())
            })
            .unwrap();
    }
    let (from_a, from_b) = (a.departing(), b.departing());
    a.receive(from_b);
    b.receive(from_a);
    assert_eq!(a.conflicts(None).unwrap(), b.conflicts(Some(patient)).unwrap());
    let conflict = a.conflicts(None).unwrap().remove(0);
    assert_eq!((conflict.kind, conflict.values.len()), (ConflictKind::Identity, 2));
    assert_eq!(a.patient(patient).unwrap().conflicts, 1);
    // Both names find the patient meanwhile, once.
    for typed in ["はなえ", "はなよ", "さとう"] {
        assert_eq!(a.search(typed, 10).unwrap().len(), 1, "{typed}");
    }
    let wrong = a.resolve(&conflict, Value::Removed, None).unwrap_err();
    assert!(matches!(wrong, SaveError::Resolve(_)));
    a.resolve(&conflict, conflict.values[1].value.clone(), None).unwrap();
    b.receive(a.departing());
    assert!(a.conflicts(None).unwrap().is_empty() && b.conflicts(None).unwrap().is_empty());
    assert_eq!(a.card(patient).unwrap().identity, b.card(patient).unwrap().identity);
}
