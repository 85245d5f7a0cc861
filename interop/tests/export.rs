//! What is written for the patient to carry, read back by our own importer.

use std::path::PathBuf;

use jiff::civil::{Date, date};
use tendenko_crdt::*;
use tendenko_interop::notebook::*;

const OCTOBER: &str = "JAHISTC08,1\r
1,平田 しげ,2,19350401,026-0000,岩手県釜石市平田0-0,0193-00-0000,,,,ﾍｲﾀ ｼｹﾞ\r
2,1,サバ（蕁麻疹）,1\r
2,2,ロキソプロフェン,1\r
3,かぜ薬Ａ,20261020,,1,,\r
5,20261005,1\r
11,見本みなと薬局,03,4,0000001,026-0000,岩手県釜石市見本町0-1,0193-00-0101,1\r
15,見本 薬子,,1\r
51,見本海の診療所,03,1,0000002,1\r
55,見本 太郎,内科,1\r
201,1,アムロジピン錠２．５ｍｇ,1,錠,4,2171022F1000,1,アムロジピンベシル酸塩,2,2171022F1ZZZ\r
291,1,グレープフルーツを避ける,1\r
201,1,フロセミド錠２０ｍｇ,1,錠,4,2139005F2000,1\r
301,1,１日１回朝食後,28,日分,1,1,,1\r
55,見本 花子,整形外科,1\r
201,2,ワルファリン錠１ｍｇ,2,錠,4,3332001F1000,1\r
281,2,夕1.5錠と2錠を1日おきに,1\r
301,2,１日１回夕食後,28,日分,1,1,,1\r
311,2,週５日,1\r
401,飲み忘れに注意,1\r
421,フロセミドが6錠,1\r
";

fn on(text: &str) -> Date {
    text.parse().unwrap()
}

fn stamp() -> Stamp {
    Stamp {
        at: Timestamp(1_795_132_800_000),
        clock_offset_ms: None,
        author: Author {
            member: "0".repeat(32),
            name: "千葉 浩二".into(),
            profession: Profession::Pharmacist,
            facility: "浜の薬局".into(),
            device: "0".repeat(32),
            newer: Default::default(),
        },
        newer: Default::default(),
    }
}

/// A card that has taken a notebook over.
fn card_of(text: &str) -> Card {
    let mut card = Card::new(Actor::of([1; 16], 1));
    let identity = Identity {
        name: "平田 しげ".into(),
        kana: "ヘイタ シゲ".into(),
        sex: Sex::Female,
        birth_date: Some("1935-04-01".into()),
        ..Identity::default()
    };
    card.set_identity(identity, &stamp(), None).unwrap();
    let plan = plan(&read(text.as_bytes()).unwrap(), &card.view(), on("2026-10-21")).unwrap();
    plan.take_over(&mut card, &stamp(), |_| true).unwrap();
    card
}

/// Written in one text, and in parts of that size, and read back: the same both ways.
fn carried(export: &Export, most: usize) -> Notebook {
    let whole = read(&write(&export.draft, Encoding::Cp932, Version::NEWEST).unwrap()).unwrap();
    let parts = write_split(&export.draft, Encoding::Cp932, Version::NEWEST, "20261120100000", most).unwrap();
    let mut read_parts: Vec<Notebook> = parts.iter().map(|part| read(part).unwrap()).collect();
    read_parts.reverse();
    let joined = join(read_parts).unwrap();
    assert_eq!(joined.content, whole.content);
    assert_eq!(whole.content, export.draft);
    assert_eq!(whole.severity(), None, "{:?}", whole.problems);
    whole
}

#[test]
fn taken_in_where_it_came_from_it_changes_nothing() {
    let card = card_of(OCTOBER);
    let today = on("2026-10-21");
    for scope in [Scope::Current, Scope::DispensedSince(on("2020-01-01"))] {
        let export = export(&card.view(), scope, today).unwrap();
        assert_eq!(export.not_said, []);
        let again = plan(&carried(&export, 400), &card.view(), today).unwrap();
        assert_eq!(again.identity_match, Match::Same);
        assert!(!again.dispensings.iter().any(PlannedDispensing::is_suggested), "{:?}", again.dispensings);
        assert!(!again.medicines.iter().any(PlannedMedicine::is_suggested), "{:?}", again.medicines);
        assert!(again.remarks.iter().all(|remark| remark.already_there));
    }
}

#[test]
fn taken_in_elsewhere_it_makes_the_same_list() {
    let card = card_of(OCTOBER);
    let today = on("2026-10-21");
    let export = export(&card.view(), Scope::Current, today).unwrap();
    let elsewhere =
        card_of(std::str::from_utf8(&write(&export.draft, Encoding::Utf8, Version::NEWEST).unwrap()).unwrap());
    let list = |card: &Card| -> Vec<(String, Medicine)> {
        let without_entry = |medicine: &Medicine| Medicine { dispensing: None, ..medicine.clone() };
        card.view().medicines.iter().map(|item| (item.key.clone(), without_entry(item.any().unwrap()))).collect()
    };
    assert_eq!(list(&elsewhere), list(&card));
    let dispensed = |card: &Card| card.view().dispensings().into_iter().map(|(_, it)| it.clone()).collect::<Vec<_>>();
    assert_eq!(dispensed(&elsewhere), dispensed(&card));
    assert_eq!(elsewhere.allergies().len(), 2);
}

#[test]
fn what_the_format_has_no_record_for_is_a_memo_and_is_named() {
    let mut card = card_of(OCTOBER);
    let changed = |card: &Card, key: &str, amount: &str| {
        let old = card.medicine(key).any().unwrap().clone();
        Medicine { amount: amount.into(), ..old }
    };
    let amlodipine = "yj:2171022f1000";
    let more = changed(&card, amlodipine, "2");
    card.put_medicine(amlodipine, more, &stamp(), Some("血圧")).unwrap();
    let spoken = Medicine {
        drug: Drug { name: "さとうの薬𠮷".into(), ..Drug::default() },
        amount: "1〜2".into(),
        source: Source::Interview,
        dispensing: None,
        ..changed(&card, amlodipine, "1")
    };
    card.put_medicine("spoken", spoken, &stamp(), None).unwrap();
    let detailed = Allergy { substance: "卵".into(), severity: Some("重い".into()), ..Allergy::default() };
    card.add_allergy("卵", detailed, &stamp(), None).unwrap();

    let export = export(&card.view(), Scope::Current, on("2026-10-21")).unwrap();
    let mut named: Vec<_> = export.not_said.iter().map(|said| (said.what.as_str(), said.why)).collect();
    named.sort_by_key(|(what, _)| *what);
    let expected = [
        ("さとうの薬𠮷", WhyNot::NotDispensed),
        ("アムロジピン錠２．５ｍｇ", WhyNot::ChangedSince),
        ("卵", WhyNot::AllergyDetail),
    ];
    for one in expected {
        assert!(named.contains(&one), "{one:?} in {named:?}");
    }
    let back = carried(&export, 500);
    let memos: Vec<_> = back.content.memos.iter().map(|memo| memo.text.as_str()).collect();
    assert!(
        memos.iter().any(|memo| memo.starts_with("【調剤のあとで変更】アムロジピン") && memo.contains("1日量 2錠")),
        "{memos:?}"
    );
    assert!(memos.iter().any(|memo| memo.contains("さとうの薬〓 1日量 1～2錠")), "{memos:?}");
    // The dose that does not hold any more is nowhere.
    assert!(
        !back
            .content
            .dispensings
            .iter()
            .flat_map(|group| &group.prescriptions)
            .flat_map(|rp| &rp.drugs)
            .any(|drug| drug.name.starts_with("アムロジピン"))
    );
}

#[test]
fn two_versions_of_a_dose_are_both_told() {
    let mut card = card_of(OCTOBER);
    let mut other = Card::load(Actor::of([2; 16], 1), &card.save()).unwrap();
    let key = "yj:2139005f2000";
    for (card, amount) in [(&mut card, "2"), (&mut other, "3")] {
        let old = card.medicine(key).any().unwrap().clone();
        card.put_medicine(key, Medicine { amount: amount.into(), ..old }, &stamp(), Some("むくみ")).unwrap();
    }
    card.apply(&other.save()).unwrap();
    let export = export(&card.view(), Scope::Current, on("2026-10-21")).unwrap();
    let memos: Vec<_> =
        export.draft.memos.iter().filter(|memo| memo.text.starts_with("【確認中】フロセミド")).collect();
    assert_eq!(memos.len(), 2);
    assert!(export.not_said.iter().any(|said| said.why == WhyNot::Undecided));
}

#[test]
fn what_the_format_cannot_do_without_is_asked_for() {
    let mut card = card_of(OCTOBER);
    let identity = |card: &Card| card.identity().any().unwrap().value.clone();
    let with = |card: &mut Card, identity| {
        card.set_identity(identity, &stamp(), None).unwrap();
        export(&card.view(), Scope::Current, date(2026, 10, 21)).unwrap_err()
    };
    let known = identity(&card);
    assert_eq!(with(&mut card, Identity { sex: Sex::Unknown, ..known.clone() }), ExportError::Sex);
    assert_eq!(with(&mut card, Identity { birth_date: Some("1935".into()), ..known.clone() }), ExportError::BirthDate);
    assert_eq!(with(&mut card, Identity { name: String::new(), ..known }), ExportError::Name);
}

/// Every sample that can be written at all comes back from its parts as it was, whatever their size.
#[test]
fn the_parts_of_a_notebook_make_the_whole_again() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/jahis/synthetic");
    let mut split = 0;
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let Ok(notebook) = read(&std::fs::read(file.path()).unwrap()) else { continue };
        if notebook.part().is_some() {
            continue;
        }
        for most in [300, 500, 1_000, 100_000] {
            let written = write_split(&notebook.content, Encoding::Cp932, Version::NEWEST, "20261120100000", most);
            let Ok(parts) = written else { continue };
            split += usize::from(parts.len() > 1);
            let read_parts: Vec<_> = parts.iter().map(|part| read(part).unwrap()).collect();
            let joined = join(read_parts).unwrap();
            let whole = NotebookDraft { split: None, ..notebook.content.clone() };
            assert_eq!(joined.content, whole, "{:?} in parts of {most}", file.path());
        }
    }
    assert!(split > 10, "{split} sets");
}

#[test]
fn a_part_that_is_missing_is_named() {
    let export = export(&card_of(OCTOBER).view(), Scope::Current, on("2026-10-21")).unwrap();
    let parts = write_split(&export.draft, Encoding::Cp932, Version::NEWEST, "20261120100000", 400).unwrap();
    assert!(parts.len() >= 3 && parts.iter().all(|part| part.len() <= 400), "{}", parts.len());
    let mut some: Vec<_> = parts.iter().map(|part| read(part).unwrap()).collect();
    some.remove(1);
    assert_eq!(join(some), Err(JoinError::Missing { missing: vec![2], parts: parts.len() as u16 }));
}
