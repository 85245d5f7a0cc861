//! Documents and bundles that earlier versions wrote, kept as bytes: they must read for as long as records are kept.
//!
//! A sample is never regenerated. A version that changes what is written adds a sample of its own:
//! `cargo test -p tendenko-crdt --test older_versions -- --ignored` writes today's to `tests/data/new/`.

mod support;

use std::fs;
use std::path::PathBuf;

use support::*;
use tendenko_crdt::*;

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A card with a conflict of doses, and the changes that made it.
fn card_of_version_1() -> (Card, Vec<Vec<u8>>) {
    let (mut nurse, mut pharmacist) = (Card::new(actor(0)), Card::new(actor(1)));
    nurse.put_medicine("薬", medicine("薬", "1"), &stamp(0, 1), None).unwrap();
    nurse.set_wishes(wishes(true, "延命は望まない"), &stamp(0, 2), None).unwrap();
    nurse.add_allergy("えび", allergy("えび"), &stamp(0, 3), None).unwrap();
    let mut changes = nurse.take_changes();
    pharmacist.apply(&changes.concat()).unwrap();
    nurse.put_medicine("薬", medicine("薬", "2"), &stamp(0, 4), Some("増量")).unwrap();
    pharmacist.put_medicine("薬", medicine("薬", "0.5"), &stamp(1, 5), Some("減量")).unwrap();
    pharmacist.record(event(EntryId::new([1; 16]), stamp(1, 6), visit(128, "変わりなし"))).unwrap();
    changes.extend(nurse.take_changes());
    let pharmacists = pharmacist.take_changes();
    nurse.apply(&pharmacists.concat()).unwrap();
    changes.extend(pharmacists);
    (nurse, changes)
}

#[test]
fn what_version_1_wrote_still_reads() {
    let expected = card_of_version_1().0.view();
    assert_eq!((expected.conflicts.len(), expected.events.len()), (1, 1));
    let snapshot = fs::read(sample("card-1.snapshot")).unwrap();
    assert_eq!(Card::load(actor(2), &snapshot).unwrap().view(), expected);
    let mut card = Card::new(actor(2));
    assert_eq!(card.apply(&fs::read(sample("card-1.bundle")).unwrap()).unwrap().waiting, 0);
    assert_eq!(card.view(), expected);
}

#[test]
#[ignore = "writes samples"]
fn write_todays_samples() {
    let (mut card, changes) = card_of_version_1();
    fs::create_dir_all(sample("new")).unwrap();
    fs::write(sample("new/card.bundle"), card.bundle(&changes).unwrap()).unwrap();
    fs::write(sample("new/card.snapshot"), card.save()).unwrap();
}
