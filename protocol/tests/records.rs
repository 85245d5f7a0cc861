//! Sealed records: what was sealed opens, and nothing else does.

use proptest::prelude::*;
use ring::rand::SystemRandom;
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{Incarnation, LogSeq, PatientId, RecordHash};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::limits::{MAX_PAYLOAD, MAX_RECORD};
use tendenko_protocol::record::{
    Draft, Kind, LogVerdict, OpenError, ReceivedBytes, RejectReason, SealError, SealedRecord, check_next,
};

struct World {
    rng: SystemRandom,
    author: DeviceKeys,
    key: EpochKey,
}

fn world() -> World {
    let rng = SystemRandom::new();
    World { author: DeviceKeys::generate(&rng).unwrap(), key: EpochKey::generate(&rng).unwrap(), rng }
}

fn draft(seq: u64, prev: RecordHash) -> Draft {
    Draft {
        document: DocumentId::chart(PatientId([7; 16]), 2026),
        incarnation: Incarnation(u64::MAX),
        seq: LogSeq(seq),
        prev,
        kind: Kind::Changes,
        count: 3,
    }
}

impl World {
    fn seal(&self, payload: &[u8]) -> SealedRecord {
        SealedRecord::seal(&self.rng, &self.author, &self.key, draft(1, RecordHash::ZERO), payload).unwrap()
    }

    fn receive(&self, bytes: &[u8]) -> Result<SealedRecord, RejectReason> {
        ReceivedBytes::new(bytes.to_vec())?.parse()?.verify(&self.author.public().signing)
    }
}

#[test]
fn a_record_is_read_by_whoever_has_the_key() {
    let w = world();
    let payload = "アムロジピン錠5mg 1日1回".repeat(40).into_bytes();
    let sealed = w.seal(&payload);
    let received = w.receive(sealed.bytes()).unwrap();
    assert_eq!(received, sealed);
    assert_eq!(received.header().seq, LogSeq(1));
    assert_eq!(received.open(&w.key).unwrap(), payload);
    let overhead = w.seal(b"").bytes().len();
    assert!(overhead < 280, "an empty record takes {overhead} bytes");
}

#[test]
fn the_same_content_is_never_sealed_alike() {
    let w = world();
    let (one, two) = (w.seal(b"same"), w.seal(b"same"));
    assert_ne!(one.header().salt, two.header().salt);
    assert_ne!(one.hash(), two.hash());
}

#[test]
fn another_key_opens_nothing() {
    let w = world();
    let sealed = w.seal(b"secret");
    let other = EpochKey::generate(&w.rng).unwrap();
    assert_eq!(sealed.open(&other), Err(OpenError::OtherKey { needed: w.key.id }));
    let same_name = EpochKey::from_secret_bytes(w.key.id, &*other.to_secret_bytes()).unwrap();
    assert_eq!(sealed.open(&same_name), Err(OpenError::Unauthentic));
}

#[test]
fn another_author_is_refused() {
    let w = world();
    let sealed = w.seal(b"secret");
    let other = DeviceKeys::generate(&w.rng).unwrap();
    let parsed = ReceivedBytes::new(sealed.bytes().to_vec()).unwrap().parse().unwrap();
    assert_eq!(parsed.verify(&other.public().signing), Err(RejectReason::Signature));
}

/// The parts of a record, to forge others from.
fn parts(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (h, c, s): (serde_bytes::ByteBuf, serde_bytes::ByteBuf, serde_bytes::ByteBuf) =
        serde_cbor::from_slice(bytes).unwrap();
    (h.into_vec(), c.into_vec(), s.into_vec())
}

fn join(header: &[u8], ciphertext: &[u8], signature: &[u8]) -> Vec<u8> {
    use serde_bytes::Bytes;
    serde_cbor::to_vec(&(Bytes::new(header), Bytes::new(ciphertext), Bytes::new(signature))).unwrap()
}

#[test]
fn a_header_cannot_be_moved_to_other_content_even_by_its_author() {
    let w = world();
    let (one, two) = (w.seal(b"one"), w.seal(b"two"));
    let (header, _, _) = parts(one.bytes());
    let (_, ciphertext, signature) = parts(two.bytes());
    assert_eq!(w.receive(&join(&header, &ciphertext, &signature)), Err(RejectReason::Signature));
    // The author signs the mixture: it is then a record, but does not open, since the header is authenticated with the content.
    let digest = ring::digest::digest(&ring::digest::SHA256, &[header.as_slice(), &ciphertext].concat());
    let forged = w.author.sign(b"tendenko record v1\0", digest.as_ref());
    let record = w.receive(&join(&header, &ciphertext, &forged)).unwrap();
    assert_eq!(record.open(&w.key), Err(OpenError::Unauthentic));
}

#[test]
fn other_versions_and_shapes_are_named() {
    let w = world();
    let (header, ciphertext, signature) = parts(w.seal(b"x").bytes());
    let mut later = header.clone();
    later[1] = 2;
    assert_eq!(w.receive(&join(&later, &ciphertext, &signature)), Err(RejectReason::Version));
    assert_eq!(w.receive(&join(&header, &ciphertext[..8], &signature)), Err(RejectReason::Malformed));
    assert_eq!(w.receive(&join(&header, &ciphertext, &signature[..63])), Err(RejectReason::Malformed));
    assert_eq!(w.receive(&join(&header, &ciphertext, &[0; 64])), Err(RejectReason::Signature));
    assert_eq!(ReceivedBytes::new(vec![0; MAX_RECORD + 1]), Err(RejectReason::Oversized));
}

#[test]
fn what_does_not_fit_is_not_sealed() {
    let w = world();
    let seal = |draft, payload: &[u8]| SealedRecord::seal(&w.rng, &w.author, &w.key, draft, payload);
    let first = draft(1, RecordHash::ZERO);
    assert_eq!(seal(first, &vec![0; MAX_PAYLOAD + 1]), Err(SealError::TooLarge { bytes: MAX_PAYLOAD + 1 }));
    let mut noise = vec![0; MAX_RECORD];
    ring::rand::SecureRandom::fill(&w.rng, &mut noise).unwrap();
    assert!(matches!(seal(first, &noise), Err(SealError::TooLarge { .. })));
    let most = seal(first, &vec![0; MAX_PAYLOAD]).unwrap();
    assert_eq!(most.open(&w.key).unwrap().len(), MAX_PAYLOAD);
    assert_eq!(seal(draft(2, RecordHash::ZERO), b""), Err(SealError::Chain));
    assert_eq!(seal(draft(1, RecordHash([1; 32])), b""), Err(SealError::Chain));
    assert_eq!(seal(draft(0, RecordHash::ZERO), b""), Err(SealError::Chain));
}

/// A granted author who means harm seals a payload that decompresses to far more than it should.
#[test]
fn a_decompression_bomb_is_refused_within_bounds() {
    use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let w = world();
    let bomb = zstd::bulk::compress(&vec![0; 256 << 20], 3).unwrap();
    assert!(bomb.len() < MAX_RECORD);
    let victim = w.seal(b"x");
    let (header, _, _) = parts(victim.bytes());
    let salt = victim.header().salt;
    let prk = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, &salt).extract(&*w.key.to_secret_bytes());
    let info: [&[u8]; 1] = [b"tendenko record v1"];
    let key = LessSafeKey::new(UnboundKey::from(prk.expand(&info, &AES_256_GCM).unwrap()));
    let mut ciphertext = bomb;
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::from(&header), &mut ciphertext).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &[header.as_slice(), &ciphertext].concat());
    let signature = w.author.sign(b"tendenko record v1\0", digest.as_ref());
    let record = w.receive(&join(&header, &ciphertext, &signature)).unwrap();
    assert_eq!(record.open(&w.key), Err(OpenError::Payload));
}

#[test]
fn a_log_goes_on_from_its_head_and_nowhere_else() {
    let w = world();
    let first = w.seal(b"1");
    let seal = |seq, prev| SealedRecord::seal(&w.rng, &w.author, &w.key, draft(seq, prev), b"x").unwrap();
    let second = seal(2, first.hash());
    let head = Some((LogSeq(1), first.hash()));
    let verdict = |head, record: &SealedRecord, known| check_next(head, record.header(), record.hash(), known, false);
    assert_eq!(verdict(None, &first, None), LogVerdict::Next);
    assert_eq!(verdict(head, &second, None), LogVerdict::Next);
    assert_eq!(verdict(None, &second, None), LogVerdict::Gap { expected: LogSeq(1) });
    assert_eq!(verdict(head, &seal(9, second.hash()), None), LogVerdict::Gap { expected: LogSeq(2) });
    let beyond = seal(9, second.hash());
    assert_eq!(check_next(head, beyond.header(), beyond.hash(), None, true), LogVerdict::Fork);
    assert_eq!(verdict(head, &first, Some(first.hash())), LogVerdict::Duplicate);
    assert_eq!(verdict(head, &w.seal(b"other"), Some(first.hash())), LogVerdict::Fork);
    assert_eq!(verdict(head, &seal(2, RecordHash([9; 32])), None), LogVerdict::Fork);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_bit_is_noticed(payload in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let w = world();
        let sealed = w.seal(&payload);
        let mut bytes = sealed.bytes().to_vec();
        bytes[at.index(sealed.bytes().len())] ^= 1 << bit;
        prop_assert!(w.receive(&bytes).is_err());
    }

    #[test]
    fn any_cut_or_extension_is_noticed(payload in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..20)) {
        let w = world();
        let sealed = w.seal(&payload);
        prop_assert!(w.receive(&sealed.bytes()[..at.index(sealed.bytes().len())]).is_err());
        prop_assert!(w.receive(&[sealed.bytes(), &more].concat()).is_err());
    }

    #[test]
    fn any_bytes_at_all_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        tendenko_protocol::fuzz::record(&bytes);
        tendenko_protocol::fuzz::statement(&bytes);
        tendenko_protocol::fuzz::enrolment_request(&bytes);
        tendenko_protocol::fuzz::enrolment_bundle(&bytes);
        tendenko_protocol::fuzz::client_stream(&bytes);
        tendenko_protocol::fuzz::relay_stream(&bytes);
        prop_assert!(world().receive(&bytes).is_err());
    }
}
