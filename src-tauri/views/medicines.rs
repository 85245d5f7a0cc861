//! Medicines and dispensings. A dose always travels with its unit and what it counts.

use tendenko_app_api as api;
use tendenko_crdt::{
    DispensedDrug, Dispensing, DoseBasis, Item, MedicationChange, MedicationChangeKind, Medicine, Prescriber, Source,
    Stamp, Timing, item_key,
};

use super::people::Viewer;

/// A medicine of the current list; none when every value says that it was stopped.
pub fn current(viewer: &Viewer, item: &Item<Medicine>) -> Option<api::MedicineView> {
    let (medicine, written) = item.present().last()?;
    Some(api::MedicineView {
        written: Some(viewer.written(written)),
        conflict: item.is_conflict(),
        ..proposed(&item.key, medicine)
    })
}

/// A medicine that a change took off the list.
pub fn stopped(
    viewer: &Viewer,
    stamp: &Stamp,
    reason: Option<&str>,
    change: &MedicationChange,
) -> api::StoppedMedicine {
    let last = change.before.last();
    api::StoppedMedicine {
        key: change.key.clone(),
        name: last.map_or_else(|| change.key.clone(), |medicine| medicine.drug.name.clone()),
        dose: last.map(|medicine| regimen(medicine).dose),
        stopped: viewer.stamp(stamp, reason),
    }
}

/// A medicine without an author: what a notebook proposes, or one side of a conflict.
pub fn proposed(key: &str, medicine: &Medicine) -> api::MedicineView {
    let api::Regimen { dose, usage } = regimen(medicine);
    api::MedicineView {
        key: key.to_owned(),
        name: medicine.drug.name.clone(),
        general_name: medicine.drug.general_name.clone(),
        dose,
        usage,
        timings: medicine.timings.iter().map(timing).collect(),
        form: medicine.form.clone(),
        since: medicine.since.clone(),
        until: medicine.until.clone(),
        prescriber: medicine.prescriber.clone(),
        source: source(&medicine.source),
        note: medicine.note.clone(),
        written: None,
        conflict: false,
        warnings: Vec::new(),
    }
}

/// Dose and usage of a medicine.
pub fn regimen(medicine: &Medicine) -> api::Regimen {
    let (dose, usage) = dose_and_usage(&medicine.amount, &medicine.unit, &medicine.basis, &medicine.usage);
    api::Regimen { dose, usage }
}

/// A dispensing.
pub fn dispensing(dispensing: &Dispensing) -> api::DispensingView {
    api::DispensingView {
        dispensed_on: dispensing.dispensed_on.clone(),
        pharmacy: dispensing.pharmacy.as_ref().map(|pharmacy| pharmacy.name.clone()),
        prescriber: dispensing.prescriber.as_ref().and_then(prescriber),
        drugs: dispensing.drugs.iter().map(dispensed_drug).collect(),
        source: source(&dispensing.source),
        notes: dispensing.notes.clone(),
    }
}

fn dispensed_drug(drug: &DispensedDrug) -> api::DispensedDrugView {
    let (dose, usage) = dose_and_usage(&drug.amount, &drug.unit, &drug.basis, &drug.usage);
    api::DispensedDrugView {
        name: drug.drug.name.clone(),
        dose,
        usage,
        quantity: drug.quantity.map(|quantity| format!("{quantity}{}", drug.quantity_unit)),
        product: item_key::medicine(&drug.drug),
        notes: drug.notes.clone(),
    }
}

/// Institution and doctor in one line.
fn prescriber(prescriber: &Prescriber) -> Option<String> {
    let institution = prescriber.institution.as_ref().map(|institution| institution.name.as_str());
    let parts = [institution, prescriber.department.as_deref(), prescriber.doctor.as_deref()];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// A change of the medicine list, with its reason.
pub fn change(change: &MedicationChange, reason: Option<&str>) -> api::MedicineChangeView {
    let named = change.after.as_ref().or(change.before.last());
    api::MedicineChangeView {
        key: change.key.clone(),
        name: named.map_or_else(|| change.key.clone(), |medicine| medicine.drug.name.clone()),
        action: match change.change {
            MedicationChangeKind::Started => api::MedicineAction::Started,
            MedicationChangeKind::Stopped => api::MedicineAction::Stopped,
            MedicationChangeKind::Resolved => api::MedicineAction::Resolved,
            MedicationChangeKind::Changed | MedicationChangeKind::Other(_) => api::MedicineAction::Changed,
        },
        before: change.before.last().map(regimen),
        after: change.after.as_ref().map(regimen),
        reason: reason.unwrap_or_default().to_owned(),
    }
}

/// The record's word for a basis that the source does not state.
const UNSTATED: &str = "unstated";

/// What a notebook does not say, or this version does not know, must not be shown as something that it knows. An unknown word
/// stands before the usage.
fn dose_and_usage(amount: &str, unit: &str, basis: &DoseBasis, usage: &str) -> (api::Dose, String) {
    let dose = |basis| api::Dose { amount: amount.to_owned(), unit: unit.to_owned(), basis };
    match basis {
        DoseBasis::PerDay => (dose(api::DoseBasis::PerDay), usage.to_owned()),
        DoseBasis::PerDose => (dose(api::DoseBasis::PerDose), usage.to_owned()),
        DoseBasis::Total => (dose(api::DoseBasis::Total), usage.to_owned()),
        DoseBasis::Unrecognised(word) if word == UNSTATED => (dose(api::DoseBasis::Unstated), usage.to_owned()),
        DoseBasis::Unrecognised(word) => (dose(api::DoseBasis::Unstated), format!("({word}) {usage}")),
    }
}

fn timing(timing: &Timing) -> api::Timing {
    match timing {
        Timing::Morning => api::Timing::Morning,
        Timing::Noon => api::Timing::Noon,
        Timing::Evening => api::Timing::Evening,
        Timing::Bedtime => api::Timing::Bedtime,
        Timing::AsNeeded => api::Timing::AsNeeded,
        Timing::External => api::Timing::External,
        Timing::Injection => api::Timing::Injection,
        Timing::Other(_) => api::Timing::Other,
    }
}

fn source(source: &Source) -> api::Source {
    match source {
        Source::Notebook => api::Source::Notebook,
        Source::Prescription => api::Source::Prescription,
        Source::Otc => api::Source::Otc,
        // A source of a newer version vouches for no more than what somebody said.
        Source::Interview | Source::Other(_) => api::Source::Interview,
    }
}

/// A dose basis for the record.
pub fn basis_of(basis: api::DoseBasis) -> DoseBasis {
    match basis {
        api::DoseBasis::PerDay => DoseBasis::PerDay,
        api::DoseBasis::PerDose => DoseBasis::PerDose,
        api::DoseBasis::Total => DoseBasis::Total,
        api::DoseBasis::Unstated => DoseBasis::from(UNSTATED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_basis_is_never_shown_as_a_known_one() {
        let (dose, usage) = dose_and_usage("1", "錠", &DoseBasis::Unrecognised("per-week".into()), "朝食後");
        assert_eq!((dose.amount.as_str(), dose.basis), ("1", api::DoseBasis::Unstated));
        assert_eq!(usage, "(per-week) 朝食後");
        let (dose, usage) = dose_and_usage("2", "錠", &basis_of(api::DoseBasis::Unstated), "夕食後");
        assert_eq!((dose.amount.as_str(), dose.basis, usage.as_str()), ("2", api::DoseBasis::Unstated, "夕食後"));
    }

    #[test]
    fn amounts_are_shown_exactly_as_written() {
        let (dose, usage) = dose_and_usage("0.50", "錠", &DoseBasis::PerDose, "頓用");
        assert_eq!((dose.amount.as_str(), dose.unit.as_str(), dose.basis), ("0.50", "錠", api::DoseBasis::PerDose));
        assert_eq!(usage, "頓用");
    }
}
