//! Checkpoints.

use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{ArrivalNo, PatientId, RelayIncarnation};
use tendenko_protocol::record::SealedCheckpoint;

use super::super::{Fate, NewItem, PartName, RelayStore};
use super::author::Author;
use super::{Backend, commit, from_pusher};

const ALL: (u8, u8) = (0, 255);

fn parts_of(
    store: &impl RelayStore,
    (first, last): (u8, u8),
    after: Option<PartName>,
    limit: usize,
) -> Vec<(PartName, Vec<u8>)> {
    let range = (DocumentId::chart(PatientId([first; 16]), 0), DocumentId::chart(PatientId([last; 16]), u16::MAX));
    let parts = store.checkpoint_parts(range, after, limit).unwrap();
    parts.into_iter().map(|part| (part.name, part.bytes)).collect()
}

fn push(store: &impl RelayStore, parts: &[SealedCheckpoint]) {
    let items = parts.iter().cloned().map(NewItem::Checkpoint).collect();
    assert!(commit(store, from_pusher(items)).iter().all(|fate| *fate == Fate::Kept));
}

fn bytes(parts: &[SealedCheckpoint]) -> Vec<Vec<u8>> {
    parts.iter().map(|part| part.bytes().to_vec()).collect()
}

fn held(store: &impl RelayStore) -> Vec<Vec<u8>> {
    parts_of(store, ALL, None, usize::MAX).into_iter().map(|(_, bytes)| bytes).collect()
}

pub(super) fn the_whole_checkpoint_that_covers_most_is_kept<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    commit(&store, from_pusher(vec![NewItem::Record(author.chart(1, 2026)), NewItem::Record(author.chart(2, 2025))]));
    let (first, second) = (author.checkpoint(1, 2026, 3), author.checkpoint(2, 2025, 1));
    push(&store, &first[..2]);
    assert!(held(&store).is_empty(), "half of one is none");
    push(&store, &first[2..]);
    push(&store, &second);
    assert_eq!(held(&store), [bytes(&first), bytes(&second)].concat());
    assert_eq!(store.newest().unwrap(), ArrivalNo(2), "it never arrives");

    // One that covers more takes its place when it is whole, one that covers no more does not.
    push(&store, &author.checkpoint(1, 2026, 1));
    assert_eq!(held(&store), [bytes(&first), bytes(&second)].concat());
    commit(&store, from_pusher(vec![NewItem::Record(author.chart(1, 2026))]));
    let better = author.checkpoint(1, 2026, 2);
    push(&store, &better[1..]);
    assert_eq!(held(&store).len(), 4);
    push(&store, &better[..1]);
    drop(store);
    let store = backend.reopen();
    assert_eq!(held(&store), [bytes(&better), bytes(&second)].concat());

    // Piece by piece, and of whom it is asked.
    let one = parts_of(&store, ALL, None, 1);
    assert_eq!(one.len(), 1);
    let rest = parts_of(&store, ALL, Some(one[0].0), usize::MAX);
    assert_eq!(rest.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(), held(&store)[1..]);
    assert_eq!(parts_of(&store, (2, 2), None, usize::MAX).len(), 1);
}

pub(super) fn a_checkpoint_of_what_is_not_here_is_not_kept<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let mut author = Author::new(1);
    commit(&store, from_pusher(vec![NewItem::Record(author.chart(1, 2026))]));
    let missing = author.chart(1, 2026);
    push(&store, &author.checkpoint(1, 2026, 1));
    assert!(held(&store).is_empty(), "its last record has not come");
    commit(&store, from_pusher(vec![NewItem::Record(missing)]));
    let mut other = author.clone();
    commit(&store, from_pusher(vec![NewItem::Record(author.chart(1, 2026))]));
    other.chart(1, 2026);
    push(&store, &other.checkpoint(1, 2026, 1));
    assert!(held(&store).is_empty(), "another record has that place");
    push(&store, &author.checkpoint(1, 2026, 1));
    assert_eq!(held(&store).len(), 1);
}
