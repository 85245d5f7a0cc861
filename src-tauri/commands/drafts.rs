//! Drafts, and the phrases of whoever is at work.

use tendenko_app_api::{self as api, ApiError};
use tendenko_replica::DraftName;

use super::Answer;
pub use super::draft_names::name;
use super::draft_names::shown;
use super::files;
use crate::error::{internal, saving, storing};
use crate::tablet::Desk;
use crate::views::people::millis;

/// Phrases offered at once.
const PHRASES: u32 = 8;

/// Under which name a visit's draft is kept.
pub fn of_visit(of: &api::PatientId, corrects: Option<&api::EntryId>) -> Result<DraftName, ApiError> {
    name(of, &api::DraftName::Visit(corrects.cloned()))
}

pub fn get(desk: &Desk, args: api::GetDraft) -> Answer<api::GetDraft> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    let Some(draft) = desk.replica.draft(&name).map_err(|error| storing(&error))? else {
        return Ok(api::Draft::default());
    };
    Ok(api::Draft {
        // One that an older version wrote and this one cannot read is as good as none.
        form: draft.form.as_ref().and_then(|form| serde_json::from_slice(form).ok()),
        at: millis(draft.at),
        photos: files::of_draft(draft),
    })
}

pub fn put(desk: &Desk, args: api::PutDraft) -> Answer<api::PutDraft> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    if args.form == api::VisitForm::default() {
        let photos = desk.replica.draft(&name).map_err(|error| storing(&error))?.map_or(0, |draft| draft.photos.len());
        if photos == 0 {
            return desk.replica.drop_draft(&name).map_err(|error| saving(&error));
        }
    }
    let form = serde_json::to_vec(&args.form).map_err(|_| internal("draft"))?;
    desk.replica.put_draft(&name, &form).map_err(|error| saving(&error))
}

pub fn discard(desk: &Desk, args: api::DropDraft) -> Answer<api::DropDraft> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    desk.replica.drop_draft(&name).map_err(|error| saving(&error))
}

pub fn all(desk: &Desk, _: api::GetDrafts) -> Answer<api::GetDrafts> {
    let drafts = desk.replica.drafts().map_err(|error| storing(&error))?;
    let rows = super::patients::Rows::new(desk)?;
    let mut lines = Vec::new();
    for (name, at) in drafts {
        // A form of a newer version waits for it.
        let Some(draft) = shown(&name) else { continue };
        // Of a patient whose access ended meanwhile nothing is shown.
        let Ok(summary) = desk.replica.patient(name.patient) else { continue };
        lines.push(api::DraftLine { patient: rows.name(&summary), draft, at: millis(at) });
    }
    Ok(lines)
}

pub fn phrases(desk: &Desk, _: api::GetPhrases) -> Answer<api::GetPhrases> {
    desk.replica.phrases(PHRASES).map_err(|error| storing(&error))
}

pub fn forget_phrase(desk: &Desk, args: api::ForgetPhrase) -> Answer<api::ForgetPhrase> {
    desk.replica.forget_phrase(&args.phrase).map_err(|error| saving(&error))
}
