//! What a person waits for and how often they touch, measured in the real window of an optimised build.
//!
//! Touches and digits are counted, not estimated: every deed goes through [`Page`]. Seconds are two figures: what the *machine* took
//! from a touch to what it brings, and what a person would take who touches and types at the pace stated in [`Pace`]. The driver's own
//! time between two commands is in neither.
//!
//! The tablets: one with 500 patients of three years, with a patient of ten years and 20,000 entries and one of a single entry among
//! them; and an empty window of the same kind on the same screen, as what no start can be below.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tendenko_crdt::{Document as _, EventBody, Identity, Note, Sex, Tenths, Timestamp, Visit, Vitals};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Clock as _, KdfParams, Replica, SaveError, SystemClock};

use super::desktop::LANDSCAPE;
use super::page::by_id;
use super::{Desktop, Page, WindowError};
use crate::process::programs_dir;
use crate::region::{DrillRegion, NURSE, PIN, RegionFailure, tablet_dir};

/// Patients on the tablet.
const PATIENTS: usize = 500;
/// Visits of each in three years: one a week.
const VISITS: i64 = 3 * 52;
/// Entries of the largest chart, in ten years.
const LARGEST: i64 = 20_000;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// How often a start and an opening are measured.
const TIMES: usize = 5;
const LARGE: (&str, &str) = ("遠野 なが", "トオノ ナガ");
const SMALL: (&str, &str) = ("遠野 みじか", "トオノ ミジカ");
/// A new patient, by field.
const NEW: [(&str, &str); 4] = [
    ("field-name", "新沼 ふさ"),
    ("field-kana", "ニイヌマ フサ"),
    ("field-birth-date", "S14.2.11"),
    ("field-address", "釜石市鵜住居町0-0"),
];
const NOTE: &str = "食事も水分もよく取れています。足のむくみは引いてきました。";
const PHRASE: &str = "お変わりなく過ごされています";

/// How fast a person is thought to be.
struct Pace {
    touch: f64,
    digit: f64,
    character: f64,
}

/// Slower than the keystroke-level model's 0.28 s for an average typist (Card, Moran and Newell 1980): one thumb, standing.
const PACE: Pace = Pace { touch: 0.8, digit: 0.4, character: 0.5 };

/// One row of the sheet.
struct Figure {
    name: &'static str,
    value: String,
    beside: String,
}

/// Measures, prints, and writes the page `out` (Markdown).
pub async fn measure(out: &Path) -> Result<(), WindowError> {
    let folder = tempfile::tempdir().map_err(|error| WindowError::Scene(error.into()))?;
    println!("▸ {PATIENTS} patients of three years, one of {LARGEST} entries");
    let dir = folder.path().to_owned();
    tokio::task::spawn_blocking(move || prepare(&dir))
        .await
        .map_err(|error| WindowError::Scene(error.into()))?
        .map_err(WindowError::Scene)?;
    let mut figures = Vec::new();
    let empty = starts(&folder, &mut figures).await?;
    deeds(&folder, &mut figures, empty).await?;
    let page = sheet(&figures);
    println!("{page}");
    std::fs::write(out, page).map_err(|source| WindowError::File { path: out.to_owned(), source })
}

fn prepare(dir: &Path) -> Result<(), RegionFailure> {
    let region = DrillRegion::create_with(dir, KdfParams::tablet())?;
    let nurse = region.enrol("nurse", NURSE)?;
    let replica = Replica::unlock(&nurse.dir, nurse.member, PIN, SystemClock.now())?;
    for number in 0..PATIENTS {
        let (name, kana) = invented(number);
        history(&replica, admit(&replica, &name, &kana)?, VISITS, 3)?;
    }
    history(&replica, admit(&replica, LARGE.0, LARGE.1)?, LARGEST, 10)?;
    history(&replica, admit(&replica, SMALL.0, SMALL.1)?, 1, 1)?;
    replica.looked_at_all()?;
    Ok(())
}

/// A name that no other has.
fn invented(number: usize) -> (String, String) {
    const FAMILY: [(&str, &str); 25] = [
        ("佐藤", "サトウ"),
        ("鈴木", "スズキ"),
        ("高橋", "タカハシ"),
        ("菊池", "キクチ"),
        ("千葉", "チバ"),
        ("及川", "オイカワ"),
        ("三浦", "ミウラ"),
        ("川村", "カワムラ"),
        ("岩間", "イワマ"),
        ("柏崎", "カシワザキ"),
        ("小国", "オグニ"),
        ("八幡", "ヤハタ"),
        ("藤原", "フジワラ"),
        ("前川", "マエカワ"),
        ("平野", "ヒラノ"),
        ("沢口", "サワグチ"),
        ("野田", "ノダ"),
        ("久保", "クボ"),
        ("倉本", "クラモト"),
        ("浜田", "ハマダ"),
        ("木村", "キムラ"),
        ("横田", "ヨコタ"),
        ("松本", "マツモト"),
        ("山崎", "ヤマザキ"),
        ("小川", "オガワ"),
    ];
    const GIVEN: [(&str, &str); 20] = [
        ("アキ", "アキ"),
        ("キヨ", "キヨ"),
        ("トミ", "トミ"),
        ("ハナ", "ハナ"),
        ("ヨシ", "ヨシ"),
        ("正", "タダシ"),
        ("勇", "イサム"),
        ("清", "キヨシ"),
        ("実", "ミノル"),
        ("茂", "シゲル"),
        ("フミ", "フミ"),
        ("ミツ", "ミツ"),
        ("サダ", "サダ"),
        ("ユキ", "ユキ"),
        ("ノブ", "ノブ"),
        ("武", "タケシ"),
        ("昇", "ノボル"),
        ("進", "ススム"),
        ("稔", "ネン"),
        ("登", "ト"),
    ];
    let (family, given) = (FAMILY[number % FAMILY.len()], GIVEN[number / FAMILY.len() % GIVEN.len()]);
    (format!("{} {}", family.0, given.0), format!("{} {}", family.1, given.1))
}

fn admit(replica: &Replica, name: &str, kana: &str) -> Result<PatientId, SaveError> {
    replica.create_patient(Identity {
        name: name.to_owned(),
        kana: kana.to_owned(),
        sex: Sex::Female,
        birth_date: Some("1938-05-05".to_owned()),
        ..Identity::default()
    })
}

/// Entries spread evenly over so many years; every other one a visit with measurements.
fn history(replica: &Replica, patient: PatientId, entries: i64, years: i64) -> Result<(), SaveError> {
    let now = SystemClock.now().0;
    for some in (0..entries).collect::<Vec<_>>().chunks(250) {
        replica.edit(patient, |edit| {
            for number in some {
                let text = "食事・水分とも良好。下肢の浮腫は前回より軽い。".repeat(1 + (number % 3) as usize);
                let body = if number % 2 == 0 {
                    let vitals = Vitals {
                        systolic: Some(118 + (number % 23) as u16),
                        diastolic: Some(70 + (number % 11) as u16),
                        temperature: Some(Tenths(362 + (number % 7) as i16)),
                        ..Vitals::default()
                    };
                    EventBody::Visit(Visit { note: text, vitals, ..Visit::default() })
                } else {
                    EventBody::Note(Note { text, newer: Default::default() })
                };
                let mut event = edit.event(body)?;
                event.occurred_at = Timestamp(now - (entries - number) * years * 365 * DAY / entries);
                let at = event.occurred_at;
                edit.volume_at(at)?.record(event)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Starts, of an empty window and of the app with all its patients, taking turns. Megabytes of the empty window.
async fn starts(folder: &TempDir, figures: &mut Vec<Figure>) -> Result<f64, WindowError> {
    let tablet = tablet_dir(folder.path(), "nurse");
    let scratch = folder.path().join("logs");
    let (mut empty, mut locked, mut list) = (Vec::new(), Vec::new(), Vec::new());
    let mut memory = 0.0;
    for _ in 0..TIMES {
        let desktop = Desktop::start(LANDSCAPE, &tablet, &scratch)?;
        let from = Instant::now();
        let page = desktop.open(&programs_dir().join("examples/empty_window")).await?;
        page.see("empty").await?;
        empty.push(from.elapsed());
        memory = desktop.memory(&tablet)?;
        page.close().await?;
        drop(desktop);

        let desktop = Desktop::start(LANDSCAPE, &tablet, &scratch)?;
        let from = Instant::now();
        let page = desktop.open_app().await?;
        page.see("unlock").await?;
        locked.push(from.elapsed());
        page.touch("staff-tile").await?;
        for digit in PIN.chars() {
            page.touch_enabled(&format!("key-{digit}")).await?;
        }
        list.push(page.timed_touch("[data-testid=unlock-submit]:not([disabled])", "today", "").await?);
        page.close().await?;
    }
    let (empty, locked, list) = (median(empty), median(locked), median(list));
    figures.push(Figure {
        name: "start of an empty window",
        value: seconds(empty),
        beside: "what no start can be below".to_owned(),
    });
    figures.push(Figure {
        name: "start of the app, until somebody can unlock",
        value: seconds(locked),
        beside: format!("{:.2}× of the empty window", locked.as_secs_f64() / empty.as_secs_f64()),
    });
    figures.push(Figure {
        name: "the last digit of the PIN → today's list, 502 patients",
        value: seconds(list),
        beside: "of that, about 0.3 s is what a try at the PIN costs on purpose (Argon2id)".to_owned(),
    });
    Ok(memory)
}

/// What is done all day. `empty`: megabytes of an empty window.
async fn deeds(folder: &TempDir, figures: &mut Vec<Figure>, empty: f64) -> Result<(), WindowError> {
    let tablet = tablet_dir(folder.path(), "nurse");
    let desktop = Desktop::start(LANDSCAPE, &tablet, &folder.path().join("logs"))?;
    let page = desktop.open_app().await?;
    super::steps::unlock(&page, PIN).await?;

    page.touch("nav-patients").await?;
    page.count_anew();
    let found = page.timed_typing("search", "トオ", "patient-row", SMALL.0).await?;
    let opened = page.timed_touch(&by_id("patient-row"), "entry", "").await?;
    figures.push(deed("one of 502 patients by two kana, opened", &page, found + opened, 2, 0));

    let usual = invented(0);
    let usual = (usual.0.as_str(), usual.1.as_str());
    let (mut small, mut three_years, mut large) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        for (who, times) in [(SMALL, &mut small), (usual, &mut three_years), (LARGE, &mut large)] {
            page.touch("nav-patients").await?;
            page.write("search", who.1).await?;
            page.see_only(&by_id("patient-row"), who.0).await?;
            times.push(page.timed_touch(&by_id("patient-row"), "entry", "").await?);
        }
    }
    let (small, three_years, large) = (median(small), median(three_years), median(large));
    figures.push(Figure {
        name: "opening the smallest patient (1 entry)",
        value: seconds(small),
        beside: String::new(),
    });
    figures.push(Figure {
        name: "opening an ordinary patient (3 years, 156 entries)",
        value: seconds(three_years),
        beside: String::new(),
    });
    figures.push(Figure {
        name: "opening the largest patient (10 years, 20,000 entries)",
        value: seconds(large),
        beside: format!(
            "{:.2}× of the smallest, {:.2}× of three years: a screen of entries is drawn, not years",
            large.as_secs_f64() / small.as_secs_f64(),
            large.as_secs_f64() / three_years.as_secs_f64()
        ),
    });
    figures.push(Figure {
        name: "memory with the largest patient open",
        value: format!("{:.0} MB", desktop.memory(&tablet)?),
        beside: format!("app and web view's processes, proportional set size; the empty window {empty:.0} MB"),
    });

    // A phrase is offered to whoever wrote it twice.
    for _ in 0..2 {
        page.touch("record-visit").await?;
        page.write("visit-note", PHRASE).await?;
        page.touch_enabled("visit-save").await?;
        page.see_text(&by_id("entry"), PHRASE).await?;
    }
    page.count_anew();
    let mut machine = page.timed_touch(&by_id("record-visit"), "visit", "").await?;
    let digits = super::steps::measure(&page, &super::steps::VITALS).await?;
    page.touch_text("[data-testid^=phrase-]", PHRASE).await?;
    machine += page.timed_touch("[data-testid=visit-save]:not([disabled])", "entry", PHRASE).await?;
    figures.push(deed("a visit with five vital signs and a phrase", &page, machine, 0, digits));

    page.touch("record-visit").await?;
    page.add_bare_field().await?;
    let bare = page.typing("bare", NOTE).await?;
    page.remove_bare_field().await?;
    let keys = page.typing("visit-note", NOTE).await?;
    let middle = |times: &[Duration]| times[times.len() / 2].as_secs_f64() * 1e3;
    let worst = keys.painted[keys.painted.len() - 1].as_secs_f64() * 1e3;
    figures.push(Figure {
        name: "a key in a note → on the screen",
        value: format!("{:.0} ms", middle(&keys.painted)),
        beside: format!(
            "at worst {worst:.0} ms; the app's part {:.0} ms, the rest is the web view's next picture, drawn without a graphics card here; \
             in a field that nothing listens to {:.0} ms; the draft is saved at each key",
            middle(&keys.worked),
            middle(&bare.painted)
        ),
    });
    page.touch("visit-discard").await?;
    registering(&page, figures).await?;
    page.close().await
}

/// Name, kana, sex, birth date, address, telephone: what a new patient needs.
async fn registering(page: &Page, figures: &mut Vec<Figure>) -> Result<(), WindowError> {
    page.touch("nav-patients").await?;
    page.count_anew();
    let mut machine = page.timed_touch(&by_id("register-patient"), "register", "").await?;
    let mut characters = 0;
    for (field, text) in NEW {
        // Into each field by a touch.
        page.touch(field).await?;
        page.write(field, text).await?;
        characters += text.chars().count();
    }
    page.touch("sex-female").await?;
    machine += page.timed_touch("[data-testid=register-save]:not([disabled])", "patient-page", "").await?;
    figures.push(deed("a new patient", page, machine, characters, 0));
    Ok(())
}

fn deed(name: &'static str, page: &Page, machine: Duration, characters: usize, digits: usize) -> Figure {
    let touches = page.touches() - digits;
    let person = touches as f64 * PACE.touch + digits as f64 * PACE.digit + characters as f64 * PACE.character;
    Figure {
        name,
        value: format!("{touches} touches, {} digits or characters", digits + characters),
        beside: format!(
            "{:.1} s at the stated pace, and {} of the machine",
            person + machine.as_secs_f64(),
            seconds(machine)
        ),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn sheet(figures: &[Figure]) -> String {
    let mut page = format!(
        "# The screen, measured\n\n<!-- Written by `cargo xtask bench --screen`; change tests/src/window/measuring.rs, not this. -->\n\n\
         In the real window on a virtual screen, optimised build, {PATIENTS} patients with {VISITS} entries each, one with {LARGEST}, one with a \
         single one. Medians of {TIMES}. Pace of a person: {} s a touch, {} s a digit, {} s a character.\n\n| | | |\n|---|---|---|\n",
        PACE.touch, PACE.digit, PACE.character
    );
    for Figure { name, value, beside } in figures {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {name} | {value} | {beside} |");
    }
    page
}
