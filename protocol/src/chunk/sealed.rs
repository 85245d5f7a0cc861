//! A chunk's three states, as a record's: bytes received, structure known, signature verified.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use serde_bytes::{ByteBuf, Bytes};

use super::{ChunkHeader, ChunkPlace};
use crate::cbor;
use crate::domains;
use crate::ids::{ChunkId, DeviceId, KeyId, sha256};
use crate::keys::{self, DeviceKeys, EpochKey};
use crate::limits::{MAX_CHUNK, MAX_CHUNK_CONTENT};
use crate::random::{Random, RandomError, random};
use crate::record::RejectReason;

/// A chunk could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkSealError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Nothing, or more than one chunk holds.
    #[error("a chunk holds 1 to {MAX_CHUNK_CONTENT} bytes, not {bytes}: cut the file accordingly")]
    Size {
        /// Bytes given.
        bytes: usize,
    },
    /// There is no such place in an attachment.
    #[error("chunk {index} of {total} does not exist")]
    Place {
        /// Place given.
        index: u32,
        /// Chunks given.
        total: u32,
    },
}

/// A chunk could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkOpenError {
    /// Sealed with another epoch key.
    #[error("the chunk is sealed with another key ({needed}); a grant for it is needed")]
    OtherKey {
        /// The key it needs.
        needed: KeyId,
    },
    /// The ciphertext does not belong to this key and header.
    #[error("the content does not belong to this key and header")]
    Unauthentic,
}

/// Bytes that claim to be a chunk: bounded in size, otherwise anything.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedChunk(Vec<u8>);

impl ReceivedChunk {
    /// Refuses what is too large to be a chunk.
    pub fn new(bytes: Vec<u8>) -> Result<Self, RejectReason> {
        if bytes.len() > MAX_CHUNK { Err(RejectReason::Oversized) } else { Ok(Self(bytes)) }
    }

    /// Hash of the bytes: the chunk's id, if it is one.
    pub fn id(&self) -> ChunkId {
        ChunkId::of(&self.0)
    }

    /// Checks the structure.
    pub fn parse(self) -> Result<ParsedChunk, RejectReason> {
        let (header_bytes, ciphertext, signature): (ByteBuf, ByteBuf, ByteBuf) =
            cbor::decode(&self.0, MAX_CHUNK).map_err(|_| RejectReason::Malformed)?;
        let signature = signature.as_slice().try_into().map_err(|_| RejectReason::Malformed)?;
        let tag = AES_256_GCM.tag_len();
        if !(tag + 1..=tag + MAX_CHUNK_CONTENT).contains(&ciphertext.len()) {
            return Err(RejectReason::Malformed);
        }
        let header = ChunkHeader::decode(&header_bytes)?;
        let id = self.id();
        Ok(ParsedChunk {
            bytes: self.0,
            id,
            header,
            header_bytes: header_bytes.into_vec(),
            ciphertext: ciphertext.into_vec(),
            signature,
        })
    }
}

impl std::fmt::Debug for ReceivedChunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceivedChunk({} bytes)", self.0.len())
    }
}

/// A chunk whose structure is right and whose signature was not checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedChunk {
    bytes: Vec<u8>,
    id: ChunkId,
    header: ChunkHeader,
    header_bytes: Vec<u8>,
    ciphertext: Vec<u8>,
    signature: [u8; 64],
}

impl ParsedChunk {
    /// What it claims.
    pub fn header(&self) -> &ChunkHeader {
        &self.header
    }

    /// Its id.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks that the key belongs to the author named in the header, and that the author signed it.
    pub fn verify(self, author_signing_key: &[u8; 32]) -> Result<SealedChunk, RejectReason> {
        let digest = sha256(&[&self.header_bytes, &self.ciphertext]);
        if DeviceId::of_key(author_signing_key) == self.header.device
            && keys::verify(author_signing_key, domains::CHUNK_SIGNATURE, &digest, &self.signature)
        {
            Ok(SealedChunk(self))
        } else {
            Err(RejectReason::Signature)
        }
    }

    /// Decrypts the content. Whoever asked for this id, and took the id from a chart, need not check the signature first: the id
    /// says that these are the author's bytes.
    pub fn open(&self, key: &EpochKey) -> Result<Vec<u8>, ChunkOpenError> {
        if self.header.key != key.id {
            return Err(ChunkOpenError::OtherKey { needed: self.header.key });
        }
        let mut content = self.ciphertext.clone();
        let length = chunk_key(key, &self.header)
            .open_in_place(fixed_nonce(), Aad::from(&self.header_bytes), &mut content)
            .map_err(|_| ChunkOpenError::Unauthentic)?
            .len();
        content.truncate(length);
        Ok(content)
    }
}

impl std::fmt::Debug for ParsedChunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ChunkPlace { attachment, index, total, .. } = self.header.place;
        write!(f, "ParsedChunk({attachment} {index} of {total}, {} bytes)", self.bytes.len())
    }
}

/// A chunk signed by the author it names.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedChunk(ParsedChunk);

impl SealedChunk {
    /// Encrypts and signs a piece of a file.
    pub fn seal(
        rng: &dyn Random,
        author: &DeviceKeys,
        key: &EpochKey,
        place: ChunkPlace,
        content: &[u8],
    ) -> Result<Self, ChunkSealError> {
        if !(1..=MAX_CHUNK_CONTENT).contains(&content.len()) {
            return Err(ChunkSealError::Size { bytes: content.len() });
        }
        if !place.is_possible() {
            return Err(ChunkSealError::Place { index: place.index, total: place.total });
        }
        let header = ChunkHeader { place, device: author.device_id(), key: key.id, salt: random(rng)? };
        let header_bytes = header.encode();
        let mut ciphertext = content.to_vec();
        chunk_key(key, &header)
            .seal_in_place_append_tag(fixed_nonce(), Aad::from(&header_bytes), &mut ciphertext)
            .expect("AES-GCM takes far more than MAX_CHUNK_CONTENT");
        let signature = author.sign(domains::CHUNK_SIGNATURE, &sha256(&[&header_bytes, &ciphertext]));
        let bytes = cbor::encode(&(Bytes::new(&header_bytes), Bytes::new(&ciphertext), Bytes::new(&signature)));
        let id = ChunkId::of(&bytes);
        Ok(Self(ParsedChunk { bytes, id, header, header_bytes, ciphertext, signature }))
    }

    /// The header.
    pub fn header(&self) -> &ChunkHeader {
        &self.0.header
    }

    /// The id under which the chart names it.
    pub fn id(&self) -> ChunkId {
        self.0.id
    }

    /// The bytes to keep and send, unchanged for ever.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The bytes to keep and send, unchanged for ever.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.bytes
    }

    /// Decrypts the content.
    pub fn open(&self, key: &EpochKey) -> Result<Vec<u8>, ChunkOpenError> {
        self.0.open(key)
    }
}

impl std::fmt::Debug for SealedChunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed{:?}", self.0)
    }
}

fn chunk_key(key: &EpochKey, header: &ChunkHeader) -> LessSafeKey {
    let derived = Salt::new(HKDF_SHA256, &header.salt).extract(key.secret());
    let okm = derived.expand(&[domains::CHUNK_KEY], &AES_256_GCM).expect("32 bytes are within HKDF's reach");
    LessSafeKey::new(UnboundKey::from(okm))
}

/// Fixed, because no key is ever used for two chunks.
fn fixed_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
