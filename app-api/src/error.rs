//! What can go wrong, as codes. The words are the screen's.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A refusal or a failure: what it is, and the values its sentence needs. Never prose, never personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What happened. The screen has one sentence per code, `error-<code>`.
    pub code: ErrorCode,
    /// Values for the sentence, by name; [`ErrorCode`] says which.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

impl ApiError {
    /// A code without values.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, params: BTreeMap::new() }
    }

    /// Adds one value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// A value as a number, where it is one.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.params.get(name)?.parse().ok()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for ApiError {}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal,)*) => {
        /// Every way a command can end other than well.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $wire)] $variant,)*
        }

        impl ErrorCode {
            /// Every code: the screen's test asks for a sentence for each.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant),*];

            /// The code as it travels, and as it names its sentence.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $wire),* }
            }
        }
    };
}

error_codes! {
    /// The PIN or passphrase is wrong. `wait_seconds`: how long until the next try is accepted.
    WrongSecret = "wrong-secret",
    /// A try came before the waiting time was over; it was not counted. `wait_seconds`.
    TooEarly = "too-early",
    /// The store is locked; unlock first.
    Locked = "locked",
    /// This tablet does not belong to a region yet.
    NotEnrolled = "not-enrolled",
    /// The store on this tablet is damaged. A copy was kept.
    StoreDamaged = "store-damaged",
    /// No room left on this tablet. Nothing was written.
    DiskFull = "disk-full",
    /// Writing failed for another reason. Nothing was written.
    SaveFailed = "save-failed",
    /// This tablet holds no such patient.
    NoSuchPatient = "no-such-patient",
    /// The entry, medicine or allergy named is not there any more.
    NoSuchEntry = "no-such-entry",
    /// This tablet holds no grant for what was asked.
    NotGranted = "not-granted",
    /// The change needs a reason.
    ReasonRequired = "reason-required",
    /// A required field is empty. `field`.
    FieldRequired = "field-required",
    /// A number does not fit into its field. `field`.
    OutOfRange = "out-of-range",
    /// Numbers that are hard to believe: look again, and save again if they are right. `fields`: measures, with commas between.
    Implausible = "implausible",
    /// The picture file is larger than is looked at. `max_mb`.
    PhotoTooLarge = "photo-too-large",
    /// The file is not a picture that can be read.
    PhotoUnreadable = "photo-unreadable",
    /// The next record of the patient is being written already.
    DraftBegun = "draft-begun",
    /// A date that cannot be read.
    DateUnreadable = "date-unreadable",
    /// A birth date that cannot be read.
    BirthDateUnreadable = "birth-date-unreadable",
    /// No tablet of that facility is enrolled yet.
    NoTablet = "no-tablet",
    /// Somebody with this name and birth date is here already. `patient`: their id.
    MaybeSamePatient = "maybe-same-patient",
    /// A visit with nothing in it.
    NothingToSave = "nothing-to-save",
    /// The text is longer than one entry may be. `field`.
    TooLong = "too-long",
    /// Somebody changed this meanwhile; look again before deciding.
    ChangedMeanwhile = "changed-meanwhile",
    /// The file is not a medicine notebook.
    NotANotebook = "not-a-notebook",
    /// The file ends in the middle. `line`.
    NotebookCut = "notebook-cut",
    /// The file's characters cannot be read.
    NotebookEncoding = "notebook-encoding",
    /// The file is larger than a notebook may be. `max_kib`.
    NotebookTooLarge = "notebook-too-large",
    /// Parts of a notebook are missing. `have`, `of`, and `missing`: their numbers, with commas between.
    NotebookIncomplete = "notebook-incomplete",
    /// The files are not parts of one notebook.
    NotebookMixed = "notebook-mixed",
    /// The card lacks what a notebook cannot do without. `field`.
    NotebookNeeds = "notebook-needs",
    /// The file has an error that keeps it from being taken over. `line`, `record`, `field`.
    NotebookBlocked = "notebook-blocked",
    /// The file names another patient and nobody confirmed that it is this one.
    NotebookOtherPatient = "notebook-other-patient",
    /// The file is not a courier file.
    NotACourierFile = "not-a-courier-file",
    /// The courier file was made in another region: nothing was taken.
    CourierOtherRegion = "courier-other-region",
    /// The courier file was written by a newer version.
    CourierNewer = "courier-newer",
    /// The folder or the file is not there any more: was the stick pulled out?
    CourierGone = "courier-gone",
    /// No room left on the stick: there is no file.
    StickFull = "stick-full",
    /// It was called off: there is no file.
    CalledOff = "called-off",
    /// Another file is being written or taken in.
    CourierBusy = "courier-busy",
    /// No QR code can be seen in the picture.
    NoQrCode = "no-qr-code",
    /// The QR code is not one of a serving tablet of this region.
    NotAServer = "not-a-server",
    /// This tablet could not become the relay. `detail`.
    CannotServe = "cannot-serve",
    /// This window cannot print to a file: open the print dialog.
    NoPdfHere = "no-pdf-here",
    /// The PDF could not be made: there is no file.
    PdfFailed = "pdf-failed",
    /// The file is larger than a document's files may be. `max_mb`.
    FileTooLarge = "file-too-large",
    /// The file is neither a PDF nor a picture that can be read.
    FileUnreadable = "file-unreadable",
    /// A document holds no more files. `max`.
    TooManyFiles = "too-many-files",
    /// The file is not on this tablet yet.
    FileNotHere = "file-not-here",
    /// The QR code is not the signature of a document.
    NotAPaper = "not-a-paper",
    /// Nobody in this region vouches for the tablet that signed.
    PaperUnknownTablet = "paper-unknown-tablet",
    /// The signature does not hold: the code was altered.
    PaperForged = "paper-forged",
    /// Something else. `detail`: a code for the log, no personal data.
    Internal = "internal",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back() {
        let error = ApiError::new(ErrorCode::WrongSecret).with("wait_seconds", 8);
        assert_eq!(error.number("wait_seconds"), Some(8));
        assert_eq!(error.number("line"), None);
    }
}
