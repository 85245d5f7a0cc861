//! A page of the window as a PDF file: in the person's documents, or on a stick that is plugged in.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tauri::Manager as _;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::EventBody;
use tendenko_replica::AttachmentError;

use super::{Answer, courier, entry, patient};
use crate::error::{reading, storing};
use crate::printing::{self, PrintError};
use crate::tablet::{Tablet, blocking};

/// The folder within the person's documents.
const FOLDER: &str = "Tendenko";

pub async fn save_pdf(tablet: &Tablet, args: api::SavePdf) -> Answer<api::SavePdf> {
    if tablet.desk().is_none() {
        return Err(ApiError::new(ErrorCode::Locked));
    }
    let folder = match args.folder {
        Some(stick) => {
            let own = courier::own_folder(tablet);
            blocking(move || courier::known_folder(&own, &stick)).await?
        }
        None => papers(tablet),
    };
    let window = tablet.window().ok_or_else(|| ApiError::new(ErrorCode::NoPdfHere))?;
    let file = printing::print(&window, &folder, &args.title, tablet.clock.now()).await.map_err(refused)?;
    tracing::info!("a page was saved as a PDF");
    Ok(saved(&file))
}

/// A file of a document, out of the sealed store, under its own name.
pub async fn save_file(tablet: &Tablet, args: api::SaveFile) -> Answer<api::SaveFile> {
    let folder = papers(tablet);
    tablet
        .work(move |desk| {
            let (patient, entry) = (patient(&args.patient)?, entry(&args.entry)?);
            let mentioned = desk.replica.entry(patient, entry).map_err(|error| reading(&error))?;
            let Some(EventBody::Attachment(mentioned)) = mentioned.map(|event| event.body) else {
                return Err(ApiError::new(ErrorCode::NoSuchEntry));
            };
            let bytes = desk.replica.read_attachment(patient, entry).map_err(|error| match error {
                AttachmentError::NotHere { .. } => ApiError::new(ErrorCode::FileNotHere),
                AttachmentError::Store(error) => storing(&error),
                _ => ApiError::new(ErrorCode::NoSuchEntry),
            })?;
            let file = printing::keep(&folder, mentioned.file_name.as_str(), &bytes).map_err(refused)?;
            Ok(saved(&file))
        })
        .await
}

fn saved(file: &Path) -> api::PdfSaved {
    let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    api::PdfSaved { name: text(file.file_name()), folder: text(file.parent().map(Path::as_os_str)) }
}

/// Where papers go: the person's documents; on a system without such a folder, beside the store.
fn papers(tablet: &Tablet) -> PathBuf {
    let documents = tablet.app().path().document_dir().ok();
    documents.map_or_else(|| tablet.directory.join("papers"), |documents| documents.join(FOLDER))
}

fn refused(error: PrintError) -> ApiError {
    match error {
        PrintError::NotHere => ApiError::new(ErrorCode::NoPdfHere),
        PrintError::Refused(why) => {
            tracing::error!(why, "a page could not be printed");
            ApiError::new(ErrorCode::PdfFailed)
        }
        PrintError::File(error) => {
            tracing::error!(kind = ?error.kind(), "a PDF could not be written");
            match error.kind() {
                std::io::ErrorKind::StorageFull => ApiError::new(ErrorCode::DiskFull),
                _ => ApiError::new(ErrorCode::PdfFailed),
            }
        }
    }
}
