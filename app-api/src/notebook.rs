//! お薬手帳: taking over an electronic medicine notebook (JAHIS). Looked at first, then taken over.

use crate::{AllergyView, DispensingView, IsoDate, MedicineView, PatientId, Regimen, Sex};
use serde::{Deserialize, Serialize};

/// No notebook is larger: the screen refuses a bigger file before reading it.
pub const MAX_NOTEBOOK_BYTES: usize = 1024 * 1024;

/// A file as it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Looks into one notebook, in one file or in the parts of a split one. Changes nothing.
/// Errors: `not-a-notebook`, `notebook-cut`, `notebook-encoding`, `notebook-too-large`, `notebook-incomplete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewNotebook {
    /// Whose records it should go to.
    pub patient: PatientId,
    /// The parts, in any order.
    pub files: Vec<NotebookFile>,
}

/// What taking it over would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookPreview {
    /// Characters as detected.
    pub encoding: NotebookEncoding,
    /// Edition as the file names itself: `JAHISTC08`.
    pub edition: String,
    /// Whom the file is about.
    pub file_patient: FilePatient,
    /// Whether that is this patient.
    pub patient_match: PatientMatch,
    /// Dispensings, newest first.
    pub dispensings: Vec<PlannedDispensing>,
    /// Medicines of the current list.
    pub medicines: Vec<PlannedMedicine>,
    /// Allergies and adverse reactions that the file mentions; a person decides which are taken over.
    pub allergies: Vec<PlannedAllergy>,
    /// What is wrong with the file.
    pub problems: Vec<NotebookProblem>,
    /// A problem keeps it from being taken over.
    pub blocked: bool,
}

/// How the file's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotebookEncoding {
    /// Shift_JIS as Windows writes it.
    ShiftJis,
    /// UTF-8.
    Utf8,
}

/// Whom a file is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePatient {
    /// Name as in the file.
    pub name: String,
    /// Kana as in the file.
    pub kana: Option<String>,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth_date: Option<IsoDate>,
}

/// Whether a file is about this patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatientMatch {
    /// Name or kana, sex and birth date agree.
    Same,
    /// Something differs: taking over needs a confirmation.
    Different {
        /// What.
        fields: Vec<MismatchedField>,
    },
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MismatchedField {
    /// Which.
    pub field: IdentityField,
    /// What the file says.
    pub file: String,
    /// What the card says.
    pub card: String,
}

/// A field that tells people apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityField {
    /// Name.
    Name,
    /// Kana.
    Kana,
    /// Sex.
    Sex,
    /// Birth date.
    BirthDate,
}

/// A dispensing in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDispensing {
    /// It was taken over before; nothing is added.
    pub already_there: bool,
    /// What it says.
    pub dispensing: DispensingView,
}

/// A medicine of the file against the current list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMedicine {
    /// What happens to the list.
    pub change: MedicinePlan,
    /// The medicine as in the file.
    pub medicine: MedicineView,
}

/// What happens to the current list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicinePlan {
    /// It is added.
    New,
    /// It replaces another dose or usage.
    Changed {
        /// What the list says now.
        from: Regimen,
    },
    /// The list says the same.
    Same,
    /// The list is newer; it stays.
    Older,
}

/// An allergy or adverse reaction of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAllergy {
    /// Names it in [`ImportNotebook::allergies`].
    pub id: String,
    /// The card has it.
    pub already_there: bool,
    /// What it says.
    pub allergy: AllergyView,
}

/// Something wrong with the file, at a place that can be found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookProblem {
    /// Line in the file; first is 1.
    pub line: u32,
    /// Record number as in the file: `201`.
    pub record: String,
    /// Field within the record; first is 1.
    pub field: Option<u16>,
    /// What; the sentence is `notebook-problem-<code>`, or a general one for a code the screen does not know.
    pub code: String,
    /// Keeps the file from being taken over.
    pub blocking: bool,
}

/// Takes a notebook over, in one durable step: all of it or nothing. Taking it over again adds nothing.
/// Errors: those of [`PreviewNotebook`], `notebook-blocked`, `notebook-other-patient`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportNotebook {
    /// Whose records it goes to.
    pub patient: PatientId,
    /// The parts, as they were looked at.
    pub files: Vec<NotebookFile>,
    /// A person looked at the fields that differ and says it is the same patient.
    pub same_patient_confirmed: bool,
    /// [`PlannedAllergy::id`] of those to be taken over.
    pub allergies: Vec<String>,
}

/// What was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookImported {
    /// New dispensings.
    pub dispensings: u32,
    /// Dispensings that were there before.
    pub already_there: u32,
    /// Medicines added to or changed in the current list.
    pub medicines: u32,
    /// Allergies added.
    pub allergies: u32,
}
