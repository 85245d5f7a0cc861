//! Texts nobody on the project wrote, as UTF-8 and as cp932: those that may be published are in `tests/data/jahis`, the
//! rest lies beside the checkout for those who have it.

use std::path::{Path, PathBuf};

use encoding_rs::SHIFT_JIS;
use tendenko_interop::notebook::codes::{AmountMeaning, Origin};
use tendenko_interop::notebook::{Encoding, JoinError, Notebook, NotebookError, ProblemCode, Severity, join, read};

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/jahis/jahis-rx-parser")
}

/// The folder beside the checkout, if it is there.
fn beside(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/jahis").join(folder);
    if !path.is_dir() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn cp932(utf8: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(utf8).expect("the samples are UTF-8");
    let (bytes, _, unmappable) = SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

/// Reads a sample in both encodings, and makes sure that they say the same.
fn both(folder: &Path, name: &str) -> Result<Notebook, NotebookError> {
    let utf8 = bytes(folder, name);
    let found = read(&utf8);
    match (&found, read(&cp932(&utf8))) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.content, other.content, "{name}");
            assert_eq!(one.problems, other.problems, "{name}");
            assert_eq!(other.raw[0].encoding, Encoding::Cp932, "{name}");
            assert_eq!(one.raw[0].encoding, Encoding::Utf8, "{name}");
        }
        (Err(one), Err(other)) => assert_eq!(*one, other, "{name}"),
        (one, other) => panic!("{name}: {one:?} but {other:?}"),
    }
    found
}

fn codes(notebook: &Notebook) -> Vec<(u32, ProblemCode)> {
    notebook.problems.iter().map(|problem| (problem.line, problem.code)).collect()
}

/// RP number, drug, amount, meaning.
fn drugs(notebook: &Notebook) -> Vec<(u16, String, String, Option<AmountMeaning>)> {
    let groups = notebook.content.dispensings.iter().flat_map(|dispensing| &dispensing.prescriptions);
    groups
        .flat_map(|rp| {
            let meaning = rp.usage.as_ref().and_then(|usage| usage.form.amount_meaning());
            rp.drugs.iter().map(move |drug| (rp.number, drug.name.clone(), drug.amount.text.clone(), meaning))
        })
        .collect()
}

#[test]
fn the_published_samples_read_as_described() {
    let folder = published();
    for name in ["rx-qr-decoded-anonymized.txt", "rx-sample.txt"] {
        let error = both(&folder, name).expect_err("a prescription is no notebook");
        assert_eq!(error, NotebookError::Prescription { header: "JAHIS10".into() });
    }

    let minimal = both(&folder, "tc-minimal-valid.txt").expect("minimal");
    assert_eq!(codes(&minimal), []);
    let dispensing = &minimal.content.dispensings[0];
    assert_eq!(dispensing.prescriptions[0].drugs[0].supplements[0].text, "朝1錠、夕2錠");
    assert_eq!(dispensing.prescriptions[0].supplements[0].text, "透析日に服用");
    assert_eq!(dispensing.prescriptions[0].doctor.as_ref().map(|doctor| doctor.name.as_str()), Some("工業会 太郎"));
    assert_eq!(minimal.content.family_pharmacists.len(), 1);
    assert_eq!(minimal.version.0, 1);

    let invalid = both(&folder, "tc-invalid-missing-drug-code.txt").expect("odd, but a notebook");
    assert_eq!(codes(&invalid), [(3, ProblemCode::InstitutionMissing), (4, ProblemCode::CodeMissing)]);
    assert!(invalid.content.dispensings[0].prescriptions[0].is_usable());

    let two = both(&folder, "tc-multi-dispensing.txt").expect("two dispensings");
    assert_eq!(codes(&two), []);
    assert_eq!(two.content.dispensings.len(), 2);
    assert_eq!(two.content.dispensings[1].date.iso().as_deref(), Some("2026-02-20"));
    assert_eq!(
        drugs(&two),
        [
            (1, "ノルバスク錠２．５ｍｇ".into(), "1".into(), Some(AmountMeaning::PerDay)),
            (1, "ロキソニン錠６０ｍｇ".into(), "2".into(), Some(AmountMeaning::PerDay)),
        ]
    );
    let doctors: Vec<_> = two
        .content
        .dispensings
        .iter()
        .map(|dispensing| dispensing.prescriptions[0].doctor.as_ref().map(|doctor| doctor.name.clone()))
        .collect();
    assert_eq!(doctors, [Some("工業会 太郎".into()), Some("中央 一郎".into())]);

    let full = both(&folder, "tc-supported-records-full.txt").expect("part 1 of 2");
    assert_eq!(codes(&full), [(24, ProblemCode::PartOfSet)]);
    assert_eq!(full.part().map(|split| (split.part, split.parts)), Some((1, 2)));
    assert_eq!(full.content.otc[0].ingredients[0].name, "イブプロフェン");
    assert_eq!(full.unknown_records().count(), 0);
    assert_eq!(join(vec![full]), Err(JoinError::Missing { missing: vec![2], parts: 2 }));

    let second = both(&folder, "tc-split-output-part-2.txt").expect("part 2 of 3");
    assert_eq!(codes(&second), [(11, ProblemCode::PartOfSet)]);
    assert_eq!(join(vec![second]), Err(JoinError::Missing { missing: vec![1, 3], parts: 3 }));

    let otc = both(&folder, "tc-with-otc-components-and-remaining-medicine.txt").expect("patient origin");
    assert_eq!(codes(&otc), []);
    assert_eq!(otc.content.origin, Origin::FromPatient);
    assert_eq!(otc.content.otc[0].ingredients.len(), 2);
    assert_eq!(otc.content.dispensings[0].leftovers.len(), 1);
}

#[test]
fn the_published_copies_are_the_originals() {
    let Some(folder) = beside("jahis-rx-parser") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("folder") {
        let name = entry.expect("entry").file_name();
        let name = name.to_str().expect("name");
        assert_eq!(bytes(&folder, name), bytes(&published(), name), "{name}");
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn the_examples_of_the_standard_read_as_described() {
    let Some(folder) = beside("medication-record-qr-format") else { return };
    for name in ["example-01.txt", "example-05.txt", "example-06.txt"] {
        let notebook = both(&folder, name).expect(name);
        assert_eq!(codes(&notebook), [], "{name}");
        assert_eq!(drugs(&notebook).len(), 5, "{name}");
    }

    let forms = both(&folder, "example-02.txt").expect("forms");
    assert_eq!(codes(&forms), []);
    let meanings: Vec<_> = drugs(&forms).into_iter().map(|(rp, _, _, meaning)| (rp, meaning)).collect();
    assert_eq!(meanings[0], (1, Some(AmountMeaning::PerDay)));
    assert!(meanings[5..].iter().all(|(_, meaning)| *meaning == Some(AmountMeaning::Total)));

    let doctors = both(&folder, "example-04.txt").expect("two doctors");
    assert_eq!(codes(&doctors), []);
    let by_rp: Vec<_> = doctors.content.dispensings[0]
        .prescriptions
        .iter()
        .map(|rp| rp.doctor.as_ref().map_or("", |doctor| doctor.department.as_str()))
        .collect();
    assert_eq!(by_rp, ["内科", "内科", "内科", "内科", "内科", "皮膚科", "皮膚科"]);

    let rich = both(&folder, "example-07.txt").expect("all patient fields");
    assert_eq!(codes(&rich), []);
    assert_eq!(rich.content.remarks.len(), 4);
    assert!(rich.content.remarks[2].text.contains('～'));
    assert_eq!(rich.content.family_pharmacists[0].contact, "");

    let patient = both(&folder, "example-10.txt").expect("patient origin");
    assert!(codes(&patient).iter().all(|(_, code)| *code == ProblemCode::MeaningUnknown));
    assert!(drugs(&patient).iter().all(|drug| drug.3.is_none()));
    assert_eq!(patient.content.dispensings[0].patient_entries[0].date.iso().as_deref(), Some("2020-04-07"));

    // Published sizes of the cp932 form.
    for (name, size) in
        [("example-01.txt", 441), ("example-04.txt", 995), ("split-part-1.txt", 465), ("split-part-2.txt", 544)]
    {
        assert_eq!(cp932(&bytes(&folder, name)).len(), size, "{name}");
    }
}

#[test]
fn the_split_example_of_the_standard_joins_in_any_order() {
    let Some(folder) = beside("medication-record-qr-format") else { return };
    let first = both(&folder, "split-part-1.txt").expect("part 1");
    let second = both(&folder, "split-part-2.txt").expect("part 2");
    let whole = both(&folder, "example-04.txt").expect("whole");
    for parts in [vec![first.clone(), second.clone()], vec![second.clone(), first.clone()]] {
        let joined = join(parts).expect("joined");
        assert_eq!(joined.severity(), None);
        let mut expected = whole.content.clone();
        expected.dispensings[0].leftovers.clear();
        assert_eq!(joined.content, expected);
    }
    let twice = join(vec![first.clone(), second.clone(), first.clone()]).expect("the same part twice");
    assert_eq!(twice.severity(), Some(Severity::Note));
    assert_eq!(join(vec![second]), Err(JoinError::Missing { missing: vec![1], parts: 2 }));
    assert_eq!(join(vec![first, whole]), Err(JoinError::NotAPart { index: 2 }));
}

#[test]
fn every_sample_cut_anywhere_gives_no_half_drug() {
    let folders = [Some(published()), beside("medication-record-qr-format")];
    for folder in folders.into_iter().flatten() {
        for entry in std::fs::read_dir(&folder).expect("folder") {
            let name = entry.expect("entry").file_name().into_string().expect("name");
            if !name.ends_with(".txt") || name.starts_with("LICENSE") {
                continue;
            }
            let utf8 = bytes(&folder, &name);
            let Ok(whole) = read(&utf8) else { continue };
            let cp932 = cp932(&utf8);
            for text in [&utf8, &cp932] {
                for end in 0..text.len() {
                    let Ok(cut) = read(&text[..end]) else { continue };
                    for (at, group) in cut.content.dispensings.iter().enumerate() {
                        for (rp, found) in group.prescriptions.iter().enumerate().filter(|(_, rp)| rp.is_usable()) {
                            let expected = &whole.content.dispensings[at].prescriptions[rp];
                            assert_eq!(found.drugs, expected.drugs, "{name} cut at {end}");
                            assert_eq!(found.usage, expected.usage, "{name} cut at {end}");
                        }
                    }
                }
            }
        }
    }
}
