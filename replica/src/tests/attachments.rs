use std::io::{self, Read};

use ring::rand::SecureRandom;
use tendenko_crdt::MAX_THUMBNAIL;
use tendenko_protocol::chunk::{Holding, ReceivedChunk};
use tendenko_protocol::ids::ChunkId;
use tendenko_protocol::limits::{MAX_ATTACHMENT, MAX_CHUNK_CONTENT};
use tendenko_protocol::record::RejectReason;

use super::*;
use crate::attachments::Taken;
use crate::recovery::recover;
use crate::store::chunks;

/// Bytes like a photo's: nothing to compress.
fn photo(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SecureRandom::fill(&SystemRandom::new(), &mut bytes).unwrap();
    bytes
}

fn about(name: &str) -> NewAttachment {
    NewAttachment {
        media_type: "image/jpeg".into(),
        file_name: name.into(),
        thumbnail: Some(vec![0xff; 3_000]),
        taken_at: None,
        caption: "仙骨部".into(),
    }
}

impl Tablet {
    fn attach_photo(&self, patient: PatientId, bytes: &[u8]) -> EntryId {
        self.attach(patient, &mut &*bytes, bytes.len() as u64, about("褥瘡.jpg")).unwrap()
    }

    fn sealed_chunks(&self) -> Vec<Vec<u8>> {
        let (chunks, more) = self.departing_chunks(0, usize::MAX).unwrap();
        assert!(!more);
        chunks.into_iter().map(|departure| departure.item.bytes().to_vec()).collect()
    }

    fn take(&self, bytes: Vec<u8>) -> Result<(), RejectReason> {
        let writer = self.writer();
        match self.take_chunk(&writer.connection, bytes, crate::receive::Door::Relay).unwrap() {
            Taken::Kept(..) | Taken::Known => Ok(()),
            Taken::Refused(reason) => Err(reason),
        }
    }

    fn ack_chunks(&self) {
        let writer = self.writer();
        for bytes in chunks::departing(&writer.connection, 0, usize::MAX).unwrap().0 {
            chunks::acked(&writer.connection, &ChunkId::of(&bytes.1)).unwrap();
        }
    }

    fn presence(&self, patient: PatientId, entry: EntryId) -> AttachmentPresence {
        self.attachment_state(patient, entry).unwrap().presence
    }
}

/// A tablet that attached a photo, another that has the text of it, the entry, and the photo.
fn attached(size: usize) -> (Tablet, Tablet, PatientId, EntryId, Vec<u8>) {
    let (a, b, patient) = pair();
    let photo = photo(size);
    let entry = a.attach_photo(patient, &photo);
    b.receive(a.departing());
    (a, b, patient, entry, photo)
}

#[test]
fn what_was_attached_is_there_after_a_restart() {
    for size in [1, MAX_CHUNK_CONTENT, MAX_CHUNK_CONTENT + 1, 300_000] {
        let (mut a, _, patient, entry, photo) = attached(size);
        a.reopen();
        assert_eq!(a.presence(patient, entry), AttachmentPresence::Here);
        assert_eq!(a.read_attachment(patient, entry).unwrap(), photo);
        assert_eq!(a.sealed_chunks().len(), size.div_ceil(MAX_CHUNK_CONTENT));
        let Some(EventBody::Attachment(said)) = a.entry(patient, entry).unwrap().map(|event| event.body) else {
            panic!("an attachment")
        };
        assert_eq!((said.size, said.file_name.as_str()), (size as u64, "褥瘡.jpg"));
    }
}

#[test]
fn the_text_travels_alone_and_the_chunks_when_somebody_looks() {
    let (a, b, patient, entry, photo) = attached(200_000);
    assert!(matches!(b.entry(patient, entry).unwrap().unwrap().body, EventBody::Attachment(_)));
    assert_eq!(b.presence(patient, entry), AttachmentPresence::NotHere);
    assert!(matches!(b.read_attachment(patient, entry), Err(AttachmentError::NotHere { here: 0, of: 5 })));
    assert!(b.wanted_chunks(true).unwrap().is_empty(), "nothing unasked");
    let sealed = a.sealed_chunks();
    assert_eq!(b.take(sealed[0].clone()), Err(RejectReason::Unwanted));

    assert!(b.fetch_attachment(patient, entry).unwrap().wanted);
    assert_eq!(b.wanted_chunks(false).unwrap(), sealed.iter().map(|bytes| ChunkId::of(bytes)).collect::<Vec<_>>());
    for (n, bytes) in sealed.iter().enumerate() {
        b.take(bytes.clone()).unwrap();
        assert_eq!(b.wanted_chunks(false).unwrap().len(), 4 - n, "what came is not asked for again");
    }
    assert_eq!(
        b.attachment_state(patient, entry).unwrap(),
        AttachmentState { presence: AttachmentPresence::Here, wanted: false }
    );
    assert_eq!(b.read_attachment(patient, entry).unwrap(), photo);
    assert!(b.sealed_chunks().is_empty(), "it goes back to nobody who has it");
}

#[test]
fn what_is_wanted_survives_a_restart_and_can_be_given_up() {
    let (a, mut b, patient, entry, _) = attached(200_000);
    b.fetch_attachment(patient, entry).unwrap();
    b.take(a.sealed_chunks().remove(2)).unwrap();
    b.reopen();
    assert_eq!(b.presence(patient, entry), AttachmentPresence::Partly { here: 1, of: 5 });
    assert_eq!(b.wanted_chunks(false).unwrap().len(), 4);
    b.stop_fetching(patient, entry).unwrap();
    assert!(b.wanted_chunks(true).unwrap().is_empty());
    assert_eq!(b.presence(patient, entry), AttachmentPresence::Partly { here: 1, of: 5 });
}

#[test]
fn an_absent_attachment_is_said_to_be_and_asked_for_again_by_one_chunk() {
    let (a, b, patient, entry, photo) = attached(200_000);
    b.fetch_attachment(patient, entry).unwrap();
    let wanted = b.wanted_chunks(false).unwrap();
    b.chunks_absent(&wanted).unwrap();
    assert_eq!(b.presence(patient, entry), AttachmentPresence::AbsentOnRelay { here: 0, of: 5 });
    assert!(b.wanted_chunks(false).unwrap().is_empty());
    assert_eq!(b.wanted_chunks(true).unwrap(), wanted[..1], "a new session asks for one");
    b.take(a.sealed_chunks().remove(0)).unwrap();
    assert_eq!(b.wanted_chunks(false).unwrap(), wanted[1..], "and then for the others");
    a.sealed_chunks().into_iter().skip(1).for_each(|bytes| b.take(bytes).unwrap());
    assert_eq!(b.read_attachment(patient, entry).unwrap(), photo);
}

/// Counts what is read of it.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0 += into.len() as u64;
        Ok(into.len())
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let (a, _, patient) = pair();
    let mut from = Endless(0);
    let size = 200_000_000;
    let refused = a.attach(patient, &mut from, size, about("動画.mp4")).unwrap_err();
    assert!(matches!(refused, AttachError::TooLarge { bytes: 200_000_000, limit } if limit == MAX_ATTACHMENT as u64));
    assert_eq!((refused.code(), from.0), ("attachment-too-large", 0));

    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(size).unwrap();
    let refused = a.attach_file(patient, file.path(), about("動画.mp4")).unwrap_err();
    assert_eq!(refused.code(), "attachment-too-large");
    // A file that says it is small and is not.
    let refused = a.attach(patient, &mut Endless(0), 1_000, about("x")).unwrap_err();
    assert_eq!(refused.code(), "attachment-changed");
    assert_eq!(a.attachment_storage().unwrap(), AttachmentStorage::default());
}

#[test]
fn what_cannot_be_attached_changes_nothing() {
    let (a, _, patient) = pair();
    let before = a.models();
    let attach = |bytes: &[u8], size, about| a.attach(patient, &mut &*bytes, size, about).unwrap_err().code();
    assert_eq!(attach(b"", 0, about("x")), "attachment-empty");
    assert_eq!(attach(b"shrank", 7, about("x")), "attachment-changed");
    assert_eq!(attach(b"x", 1, about(&"x".repeat(256))), "attachment-name-too-long");
    let large = NewAttachment { thumbnail: Some(vec![0; MAX_THUMBNAIL + 1]), ..about("x") };
    assert_eq!(attach(b"x", 1, large), "attachment-name-too-long");
    let stranger = PatientId([9; 16]);
    let refused = a.attach(stranger, &mut &b"x"[..], 1, about("x")).unwrap_err();
    assert!(matches!(refused, AttachError::Save(SaveError::NotGranted { scope: Scope::Chart })));
    assert_eq!(a.models(), before);
    assert_eq!(a.attachment_storage().unwrap(), AttachmentStorage::default());
    a.attach(patient, &mut &b"x"[..], 1, about("C:\\写真\\褥瘡.jpg")).unwrap();
}

#[test]
fn a_chunk_that_is_altered_or_of_something_else_is_refused() {
    let (a, b, patient, entry, _) = attached(200_000);
    let other_entry = a.attach_photo(patient, &photo(60_000));
    b.receive(a.departing());
    b.fetch_attachment(patient, entry).unwrap();
    let sealed = a.sealed_chunks();
    let mut altered = sealed[0].clone();
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(b.take(altered), Err(RejectReason::Signature));
    assert_eq!(b.take(vec![0x83; 9]), Err(RejectReason::Malformed));
    assert_eq!(b.take(vec![0; 70_000]), Err(RejectReason::Oversized));
    assert_eq!(b.take(sealed[5].clone()), Err(RejectReason::Unwanted), "of another attachment");
    assert_eq!(b.presence(patient, other_entry), AttachmentPresence::NotHere);

    // A chart that names a chunk of another attachment as a piece of this one.
    let id = ReceivedChunk::new(sealed[5].clone()).unwrap().id();
    chunks::want(&b.writer().connection, id, patient, entry, 0).unwrap();
    assert_eq!(b.take(sealed[5].clone()), Err(RejectReason::Misplaced));
    assert!(!b.wanted_chunks(true).unwrap().contains(&id), "it is not asked for for ever");
    sealed[..5].iter().for_each(|bytes| b.take(bytes.clone()).unwrap());
    assert_eq!(b.presence(patient, entry), AttachmentPresence::Here);
}

#[test]
fn a_local_copy_that_was_spoiled_is_noticed_and_can_be_fetched_again() {
    let (a, b, patient, entry, photo) = attached(100_000);
    b.fetch_attachment(patient, entry).unwrap();
    a.sealed_chunks().into_iter().for_each(|bytes| b.take(bytes).unwrap());
    b.writer().connection.execute("UPDATE chunks SET bytes = X'00' WHERE place = 1", []).unwrap();
    assert!(matches!(b.read_attachment(patient, entry), Err(AttachmentError::Broken)));
    assert_eq!(b.presence(patient, entry), AttachmentPresence::Partly { here: 2, of: 3 });
    b.fetch_attachment(patient, entry).unwrap();
    b.take(a.sealed_chunks().remove(1)).unwrap();
    assert_eq!(b.read_attachment(patient, entry).unwrap(), photo);
}

#[test]
fn only_copies_that_a_relay_has_are_released_the_longest_unseen_first() {
    let (a, _, patient) = pair();
    let (one, two) = (a.attach_photo(patient, &photo(100_000)), a.attach_photo(patient, &photo(100_000)));
    assert_eq!(a.release_local_copies(u64::MAX).unwrap(), 0);
    a.ack_chunks();
    let unsent = a.attach_photo(patient, &photo(100_000));
    a.clock.set(Timestamp(NOON + 60_000));
    a.read_attachment(patient, one).unwrap();
    assert!(a.release_local_copies(1).unwrap() > 0);
    assert!(matches!(a.presence(patient, two), AttachmentPresence::Partly { here: 2, of: 3 }));
    a.release_local_copies(u64::MAX).unwrap();
    for (entry, presence) in
        [(one, AttachmentPresence::NotHere), (two, AttachmentPresence::NotHere), (unsent, AttachmentPresence::Here)]
    {
        assert_eq!(a.presence(patient, entry), presence);
    }
    let storage = a.attachment_storage().unwrap();
    assert_eq!(storage.bytes, storage.unsent_bytes);
}

#[test]
fn text_finds_room_where_copies_of_photos_were() {
    let (a, _, patient) = pair();
    let photo_entry = a.attach_photo(patient, &photo(2_000_000));
    a.ack_chunks();
    {
        let writer = a.writer();
        let pages: i64 = writer.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + 2);
        writer.connection.query_row(&limit, [], |row| row.get::<_, i64>(0)).unwrap();
    }
    let long: String = photo(20_000).iter().map(|byte| char::from(b'!' + byte % 94)).collect();
    assert!(matches!(a.try_note(patient, &long), Err(SaveError::DiskFull)));
    a.try_note(patient, &long).expect("copies of photos made room");
    assert_eq!(a.presence(patient, photo_entry), AttachmentPresence::NotHere);
}

#[test]
fn a_damaged_store_keeps_its_photos() {
    let (mut a, _, patient, entry, photo) = attached(200_000);
    let sealed = a.sealed_chunks();
    a.close();
    let said = recover(a.path(), a.member, PIN, Timestamp(NOON)).unwrap();
    assert_eq!(said.chunks, 5);
    a.reopen();
    assert_eq!(a.read_attachment(patient, entry).unwrap(), photo);
    assert_eq!(a.sealed_chunks(), sealed, "and what no relay has still leaves");
}

#[test]
fn a_tablet_says_what_it_holds_and_gives_what_is_lacking() {
    let (a, _, patient) = pair();
    a.attach_photo(patient, &photo(200_000));
    a.attach_photo(patient, &photo(10));
    a.ack_chunks();
    let first = a.holdings(None, 1).unwrap();
    let mut all = first.clone();
    all.extend(a.holdings(Some((first[0].device, first[0].attachment)), 9).unwrap());
    assert_eq!(all, a.holdings(None, 9).unwrap());
    assert_eq!(all.iter().flat_map(Holding::places).count(), 6);
    let mut lacking = all.clone();
    let mut given = 0;
    loop {
        let chunks = a.chunks_for(&mut lacking, 1).unwrap();
        if chunks.is_empty() {
            break;
        }
        assert_eq!(chunks.len(), 1);
        given += 1;
    }
    assert_eq!((given, lacking.len()), (6, 0));
}
