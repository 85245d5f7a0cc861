//! Names of things. Each is its own type; none can be taken for another.
//!
//! [`DeviceId`], [`RelayId`] and [`RegionId`] are *self-certifying*: the id is a hash of the signing key, so a wrong key
//! can never be passed off for an id. [`PatientId`] is a hash of the creating device's id and a random nonce
//! ([`PatientOrigin`]), so that every device can check, with no server and in any order of arrival, that a patient's first
//! grant comes from the device that created the patient.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domains;
use crate::random::{Random, RandomError, random};

/// A text that is not the hexadecimal form of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} lower-case hexadecimal digits")]
pub struct ParseIdError {
    /// Number of digits the id has.
    pub expected: usize,
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

fn sha256_16(parts: &[&[u8]]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&sha256(parts)[..16]);
    out
}

struct BytesVisitor<const N: usize>;

impl<'de, const N: usize> de::Visitor<'de> for BytesVisitor<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<[u8; N], E> {
        parse_hex(text).map_err(E::custom)
    }
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseIdError> {
    let error = ParseIdError { expected: 2 * N };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(error);
    }
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(error),
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

/// Serde form of a fixed-size byte array: a CBOR byte string, or hexadecimal where the format is for people.
pub(crate) mod fixed_bytes {
    use super::*;

    pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            let mut hex = String::with_capacity(2 * N);
            for byte in bytes {
                hex.push_str(&format!("{byte:02x}"));
            }
            s.serialize_str(&hex)
        } else {
            s.serialize_bytes(bytes)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        if d.is_human_readable() {
            d.deserialize_str(BytesVisitor::<N>)
        } else {
            d.deserialize_bytes(BytesVisitor::<N>)
        }
    }
}

macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(with = "fixed_bytes")] pub [u8; $len]);

        impl $name {
            /// The bytes of the id.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// From exactly as many bytes as the id has; `None` for any other length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

byte_id!(
    /// A patient. Made by [`PatientOrigin::patient`].
    PatientId, 16
);
byte_id!(
    /// A tablet (or any device that writes records): hash of its signing key.
    DeviceId, 16
);
byte_id!(
    /// A person who works at a facility. Random.
    MemberId, 16
);
byte_id!(
    /// A facility. Random.
    FacilityId, 16
);
byte_id!(
    /// A relay: hash of its signing key.
    RelayId, 16
);
byte_id!(
    /// A region: hash of its root key.
    RegionId, 16
);
byte_id!(
    /// An epoch key's name. Random.
    KeyId, 16
);
byte_id!(
    /// Hash of a signed statement's bytes.
    StatementId, 32
);
byte_id!(
    /// Hash of a sealed record's bytes.
    RecordHash, 32
);

byte_id!(
    /// A photo or document that a chart mentions. Random.
    AttachmentId, 16
);
byte_id!(
    /// Hash of a sealed chunk's bytes.
    ChunkId, 32
);

impl DeviceId {
    /// The id of the device that holds this signing key.
    pub fn of_key(signing: &[u8; 32]) -> Self {
        Self(sha256_16(&[domains::DEVICE_ID, signing]))
    }
}

impl RelayId {
    /// The id of the relay that holds this signing key.
    pub fn of_key(signing: &[u8; 32]) -> Self {
        Self(sha256_16(&[domains::RELAY_ID, signing]))
    }
}

impl RegionId {
    /// The id of the region with this root key.
    pub fn of_key(signing: &[u8; 32]) -> Self {
        Self(sha256_16(&[domains::REGION_ID, signing]))
    }
}

impl MemberId {
    /// A new random id.
    pub fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(Self)
    }
}

impl FacilityId {
    /// A new random id.
    pub fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(Self)
    }
}

impl StatementId {
    /// The id of a statement with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

impl RecordHash {
    /// Before the first record of a log.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a record with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }

    /// Its first 8 bytes.
    pub fn print(&self) -> Print {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        Print(u64::from_be_bytes(first))
    }
}

impl Print {
    /// Both, in whatever order.
    pub fn and(self, other: Print) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// What stands for all that is known of one log: `kept`, in order, and `aside`, the records that were set aside because another holds
    /// their place or that of one before them.
    ///
    /// With nothing aside it is the print of the head. Else all records are added up, kept or aside, from [`Print::counted_from`] on, so that
    /// two sides that know both histories agree, whichever of them each keeps. Who knows only the end of the other history has another sum
    /// than whoever keeps it: the kept record before the first such place stands for all that are before it.
    pub fn of_log(kept: &[(LogSeq, RecordHash)], aside: &[(LogSeq, RecordHash)]) -> Self {
        match aside.iter().map(|(seq, _)| *seq).min() {
            None => kept.last().map_or(Self::default(), |(_, hash)| hash.print()),
            Some(first) => {
                let from = Self::counted_from(first);
                // What a checkpoint names may be known as kept, and set aside for another that is.
                let contested: BTreeSet<_> = kept.iter().chain(aside).filter(|(seq, _)| *seq >= from).collect();
                contested.iter().fold(Self::default(), |sum, (_, hash)| sum.and(hash.print()))
            }
        }
    }

    /// Where the sum over a contested log begins, by the first place of a record that was set aside: the place before it, if there is one.
    pub fn counted_from(first_aside: LogSeq) -> LogSeq {
        LogSeq(first_aside.0.saturating_sub(1).max(1))
    }
}

impl AttachmentId {
    /// A new random id.
    pub fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(Self)
    }
}

impl ChunkId {
    /// The id of a chunk with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

/// How a patient's id came about: which device created the patient, and a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatientOrigin {
    /// The device that created the patient. It alone (or the region) can give the first grant.
    pub device: DeviceId,
    /// Random, so that one device can create any number of patients.
    #[serde(with = "fixed_bytes")]
    pub nonce: [u8; 16],
}

impl PatientOrigin {
    /// A new patient, created by `device`.
    pub fn generate(rng: &dyn Random, device: DeviceId) -> Result<Self, RandomError> {
        Ok(Self { device, nonce: random(rng)? })
    }

    /// The patient's id.
    pub fn patient(&self) -> PatientId {
        PatientId(sha256_16(&[domains::PATIENT_ID, &self.device.0, &self.nonce]))
    }
}

macro_rules! number {
    ($(#[$meta:meta])* $name:ident, $of:ty) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(pub $of);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// One life of a device's store. Random; a restored or cloned store takes a new one before it seals anything.
    Incarnation, u64
);
number!(
    /// One life of a relay's store. Random; arrival numbers mean something only together with it.
    RelayIncarnation, u64
);
number!(
    /// Position of a record in its log. The first is 1; 0 stands for "none yet".
    LogSeq, u64
);
number!(
    /// The first 8 bytes of a record's hash, or several of them added up: enough to tell what is known apart, not to trust by.
    Print, u64
);
number!(
    /// A relay's own order of arrival, over records and statements together. The first is 1; 0 stands for "nothing yet".
    ArrivalNo, u64
);
number!(
    /// Milliseconds since the Unix epoch, UTC, by the clock of whoever says so.
    Millis, i64
);

impl Incarnation {
    /// A new random incarnation.
    pub fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(|bytes| Self(u64::from_be_bytes(bytes)))
    }
}

impl RelayIncarnation {
    /// No life of any relay.
    pub const NONE: Self = Self(0);

    /// A new random incarnation; never [`Self::NONE`].
    pub fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(|bytes| Self(u64::from_be_bytes(bytes).max(1)))
    }
}

impl LogSeq {
    /// Before the first record.
    pub const NONE: Self = Self(0);

    /// The position after this one. Saturates: a log of 2⁶⁴ records does not exist.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl ArrivalNo {
    /// Before the first arrival.
    pub const NONE: Self = Self(0);

    /// The next arrival number. Saturates: 2⁶⁴ arrivals do not happen.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_refuses_anything_else() {
        let id = PatientId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "ab", &"AB".repeat(16), &"zz".repeat(16), &"ab".repeat(17), "あいうえおかきくけこ12"]
        {
            assert!(wrong.parse::<PatientId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_byte_strings_in_cbor_and_text_in_json_like_formats() {
        let id = DeviceId([7; 16]);
        let bytes = serde_cbor::to_vec(&id).unwrap();
        assert_eq!(bytes.len(), 17);
        assert_eq!(serde_cbor::from_slice::<DeviceId>(&bytes).unwrap(), id);
        assert!(serde_cbor::from_slice::<DeviceId>(&bytes[..16]).is_err());
        assert!(serde_cbor::from_slice::<StatementId>(&bytes).is_err());
    }

    #[test]
    fn a_print_is_the_same_for_all_who_know_the_same() {
        let record = |seq: u64, byte: u8| (LogSeq(seq), RecordHash([byte; 32]));
        let (common, ours, theirs) = (record(1, 1), [record(2, 2), record(3, 3)], [record(2, 12), record(3, 13)]);
        let of = |kept: &[_], aside: &[_]| Print::of_log(&[&[common], kept].concat(), aside);
        assert_eq!(of(&ours, &[]), ours[1].1.print(), "nobody contests it: the head says it all");
        assert_ne!(of(&ours, &[]), of(&theirs, &[]));
        assert_eq!(of(&ours, &theirs), of(&theirs, &ours));
        assert_eq!(of(&ours[..1], &theirs), of(&theirs, &ours[..1]), "of whatever length");
        assert_ne!(of(&ours, &theirs), of(&ours, &theirs[..1]), "a record less shows");
        assert_ne!(of(&ours, &theirs), of(&ours[..1], &theirs));
        // Only the end of the other history came: its sum is not the other's head.
        assert_ne!(of(&ours[..1], &theirs[1..]), of(&theirs, &[]));
    }

    #[test]
    fn one_key_has_different_ids_as_device_relay_and_region() {
        let key = [1; 32];
        assert_ne!(DeviceId::of_key(&key).0, RelayId::of_key(&key).0);
        assert_ne!(RelayId::of_key(&key).0, RegionId::of_key(&key).0);
    }

    #[test]
    fn a_patient_belongs_to_its_origin() {
        let origin = PatientOrigin { device: DeviceId([1; 16]), nonce: [2; 16] };
        let other = PatientOrigin { device: DeviceId([2; 16]), nonce: [2; 16] };
        assert_ne!(origin.patient(), other.patient());
        assert_eq!(origin.patient(), origin.patient());
    }
}
