//! Photos and documents: taken into a draft, listed beside the entry that names them, opened and saved.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tendenko_app_api::{self as api, ApiError, ErrorCode, MAX_FILE, MAX_FILES, MAX_PICTURE};
use tendenko_crdt::{EntryId, EventBody};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{AttachmentError, AttachmentPresence, Draft, DraftPhoto, NewPhoto};

use super::{Answer, drafts, entry, patient};
use crate::error::{reading, saving, storing};
use crate::pictures;
use crate::tablet::Desk;
use crate::views::entries::attachment as mentioned;

/// What a PDF begins with.
const PDF: &[u8] = b"%PDF-";
/// Characters of Base64 that the largest file takes.
const MAX_ENCODED: usize = MAX_PICTURE.div_ceil(3) as usize * 4;

/// A `data:` address: the interface may show pictures, and load none.
pub fn data_address(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(bytes))
}

pub fn add(desk: &Desk, args: api::AddFile) -> Answer<api::AddFile> {
    let name = drafts::name(&args.patient, &args.draft)?;
    if args.data.len() > MAX_ENCODED {
        return Err(too_large(MAX_PICTURE));
    }
    let held = desk.replica.draft(&name).map_err(|error| storing(&error))?.map_or(0, |draft| draft.photos.len());
    if held >= MAX_FILES {
        return Err(too_many());
    }
    let of_visit = matches!(args.draft, api::DraftName::Visit(_));
    let unreadable = || ApiError::new(if of_visit { ErrorCode::PhotoUnreadable } else { ErrorCode::FileUnreadable });
    let bytes = BASE64_STANDARD.decode(&args.data).map_err(|_| unreadable())?;
    let file = if bytes.starts_with(PDF) && !of_visit {
        if bytes.len() as u64 > MAX_FILE {
            return Err(too_large(MAX_FILE));
        }
        NewPhoto { media_type: "application/pdf".into(), bytes, thumbnail: Vec::new() }
    } else {
        let picture = pictures::fit(&bytes).map_err(|_| unreadable())?;
        NewPhoto { media_type: "image/jpeg".into(), bytes: picture.bytes, thumbnail: picture.thumbnail }
    };
    let id = desk.replica.add_photo(&name, &file).map_err(|error| saving(&error))?;
    let size = file.bytes.len() as u64;
    Ok(one(DraftPhoto { id, media_type: file.media_type, thumbnail: file.thumbnail, size }))
}

pub fn remove(desk: &Desk, args: api::RemoveFile) -> Answer<api::RemoveFile> {
    let name = drafts::name(&args.patient, &args.draft)?;
    desk.replica.remove_photo(&name, args.id).map_err(|error| saving(&error))
}

/// The files of a draft.
pub fn of_draft(draft: Draft) -> Vec<api::DraftFile> {
    draft.photos.into_iter().map(one).collect()
}

fn one(file: DraftPhoto) -> api::DraftFile {
    let thumbnail = (!file.thumbnail.is_empty()).then(|| data_address("image/jpeg", &file.thumbnail));
    api::DraftFile { id: file.id, media_type: file.media_type, thumbnail, size: file.size }
}

/// The files that an entry names. One that is not here yet is left out.
pub fn named(desk: &Desk, patient: PatientId, files: &[EntryId]) -> Result<Vec<api::EntryFile>, ApiError> {
    let mut found = Vec::new();
    for file in files.iter().take(MAX_FILES) {
        let event = desk.replica.entry(patient, *file).map_err(|error| reading(&error))?;
        if let Some(EventBody::Attachment(attachment)) = event.map(|event| event.body) {
            found.push(api::EntryFile { entry: api::EntryId(file.to_string()), file: mentioned(&attachment) });
        }
    }
    Ok(found)
}

fn too_large(most: u64) -> ApiError {
    ApiError::new(ErrorCode::FileTooLarge).with("max_mb", most / (1024 * 1024))
}

pub fn too_many() -> ApiError {
    ApiError::new(ErrorCode::TooManyFiles).with("max", MAX_FILES)
}

/// A photo or document: what is here is verified and shown, what is not is asked for.
pub fn open(desk: &Desk, args: api::OpenAttachment) -> Answer<api::OpenAttachment> {
    let (patient, entry) = (patient(&args.patient)?, entry(&args.entry)?);
    let state = desk.replica.fetch_attachment(patient, entry).map_err(|error| attachment(&error))?;
    Ok(match state.presence {
        AttachmentPresence::Here => {
            let bytes = desk.replica.read_attachment(patient, entry).map_err(|error| attachment(&error))?;
            // Nothing but a picture is opened by its type, and a picture by what it is.
            let media_type = image::guess_format(&bytes).map_or("application/octet-stream", |kind| kind.to_mime_type());
            api::AttachmentContent::Here { data: data_address(media_type, &bytes) }
        }
        AttachmentPresence::Partly { here, of } => api::AttachmentContent::Coming { here, of },
        AttachmentPresence::NotHere => api::AttachmentContent::Coming { here: 0, of: 0 },
        AttachmentPresence::AbsentOnRelay { here, of } => api::AttachmentContent::Absent { here, of },
    })
}

pub fn attachment(error: &AttachmentError) -> ApiError {
    match error {
        AttachmentError::Store(error) => storing(error),
        _ => ApiError::new(ErrorCode::NoSuchEntry),
    }
}
