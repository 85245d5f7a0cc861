//! One entry per way in, for fuzzers (`fuzz/`): any bytes in, nothing out, and a panic if what must hold does not.
//!
//! Every chunk carries a checksum, which keeps a fuzzer at the door; so each input is tried as it is and with its checksums
//! mended. The same entries run over the kept seeds in `tests/corpus.rs`.

use sha2::{Digest, Sha256};

use crate::chunks::{MAGIC, leb128};
use crate::{
    Actor, Author, Card, CardView, ConflictRef, Document, EntryId, Event, EventBody, Newer, Note, Problem, Profession,
    Stamp, Timestamp, Volume, actors_of,
};

/// A snapshot of a card.
pub fn card_load(bytes: &[u8]) {
    load(bytes, Card::view);
}

/// A snapshot of a volume.
pub fn volume_load(bytes: &[u8]) {
    load(bytes, volume_view);
}

/// Changes that come to a card.
pub fn card_apply(bytes: &[u8]) {
    apply(bytes, Card::view as fn(&Card) -> CardView);
}

/// Changes that come to a volume.
pub fn volume_apply(bytes: &[u8]) {
    apply(bytes, volume_view);
}

fn volume_view(volume: &Volume) -> (Vec<Event>, Vec<ConflictRef>, Vec<Problem>) {
    (volume.events(), volume.conflicts(), volume.problems())
}

/// It loads or not, is begun at or not; what loads can be read, saved, and opened again with the same content.
fn load<D: Document, V: PartialEq + std::fmt::Debug>(bytes: &[u8], view: fn(&D) -> V) {
    for bytes in [bytes.to_vec(), mended(bytes)] {
        if let Ok(mut document) = D::load(actor(), &bytes) {
            assert_opens_again(&mut document, view);
        }
        if let Ok(mut document) = D::begin(actor(), &bytes) {
            assert_opens_again(&mut document, view);
            let whole = document.whole();
            let begun = D::begin(actor(), &whole).expect("what was begun at is begun at again");
            assert!(view(&begun) == view(&document), "a whole document begins with other content");
        }
    }
}

/// It is merged or not; if not, nothing changed; and in both cases the document takes edits and opens again.
fn apply<D: Document, V: PartialEq + std::fmt::Debug>(bytes: &[u8], view: fn(&D) -> V) {
    for bytes in [bytes.to_vec(), mended(bytes)] {
        // Nobody else writes in this name: an incarnation is used once. `tests/damaged_bytes.rs` says what comes of it.
        if actors_of(&bytes).is_ok_and(|actors| actors.contains(&actor())) {
            continue;
        }
        let mut document = D::new(actor());
        document.record(note(1)).expect("a new note");
        let before = view(&document);
        match document.apply(&bytes) {
            Ok(applied) => assert_eq!(applied.waiting, document.waiting()),
            Err(_) => assert!(view(&document) == before, "a refused input changed the document"),
        }
        assert!(document.event(EntryId::new([1; 16])).is_some(), "an input took an entry away");
        // An input may have written this very entry; then the id is taken.
        let _ = document.record(note(2));
        assert_opens_again(&mut document, view);
    }
}

fn assert_opens_again<D: Document, V: PartialEq + std::fmt::Debug>(document: &mut D, view: fn(&D) -> V) {
    let snapshot = document.save();
    let opened = D::load(actor(), &snapshot).expect("what was saved opens");
    assert!(view(&opened) == view(document), "what was saved opens with other content");
    assert_eq!(opened.waiting(), document.waiting());
}

fn actor() -> Actor {
    Actor::of([0xee; 16], 1)
}

fn note(n: u8) -> Event {
    let author = Author {
        member: "ee".repeat(16),
        name: String::new(),
        profession: Profession::Nurse,
        facility: String::new(),
        device: "ee".repeat(16),
        newer: Newer::default(),
    };
    let at = Timestamp(i64::from(n));
    Event {
        id: EntryId::new([n; 16]),
        stamp: Stamp { author, at, clock_offset_ms: None, newer: Newer::default() },
        occurred_at: at,
        corrects: None,
        reason: None,
        body: EventBody::Note(Note::default()),
        newer: Newer::default(),
    }
}

/// The input with the right checksum in every chunk, as far as it can be cut into chunks.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut start = 0;
    while bytes.len() - start > 9 && bytes[start..start + 4] == MAGIC {
        let Ok((length, length_bytes)) = leb128(&bytes[start + 9..]) else { break };
        let end = start + 9 + length_bytes + length;
        let Some(summed) = bytes.get(start + 8..end) else { break };
        let digest = Sha256::digest(summed);
        bytes[start + 4..start + 8].copy_from_slice(&digest[..4]);
        start = end;
    }
    bytes
}
