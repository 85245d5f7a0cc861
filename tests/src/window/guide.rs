//! Two days from unlocking to locking, a visiting nurse's and a pharmacist's, in both languages: the pictures of the user guide.
//!
//! Each day begins in a demonstration of its own, on a tablet held upright. A picture is called by what it shows and replaces the one
//! of that name, so that `docs/guide/` always shows the program as it is (`cargo xtask guide`).

use std::path::{Path, PathBuf};

use super::desktop::PORTRAIT;
use super::page::by_id;
use super::screens::demonstration;
use super::{Desktop, Page, Walk, WindowError, steps};
use crate::region::{PIN, tablet_dir};

const NOTE: &str = "足のむくみは前回より軽い。お薬カレンダーは昨日まで空、飲み忘れなし。";
const HAND_OVER: &str = "夜間のトイレが二回に増えました。ふらつきの様子を見てください。";
const ANSWER: &str = "承知しました。次の訪問で立ちくらみを確認します。";
const REASON: &str = "ふらつきがあり、処方医に確認して減量";
/// The patient whose dose waits for a decision, and how her birth date is typed.
const CONFLICT: (&str, &str) = ("佐々木 ハル", "S11.3.12");

/// Plays both days in both languages; true when each reached its end. Pictures go to `<out>/<language>/`.
pub async fn play(out: &Path) -> bool {
    let mut passed = true;
    for lang in ["ja", "en"] {
        let pictures = out.join(lang);
        let mut walk = Walk::new(&pictures);
        walk.step(format!("A demonstration is made ({lang})"));
        let outcome = both_days(&mut walk, &Album { pictures: pictures.clone() }, lang).await;
        passed &= walk.end(outcome, None);
    }
    passed
}

/// Where pictures go, by name.
struct Album {
    pictures: PathBuf,
}

impl Album {
    async fn keep(&self, desktop: &Desktop, page: &Page, name: &str) -> Result<(), WindowError> {
        page.drawn().await?;
        desktop.small_picture(&self.pictures.join(format!("{name}.png")))
    }
}

async fn both_days(walk: &mut Walk, album: &Album, lang: &str) -> Result<(), WindowError> {
    let demo = demonstration().await?;
    std::fs::create_dir_all(&album.pictures)
        .map_err(|source| WindowError::File { path: album.pictures.clone(), source })?;
    let logs = demo.path().join("guide-logs");
    walk.step("A visiting nurse's day");
    let desktop = Desktop::start(PORTRAIT, &tablet_dir(demo.path(), "nurse"), &logs)?;
    nurse(&desktop, album, lang).await?;
    drop(desktop);
    walk.step("A pharmacist's day");
    let desktop = Desktop::start(PORTRAIT, &tablet_dir(demo.path(), "pharmacist"), &logs)?;
    pharmacist(&desktop, album, lang).await
}

/// Opens the tablet in a language, as somebody who set it so earlier finds it.
async fn begin(desktop: &Desktop, lang: &str) -> Result<Page, WindowError> {
    let page = desktop.open_app().await?;
    page.resize(PORTRAIT).await?;
    steps::unlock(&page, PIN).await?;
    page.touch("nav-settings").await?;
    page.touch(&format!("language-{lang}")).await?;
    page.touch("nav-today").await?;
    page.see("today").await?;
    Ok(page)
}

async fn nurse(desktop: &Desktop, album: &Album, lang: &str) -> Result<(), WindowError> {
    let page = begin(desktop, lang).await?;
    page.touch("lock").await?;
    page.see("unlock").await?;
    album.keep(desktop, &page, "unlock").await?;
    steps::unlock(&page, PIN).await?;
    page.see("hand-over").await?;
    album.keep(desktop, &page, "today").await?;
    page.touch("confirm").await?;

    steps::find(&page, "ささ", CONFLICT.0).await?;
    album.keep(desktop, &page, "search").await?;
    steps::find(&page, CONFLICT.1, CONFLICT.0).await?;
    steps::open(&page, CONFLICT.0).await?;
    page.see("entry").await?;
    album.keep(desktop, &page, "timeline").await?;
    for tab in ["medicines", "vitals", "labs", "team", "card"] {
        page.touch(&format!("tab-{tab}")).await?;
        page.see(tab).await?;
        album.keep(desktop, &page, tab).await?;
    }
    page.touch("nav-today").await?;
    page.touch("to-schedule").await?;
    page.see("visit-row").await?;
    album.keep(desktop, &page, "schedule").await?;
    page.touch("nav-settings").await?;
    page.touch("to-resources").await?;
    page.see("resource").await?;
    album.keep(desktop, &page, "directory").await?;
    page.touch("resources-view-map").await?;
    page.touch("map-home").await?;
    page.touch_css(".map-point.is-own").await?;
    page.see("resource").await?;
    album.keep(desktop, &page, "directory-map").await?;
    steps::find(&page, CONFLICT.1, CONFLICT.0).await?;
    steps::open(&page, CONFLICT.0).await?;
    page.touch("transport-open").await?;
    page.see("transport-visits").await?;
    album.keep(desktop, &page, "transport").await?;
    page.touch("back").await?;
    page.touch("tab-documents").await?;
    page.touch("write-referral").await?;
    page.see("filled-in").await?;
    album.keep(desktop, &page, "letter").await?;
    page.touch("document-discard").await?;
    page.touch("tab-timeline").await?;

    page.touch("record-visit").await?;
    page.see("visit").await?;
    super::steps::measure(&page, &super::steps::VITALS).await?;
    album.keep(desktop, &page, "visit-numbers").await?;
    page.touch("pad-close").await?;
    page.touch("care-observation").await?;
    page.touch("care-medication-check").await?;
    page.write("visit-note", NOTE).await?;
    album.keep(desktop, &page, "visit-words").await?;
    page.touch("hand-over-open").await?;
    page.write("hand-over-text", HAND_OVER).await?;
    page.touch_enabled("visit-save").await?;
    page.see_text(&by_id("entry"), NOTE).await?;
    page.see("toast").await?;
    album.keep(desktop, &page, "saved").await?;

    page.touch("sync-line").await?;
    page.see("sync-sheet").await?;
    album.keep(desktop, &page, "sync").await?;
    page.touch("open-nearby").await?;
    page.see("nearby").await?;
    album.keep(desktop, &page, "nearby").await?;

    page.touch("nav-today").await?;
    page.touch("open-conflicts").await?;
    page.see("conflict-value").await?;
    album.keep(desktop, &page, "conflict").await?;
    page.touch_css("[data-testid=conflict][data-key*=medicine] [data-testid=conflict-choose]").await?;
    page.write("reason", REASON).await?;
    page.touch_enabled("decision-save").await?;
    page.see_count("[data-testid=conflict][data-key*=medicine]", 0).await?;

    steps::look_up_at_site(&page, CONFLICT.1, CONFLICT.0).await?;
    album.keep(desktop, &page, "site").await?;
    page.touch("nav-settings").await?;
    album.keep(desktop, &page, "settings").await?;
    page.touch("lock").await?;
    page.see("unlock").await?;
    page.close().await
}

async fn pharmacist(desktop: &Desktop, album: &Album, lang: &str) -> Result<(), WindowError> {
    let page = begin(desktop, lang).await?;
    page.touch("nav-hand-over").await?;
    page.see("hand-overs").await?;
    page.touch("box-written").await?;
    page.see("hand-over").await?;
    album.keep(desktop, &page, "written").await?;

    steps::find(&page, CONFLICT.1, CONFLICT.0).await?;
    steps::open(&page, CONFLICT.0).await?;
    page.touch("say").await?;
    page.write("say-text", ANSWER).await?;
    album.keep(desktop, &page, "say").await?;
    page.touch_enabled("say-save").await?;
    page.see_text(&by_id("entry"), ANSWER).await?;

    steps::offer_notebook(&page, "v08-all-records.txt").await?;
    page.see("notebook-preview").await?;
    album.keep(desktop, &page, "notebook").await?;
    page.touch("back").await?;
    page.touch("tab-medicines").await?;
    page.touch_css(".medicine:not(:has(.mark-conflict)) > .medicine-main").await?;
    page.touch("observe").await?;
    page.see("observe-sheet").await?;
    album.keep(desktop, &page, "observe").await?;
    page.dismiss("sheet-close", "observe-sheet").await?;
    // The list as it is opened: what was unfolded would still be moving.
    page.touch("tab-vitals").await?;
    page.see("vitals").await?;
    page.touch("tab-medicines").await?;
    page.see("medicine").await?;
    page.drawn().await?;
    page.touch("notebook-out-open").await?;
    page.see("qr").await?;
    album.keep(desktop, &page, "notebook-out").await?;
    page.touch("back").await?;
    page.touch_css(".medicine:not(:has(.mark-conflict)) > .medicine-main").await?;
    page.touch("change-dose").await?;
    page.see("medicine-sheet").await?;
    page.write("reason", REASON).await?;
    album.keep(desktop, &page, "change-dose").await?;
    page.dismiss("sheet-close", "medicine-sheet").await?;
    page.touch("lock").await?;
    page.see("unlock").await?;
    page.close().await
}
