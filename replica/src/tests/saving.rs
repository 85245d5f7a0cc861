use proptest::prelude::*;
use tendenko_crdt::{Allergy, Medicine};

use super::*;

#[test]
fn what_was_saved_is_there_after_a_restart() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    tablet.note(patient, "血圧は落ち着いている");
    let before = tablet.models();
    tablet.reopen();
    assert_eq!(tablet.models(), before);
    assert_eq!(tablet.texts(patient), ["血圧は落ち着いている"]);
    assert_eq!(tablet.card(patient).unwrap().identity.settled().unwrap().value.kana, "サトウ ハナ");
    assert_eq!(tablet.sync_status().unsent, 2);
}

#[test]
fn an_edit_that_fails_half_way_changes_nothing() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    tablet.note(patient, "前");
    let before = tablet.models();
    let failed: Result<(), SaveError> = tablet.edit(patient, |edit| {
        let event = edit.event(note("半分"))?;
        edit.volume(2026)?.record(event)?;
        let stamp = edit.stamp();
        edit.card()?.set_identity(identity("誰か", "ダレカ"), &stamp, None)?;
        Err(SaveError::DiskFull)
    });
    assert!(matches!(failed, Err(SaveError::DiskFull)));
    assert_eq!(tablet.models(), before);
    tablet.note(patient, "後");
    assert_eq!(
        tablet.texts(patient),
        ["前", "後"]
            .map(String::from)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(tablet.card(patient).unwrap().identity.settled().unwrap().value.name, "佐藤 ハナ");
}

#[test]
fn an_edit_that_writes_nothing_saves_nothing() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let unsent = tablet.sync_status().unsent;
    tablet.edit(patient, |edit| edit.card().map(|_| ())).unwrap();
    assert_eq!(tablet.sync_status().unsent, unsent);
}

/// Fills the store until it is full, by whatever limits it; returns how many saves went in.
fn fill(tablet: &Tablet, patient: PatientId) -> usize {
    for saves in 0..500 {
        match tablet.try_note(patient, &noise(20_000)) {
            Ok(_) => {}
            Err(SaveError::DiskFull) => return saves,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk never filled up");
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut bytes = vec![0; length];
    ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut bytes).unwrap();
    bytes.iter().map(|byte| char::from(b'!' + byte % 94)).collect()
}

#[test]
fn a_full_disk_refuses_the_save_and_the_next_one_works_when_there_is_room() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let limit = |pages: i64| {
        let writer = tablet.writer();
        writer
            .connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
            .unwrap();
    };
    let pages: i64 = tablet.writer().connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    limit(pages + 60);
    let saved = fill(&tablet, patient);
    let before = tablet.models();
    let unsent = tablet.sync_status().unsent;
    for _ in 0..3 {
        assert!(matches!(tablet.try_note(patient, &noise(20_000)), Err(SaveError::DiskFull)));
    }
    assert_eq!(tablet.models(), before);
    assert_eq!(tablet.sync_status().unsent, unsent);
    limit(1_000_000);
    tablet.note(patient, &noise(20_000));
    assert_eq!(tablet.texts(patient).len(), saved + 1);
    let before = tablet.models();
    tablet.reopen();
    assert_eq!(tablet.models(), before);
    tablet.rebuild_read_models().unwrap();
    assert_eq!(tablet.models(), before);
}

/// Run by the next test in a process whose files may not grow beyond a limit.
#[test]
#[ignore = "needs a file size limit; run by a_file_that_cannot_grow_is_a_full_disk"]
fn under_a_file_size_limit() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let saved = fill(&tablet, patient);
    assert!(saved > 0);
    assert_eq!(tablet.texts(patient).len(), saved);
    tablet.reopen();
    assert_eq!(tablet.texts(patient).len(), saved);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_is_a_full_disk() {
    let program = std::env::current_exe().unwrap();
    let limited = format!(
        "trap '' XFSZ; ulimit -f 4096; exec '{}' --exact tests::saving::under_a_file_size_limit --ignored",
        program.display()
    );
    let ran = std::process::Command::new("sh").args(["-c", &limited]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn one_patient_is_opened_without_the_others() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patients: Vec<PatientId> =
        (0..5).map(|n| tablet.create_patient(identity(&format!("患者{n}"), "カンジャ")).unwrap()).collect();
    tablet.note(patients[1], "一");
    tablet.reopen();
    tablet.patients().unwrap();
    tablet.search("かんじゃ", 10).unwrap();
    tablet.timeline(patients[1], None, 10).unwrap();
    tablet.card(patients[1]).unwrap();
    tablet.round("2026-11-20", None).unwrap();
    assert!(tablet.writer().cache.held().is_empty(), "reading opens no document");
    tablet.note(patients[1], "二");
    let held = tablet.writer().cache.held();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].patient, patients[1]);
}

#[test]
fn memory_is_bounded() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for year in 1950..2020 {
        tablet
            .edit(patient, |edit| {
                let event = edit.event(note("年"))?;
                Ok(edit.volume(year)?.record(event)?)
            })
            .unwrap();
    }
    assert!(tablet.writer().cache.held().len() <= 48);
    assert_eq!(tablet.texts(patient).len(), 70);
}

#[test]
fn many_saves_are_compacted_and_nothing_is_lost() {
    let mut tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    for n in 0..150 {
        tablet.note(patient, &format!("{n:03}"));
    }
    let rows: i64 = tablet.reader().query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert!(rows < 70, "{rows} change rows");
    tablet.reopen();
    tablet.rebuild_read_models().unwrap();
    assert_eq!(tablet.texts(patient).len(), 150);
    assert_eq!(tablet.departing().len(), 2 + 2, "two grants, one record of the card, one of the volume");
}

#[test]
fn what_this_tablet_has_no_key_for_cannot_be_written() {
    let region = TestRegion::new();
    let (a, b) = (region.tablet("甲"), region.tablet("乙"));
    introduce(&[&a, &b]);
    let patient = a.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    a.grant(patient, Scope::Card, b.device_id(), "同意書").unwrap();
    b.receive(a.departing());
    assert!(matches!(b.try_note(patient, "だめ"), Err(SaveError::NotGranted { scope: Scope::Chart })));
    let card = b.open_at_site(patient, "意識なし、服薬確認のため", "大町救護所").unwrap();
    assert_eq!(card.identity.settled().unwrap().value.name, "佐藤 ハナ");
    assert!(b.open_at_site(patient, "  ", "大町救護所").is_err());
    a.receive(b.departing());
    let seen = a.card(patient).unwrap().events;
    assert!(
        matches!(&seen[..], [event] if matches!(&event.body, EventBody::SiteAccess(access) if access.site == "大町救護所"))
    );
}

#[test]
fn a_step_too_large_to_travel_is_refused_and_smaller_steps_are_not() {
    let tablet = TestRegion::new().tablet("甲");
    let patient = tablet.create_patient(identity("佐藤 ハナ", "サトウ ハナ")).unwrap();
    let save = |apart: bool| {
        tablet.edit(patient, |edit| {
            let events = [edit.event(note(&noise(30_000)))?, edit.event(note(&noise(31_000)))?];
            if apart {
                for event in events {
                    edit.volume(2026)?.record(event)?;
                }
            } else {
                let volume = edit.volume(2026)?;
                for event in events {
                    volume.record(event)?;
                }
            }
            Ok(())
        })
    };
    assert!(matches!(save(false), Err(SaveError::TooLarge { .. })));
    assert!(tablet.texts(patient).is_empty());
    save(true).unwrap();
    assert_eq!(tablet.texts(patient).len(), 2);
}

/// What a person may do to a patient's record.
#[derive(Debug, Clone)]
enum Deed {
    Note(u8),
    Allergy(u8),
    NoAllergy(u8),
    Medicine(u8, u8),
    Rename(u8),
    Correct,
    Reopen,
    Exchange,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => any::<u8>().prop_map(Deed::Note),
        2 => (0..3u8).prop_map(Deed::Allergy),
        1 => (0..3u8).prop_map(Deed::NoAllergy),
        2 => (0..2u8, any::<u8>()).prop_map(|(a, b)| Deed::Medicine(a, b)),
        1 => any::<u8>().prop_map(Deed::Rename),
        1 => Just(Deed::Correct),
        1 => Just(Deed::Reopen),
        2 => Just(Deed::Exchange),
    ]
}

fn medicine(amount: u8) -> Medicine {
    Medicine {
        drug: tendenko_crdt::Drug { name: "アムロジピン錠5mg".into(), ..Default::default() },
        amount: amount.to_string(),
        unit: "錠".into(),
        basis: tendenko_crdt::DoseBasis::PerDay,
        usage: "朝食後".into(),
        timings: vec![],
        form: String::new(),
        since: None,
        until: None,
        prescriber: None,
        source: tendenko_crdt::Source::Prescription,
        note: None,
        dispensing: None,
        newer: Default::default(),
    }
}

fn perform(tablet: &Tablet, patient: PatientId, deed: &Deed) {
    tablet
        .edit(patient, |edit| {
            let stamp = edit.stamp();
            match deed {
                Deed::Note(n) => {
                    let event = edit.event(note(&n.to_string()))?;
                    edit.volume(2025 + u16::from(n % 2))?.record(event)?;
                }
                Deed::Allergy(n) => {
                    let allergy = Allergy { substance: format!("薬{n}"), ..Default::default() };
                    edit.card()?.add_allergy(&format!("薬{n}"), allergy, &stamp, None)?;
                }
                Deed::NoAllergy(n) => {
                    if edit.card()?.allergies().iter().any(|item| item.key == format!("薬{n}") && item.is_present()) {
                        edit.card()?.remove_allergy(&format!("薬{n}"), &stamp, Some("誤り"))?;
                    }
                }
                Deed::Medicine(key, amount) => {
                    edit.card()?.put_medicine(&format!("薬{key}"), medicine(*amount), &stamp, Some("血圧"))?;
                }
                Deed::Rename(n) => {
                    edit.card()?.set_identity(identity(&format!("佐藤 {n}"), "サトウ"), &stamp, None)?;
                }
                Deed::Correct => {
                    let old = edit.volume(2026)?.events().first().map(|event| event.id);
                    let mut event = edit.event(note("訂正"))?;
                    event.corrects = old;
                    event.reason = Some("書き間違い".into());
                    edit.volume(2026)?.record(event)?;
                }
                Deed::Reopen | Deed::Exchange => {}
            }
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order on two tablets: the read models are what the documents say, and both agree.
    #[test]
    fn models_follow_documents(deeds in prop::collection::vec((any::<bool>(), deed()), 1..24)) {
        let (mut a, mut b, patient) = pair();
        for (first, deed) in &deeds {
            let tablet = if *first { &mut a } else { &mut b };
            match deed {
                Deed::Reopen => tablet.reopen(),
                Deed::Exchange => {
                    let (from_a, from_b) = (a.departing(), b.departing());
                    b.receive(from_a);
                    a.receive(from_b);
                }
                other => perform(tablet, patient, other),
            }
        }
        for tablet in [&a, &b] {
            let kept = tablet.models();
            tablet.rebuild_read_models().unwrap();
            prop_assert_eq!(tablet.models(), kept);
        }
        let (from_a, from_b) = (a.departing(), b.departing());
        b.receive(from_a);
        a.receive(from_b);
        prop_assert_eq!(a.models(), b.models());
    }
}
