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
