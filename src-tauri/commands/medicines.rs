//! お薬: the list, its history, and changes of it.

use std::collections::BTreeSet;

use tendenko_app_api::{self as api, ApiError};
use tendenko_crdt::{
    CardView, Document as _, DocumentError, DoseBasis, Event, EventBody, MedicationChange, MedicationChangeKind,
    Medicine, item_key,
};
use tendenko_interop::usage;
use tendenko_interop::warnings::{Listed, listed};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Edit, SaveError, TimelineEntry};

use super::{Answer, patient, patients, sheets, timeline};
use crate::error::{field_required, reason, saving};
use crate::tablet::Desk;
use crate::views::entries::sent;
use crate::views::medicines::{self, basis_of};
use crate::views::observations::observation;
use crate::views::people::millis;
use crate::views::warnings;

/// What is told of medicines, as it is stored.
const KINDS: [&str; 3] = ["dispensing", "medication-change", "medicine-observation"];

pub fn all(desk: &Desk, args: api::GetMedicines) -> Answer<api::GetMedicines> {
    let patient = patient(&args.patient)?;
    let card = patients::card_of(desk, patient)?;
    let history = history(desk, patient)?;
    Ok(api::Medicines {
        current: current(desk, &card),
        stopped: stopped(desk, &card, &history),
        dispensings: history.iter().filter_map(|entry| dispensing(desk, entry)).collect(),
        changes: history.iter().filter_map(|entry| change(desk, entry)).collect(),
        observations: history.iter().filter_map(|entry| observed(desk, &card, entry)).collect(),
    })
}

/// What was dispensed, changed and seen, newest first.
pub fn history(desk: &Desk, patient: PatientId) -> Result<Vec<TimelineEntry>, ApiError> {
    timeline::standing(desk, patient, &KINDS)
}

/// What is not on the list any more, by the last change that took it off; last stopped first.
pub fn stopped(desk: &Desk, card: &CardView, history: &[TimelineEntry]) -> Vec<api::StoppedMedicine> {
    let mut told = BTreeSet::new();
    let taken_off = history.iter().filter_map(|entry| match &entry.event.body {
        EventBody::MedicationChange(change) if change.after.is_none() => Some((&entry.event, change)),
        _ => None,
    });
    taken_off
        .filter(|(_, change)| !card.medicines.iter().any(|item| item.key == change.key) && told.insert(&change.key))
        .map(|(event, change)| medicines::stopped(&desk.viewer, &event.stamp, event.reason.as_deref(), change))
        .collect()
}

/// The list, each medicine with what the record says against it.
fn current(desk: &Desk, card: &CardView) -> Vec<api::MedicineView> {
    let (allergies, others) = (warnings::allergies(card), listed(card));
    let shown = card.medicines.iter().filter_map(|item| {
        let view = medicines::current(&desk.viewer, item)?;
        let one = Listed { key: &item.key, medicine: item.any()? };
        Some(api::MedicineView { warnings: warnings::against(one, &allergies, &others), ..view })
    });
    shown.collect()
}

fn observed(desk: &Desk, card: &CardView, entry: &TimelineEntry) -> Option<api::ObservationEntry> {
    let EventBody::MedicineObservation(seen) = &entry.event.body else { return None };
    let observation = observation(seen);
    let suspected = observation.effect == Some(api::Effect::SuspectedReaction);
    let on_card = card.allergies.iter().any(|item| item.key == item_key::normalised(&seen.name) && item.is_present());
    Some(api::ObservationEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        sent: sent(entry.sent),
        observation,
        not_on_card: suspected && !on_card,
    })
}

fn dispensing(desk: &Desk, entry: &TimelineEntry) -> Option<api::DispensingEntry> {
    let EventBody::Dispensing(dispensing) = &entry.event.body else { return None };
    Some(api::DispensingEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        author: desk.viewer.author(&entry.event.stamp.author),
        recorded_at: millis(entry.event.stamp.at),
        sent: sent(entry.sent),
        dispensing: medicines::dispensing(dispensing),
    })
}

fn change(desk: &Desk, entry: &TimelineEntry) -> Option<api::MedicineChangeEntry> {
    let EventBody::MedicationChange(change) = &entry.event.body else { return None };
    Some(api::MedicineChangeEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        sent: sent(entry.sent),
        change: medicines::change(change, entry.event.reason.as_deref()),
    })
}

pub fn change_dose(desk: &Desk, args: api::ChangeDose) -> Answer<api::ChangeDose> {
    let reason = reason(&args.reason)?;
    let regimen = checked(args.regimen)?;
    let draft = sheets::name(&args.patient, &api::SheetName::ChangeDose(args.key.clone()))?;
    let saved = desk.replica.edit_from_draft(&draft, |edit| {
        let before = present(edit, &args.key)?;
        let Some(now) = before.last() else { return Err(DocumentError::NoSuchItem.into()) };
        let after = with_regimen(now, regimen);
        let stamp = edit.stamp();
        edit.card()?.put_medicine(&args.key, after.clone(), &stamp, Some(reason))?;
        let change = if before.len() > 1 { MedicationChangeKind::Resolved } else { MedicationChangeKind::Changed };
        told(
            edit,
            MedicationChange { key: args.key, change, before, after: Some(after), newer: Default::default() },
            reason,
        )
    });
    saved.map_err(|error| saving(&error))
}

pub fn stop(desk: &Desk, args: api::StopMedicine) -> Answer<api::StopMedicine> {
    let reason = reason(&args.reason)?;
    let draft = sheets::name(&args.patient, &api::SheetName::StopMedicine(args.key.clone()))?;
    let saved = desk.replica.edit_from_draft(&draft, |edit| {
        let before = present(edit, &args.key)?;
        if before.is_empty() {
            return Err(DocumentError::NoSuchItem.into());
        }
        let stamp = edit.stamp();
        edit.card()?.stop_medicine(&args.key, &stamp, Some(reason))?;
        let change = MedicationChangeKind::Stopped;
        told(edit, MedicationChange { key: args.key, change, before, after: None, newer: Default::default() }, reason)
    });
    saved.map_err(|error| saving(&error))
}

/// A medicine with another dose and usage; everything else about it stays.
pub fn with_regimen(medicine: &Medicine, regimen: api::Regimen) -> Medicine {
    let basis = match (regimen.dose.basis, &medicine.basis) {
        // A newer version's word, left as it was.
        (api::DoseBasis::Unstated, word @ DoseBasis::Unrecognised(_)) => word.clone(),
        (basis, _) => basis_of(basis),
    };
    Medicine {
        amount: regimen.dose.amount,
        unit: regimen.dose.unit,
        basis,
        timings: usage::timings(&regimen.usage),
        usage: regimen.usage,
        ..medicine.clone()
    }
}

/// A regimen that says all that it must.
pub fn checked(regimen: api::Regimen) -> Result<api::Regimen, ApiError> {
    let trimmed = api::Regimen {
        dose: api::Dose {
            amount: regimen.dose.amount.trim().to_owned(),
            unit: regimen.dose.unit.trim().to_owned(),
            basis: regimen.dose.basis,
        },
        usage: regimen.usage.trim().to_owned(),
    };
    for (field, text) in [("amount", &trimmed.dose.amount), ("unit", &trimmed.dose.unit), ("usage", &trimmed.usage)] {
        if text.is_empty() {
            return Err(field_required(field));
        }
    }
    Ok(trimmed)
}

/// The values of a medicine that stand side by side now.
fn present(edit: &mut Edit<'_, '_>, key: &str) -> Result<Vec<Medicine>, SaveError> {
    Ok(edit.card()?.medicine(key).present().map(|(medicine, _)| medicine.clone()).collect())
}

/// Tells a change of the list in the chart; where this tablet has no chart, on the card.
pub fn told(edit: &mut Edit<'_, '_>, change: MedicationChange, reason: &str) -> Result<api::Saved, SaveError> {
    let mut event = edit.event(EventBody::MedicationChange(change))?;
    event.reason = Some(reason.to_owned());
    let at = event.occurred_at;
    let id = record(edit, event)?;
    Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) })
}

/// Records an event in the chart, or on the card where this tablet may read nothing else.
pub fn record(edit: &mut Edit<'_, '_>, event: Event) -> Result<tendenko_crdt::EntryId, SaveError> {
    match edit.volume_at(event.occurred_at) {
        Ok(volume) => Ok(volume.record(event)?),
        Err(SaveError::NotGranted { .. }) => Ok(edit.card()?.record(event)?),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use tendenko_app_api::ErrorCode;

    use super::*;

    #[test]
    fn a_dose_without_its_unit_is_refused() {
        let dose = api::Dose { amount: "2".into(), unit: " ".into(), basis: api::DoseBasis::PerDay };
        let refused = checked(api::Regimen { dose, usage: "朝食後".into() }).unwrap_err();
        assert_eq!((refused.code, refused.params["field"].as_str()), (ErrorCode::FieldRequired, "unit"));
    }
}
