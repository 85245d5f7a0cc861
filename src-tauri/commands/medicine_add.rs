//! A medicine put on the list by hand: as one whole value, with a reason, and with what the record says against it.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Drug, MedicationChange, MedicationChangeKind, Medicine, Source, Timing, item_key};
use tendenko_interop::usage;
use tendenko_interop::warnings::{Listed, listed};
use tendenko_replica::search::parse_birth_date;

use super::card::filled;
use super::{Answer, medicines, patient, patients, sheets, timeline};
use crate::error::{field_required, reason, saving, too_long};
use crate::tablet::Desk;
use crate::views::medicines::basis_of;
use crate::views::warnings;

/// Longest name or remark, in bytes.
const MOST_TEXT: usize = 400;

pub fn add(desk: &Desk, args: api::AddMedicine) -> Answer<api::AddMedicine> {
    let reason = reason(&args.reason)?;
    let medicine = medicine_of(desk, args.medicine)?;
    let base = item_key::medicine(&medicine.drug);
    let draft = sheets::name(&args.patient, &api::SheetName::AddMedicine)?;
    let saved = desk.replica.edit_from_draft(&draft, |edit| {
        let stamp = edit.stamp();
        let card = edit.card()?;
        // The same product once more is another item: neither takes the place of the other.
        let mut key = base.clone();
        let mut number = 1;
        while card.medicine(&key).is_present() {
            number += 1;
            key = item_key::nth(&base, number);
        }
        card.put_medicine(&key, medicine.clone(), &stamp, Some(reason))?;
        let change = MedicationChange {
            key,
            change: MedicationChangeKind::Started,
            before: Vec::new(),
            after: Some(medicine),
            newer: Default::default(),
        };
        medicines::told(edit, change, reason)
    });
    saved.map_err(|error| saving(&error))
}

pub fn check(desk: &Desk, args: api::CheckMedicine) -> Answer<api::CheckMedicine> {
    let card = patients::card_of(desk, patient(&args.patient)?)?;
    let drug = Drug { name: short(args.name), general_name: filled(Some(short(args.general_name))), ..Drug::default() };
    let medicine = Medicine { drug, ..nothing() };
    let one = Listed { key: "", medicine: &medicine };
    Ok(warnings::against(one, &warnings::allergies(&card), &listed(&card)))
}

/// A medicine of which nothing is known but what is typed.
fn nothing() -> Medicine {
    Medicine {
        drug: Drug::default(),
        amount: String::new(),
        unit: String::new(),
        basis: basis_of(api::DoseBasis::Unstated),
        usage: String::new(),
        timings: Vec::new(),
        form: String::new(),
        since: None,
        until: None,
        prescriber: None,
        source: Source::Interview,
        note: None,
        dispensing: None,
        newer: Default::default(),
    }
}

fn medicine_of(desk: &Desk, draft: api::MedicineDraft) -> Result<Medicine, ApiError> {
    let name = draft.name.trim().to_owned();
    if name.is_empty() {
        return Err(field_required("drug"));
    }
    let long = |text: &String| text.len() > MOST_TEXT;
    let texts = [&draft.regimen.dose.amount, &draft.regimen.dose.unit, &draft.regimen.usage];
    for (field, text) in [("drug", &name), ("general-name", &draft.general_name), ("prescriber", &draft.prescriber)]
        .into_iter()
        .chain(["amount", "unit", "usage"].into_iter().zip(texts))
        .chain([("remark", &draft.note)])
    {
        if long(text) {
            return Err(too_long(field));
        }
    }
    let regimen = medicines::checked(draft.regimen)?;
    let (form, by_form) = match draft.form {
        api::MedicineForm::Internal => ("内服", None),
        api::MedicineForm::AsNeeded => ("頓服", Some(Timing::AsNeeded)),
        api::MedicineForm::External => ("外用", Some(Timing::External)),
        api::MedicineForm::Injection => ("注射", Some(Timing::Injection)),
    };
    let mut timings = usage::timings(&regimen.usage);
    timings.extend(by_form);
    timings.sort();
    timings.dedup();
    Ok(Medicine {
        drug: Drug { name, general_name: filled(Some(draft.general_name)), ..Drug::default() },
        amount: regimen.dose.amount,
        unit: regimen.dose.unit,
        basis: basis_of(regimen.dose.basis),
        usage: regimen.usage,
        timings,
        form: form.to_owned(),
        since: since(desk, draft.since.trim())?,
        prescriber: filled(Some(draft.prescriber)),
        source: match draft.source {
            api::Source::Prescription => Source::Prescription,
            api::Source::Otc => Source::Otc,
            api::Source::Interview | api::Source::Notebook => Source::Interview,
        },
        note: filled(Some(draft.note)),
        ..nothing()
    })
}

/// The first day, as far as it is known: a month stays a month.
fn since(desk: &Desk, typed: &str) -> Result<Option<String>, ApiError> {
    if typed.is_empty() {
        return Ok(None);
    }
    let day = parse_birth_date(typed).or_else(|| timeline::date_of(typed, desk.today()));
    day.map(Some).ok_or_else(|| ApiError::new(ErrorCode::DateUnreadable))
}

/// As much of what is being typed as a name can be.
fn short(text: String) -> String {
    text.chars().take(MOST_TEXT / 4).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::commands::card;
    use crate::commands::testing::{Office, admit};

    /// A medicine as it is typed.
    pub fn draft(name: &str) -> api::MedicineDraft {
        api::MedicineDraft {
            name: name.into(),
            general_name: String::new(),
            regimen: api::Regimen {
                dose: api::Dose { amount: "2".into(), unit: "錠".into(), basis: api::DoseBasis::PerDay },
                usage: "1日1回 夕食後".into(),
            },
            form: api::MedicineForm::Internal,
            source: api::Source::Prescription,
            since: "R8.11.1".into(),
            prescriber: String::new(),
            note: String::new(),
        }
    }

    /// Puts it on the list; its key there.
    pub fn added(desk: &Desk, patient: &api::PatientId, medicine: api::MedicineDraft) -> String {
        let saved = add(desk, api::AddMedicine { patient: patient.clone(), medicine, reason: "往診で開始".into() });
        let entry = saved.unwrap().entry;
        let all = medicines::all(desk, api::GetMedicines { patient: patient.clone() }).unwrap();
        all.changes.into_iter().find(|change| Some(&change.entry) == entry.as_ref()).unwrap().change.key
    }

    #[test]
    fn a_medicine_is_added_whole_with_its_reason_and_the_same_again_stands_beside_it() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let first = added(&desk, &patient, draft("アムロジピン錠5mg"));
        let second = added(&desk, &patient, draft("アムロジピン錠5mg"));
        let all = medicines::all(&desk, api::GetMedicines { patient: patient.clone() }).unwrap();
        assert_eq!((all.current.len(), second), (2, format!("{first}#2")));
        let medicine = &all.current[0];
        assert_eq!(
            (medicine.since.as_deref(), medicine.timings.as_slice()),
            (Some("2026-11-01"), &[api::Timing::Evening][..])
        );
        assert_eq!(medicine.written.as_ref().unwrap().reason.as_deref(), Some("往診で開始"));
        assert_eq!(medicine.warnings[0].kind, api::WarningKind::SameProduct);
        assert_eq!(all.changes[0].change.action, api::MedicineAction::Started);

        let stop = api::StopMedicine { patient: patient.clone(), key: first.clone(), reason: "重複".into() };
        medicines::stop(&desk, stop).unwrap();
        assert_eq!(added(&desk, &patient, draft("アムロジピン錠5mg")), first, "started again, it is the same item");
    }

    #[test]
    fn half_a_medicine_is_refused() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let refused = |medicine: api::MedicineDraft, reason: &str| {
            let refused = add(&desk, api::AddMedicine { patient: patient.clone(), medicine, reason: reason.into() });
            refused.map_err(|error| (error.code, error.params.get("field").cloned())).unwrap_err()
        };
        let mut unitless = draft("薬");
        unitless.regimen.dose.unit = " ".into();
        assert_eq!(refused(unitless, "開始"), (ErrorCode::FieldRequired, Some("unit".into())));
        assert_eq!(refused(draft(" "), "開始"), (ErrorCode::FieldRequired, Some("drug".into())));
        assert_eq!(refused(draft("薬"), " ").0, ErrorCode::ReasonRequired);
        let undated = api::MedicineDraft { since: "このあいだ".into(), ..draft("薬") };
        assert_eq!(refused(undated, "開始").0, ErrorCode::DateUnreadable);
        assert_eq!(refused(draft(&"長".repeat(MOST_TEXT)), "開始"), (ErrorCode::TooLong, Some("drug".into())));
    }

    #[test]
    fn what_stands_against_a_medicine_is_said_before_it_is_added_and_does_not_keep_it_out() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let allergy = api::AddAllergy {
            patient: patient.clone(),
            substance: "ロキソニン".into(),
            kind: api::AllergyKind::Allergy,
            reaction: None,
            severity: None,
        };
        card::add_allergy(&desk, allergy).unwrap();
        let name = "ﾛｷｿﾆﾝテープ100mg";
        let args = api::CheckMedicine { patient: patient.clone(), name: name.into(), general_name: String::new() };
        let said = check(&desk, args).unwrap();
        assert_eq!(said.len(), 1);
        assert_eq!((said[0].kind, said[0].basis.shared.as_str()), (api::WarningKind::Allergy, "ロキソニン"));
        added(&desk, &patient, draft(name));
        let all = medicines::all(&desk, api::GetMedicines { patient }).unwrap();
        assert_eq!(all.current[0].warnings, said);
    }
}
