//! Bytes from outside that are not what a tablet wrote: an error, nothing changed, never a panic.

mod support;

use std::fs;
use std::path::Path;

use automerge::{ActorId, AutoCommit, Change, ExpandedChange, legacy};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use support::*;
use tendenko_crdt::*;

/// Automerge's own corpus of odd and damaged documents, kept outside the repository.
#[test]
fn automerges_corpus_loads_or_is_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/automerge");
    let Ok(files) = fs::read_dir(&corpus) else {
        eprintln!("skipped: no {}", corpus.display());
        return;
    };
    let (mut loaded, mut refused) = (Vec::new(), Vec::new());
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        // A foreign document may load; reading it as a card or volume must then work too.
        match (Card::load(actor(0), &bytes), Volume::load(actor(0), &bytes)) {
            (Ok(card), Ok(volume)) => {
                card.view();
                volume.problems();
                loaded.push(name);
            }
            (Err(DocumentError::Damaged(_)), Err(DocumentError::Damaged(_))) => refused.push(name),
            (card, volume) => panic!("{name}: {card:?} {volume:?}"),
        }
        let mut card = Card::new(actor(0));
        card.set_wishes(wishes(true, ""), &stamp(0, 1), None).unwrap();
        let before = card.view();
        if card.apply(&bytes).is_err() {
            assert_eq!(card.view(), before);
        }
    }
    loaded.sort();
    eprintln!("loaded {loaded:?}\nrefused {refused:?}");
    assert!(loaded.iter().any(|name| name == "exemplar"));
    for damaged in ["incorrect_max_op.automerge", "edits.json", "invalid_deflate_stream.automerge"] {
        assert!(refused.iter().any(|name| name == damaged), "{damaged}");
    }
}

/// A card and its changes, with text long enough for compressed columns.
fn card_and_changes() -> (Card, Vec<Vec<u8>>) {
    let mut card = Card::new(actor(0));
    let mut changes = Vec::new();
    for n in 0..6u8 {
        let name = format!("薬{n}");
        card.put_medicine(&name, medicine(&name, "1"), &stamp(0, i64::from(n)), None).unwrap();
        changes.extend(card.take_changes());
    }
    (card, changes)
}

#[test]
fn nothing_is_no_snapshot() {
    assert!(matches!(Card::load(actor(0), &[]), Err(DocumentError::Damaged(_))));
}

#[test]
fn more_bytes_than_are_ever_sent_are_not_looked_at() {
    let result = Card::new(actor(0)).apply(&vec![0; MAX_CHANGES_BYTES + 1]);
    assert!(matches!(result, Err(DocumentError::TooManyBytes { .. })));
}

#[test]
fn one_damaged_change_among_good_ones_refuses_them_all() {
    let (_, mut changes) = card_and_changes();
    let last = changes.last_mut().unwrap();
    let middle = last.len() / 2;
    last[middle] ^= 1;
    let mut other = Card::new(actor(1));
    assert_eq!(other.apply(&changes.concat()), Err(DocumentError::Damaged("wrong checksum")));
    assert_eq!(other.view(), CardView::default());
    assert_eq!(other.apply(&changes[..5].concat()).unwrap().new_changes, 5);
}

#[test]
fn a_cut_input_is_refused_at_every_length() {
    let (mut card, changes) = card_and_changes();
    let snapshot = card.save();
    for length in 0..snapshot.len() {
        assert!(Card::load(actor(0), &snapshot[..length]).is_err(), "{length}");
    }
    let bundle = card.bundle(&changes).unwrap();
    for length in 1..bundle.len() {
        assert!(Card::new(actor(1)).apply(&bundle[..length]).is_err(), "{length}");
    }
}

/// A third tablet's card, which must be as it was, and go on working, after refusing `input`.
fn assert_refused(input: &[u8], what: &str) {
    let mut card = Card::new(actor(1));
    card.set_wishes(wishes(true, ""), &stamp(1, 1), None).unwrap();
    let before = card.view();
    assert!(matches!(card.apply(input), Err(DocumentError::Damaged(_))), "{what}");
    assert_eq!(card.view(), before);
    card.add_allergy("えび", allergy("えび"), &stamp(1, 2), None).unwrap();
    assert_eq!(Card::load(actor(1), &card.save()).map(|loaded| loaded.view()), Ok(card.view()), "{what}");
}

/// Well-formed changes that Automerge merges, and cannot give back: the card could be saved but never opened again.
#[test]
fn changes_that_would_make_the_card_unopenable_are_refused() {
    let (_, changes) = card_and_changes();
    let forged = |forge: fn(&mut ExpandedChange)| {
        let mut second = Change::from_bytes(changes[1].clone()).unwrap().decode();
        second.hash = None;
        forge(&mut second);
        let second = Change::from(second);
        [changes[0].clone(), second.raw_bytes().to_vec()].concat()
    };
    assert_eq!(Card::new(actor(1)).apply(&forged(|_| {})).unwrap().new_changes, 2, "unforged");
    assert_refused(&forged(|change| change.deps.clear()), "follows nothing");
    assert_refused(&forged(|change| change.start_op = 1.try_into().unwrap()), "counts from the start");
    assert_refused(
        &forged(|change| change.start_op = u64::from(u32::MAX - 1).try_into().unwrap()),
        "counts to the end",
    );
    assert_refused(&forged(|change| change.seq = 3), "leaves out a change");
    assert_refused(
        &forged(|change| {
            let invented = legacy::OpId(1, ActorId::from([7; 24].as_slice()));
            change.operations[0].pred = [invented].into_iter().collect();
        }),
        "overwrites what never was",
    );
}

/// A document that a colleague gives as a whole is held to what its changes would be held to one by one.
#[test]
fn a_whole_document_is_begun_at_or_refused() {
    let (mut card, changes) = card_and_changes();
    let whole = card.whole();
    let begun = Card::begin(actor(1), &whole).unwrap();
    assert_eq!((begun.view(), begun.keys().len()), (card.view(), 6));
    assert!(!begun.is_empty() && Card::new(actor(1)).is_empty());
    let mut merged = Card::new(actor(1));
    assert_eq!(merged.apply(&whole).unwrap().new_changes, 6);
    assert_eq!((merged.view(), merged.all_changes()), (card.view(), changes.clone()));
    for length in 0..whole.len() {
        assert!(Card::begin(actor(1), &whole[..length]).is_err(), "{length}");
    }
    for other in [card.bundle(&changes).unwrap(), changes[0].clone(), [whole.clone(), changes[0].clone()].concat()] {
        assert_eq!(Card::begin(actor(1), &other).map(|_| ()), Err(DocumentError::Damaged("not a whole document")));
    }
    let forged = |forge: fn(&mut ExpandedChange)| {
        let mut second = Change::from_bytes(changes[1].clone()).unwrap().decode();
        second.hash = None;
        forge(&mut second);
        let mut document = AutoCommit::new();
        document.apply_changes([Change::from_bytes(changes[0].clone()).unwrap(), Change::from(second)]).unwrap();
        assert_eq!(document.get_changes(&[]).len(), 2);
        Card::begin(actor(1), &document.save()).map(|_| ())
    };
    assert_eq!(forged(|_| {}), Ok(()), "unforged");
    for (what, forge) in [
        ("counts far ahead", (|change| change.start_op = 7_777.try_into().unwrap()) as fn(&mut ExpandedChange)),
        ("by no tablet", |change| (change.actor_id, change.seq) = (ActorId::from([7; 5].as_slice()), 1)),
    ] {
        assert!(matches!(forged(forge), Err(DocumentError::Damaged(_))), "{what}");
    }
}

/// One bad change must not block good ones: not now, and not when the ones it waits for arrive.
#[test]
fn a_bad_change_that_waits_is_dropped_when_its_time_comes() {
    let (_, changes) = card_and_changes();
    let mut bad = Change::from_bytes(changes[2].clone()).unwrap().decode();
    bad.hash = None;
    bad.start_op = 77.try_into().unwrap();
    let bad = Change::from(bad);
    let mut card = Card::new(actor(1));
    assert_eq!(card.apply(bad.raw_bytes()).unwrap().waiting, 1);
    let mut card = Card::load(actor(1), &card.save()).unwrap();
    let applied = card.apply(&changes[..2].concat()).unwrap();
    assert_eq!((applied.new_changes, applied.waiting), (2, 0));
    assert_eq!(applied.problems, [Problem { key: String::new(), kind: ProblemKind::ChangeRefused }]);
    assert_eq!(card.apply(&changes[2..].concat()).unwrap().new_changes, 4);
    assert_eq!(Card::load(actor(1), &card.save()).unwrap().medicines().len(), 6);
}

/// Found by the fuzzer `volume_apply`: Automerge drops such a change when the tablet writes. It could never have been merged.
#[test]
fn a_change_that_waits_in_this_tablets_own_name_leaves_a_card_that_opens() {
    let (_, changes) = card_and_changes();
    let mut card = Card::new(actor(0));
    card.add_allergy("えび", allergy("えび"), &stamp(0, 1), None).unwrap();
    card.save();
    assert_eq!(card.apply(&changes[2]).unwrap().waiting, 1);
    for n in 2..5 {
        let substance = format!("物質{n}");
        card.add_allergy(&substance, allergy(&substance), &stamp(0, n), None).unwrap();
        let opened = Card::load(actor(0), &card.save()).unwrap();
        assert_eq!((opened.view(), opened.allergies().len() as i64), (card.view(), n));
    }
}

proptest! {
    #![proptest_config(support::cases(256))]

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        prop_assert!(Card::load(actor(0), &bytes).is_err());
        prop_assert!(Card::new(actor(0)).apply(&bytes).is_err());
    }

    /// Flipped bytes behind a valid checksum get as far into the decoder as anything can.
    #[test]
    fn forged_chunks_are_merged_or_refused_and_leave_a_card_that_opens(
        form in 0..3usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (mut card, changes) = card_and_changes();
        let mut bytes = match form {
            0 => card.save(),
            1 => card.bundle(&changes).unwrap(),
            _ => changes[0].clone(),
        };
        // Behind the frame: magic, checksum, kind, and a length of two bytes.
        for (at, value) in flips {
            let at = 11 + at.index(bytes.len() - 11);
            bytes[at] = value;
        }
        let digest = Sha256::digest(&bytes[8..]);
        bytes[4..8].copy_from_slice(&digest[..4]);

        if let Ok(loaded) = Card::load(actor(0), &bytes) {
            loaded.view();
        }
        let mut other = Card::new(actor(1));
        other.set_wishes(wishes(true, ""), &stamp(1, 1), None).unwrap();
        let before = other.view();
        match other.apply(&bytes) {
            Ok(_) => prop_assert!(!other.wishes().is_empty()),
            Err(_) => prop_assert_eq!(other.view(), before),
        }
        other.add_allergy("えび", allergy("えび"), &stamp(1, 2), None).unwrap();
        let reopened = Card::load(actor(1), &other.save()).map(|loaded| loaded.view());
        prop_assert_eq!(reopened, Ok(other.view()));
    }
}
