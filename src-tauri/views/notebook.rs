//! What taking a medicine notebook over would do.

use tendenko_app_api as api;
use tendenko_crdt::{Allergy, CardView, Sex};
use tendenko_interop::notebook::codes::NotebookSex;
use tendenko_interop::notebook::{
    Encoding, IdentityField, ImportPlan, Match, MedicineChange, Notebook, Patient, PlannedMedicine, PlannedRemark,
    RemarkProposal, Severity,
};
use tendenko_interop::warnings::{Listed, listed};

use super::card::{allergy, sex};
use super::medicines::{dispensing, proposed, regimen};
use super::warnings;

/// The preview of an import into a card.
pub fn preview(notebook: &Notebook, plan: &ImportPlan, card: &CardView) -> api::NotebookPreview {
    let (allergies, others) = (known_allergies(plan, card), list_after(plan, card));
    let patient = notebook.content.patient.as_ref();
    api::NotebookPreview {
        encoding: match notebook.raw.first().map(|raw| raw.encoding) {
            Some(Encoding::Cp932) => api::NotebookEncoding::ShiftJis,
            Some(Encoding::Utf8 | Encoding::Utf8Bom) | None => api::NotebookEncoding::Utf8,
        },
        edition: format!("JAHISTC{:02}", notebook.version.0),
        file_patient: patient.map_or_else(nobody, file_patient),
        patient_match: patient_match(&plan.identity_match),
        dispensings: plan
            .dispensings
            .iter()
            .map(|planned| api::PlannedDispensing {
                already_there: !planned.is_suggested(),
                dispensing: dispensing(&planned.dispensing),
            })
            .collect(),
        medicines: plan.medicines.iter().filter_map(|planned| medicine(planned, &allergies, &others)).collect(),
        allergies: plan.remarks.iter().filter_map(remark).collect(),
        problems: notebook
            .problems
            .iter()
            .map(|problem| api::NotebookProblem {
                line: problem.line,
                record: problem.record.clone(),
                field: problem.field.map(u16::from),
                code: problem.code.name().to_owned(),
                blocking: is_blocked(notebook, plan) && problem.severity() == Severity::Error,
            })
            .collect(),
        blocked: is_blocked(notebook, plan),
    }
}

/// Errors left nothing that could be taken over.
pub fn is_blocked(notebook: &Notebook, plan: &ImportPlan) -> bool {
    notebook.severity() == Some(Severity::Error) && plan.dispensings.is_empty() && plan.medicines.is_empty()
}

fn file_patient(patient: &Patient) -> api::FilePatient {
    api::FilePatient {
        name: patient.name.clone(),
        kana: (!patient.kana.is_empty()).then(|| patient.kana.clone()),
        sex: match patient.sex {
            NotebookSex::Male => sex(&Sex::Male),
            NotebookSex::Female => sex(&Sex::Female),
            _ => sex(&Sex::Unknown),
        },
        birth_date: patient.birth_date.iso(),
    }
}

fn nobody() -> api::FilePatient {
    api::FilePatient { name: String::new(), kana: None, sex: api::Sex::Unknown, birth_date: None }
}

/// What could not be compared needs a person's word just as what differs does.
fn patient_match(found: &Match) -> api::PatientMatch {
    let fields = match found {
        Match::Same => return api::PatientMatch::Same,
        Match::Different { differences } => differences
            .iter()
            .map(|difference| api::MismatchedField {
                field: field(difference.field),
                file: difference.notebook.clone(),
                card: difference.card.clone(),
            })
            .collect(),
        Match::NotEnough { missing } => missing
            .iter()
            .map(|missing| api::MismatchedField { field: field(*missing), file: String::new(), card: String::new() })
            .collect(),
    };
    api::PatientMatch::Different { fields }
}

fn field(field: IdentityField) -> api::IdentityField {
    match field {
        IdentityField::Name => api::IdentityField::Name,
        IdentityField::Kana => api::IdentityField::Kana,
        IdentityField::BirthDate => api::IdentityField::BirthDate,
        IdentityField::Sex => api::IdentityField::Sex,
    }
}

/// The allergies and adverse reactions of the card, and those that the notebook names.
fn known_allergies<'a>(plan: &'a ImportPlan, card: &'a CardView) -> Vec<&'a Allergy> {
    let named = plan.remarks.iter().filter_map(|remark| match &remark.proposal {
        RemarkProposal::Allergy { allergy, .. } if !remark.already_there => Some(allergy),
        _ => None,
    });
    warnings::allergies(card).into_iter().chain(named).collect()
}

/// The list as it would be.
fn list_after<'a>(plan: &'a ImportPlan, card: &'a CardView) -> Vec<Listed<'a>> {
    let planned = plan.medicines.iter().filter(|planned| planned.is_suggested());
    let planned: Vec<_> = planned.map(|planned| Listed { key: &planned.key, medicine: &planned.medicine }).collect();
    let kept = listed(card).into_iter().filter(|one| planned.iter().all(|planned| planned.key != one.key));
    kept.chain(planned.iter().copied()).collect()
}

/// A medicine against the list. What is used up stays in the dispensings and is not proposed for the list.
fn medicine(planned: &PlannedMedicine, allergies: &[&Allergy], others: &[Listed<'_>]) -> Option<api::PlannedMedicine> {
    let change = match &planned.change {
        MedicineChange::Same => api::MedicinePlan::Same,
        MedicineChange::OlderThanCurrent { .. } | MedicineChange::InConflict | MedicineChange::NotOnList => {
            api::MedicinePlan::Older
        }
        _ if planned.ended => return None,
        MedicineChange::New => api::MedicinePlan::New,
        MedicineChange::Changed { from } | MedicineChange::Renewed { from } => {
            api::MedicinePlan::Changed { from: regimen(from) }
        }
    };
    let one = Listed { key: &planned.key, medicine: &planned.medicine };
    let warnings = warnings::against(one, allergies, others);
    Some(api::PlannedMedicine {
        change,
        medicine: api::MedicineView { warnings, ..proposed(&planned.key, &planned.medicine) },
    })
}

/// An allergy or adverse reaction, under the key it would have on the card.
fn remark(planned: &PlannedRemark) -> Option<api::PlannedAllergy> {
    let RemarkProposal::Allergy { key, allergy: proposed } = &planned.proposal else { return None };
    Some(api::PlannedAllergy { id: key.clone(), already_there: planned.already_there, allergy: allergy(key, proposed) })
}
