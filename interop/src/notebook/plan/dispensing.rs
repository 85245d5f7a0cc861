//! From dispensing groups of a notebook to entries of the card.

use std::collections::BTreeSet;

use jiff::civil::Date;
use tendenko_crdt::{
    CardView, Code, DispensedDrug, Dispensing, DoseBasis, Drug, EntryId, EventBody, Institution, Newer, Prescriber,
    Source, item_key,
};

use super::{LeftOut, LeftOutReason, PlannedDispensing, filled};
use crate::fold::fold;
use crate::notebook::codes::{AmountMeaning, Creator, DosageForm, DrugCodeKind, GeneralCodeKind, Origin};
use crate::notebook::model::{self, DispensingGroup, Doctor, DrugLine, NotebookDraft, Remark, Usage};
use crate::notebook::write::dispensing_records;

/// Separates the ids of notebook dispensings from all other derived ids. Changing it, or what is hashed, imports every
/// notebook a second time.
const DOMAIN: &str = "jahis dispensing";

/// The dispensings that can be recorded, each with its group.
pub(super) fn plan<'a>(
    content: &'a NotebookDraft,
    card: &CardView,
    today: Date,
    left_out: &mut Vec<LeftOut>,
) -> Vec<(&'a DispensingGroup, PlannedDispensing)> {
    let mut seen = BTreeSet::new();
    let mut planned = Vec::new();
    for group in &content.dispensings {
        let mut leave = |what: &str, reason| {
            left_out.push(LeftOut { what: what.to_owned(), reason });
        };
        for broken in group.prescriptions.iter().filter(|rp| !rp.is_usable()) {
            broken.drugs.iter().for_each(|drug| leave(&drug.name, LeftOutReason::NoUsage));
        }
        let Some(day) = group.date.date else {
            leave(&group.date.text, LeftOutReason::NoDate);
            continue;
        };
        let dispensing = entry(content, group, day);
        if dispensing.drugs.is_empty() {
            leave(&group.date.text, LeftOutReason::NoDrugs);
            continue;
        }
        let entry = id(&content.origin, group, day);
        if !seen.insert(entry) {
            leave(&group.date.text, LeftOutReason::Repeated);
            continue;
        }
        let already_there = card.events.iter().any(|event| event.id == entry);
        let overlaps = card.events.iter().find_map(|event| match &event.body {
            EventBody::Dispensing(known) if !already_there && same_core(known, &dispensing) => Some(event.id),
            _ => None,
        });
        planned.push((
            group,
            PlannedDispensing {
                entry,
                already_there,
                overlaps,
                in_future: day > today,
                patient_origin: from_patient(&content.origin, &group.creator),
                dispensing,
            },
        ));
    }
    planned
}

pub(super) fn from_patient(origin: &Origin, creator: &Creator) -> bool {
    *origin == Origin::FromPatient || *creator == Creator::PatientSide
}

/// The id of a dispensing: a hash of all it says. The form of the date, trailing empty fields, encoding, line ends and
/// the way a set was split make no difference.
fn id(origin: &Origin, group: &DispensingGroup, day: Date) -> EntryId {
    let mut content = vec![vec![origin.code().to_owned(), day.to_string()]];
    // Record 5 stands first; its date is already there.
    content.extend(dispensing_records(group).into_iter().skip(1).map(|record| {
        let filled = record.fields.iter().rposition(|field| !field.is_empty());
        let fields = record.fields.into_iter().take(filled.map_or(0, |last| last + 1));
        std::iter::once(record.number.to_owned()).chain(fields).collect()
    }));
    let mut bytes = Vec::new();
    let length = |bytes: &mut Vec<u8>, value: usize| bytes.extend_from_slice(&(value as u32).to_be_bytes());
    for record in &content {
        length(&mut bytes, record.len());
        for field in record {
            length(&mut bytes, field.len());
            bytes.extend_from_slice(field.as_bytes());
        }
    }
    EntryId::derived(DOMAIN, &bytes)
}

/// The same day, and the same drugs in the same amounts and usages.
fn same_core(one: &Dispensing, other: &Dispensing) -> bool {
    let core = |dispensing: &Dispensing| {
        let mut drugs: Vec<String> = dispensing
            .drugs
            .iter()
            .map(|drug| [&drug.drug.name, &drug.amount, &drug.unit, &drug.usage].map(|text| fold(text)).join("\u{1F}"))
            .collect();
        drugs.sort_unstable();
        drugs
    };
    one.dispensed_on == other.dispensed_on && core(one) == core(other)
}

fn entry(content: &NotebookDraft, group: &DispensingGroup, day: Date) -> Dispensing {
    let first_doctor = group.prescriptions.iter().find_map(|rp| rp.doctor.as_ref());
    let mut drugs = Vec::new();
    for rp in group.prescriptions.iter().filter(|rp| rp.is_usable()) {
        let Some(usage) = &rp.usage else { continue };
        let other_doctor = rp.doctor.as_ref().filter(|doctor| Some(*doctor) != first_doctor);
        for line in &rp.drugs {
            drugs.push(DispensedDrug {
                rp: rp.number,
                drug: drug(line),
                amount: line.amount.text.clone(),
                unit: line.unit.clone(),
                basis: basis(&usage.form),
                usage: usage.text.clone(),
                quantity: usage.quantity.whole(),
                quantity_unit: usage.unit.clone(),
                form: form(usage),
                notes: other_doctor
                    .map(|doctor| format!("処方医: {}", doctor_name(doctor)))
                    .into_iter()
                    .chain(drug_notes(line, rp))
                    .collect(),
                newer: Newer::default(),
            });
        }
    }
    let prescriber = Prescriber {
        institution: group.prescriber.as_ref().map(institution),
        department: first_doctor.and_then(|doctor| filled(&doctor.department)),
        doctor: first_doctor.and_then(|doctor| filled(&doctor.name)),
        newer: Newer::default(),
    };
    Dispensing {
        dispensed_on: day.to_string(),
        pharmacy: group.institution.as_ref().map(institution),
        pharmacist: group.dispenser.as_ref().and_then(|dispenser| filled(&dispenser.name)),
        prescriber: (prescriber != Prescriber::default()).then_some(prescriber),
        drugs,
        source: Source::Notebook,
        notes: notes(content, group),
        newer: Newer::default(),
    }
}

/// The remarks that belong to one drug. The first ones may change how much is taken when.
pub(super) fn drug_notes(line: &DrugLine, rp: &model::PrescriptionGroup) -> Vec<String> {
    let labelled = |label: &'static str, remarks: &'_ [Remark]| -> Vec<String> {
        remarks.iter().map(|remark| format!("{label}{}", remark.text)).collect()
    };
    [
        labelled("", &line.supplements),
        labelled("", &rp.supplements),
        labelled("注意: ", &line.cautions),
        labelled("注意: ", &rp.cautions),
    ]
    .concat()
}

fn notes(content: &NotebookDraft, group: &DispensingGroup) -> Vec<String> {
    let mut notes = Vec::new();
    if from_patient(&content.origin, &group.creator) {
        notes.push("患者側からの記録".to_owned());
    }
    let broken = group.prescriptions.iter().filter(|rp| !rp.is_usable());
    for drug in broken.flat_map(|rp| &rp.drugs) {
        notes.push(format!("取り込めなかった薬があります: {}", drug.name));
    }
    notes.extend(group.cautions.iter().map(|note| format!("注意: {}", note.text)));
    notes.extend(group.information.iter().map(|note| format!("医療機関から: {}", note.text)));
    notes.extend(group.leftovers.iter().map(|note| format!("残薬: {}", note.text)));
    notes.extend(group.remarks.iter().map(|note| format!("備考: {}", note.text)));
    for entry in &group.patient_entries {
        notes.push(match entry.date.iso() {
            Some(date) => format!("患者の記入（{date}）: {}", entry.text),
            None => format!("患者の記入: {}", entry.text),
        });
    }
    notes
}

/// What an amount is an amount of. Where the notebook does not say, the word `unstated` is stored, and shown as such.
pub(super) fn basis(form: &DosageForm) -> DoseBasis {
    match form.amount_meaning() {
        Some(AmountMeaning::PerDay) => DoseBasis::PerDay,
        Some(AmountMeaning::PerDose) => DoseBasis::PerDose,
        Some(AmountMeaning::Total) => DoseBasis::Total,
        None => DoseBasis::from("unstated"),
    }
}

pub(super) fn form(usage: &Usage) -> String {
    usage.form.name().to_owned()
}

pub(super) fn drug(line: &DrugLine) -> Drug {
    let code = |system: Option<&str>, value: &str| {
        let system = system?;
        (!value.is_empty()).then(|| Code { system: system.to_owned(), value: value.to_owned() })
    };
    let general = match line.general_code_kind {
        GeneralCodeKind::General => Some("general-name"),
        GeneralCodeKind::None | GeneralCodeKind::Unlisted(_) => None,
    };
    Drug {
        name: line.name.clone(),
        code: code(DrugCodeKind::system(&line.code_kind), &line.code),
        general_name: filled(&line.general_name),
        general_code: code(general, &line.general_code),
        newer: Newer::default(),
    }
}

/// The medicine's key on the card.
pub(super) fn base_key(drug: &Drug) -> String {
    item_key::medicine(drug)
}

pub(super) fn doctor_name(doctor: &Doctor) -> String {
    match filled(&doctor.department) {
        Some(department) => format!("{}（{department}）", doctor.name),
        None => doctor.name.clone(),
    }
}

fn institution(found: &model::Institution) -> Institution {
    Institution {
        name: found.name.clone(),
        prefecture: filled(&found.prefecture),
        fee_table: filled(found.score_table.code()),
        code: filled(&found.code),
        postal_code: filled(&found.postal_code),
        address: filled(&found.address),
        phone: filled(&found.phone),
        newer: Newer::default(),
    }
}
