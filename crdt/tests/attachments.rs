//! References to photos and documents: they fit, they read back, and what is out of bounds is shown as not understood.

mod support;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc, ScalarValue};
use serde_cbor::Value;
use support::*;
use tendenko_crdt::*;

fn attachment(chunks: usize, thumbnail: usize) -> Attachment {
    Attachment {
        attachment: AttachmentName([7; 16]),
        media_type: "image/jpeg".to_owned().try_into().unwrap(),
        file_name: "褥瘡.jpg".to_owned().try_into().unwrap(),
        size: 3_000_000,
        sha256: Digest([8; 32]),
        chunks: ChunkNames::new((0..chunks).map(|n| Digest([n as u8; 32])).collect()).unwrap(),
        thumbnail: Some(Thumbnail::new(vec![0xa5; thumbnail]).unwrap()),
        taken_at: Some(Timestamp(5)),
        caption: "仙骨部".into(),
        part_of: None,
        newer: Newer::default(),
    }
}

#[test]
fn the_largest_reference_fits_into_one_value_and_reads_back() {
    let mut volume = Volume::new(actor(0));
    let mut largest = attachment(MAX_CHUNKS, MAX_THUMBNAIL);
    largest.file_name = "あ".repeat(MAX_FILE_NAME / 3).try_into().unwrap();
    let written = event(EntryId::new([1; 16]), stamp(0, 1), EventBody::Attachment(largest));
    volume.record(written.clone()).unwrap();
    let mut other = Volume::new(actor(1));
    exchange(&mut volume, &mut other);
    assert_eq!(other.event(written.id), Some(written));
    assert!(other.problems().is_empty());
}

#[test]
fn what_is_too_long_cannot_be_said() {
    assert_eq!(
        Thumbnail::new(vec![0; MAX_THUMBNAIL + 1]).unwrap_err(),
        TooLong { what: "thumbnail", bytes: MAX_THUMBNAIL + 1, limit: MAX_THUMBNAIL }
    );
    assert!(FileName::try_from("x".repeat(MAX_FILE_NAME + 1)).is_err());
    assert!(MediaType::try_from("x".repeat(128)).is_err());
    assert_eq!(ChunkNames::new(Vec::new()), None);
    assert_eq!(ChunkNames::new(vec![Digest([0; 32]); MAX_CHUNKS + 1]), None);
}

/// Another program wrote a reference with more in it than references have.
#[test]
fn a_reference_out_of_bounds_is_kept_and_shown_as_not_understood() {
    let mut volume = Volume::new(actor(0));
    let id = EntryId::new([1; 16]);
    volume.record(event(id, stamp(0, 1), EventBody::Attachment(attachment(1, 10)))).unwrap();
    for (field, value) in [
        ("chunks", Value::Bytes(vec![0; 33])),
        ("chunks", Value::Bytes(Vec::new())),
        ("thumbnail", Value::Bytes(vec![0; MAX_THUMBNAIL + 1])),
        ("sha256", Value::Bytes(vec![0; 31])),
        ("attachment", Value::Bytes(vec![0; 17])),
        ("file_name", Value::Text("x".repeat(MAX_FILE_NAME + 1))),
    ] {
        let mut foreign = AutoCommit::load(&volume.save()).unwrap();
        let key = format!("e/{id}");
        let (stored, _) = foreign.get(ROOT, &key).unwrap().unwrap();
        let mut stored: Value = serde_cbor::from_slice(stored.as_bytes().unwrap()).unwrap();
        let Value::Map(map) = &mut stored else { panic!("a map") };
        let Some(Value::Map(body)) = map.get_mut(&Value::Text("body".into())) else { panic!("a body") };
        body.insert(Value::Text(field.into()), value);
        let bytes = serde_cbor::to_vec(&stored).unwrap();
        foreign.put(ROOT, &key, ScalarValue::Bytes(bytes)).unwrap();
        let read = Volume::load(actor(1), &foreign.save()).unwrap();
        let found = read.event(id).expect("an entry is never invisible");
        assert!(matches!(&found.body, EventBody::Unknown { kind, .. } if kind == "attachment"), "{field}");
        assert!(read.problems().iter().any(|problem| problem.kind == ProblemKind::MalformedBody), "{field}");
    }
}
