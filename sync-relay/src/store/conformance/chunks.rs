//! Chunks of attachments.

use ring::rand::SystemRandom;
use tendenko_protocol::chunk::{ChunkPlace, Holding, SealedChunk};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{ArrivalNo, AttachmentId, ChunkId, Millis, PatientId, RelayIncarnation};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};

use super::super::{
    Fate, ItemName, Lane, Mark, NewItem, RelayStore, Selection, Source, StoredChunk, Submission, Waiting,
};
use super::author::Author;
use super::{ALL, Backend, arrivals, commit, from_pusher, granted, subject};

/// A piece of attachment number `attachment` of patient number `patient`, sealed by author number `author`.
pub(crate) fn chunk(author: u8, patient: u8, attachment: u8, index: u32, bytes: usize) -> SealedChunk {
    let rng = SystemRandom::new();
    let keys = DeviceKeys::from_secret_bytes(&[author; DeviceKeys::SECRET_LEN]).unwrap();
    let place = ChunkPlace {
        patient: PatientId([patient; 16]),
        attachment: AttachmentId([attachment; 16]),
        index,
        total: index + 1,
    };
    SealedChunk::seal(&rng, &keys, &EpochKey::generate(&rng).unwrap(), place, &vec![7; bytes]).unwrap()
}

fn chunks(chunks: &[&SealedChunk]) -> Submission {
    from_pusher(chunks.iter().map(|chunk| NewItem::Chunk((*chunk).clone())).collect())
}

pub(super) fn chunks_are_kept_by_name_and_handed_out_only_by_it<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let (one, two) = (chunk(1, 1, 1, 0, 500), chunk(1, 1, 1, 1, 500));
    let mut author = Author::new(1);
    commit(&store, from_pusher(vec![NewItem::Record(author.chart(1, 2026))]));
    let fates = commit(&store, chunks(&[&one, &two, &one]));
    assert_eq!(fates, [Fate::Stored(ArrivalNo(2)), Fate::Stored(ArrivalNo(3)), Fate::Known(ArrivalNo(2))]);
    drop(store);
    let store = backend.reopen();
    let stored = StoredChunk { patient: PatientId([1; 16]), bytes: one.bytes().to_vec() };
    assert_eq!(store.chunk(&one.id()).unwrap(), Some(stored));
    assert_eq!(store.chunk(&ChunkId([9; 32])).unwrap(), None);
    assert_eq!(store.newest().unwrap(), ArrivalNo(3), "a relay that lost it lacks an arrival");

    let chart = subject(1, Scope::Chart);
    assert_eq!(arrivals(&granted(&store, &[chart])), [1], "nothing of it comes unasked");
    let only = store.page(Selection::Only(chart), ArrivalNo::NONE, ArrivalNo(3), ALL).unwrap();
    assert_eq!((arrivals(&only), only.through), (vec![1], ArrivalNo(3)));
    let figures = store.figures().unwrap();
    assert_eq!((figures.chunks, figures.chunk_bytes), (2, (one.bytes().len() + two.bytes().len()) as u64));
    assert_eq!((figures.chunk_shares.len(), figures.chunk_shares[0].chunks), (1, 2));
    assert_eq!(figures.chunk_shares[0].device, one.header().device);
}

pub(super) fn what_is_offered_and_lacking_is_said_piece_by_piece<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    let held = [chunk(1, 1, 1, 0, 9), chunk(1, 1, 1, 2, 9), chunk(2, 1, 1, 1, 9), chunk(1, 1, 2, 0, 9)];
    commit(&store, chunks(&held.iter().collect::<Vec<_>>()));
    let (author, other) = (held[0].header().device, held[2].header().device);
    let offer = |device, attachment: u8, places: &[u32]| Holding::new(device, AttachmentId([attachment; 16]), places);
    let offered = [offer(author, 1, &[0, 1, 2, 3]), offer(author, 2, &[0]), offer(other, 3, &[5])];
    let lacking = store.lacking_chunks(&offered).unwrap();
    assert_eq!(lacking, [offer(author, 1, &[1, 3]), offer(other, 3, &[5])]);

    let mut holdings = vec![offer(author, 1, &[0, 2]), offer(author, 2, &[0]), offer(other, 1, &[1])];
    holdings.sort_by_key(|held| (held.device, held.attachment));
    assert_eq!(store.chunk_holdings(None, 9).unwrap(), holdings);
    let first = &holdings[0];
    assert_eq!(store.chunk_holdings(None, 1).unwrap(), holdings[..1]);
    assert_eq!(store.chunk_holdings(Some((first.device, first.attachment)), 9).unwrap(), holdings[1..]);
    let piece = |place| store.chunk_in_place(author, AttachmentId([1; 16]), place).unwrap();
    assert_eq!((piece(2).as_deref(), piece(1)), (Some(held[1].bytes()), None));
}

pub(super) fn chunks_go_up_with_the_outbox<B: Backend>(backend: &B) {
    let store = backend.create(RelayIncarnation(1));
    store.begin_upstream().unwrap();
    let (one, two) = (chunk(1, 1, 1, 0, 500), chunk(1, 1, 1, 1, 500));
    commit(&store, chunks(&[&one, &two]));
    let page = store.page(Selection::Outbox(Lane::Attachments), ArrivalNo::NONE, ArrivalNo(2), ALL).unwrap();
    assert_eq!(page.items.iter().map(|item| &item.bytes[..]).collect::<Vec<_>>(), [one.bytes(), two.bytes()]);
    let [.., waiting] = store.figures().unwrap().waiting.unwrap();
    assert_eq!(waiting, Waiting { items: 2, bytes: (one.bytes().len() + two.bytes().len()) as u64, refused: 0 });
    let marks = vec![Mark::Has(ItemName::Chunk(one.id()))];
    commit(&store, Submission { marks, ..Submission::new(Source::Upstream, Millis(1), Vec::new()) });
    let page = store.page(Selection::Outbox(Lane::Attachments), ArrivalNo::NONE, ArrivalNo(2), ALL).unwrap();
    assert_eq!(arrivals(&page), [2]);
}
