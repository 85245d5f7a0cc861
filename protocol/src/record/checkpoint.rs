//! Checkpoints: a document as it was at a point of its logs, so that a newcomer starts from a few parts instead of thousands of records.
//!
//! ```text
//! part       = CBOR [ header bstr, ciphertext bstr, signature bstr 64 ]        at most MAX_RECORD bytes
//! header     = CBOR [ version, document, device, set 16, part, parts, key, salt, dictionary, covers ]
//! covers     = [ [device, incarnation, seq, hash of the record at seq] … ]     in order, each log once
//! key        = HKDF-SHA256(salt = header.salt, ikm = epoch secret, info = "tendenko checkpoint v1")
//! ciphertext = AES-256-GCM(key, nonce = 0, aad = header, the part's share of the compressed payload)
//! signature  = Ed25519("tendenko checkpoint v1\0" ‖ SHA-256(header ‖ ciphertext))
//! ```
//! A checkpoint is a *set* of parts with one random id and the same covers. Its payload is the document with its history, as one chunk: everything that the
//! covered records say, and nothing else, compressed as one (a fifth smaller than part by part) and then cut. So a part by itself says nothing.
//!
//! It is in no log, and **never truth**: whoever starts from one takes its author's word for what others wrote, until the records it covers are
//! here, too. Then the document is made from them alone and compared. What its author can do until then is in the
//! threat model. So a checkpoint never reaches a device that could not have had the records, and nobody passes on, as a record's place in a
//! vector, what it knows by a checkpoint only.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use super::compression::{self, NEWEST_DICTIONARY};
use super::{OpenError, RejectReason, SealError};
use crate::cbor;
use crate::document::{DocumentId, Vector};
use crate::domains;
use crate::ids::{DeviceId, Incarnation, KeyId, LogSeq, RecordHash, sha256};
use crate::keys::{self, DeviceKeys, EpochKey};
use crate::limits::{
    CHECKPOINT_PART, MAX_CHECKPOINT, MAX_CHECKPOINT_HEADER, MAX_CHECKPOINT_PARTS, MAX_COVERED, MAX_RECORD,
};
use crate::random::{Random, random};

/// How far one log is covered, and the hash of the record there: what the log's next record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Covered {
    /// Author.
    pub device: DeviceId,
    /// Life of the author's store.
    pub incarnation: Incarnation,
    /// The last record covered.
    pub seq: LogSeq,
    /// Its hash.
    pub hash: RecordHash,
}

/// What the author decides about a checkpoint before its parts are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointDraft {
    /// Document.
    pub document: DocumentId,
    /// How far each log is covered: in order, each log once.
    pub covers: Vec<Covered>,
}

/// The header of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointHeader {
    /// Document.
    pub document: DocumentId,
    /// Who made it.
    pub device: DeviceId,
    /// Random; the parts of one checkpoint have the same.
    pub set: [u8; 16],
    /// Which part, from 0.
    pub part: u16,
    /// How many parts there are.
    pub parts: u16,
    /// Epoch key the payload is sealed with.
    pub key: KeyId,
    /// Random; makes this part's own key.
    pub salt: [u8; 16],
    /// The dictionary its payload is compressed with; 0 for none.
    pub dictionary: u8,
    /// How far each log is covered.
    pub covers: Vec<Covered>,
}

/// CBOR array, in this order.
#[derive(Serialize, Deserialize)]
struct Wire(
    u8,
    DocumentId,
    DeviceId,
    #[serde(with = "crate::ids::fixed_bytes")] [u8; 16],
    u16,
    u16,
    KeyId,
    #[serde(with = "crate::ids::fixed_bytes")] [u8; 16],
    u8,
    Vec<(DeviceId, Incarnation, LogSeq, RecordHash)>,
);

impl CheckpointHeader {
    /// How far it covers each log, as a vector.
    pub fn vector(&self) -> Vector {
        let mut vector = Vector::default();
        for log in &self.covers {
            vector.raise(log.device, log.incarnation, log.seq, log.hash.print());
        }
        vector
    }

    fn encode(&self) -> Vec<u8> {
        cbor::encode(&Wire(
            domains::CHECKPOINT_VERSION,
            self.document,
            self.device,
            self.set,
            self.part,
            self.parts,
            self.key,
            self.salt,
            self.dictionary,
            self.covers.iter().map(|log| (log.device, log.incarnation, log.seq, log.hash)).collect(),
        ))
    }

    fn decode(bytes: &[u8]) -> Result<Self, RejectReason> {
        let malformed = |_| RejectReason::Malformed;
        if bytes.len() > MAX_CHECKPOINT_HEADER {
            return Err(RejectReason::Malformed);
        }
        cbor::check_shape(bytes).map_err(malformed)?;
        match bytes {
            [0x81..=0x97, version, ..] if *version == domains::CHECKPOINT_VERSION => {}
            [0x81..=0x97, ..] => return Err(RejectReason::Version),
            _ => return Err(RejectReason::Malformed),
        }
        let Wire(_, document, device, set, part, parts, key, salt, dictionary, covers) =
            cbor::decode(bytes, MAX_CHECKPOINT_HEADER).map_err(malformed)?;
        let covers: Vec<Covered> = covers
            .into_iter()
            .map(|(device, incarnation, seq, hash)| Covered { device, incarnation, seq, hash })
            .collect();
        let header = Self { document, device, set, part, parts, key, salt, dictionary, covers };
        if header.is_possible() { Ok(header) } else { Err(RejectReason::Malformed) }
    }

    fn is_possible(&self) -> bool {
        let log = |covered: &Covered| (covered.device, covered.incarnation);
        (1..=MAX_CHECKPOINT_PARTS).contains(&self.parts)
            && self.part < self.parts
            && (1..=MAX_COVERED).contains(&self.covers.len())
            && self.covers.windows(2).all(|pair| log(&pair[0]) < log(&pair[1]))
            && self.covers.iter().all(|covered| covered.seq != LogSeq::NONE && covered.hash != RecordHash::ZERO)
    }
}

/// A part whose structure is right and whose signature was not checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedCheckpoint {
    bytes: Vec<u8>,
    header: CheckpointHeader,
    header_bytes: Vec<u8>,
    ciphertext: Vec<u8>,
    signature: [u8; 64],
}

impl ParsedCheckpoint {
    /// Checks size and structure.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, RejectReason> {
        if bytes.len() > MAX_RECORD {
            return Err(RejectReason::Oversized);
        }
        let (header_bytes, ciphertext, signature): (ByteBuf, ByteBuf, ByteBuf) =
            cbor::decode(&bytes, MAX_RECORD).map_err(|_| RejectReason::Malformed)?;
        let signature = signature.as_slice().try_into().map_err(|_| RejectReason::Malformed)?;
        if ciphertext.len() < AES_256_GCM.tag_len() {
            return Err(RejectReason::Malformed);
        }
        let header = CheckpointHeader::decode(&header_bytes)?;
        Ok(Self { bytes, header, header_bytes: header_bytes.into_vec(), ciphertext: ciphertext.into_vec(), signature })
    }

    /// What it claims.
    pub fn header(&self) -> &CheckpointHeader {
        &self.header
    }

    /// Checks that the key belongs to the author named in the header, and that the author signed it.
    pub fn verify(self, author_signing_key: &[u8; 32]) -> Result<SealedCheckpoint, RejectReason> {
        let digest = sha256(&[&self.header_bytes, &self.ciphertext]);
        if DeviceId::of_key(author_signing_key) == self.header.device
            && keys::verify(author_signing_key, domains::CHECKPOINT_SIGNATURE, &digest, &self.signature)
        {
            Ok(SealedCheckpoint(self))
        } else {
            Err(RejectReason::Signature)
        }
    }
}

impl std::fmt::Debug for ParsedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CheckpointHeader { document, part, parts, .. } = &self.header;
        write!(f, "Checkpoint({document:?} part {part} of {parts}, {} bytes)", self.bytes.len())
    }
}

/// A part signed by the author it names.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCheckpoint(ParsedCheckpoint);

impl SealedCheckpoint {
    /// Compresses a checkpoint, cuts it into parts, encrypts and signs each. Fails with [`SealError::TooLarge`] when it is too large for one.
    pub fn seal(
        rng: &dyn Random,
        author: &DeviceKeys,
        key: &EpochKey,
        draft: &CheckpointDraft,
        payload: &[u8],
    ) -> Result<Vec<Self>, SealError> {
        if payload.len() > MAX_CHECKPOINT {
            return Err(SealError::TooLarge { bytes: payload.len() });
        }
        let set = random(rng)?;
        let compressed = compression::compress_checkpoint(payload)?;
        let parts = u16::try_from(compressed.len().div_ceil(CHECKPOINT_PART)).unwrap_or(u16::MAX);
        if parts > MAX_CHECKPOINT_PARTS {
            return Err(SealError::TooLarge { bytes: compressed.len() });
        }
        let seal = |(part, share): (usize, &[u8])| {
            let header = CheckpointHeader {
                document: draft.document,
                device: author.device_id(),
                set,
                part: u16::try_from(part).unwrap_or(u16::MAX),
                parts,
                key: key.id,
                salt: random(rng)?,
                dictionary: NEWEST_DICTIONARY,
                covers: draft.covers.clone(),
            };
            if !header.is_possible() {
                return Err(SealError::Chain);
            }
            Self::encrypt(author, key, header, share)
        };
        compressed.chunks(CHECKPOINT_PART).enumerate().map(seal).collect()
    }

    fn encrypt(author: &DeviceKeys, key: &EpochKey, header: CheckpointHeader, share: &[u8]) -> Result<Self, SealError> {
        let header_bytes = header.encode();
        let mut ciphertext = share.to_vec();
        part_key(key, &header)
            .seal_in_place_append_tag(fixed_nonce(), Aad::from(&header_bytes), &mut ciphertext)
            .expect("AES-GCM takes far more than a part");
        let signature = author.sign(domains::CHECKPOINT_SIGNATURE, &sha256(&[&header_bytes, &ciphertext]));
        let bytes = cbor::encode(&(Bytes::new(&header_bytes), Bytes::new(&ciphertext), Bytes::new(&signature)));
        if bytes.len() > MAX_RECORD {
            return Err(SealError::TooLarge { bytes: bytes.len() });
        }
        Ok(Self(ParsedCheckpoint { bytes, header, header_bytes, ciphertext, signature }))
    }

    /// The header.
    pub fn header(&self) -> &CheckpointHeader {
        &self.0.header
    }

    /// The bytes to keep and send, unchanged for ever.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// What the parts of one checkpoint say, all of them and in their order.
    pub fn open_all(parts: &[Self], key: &EpochKey) -> Result<Vec<u8>, OpenError> {
        let [first, ..] = parts else { return Err(OpenError::Payload) };
        let of = first.header();
        let in_order = parts.iter().enumerate().all(|(place, part)| {
            let header = part.header();
            (header.document, header.device, header.set, header.parts, usize::from(header.part))
                == (of.document, of.device, of.set, of.parts, place)
                && (&header.covers, header.dictionary) == (&of.covers, of.dictionary)
        });
        if !in_order || parts.len() != usize::from(of.parts) {
            return Err(OpenError::Payload);
        }
        let shares = parts.iter().map(|part| part.open(key)).collect::<Result<Vec<_>, _>>()?;
        compression::decompress_checkpoint(of.dictionary, &shares.concat())
    }

    /// Decrypts this part's share, which says nothing without the others.
    pub fn open(&self, key: &EpochKey) -> Result<Vec<u8>, OpenError> {
        let part = &self.0;
        if part.header.key != key.id {
            return Err(OpenError::OtherKey { needed: part.header.key });
        }
        let mut buffer = part.ciphertext.clone();
        let share = part_key(key, &part.header)
            .open_in_place(fixed_nonce(), Aad::from(&part.header_bytes), &mut buffer)
            .map_err(|_| OpenError::Unauthentic)?;
        Ok(share.to_vec())
    }
}

impl std::fmt::Debug for SealedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed{:?}", self.0)
    }
}

fn part_key(key: &EpochKey, header: &CheckpointHeader) -> LessSafeKey {
    let derived = Salt::new(HKDF_SHA256, &header.salt).extract(key.secret());
    let okm = derived.expand(&[domains::CHECKPOINT_KEY], &AES_256_GCM).expect("32 bytes are within HKDF's reach");
    LessSafeKey::new(UnboundKey::from(okm))
}

/// Fixed, because no key is ever used for two parts.
fn fixed_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
