//! Drafts, their photos, and the phrases of whoever is at work.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tendenko_app_api::{self as api, ApiError, ErrorCode, MAX_PHOTOS, MAX_PICTURE};
use tendenko_replica::{DraftName, NewPhoto};

use super::Answer;
pub use super::draft_names::name;
use super::draft_names::shown;
use super::files::data_address;
use crate::error::{internal, saving, storing};
use crate::pictures;
use crate::tablet::Desk;
use crate::views::people::millis;

/// Phrases offered at once.
const PHRASES: u32 = 8;
/// Characters of Base64 that the largest picture takes.
const MAX_ENCODED: usize = MAX_PICTURE.div_ceil(3) as usize * 4;

/// Under which name a visit's draft is kept.
pub fn of_visit(of: &api::PatientId, corrects: Option<&api::EntryId>) -> Result<DraftName, ApiError> {
    name(of, &api::DraftName::Visit(corrects.cloned()))
}

pub fn get(desk: &Desk, args: api::GetDraft) -> Answer<api::GetDraft> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    let Some(draft) = desk.replica.draft(&name).map_err(|error| storing(&error))? else {
        return Ok(api::Draft::default());
    };
    let photo = |photo: tendenko_replica::DraftPhoto| api::DraftPhoto {
        id: photo.id,
        thumbnail: data_address("image/jpeg", &photo.thumbnail),
        size: photo.size,
    };
    Ok(api::Draft {
        // One that an older version wrote and this one cannot read is as good as none.
        form: draft.form.and_then(|form| serde_json::from_slice(&form).ok()),
        at: millis(draft.at),
        photos: draft.photos.into_iter().map(photo).collect(),
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

pub fn add_photo(desk: &Desk, args: api::AddPhoto) -> Answer<api::AddPhoto> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    let too_large = || ApiError::new(ErrorCode::PhotoTooLarge).with("max_mb", MAX_PICTURE / (1024 * 1024));
    if args.data.len() > MAX_ENCODED {
        return Err(too_large());
    }
    let held = desk.replica.draft(&name).map_err(|error| storing(&error))?.map_or(0, |draft| draft.photos.len());
    if held >= MAX_PHOTOS {
        return Err(ApiError::new(ErrorCode::TooManyPhotos).with("max", MAX_PHOTOS));
    }
    let unreadable = || ApiError::new(ErrorCode::PhotoUnreadable);
    let file = BASE64_STANDARD.decode(&args.data).map_err(|_| unreadable())?;
    let picture = pictures::fit(&file).map_err(|_| unreadable())?;
    let shown = data_address("image/jpeg", &picture.thumbnail);
    let size = picture.bytes.len() as u64;
    let photo = NewPhoto { media_type: "image/jpeg".into(), bytes: picture.bytes, thumbnail: picture.thumbnail };
    let id = desk.replica.add_photo(&name, &photo).map_err(|error| saving(&error))?;
    Ok(api::DraftPhoto { id, thumbnail: shown, size })
}

pub fn remove_photo(desk: &Desk, args: api::RemovePhoto) -> Answer<api::RemovePhoto> {
    let name = of_visit(&args.patient, args.correct.as_ref())?;
    desk.replica.remove_photo(&name, args.id).map_err(|error| saving(&error))
}

pub fn phrases(desk: &Desk, _: api::GetPhrases) -> Answer<api::GetPhrases> {
    desk.replica.phrases(PHRASES).map_err(|error| storing(&error))
}

pub fn forget_phrase(desk: &Desk, args: api::ForgetPhrase) -> Answer<api::ForgetPhrase> {
    desk.replica.forget_phrase(&args.phrase).map_err(|error| saving(&error))
}
