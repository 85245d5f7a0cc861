//! What goes on paper, in the window: the sheet for an ambulance and the PDF that WebKit makes of it.

use std::path::{Path, PathBuf};

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError};
use crate::scene::{ALLERGY, MEDICINE, PATIENT_NAME};

/// The page of the patient is open, and is open again at the end.
pub async fn transport(walk: &mut Walk, desktop: &Desktop, page: &Page, tablet: &Path) -> Result<(), WindowError> {
    walk.step("One tap makes the sheet for the ambulance, with nothing asked of a network");
    page.touch("transport-open").await?;
    page.see("transport").await?;
    for text in [MEDICINE, ALLERGY, PATIENT_NAME] {
        page.see_text(&by_id("transport"), text).await?;
    }
    page.see_text(&by_id("transport-vitals"), "36.8").await?;
    let code = page.attribute(&by_id("qr"), "data-text").await?;
    for text in [MEDICINE, ALLERGY, PATIENT_NAME] {
        if !code.contains(text) {
            return Err(WindowError::Unwanted(format!("a code without {text}: {code}")));
        }
    }
    walk.picture(desktop, page, "transport").await?;

    walk.step("It becomes a PDF file, and the screen says where");
    save_pdf(walk, page, tablet, "transport.pdf").await?;
    walk.picture(desktop, page, "pdf-saved").await?;
    page.touch("back").await?;
    page.see("patient-page").await
}

/// Makes a PDF of what is on the screen, and keeps it beside the pictures.
async fn save_pdf(walk: &mut Walk, page: &Page, tablet: &Path, name: &str) -> Result<(), WindowError> {
    let folder = tablet.join("papers");
    let before = names_in(&folder)?;
    page.touch_enabled("save-pdf").await?;
    page.see("pdf-saved").await?;
    let made: Vec<PathBuf> = names_in(&folder)?.into_iter().filter(|file| !before.contains(file)).collect();
    let [made] = made.as_slice() else { return Err(WindowError::Unwanted(format!("{made:?}"))) };
    let bytes = std::fs::read(made).map_err(|source| WindowError::File { path: made.clone(), source })?;
    let tail = &bytes[bytes.len().saturating_sub(32)..];
    if !bytes.starts_with(b"%PDF-") || !tail.windows(5).any(|end| end == b"%%EOF") {
        return Err(WindowError::Unwanted(format!("{} bytes that are no PDF", bytes.len())));
    }
    std::fs::copy(made, walk.kept(name)).map(drop).map_err(|source| WindowError::File { path: made.clone(), source })
}

fn names_in(folder: &Path) -> Result<Vec<PathBuf>, WindowError> {
    let file = |source| WindowError::File { path: folder.to_owned(), source };
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(file)).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(file(error)),
    }
}
