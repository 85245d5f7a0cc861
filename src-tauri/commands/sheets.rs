//! Sheets that are filled in: their drafts. What they send in the end is other rooms' business.

use tendenko_app_api::{self as api, ApiError};
use tendenko_replica::DraftName;

use super::{Answer, drafts, files};
use crate::error::{internal, saving, storing};
use crate::tablet::Desk;

/// Under which name the draft of a sheet is kept.
pub fn name(of: &api::PatientId, sheet: &api::SheetName) -> Result<DraftName, ApiError> {
    drafts::name(of, &api::DraftName::Sheet(sheet.clone()))
}

pub fn draft(desk: &Desk, args: api::GetSheetDraft) -> Answer<api::GetSheetDraft> {
    let held = desk.replica.draft(&name(&args.patient, &args.sheet)?).map_err(|error| storing(&error))?;
    Ok(api::SheetDraft {
        // One that an older version wrote and this one cannot read is as good as none.
        form: held.as_ref().and_then(|held| held.form.as_deref()).and_then(|form| serde_json::from_slice(form).ok()),
        files: held.map(files::of_draft).unwrap_or_default(),
    })
}

pub fn put(desk: &Desk, args: api::PutSheetDraft) -> Answer<api::PutSheetDraft> {
    let form = serde_json::to_vec(&args.form).map_err(|_| internal("draft"))?;
    desk.replica.put_draft(&name(args.form.patient(), &args.form.sheet())?, &form).map_err(|error| saving(&error))
}

pub fn discard(desk: &Desk, args: api::DropSheetDraft) -> Answer<api::DropSheetDraft> {
    desk.replica.drop_draft(&name(&args.patient, &args.sheet)?).map_err(|error| saving(&error))
}

#[cfg(test)]
mod tests {
    use tendenko_app_api::ErrorCode;

    use super::*;
    use crate::commands::medicine_add::{self, tests as medicine};
    use crate::commands::testing::{Office, admit};
    use crate::commands::{medicines, observations};

    fn begun(desk: &Desk, form: &api::SheetForm) -> Option<api::SheetForm> {
        let asked = api::GetSheetDraft { patient: form.patient().clone(), sheet: form.sheet() };
        draft(desk, asked).unwrap().form
    }

    #[test]
    fn every_sheet_of_medicines_is_a_draft_until_it_is_saved() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let key = medicine::added(&desk, &patient, medicine::draft("アムロジピン錠5mg"));
        let regimen = api::Regimen {
            dose: api::Dose { amount: "1".into(), unit: "錠".into(), basis: api::DoseBasis::PerDay },
            usage: "1日1回 夕食後".into(),
        };
        let why = || "ふらつきのため".to_owned();
        let seen = api::ObservationDraft { text: "夕方にふらつき".into(), ..Default::default() };
        let add =
            api::AddMedicine {
                patient: patient.clone(), medicine: medicine::draft("センノシド錠12mg"), reason: why()
            };
        let change = api::ChangeDose { patient: patient.clone(), key: key.clone(), regimen, reason: why() };
        let observe = api::ObserveMedicine { patient: patient.clone(), key: key.clone(), observation: seen };
        let stop = api::StopMedicine { patient: patient.clone(), key, reason: why() };
        let forms: [api::SheetForm; 4] =
            [add.clone().into(), change.clone().into(), observe.clone().into(), stop.clone().into()];
        for form in &forms {
            put(&desk, api::PutSheetDraft { form: form.clone() }).unwrap();
        }
        drop(desk);

        // Another start of the program; and nobody else's.
        let desk = office.at_work(office.nurse);
        assert!(forms.iter().all(|form| begun(&desk, form).is_none()));
        drop(desk);
        let desk = office.at_work(office.pharmacist);
        let drafts = drafts::all(&desk, api::GetDrafts {}).unwrap();
        assert_eq!(drafts.len(), forms.len());
        assert!(forms.iter().all(|form| begun(&desk, form).as_ref() == Some(form)));

        let unreasoned = api::ChangeDose { reason: " ".into(), ..change.clone() };
        assert_eq!(medicines::change_dose(&desk, unreasoned).unwrap_err().code, ErrorCode::ReasonRequired);
        assert!(begun(&desk, &forms[1]).is_some(), "what is refused stays a draft");
        medicine_add::add(&desk, add).unwrap();
        medicines::change_dose(&desk, change).unwrap();
        observations::observe(&desk, observe).unwrap();
        assert_eq!(forms.iter().filter_map(|form| begun(&desk, form)).collect::<Vec<_>>(), forms[3..]);
        medicines::stop(&desk, stop).unwrap();
        assert!(drafts::all(&desk, api::GetDrafts {}).unwrap().is_empty());
    }
}
