//! お薬手帳 to carry: the list of medicines as a notebook text and as QR codes, read from the screen or printed.

use crate::{NotebookFile, PatientId};
use serde::{Deserialize, Serialize};

/// Bytes that one code holds: a telephone's camera still reads it from a screen.
pub const MAX_CODE_BYTES: usize = 1_000;

/// Reads the QR codes of a medicine notebook from a photo. Nothing is kept.
/// Errors: `photo-too-large`, `photo-unreadable`, `no-qr-code`, `not-a-notebook`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanNotebook {
    /// The picture file, in Base64. At most [`crate::MAX_PICTURE`] bytes.
    pub data: String,
}

/// Asks for a notebook to carry.
/// Errors: `notebook-needs` (`field`: `name`, `sex`, `birth-date`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportNotebook {
    /// Whose.
    pub patient: PatientId,
    /// What of it.
    pub scope: NotebookScope,
}

/// What goes into a notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotebookScope {
    /// What is taken now.
    Current,
    /// And everything that was dispensed in the year before.
    Year,
}

/// A notebook to carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookExport {
    /// The whole text, as it is read.
    pub text: String,
    /// What each code holds, in their order: one text, or the parts of a set. Shift_JIS.
    pub codes: Vec<Vec<u8>>,
    /// What the format has no record for, and where it stands instead.
    pub not_said: Vec<NotSaidView>,
    /// Medicines that stand as dispensed.
    pub dispensed: u32,
}

/// Something that a notebook has no record for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSaidView {
    /// The medicine, the substance, or the text.
    pub what: String,
    /// Why.
    pub why: WhyNot,
}

/// Why something is not in the format's own records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// Entered by hand: it stands as a memo.
    NotDispensed,
    /// Changed since it was dispensed: what holds stands as a memo.
    ChangedSince,
    /// Two versions wait for a decision: both stand as memos.
    Undecided,
    /// It does not fit: it stands as a memo.
    Unfit,
    /// Severity and day of an allergy are left out.
    AllergyDetail,
    /// A detail that does not fit is left out, or stands as a memo.
    Detail,
    /// A character that the format lacks stands as `〓`.
    Character,
}

/// Writes the notebook as a file to one of the places of [`crate::GetCourierPlaces`]; the answer is its name.
/// Errors: those of [`ExportNotebook`], `courier-gone`, `stick-full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveNotebook {
    /// Whose.
    pub patient: PatientId,
    /// What of it.
    pub scope: NotebookScope,
    /// [`crate::CourierPlace::folder`].
    pub folder: String,
}

/// What codes of a photo hold: notebooks, or parts of one.
pub type ScannedNotebook = Vec<NotebookFile>;
