//! What a person does in the window, one function per deed; the tour and the window test are made of these.

use std::path::Path;

use super::page::by_id;
use super::{Page, WindowError};

/// Chooses the first name on the unlock screen and types a PIN on the large keys.
pub async fn try_pin(page: &Page, pin: &str) -> Result<(), WindowError> {
    page.see("unlock").await?;
    if page.text(&by_id("secret")).await?.is_none() {
        page.touch("staff-tile").await?;
    }
    for digit in pin.chars() {
        page.touch_enabled(&format!("key-{digit}")).await?;
    }
    page.touch_enabled("unlock-submit").await
}

/// Unlocks and waits for the first page.
pub async fn unlock(page: &Page, pin: &str) -> Result<(), WindowError> {
    try_pin(page, pin).await?;
    page.see("frame").await
}

/// Searches a patient by kana and opens the page of the one whose row says `name`.
pub async fn find(page: &Page, kana: &str, name: &str) -> Result<(), WindowError> {
    page.touch("nav-patients").await?;
    page.write("search", kana).await?;
    page.see_text(&by_id("patient-row"), name).await
}

/// Opens the patient whose row says `name`.
pub async fn open(page: &Page, name: &str) -> Result<(), WindowError> {
    page.touch_text(&by_id("patient-row"), name).await?;
    page.see("patient-page").await?;
    page.see_text(&by_id("patient-head"), name).await
}

/// Vital signs in the order of the form: the field, the keys that are touched, and what it says then.
pub const VITALS: [(&str, &str, &str); 5] = [
    ("vital-temperature", "368", "36.8"),
    ("vital-systolic", "132", "132"),
    ("vital-diastolic", "78", "78"),
    ("vital-pulse", "72", "72"),
    ("vital-spo2", "97", "97"),
];

/// Types measurements that follow each other in the form: a field that is full leads to the next by itself. How many keys that took.
pub async fn measure(page: &Page, vitals: &[(&str, &str, &str)]) -> Result<usize, WindowError> {
    let mut touched = 0;
    if let Some((first, ..)) = vitals.first() {
        page.touch(first).await?;
    }
    for key in vitals.iter().flat_map(|(_, keys, _)| keys.chars()) {
        page.touch_enabled(&format!("pad-{key}")).await?;
        touched += 1;
    }
    for (field, _, said) in vitals {
        page.see_value(field, said).await?;
    }
    Ok(touched)
}

/// Fills a visit in: measurements on the number pad (a temperature gets its point by itself), a chip of care, and a note.
pub async fn fill_visit(page: &Page, note: &str) -> Result<(), WindowError> {
    page.touch("record-visit").await?;
    page.see("visit").await?;
    measure(page, &VITALS[..3]).await?;
    page.touch("care-observation").await?;
    page.write("visit-note", note).await
}

/// Saves the visit and waits until the timeline shows it.
pub async fn save_visit(page: &Page, note: &str) -> Result<(), WindowError> {
    page.touch_enabled("visit-save").await?;
    page.see("patient-page").await?;
    page.see_text(&by_id("entry"), note).await
}

/// Asks for an exchange with the relay now, and waits until it has everything.
pub async fn send_now(page: &Page) -> Result<(), WindowError> {
    page.touch("sync-line").await?;
    page.see("sync-sheet").await?;
    page.touch("sync-now").await?;
    page.dismiss("sheet-close", "sync-sheet").await?;
    see_sent(page).await
}

/// Waits until the relay has everything that was saved here, and every screen says so.
pub async fn see_sent(page: &Page) -> Result<(), WindowError> {
    page.see_css("[data-testid=sync-line][data-state=idle][data-unsent=\"0\"]").await?;
    page.see_gone("unsent").await
}

/// Looks a person up at the evacuation site, with a reason, and waits for the card.
pub async fn look_up_at_site(page: &Page, kana: &str, name: &str) -> Result<(), WindowError> {
    page.touch("nav-site").await?;
    page.write("site-search", kana).await?;
    page.touch_text(&by_id("patient-row"), name).await?;
    page.touch("site-reason-medicines").await?;
    page.see("site-card").await
}

/// Offers a medicine notebook for the patient whose page is open.
pub async fn offer_notebook(page: &Page, file: &str) -> Result<(), WindowError> {
    page.touch("tab-medicines").await?;
    page.touch("open-notebook").await?;
    page.see("notebook").await?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/jahis/synthetic");
    page.choose_file("notebook-file", &folder.join(file)).await
}
