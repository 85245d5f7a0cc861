//! Every screen as people may have set it: three sizes of window, two languages, three text sizes, light, dark and high contrast.
//!
//! On each of them nothing may be wider than the page, no touch target smaller than 44 pixels, and [axe] may find nothing against WCAG
//! 2.2 at level AA. What is found is gathered over all screens of a look, so that one run names everything.
//!
//! Played in the demonstration, without its relay: offline is a normal state and has to look like one. A new screen is one more row in
//! [`SCREENS`].
//!
//! [axe]: https://github.com/dequelabs/axe-core

use std::path::Path;

use tempfile::TempDir;

use super::desktop::{LANDSCAPE, PORTRAIT, SCREEN, TELEPHONE};
use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, steps};
use crate::demo;
use crate::region::{PIN, tablet_dir};

/// The patient of the demonstration whose pages are looked at: one with a dose in conflict, and a namesake.
const NAME: &str = "佐々木 ハル";
const BORN: &str = "S11.3.12";

/// A touch, or something that has to be there before the next.
enum Step {
    /// Touches what has this test id.
    Touch(&'static str),
    /// Touches what this selector finds.
    TouchCss(&'static str),
    /// Touches the row of the patient.
    TouchPatient,
    /// Types into a field.
    Write(&'static str, &'static str),
    /// Waits for this test id.
    See(&'static str),
}

use Step::{See, Touch, TouchCss, TouchPatient, Write};

/// A screen, and the way to it from the one before.
struct Screen {
    name: &'static str,
    way: &'static [Step],
    /// The sheet that is closed afterwards.
    sheet: Option<&'static str>,
}

const fn screen(name: &'static str, way: &'static [Step]) -> Screen {
    Screen { name, way, sheet: None }
}

const fn sheet(name: &'static str, way: &'static [Step]) -> Screen {
    Screen { name, way, sheet: Some(name) }
}

/// In an order in which one leads to the next. After going back, what is there again is waited for before the next touch: both pages have tabs.
const SCREENS: &[Screen] = &[
    screen("today", &[Touch("nav-today"), See("today"), See("patient-row")]),
    sheet("sync-sheet", &[Touch("sync-line"), See("sync-sheet")]),
    screen("hand-overs", &[Touch("nav-hand-over"), See("hand-overs")]),
    screen("schedule", &[Touch("nav-today"), Touch("to-schedule"), See("visit-row")]),
    screen("conflicts", &[Touch("nav-today"), Touch("open-conflicts"), See("conflict-value")]),
    screen("settings", &[Touch("nav-settings"), See("settings")]),
    screen("resources", &[Touch("to-resources"), See("resource")]),
    screen(
        "resources-map",
        &[Touch("resources-view-map"), Touch("map-home"), TouchCss(".map-point.is-own"), See("resource")],
    ),
    screen("gallery", &[Touch("back"), Touch("open-gallery"), See("gallery")]),
    screen("nearby", &[Touch("sync-line"), Touch("open-nearby"), See("nearby")]),
    screen("site", &[Touch("nav-site"), See("site")]),
    screen("patients", &[Touch("nav-patients"), Write("search", "さ"), See("patient-row")]),
    screen("register", &[Touch("register-patient"), See("register")]),
    screen("timeline", &[Touch("nav-patients"), Write("search", BORN), TouchPatient, See("entry")]),
    sheet("narrow-sheet", &[Touch("timeline-narrow"), See("narrow-sheet")]),
    sheet("jump-sheet", &[Touch("timeline-jump"), See("jump-sheet")]),
    sheet("say-sheet", &[Touch("say"), See("say-sheet")]),
    screen("medicines", &[Touch("tab-medicines"), See("medicine")]),
    sheet(
        "medicine-sheet",
        &[
            TouchCss(".medicine:not(:has(.mark-conflict)) > .medicine-main"),
            Touch("change-dose"),
            See("medicine-sheet"),
        ],
    ),
    sheet("observe-sheet", &[Touch("observe"), See("observe-sheet")]),
    sheet("add-medicine-sheet", &[Touch("add-medicine"), See("add-medicine-sheet")]),
    screen("notebook-out", &[Touch("notebook-out-open"), See("qr")]),
    screen("vitals", &[Touch("back"), See("medicine"), Touch("tab-vitals"), See("vitals-table")]),
    screen("labs", &[Touch("tab-labs"), Touch("lab-name"), See("lab-trend")]),
    sheet("labs-sheet", &[Touch("labs-record"), See("labs-sheet")]),
    sheet("request-sheet", &[Touch("labs-request"), See("request-sheet")]),
    screen("team", &[Touch("tab-team"), See("plan")]),
    sheet("goal-sheet", &[Touch("goal-write"), See("goal-sheet")]),
    sheet("rhythm-sheet", &[Touch("rhythm-write"), See("rhythm-sheet")]),
    sheet("behaviour-sheet", &[Touch("behaviour-write"), See("behaviour-sheet")]),
    sheet("plan-sheet", &[Touch("plan-visit"), See("plan-sheet")]),
    sheet("add-sheet", &[Touch("add-member"), See("add-sheet")]),
    screen("schedule-patient", &[Touch("to-schedule"), See("visit-row")]),
    sheet("visit-sheet", &[Touch("visit-row"), See("visit-sheet")]),
    screen("card", &[Touch("back"), See("plan"), Touch("tab-card"), See("card")]),
    screen("card-edit", &[Touch("edit-card"), See("card-edit")]),
    screen(
        "notebook",
        &[Touch("back"), See("card"), Touch("tab-medicines"), See("medicine"), Touch("open-notebook"), See("notebook")],
    ),
    screen("documents", &[Touch("back"), See("medicine"), Touch("tab-documents"), See("documents")]),
    sheet("check-sheet", &[Touch("check-paper"), See("check-sheet")]),
    screen("document-form", &[Touch("write-referral"), See("document-form")]),
    screen("transport", &[Touch("transport-open"), See("transport-visits")]),
    screen(
        "visit",
        &[Touch("back"), See("document-form"), Touch("back"), See("documents"), Touch("record-visit"), See("visit")],
    ),
];

/// How the tablet is set.
struct Look {
    name: &'static str,
    size: (u32, u32),
    lang: &'static str,
    text: &'static str,
    theme: &'static str,
}

const fn look(
    name: &'static str,
    size: (u32, u32),
    lang: &'static str,
    text: &'static str,
    theme: &'static str,
) -> Look {
    Look { name, size, lang, text, theme }
}

/// Every size of window in both languages, every text size, every theme; not every product of them. The first three show every size, both
/// languages and the largest text, and are looked at with every test; all of them take twice as long.
const LOOKS: &[Look] = &[
    look("portrait-ja", PORTRAIT, "ja", "medium", "light"),
    look("telephone-en-large", TELEPHONE, "en", "large", "light"),
    look("landscape-ja-dark", LANDSCAPE, "ja", "medium", "dark"),
    look("telephone-ja-contrast", TELEPHONE, "ja", "medium", "contrast"),
    look("portrait-en-large-dark", PORTRAIT, "en", "large", "dark"),
    look("landscape-en-small-contrast", LANDSCAPE, "en", "small", "contrast"),
];

/// How many of them are looked at with every test.
const ALWAYS: usize = 3;

/// Looks at every screen of a demonstration of its own, in the first looks or in every one; true when nothing was found. Pictures go to
/// `pictures`.
pub async fn play(pictures: &Path, every: bool) -> bool {
    let mut walk = Walk::new(pictures);
    walk.step("A demonstration is made, and the nurse's window opens in it, with no relay anywhere");
    match ready(pictures).await {
        Ok((_demo, desktop)) => {
            let looks = if every { LOOKS } else { &LOOKS[..ALWAYS] };
            let outcome = in_the_window(&mut walk, &desktop, looks).await;
            walk.end(outcome, Some(&desktop))
        }
        Err(error) => walk.end(Err(error), None),
    }
}

/// A demonstration in a folder of its own.
pub(super) async fn demonstration() -> Result<TempDir, WindowError> {
    let demo = tempfile::Builder::new()
        .prefix("tendenko-demonstration-")
        .tempdir()
        .map_err(|error| WindowError::Scene(error.into()))?;
    let dir = demo.path().to_owned();
    // It waits for exchanges of its own.
    tokio::task::spawn_blocking(move || demo::prepare(&dir))
        .await
        .map_err(|error| WindowError::Scene(error.into()))?
        .map_err(WindowError::Scene)?;
    Ok(demo)
}

/// A demonstration, and the screen its window will be on.
async fn ready(pictures: &Path) -> Result<(TempDir, Desktop), WindowError> {
    let demo = demonstration().await?;
    let desktop = Desktop::start(SCREEN, &tablet_dir(demo.path(), "nurse"), &pictures.join("logs"))?;
    Ok((demo, desktop))
}

async fn in_the_window(walk: &mut Walk, desktop: &Desktop, looks: &[Look]) -> Result<(), WindowError> {
    let page = desktop.open_app().await?;
    page.see("unlock").await?;
    let mut found = look_at(walk, desktop, &page, "unlock").await?;
    steps::unlock(&page, PIN).await?;
    for look in looks {
        walk.step(format!("{} screens: {}", SCREENS.len(), look.name));
        page.resize(look.size).await?;
        set(&page, look).await?;
        for screen in SCREENS {
            open(&page, screen).await?;
            found.extend(look_at(walk, desktop, &page, &format!("{}-{}", look.name, screen.name)).await?);
            if let Some(sheet) = screen.sheet {
                page.dismiss("sheet-close", sheet).await?;
            }
        }
        // Leaves the visit form: a form that nothing was written into is no draft.
        page.touch("back").await?;
        if !found.is_empty() {
            return Err(WindowError::Unwanted(found.join("\n      ")));
        }
    }
    page.close().await
}

async fn set(page: &Page, look: &Look) -> Result<(), WindowError> {
    page.touch("nav-settings").await?;
    for chosen in [format!("language-{}", look.lang), format!("size-{}", look.text), format!("theme-{}", look.theme)] {
        page.touch(&chosen).await?;
    }
    Ok(())
}

async fn open(page: &Page, screen: &Screen) -> Result<(), WindowError> {
    for step in screen.way {
        match step {
            Touch(id) => page.touch(id).await?,
            TouchCss(css) => page.touch_css(css).await?,
            TouchPatient => {
                page.touch_text(&by_id("patient-row"), NAME).await?;
                page.see_text(&by_id("patient-head"), NAME).await?;
            }
            Write(id, text) => page.write(id, text).await?,
            See(id) => page.see(id).await?,
        }
    }
    Ok(())
}

/// What is wrong with the screen as it is now.
async fn look_at(walk: &mut Walk, desktop: &Desktop, page: &Page, name: &str) -> Result<Vec<String>, WindowError> {
    walk.picture(desktop, page, name).await?;
    let mut found = Vec::new();
    for (what, where_) in [
        ("wider than the page", page.too_wide().await?),
        ("too small to touch", page.too_small().await?),
        ("against WCAG", page.violations().await?),
    ] {
        found.extend(where_.into_iter().map(|at| format!("{name}: {what}: {at}")));
    }
    Ok(found)
}
