//! What the tests share: tablets with authors, and short ways to say what a clinician enters.

#![allow(dead_code, reason = "every test binary uses its own part")]

use proptest::test_runner::{Config, FileFailurePersistence};
use tendenko_crdt::*;

/// That many cases; what fails is written beside the test, to be kept.
pub fn cases(cases: u32) -> Config {
    let persistence = FileFailurePersistence::WithSource("regressions");
    Config { cases, failure_persistence: Some(Box::new(persistence)), ..Config::default() }
}

/// The tablet numbered `n`.
pub fn actor(n: u8) -> Actor {
    Actor::of([n; 16], 1)
}

/// Written at `at` by the person with tablet `n`.
pub fn stamp(n: u8, at: i64) -> Stamp {
    Stamp {
        author: Author {
            member: format!("{n:02x}").repeat(16),
            name: format!("職員{n}"),
            profession: [Profession::Nurse, Profession::Pharmacist, Profession::Physician][usize::from(n) % 3].clone(),
            facility: "はまゆり訪問看護ステーション".into(),
            device: format!("{n:02x}").repeat(16),
            newer: Newer::default(),
        },
        at: Timestamp(at),
        clock_offset_ms: None,
        newer: Newer::default(),
    }
}

pub fn medicine(name: &str, amount: &str) -> Medicine {
    Medicine {
        drug: Drug { name: name.into(), ..Drug::default() },
        amount: amount.into(),
        unit: "錠".into(),
        basis: DoseBasis::PerDay,
        usage: "1日1回朝食後".into(),
        timings: vec![Timing::Morning],
        form: "内服".into(),
        since: None,
        until: None,
        prescriber: None,
        source: Source::Notebook,
        note: None,
        dispensing: None,
        newer: Newer::default(),
    }
}

pub fn allergy(substance: &str) -> Allergy {
    Allergy { substance: substance.into(), ..Allergy::default() }
}

pub fn wishes(dnar: bool, text: &str) -> Wishes {
    Wishes { dnar, text: text.into(), decided_on: None, decided_with: None, newer: Newer::default() }
}

pub fn event(id: EntryId, stamp: Stamp, body: EventBody) -> Event {
    Event { id, occurred_at: stamp.at, stamp, corrects: None, reason: None, body, newer: Newer::default() }
}

pub fn note(text: &str) -> EventBody {
    EventBody::Note(Note { text: text.into(), newer: Newer::default() })
}

pub fn visit(systolic: u16, note: &str) -> EventBody {
    EventBody::Visit(Visit {
        vitals: Vitals {
            systolic: Some(systolic),
            diastolic: Some(78),
            pulse: Some(72),
            spo2: Some(97),
            temperature: Some(Tenths(364)),
            ..Vitals::default()
        },
        care: vec!["清拭".into(), "服薬確認".into()],
        note: note.into(),
        ..Visit::default()
    })
}

/// Everything `from` has and `to` has not seen, and back.
pub fn exchange<D: Document>(a: &mut D, b: &mut D) {
    let (from_a, from_b) = (a.save(), b.save());
    a.apply(&from_b).expect("what a tablet saved can be merged");
    b.apply(&from_a).expect("what a tablet saved can be merged");
}
