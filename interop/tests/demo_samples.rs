//! The demonstration's notebooks belong to its patients, import without doubts, and show what they are named after.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tendenko_crdt::*;
use tendenko_interop::notebook::*;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name)
}

fn patients() -> Vec<Value> {
    let text = std::fs::read(folder("demo/patients.json")).expect("patients.json");
    let patients: Value = serde_json::from_slice(&text).expect("JSON");
    patients.as_array().expect("a list").clone()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {}", value["id"]))
}

fn stamp() -> Stamp {
    Stamp {
        author: Author {
            member: "0".repeat(32),
            name: "見本 看護師".into(),
            profession: Profession::Nurse,
            facility: "見本訪問看護ステーション".into(),
            device: "01".repeat(16),
            newer: Newer::default(),
        },
        at: Timestamp(1_794_800_000_000),
        clock_offset_ms: None,
        newer: Newer::default(),
    }
}

fn card(patient: &Value) -> Card {
    let mut card = Card::new(Actor::of([1; 16], 1));
    let identity = Identity {
        name: text(patient, "name").into(),
        kana: text(patient, "kana").into(),
        sex: Sex::from(text(patient, "sex")),
        birth_date: Some(text(patient, "birth_date").into()),
        address: text(patient, "address").into(),
        phone: text(patient, "phone").into(),
        ..Identity::default()
    };
    card.set_identity(identity, &stamp(), None).expect("set");
    card
}

/// The patient's notebooks in order, sets joined.
fn notebooks(patient: &Value) -> Vec<Notebook> {
    let names = patient["notebooks"].as_array().expect("a list");
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for name in names {
        let name = name.as_str().expect("a name");
        let bytes = std::fs::read(folder("jahis/demo").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let notebook = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(notebook.raw[0].encoding, Encoding::Cp932, "{name}");
        if notebook.part().is_some() {
            parts.push(notebook);
        } else {
            whole.push(notebook);
        }
    }
    if !parts.is_empty() {
        whole.push(join(parts).expect("a complete set"));
    }
    whole
}

#[test]
fn every_notebook_is_its_patients_and_imports_without_doubts() {
    let today = "2026-11-15".parse().expect("a date");
    for patient in patients() {
        let mut card = card(&patient);
        let id = text(&patient, "id");
        for notebook in notebooks(&patient) {
            let doubts: Vec<_> = notebook
                .problems
                .iter()
                .filter(|problem| problem.code != ProblemCode::MeaningUnknown)
                .map(|problem| problem.message_en())
                .collect();
            assert!(doubts.is_empty(), "{id}: {doubts:?}");
            let plan = plan(&notebook, &card.view(), today).expect("a plan");
            assert_eq!(plan.identity_match, Match::Same, "{id}");
            assert_eq!(plan.left_out, [], "{id}");
            plan.take_over(&mut card, &stamp(), |_| true).expect("taken over");
        }
        if !patient["notebooks"].as_array().expect("a list").is_empty() {
            assert!(card.medicines().iter().any(Item::is_present), "{id} takes something");
        }
    }
}

#[test]
fn the_namesakes_notebook_is_told_apart() {
    let patients = patients();
    let (one, other) = (&patients[0], &patients[1]);
    assert_eq!(text(one, "name"), text(other, "name"));
    let notebook = &notebooks(other)[0];
    let plan = plan(notebook, &card(one).view(), "2026-11-15".parse().expect("a date")).expect("a plan");
    let Match::Different { differences } = plan.identity_match else { panic!("another person") };
    assert_eq!(differences[0].field, IdentityField::BirthDate);
}

#[test]
fn the_monthly_notebooks_tell_a_story() {
    let patients = patients();
    let patient =
        patients.iter().find(|patient| patient["notebooks"].to_string().contains("monthly")).expect("monthly");
    let mut card = card(patient);
    let (mut changes, mut run_out) = (Vec::new(), Vec::new());
    for (notebook, today) in notebooks(patient).iter().zip(["2026-09-08", "2026-10-06", "2026-11-03"]) {
        let plan = plan(notebook, &card.view(), today.parse().expect("a date")).expect("a plan");
        changes.push(
            plan.medicines
                .iter()
                .map(|planned| match &planned.change {
                    MedicineChange::New => "new",
                    MedicineChange::Changed { .. } => "changed",
                    MedicineChange::Renewed { .. } => "renewed",
                    _ => "other",
                })
                .collect::<Vec<_>>(),
        );
        run_out.extend(plan.run_out.iter().map(|over| over.medicine.drug.name.clone()));
        let mut stamp = stamp();
        let at: jiff::Timestamp = format!("{today}T01:00:00Z").parse().expect("a time");
        stamp.at = Timestamp(at.as_millisecond());
        plan.take_over(&mut card, &stamp, |_| true).expect("taken over");
    }
    // The code of amlodipine changes with its strength: another product, so a new item, and the old one runs out.
    assert_eq!(changes, [["new", "new"], ["renewed", "changed"], ["new", "renewed"]]);
    assert_eq!(run_out, ["アムロジピン錠２．５ｍｇ「見本」"]);
}

#[test]
fn the_patients_are_fictional_and_well_formed() {
    let patients = patients();
    assert_eq!(patients.len(), 30);
    let mut named = BTreeSet::new();
    for patient in &patients {
        let id = text(patient, "id");
        let birth: jiff::civil::Date = text(patient, "birth_date").parse().expect("a date");
        assert!((1925..=1955).contains(&birth.year()), "{id}");
        let phones = [text(patient, "phone")];
        let contacts = patient["contacts"].as_array().expect("a list");
        let phones = phones.into_iter().chain(contacts.iter().map(|contact| text(contact, "phone")));
        assert!(phones.into_iter().all(|phone| phone.starts_with("0193-00-") && phone.len() == 12), "{id}");
        assert!(text(patient, "address").contains("99"), "{id}");
        assert!(matches!(Sex::from(text(patient, "sex")), Sex::Male | Sex::Female), "{id}");
        for need in patient["special_needs"].as_array().expect("a list") {
            let kind = text(need, "kind");
            assert!(kind == "other" || !matches!(SpecialNeedKind::from(kind), SpecialNeedKind::Other(_)), "{id}");
        }
        for allergy in patient["allergies"].as_array().expect("a list") {
            assert!(!matches!(AllergyKind::from(text(allergy, "kind")), AllergyKind::Other(_)), "{id}");
        }
        for name in patient["notebooks"].as_array().expect("a list") {
            assert!(named.insert(name.as_str().expect("a name").to_owned()), "{name} belongs to one patient");
        }
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder("jahis/demo"))
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(there, named);
}
