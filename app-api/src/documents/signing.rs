//! The paper that a document goes on: signed, and checked by whoever it comes to.

use crate::{DocumentLink, EntryId, Millis, PatientId, PatientName};
use serde::{Deserialize, Serialize};

/// Has this tablet sign the printed text of a document: what stands on the paper as a code. Errors: `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignPaper {
    /// Whose.
    pub patient: PatientId,
    /// Which version.
    pub entry: EntryId,
}

/// A signature on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSigned {
    /// What the QR code says.
    pub code: String,
    /// The tablet that signs, in words.
    pub tablet: String,
    /// When.
    pub at: Millis,
}

/// Looks at a picture of a paper's code. Errors: `no-qr-code`, `not-a-paper`, `paper-forged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPaper {
    /// The picture file, at most [`crate::MAX_QR_PICTURE`] bytes.
    pub picture: Vec<u8>,
}

/// What a signature comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperChecked {
    /// The tablet that signed.
    pub tablet: String,
    /// Its facility, where that is known here.
    pub facility: Option<String>,
    /// It is no longer trusted.
    pub revoked: bool,
    /// When it was signed, by that tablet's clock.
    pub at: Millis,
    /// The document on this tablet; none = this tablet does not hold it.
    pub held: Option<HeldPaper>,
}

/// The document that a paper shows, as this tablet holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPaper {
    /// About whom.
    pub patient: PatientName,
    /// Which.
    pub document: DocumentLink,
    /// The text here is the very one that was signed.
    pub same: bool,
}
