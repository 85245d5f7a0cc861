//! Bytes from outside that are not what a tablet wrote: an error, nothing changed, never a panic.

mod support;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
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

/// Puts the right checksum on every chunk, as somebody with a key but ill will could.
fn with_valid_checksum(mut chunk: Vec<u8>) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    if chunk.len() > 9 {
        let digest = Sha256::digest(&chunk[8..]);
        chunk[4..8].copy_from_slice(&digest[..4]);
    }
    chunk
}

/// A change that Automerge can take in but not apply would wait for its dependencies, and then fail the good changes
/// that arrive with them.
#[test]
fn a_change_that_cannot_be_applied_does_not_wait_to_do_harm() {
    let (_, changes) = card_and_changes();
    let key = "s/medicine/薬1".as_bytes();
    let at = changes[1].windows(key.len()).position(|window| window == key).expect("the key is in clear");
    let mut forged = changes[1].clone();
    forged[at] = 0xff; // no longer UTF-8
    let mut other = Card::new(actor(1));
    assert!(matches!(other.apply(&with_valid_checksum(forged)), Err(DocumentError::Damaged(_))));
    assert_eq!(other.waiting(), 0);
    assert_eq!(other.apply(&changes.concat()).unwrap().new_changes, changes.len());
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
    fn forged_chunks_are_merged_or_refused_and_never_panic(
        form in 0..3usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (mut card, changes) = card_and_changes();
        let mut bytes = match form {
            0 => card.save(),
            1 => card.bundle(&changes).unwrap(),
            _ => changes[0].clone(),
        };
        let body = 9 + (bytes.len() >= 9 + 128) as usize;
        for (at, value) in flips {
            let at = body + at.index(bytes.len() - body);
            bytes[at] = value;
        }
        let bytes = with_valid_checksum(bytes);
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
        // Whatever came in, the document goes on working.
        other.add_allergy("えび", allergy("えび"), &stamp(1, 2), None).unwrap();
        prop_assert!(Card::load(actor(1), &other.save()).is_ok());
    }
}
