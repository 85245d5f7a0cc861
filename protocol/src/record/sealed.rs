//! A record's three states: bytes received, structure known, signature verified.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde_bytes::{ByteBuf, Bytes};

use super::compression::{self, NEWEST_DICTIONARY};
use super::{Draft, Header, RejectReason};
use crate::cbor;
use crate::document::LogId;
use crate::domains;
use crate::ids::{DeviceId, KeyId, LogSeq, RecordHash, sha256};
use crate::keys::{self, DeviceKeys, EpochKey};
use crate::limits::{MAX_PAYLOAD, MAX_RECORD};
use crate::random::{Random, RandomError, random};

/// A record could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The payload is too large, before or after compression: seal fewer changes at once.
    #[error("{bytes} bytes do not fit into one record; seal fewer changes at once")]
    TooLarge {
        /// Size of the payload (over [`MAX_PAYLOAD`]) or of the record it would make (over [`MAX_RECORD`]).
        bytes: usize,
    },
    /// The draft's position and previous hash contradict each other.
    #[error("the first record of a log has position 1 and no predecessor; every other has both")]
    Chain,
    /// The payload could not be compressed.
    #[error("compression failed")]
    Compression,
}

/// A record could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Sealed with another epoch key.
    #[error("the record is sealed with another key ({needed}); a grant for it is needed")]
    OtherKey {
        /// The key it needs.
        needed: KeyId,
    },
    /// The ciphertext does not belong to this key and header.
    #[error("the content does not belong to this key and header")]
    Unauthentic,
    /// Compressed with a dictionary of a later version: the record is kept, and opens once the app is updated.
    #[error(
        "the record is compressed with dictionary {number}, this app knows up to {NEWEST_DICTIONARY}: update the app"
    )]
    UnknownDictionary {
        /// The dictionary it names.
        number: u8,
    },
    /// Its author compressed it wrongly, or to more than allowed.
    #[error("the content does not decompress within its bounds")]
    Payload,
}

/// Bytes that claim to be a record: bounded in size, otherwise anything.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedBytes(Vec<u8>);

impl ReceivedBytes {
    /// Refuses what is too large to be a record.
    pub fn new(bytes: Vec<u8>) -> Result<Self, RejectReason> {
        if bytes.len() > MAX_RECORD { Err(RejectReason::Oversized) } else { Ok(Self(bytes)) }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Hash of the bytes: the record's hash, if it is one.
    pub fn hash(&self) -> RecordHash {
        RecordHash::of(&self.0)
    }

    /// Checks the structure.
    pub fn parse(self) -> Result<ParsedRecord, RejectReason> {
        let (header_bytes, ciphertext, signature): (ByteBuf, ByteBuf, ByteBuf) =
            cbor::decode(&self.0, MAX_RECORD).map_err(|_| RejectReason::Malformed)?;
        let signature = signature.as_slice().try_into().map_err(|_| RejectReason::Malformed)?;
        if ciphertext.len() < AES_256_GCM.tag_len() {
            return Err(RejectReason::Malformed);
        }
        let header = Header::decode(&header_bytes)?;
        let hash = self.hash();
        Ok(ParsedRecord {
            bytes: self.0,
            hash,
            header,
            header_bytes: header_bytes.into_vec(),
            ciphertext: ciphertext.into_vec(),
            signature,
        })
    }
}

impl std::fmt::Debug for ReceivedBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceivedBytes({} bytes)", self.0.len())
    }
}

/// A record whose structure is right and whose signature was not checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedRecord {
    bytes: Vec<u8>,
    hash: RecordHash,
    header: Header,
    header_bytes: Vec<u8>,
    ciphertext: Vec<u8>,
    signature: [u8; 64],
}

impl ParsedRecord {
    /// What it claims.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its hash.
    pub fn hash(&self) -> RecordHash {
        self.hash
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks that the key belongs to the author named in the header, and that the author signed it.
    pub fn verify(self, author_signing_key: &[u8; 32]) -> Result<SealedRecord, RejectReason> {
        let digest = sha256(&[&self.header_bytes, &self.ciphertext]);
        if DeviceId::of_key(author_signing_key) == self.header.device
            && keys::verify(author_signing_key, domains::RECORD_SIGNATURE, &digest, &self.signature)
        {
            Ok(SealedRecord(self))
        } else {
            Err(RejectReason::Signature)
        }
    }
}

impl std::fmt::Debug for ParsedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParsedRecord({:?} {} {} bytes)", self.header.log(), self.header.seq, self.bytes.len())
    }
}

/// A record signed by the author it names.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRecord(ParsedRecord);

impl SealedRecord {
    /// Compresses with the newest dictionary, encrypts and signs a payload.
    pub fn seal(
        rng: &dyn Random,
        author: &DeviceKeys,
        key: &EpochKey,
        draft: Draft,
        payload: &[u8],
    ) -> Result<Self, SealError> {
        Self::seal_with(NEWEST_DICTIONARY, rng, author, key, draft, payload)
    }

    /// As [`Self::seal`], with a dictionary of choice (0: none), to measure what it is good for.
    pub fn seal_with(
        dictionary: u8,
        rng: &dyn Random,
        author: &DeviceKeys,
        key: &EpochKey,
        draft: Draft,
        payload: &[u8],
    ) -> Result<Self, SealError> {
        let Draft { document, incarnation, seq, prev, kind, count } = draft;
        if seq == LogSeq::NONE || (seq == LogSeq(1)) != (prev == RecordHash::ZERO) {
            return Err(SealError::Chain);
        }
        if payload.len() > MAX_PAYLOAD {
            return Err(SealError::TooLarge { bytes: payload.len() });
        }
        let header = Header {
            document,
            device: author.device_id(),
            incarnation,
            seq,
            prev,
            key: key.id,
            salt: random(rng)?,
            kind,
            count,
            dictionary,
        };
        Self::encrypt(author, key, header, compression::compress(header.dictionary, &header.author(), payload)?)
    }

    fn encrypt(author: &DeviceKeys, key: &EpochKey, header: Header, compressed: Vec<u8>) -> Result<Self, SealError> {
        let header_bytes = header.encode();
        let mut ciphertext = compressed;
        record_key(key, &header)
            .seal_in_place_append_tag(fixed_nonce(), Aad::from(&header_bytes), &mut ciphertext)
            .expect("AES-GCM takes far more than MAX_PAYLOAD");
        let signature = author.sign(domains::RECORD_SIGNATURE, &sha256(&[&header_bytes, &ciphertext]));
        let bytes = cbor::encode(&(Bytes::new(&header_bytes), Bytes::new(&ciphertext), Bytes::new(&signature)));
        if bytes.len() > MAX_RECORD {
            return Err(SealError::TooLarge { bytes: bytes.len() });
        }
        let hash = RecordHash::of(&bytes);
        Ok(Self(ParsedRecord { bytes, hash, header, header_bytes, ciphertext, signature }))
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// The hash that the log's next record names.
    pub fn hash(&self) -> RecordHash {
        self.0.hash
    }

    /// The bytes to keep and send, unchanged for ever.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The bytes to keep and send, unchanged for ever.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.bytes
    }

    /// The log it belongs to.
    pub fn log(&self) -> LogId {
        self.0.header.log()
    }

    /// Decrypts and decompresses the payload.
    pub fn open(&self, key: &EpochKey) -> Result<Vec<u8>, OpenError> {
        let record = &self.0;
        if record.header.key != key.id {
            return Err(OpenError::OtherKey { needed: record.header.key });
        }
        let mut buffer = record.ciphertext.clone();
        let compressed = record_key(key, &record.header)
            .open_in_place(fixed_nonce(), Aad::from(&record.header_bytes), &mut buffer)
            .map_err(|_| OpenError::Unauthentic)?;
        compression::decompress(record.header.dictionary, &record.header.author(), compressed)
    }
}

impl std::fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedRecord({:?} {} {} bytes)", self.log(), self.header().seq, self.bytes().len())
    }
}

fn record_key(key: &EpochKey, header: &Header) -> LessSafeKey {
    let derived = Salt::new(HKDF_SHA256, &header.salt).extract(key.secret());
    let okm = derived.expand(&[domains::RECORD_KEY], &AES_256_GCM).expect("32 bytes are within HKDF's reach");
    LessSafeKey::new(UnboundKey::from(okm))
}

/// Fixed, because no key is ever used for two records.
fn fixed_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::document::DocumentId;
    use crate::ids::{Incarnation, PatientId};
    use crate::record::Kind;

    #[test]
    fn a_record_with_a_dictionary_of_later_is_sound_and_says_what_it_needs() {
        let rng = SystemRandom::new();
        let (author, key) = (DeviceKeys::generate(&rng).unwrap(), EpochKey::generate(&rng).unwrap());
        let header = Header {
            document: DocumentId::card(PatientId([1; 16])),
            device: author.device_id(),
            incarnation: Incarnation(1),
            seq: LogSeq(1),
            prev: RecordHash::ZERO,
            key: key.id,
            salt: [3; 16],
            kind: Kind::Changes,
            count: 1,
            dictionary: NEWEST_DICTIONARY + 1,
        };
        let sealed = SealedRecord::encrypt(&author, &key, header, b"of a later version".to_vec()).unwrap();
        let received = ReceivedBytes::new(sealed.bytes().to_vec()).unwrap().parse().unwrap();
        let received = received.verify(&author.public().signing).unwrap();
        let number = NEWEST_DICTIONARY + 1;
        assert_eq!(received.open(&key), Err(OpenError::UnknownDictionary { number }));
    }
}
