//! Papers: a page of the screen as a file to be sent or carried.

use serde::{Deserialize, Serialize};

/// Saves what is on the screen, as it would be printed, as a PDF file. It is not sealed: whoever has the file can read it, and the screen says so.
/// Errors: `no-pdf-here` (open the print dialog instead), `pdf-failed`, `courier-gone` (the stick was pulled out), `disk-full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavePdf {
    /// What the file is called; the moment is added.
    pub title: String,
    /// One of [`crate::CourierPlace::folder`]; none = the person's documents.
    pub folder: Option<String>,
}

/// Where the file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfSaved {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
}
