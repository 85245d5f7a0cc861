//! Photos and documents: taken into a draft, mentioned by an entry, fetched when somebody looks.

use crate::{DraftName, EntryId, PatientId};
use serde::{Deserialize, Serialize};

/// Files one visit, document or report holds at most.
pub const MAX_FILES: usize = 8;
/// Largest file that is taken in as it is, in bytes: it has to travel over the links of home care.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Largest picture file that is looked at, in bytes. What is kept of it is much smaller.
pub const MAX_PICTURE: u64 = 40 * 1024 * 1024;

/// How large a file may be, by what it says it is.
pub fn largest(media_type: &str) -> u64 {
    if media_type.starts_with("image/") { MAX_PICTURE } else { MAX_FILE }
}

/// A new file of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Its number in the draft.
    pub id: i64,
    /// What it is.
    pub media_type: String,
    /// A small picture of it, as a `data:` address; none of a PDF.
    pub thumbnail: Option<String>,
    /// Bytes that will be sent.
    pub size: u64,
}

/// Adds a file to a draft, durable when this answers: a PDF as it is, a picture (JPEG, PNG or WebP) made smaller, turned upright, and without
/// what the camera wrote into it (place, device). A visit takes pictures only.
/// Errors: `file-too-large`, `file-unreadable`, `photo-unreadable` (of a visit), `too-many-files`, `disk-full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddFile {
    /// About whom.
    pub patient: PatientId,
    /// To which draft.
    pub draft: DraftName,
    /// The file, in Base64.
    pub data: String,
}

/// Takes a new file out of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveFile {
    /// About whom.
    pub patient: PatientId,
    /// Out of which draft.
    pub draft: DraftName,
    /// Which file.
    pub id: i64,
}

/// A file that an entry names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFile {
    /// The entry that mentions it.
    pub entry: EntryId,
    /// What it is.
    pub file: AttachmentView,
}

/// Asks for a photo or document of the chart. What is not here is asked of the relay, and comes when there is a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAttachment {
    /// Whose.
    pub patient: PatientId,
    /// The entry that mentions it.
    pub entry: EntryId,
}

/// How much of it is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentContent {
    /// All of it, and it has the hash that the chart says.
    Here {
        /// As a `data:` address.
        data: String,
    },
    /// On its way, or waiting for a link.
    Coming {
        /// Pieces here.
        here: u32,
        /// Pieces it has.
        of: u32,
    },
    /// The relay that was asked does not have it either, yet.
    Absent {
        /// Pieces here.
        here: u32,
        /// Pieces it has.
        of: u32,
    },
}

/// A photo or document, as the chart mentions it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentView {
    /// Its media type.
    pub media_type: String,
    /// Its file name.
    pub file_name: String,
    /// Bytes of the whole.
    pub size: u64,
    /// A small picture of it, as a `data:` address.
    pub thumbnail: Option<String>,
    /// In the writer's words.
    pub caption: String,
    /// The entry it belongs to.
    pub part_of: Option<EntryId>,
}

/// Saves a file of the record where the person finds it: in their documents, under its name. Errors: `attachment-not-here`, `disk-full`, `pdf-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveFile {
    /// Whose.
    pub patient: PatientId,
    /// The entry that mentions it.
    pub entry: EntryId,
}
