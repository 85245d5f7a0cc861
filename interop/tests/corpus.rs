//! The seeds of the fuzzer (`fuzz/seeds/notebook`) and the samples, through the same entry, on every test run.
//!
//! Seeds are made by this crate's own writer: `cargo test -p tendenko-interop --test corpus -- --ignored` writes them anew.
//! An input that the fuzzer found is kept as a test of its own, not here.

use std::fs;
use std::path::{Path, PathBuf};

use tendenko_interop::fuzz;
use tendenko_interop::notebook::codes::*;
use tendenko_interop::notebook::*;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn files(path: &str) -> Vec<Vec<u8>> {
    let files: Vec<PathBuf> = fs::read_dir(folder(path)).expect(path).map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty(), "nothing in {path}");
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn every_seed_goes_through_the_entry_whole_cut_and_damaged() {
    for seed in files("fuzz/seeds/notebook") {
        assert!(read(&seed).is_ok());
        fuzz::notebook(&seed);
        for at in 0..seed.len() {
            fuzz::notebook(&seed[..at]);
            let mut damaged = seed.clone();
            damaged[at] ^= 0x21;
            fuzz::notebook(&damaged);
        }
    }
}

#[test]
fn every_sample_goes_through_the_entry() {
    for path in ["synthetic", "demo", "jahis-rx-parser"] {
        for sample in files(&format!("tests/data/jahis/{path}")) {
            fuzz::notebook(&sample);
        }
    }
}

/// Made up: nobody has this name, and nothing of this was ever dispensed.
fn draft(split: Option<Split>) -> NotebookDraft {
    let drug = |name: &str, amount: &str| DrugLine {
        name: name.into(),
        amount: Amount::read(amount),
        unit: "錠".into(),
        code_kind: DrugCodeKind::None,
        creator: Creator::MedicalStaff,
        ..DrugLine::default()
    };
    let usage = |text: &str, form: DosageForm| Usage {
        text: text.into(),
        quantity: Amount::read("7"),
        unit: "日分".into(),
        form,
        code_kind: UsageCodeKind::None,
        creator: Creator::MedicalStaff,
        ..Usage::default()
    };
    let group = |number, drugs, usage| PrescriptionGroup { number, drugs, usage: Some(usage), ..Default::default() };
    let institution = Institution {
        name: "見本薬局".into(),
        prefecture: "13".into(),
        score_table: ScoreTable::Pharmacy,
        code: "0000000".into(),
        creator: Creator::MedicalStaff,
        ..Institution::default()
    };
    NotebookDraft {
        origin: Origin::ToPatient,
        patient: Some(Patient {
            name: "見本　太郎".into(),
            sex: NotebookSex::Male,
            birth_date: NotebookDate::read("19500101"),
            ..Patient::default()
        }),
        remarks: vec![PatientRemark {
            kind: RemarkKind::from_code("1"),
            text: "見本アレルギー".into(),
            creator: Creator::MedicalStaff,
        }],
        otc: Vec::new(),
        memos: Vec::new(),
        dispensings: vec![DispensingGroup {
            date: NotebookDate::read("20261101"),
            creator: Creator::MedicalStaff,
            institution: Some(institution),
            dispenser: None,
            prescriber: None,
            prescriptions: vec![
                group(1, vec![drug("見本錠５ｍｇ", "1")], usage("１日１回朝食後", DosageForm::from_code("1"))),
                group(
                    2,
                    vec![drug("見本錠Ａ", "1.5"), drug("見本錠Ｂ", "2")],
                    usage("痛い時", DosageForm::from_code("3")),
                ),
            ],
            cautions: Vec::new(),
            information: Vec::new(),
            leftovers: Vec::new(),
            remarks: Vec::new(),
            patient_entries: Vec::new(),
        }],
        family_pharmacists: Vec::new(),
        split,
    }
}

#[test]
#[ignore = "writes seeds"]
fn write_seeds() {
    let folder = folder("fuzz/seeds/notebook");
    fs::create_dir_all(&folder).unwrap();
    let whole = draft(None);
    for (name, encoding) in [("cp932", Encoding::Cp932), ("utf8", Encoding::Utf8), ("utf8-bom", Encoding::Utf8Bom)] {
        fs::write(folder.join(name), write(&whole, encoding, Version::NEWEST).unwrap()).unwrap();
    }
    let part = Split { id: "12345678901234".into(), parts: 2, part: 1 };
    fs::write(folder.join("part"), write(&draft(Some(part)), Encoding::Cp932, Version::NEWEST).unwrap()).unwrap();
}
