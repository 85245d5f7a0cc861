//! 検査 with photos and PDFs, in the window: what cannot be taken in is refused in words, a report can be files alone, and its sheet is a draft.

use std::fs::File;
use std::path::Path;

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError};
use crate::scene::Scene;

const FINDING: &str = "心房細動。前回と変わりなし。";
const HOSPITAL: &str = "釜石中央病院 生理検査室";
/// Larger than any file that is taken in.
const LARGE: u64 = 200 * 1024 * 1024;

/// The tests of a patient are open, and are open again at the end.
pub async fn play(walk: &mut Walk, desktop: &Desktop, page: &Page, scene: &Scene) -> Result<(), WindowError> {
    walk.step("A file of 200 MB and a broken one are refused in words, and what was typed stays");
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/photos");
    let (large, pdf) = (scene.folder().join("large.pdf"), scene.folder().join("心電図.pdf"));
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| WindowError::File { path, source }
    };
    File::create(&large).and_then(|made| made.set_len(LARGE)).map_err(file(&large))?;
    std::fs::write(&pdf, b"%PDF-1.7\n% an ECG\n%%EOF\n").map_err(file(&pdf))?;
    page.touch("labs-record").await?;
    page.write("lab-conclusion", FINDING).await?;
    page.choose_file("file-choice", &large).await?;
    page.see_css("[data-testid=failure][data-code=file-too-large]").await?;
    page.choose_file("file-choice", &photos.join("cut-off.png")).await?;
    page.see_css("[data-testid=failure][data-code=file-unreadable]").await?;
    page.see_value("lab-conclusion", FINDING).await?;

    walk.step("A picture and a PDF are kept with the draft, which waits on the first page when the sheet is closed");
    for (place, path) in [(1, photos.join("arm.png")), (2, pdf)] {
        page.choose_file("file-choice", &path).await?;
        page.see_count(&by_id("draft-file"), place).await?;
    }
    walk.picture(desktop, page, "labs-files").await?;
    page.dismiss("sheet-close", "labs-sheet").await?;
    page.touch("nav-today").await?;
    page.touch("draft").await?;
    page.see("draft-resumed").await?;
    page.see_count(&by_id("draft-file"), 2).await?;
    page.see_value("lab-conclusion", FINDING).await?;
    page.write("lab-performer", HOSPITAL).await?;
    page.touch_enabled("labs-save").await?;
    page.see_gone("labs-sheet").await?;

    walk.step(
        "The report without a number stands there with its files; the picture opens, the PDF is put where it is found",
    );
    page.see_text(&by_id("lab-reports"), FINDING).await?;
    page.touch_css("[data-testid=lab-reports] [data-testid=photo-open]").await?;
    page.see("photo-whole").await?;
    page.dismiss("sheet-close", "photo-sheet").await?;
    page.touch_css("[data-testid=lab-reports] [data-testid=save-file]").await?;
    page.see_text(&by_id("file-saved"), "心電図").await?;
    walk.picture(desktop, page, "labs-with-files").await
}
