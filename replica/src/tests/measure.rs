//! Measurements, not checks: `cargo test --release -p tendenko-replica measure -- --ignored --nocapture`. Figures are in
//! `docs/decisions/0006-search.md`.

use std::time::{Duration, Instant};

use rusqlite::params;

use super::*;
use crate::search::{fold, haystack, numbers};

const CARDS: usize = 50_000;
const FAMILY: [(&str, &str); 8] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("菊池", "キクチ"),
    ("小笠原", "オガサワラ"),
    ("佐々木", "ササキ"),
    ("千葉", "チバ"),
    ("岩間", "イワマ"),
];
const GIVEN: [(&str, &str); 6] = [
    ("ハナ", "ハナ"),
    ("健一", "ケンイチ"),
    ("幸子", "サチコ"),
    ("正", "タダシ"),
    ("芳子", "ヨシコ"),
    ("勇", "イサム"),
];

fn median(mut run: impl FnMut()) -> Duration {
    run();
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "a measurement"]
fn measure_search_over_50_000_cards() {
    let tablet = TestRegion::new().tablet("救護所");
    let template = tablet.create_patient(identity("見本", "ミホン")).unwrap();
    {
        let mut writer = tablet.writer();
        let work = writer.connection.transaction().unwrap();
        for n in 0..CARDS {
            let ((family, family_kana), (given, given_kana)) = (FAMILY[n % 8], GIVEN[(n / 8) % 6]);
            let mut patient = [0; 16];
            patient[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            let who = Identity {
                address: format!("岩手県釜石市大町{}丁目{}−{}", n % 9 + 1, n % 31 + 1, n % 17 + 1),
                birth_date: Some(format!("19{:02}-{:02}-{:02}", 25 + n % 60, n % 12 + 1, n % 28 + 1)),
                phone: format!("0193-{:02}-{:04}", n % 90 + 10, n % 10_000),
                ..identity(&format!("{family} {given}{}", n / 48), &format!("{family_kana} {given_kana}"))
            };
            work.execute(
                "INSERT INTO m_patients SELECT ?1, summary, card FROM m_patients WHERE patient = ?2",
                params![patient, template.0],
            )
            .unwrap();
            work.execute(
                "INSERT INTO m_search (patient, variant, sort, same, birth, sex, haystack, numbers) VALUES (?1, 0, ?2, ?2, ?3, 'f', ?4, ?5)",
                params![patient, fold(&who.kana), who.birth_date, haystack(&who), numbers(&who)],
            )
            .unwrap();
        }
        work.execute_batch(
            "CREATE VIRTUAL TABLE trial USING fts5(haystack, tokenize = 'trigram', detail = 'none');
             INSERT INTO trial (haystack) SELECT haystack FROM m_search",
        )
        .unwrap();
        work.commit().unwrap();
    }
    for typed in
        ["さとう", "佐藤", "おがさわら いさむ", "大町3丁目", "0193-22", "昭和12年", "だれでもない", "高橋 健一 1937"]
    {
        let mut found = 0;
        let scan = median(|| found = tablet.search_cards(typed, 30).unwrap().len());
        let folded = fold(typed.split_whitespace().next().unwrap());
        let trigram = (folded.chars().count() >= 3).then(|| {
            let reader = tablet.reader();
            median(|| {
                let count: i64 = reader
                    .prepare_cached(
                        "SELECT count(*) FROM (SELECT rowid FROM trial WHERE haystack LIKE ?1 LIMIT 100000)",
                    )
                    .unwrap()
                    .query_row([format!("%{folded}%")], |row| row.get(0))
                    .unwrap();
                std::hint::black_box(count);
            })
        });
        println!("{typed}: scan {scan:?}, {found} shown; trigram, first word only {trigram:?}");
    }
    let size: i64 = tablet
        .reader()
        .query_row("SELECT sum(length(haystack) + length(numbers)) FROM m_search", [], |row| row.get(0))
        .unwrap();
    println!("text searched: {size} bytes");
}

#[test]
#[ignore = "a measurement"]
fn measure_unlocking_with_200_patients_on_3_devices() {
    let region = TestRegion::new();
    let (mut a, b, c) = (region.tablet("甲"), region.tablet("乙"), region.tablet("丙"));
    introduce(&[&a, &b, &c]);
    for n in 0..200 {
        let patient = a.create_patient(identity(&format!("見本 {n}"), "ミホン")).unwrap();
        a.note(patient, "変わりなし");
        for other in [&b, &c] {
            for scope in Scope::ALL {
                a.grant(patient, scope, other.device_id(), "同意書").unwrap();
            }
        }
    }
    a.seal_all().unwrap();
    println!("{} statements", a.trust().statements().count());
    a.reopen();
    println!("unlock, cheapest Argon2id: {:?}", median(|| a.reopen()));
    println!("every page checked: {:?}", median(|| assert!(a.is_sound().unwrap())));
    let statements: Vec<Vec<u8>> = a.trust().statements().map(|(_, bytes)| bytes.to_vec()).collect();
    let verified = median(|| {
        let mut trust = tendenko_protocol::trust::TrustStore::new(a.bundle.region_public);
        for statement in &statements {
            trust.add(statement).unwrap();
        }
    });
    println!("every statement verified: {verified:?}");
    println!("list of all: {:?}", median(|| assert_eq!(a.patients().unwrap().len(), 200)));
    println!("store: {} bytes", std::fs::metadata(a.path().join(crate::files::STORE)).unwrap().len());
}

/// One record per entry, as they come from a relay: in pages, and one by one. And what a visit takes on the disk.
#[test]
#[ignore = "a measurement"]
fn measure_receiving_a_history() {
    const PATIENTS: usize = 5;
    const ENTRIES: usize = 200;
    let region = TestRegion::new();
    let (a, b, c) = (region.tablet("甲"), region.tablet("乙"), region.tablet("丙"));
    introduce(&[&a, &b, &c]);
    for n in 0..PATIENTS {
        let patient = a.create_patient(identity(&format!("見本 {n}"), "ミホン")).unwrap();
        for other in [&b, &c] {
            for scope in Scope::ALL {
                a.grant(patient, scope, other.device_id(), "同意書").unwrap();
            }
        }
        for entry in 0..ENTRIES {
            a.edit(patient, |edit| {
                let event = edit.event(super::sealing::visit(entry))?;
                Ok(edit.volume(2026)?.record(event)?)
            })
            .unwrap();
            a.seal_all().unwrap();
        }
    }
    let (records, statements): (Vec<Item>, Vec<Item>) =
        a.departing().into_iter().partition(|item| matches!(item, Item::Record(_)));
    let size: usize = records.iter().map(|item| item.bytes().len()).sum();
    println!("{} records, {} bytes each", records.len(), size / records.len());
    for (tablet, page) in [(&b, 256), (&c, 1)] {
        tablet.receive(statements.clone());
        let start = Instant::now();
        for batch in records.chunks(page) {
            tablet.receive(batch.to_vec());
        }
        println!("received {page} at a time: {:?} a record", start.elapsed() / records.len() as u32);
    }
    assert_eq!(b.models(), a.models());
    assert_eq!(b.models(), c.models());
    let writer = b.writer();
    writer.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM").unwrap();
    for table in ["records", "documents", "changes", "m_timeline", "news", "logs"] {
        let pages: i64 = writer
            .connection
            .query_row(
                "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?1)",
                [table],
                |row| row.get(0),
            )
            .unwrap_or(-1);
        println!("{table}: {} bytes an entry", pages / (PATIENTS * ENTRIES) as i64);
    }
    drop(writer);
    let store = std::fs::metadata(b.path().join(crate::files::STORE)).unwrap().len();
    println!("store: {} bytes an entry", store / (PATIENTS * ENTRIES) as u64);
}

/// Ten years of one patient against twenty entries of another: what a screenful costs must not depend on the years.
#[test]
#[ignore = "a measurement"]
fn measure_the_timeline_of_ten_years() {
    use crate::{TimelineFilter, TimelineStart};

    const ENTRIES: i64 = 20_000;
    let tablet = TestRegion::new().tablet("甲");
    let long = tablet.create_patient(identity("見本 長", "ミホン ナガ")).unwrap();
    let short = tablet.create_patient(identity("見本 短", "ミホン ミジカ")).unwrap();
    let step = 10 * 365 * 86_400_000 / ENTRIES;
    for (patient, entries) in [(long, ENTRIES), (short, 20)] {
        for some in (0..entries).collect::<Vec<_>>().chunks(250) {
            tablet
                .edit(patient, |edit| {
                    for n in some {
                        let words = if *n == 100 {
                            "入院前の骨折歴を確認"
                        } else {
                            "血圧は落ち着いている。下腿浮腫は軽度、内服の飲み忘れなし。"
                        };
                        let mut event = edit.event(note(words))?;
                        event.occurred_at = Timestamp(NOON - (entries - n) * step);
                        if n % 2_000 == 7 {
                            event.stamp.author.profession = Profession::Dentist;
                        }
                        let at = event.occurred_at;
                        edit.volume_at(at)?.record(event)?;
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
    let year_ago = TimelineStart::Before(Timestamp(NOON - 5 * 365 * 86_400_000));
    let words = |words: &str| TimelineFilter { words: words.to_owned(), ..TimelineFilter::default() };
    let dentist = TimelineFilter { profession: Some("dentist".to_owned()), ..TimelineFilter::default() };
    for (what, filter, start) in [
        ("newest page", TimelineFilter::default(), TimelineStart::Newest),
        ("a page of five years ago", TimelineFilter::default(), year_ago),
        ("one profession in two thousand", dentist, TimelineStart::Newest),
        ("words that nearly all have", words("浮腫"), TimelineStart::Newest),
        ("words that one has", words("骨折歴"), TimelineStart::Newest),
        ("words that none has", words("褥瘡"), TimelineStart::Newest),
        ("pairs that all have, not in a row", words("飲み忘れ 骨折"), TimelineStart::Newest),
    ] {
        let of = |patient| {
            let mut found = 0;
            let took =
                median(|| found = tablet.timeline_page(patient, &filter, &start, 40, None).unwrap().entries.len());
            format!("{took:?} ({found})")
        };
        println!("{what}: {} of {ENTRIES}, {} of 20", of(long), of(short));
    }
    for (patient, entries) in [(long, ENTRIES), (short, 20)] {
        println!("months of {entries}: {:?}", median(|| drop(tablet.timeline_months(patient).unwrap())));
    }
    while tablet.take_words().unwrap() {}
    let size = |tables: &str| -> i64 {
        let sql = format!("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '{tables}*'");
        tablet.reader().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    println!(
        "timeline and its indices: {} bytes, words: {} bytes",
        size("m_timeline"),
        size("m_words") + size("m_places")
    );
}
