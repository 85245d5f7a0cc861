//! The seeds of the fuzzers (`fuzz/seeds/`), through the same entries, on every test run.
//!
//! Seeds are made by this crate's own writers: `cargo test -p tendenko-crdt --test corpus -- --ignored` writes them anew.
//! An input that a fuzzer found is kept as a test of its own, not here.

mod support;

use std::fs;
use std::path::PathBuf;

use support::*;
use tendenko_crdt::*;

type Entry = fn(&[u8]);

const ENTRIES: [(&str, Entry); 4] = [
    ("card_load", fuzz::card_load),
    ("card_apply", fuzz::card_apply),
    ("volume_load", fuzz::volume_load),
    ("volume_apply", fuzz::volume_apply),
];

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder(target)).expect("seeds are committed");
    let seeds: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

#[test]
fn every_seed_goes_through_its_entry_whole_cut_and_damaged() {
    // Automerge's own panics are caught and become errors: they need not fill the screen.
    std::panic::set_hook(Box::new(|_| {}));
    for (target, entry) in ENTRIES {
        for seed in seeds(target) {
            entry(&seed);
            for at in (0..seed.len()).step_by(1 + seed.len() / 60) {
                entry(&seed[..at]);
                let mut damaged = seed.clone();
                damaged[at] ^= 0x21;
                entry(&damaged);
            }
        }
    }
}

/// Seeds that are not understood would leave fuzzers at the door.
#[test]
fn every_seed_is_what_it_says() {
    for seed in seeds("card_load") {
        Card::load(actor(9), &seed).unwrap();
    }
    for seed in seeds("volume_load") {
        Volume::load(actor(9), &seed).unwrap();
    }
    for seed in seeds("card_apply") {
        Card::new(actor(9)).apply(&seed).unwrap();
    }
    for seed in seeds("volume_apply") {
        Volume::new(actor(9)).apply(&seed).unwrap();
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder(target)).unwrap();
    fs::write(folder(target).join(name), bytes).unwrap();
}

fn write_forms<D: Document>(mut document: D, changes: &[Vec<u8>], load: &str, apply: &str) {
    write(load, "snapshot", &document.save());
    write(apply, "changes", &changes.concat());
    write(apply, "one", &changes[0]);
    write(apply, "waiting", changes.last().unwrap());
    write(apply, "bundle", &document.bundle(changes).unwrap());
    let mut behind = D::new(actor(8));
    behind.apply(&[changes[0].clone(), changes.last().unwrap().clone()].concat()).unwrap();
    write(load, "with-waiting", &behind.save());
}

#[test]
#[ignore = "writes seeds"]
fn write_seeds() {
    let (mut one, mut other) = (Card::new(actor(0)), Card::new(actor(1)));
    one.put_medicine("薬", medicine("薬", "1"), &stamp(0, 1), None).unwrap();
    let mut changes = one.take_changes();
    other.apply(&changes.concat()).unwrap();
    one.put_medicine("薬", medicine("薬", "2"), &stamp(0, 2), Some("増量")).unwrap();
    other.put_medicine("薬", medicine("薬", "0.5"), &stamp(1, 3), Some("減量")).unwrap();
    other.add_allergy("えび", allergy("えび"), &stamp(1, 4), None).unwrap();
    changes.extend(one.take_changes());
    let others = other.take_changes();
    one.apply(&others.concat()).unwrap();
    changes.extend(others);
    one.set_wishes(wishes(true, "延命は望まない"), &stamp(0, 5), None).unwrap();
    changes.extend(one.take_changes());
    write_forms(one, &changes, "card_load", "card_apply");

    let mut volume = Volume::new(actor(0));
    let mut changes = Vec::new();
    for n in 1..4u8 {
        let body = if n == 2 { note("変わりなし") } else { visit(120 + u16::from(n), "") };
        volume.record(event(EntryId::new([n; 16]), stamp(0, i64::from(n)), body)).unwrap();
        changes.extend(volume.take_changes());
    }
    write_forms(volume, &changes, "volume_load", "volume_apply");
}
