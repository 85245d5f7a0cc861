//! What holds for every notebook: writing and reading give back the same; cutting never yields half a drug; splitting and
//! joining change nothing; and no bytes make the reader panic.

use proptest::prelude::*;
use tendenko_crdt::CardView;
use tendenko_interop::notebook::codes::*;
use tendenko_interop::notebook::*;

/// Text the format can hold: kanji, kana of both widths, letters, signs; no separator, no space at the ends.
fn text(chars: usize) -> BoxedStrategy<String> {
    let pattern = format!("[山田錠酸朝夕食後アムロジピンｱｲｳﾞ～＋０-９a-zA-Z0-9%/()【】。・]{{1,{chars}}}");
    proptest::string::string_regex(&pattern).expect("a pattern").boxed()
}

fn maybe(strategy: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![Just(String::new()), strategy].boxed()
}

fn day() -> BoxedStrategy<NotebookDate> {
    prop_oneof![
        (1927i16..2030, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| NotebookDate::read(&format!("{y:04}{m:02}{d:02}"))),
        (2i16..=63, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| NotebookDate::read(&format!("S{y:02}{m:02}{d:02}"))),
        (2i16..=12, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| NotebookDate::read(&format!("R{y:02}{m:02}{d:02}"))),
    ]
    .boxed()
}

fn maybe_day() -> BoxedStrategy<NotebookDate> {
    prop_oneof![Just(NotebookDate::default()), day()].boxed()
}

fn one_of<T: Clone + std::fmt::Debug + 'static>(
    codes: &'static [&'static str],
    read: fn(&str) -> T,
) -> BoxedStrategy<T> {
    proptest::sample::select(codes).prop_map(read).boxed()
}

fn creator() -> BoxedStrategy<Creator> {
    one_of(Creator::CODES, Creator::from_code)
}

fn remark() -> BoxedStrategy<Remark> {
    (text(20), creator()).prop_map(|(text, creator)| Remark { text, creator }).boxed()
}

fn remarks() -> BoxedStrategy<Vec<Remark>> {
    proptest::collection::vec(remark(), 0..2).boxed()
}

fn institution() -> BoxedStrategy<Institution> {
    (text(20), 1u8..48, "[0-9]{7}", creator())
        .prop_map(|(name, prefecture, code, creator)| Institution {
            name,
            prefecture: format!("{prefecture:02}"),
            score_table: ScoreTable::Medical,
            code,
            creator,
            ..Institution::default()
        })
        .boxed()
}

fn drug() -> BoxedStrategy<DrugLine> {
    let code = one_of(&["2", "3", "4", "6"], DrugCodeKind::from_code);
    let general = maybe(text(20));
    (text(30), "[1-9][0-9]{0,2}(\\.[1-9])?", text(3), code, "[0-9]{9}", creator(), general, remarks(), remarks())
        .prop_map(|(name, amount, unit, code_kind, code, creator, general_name, supplements, cautions)| DrugLine {
            name,
            amount: Amount::read(&amount),
            unit,
            code_kind,
            code,
            creator,
            general_name,
            supplements,
            cautions,
            ..DrugLine::default()
        })
        .boxed()
}

fn usage() -> BoxedStrategy<Usage> {
    let form = one_of(DosageForm::CODES, DosageForm::from_code);
    (maybe(text(20)), 1u16..=999, text(4), form, creator())
        .prop_map(|(text, quantity, unit, form, creator)| Usage {
            text,
            quantity: Amount::read(&quantity.to_string()),
            unit,
            form,
            code_kind: UsageCodeKind::None,
            creator,
            ..Usage::default()
        })
        .boxed()
}

fn group() -> BoxedStrategy<PrescriptionGroup> {
    (proptest::collection::vec(drug(), 1..4), usage(), remarks(), remarks())
        .prop_map(|(drugs, usage, supplements, cautions)| PrescriptionGroup {
            drugs,
            usage: Some(usage),
            supplements,
            cautions,
            ..PrescriptionGroup::default()
        })
        .boxed()
}

fn doctor() -> BoxedStrategy<Doctor> {
    (text(8), maybe(text(8)), creator())
        .prop_map(|(name, department, creator)| Doctor { name, department, creator })
        .boxed()
}

fn dispensing() -> BoxedStrategy<DispensingGroup> {
    let entry = (text(20), maybe_day()).prop_map(|(text, date)| PatientEntry { text, date });
    let information = (text(20), one_of(InformationKind::CODES, InformationKind::from_code), creator())
        .prop_map(|(text, kind, creator)| Information { text, kind, creator });
    (
        (day(), creator(), institution(), proptest::option::of(institution())),
        proptest::collection::vec(group(), 1..4),
        (doctor(), doctor(), 0usize..4),
        (remarks(), proptest::collection::vec(information, 0..2), remarks(), remarks()),
        proptest::collection::vec(entry, 0..2),
    )
        .prop_map(
            |((date, creator, institution, prescriber), mut groups, (one, other, turn), notes, patient_entries)| {
                for (index, group) in groups.iter_mut().enumerate() {
                    group.number = index as u16 + 1;
                    group.doctor = (turn > 0).then(|| if index < turn { one.clone() } else { other.clone() });
                }
                DispensingGroup {
                    date,
                    creator,
                    institution: Some(institution),
                    dispenser: None,
                    prescriber,
                    prescriptions: groups,
                    cautions: notes.0,
                    information: notes.1,
                    leftovers: notes.2,
                    remarks: notes.3,
                    patient_entries,
                }
            },
        )
        .boxed()
}

fn patient() -> BoxedStrategy<Patient> {
    (text(10), day(), maybe(text(20)), maybe("[0-9]{2}\\.[1-9]".boxed()), maybe(text(10)))
        .prop_map(|(name, birth_date, address, weight, kana)| Patient {
            name,
            sex: NotebookSex::Female,
            birth_date,
            address,
            weight: Amount::read(&weight),
            kana,
            ..Patient::default()
        })
        .boxed()
}

fn draft() -> BoxedStrategy<NotebookDraft> {
    let remark = (one_of(RemarkKind::CODES, RemarkKind::from_code), text(20), creator())
        .prop_map(|(kind, text, creator)| PatientRemark { kind, text, creator });
    let ingredient = (text(10), creator()).prop_map(|(name, creator)| Ingredient {
        name,
        code_kind: IngredientCodeKind::None,
        code: String::new(),
        creator,
    });
    let otc = (text(10), maybe_day(), maybe_day(), creator(), proptest::collection::vec(ingredient, 0..3)).prop_map(
        |(name, start, end, creator, ingredients)| OtcMedicine {
            name,
            start,
            end,
            creator,
            ingredients,
            jan: "4900000000000".into(),
            ..OtcMedicine::default()
        },
    );
    let memo = (text(20), maybe_day(), creator()).prop_map(|(text, date, creator)| Memo { text, date, creator });
    (
        patient(),
        proptest::collection::vec(remark, 0..3),
        proptest::collection::vec(otc, 0..3),
        proptest::collection::vec(memo, 0..2),
        proptest::collection::vec(dispensing(), 0..3),
    )
        .prop_map(|(patient, remarks, mut otc, memos, dispensings)| {
            for (index, otc) in otc.iter_mut().enumerate() {
                otc.sequence = (index + 1).to_string();
            }
            NotebookDraft {
                origin: Origin::ToPatient,
                patient: Some(patient),
                remarks,
                otc,
                memos,
                dispensings,
                family_pharmacists: Vec::new(),
                split: None,
            }
        })
        .boxed()
}

fn encoding() -> BoxedStrategy<Encoding> {
    proptest::sample::select(&[Encoding::Cp932, Encoding::Utf8, Encoding::Utf8Bom][..]).boxed()
}

fn layout() -> BoxedStrategy<Layout> {
    let ends = proptest::sample::select(&[LineEnd::CrLf, LineEnd::Lf, LineEnd::Cr][..]);
    (ends, any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(line_end, final_line_end, end_mark, trailing_fields)| Layout {
            line_end,
            final_line_end,
            end_mark,
            trailing_fields,
        })
        .boxed()
}

/// A notebook whose every character takes the encoding the reader will find: cp932 when there is no kana or kanji.
fn written() -> impl Strategy<Value = (NotebookDraft, Vec<u8>)> {
    (draft(), encoding(), layout()).prop_map(|(mut draft, encoding, layout)| {
        if let Some(patient) = &mut draft.patient {
            patient.name.push_str("山田");
            patient.name = patient.name.chars().rev().take(20).collect();
        }
        let alone =
            draft.dispensings.is_empty() && draft.otc.is_empty() && draft.remarks.is_empty() && draft.memos.is_empty();
        // Nothing but a patient and no line end: read as cut, because nobody can tell.
        let layout = Layout { final_line_end: layout.final_line_end || alone, ..layout };
        let bytes = write_with(&draft, encoding, Version::NEWEST, layout).expect("a draft the format can hold");
        (draft, bytes)
    })
}

/// Everything usable in a cut notebook stands in the whole one, in the same place.
fn assert_no_half(cut: &Notebook, whole: &NotebookDraft) -> Result<(), TestCaseError> {
    prop_assert!(cut.content.dispensings.len() <= whole.dispensings.len());
    for (found, expected) in cut.content.dispensings.iter().zip(&whole.dispensings) {
        prop_assert_eq!(&found.date, &expected.date);
        prop_assert_eq!(&found.institution, &expected.institution);
        for (found, expected) in found.prescriptions.iter().zip(&expected.prescriptions) {
            prop_assert!(found.is_usable());
            prop_assert_eq!(&found.drugs, &expected.drugs);
            prop_assert_eq!(&found.usage, &expected.usage);
            prop_assert_eq!(&found.doctor, &expected.doctor);
        }
    }
    for (found, expected) in cut.content.remarks.iter().zip(&whole.remarks) {
        prop_assert_eq!(found, expected);
    }
    for (found, expected) in cut.content.otc.iter().zip(&whole.otc) {
        prop_assert_eq!(&found.name, &expected.name);
        prop_assert!(found.jan.is_empty() || found.jan == expected.jan);
        prop_assert!(found.ingredients.iter().all(|ingredient| expected.ingredients.contains(ingredient)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_is_read_back((draft, bytes) in written()) {
        let read = read(&bytes).expect("a whole notebook");
        prop_assert_eq!(&read.content, &draft);
        let worst = read.severity();
        prop_assert!(worst.is_none_or(|worst| worst < Severity::Error), "{:?}", read.problems);
    }

    #[test]
    fn a_cut_text_is_refused_or_complete_as_far_as_it_goes((draft, bytes) in written(), at in any::<prop::sample::Index>()) {
        // A few cuts near one place, so that every byte of some record's end is tried.
        let at = at.index(bytes.len());
        for end in at..bytes.len().min(at + 24) {
            if let Ok(cut) = read(&bytes[..end]) {
                assert_no_half(&cut, &draft)?;
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        (_, mut bytes) in written(),
        noise in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        other in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = read(&other);
        for (at, byte) in noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(notebook) = read(&bytes) {
            for problem in &notebook.problems {
                prop_assert!(problem.message_ja().contains("行目") && problem.message_en().starts_with("Line "));
            }
            let today = "2026-11-20".parse().expect("a date");
            let _ = plan(&notebook, &CardView::default(), today);
            let _ = join(vec![notebook.clone(), notebook]);
        }
    }

    #[test]
    fn parts_in_any_order_and_either_style_join_to_the_whole(
        (draft, bytes) in written(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        repeating in any::<bool>(),
        turn in any::<prop::sample::Index>(),
    ) {
        let whole = read(&bytes).expect("a whole notebook");
        let parts = split(&whole, &cuts, repeating);
        let mut parts: Vec<Notebook> = parts.iter().map(|part| read(part.as_bytes()).expect("a part")).collect();
        for part in &parts {
            prop_assert!(part.part().is_some());
            prop_assert!(plan(part, &CardView::default(), "2026-11-20".parse().expect("a date")).is_err());
        }
        let missing = turn.index(parts.len());
        let mut some = parts.clone();
        some.remove(missing);
        prop_assert!(join(some).is_err());
        parts.rotate_left(missing);
        let joined = join(parts).expect("all parts");
        prop_assert_eq!(joined.content, draft);
    }
}

/// Splits a notebook into parts at these lines. In the repeating style every part begins with the patient and the heading
/// of the dispensing it goes on with, and is cut between groups of drugs.
fn split(whole: &Notebook, cuts: &[prop::sample::Index], repeating: bool) -> Vec<String> {
    let text = |line: &Line| std::iter::once(&line.record).chain(&line.fields).cloned().collect::<Vec<_>>().join(",");
    let lines = &whole.lines;
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(lines.len())).collect();
    if repeating {
        // Only before the first drug of a group.
        ends.retain(|end| lines[*end].record == "201" && *end > 0 && lines[end - 1].record != "201");
        ends.retain(|end| !["281", "291"].contains(&lines[end - 1].record.as_str()));
    }
    ends.extend([0, lines.len()]);
    ends.sort_unstable();
    ends.dedup();
    if ends.len() == 2 {
        // Nowhere to cut: the second part holds nothing but its number.
        ends.push(lines.len());
    }
    let parts = ends.len() - 1;
    (0..parts)
        .map(|part| {
            let (start, end) = (ends[part], ends[part + 1]);
            let mut out = vec!["JAHISTC08,1".to_owned()];
            if repeating && start > 1 {
                out.push(text(&lines[0]));
                if let Some(opened) = lines[..start].iter().rposition(|line| line.record == "5") {
                    let heading = lines[opened..start]
                        .iter()
                        .filter(|line| ["5", "11", "15", "51"].contains(&line.record.as_str()));
                    out.extend(heading.map(text));
                    out.extend(lines[opened..start].iter().rfind(|line| line.record == "55").map(text));
                }
            }
            out.extend(lines[start..end].iter().map(text));
            out.push(format!("911,12345678901234,{parts},{}", part + 1));
            out.join("\r\n")
        })
        .collect()
}
