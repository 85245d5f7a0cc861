//! The chart in the window: a patient of ten years, and hand-overs between the nurse's window and the pharmacist's tablet over a real
//! relay.

use std::path::Path;

use tendenko_crdt::{Document as _, EventBody, Note, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Clock as _, Replica, SaveError, SystemClock};

use super::desktop::{LANDSCAPE, PORTRAIT, TELEPHONE};
use super::page::by_id;
use super::{Desktop, Page, Walk, WindowError, steps, team, together};
use crate::region::{NURSE, PIN, RegionFailure};
use crate::scene::{PATIENT_NAME, Scene};
use crate::tablet::{Answer, Order, RemoteTablet};

/// Entries of the ten years: three a week.
const ENTRIES: i64 = 1_500;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// At most so many rows are in the page, however long the timeline is.
const MOST_ROWS: usize = 60;
/// Days ago that something happened which is looked for.
const LONG_AGO: i64 = 900;
const OLD_NOTE: &str = "仙骨部に発赤あり。ジョクソウ予防のマットに替えました。";
const FIRST_NOTE: &str = "はじめての訪問です。";
const URGENT: &str = "今朝から血圧のお薬が変わりました。訪問の前に血圧を測ってください。";
const QUESTION: &str = "残薬は何日分ありましたか。";
const ANSWER: &str = "五日分ありました。次回持参します。";
const LATE_NOTE: &str = "薬局で服薬指導。飲み忘れなし。";

/// Plays the test; true when every step passed. Pictures go to `pictures`.
pub async fn play(pictures: &Path) -> bool {
    let first = "A patient of ten years on the nurse's tablet, and the pharmacist's tablet has it all over the relay";
    together::play(pictures, first, prepare, in_the_window).await
}

fn prepare() -> Result<Scene, RegionFailure> {
    let scene = Scene::set()?;
    let replica = scene.unlock(&scene.nurse)?;
    ten_years(&replica, scene.patient.parse()?)?;
    team::agree(&replica, scene.patient.parse()?)?;
    drop(replica);
    Ok(scene)
}

/// Notes three times a week over ten years; one of them says something that is looked for.
fn ten_years(replica: &Replica, patient: PatientId) -> Result<(), SaveError> {
    let now = SystemClock.now().0;
    let step = 10 * 365 * DAY / ENTRIES;
    for years in (0..ENTRIES).collect::<Vec<_>>().chunks(100) {
        replica.edit(patient, |edit| {
            for &number in years {
                let ago = (ENTRIES - number) * step;
                let text = match number {
                    0 => FIRST_NOTE.to_owned(),
                    _ if (ago - LONG_AGO * DAY).abs() <= step / 2 => OLD_NOTE.to_owned(),
                    // Of different heights.
                    _ => "お変わりなく過ごされる。食事・水分とも良好。".repeat(1 + (number % 4) as usize),
                };
                let mut event = edit.event(EventBody::Note(Note { text, newer: Default::default() }))?;
                event.occurred_at = Timestamp(now - ago);
                let at = event.occurred_at;
                edit.volume_at(at)?.record(event)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

async fn in_the_window(
    walk: &mut Walk,
    desktop: &Desktop,
    scene: &Scene,
    pharmacist: &mut RemoteTablet,
) -> Result<(), WindowError> {
    walk.step("An urgent hand-over of the pharmacist is on the nurse's first page");
    let page = desktop.open_app().await?;
    steps::unlock(&page, PIN).await?;
    let urgent = hand_over(pharmacist, scene, URGENT, true)?;
    page.see_text(&by_id("hand-over"), URGENT).await?;
    walk.picture(desktop, &page, "today").await?;

    walk.step("Confirmed by one touch, it is gone here, and the pharmacist's tablet says who has read it");
    page.touch("confirm").await?;
    page.see_gone("hand-over").await?;
    let (patient, by) = (scene.patient.clone(), NURSE.name.to_owned());
    pharmacist.run(&Order::AwaitConfirmed { patient, entry: urgent, by })?;

    walk.step("A question is answered, and the answer waits for the pharmacist; the question is confirmed with it");
    let question = hand_over(pharmacist, scene, QUESTION, false)?;
    page.touch("nav-hand-over").await?;
    page.see_text(&by_id("hand-over"), QUESTION).await?;
    page.touch("answer").await?;
    page.write("say-text", ANSWER).await?;
    walk.picture(desktop, &page, "answer").await?;
    page.touch_enabled("say-save").await?;
    page.see_gone("hand-over").await?;
    pharmacist.run(&Order::AwaitHandOver { text: ANSWER.to_owned() })?;
    let (patient, by) = (scene.patient.clone(), NURSE.name.to_owned());
    pharmacist.run(&Order::AwaitConfirmed { patient, entry: question, by })?;
    page.touch("box-written").await?;
    page.see_text(&by_id("hand-over"), ANSWER).await?;
    walk.picture(desktop, &page, "written").await?;

    walk.step("The timeline of ten years opens with what is new on top, and little of it is in the page");
    steps::find(&page, "おがさわ", PATIENT_NAME).await?;
    steps::open(&page, PATIENT_NAME).await?;
    page.see_text(&by_id("entry"), URGENT).await?;
    page.see("read-by").await?;
    few_rows(&page).await?;
    walk.picture(desktop, &page, "timeline").await?;

    walk.step("Scrolled to its end, page by page, it reaches the first day, and never has more rows in the page");
    for _ in 0..ENTRIES {
        if page.text_has(&by_id("entry"), FIRST_NOTE).await? {
            break;
        }
        page.scroll_to_end("timeline-list").await?;
        few_rows(&page).await?;
    }
    page.see_text(&by_id("entry"), FIRST_NOTE).await?;

    walk.step("A month is chosen, and a date is typed in the Japanese era");
    page.touch("timeline-jump").await?;
    page.see("jump-sheet").await?;
    walk.picture(desktop, &page, "jump").await?;
    let day = jiff::Timestamp::from_millisecond(SystemClock.now().0 - LONG_AGO * DAY)
        .map_err(|error| WindowError::Scene(error.into()))?
        .to_zoned(crate::records::japan())
        .date();
    page.touch(&format!("jump-{}", day.strftime("%Y-%m"))).await?;
    page.see_gone("jump-sheet").await?;
    see_month(&page, day).await?;
    page.touch("timeline-jump").await?;
    page.write(
        "jump-date",
        &format!("R{}.{}.{}", day.year() - 2018, day.month(), day.day() + i8::from(day.day() < 28)),
    )
    .await?;
    page.touch_enabled("jump-go").await?;
    page.see_gone("jump-sheet").await?;
    page.see_text(&by_id("entry"), OLD_NOTE).await?;
    few_rows(&page).await?;
    walk.picture(desktop, &page, "jumped").await?;

    walk.step("It is found by what it says, in other kana, among ten years");
    page.write("timeline-search", "じょくそう").await?;
    page.see_only(&by_id("entry"), OLD_NOTE).await?;
    walk.picture(desktop, &page, "search").await?;
    page.touch_css("[data-testid=narrowed] button").await?;
    page.see_gone("narrowed").await?;

    walk.step("By profession and kind: the pharmacist's hand-overs alone");
    page.touch("timeline-narrow").await?;
    page.touch("narrow-kind-hand-over").await?;
    page.touch("narrow-profession-pharmacist").await?;
    walk.picture(desktop, &page, "narrow").await?;
    page.touch("narrow-show").await?;
    page.see_count(&by_id("entry"), 2).await?;
    walk.picture(desktop, &page, "narrowed").await?;
    while page.count("[data-testid=narrowed] button").await? > 0 {
        page.touch_css("[data-testid=narrowed] button").await?;
        page.drawn().await?;
    }

    walk.step("What the pharmacist writes now is marked as new, above the line up to which was read");
    page.touch("nav-today").await?;
    page.see("today").await?;
    match pharmacist.ask(&Order::Visit { patient: scene.patient.clone(), note: LATE_NOTE.to_owned() })? {
        Answer::Saved { .. } => {}
        other => return Err(WindowError::Scene(format!("{other:?}").into())),
    }
    page.see_text(&by_id("change-group"), LATE_NOTE).await?;
    page.touch_css("[data-testid=change-group] [data-testid=patient-line]").await?;
    page.see_text(&by_id("entry"), LATE_NOTE).await?;
    page.see("new").await?;
    page.see("read-line").await?;
    walk.picture(desktop, &page, "new").await?;
    page.touch("nav-today").await?;
    page.see("today").await?;
    page.see_gone("change-group").await?;

    hand_over(pharmacist, scene, URGENT, true)?;
    page.see_text(&by_id("hand-over"), URGENT).await?;
    for (name, size) in [("landscape", LANDSCAPE), ("portrait", PORTRAIT), ("telephone", TELEPHONE)] {
        walk.step(format!("Ten years fit on the screen: {name}"));
        page.resize(size).await?;
        page.touch("nav-hand-over").await?;
        page.see("hand-over").await?;
        walk.fits(desktop, &page, &format!("{name}-hand-overs")).await?;
        page.touch_css("[data-testid=hand-over] [data-testid=patient-line]").await?;
        page.see("entry").await?;
        walk.fits(desktop, &page, &format!("{name}-timeline")).await?;
    }
    page.close().await
}

/// The day on the bar is of that month, whatever the language.
async fn see_month(page: &Page, day: jiff::civil::Date) -> Result<(), WindowError> {
    page.see_text(&by_id("timeline-day"), &format!("{}月", day.month())).await
}

async fn few_rows(page: &Page) -> Result<(), WindowError> {
    match page.count("[data-testid=timeline-list] [data-row]").await? {
        rows if rows <= MOST_ROWS => Ok(()),
        rows => Err(WindowError::Unwanted(format!("{rows} rows in the page"))),
    }
}

/// The pharmacist hands something over to the nurses; its entry.
fn hand_over(pharmacist: &mut RemoteTablet, scene: &Scene, text: &str, urgent: bool) -> Result<String, WindowError> {
    let (patient, to, text) = (scene.patient.clone(), "nurse".to_owned(), text.to_owned());
    match pharmacist.ask(&Order::HandOver { patient, to, text, urgent })? {
        Answer::Saved { entry } => Ok(entry),
        other => Err(WindowError::Scene(format!("the pharmacist's tablet answered {other:?}").into())),
    }
}
