//! Writing a visit, in the window: photos, numbers that are hard to believe, taking back what was just saved, and drafts that outlive a killed program.

use std::path::Path;

use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, steps};
use crate::region::PIN;
use crate::scene::PATIENT_NAME;

const FIRST_HALF: &str = "夜間の咳が続いている";
const HALF_A_MEDICINE: &str = "ランソプラゾールOD錠15mg";
const WITH_PHOTO: &str = "右前腕の内出血を確認。";
const TAKEN_BACK: &str = "別の方の記録を書きかけた。";

/// The page of a patient is open, and is open again at the end.
pub async fn play(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/photos");
    walk.step("A broken picture is refused in words, and what was typed is still there");
    page.touch("record-visit").await?;
    page.touch("vital-temperature").await?;
    for key in "459".chars() {
        page.touch_enabled(&format!("pad-{key}")).await?;
    }
    page.write("visit-note", WITH_PHOTO).await?;
    page.choose_file("photo-file", &photos.join("cut-off.png")).await?;
    page.see_css("[data-testid=failure][data-code=photo-unreadable]").await?;
    page.see_value("visit-note", WITH_PHOTO).await?;

    walk.step("A photo is kept with the draft, made small");
    page.choose_file("photo-file", &photos.join("arm.png")).await?;
    page.see("draft-photo").await?;
    walk.picture(desktop, page, "photo").await?;

    walk.step("A temperature of 45.9 is asked about, and kept when the nurse insists");
    page.touch_enabled("visit-save").await?;
    page.see("implausible").await?;
    walk.picture(desktop, page, "implausible").await?;
    page.touch("implausible-keep").await?;
    page.see("patient-page").await?;
    page.see_text(&by_id("entry"), WITH_PHOTO).await?;
    page.see("implausible-mark").await?;

    walk.step("The photo stands in the timeline, and opens");
    page.touch("photo-open").await?;
    page.see("photo-whole").await?;
    walk.picture(desktop, page, "photo-whole").await?;
    page.dismiss("sheet-close", "photo-sheet").await?;

    walk.step("What was just saved is taken back, and is a draft again");
    page.touch("record-visit").await?;
    page.write("visit-note", TAKEN_BACK).await?;
    page.choose_file("photo-file", &photos.join("arm.png")).await?;
    page.see("draft-photo").await?;
    page.touch("hand-over-open").await?;
    page.write("hand-over-text", TAKEN_BACK).await?;
    page.touch_enabled("visit-save").await?;
    page.touch("undo").await?;
    page.see("visit").await?;
    page.see_value("visit-note", TAKEN_BACK).await?;
    page.see_value("hand-over-text", TAKEN_BACK).await?;
    page.see("draft-photo").await?;
    walk.picture(desktop, page, "taken-back").await?;
    page.touch("visit-discard").await?;
    page.see("patient-page").await
}

/// Begins a note and a medicine, for the program to be killed in the middle of them.
pub async fn begin(walk: &mut Walk, page: &Page) -> Result<(), WindowError> {
    walk.step("The program is killed while the nurse is typing");
    page.touch("record-visit").await?;
    page.write("visit-note", FIRST_HALF).await?;
    page.touch("care-observation").await?;
    // The store has it when it lists it: the screen before asks for that.
    page.touch("nav-today").await?;
    page.see_count(&by_id("draft"), 1).await?;
    steps::find(page, "おがさわ", PATIENT_NAME).await?;
    steps::open(page, PATIENT_NAME).await?;
    page.touch("tab-medicines").await?;
    page.touch("add-medicine").await?;
    page.write("field-drug", HALF_A_MEDICINE).await?;
    page.write("dose-usage", "1日1回 夕食後").await?;
    page.dismiss("sheet-close", "add-medicine-sheet").await?;
    page.touch("nav-today").await?;
    page.see_count(&by_id("draft"), 2).await?;
    // The last that was touched is the first.
    page.touch("draft").await?;
    page.see_value("field-drug", HALF_A_MEDICINE).await
}

/// After the program was started again: what was typed is there, on the home screen.
pub async fn go_on(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    walk.step("What was typed is there after the next start");
    steps::unlock(page, PIN).await?;
    page.see_count(&by_id("draft"), 2).await?;
    walk.picture(desktop, page, "drafts").await?;
    page.touch("draft").await?;
    page.see_value("field-drug", HALF_A_MEDICINE).await?;
    page.see_value("dose-usage", "1日1回 夕食後").await?;
    page.see("draft-resumed").await?;
    walk.picture(desktop, page, "medicine-resumed").await?;
    page.touch("sheet-discard").await?;
    page.see_gone("add-medicine-sheet").await?;
    page.touch("nav-today").await?;
    page.see_count(&by_id("draft"), 1).await?;
    page.touch("draft").await?;
    page.see_value("visit-note", FIRST_HALF).await?;
    page.see("draft-resumed").await?;
    page.touch("visit-discard").await?;
    page.see_gone("visit").await
}

/// A patient is registered, with a birth date in the Japanese era, found by two kana, and the card is filled in.
pub async fn register(walk: &mut Walk, desktop: &Desktop, page: &Page) -> Result<(), WindowError> {
    walk.step("A new patient is registered with a birth date in the Japanese era");
    page.touch("nav-patients").await?;
    page.touch("register-patient").await?;
    page.write("field-name", "千葉 ハル").await?;
    page.write("field-kana", "チバ ハル").await?;
    page.touch("sex-female").await?;
    page.write("field-birth-date", "S7.8.15").await?;
    walk.picture(desktop, page, "register").await?;
    page.touch_enabled("register-save").await?;
    page.see_text(&by_id("patient-head"), "昭和7年8月15日").await?;

    walk.step("Who is registered a second time is noticed");
    page.touch("nav-patients").await?;
    page.touch("register-patient").await?;
    page.write("field-name", "千葉 はる").await?;
    page.write("field-kana", "ちば はる").await?;
    page.write("field-birth-date", "1932/8/15").await?;
    page.touch_enabled("register-save").await?;
    page.see_css("[data-testid=failure][data-code=maybe-same-patient]").await?;
    walk.picture(desktop, page, "maybe-same").await?;
    page.touch("register-look").await?;

    walk.step("The card is filled in in one place: oxygen, and somebody to call");
    page.see("patient-page").await?;
    page.touch("edit-card").await?;
    page.touch("add-need").await?;
    page.write("field-detail", "2 L/分 鼻カニューレ").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("edit-need"), "2 L/分").await?;
    page.touch("add-contact").await?;
    page.write("field-name", "千葉 学").await?;
    page.write("field-relation", "長男").await?;
    page.write("field-phone", "0193-00-0000").await?;
    page.touch_enabled("sheet-save").await?;
    page.see_text(&by_id("edit-contact"), "千葉 学").await?;
    walk.picture(desktop, page, "card-edit").await?;
    page.touch("back").await?;
    page.see_text(&by_id("card-needs"), "2 L/分").await?;
    page.see_text(&by_id("card-contacts"), "0193-00-0000").await
}
