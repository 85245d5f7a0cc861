//! The window test: the nurse's real window with no relay in reach, then with one, and a colleague at the other end.

use std::path::Path;

use super::desktop::LANDSCAPE;
use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, medicines, papers, steps, team, writing};
use crate::process::Program;
use crate::region::PIN;
use crate::scene::{ALLERGY, MEDICINE, PATIENT_NAME, Scene};
use crate::small_disk::SmallDisk;
use crate::tablet::{Answer, Order, RemoteTablet};

const WRONG_PIN: &str = "0000";
/// Part of the patient's name as somebody in a hurry types it: the screen must find オガサワラ.
const TYPED_KANA: &str = "おがさわ";
const NOTE: &str = "足のむくみは前回より軽い。内服の飲み忘れなし。";
const ANSWER: &str = "残薬を確認しました。次回から一包化してお届けします。";

/// A notebook of somebody else, with several dispensings.
const NOTEBOOK: &str = "v08-several-dispensings.txt";
const DISPENSINGS: &str = "[data-testid=dispensings] .entry";

/// Plays the test; true when every step passed. Pictures go to `pictures`.
pub async fn play(pictures: &Path) -> bool {
    let mut walk = Walk::new(pictures);
    walk.step("A region is made, with nobody connected");
    let scene = match Scene::set() {
        Ok(scene) => scene,
        Err(error) => return walk.end(Err(WindowError::Scene(error)), None),
    };
    // Only who may mount has a disk that can be full.
    let disk = match SmallDisk::under(&scene.nurse.dir) {
        Ok(disk) => disk,
        Err(source) => return walk.end(Err(WindowError::File { path: scene.nurse.dir.clone(), source }), None),
    };
    walk.step("The window opens on a virtual screen");
    let desktop = match Desktop::start(LANDSCAPE, &scene.nurse.dir, &pictures.join("logs")) {
        Ok(desktop) => desktop,
        Err(error) => return walk.end(Err(error), None),
    };
    let outcome = in_the_window(&mut walk, &desktop, &scene, disk.as_ref()).await;
    walk.end(outcome, Some(&desktop))
}

async fn in_the_window(
    walk: &mut Walk,
    desktop: &Desktop,
    scene: &Scene,
    disk: Option<&SmallDisk>,
) -> Result<(), WindowError> {
    let page = desktop.open_app().await?;
    page.see("unlock").await?;
    walk.picture(desktop, &page, "locked").await?;

    walk.step("A wrong PIN is refused, and nothing about patients is shown");
    steps::try_pin(&page, WRONG_PIN).await?;
    page.see_css("[data-testid=unlock-error][data-code=wrong-secret]").await?;
    page.see_no_text(PATIENT_NAME).await?;
    walk.picture(desktop, &page, "wrong-pin").await?;

    walk.step("The right PIN unlocks, after the waiting time");
    steps::unlock(&page, PIN).await?;
    walk.picture(desktop, &page, "today").await?;

    if disk.is_some() {
        walk.step("That the tablet is nearly full is said before anything is refused");
        page.see("room-low").await?;
    }

    walk.step("The patient is found by hiragana although the card says katakana");
    steps::find(&page, TYPED_KANA, PATIENT_NAME).await?;
    walk.picture(desktop, &page, "found").await?;

    walk.step("The header names the allergy in words");
    steps::open(&page, PATIENT_NAME).await?;
    page.see_text(&by_id("allergies"), ALLERGY).await?;

    walk.step("The medicine stands there with its dose");
    page.touch("tab-medicines").await?;
    page.see_text(&by_id("medicine"), MEDICINE).await?;
    walk.picture(desktop, &page, "medicines").await?;
    page.touch("tab-timeline").await?;

    walk.step("A visit is recorded with no relay in reach");
    steps::fill_visit(&page, NOTE).await?;
    walk.picture(desktop, &page, "visit").await?;
    if let Some(disk) = disk {
        walk.step("With the storage full it is not saved, says so, and stays on the screen");
        let file = |source| WindowError::File { path: scene.nurse.dir.clone(), source };
        disk.fill().map_err(file)?;
        page.touch_enabled("visit-save").await?;
        page.see("save-failed").await?;
        page.see("visit").await?;
        walk.picture(desktop, &page, "storage-full").await?;
        walk.step("With room again the same touch saves it, once");
        disk.make_room().map_err(file)?;
    }
    steps::save_visit(&page, NOTE).await?;
    if page.count(&by_id("entry")).await? != 1 {
        return Err(WindowError::Unwanted("a second entry".to_owned()));
    }

    walk.step("It is marked as saved and not yet sent; offline is calm");
    page.see_css("[data-testid=entry][data-sent=pending] [data-testid=unsent]").await?;
    page.see_text(&by_id("entry"), "36.8").await?;
    page.see_css("[data-testid=sync-line][data-state=offline]").await?;
    walk.picture(desktop, &page, "pending").await?;

    walk.step("The relay comes up, and the visit is sent");
    let _relay: Program = scene.relay()?;
    steps::send_now(&page).await?;
    walk.picture(desktop, &page, "sent").await?;

    walk.step("The pharmacist's tablet has the visit");
    let mut pharmacist = scene.start(&scene.pharmacist)?;
    pharmacist.run(&Order::Online)?;
    pharmacist.run(&Order::AwaitSynced)?;
    let entry = newest_entry(&page).await?;
    pharmacist.run(&Order::AwaitEntry { patient: scene.patient.clone(), entry })?;

    walk.step("The pharmacist's answer arrives on the nurse's screen by itself");
    answer(&mut pharmacist, &scene.patient)?;
    page.see_text(&by_id("entry"), ANSWER).await?;
    walk.picture(desktop, &page, "answer").await?;

    walk.step("A notebook that was cut is refused, and says so; nothing changes");
    steps::offer_notebook(&page, "bad-cut-in-usage.txt").await?;
    page.see_css("[data-testid=failure][data-code=notebook-cut]").await?;
    walk.picture(desktop, &page, "notebook-cut").await?;
    page.touch("back").await?;
    page.see_text(&by_id("medicine"), MEDICINE).await?;

    walk.step("Another person's notebook is shown before it is taken over, and warned about");
    steps::offer_notebook(&page, NOTEBOOK).await?;
    page.see("notebook-preview").await?;
    page.see("same-patient").await?;
    walk.picture(desktop, &page, "notebook-preview").await?;

    walk.step("Confirmed by a person, its dispensings join the record; taken over again, nothing is doubled");
    take_over(&page).await?;
    let recorded = page.count(DISPENSINGS).await?;
    walk.picture(desktop, &page, "notebook-imported").await?;
    steps::offer_notebook(&page, NOTEBOOK).await?;
    page.see_css("[data-testid=planned-dispensing][data-there=true]").await?;
    take_over(&page).await?;
    if recorded == 0 || page.count(DISPENSINGS).await? != recorded {
        return Err(WindowError::Unwanted("a dispensing twice, or none".to_owned()));
    }

    walk.step("Two doses written apart stand side by side, and a person settles it, with a reason");
    two_doses(scene, &mut pharmacist)?;
    page.see_text(&by_id("version"), "千葉 浩二").await?;
    page.see_text(&by_id("version"), "菊池 遥").await?;
    page.touch("medicine-conflict").await?;
    page.see_text(&by_id("conflict-value"), "訪問薬剤師").await?;
    page.see_text(&by_id("conflict-value"), "救護所医師").await?;
    walk.picture(desktop, &page, "conflict").await?;
    page.touch("conflict-choose").await?;
    page.write("reason", "処方医に確認した").await?;
    page.touch_enabled("decision-save").await?;
    page.see_gone("conflict").await?;
    let (patient, medicine) = (scene.patient.clone(), scene.medicine.clone());
    pharmacist.run(&Order::AwaitAmounts { patient, medicine, count: 1 })?;

    walk.step("The evacuation-site view shows the card after a reason");
    steps::look_up_at_site(&page, TYPED_KANA, PATIENT_NAME).await?;
    page.see_text(&by_id("site-card"), MEDICINE).await?;
    page.see_text(&by_id("site-card"), ALLERGY).await?;
    walk.picture(desktop, &page, "site").await?;

    page.touch("nav-patients").await?;
    steps::find(&page, TYPED_KANA, PATIENT_NAME).await?;
    steps::open(&page, PATIENT_NAME).await?;
    papers::transport(walk, desktop, &page, &scene.nurse.dir).await?;
    medicines::play(walk, desktop, &page, scene).await?;
    writing::play(walk, desktop, &page).await?;
    writing::register(walk, desktop, &page).await?;
    team::play(walk, desktop, &page, &mut pharmacist).await?;
    page.touch("nav-patients").await?;
    steps::find(&page, TYPED_KANA, PATIENT_NAME).await?;
    steps::open(&page, PATIENT_NAME).await?;
    writing::begin(walk, &page).await?;
    desktop.kill_app(&scene.nurse.dir)?;
    // The driver is told that this window is no more; whether it believes that does not matter.
    let _ = page.close().await;
    let page = desktop.open_killed_app().await?;
    writing::go_on(walk, desktop, &page).await?;

    walk.step("Locking leaves nothing about patients on the screen");
    page.touch("lock").await?;
    page.see("unlock").await?;
    page.see_no_text(PATIENT_NAME).await?;
    walk.picture(desktop, &page, "locked-again").await?;

    walk.step("The window closes");
    page.close().await?;
    after_damage(walk, desktop, scene).await
}

/// The store is damaged while the tablet is off.
async fn after_damage(walk: &mut Walk, desktop: &Desktop, scene: &Scene) -> Result<(), WindowError> {
    walk.step("A damaged store is said to be damaged; a copy is kept");
    damage(&scene.nurse.dir.join("store.db"))?;
    let page = desktop.open_app().await?;
    steps::try_pin(&page, PIN).await?;
    page.see_css("[data-testid=unlock-error][data-code=store-damaged]").await?;
    walk.picture(desktop, &page, "damaged").await?;

    walk.step("What was readable is back, and the relay brings the rest");
    steps::unlock(&page, PIN).await?;
    steps::find(&page, TYPED_KANA, PATIENT_NAME).await?;
    steps::open(&page, PATIENT_NAME).await?;
    page.see_text(&by_id("allergies"), ALLERGY).await?;
    // The page holds the newest entries; the first visit is found by what it says.
    page.write("timeline-search", "ムクミ").await?;
    page.see_text(&by_id("entry"), NOTE).await?;
    walk.picture(desktop, &page, "recovered").await?;
    page.close().await
}

/// Overwrites every fifth page, from the second on, as a dying flash chip would.
fn damage(store: &Path) -> Result<(), WindowError> {
    let file = |source| WindowError::File { path: store.to_owned(), source };
    let mut bytes = std::fs::read(store).map_err(file)?;
    for page in bytes.chunks_mut(4096).skip(1).step_by(5) {
        page.fill(0xA5);
    }
    std::fs::write(store, bytes).map_err(file)
}

/// Pharmacist and evacuation site change the dose without a link, each for a reason, and then meet again.
fn two_doses(scene: &Scene, pharmacist: &mut RemoteTablet) -> Result<(), WindowError> {
    let mut site = scene.start_online(&scene.site)?;
    for tablet in [&mut *pharmacist, &mut site] {
        tablet.run(&Order::Offline)?;
    }
    pharmacist.dose(&scene.patient, &scene.medicine, "1", "訪問薬剤師が残薬から判断")?;
    site.dose(&scene.patient, &scene.medicine, "3", "救護所医師の指示")?;
    for tablet in [&mut site, pharmacist] {
        tablet.run(&Order::Online)?;
        tablet.run(&Order::AwaitSynced)?;
    }
    Ok(())
}

/// Confirms that the notebook that is looked at is this patient's, takes it over, and waits for the list.
async fn take_over(page: &Page) -> Result<(), WindowError> {
    page.touch("same-patient").await?;
    page.touch_enabled("notebook-import").await?;
    page.see_gone("notebook").await?;
    page.see_css(DISPENSINGS).await?;
    page.see_text(&by_id("medicine"), MEDICINE).await
}

/// The id of the entry on top of the timeline.
async fn newest_entry(page: &Page) -> Result<String, WindowError> {
    page.attribute(&by_id("entry"), "data-entry").await
}

fn answer(pharmacist: &mut RemoteTablet, patient: &str) -> Result<(), WindowError> {
    match pharmacist.ask(&Order::Visit { patient: patient.to_owned(), note: ANSWER.to_owned() })? {
        Answer::Saved { .. } => Ok(()),
        other => Err(WindowError::Scene(format!("the pharmacist's tablet answered {other:?}").into())),
    }
}
