//! Which draft is meant, on the screen and in the store: there a form has a *slot*, a word of its own.

use tendenko_app_api::{self as api, ApiError};
use tendenko_replica::DraftName;

use super::{entry, patient};

const VERSION: &str = "document-version";
const REPLY: &str = "document-reply";
const ADD_MEDICINE: &str = "add-medicine";
const RECORD_LABS: &str = "record-labs";
const REQUEST_TESTS: &str = "request-tests";
/// These have the key of their medicine behind them.
const CHANGE_DOSE: &str = "change-dose:";
const STOP_MEDICINE: &str = "stop-medicine:";
const OBSERVE_MEDICINE: &str = "observe-medicine:";

/// Under which name a draft is kept.
pub fn name(of: &api::PatientId, draft: &api::DraftName) -> Result<DraftName, ApiError> {
    let (slot, corrects) = match draft {
        api::DraftName::Visit(corrects) => (String::new(), corrects.as_ref()),
        api::DraftName::Document(api::DocumentDraftName::New(kind)) => (document(*kind).to_owned(), None),
        api::DraftName::Document(api::DocumentDraftName::Version(of)) => (VERSION.to_owned(), Some(of)),
        api::DraftName::Document(api::DocumentDraftName::Reply(of)) => (REPLY.to_owned(), Some(of)),
        api::DraftName::Sheet(named) => (sheet(named), None),
    };
    Ok(DraftName { patient: patient(of)?, corrects: corrects.map(entry).transpose()?, slot })
}

/// The inverse of [`name`]; none where a newer version has a form that this one does not know.
pub fn shown(name: &DraftName) -> Option<api::DraftName> {
    let of = name.corrects.map(|entry| api::EntryId(entry.to_string()));
    Some(match name.slot.as_str() {
        "" => api::DraftName::Visit(of),
        VERSION => api::DraftName::Document(api::DocumentDraftName::Version(of?)),
        REPLY => api::DraftName::Document(api::DocumentDraftName::Reply(of?)),
        ADD_MEDICINE => api::DraftName::Sheet(api::SheetName::AddMedicine),
        RECORD_LABS => api::DraftName::Sheet(api::SheetName::RecordLabs),
        REQUEST_TESTS => api::DraftName::Sheet(api::SheetName::RequestTests),
        other => match of_medicine(other) {
            Some(sheet) => api::DraftName::Sheet(sheet),
            None => {
                let kind = api::NewDocument::ALL.into_iter().find(|kind| document(*kind) == other)?;
                api::DraftName::Document(api::DocumentDraftName::New(kind))
            }
        },
    })
}

fn of_medicine(slot: &str) -> Option<api::SheetName> {
    let of = |word, sheet: fn(String) -> api::SheetName| slot.strip_prefix(word).map(|key: &str| sheet(key.to_owned()));
    of(CHANGE_DOSE, api::SheetName::ChangeDose)
        .or_else(|| of(STOP_MEDICINE, api::SheetName::StopMedicine))
        .or_else(|| of(OBSERVE_MEDICINE, api::SheetName::ObserveMedicine))
}

fn sheet(sheet: &api::SheetName) -> String {
    match sheet {
        api::SheetName::AddMedicine => ADD_MEDICINE.to_owned(),
        api::SheetName::ChangeDose(key) => format!("{CHANGE_DOSE}{key}"),
        api::SheetName::StopMedicine(key) => format!("{STOP_MEDICINE}{key}"),
        api::SheetName::ObserveMedicine(key) => format!("{OBSERVE_MEDICINE}{key}"),
        api::SheetName::RecordLabs => RECORD_LABS.to_owned(),
        api::SheetName::RequestTests => REQUEST_TESTS.to_owned(),
    }
}

fn document(kind: api::NewDocument) -> &'static str {
    match kind {
        api::NewDocument::DischargeSummary => "document-discharge-summary",
        api::NewDocument::Conference => "document-conference",
        api::NewDocument::HospitalStay => "document-hospital-stay",
        api::NewDocument::Referral => "document-referral",
    }
}

#[cfg(test)]
mod tests {
    use tendenko_replica::MAX_SLOT;

    use super::*;

    #[test]
    fn every_draft_has_a_name_of_its_own_and_is_found_by_it() {
        let (patient, of) = (api::PatientId("01".repeat(16)), api::EntryId("02".repeat(16)));
        let documents = api::NewDocument::ALL.map(api::DocumentDraftName::New).into_iter();
        let documents = documents
            .chain([api::DocumentDraftName::Version(of.clone()), api::DocumentDraftName::Reply(of.clone())])
            .map(api::DraftName::Document);
        let key = || "k".repeat(160);
        let sheets = [
            api::SheetName::AddMedicine,
            api::SheetName::ChangeDose(key()),
            api::SheetName::StopMedicine(key()),
            api::SheetName::ObserveMedicine(key()),
            api::SheetName::ChangeDose("another".into()),
            api::SheetName::RecordLabs,
            api::SheetName::RequestTests,
        ];
        let sheets = sheets.map(api::DraftName::Sheet);
        let all: Vec<_> = [api::DraftName::Visit(None), api::DraftName::Visit(Some(of))]
            .into_iter()
            .chain(documents)
            .chain(sheets)
            .collect();
        let names: Vec<_> = all.iter().map(|draft| name(&patient, draft).unwrap()).collect();
        assert_eq!(names.iter().filter_map(shown).collect::<Vec<_>>(), all);
        assert!(names.iter().all(|one| one.slot.len() <= MAX_SLOT));
        assert!(names.iter().all(|one| names.iter().filter(|other| *other == one).count() == 1));
        assert_eq!(shown(&DraftName { slot: "of-a-newer-version".into(), ..names[0].clone() }), None);
    }
}
