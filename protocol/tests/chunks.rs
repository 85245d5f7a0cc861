//! Sealed chunks: what was sealed opens, and nothing else does.

mod support;

use std::convert::Infallible;

use proptest::prelude::*;
use ring::rand::SystemRandom;
use support::Region;
use tendenko_protocol::chunk::{
    ChunkOpenError, ChunkPlace, ChunkSealError, ChunkVerdict, ReceivedChunk, SealedChunk, admit_chunk,
};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{AttachmentId, ChunkId, PatientId};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::limits::{MAX_ATTACHMENT, MAX_ATTACHMENT_CHUNKS, MAX_CHUNK, MAX_CHUNK_CONTENT};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{Claim, Revocation, TrustStore, sign};

struct World {
    rng: SystemRandom,
    author: DeviceKeys,
    key: EpochKey,
}

fn world() -> World {
    let rng = SystemRandom::new();
    World { author: DeviceKeys::generate(&rng).unwrap(), key: EpochKey::generate(&rng).unwrap(), rng }
}

fn place(index: u32, total: u32) -> ChunkPlace {
    ChunkPlace { patient: PatientId([7; 16]), attachment: AttachmentId([8; 16]), index, total }
}

impl World {
    fn seal(&self, content: &[u8]) -> SealedChunk {
        SealedChunk::seal(&self.rng, &self.author, &self.key, place(0, 1), content).unwrap()
    }

    fn receive(&self, bytes: &[u8]) -> Result<SealedChunk, RejectReason> {
        ReceivedChunk::new(bytes.to_vec())?.parse()?.verify(&self.author.public().signing)
    }
}

#[test]
fn a_chunk_is_read_by_whoever_has_the_key() {
    let w = world();
    let content: Vec<u8> = (0..MAX_CHUNK_CONTENT).map(|n| (n * n) as u8).collect();
    let sealed = w.seal(&content);
    let received = w.receive(sealed.bytes()).unwrap();
    assert_eq!(received, sealed);
    assert_eq!(received.id(), ChunkId::of(sealed.bytes()));
    assert_eq!(received.header().place, place(0, 1));
    assert_eq!(received.open(&w.key).unwrap(), content);
    let overhead = sealed.bytes().len() - content.len();
    assert!(overhead < 220 && sealed.bytes().len() <= MAX_CHUNK, "{overhead} bytes beside the content");
}

#[test]
fn the_same_content_is_never_sealed_alike() {
    let w = world();
    assert_ne!(w.seal(b"same").id(), w.seal(b"same").id());
}

#[test]
fn another_key_opens_nothing() {
    let w = world();
    let sealed = w.seal(b"a wound");
    let other = EpochKey::generate(&w.rng).unwrap();
    assert_eq!(sealed.open(&other), Err(ChunkOpenError::OtherKey { needed: w.key.id }));
    let same_name = EpochKey::from_secret_bytes(w.key.id, &*other.to_secret_bytes()).unwrap();
    assert_eq!(sealed.open(&same_name), Err(ChunkOpenError::Unauthentic));
}

/// The parts of a chunk, to forge others from.
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
    let (header, _, _) = parts(w.seal(b"one").bytes());
    let (_, ciphertext, signature) = parts(w.seal(b"two").bytes());
    assert_eq!(w.receive(&join(&header, &ciphertext, &signature)), Err(RejectReason::Signature));
    let digest = ring::digest::digest(&ring::digest::SHA256, &[header.as_slice(), &ciphertext].concat());
    let forged = w.author.sign(b"tendenko chunk v1\0", digest.as_ref());
    let chunk = w.receive(&join(&header, &ciphertext, &forged)).unwrap();
    assert_eq!(chunk.open(&w.key), Err(ChunkOpenError::Unauthentic));
    // What an author signs as a record is no chunk.
    let as_record = w.author.sign(b"tendenko record v1\0", digest.as_ref());
    assert_eq!(w.receive(&join(&header, &ciphertext, &as_record)), Err(RejectReason::Signature));
}

#[test]
fn other_versions_and_shapes_are_named() {
    let w = world();
    let (header, ciphertext, signature) = parts(w.seal(b"x").bytes());
    let mut later = header.clone();
    later[1] = 2;
    assert_eq!(w.receive(&join(&later, &ciphertext, &signature)), Err(RejectReason::Version));
    assert_eq!(w.receive(&join(&header, &ciphertext[..16], &signature)), Err(RejectReason::Malformed));
    assert_eq!(w.receive(&join(&header, &vec![0; MAX_CHUNK_CONTENT + 17], &signature)), Err(RejectReason::Malformed));
    assert_eq!(w.receive(&join(&header, &ciphertext, &signature[..63])), Err(RejectReason::Malformed));
    assert_eq!(w.receive(&join(&header, &ciphertext, &[0; 64])), Err(RejectReason::Signature));
    assert_eq!(ReceivedChunk::new(vec![0; MAX_CHUNK + 1]), Err(RejectReason::Oversized));
    // The card has no attachments.
    let scope = header.iter().skip(19).position(|byte| *byte == 1).unwrap() + 19;
    let mut card = header.clone();
    card[scope] = 0;
    assert_eq!(w.receive(&join(&card, &ciphertext, &signature)), Err(RejectReason::Malformed));
}

#[test]
fn what_does_not_fit_is_not_sealed() {
    let w = world();
    let seal = |place, content: &[u8]| SealedChunk::seal(&w.rng, &w.author, &w.key, place, content).map(|_| ());
    let bytes = MAX_CHUNK_CONTENT + 1;
    assert_eq!(seal(place(0, 1), &vec![0; bytes]), Err(ChunkSealError::Size { bytes }));
    assert_eq!(seal(place(0, 1), b""), Err(ChunkSealError::Size { bytes: 0 }));
    assert_eq!(seal(place(1, 1), b"x"), Err(ChunkSealError::Place { index: 1, total: 1 }));
    let most = MAX_ATTACHMENT_CHUNKS as u32;
    const { assert!(MAX_ATTACHMENT_CHUNKS * MAX_CHUNK_CONTENT >= MAX_ATTACHMENT) };
    assert_eq!(seal(place(0, most), b"x"), Ok(()));
    assert_eq!(seal(place(0, most + 1), b"x"), Err(ChunkSealError::Place { index: 0, total: most + 1 }));
}

fn verdict(bytes: &[u8], trust: &TrustStore) -> Result<ChunkVerdict, RejectReason> {
    match admit_chunk(bytes.to_vec(), trust, |_| Ok::<_, Infallible>(false)).unwrap() {
        ChunkVerdict::Reject(reason) => Err(reason),
        taken => Ok(taken),
    }
}

#[test]
fn the_author_must_have_been_granted_whoever_brings_the_chunk() {
    let region = Region::new(2, 0);
    let patient = &region.patients[0];
    let place = ChunkPlace { patient: patient.id(), ..place(0, 1) };
    let seal = |tablet: usize| {
        SealedChunk::seal(&region.rng, &region.tablets[tablet].keys, patient.key(Scope::Chart), place, b"x").unwrap()
    };
    let (chunk, strangers) = (seal(0), seal(1));
    let trust = &region.tablets[0].trust;
    assert_eq!(verdict(chunk.bytes(), trust), Ok(ChunkVerdict::Accept(Box::new(chunk.clone()))));
    assert_eq!(verdict(strangers.bytes(), trust), Err(RejectReason::AuthorNotGranted));
    let nobody = TrustStore::new(region.keys.public());
    assert_eq!(verdict(chunk.bytes(), &nobody), Err(RejectReason::UnknownAuthor));
    let mut altered = chunk.bytes().to_vec();
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(verdict(&altered, trust), Err(RejectReason::Signature));
    let known = admit_chunk(chunk.bytes().to_vec(), &nobody, |id| Ok::<_, Infallible>(*id == chunk.id()));
    assert_eq!(known, Ok(ChunkVerdict::Known(chunk.id())));

    // Its photos can still be fetched from whoever holds them: the chart that names them was judged when it came in.
    let revocation = Revocation { device: region.tablets[0].device(), logs: Vec::new(), reason: "紛失".into() };
    let revocation = sign(&region.keys, region.now, Claim::Revocation(revocation)).unwrap();
    let mut trust = trust.clone();
    trust.add(revocation.bytes()).unwrap();
    assert!(verdict(chunk.bytes(), &trust).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_bit_is_noticed(content in prop::collection::vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let w = world();
        let sealed = w.seal(&content);
        let mut bytes = sealed.bytes().to_vec();
        bytes[at.index(sealed.bytes().len())] ^= 1 << bit;
        prop_assert!(w.receive(&bytes).is_err());
        prop_assert_ne!(ChunkId::of(&bytes), sealed.id());
    }

    #[test]
    fn any_bytes_at_all_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        tendenko_protocol::fuzz::chunk(&bytes);
        prop_assert!(world().receive(&bytes).is_err());
    }
}
