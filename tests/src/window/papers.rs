//! What goes on paper, in the window: the sheet for an ambulance and the PDF that WebKit makes of it; a letter from the chart, its answer, its
//! versions and its signature; and the questions of a conference, answered on two tablets. At the end somebody is looked up in the region's
//! directory.

use std::path::{Path, PathBuf};

use super::desktop::{LANDSCAPE, PORTRAIT, TELEPHONE};
use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, directory, steps, together};
use crate::region::PIN;
use crate::scene::{ALLERGY, MEDICINE, PATIENT_NAME, Scene};
use crate::tablet::{Answer, Order, RemoteTablet};

const NOTE: &str = "足のむくみが先週より強い。体重2キロ増。";
const PURPOSE: &str = "下腿浮腫の増悪について、精査をお願いいたします。";
const HOSPITAL: &str = "釜石中央病院 循環器内科";
const ADDED: &str = "夜間の呼吸苦はありません。";
const REMARK: &str = "残薬は三日分あります。";
const QUESTIONS: [&str; 2] = ["在宅酸素は必要ですか", "退院日の送迎は決まっていますか"];
const ANSWER: &str = "一包化して、退院の日にお届けします。";
const REPLY: &str = "利尿薬を調整しました。二週間後に再診いたします。";

/// Plays the test of documents; true when every step passed. Pictures go to `pictures`.
pub async fn play(pictures: &Path) -> bool {
    let first = "A region, its relay, and the pharmacist's tablet online";
    together::play(pictures, first, Scene::set, in_the_window).await
}

async fn in_the_window(
    walk: &mut Walk,
    desktop: &Desktop,
    scene: &Scene,
    pharmacist: &mut RemoteTablet,
) -> Result<(), WindowError> {
    let page = desktop.open_app().await?;
    page.resize(LANDSCAPE).await?;
    steps::unlock(&page, PIN).await?;
    steps::find(&page, "おがさわ", PATIENT_NAME).await?;
    steps::open(&page, PATIENT_NAME).await?;
    steps::fill_visit(&page, NOTE).await?;
    steps::save_visit(&page, NOTE).await?;
    transport(walk, desktop, &page, &scene.nurse.dir).await?;
    letter(walk, desktop, &page, &scene.nurse.dir).await?;
    versions(walk, desktop, &page, scene, pharmacist).await?;
    reply(walk, desktop, &page).await?;
    conference(walk, desktop, &page, scene, pharmacist).await?;
    directory::look_up(walk, desktop, &page).await?;
    for (name, size) in [("portrait", PORTRAIT), ("telephone", TELEPHONE)] {
        walk.step(format!("Every page of them fits: {name}"));
        page.resize(size).await?;
        every_page(walk, desktop, &page, name).await?;
    }
    page.close().await
}

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

/// A letter from the chart, and its paper.
async fn letter(walk: &mut Walk, desktop: &Desktop, page: &Page, tablet: &Path) -> Result<(), WindowError> {
    walk.step("A letter begins with what the chart knows; what is typed is a draft");
    page.touch("tab-documents").await?;
    page.see("documents").await?;
    walk.picture(desktop, page, "no-documents").await?;
    page.touch("write-referral").await?;
    page.see("filled-in").await?;
    page.see_value_with("part-prescription", MEDICINE).await?;
    page.see_value_with("part-allergies", ALLERGY).await?;
    page.see_value_with("part-course", NOTE).await?;
    page.write("document-title", "下腿浮腫の精査のお願い").await?;
    page.write("to-facility-label", HOSPITAL).await?;
    page.write("to-name-label", "及川 徹").await?;
    page.write("part-purpose", PURPOSE).await?;
    walk.picture(desktop, page, "letter-form").await?;
    page.touch("nav-today").await?;
    page.touch("draft").await?;
    page.see("draft-resumed").await?;
    page.see_value("part-purpose", PURPOSE).await?;
    page.touch_enabled("document-save").await?;
    page.see_text(&by_id("letter"), PURPOSE).await?;
    page.see("awaits-reply").await?;
    walk.picture(desktop, page, "letter").await?;

    walk.step("It is signed by the tablet, and whoever photographs the code learns that the text is the same");
    page.see("signature").await?;
    save_pdf(walk, page, tablet, "letter.pdf").await?;
    let code = page.attribute("[data-testid=signature] [data-testid=qr]", "data-text").await?;
    let picture = walk.kept("signature.png");
    draw(&code, &picture)?;
    page.touch("back").await?;
    steps::find(page, "おがさわ", PATIENT_NAME).await?;
    steps::open(page, PATIENT_NAME).await?;
    page.touch("tab-documents").await?;
    page.touch("check-paper").await?;
    page.choose_file("check-file", &picture).await?;
    page.see_css("[data-testid=paper-checked].notice-info").await?;
    walk.picture(desktop, page, "paper-checked").await?;
    page.touch_css("[data-testid=check-sheet] [data-testid=document-link]").await?;
    page.see("letter").await
}

/// The next version, made on two tablets apart from each other, and the one that takes both up.
async fn versions(
    walk: &mut Walk,
    desktop: &Desktop,
    page: &Page,
    scene: &Scene,
    pharmacist: &mut RemoteTablet,
) -> Result<(), WindowError> {
    walk.step("A new version stands in the place of the first, which stays readable; it needs a reason");
    let (patient, document) = (scene.patient.clone(), page.attribute(&by_id("letter"), "data-entry").await?);
    pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: document.clone() })?;
    pharmacist.run(&Order::Offline)?;
    page.touch("write-version").await?;
    page.write("part-remarks", ADDED).await?;
    page.touch_enabled("document-save").await?;
    page.see_css("[data-testid=failure][data-code=reason-required]").await?;
    page.write("reason", "呼吸の様子を書き加えた").await?;
    page.touch_enabled("document-save").await?;
    page.see_text(&by_id("letter"), ADDED).await?;
    page.touch_css("[data-testid=earlier-versions] summary").await?;
    page.see("earlier-version").await?;

    walk.step("What the pharmacist wrote apart from it stands beside it, until a version takes both up");
    match pharmacist.ask(&Order::NextVersion { patient, document, remark: REMARK.to_owned() })? {
        Answer::Saved { .. } => {}
        other => return Err(WindowError::Scene(format!("the pharmacist's tablet answered {other:?}").into())),
    }
    pharmacist.run(&Order::Online)?;
    page.see_text(&by_id("versions-apart"), REMARK).await?;
    page.see_text(&by_id("versions-apart"), ADDED).await?;
    walk.picture(desktop, page, "versions-apart").await?;
    page.touch("follow-version").await?;
    page.touch("take-up").await?;
    page.write("part-remarks", &format!("{ADDED}{REMARK}")).await?;
    page.write("reason", "二つの版をまとめた").await?;
    walk.picture(desktop, page, "take-up").await?;
    page.touch_enabled("document-save").await?;
    page.see_gone("versions-apart").await?;
    page.see_text(&by_id("letter"), REMARK).await
}

/// The answer to the letter that is open.
async fn reply(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    walk.step("It is answered, and letter and answer lead to each other");
    page.touch("write-reply").await?;
    page.see("answered-letter").await?;
    page.write("part-treatment", REPLY).await?;
    page.touch_enabled("document-save").await?;
    page.see_text(&by_id("letter"), REPLY).await?;
    page.touch_css("[data-testid=answers-letter] [data-testid=document-link]").await?;
    page.see("replies").await?;
    page.see_gone("awaits-reply").await?;
    walk.picture(desktop, page, "answered").await?;
    page.touch("back").await
}

/// Questions that the pharmacist answers on another tablet.
async fn conference(
    walk: &mut Walk,
    desktop: &Desktop,
    page: &Page,
    scene: &Scene,
    pharmacist: &mut RemoteTablet,
) -> Result<(), WindowError> {
    walk.step("The questions of a conference are answered ahead, by everybody, on their own tablets");
    steps::find(page, "おがさわ", PATIENT_NAME).await?;
    steps::open(page, PATIENT_NAME).await?;
    page.touch("tab-documents").await?;
    page.touch("write-conference").await?;
    page.write("document-title", "退院前カンファレンス").await?;
    for (place, question) in QUESTIONS.into_iter().enumerate() {
        page.touch("checklist-add").await?;
        page.see_count(&by_id("checklist-item"), place + 1).await?;
        page.write_last("checklist-item", question).await?;
    }
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/photos");
    page.choose_file("file-choice", &photos.join("arm.png")).await?;
    page.see("draft-file").await?;
    walk.picture(desktop, page, "conference-form").await?;
    page.touch_enabled("document-save").await?;
    page.see_text(&by_id("checklist"), "2件未回答").await?;
    let document = page.attribute(&by_id("letter"), "data-entry").await?;
    page.touch("answer-question").await?;
    page.touch("verdict-unclear").await?;
    page.write("answer-text", "夜間のSpO₂を測ってからお伝えします。").await?;
    page.touch_enabled("answer-save").await?;
    page.see("given-answer").await?;
    let (patient, question) = (scene.patient.clone(), QUESTIONS[0].to_owned());
    pharmacist.run(&Order::AwaitEntry { patient: patient.clone(), entry: document.clone() })?;
    match pharmacist.ask(&Order::AnswerQuestion { patient, document, question, text: ANSWER.to_owned() })? {
        Answer::Saved { .. } => {}
        other => return Err(WindowError::Scene(format!("the pharmacist's tablet answered {other:?}").into())),
    }
    page.see_text(&by_id("given-answer"), ANSWER).await?;
    page.see_text(&by_id("checklist"), "1件未回答").await?;
    walk.picture(desktop, page, "checklist").await?;

    walk.step("Documents stand in the timeline, and are found in it by kind and by what they say");
    steps::find(page, "おがさわ", PATIENT_NAME).await?;
    steps::open(page, PATIENT_NAME).await?;
    page.touch("timeline-narrow").await?;
    page.touch("narrow-kind-documents").await?;
    page.touch("narrow-show").await?;
    page.see_text(&by_id("entry"), REPLY).await?;
    walk.picture(desktop, page, "timeline-documents").await?;
    page.write("timeline-search", "再診").await?;
    page.see_only(&by_id("entry"), REPLY).await?;
    page.touch("open-document").await?;
    page.see_text(&by_id("letter"), REPLY).await
}

async fn every_page(walk: &mut Walk, desktop: &Desktop, page: &Page, name: &str) -> Result<(), WindowError> {
    steps::find(page, "おがさわ", PATIENT_NAME).await?;
    steps::open(page, PATIENT_NAME).await?;
    page.touch("tab-documents").await?;
    page.see("document-row").await?;
    walk.fits(desktop, page, &format!("{name}-documents")).await?;
    page.touch("document-row").await?;
    page.see("signature").await?;
    walk.fits(desktop, page, &format!("{name}-document")).await?;
    page.touch("write-version").await?;
    page.see("document-form").await?;
    walk.fits(desktop, page, &format!("{name}-version")).await?;
    page.touch("document-discard").await?;
    page.see("document").await?;
    page.touch("back").await?;
    page.touch("transport-open").await?;
    page.see("transport-vitals").await?;
    walk.fits(desktop, page, &format!("{name}-transport")).await?;
    page.touch("back").await
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

/// Draws a code as a picture of it would show it.
fn draw(text: &str, to: &Path) -> Result<(), WindowError> {
    let code = qrcode::QrCode::new(text).map_err(|error| WindowError::Unwanted(error.to_string()))?;
    let (width, scale, quiet) = (code.width() as u32, 6, 4);
    let colors = code.to_colors();
    let side = (width + 2 * quiet) * scale;
    let picture = image::GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = ((x / scale).wrapping_sub(quiet), (y / scale).wrapping_sub(quiet));
        let dark = x < width && y < width && colors[(y * width + x) as usize] == qrcode::Color::Dark;
        image::Luma([if dark { 0 } else { 255 }])
    });
    picture.save(to).map_err(|error| WindowError::Unwanted(error.to_string()))
}
