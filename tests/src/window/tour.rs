//! The tour: what a newcomer without a display sees of `cargo xtask run`. The relay and the colleagues' tablets are
//! running already; this is the nurse's window between them.

use std::path::Path;

use super::desktop::LANDSCAPE;
use super::page::by_id;
use super::{Desktop, Walk, WindowError, steps};
use crate::region::{PIN, tablet_dir};

const NOTE: &str = "足のむくみは前回より軽い。お薬カレンダーは昨日まで空、飲み忘れなし。";
/// Part of what the pharmacist of the demonstration answers to every visit.
const ANSWER: &str = "一包化してお届けします";

/// The patient of the tour, whose dose was changed in two places; and how her birth date is typed.
const NAME: &str = "佐々木 ハル";
const BORN: &str = "S11.3.12";

/// Takes the tour through the demonstration in `demo`; true when it reached its end.
pub async fn take(demo: &Path, pictures: &Path) -> bool {
    let mut walk = Walk::new(pictures);
    walk.step("The nurse's window opens on a virtual screen");
    let desktop = match Desktop::start(LANDSCAPE, &tablet_dir(demo, "nurse"), &pictures.join("logs")) {
        Ok(desktop) => desktop,
        Err(error) => return walk.end(Err(error), None),
    };
    let outcome = in_the_window(&mut walk, &desktop).await;
    walk.end(outcome, Some(&desktop))
}

async fn in_the_window(walk: &mut Walk, desktop: &Desktop) -> Result<(), WindowError> {
    let page = desktop.open_app().await?;
    page.see("unlock").await?;
    walk.picture(desktop, &page, "locked").await?;

    walk.step(format!("She unlocks with the demonstration's PIN, {PIN}"));
    steps::unlock(&page, PIN).await?;
    page.see("today").await?;
    walk.picture(desktop, &page, "today").await?;

    walk.step("She looks through her patients");
    page.touch("nav-patients").await?;
    page.see("patient-row").await?;
    walk.picture(desktop, &page, "patients").await?;

    walk.step("Two have the same name; by her birth date she opens the right one: allergies, medicines, measurements, the card");
    steps::find(&page, BORN, NAME).await?;
    steps::open(&page, NAME).await?;
    page.see("entry").await?;
    walk.picture(desktop, &page, "timeline").await?;
    for tab in ["medicines", "vitals", "team", "card"] {
        page.touch(&format!("tab-{tab}")).await?;
        page.see(tab).await?;
        walk.picture(desktop, &page, tab).await?;
    }
    page.touch("tab-timeline").await?;

    walk.step("She records a visit: temperature, blood pressure, care, a note");
    steps::fill_visit(&page, NOTE).await?;
    walk.picture(desktop, &page, "visit").await?;
    steps::save_visit(&page, NOTE).await?;
    walk.picture(desktop, &page, "saved").await?;

    walk.step("The relay confirms that it has the sealed record");
    steps::send_now(&page).await?;
    walk.picture(desktop, &page, "sent").await?;

    walk.step("The pharmacist has read it on another tablet: the answer appears by itself");
    page.see_text(&by_id("entry"), ANSWER).await?;
    walk.picture(desktop, &page, "answer").await?;

    walk.step("Two doses of one medicine wait for a decision, side by side");
    page.touch("nav-today").await?;
    page.touch("open-conflicts").await?;
    page.see("conflict-value").await?;
    walk.picture(desktop, &page, "conflict").await?;

    walk.step("The evacuation-site view: one card, after a reason");
    steps::look_up_at_site(&page, BORN, NAME).await?;
    // Both doses of the medicine that waits for a decision stand on the card.
    page.see("version").await?;
    walk.picture(desktop, &page, "site").await?;

    walk.step("She locks the tablet and closes the window");
    page.touch("lock").await?;
    page.see("unlock").await?;
    page.close().await
}
