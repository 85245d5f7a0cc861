//! Importing notebooks into a real card: twice, on two tablets at once, after people changed something, and for the wrong
//! patient.

use jiff::civil::Date;
use tendenko_crdt::*;
use tendenko_interop::notebook::*;

const OCTOBER: &str = "JAHISTC08,1\r
1,平田 しげ,2,S100401,,,,,,,ﾍｲﾀ ｼｹﾞ\r
2,1,サバ（蕁麻疹）,1\r
2,2,特になし,1\r
2,3,胆石（2001年）,1\r
5,R081005,1\r
11,見本みなと薬局,03,4,0000001,,,,1\r
51,見本海の診療所,03,1,0000002,1\r
55,見本 太郎,内科,1\r
201,1,アムロジピン錠２．５ｍｇ,1,錠,4,2171022F1000,1,,,\r
301,1,１日１回朝食後,28,日分,1,1,,1\r
201,2,ロキソプロフェン錠６０ｍｇ,1,錠,4,1149019F1000,1,,,\r
301,2,疼痛時,10,回分,3,1,,1\r
201,3,注射針,70,本,1,,1,,,\r
301,3,,1,調剤,9,1,,1\r
";

/// The same patient four weeks later: amlodipine doubled, warfarin new.
const NOVEMBER: &str = "JAHISTC08,1\r
1,平田 しげ,2,19350401\r
5,20261102,1\r
11,見本みなと薬局,03,4,0000001,,,,1\r
51,見本海の診療所,03,1,0000002,1\r
55,見本 太郎,内科,1\r
201,1,アムロジピン錠２．５ｍｇ,2,錠,4,2171022F1000,1\r
301,1,１日１回朝食後,28,日分,1,1,,1\r
201,2,ワルファリン錠１ｍｇ,2,錠,4,3332001F1000,1\r
281,2,夕1.5錠と2錠を1日おきに,1\r
301,2,１日１回夕食後,28,日分,1,1,,1\r
201,3,ロキソプロフェン錠６０ｍｇ,1,錠,4,1149019F1000,1\r
301,3,疼痛時,10,回分,3,1,,1\r
";

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn tablet(number: u8) -> Card {
    Card::new(Actor::of([number; 16], 1))
}

fn stamp(number: u8, day: &str) -> Stamp {
    let at = format!("{day}T01:00:00Z").parse::<jiff::Timestamp>().expect("a time");
    Stamp {
        author: Author {
            member: format!("{number:032}"),
            name: "見本 看護師".into(),
            profession: Profession::Nurse,
            facility: "見本訪問看護ステーション".into(),
            device: format!("{number:02x}").repeat(16),
            newer: Newer::default(),
        },
        at: Timestamp(at.as_millisecond()),
        clock_offset_ms: None,
        newer: Newer::default(),
    }
}

fn notebook(text: &str) -> Notebook {
    read(text.as_bytes()).expect("a notebook")
}

fn planned(text: &str, card: &Card, today: &str) -> ImportPlan {
    plan(&notebook(text), &card.view(), day(today)).expect("a plan")
}

fn import(text: &str, card: &mut Card, number: u8, today: &str) -> TakenOver {
    planned(text, card, today).take_over(card, &stamp(number, today), |_| true).expect("taken over")
}

fn exchange(one: &mut Card, other: &mut Card) {
    let (ours, theirs) = (one.take_changes().concat(), other.take_changes().concat());
    one.apply(&theirs).expect("applied");
    other.apply(&ours).expect("applied");
}

/// Name, amount, unit and meaning of every medicine on the list, by name.
fn list(card: &Card) -> Vec<(String, String, DoseBasis)> {
    let mut list: Vec<_> = card
        .medicines()
        .iter()
        .filter_map(|item| item.any())
        .map(|medicine| (medicine.drug.name.clone(), medicine.amount.clone(), medicine.basis.clone()))
        .collect();
    list.sort();
    list
}

fn change<'a>(plan: &'a ImportPlan, name: &str) -> &'a MedicineChange {
    let found = plan.medicines.iter().find(|planned| planned.medicine.drug.name.starts_with(name));
    &found.unwrap_or_else(|| panic!("{name} is not in the plan")).change
}

#[test]
fn a_first_import_fills_the_card_and_a_second_adds_nothing() {
    let mut card = tablet(1);
    let first = import(OCTOBER, &mut card, 1, "2026-10-06");
    assert_eq!(first, TakenOver { dispensings: 1, medicines: 2, allergies: 1, changed: Vec::new() });
    assert_eq!(
        list(&card),
        [
            ("アムロジピン錠２．５ｍｇ".into(), "1".into(), DoseBasis::PerDay),
            ("ロキソプロフェン錠６０ｍｇ".into(), "1".into(), DoseBasis::PerDose),
        ]
    );
    let view = card.view();
    let (_, dispensing) = view.dispensings()[0];
    assert_eq!(dispensing.drugs.len(), 3, "the needles were dispensed, though they are no medicine");
    assert_eq!(dispensing.dispensed_on, "2026-10-05");
    let allergy = view.allergies[0].any().expect("an allergy");
    assert_eq!((allergy.substance.as_str(), allergy.reaction.as_deref()), ("サバ", Some("蕁麻疹")));
    let amlodipine = view.medicines.iter().find(|item| item.key == "yj:2171022f1000").and_then(Item::any);
    let amlodipine = amlodipine.expect("under its code");
    assert_eq!(amlodipine.until.as_deref(), Some("2026-11-01"));
    assert_eq!(amlodipine.timings, [Timing::Morning]);
    assert_eq!(amlodipine.prescriber.as_deref(), Some("見本海の診療所 内科 見本 太郎"));

    // Again, in another encoding, with other line ends, another form of the date and without trailing fields.
    let again = OCTOBER.replace("R081005", "20261005").replace("\r\n", "\n").replace(",,,\n", "\n");
    let (again, _, _) = encoding_rs::SHIFT_JIS.encode(&again);
    let again = read(&again).expect("a notebook");
    let plan = plan(&again, &card.view(), day("2026-10-07")).expect("a plan");
    assert!(plan.dispensings[0].already_there);
    assert!(plan.medicines.iter().all(|planned| planned.change == MedicineChange::Same));
    assert_eq!(plan.take_over(&mut card, &stamp(1, "2026-10-07"), |_| true), Ok(TakenOver::default()));
}

#[test]
fn two_tablets_that_import_at_once_have_one_entry_and_no_conflict() {
    let (mut one, mut other) = (tablet(1), tablet(2));
    import(OCTOBER, &mut one, 1, "2026-10-06");
    import(OCTOBER, &mut other, 2, "2026-10-07");
    exchange(&mut one, &mut other);
    for card in [&one, &other] {
        let view = card.view();
        assert_eq!(view.events.len(), 1);
        assert_eq!(view.medicines.len(), 2);
        assert_eq!(view.allergies.len(), 1);
        assert_eq!(view.conflicts, []);
    }
}

#[test]
fn a_later_notebook_changes_renews_and_adds() {
    let mut card = tablet(1);
    import(OCTOBER, &mut card, 1, "2026-10-06");
    let plan = planned(NOVEMBER, &card, "2026-11-03");
    assert_eq!(plan.identity_match, Match::NotEnough { missing: vec![IdentityField::Name, IdentityField::BirthDate] });
    assert!(matches!(change(&plan, "アムロジピン"), MedicineChange::Changed { from } if from.amount == "1"));
    assert!(matches!(change(&plan, "ロキソプロフェン"), MedicineChange::Renewed { .. }));
    assert_eq!(change(&plan, "ワルファリン"), &MedicineChange::New);
    let warfarin = plan.medicines.iter().find(|planned| planned.key.contains("3332001")).expect("warfarin");
    assert_eq!(warfarin.medicine.note.as_deref(), Some("夕1.5錠と2錠を1日おきに"));
    assert_eq!(plan.take_over(&mut card, &stamp(1, "2026-11-03"), |_| true).map(|taken| taken.medicines), Ok(3));
    let loxoprofen = card.medicine("yj:1149019f1000");
    assert_eq!(loxoprofen.any().and_then(|medicine| medicine.since.as_deref()), Some("2026-10-05"));
    let history = card.medicine_history("yj:2171022f1000");
    assert_eq!(history.last().and_then(|written| written.reason.as_deref()), Some("お薬手帳（2026-11-02 調剤）"));

    // The old notebook once more takes nothing back.
    let old = planned(OCTOBER, &card, "2026-11-04");
    assert!(
        matches!(change(&old, "アムロジピン"), MedicineChange::OlderThanCurrent { current } if current.amount == "2")
    );
    assert_eq!(old.take_over(&mut card, &stamp(1, "2026-11-04"), |_| true), Ok(TakenOver::default()));
}

#[test]
fn what_people_changed_since_stays() {
    let mut card = tablet(1);
    import(NOVEMBER, &mut card, 1, "2026-11-03");
    let mut medicine = card.medicine("yj:2171022f1000").any().cloned().expect("amlodipine");
    medicine.amount = "1".into();
    medicine.source = Source::Prescription;
    let now = stamp(1, "2026-11-10");
    card.put_medicine("yj:2171022f1000", medicine, &now, Some("血圧低下のため減量")).expect("changed");
    card.stop_medicine("yj:3332001f1000", &now, Some("出血のため中止")).expect("stopped");

    let plan = planned(NOVEMBER, &card, "2026-11-11");
    assert!(matches!(change(&plan, "アムロジピン"), MedicineChange::OlderThanCurrent { .. }));
    assert_eq!(change(&plan, "ワルファリン"), &MedicineChange::NotOnList);
    assert_eq!(plan.take_over(&mut card, &now, |_| true), Ok(TakenOver::default()));
}

#[test]
fn a_conflict_is_left_to_people() {
    let (mut one, mut other) = (tablet(1), tablet(2));
    import(OCTOBER, &mut one, 1, "2026-10-06");
    exchange(&mut one, &mut other);
    for (card, number, amount) in [(&mut one, 1, "2"), (&mut other, 2, "3")] {
        let mut medicine = card.medicine("yj:2171022f1000").any().cloned().expect("amlodipine");
        medicine.amount = amount.into();
        let now = stamp(number, "2026-10-20");
        card.put_medicine("yj:2171022f1000", medicine, &now, Some("増量")).expect("changed");
    }
    exchange(&mut one, &mut other);
    let plan = planned(NOVEMBER, &one, "2026-11-03");
    assert_eq!(change(&plan, "アムロジピン"), &MedicineChange::InConflict);
    plan.take_over(&mut one, &stamp(1, "2026-11-03"), |_| true).expect("the rest is taken over");
    assert!(one.medicine("yj:2171022f1000").is_conflict());
}

#[test]
fn another_patients_notebook_is_told_by_field() {
    let mut card = tablet(1);
    let identity = |name: &str, kana: &str, birth: &str, sex| Identity {
        name: name.into(),
        kana: kana.into(),
        sex,
        birth_date: Some(birth.into()),
        ..Identity::default()
    };
    let now = stamp(1, "2026-10-01");
    let mut compare = |identity| {
        card.set_identity(identity, &now, None).expect("set");
        planned(OCTOBER, &card, "2026-10-06").identity_match
    };
    assert_eq!(compare(identity("平田　しげ", "へいた シゲ", "1935-04-01", Sex::Female)), Match::Same);
    assert_eq!(
        compare(identity("平田シゲ", "ヘイタ シゲ", "1935", Sex::Unknown)),
        Match::Different {
            differences: vec![Difference {
                field: IdentityField::Name,
                card: "平田シゲ".into(),
                notebook: "平田 しげ".into(),
            }],
        }
    );
    let Match::Different { differences } = compare(identity("平田 しげ", "ヒラタ シゲ", "1935-04-02", Sex::Male))
    else {
        panic!("another person");
    };
    let fields: Vec<_> = differences.iter().map(|difference| difference.field).collect();
    assert_eq!(fields, [IdentityField::Kana, IdentityField::BirthDate, IdentityField::Sex]);
    assert_eq!((differences[2].card.as_str(), differences[2].notebook.as_str()), ("男", "女"));
}

#[test]
fn remarks_that_say_nothing_or_tell_the_past_write_nothing() {
    let plan = planned(OCTOBER, &tablet(1), "2026-10-06");
    assert_eq!(plan.remarks[1].proposal, RemarkProposal::NothingKnown(AllergyKind::AdverseReaction));
    assert_eq!(plan.remarks[2].proposal, RemarkProposal::PastIllness("胆石（2001年）".into()));
}

#[test]
fn the_same_drug_from_two_prescribers_stands_twice() {
    let second = "5,R081006,1\r\n11,見本みなと薬局,03,4,0000001,,,,1\r\n51,見本整形外科,03,1,0000003,1\r
201,1,ロキソプロフェン錠６０ｍｇ,3,錠,4,1149019F1000,1\r\n301,1,１日３回毎食後,14,日分,1,1,,1\r\n5,R081005,1\r\n";
    let text = OCTOBER.replacen("5,R081005,1\r\n", second, 1);
    let mut card = tablet(1);
    import(&text, &mut card, 1, "2026-10-07");
    let keys: Vec<_> =
        card.medicines().into_iter().map(|item| item.key).filter(|key| key.contains("1149019")).collect();
    assert_eq!(keys, ["yj:1149019f1000", "yj:1149019f1000#2"]);
    let again = planned(&text, &card, "2026-10-07");
    assert!(again.medicines.iter().all(|planned| planned.change == MedicineChange::Same));

    // Both prescriptions in a notebook that names the orthopaedist only: the other one is not touched.
    let from = text.find("5,R081005,1").expect("the second dispensing");
    let alone = planned(&text[..from], &card, "2026-10-07");
    assert_eq!(alone.medicines.len(), 1);
    assert_eq!(alone.medicines[0].change, MedicineChange::Same);
}

#[test]
fn what_is_used_up_is_history_and_not_suggested() {
    let plan = planned(OCTOBER, &tablet(1), "2026-11-02");
    let amlodipine = plan.medicines.iter().find(|planned| planned.key.contains("2171022")).expect("amlodipine");
    assert!(amlodipine.ended && !amlodipine.is_suggested());
    assert!(plan.dispensings[0].is_suggested());
    assert!(planned(OCTOBER, &tablet(1), "2026-10-04").dispensings[0].in_future);
}

#[test]
fn an_incomplete_prescription_in_the_middle_costs_only_itself() {
    let text = OCTOBER.replace("301,1,１日１回朝食後,28,日分,1,1,,1\r\n", "");
    let notebook = notebook(&text);
    assert_eq!(
        notebook.problems.iter().map(|problem| (problem.line, problem.code)).collect::<Vec<_>>(),
        [(10, ProblemCode::UsageMissing)]
    );
    let plan = plan(&notebook, &CardView::default(), day("2026-10-06")).expect("a plan");
    assert_eq!(plan.left_out, [LeftOut { what: "アムロジピン錠２．５ｍｇ".into(), reason: LeftOutReason::NoUsage }]);
    assert_eq!(plan.medicines.len(), 1);
    assert!(plan.dispensings[0].dispensing.notes[0].contains("アムロジピン"));

    // Two usages that disagree are as bad as none.
    let text = OCTOBER.replace("201,2,", "301,1,１日２回朝夕食後,28,日分,1,1,,1\r\n201,2,");
    let contradicting = read(text.as_bytes()).expect("a notebook");
    assert_eq!(contradicting.severity(), Some(Severity::Error));
    assert_eq!(planned(&text, &tablet(1), "2026-10-06").left_out.len(), 1);
}

#[test]
fn patient_entries_are_marked_and_their_amounts_mean_nothing_certain() {
    let text = "JAHISTC08,2\n1,平田 しげ,2,S100401\n3,かぜ薬Ｘ,20261001,,2,1,4900000000000\n31,1,アセトアミノフェン,1,,2\n5,20261005,1\n11,見本みなと薬局,,,,,,,1\n201,1,アムロジピン錠,1,錠,,,1\n301,1,朝食後,,,,,,1\n601,ふらつく,20261007\n";
    let plan = planned(text, &tablet(1), "2026-10-08");
    assert!(plan.dispensings[0].patient_origin);
    let amlodipine = &plan.medicines[0];
    assert_eq!(amlodipine.medicine.basis.as_str(), "unstated");
    assert_eq!(amlodipine.medicine.note.as_deref(), Some("患者側からの記録"));
    let otc = &plan.medicines[1];
    assert_eq!(otc.medicine.source, Source::Otc);
    assert_eq!(otc.medicine.note.as_deref(), Some("成分: アセトアミノフェン / 患者側からの記録"));
    assert!(plan.dispensings[0].dispensing.notes.contains(&"患者の記入（2026-10-07）: ふらつく".to_owned()));
}

#[test]
fn a_dispensing_with_new_remarks_is_told_as_the_same_one() {
    let mut card = tablet(1);
    import(OCTOBER, &mut card, 1, "2026-10-06");
    let known = card.events()[0].id;
    let plan = planned(&format!("{OCTOBER}601,よく眠れる,20261010\r\n"), &card, "2026-10-11");
    assert!(!plan.dispensings[0].already_there);
    assert_eq!(plan.dispensings[0].overlaps, Some(known));
    assert_eq!(plan.take_over(&mut card, &stamp(1, "2026-10-11"), |_| true), Ok(TakenOver::default()));
}

#[test]
fn texts_that_break_off_are_refused_with_their_last_line() {
    let cut = |text: &str| read(text.as_bytes()).map(|_| ());
    let at = |line| Err(NotebookError::Cut { line });
    assert_eq!(cut("JAHISTC08,1"), at(1));
    assert_eq!(cut("JAHISTC08,1\n1,平田 しげ,2,S1004"), at(2));
    for (end, line) in [
        ("5,R081005,1", 6),
        ("見本 太郎,内科,1", 9),
        ("2171022F1000,1,,,", 10),
        ("１日１回朝食", 11),
        ("疼痛時,10,回分,3,1,,", 13),
    ] {
        let until = OCTOBER.find(end).expect(end) + end.len();
        assert_eq!(cut(&OCTOBER[..until]), at(line), "{end}");
        // Scanners add a line end to whatever they read.
        assert_eq!(cut(&format!("{}\r\n", &OCTOBER[..until])), at(line), "{end}");
    }
    // Within a character, in a record whose text may end anywhere.
    let whole = format!("{OCTOBER}601,よく眠れる");
    assert!(read(whole.as_bytes()).is_ok());
    assert_eq!(read(&whole.as_bytes()[..whole.len() - 1]), Err(NotebookError::Cut { line: 16 }));
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(&whole);
    assert_eq!(read(&cp932[..cp932.len() - 1]), Err(NotebookError::Cut { line: 16 }));
    // The head is missing.
    assert_eq!(cut("JAHISTC08,1\n301,2,朝食後,5,日分,1,1,,1\n"), at(2));
}

#[test]
fn what_is_no_notebook_is_refused_for_what_it_is() {
    assert_eq!(read(b""), Err(NotebookError::Empty));
    assert_eq!(read(b"\x89PNG\r\n\x1A\n\0\0"), Err(NotebookError::NotANotebook));
    assert_eq!(read("氏名,性別\n".as_bytes()), Err(NotebookError::NotANotebook));
    assert_eq!(read(b"JAHIS10\n1,1,9700012\n"), Err(NotebookError::Prescription { header: "JAHIS10".into() }));
    let two = format!("{OCTOBER}{NOVEMBER}");
    assert_eq!(read(two.as_bytes()), Err(NotebookError::Several { line: 16 }));
    assert!(matches!(read(&vec![b'1'; MAX_BYTES + 1]), Err(NotebookError::TooLarge { .. })));
}

#[test]
fn oddities_are_named_and_kept() {
    let text = OCTOBER
        .replace("JAHISTC08,1", "JAHISTC12,1")
        .replace("R081005", "R081399")
        .replace("4,2171022F1000", "5,2171022F1000")
        .replace("28,日分", "二十八,日分")
        .replace("201,3,", "999,あたらしい記録,1\r\n201,3,")
        .replace("疼痛時,10,回分,3,1,,1", "疼痛時,10,回分,3,1,,1,あまり");
    let odd = notebook(&text);
    let codes: Vec<_> = odd.problems.iter().map(|problem| (problem.line, problem.field, problem.code.name())).collect();
    assert_eq!(
        codes,
        [
            (1, None, "unknown-version"),
            (6, Some(1), "invalid-date"),
            (10, Some(5), "unlisted-code"),
            (11, Some(3), "not-digits"),
            (13, Some(9), "extra-fields"),
            (14, None, "unknown-record"),
        ]
    );
    assert_eq!(odd.unknown_records().map(|line| line.field(1)).collect::<Vec<_>>(), ["あたらしい記録"]);
    assert_eq!(odd.lines[11].field(9), "あまり");
    let plan = plan(&odd, &CardView::default(), day("2026-10-06")).expect("a plan");
    assert_eq!(plan.left_out, [LeftOut { what: "R081399".into(), reason: LeftOutReason::NoDate }]);
    assert!(plan.medicines.is_empty());
}

#[test]
fn the_writer_refuses_what_the_format_cannot_hold() {
    let mut draft = notebook(OCTOBER).content;
    let problem = |draft: &NotebookDraft, version| {
        write(draft, Encoding::Cp932, Version(version))
            .map(|_| ())
            .map_err(|error| (error.record, error.field, error.problem))
    };
    assert_eq!(problem(&draft, 8), Ok(()));
    assert_eq!(problem(&draft, 12), Err(("", 0, WriteProblem::NotInVersion)));
    for (text, expected) in [
        ("卵,牛乳", WriteProblem::Separator),
        ("\"卵\"", WriteProblem::Separator),
        ("卵\n牛乳", WriteProblem::Control),
        ("🥚", WriteProblem::Character),
        (" 卵", WriteProblem::Space),
        (&"卵".repeat(61), WriteProblem::TooLong),
        ("", WriteProblem::Missing),
    ] {
        draft.remarks[0].text = text.into();
        assert_eq!(problem(&draft, 8), Err(("2", 2, expected)), "{text}");
    }
    draft.remarks[0].text = fit("卵,\"牛乳\"\n");
    assert_eq!(draft.remarks[0].text, "卵，”牛乳”");
    assert_eq!(problem(&draft, 8), Ok(()));
    draft.dispensings[0].leftovers.push(Remark { text: "残薬５錠".into(), creator: codes::Creator::MedicalStaff });
    assert_eq!(problem(&draft, 6), Err(("421", 0, WriteProblem::NotInVersion)));
    draft.dispensings[0].prescriptions[0].usage = None;
    assert_eq!(problem(&draft, 8), Err(("5", 0, WriteProblem::Open)));
}

#[test]
fn a_text_of_the_largest_size_is_dealt_with() {
    // As many lines as are read, every group the same drug again: nothing may take time beyond the size of the text.
    let mut text = String::from("JAHISTC08,1\n1,平田 しげ,2,S100401\n");
    for number in 0..400 {
        text.push_str("3,かぜ薬,,,2,1\n31,9,成分,1,,2\n2,1,サバ,1\n");
        text.push_str(&format!("5,2026{:02}{:02},1\n", 1 + number % 9, 1 + number % 28));
        for rp in 1..=9 {
            text.push_str(&format!("201,{rp},アムロジピン錠,{number},錠,1,,1\n301,{rp},朝食後,9,日分,1,1,,1\n"));
        }
    }
    let large = notebook(&text);
    let plan = plan(&large, &CardView::default(), day("2026-10-01")).expect("a plan");
    assert_eq!(plan.dispensings.len(), 400);
    let keys: std::collections::BTreeSet<_> = plan.medicines.iter().map(|planned| &planned.key).collect();
    assert_eq!(keys.len(), plan.medicines.len());
}

#[test]
fn two_patients_in_one_text_are_refused_and_groups_without_a_number_left_out() {
    let two = OCTOBER.replace("5,R081005", "1,平田 たけ,2,S120401\r\n5,R081005");
    assert_eq!(read(two.as_bytes()), Err(NotebookError::Several { line: 6 }));
    let again = OCTOBER.replace("5,R081005", "1,平田 しげ,2,S100401,,,,,,,ﾍｲﾀ ｼｹﾞ\r\n5,R081005");
    assert_eq!(notebook(&again).problems[0].code, ProblemCode::RecordTwice);
    let nameless = OCTOBER
        .replace("201,2,", "201,,")
        .replace("301,2,", "301,,")
        .replace("201,1,", "201,x,")
        .replace("301,1,", "301,x,");
    let plan = planned(&nameless, &tablet(1), "2026-10-06");
    assert_eq!(plan.left_out.len(), 2);
    assert!(plan.medicines.is_empty());
}
