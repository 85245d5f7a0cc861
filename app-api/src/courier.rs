//! USBメモリーで受け渡し: sealed records in a file, for when there is no network at all.

use crate::Millis;
use serde::{Deserialize, Serialize};

/// Asks where courier files can be written and which lie there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCourierPlaces {}

/// A folder that courier files can be in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierPlace {
    /// The folder; names it in later commands.
    pub folder: String,
    /// What to call it: the stick's own name; empty for the tablet's own folder.
    pub name: String,
    /// A stick that can be pulled out.
    pub removable: bool,
    /// Room left, in bytes.
    pub free: u64,
    /// Courier files in it, the newest first; at most 50.
    pub files: Vec<CourierFile>,
}

/// One courier file, as its name and size tell; what is in it is known when it is taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierFile {
    /// Its name.
    pub name: String,
    /// When it was written.
    pub written: Option<Millis>,
    /// How large it is.
    pub bytes: u64,
}

/// Writes what this tablet holds into a new file. Nothing counts as sent because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCourier {
    /// Which folder.
    pub folder: String,
    /// Only what came since then; none = everything.
    pub since: Option<Millis>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierWritten {
    /// Name of the file.
    pub name: String,
    /// Sealed records in it.
    pub records: u32,
    /// How large it is.
    pub bytes: u64,
    /// There was no room for photos and documents: only text is in it.
    pub photos_left_out: bool,
}

/// Takes a file in, as far as it verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCourier {
    /// Which folder.
    pub folder: String,
    /// Which file.
    pub name: String,
}

/// Ends what is under way. What was taken in stays; an unfinished file is removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCourier {}

/// What a file brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierReport {
    /// New here.
    pub new: u32,
    /// Here before.
    pub known: u32,
    /// Of patients that are not shared with this tablet.
    pub not_for_us: u32,
    /// Not taken, because it does not verify.
    pub refused: u32,
    /// How the file ended.
    pub end: CourierEnd,
}

/// How a courier file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourierEnd {
    /// With its end mark.
    Whole,
    /// In the middle: the stick was pulled out while it was written, or the copy was cut.
    Cut,
    /// Something in it was altered; what came before that was taken.
    Damaged,
    /// Somebody called it off.
    CalledOff,
}

/// How far the work on a file is. Payload of [`crate::EVENT_COURIER`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierProgress {
    /// Bytes done.
    pub bytes: u64,
    /// Of so many, where known.
    pub total: Option<u64>,
}
