//! Checkpoints: what was sealed opens, in any order of its parts, and nothing else passes for one.

use ring::rand::{SecureRandom as _, SystemRandom};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{DeviceId, Incarnation, LogSeq, PatientId, RecordHash};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::limits::{CHECKPOINT_PART, MAX_CHECKPOINT, MAX_CHECKPOINT_PARTS, MAX_COVERED};
use tendenko_protocol::record::{
    CheckpointDraft, Covered, OpenError, ParsedCheckpoint, ReceivedBytes, RejectReason, SealError, SealedCheckpoint,
};

fn covered(n: u8) -> Covered {
    Covered {
        device: DeviceId([n; 16]),
        incarnation: Incarnation(u64::from(n)),
        seq: LogSeq(u64::from(n) + 1),
        hash: RecordHash([n + 1; 32]),
    }
}

fn draft(covers: Vec<Covered>) -> CheckpointDraft {
    CheckpointDraft { document: DocumentId::chart(PatientId([7; 16]), 2026), covers }
}

fn world() -> (SystemRandom, DeviceKeys, EpochKey) {
    let rng = SystemRandom::new();
    let keys = DeviceKeys::generate(&rng).unwrap();
    let key = EpochKey::generate(&rng).unwrap();
    (rng, keys, key)
}

#[test]
fn every_part_opens_and_says_what_the_checkpoint_covers() {
    let (rng, author, key) = world();
    let mut payload = vec![7; 100_000];
    rng.fill(&mut payload[..20_000]).unwrap();
    let parts = SealedCheckpoint::seal(&rng, &author, &key, &draft(vec![covered(1), covered(2)]), &payload).unwrap();
    let mut all = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let received = ParsedCheckpoint::parse(part.bytes().to_vec()).unwrap();
        let received = received.verify(&author.public().signing).unwrap();
        assert_eq!(&received, part);
        let header = received.header();
        assert_eq!((usize::from(header.part), header.parts), (number, 2));
        assert_eq!(header.set, parts[0].header().set);
        assert_eq!(header.vector().get(DeviceId([2; 16]), Incarnation(2)), LogSeq(3));
        let other = EpochKey::generate(&rng).unwrap();
        assert_eq!(received.open(&other), Err(OpenError::OtherKey { needed: key.id }));
        all.push(received);
    }
    assert_eq!(SealedCheckpoint::open_all(&all, &key).unwrap(), payload);
    let open = |parts: &[&SealedCheckpoint]| {
        SealedCheckpoint::open_all(&parts.iter().map(|part| (*part).clone()).collect::<Vec<_>>(), &key)
    };
    let again = SealedCheckpoint::seal(&rng, &author, &key, &draft(vec![covered(1), covered(2)]), &payload).unwrap();
    let [first, last] = &all[..] else { panic!("{} parts", all.len()) };
    for wrong in
        [&[][..], &[first], &[last], &[last, first], &[first, first], &[first, last, last], &[first, &again[1]]]
    {
        assert_eq!(open(wrong), Err(OpenError::Payload));
    }
    assert_ne!(parts[0].header().salt, parts[1].header().salt);
}

#[test]
fn nothing_that_was_altered_cut_or_signed_by_another_passes() {
    let (rng, author, key) = world();
    let part = SealedCheckpoint::seal(&rng, &author, &key, &draft(vec![covered(1)]), b"all").unwrap();
    let bytes = part[0].bytes();
    let signing = author.public().signing;
    let check = |bytes: Vec<u8>| ParsedCheckpoint::parse(bytes).and_then(|part| part.verify(&signing));
    for at in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[at] ^= 1;
        assert!(check(altered).is_err(), "byte {at}");
        assert!(check(bytes[..at].to_vec()).is_err(), "cut at {at}");
    }
    let other = DeviceKeys::generate(&rng).unwrap();
    let parsed = ParsedCheckpoint::parse(bytes.to_vec()).unwrap();
    assert_eq!(parsed.verify(&other.public().signing), Err(RejectReason::Signature));
    // Neither is taken for the other.
    assert!(ReceivedBytes::new(bytes.to_vec()).unwrap().parse().is_err());
}

#[test]
fn impossible_checkpoints_are_not_made() {
    let (rng, author, key) = world();
    let seal = |covers: Vec<Covered>, payload: &[u8]| {
        SealedCheckpoint::seal(&rng, &author, &key, &draft(covers), payload).map(|parts| parts.len())
    };
    assert_eq!(seal(Vec::new(), b""), Err(SealError::Chain), "of nothing");
    assert_eq!(seal(vec![covered(2), covered(1)], b""), Err(SealError::Chain), "out of order");
    assert_eq!(seal(vec![covered(1), covered(1)], b""), Err(SealError::Chain), "a log twice");
    assert_eq!(seal(vec![Covered { seq: LogSeq::NONE, ..covered(1) }], b""), Err(SealError::Chain));
    let many = (0..=MAX_COVERED as u64).map(|n| Covered { incarnation: Incarnation(n), ..covered(1) }).collect();
    assert_eq!(seal(many, b""), Err(SealError::Chain), "too many logs");
    let (most, more) = (vec![0; MAX_CHECKPOINT], vec![0; MAX_CHECKPOINT + 1]);
    assert_eq!(seal(vec![covered(1)], &most), Ok(1));
    assert_eq!(seal(vec![covered(1)], &more), Err(SealError::TooLarge { bytes: more.len() }));
    let mut noise = vec![0; (usize::from(MAX_CHECKPOINT_PARTS) + 1) * CHECKPOINT_PART];
    rng.fill(&mut noise).unwrap();
    assert!(matches!(seal(vec![covered(1)], &noise), Err(SealError::TooLarge { .. })), "too many parts");
    let full = (0..MAX_COVERED as u64)
        .map(|n| Covered { incarnation: Incarnation(u64::MAX - MAX_COVERED as u64 + n), ..covered(1) });
    assert_eq!(seal(full.collect(), b"x"), Ok(1), "as many logs as allowed fit into the header");
}
