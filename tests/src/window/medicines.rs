//! お薬 and 検査 in the window: what anybody sees of a medicine, what the record says against one, a notebook read from photos of its codes,
//! the same to carry, and results of tests.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};
use tendenko_interop::notebook::{Encoding, Version, read, write_split};

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, lab_files};
use crate::scene::{MEDICINE, Scene};

const SEEN: &str = "歯ぐきから血が出ると娘さんが話される。";
/// Another product that the record warns of, once the reaction stands on the card.
const OTHER: &str = "ワルファリンカリウム錠0.5mg";
const NOTEBOOK: &str = "v08-several-dispensings.txt";
/// Small enough for several codes.
const CODE_BYTES: usize = 700;

/// The page of a patient is open, and is open again at the end. The notebook has been taken over before.
pub async fn play(walk: &mut Walk, desktop: &Desktop, page: &Page, scene: &Scene) -> Result<(), WindowError> {
    walk.step("A count and a suspected adverse reaction stand beside the medicine, and change nothing else");
    page.touch("tab-medicines").await?;
    page.touch_text("[data-testid=medicine] .medicine-main", MEDICINE).await?;
    page.touch("observe").await?;
    page.write("leftover-amount", "12").await?;
    page.touch("effect-suspected-reaction").await?;
    page.write("observation-text", SEEN).await?;
    walk.picture(desktop, page, "observe").await?;
    page.touch_enabled("observe-save").await?;
    page.see_gone("observe-sheet").await?;
    page.see_text(&by_id("last-leftover"), "12").await?;
    page.see_text(&by_id("medicine-history"), SEEN).await?;
    walk.picture(desktop, page, "observed").await?;

    walk.step("One touch puts it on the card; from then on the record warns, and says why");
    page.touch("reaction-to-card").await?;
    page.see_text(&by_id("allergies"), MEDICINE).await?;
    page.see_css("[data-testid=warning][data-kind=adverse-reaction]").await?;
    page.see_gone("reaction-to-card").await?;

    walk.step("A medicine is added by hand, warned of while its name is typed, and kept");
    page.touch("add-medicine").await?;
    page.write("field-drug", OTHER).await?;
    page.see_text(&by_id("warnings-before"), "ワルファリン").await?;
    page.write("dose-amount", "1").await?;
    page.write("dose-unit", "錠").await?;
    page.write("dose-usage", "1日1回 夕食後").await?;
    page.write("reason", "往診で追加").await?;
    walk.picture(desktop, page, "add-medicine").await?;
    page.touch_enabled("add-medicine-save").await?;
    page.see_gone("add-medicine-sheet").await?;
    page.see_text(&by_id("medicine"), OTHER).await?;
    walk.picture(desktop, page, "warned").await?;

    by_photo(walk, desktop, page, scene).await?;

    walk.step("The list to carry: as codes, with what the notebook's format has no place for");
    page.touch("notebook-out-open").await?;
    page.see("qr").await?;
    page.see_text(&by_id("not-said"), OTHER).await?;
    walk.picture(desktop, page, "notebook-out").await?;
    page.touch("back").await?;
    page.see("medicines").await?;

    results(walk, desktop, page).await?;
    lab_files::play(walk, desktop, page, scene).await?;
    walk.step("All of it stands in the timeline; what was written by mistake is taken back, and stays readable");
    page.touch("tab-timeline").await?;
    page.see_css("[data-testid=entry][data-kind=attachment] [data-testid=photo-open]").await?;
    page.see_css("[data-testid=entry][data-kind=lab-report]:not(:has([data-testid=photo-open]))").await?;
    page.see_text(&by_id("entry"), SEEN).await?;
    page.touch_css("[data-testid=entry][data-kind=test-request] [data-testid=withdraw]").await?;
    page.write("reason", "別の方の依頼だった").await?;
    page.touch_enabled("withdraw-save").await?;
    page.see_gone("withdraw-sheet").await?;
    page.see_css("[data-testid=entry][data-kind=withdrawal]").await?;
    walk.picture(desktop, page, "taken-back-request").await
}

async fn by_photo(walk: &mut Walk, desktop: &Desktop, page: &Page, scene: &Scene) -> Result<(), WindowError> {
    walk.step("A broken picture and one without a code are refused in words");
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/photos");
    page.touch("open-notebook").await?;
    page.choose_file("notebook-photo", &photos.join("cut-off.png")).await?;
    page.see_css("[data-testid=failure][data-code=photo-unreadable]").await?;
    page.choose_file("notebook-photo", &photos.join("arm.png")).await?;
    page.see_css("[data-testid=failure][data-code=no-qr-code]").await?;

    walk.step("A notebook in several codes is read photo by photo: what is missing is named, what was read is kept");
    let parts = pictures(scene)?;
    page.choose_file("notebook-photo", &parts[0]).await?;
    page.see_text(&by_id("notebook-partly"), "2").await?;
    walk.picture(desktop, page, "notebook-partly").await?;
    for part in &parts[1..] {
        page.choose_file("notebook-photo", part).await?;
        page.drawn().await?;
        page.see_gone("notebook-reading").await?;
    }
    page.see_css("[data-testid=planned-dispensing][data-there=true]").await?;
    walk.picture(desktop, page, "notebook-by-photo").await?;
    page.touch("back").await?;
    page.see("medicines").await
}

/// A sample notebook as pictures of its codes.
fn pictures(scene: &Scene) -> Result<Vec<PathBuf>, WindowError> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/jahis/synthetic").join(NOTEBOOK);
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| WindowError::File { path, source }
    };
    let odd = |error: &dyn std::fmt::Display| WindowError::Scene(error.to_string().into());
    let bytes = std::fs::read(&sample).map_err(file(&sample))?;
    let notebook = read(&bytes).map_err(|error| odd(&error))?;
    let parts = write_split(&notebook.content, Encoding::Cp932, Version::NEWEST, "20261120100000", CODE_BYTES)
        .map_err(|error| odd(&error))?;
    let mut pictures = Vec::new();
    for (number, part) in (1..).zip(parts) {
        let code = QrCode::with_error_correction_level(&part, EcLevel::M).map_err(|error| odd(&error))?;
        let path = scene.folder().join(format!("code-{number}.png"));
        std::fs::write(&path, drawn(&code).map_err(|error| odd(&error))?).map_err(file(&path))?;
        pictures.push(path);
    }
    Ok(pictures)
}

/// A code as a PNG picture.
fn drawn(code: &QrCode) -> image::ImageResult<Vec<u8>> {
    const SCALE: u32 = 6;
    const QUIET: u32 = 4;
    let width = code.width() as u32;
    let colors = code.to_colors();
    let side = (width + 2 * QUIET) * SCALE;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = ((x / SCALE).wrapping_sub(QUIET), (y / SCALE).wrapping_sub(QUIET));
        let dark = x < width && y < width && colors[(y * width + x) as usize] == Color::Dark;
        Luma([if dark { 0 } else { 255 }])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

async fn results(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    walk.step("Results of tests are typed, and what lies outside its range says so by a word");
    page.touch("tab-labs").await?;
    page.touch("labs-record").await?;
    for (place, values) in [(0, ["PT-INR", "3.8", "", "1.6", "2.6"]), (1, ["CRP", "<0.1", "mg/dL", "", "0.3"])] {
        let fields = ["name", "value", "unit", "from", "to"].into_iter().zip(values);
        for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
            page.write(&format!("lab-{name}-{place}"), value).await?;
        }
    }
    walk.picture(desktop, page, "labs-record").await?;
    page.touch_enabled("labs-save").await?;
    page.see_gone("labs-sheet").await?;
    page.see_text(&by_id("lab-outside"), "↑").await?;
    page.touch("lab-name").await?;
    page.see("lab-trend").await?;
    walk.picture(desktop, page, "labs").await?;

    walk.step("While a test is asked for, its last result stands beside it");
    page.touch("labs-request").await?;
    page.touch("request-test-PT-INR").await?;
    page.see_text(&by_id("request-last"), "3.8").await?;
    page.write("reason", "出血の訴えがあるため").await?;
    walk.picture(desktop, page, "request").await?;
    page.touch_enabled("request-save").await?;
    page.see_gone("request-sheet").await?;
    page.see_text(&by_id("test-request"), "PT-INR").await
}
