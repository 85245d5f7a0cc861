//! Names of entries, of writers, and points in time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// Milliseconds since the Unix epoch, UTC, as the tablet's clock said. For reading and ordering on screen;
/// no merge ever looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// The name of one event: 16 bytes, random for what people record, derived from the content for imports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; 16]);

impl EntryId {
    /// Takes 16 bytes from the caller's random source.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id that every tablet gives to the same imported content: importing twice, or on two tablets, is one entry.
    ///
    /// `domain` separates kinds of content (for example `"jahis dispensing"`).
    pub fn derived(domain: &str, content: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tendenko entry\0");
        hash.update((domain.len() as u64).to_be_bytes());
        hash.update(domain.as_bytes());
        hash.update(content);
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EntryId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        parse_hex(text).map(Self)
    }
}

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = EntryId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry id of 16 bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<EntryId, E> {
                bytes.try_into().map(EntryId).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Who writes changes into a document: device id (16 bytes), then the incarnation (big endian).
///
/// It is Automerge's actor id. A store restored from a backup takes a new incarnation before it writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor([u8; 24]);

impl Actor {
    /// From its 24 bytes.
    pub const fn new(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }

    /// The writer that is this incarnation of this device.
    pub fn of(device: [u8; 16], incarnation: u64) -> Self {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&device);
        bytes[16..].copy_from_slice(&incarnation.to_be_bytes());
        Self(bytes)
    }

    /// The 24 bytes.
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The device's id.
    pub fn device(&self) -> [u8; 16] {
        let mut device = [0; 16];
        device.copy_from_slice(&self.0[..16]);
        device
    }

    /// The incarnation of that device's store.
    pub fn incarnation(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[16..]);
        u64::from_be_bytes(bytes)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is written as 32 hexadecimal digits")]
pub struct ParseIdError;

pub(crate) fn write_hex(out: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// Strict: exactly two digits per byte, no sign, no space. Upper case is accepted.
fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseIdError> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(ParseIdError);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16).ok_or(ParseIdError)?;
        let low = char::from(pair[1]).to_digit(16).ok_or(ParseIdError)?;
        *byte = (high * 16 + low) as u8;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text_and_nothing_else_does() {
        let id = EntryId::derived("visit", b"content");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "00", "+0000000000000000000000000000000", &"é".repeat(16), &"0".repeat(34)] {
            assert_eq!(text.parse::<EntryId>(), Err(ParseIdError), "{text}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_domain_and_content_and_never_changes() {
        assert_ne!(EntryId::derived("ab", b"c"), EntryId::derived("a", b"bc"));
        // Fixed for good: another value would import every notebook a second time.
        assert_eq!(EntryId::derived("jahis dispensing", b"x").to_string(), "f35bb36867c9354e6e6243fd1a9c740e");
    }

    #[test]
    fn an_actor_is_a_device_and_an_incarnation() {
        let actor = Actor::of([7; 16], 0x0102);
        assert_eq!((actor.device(), actor.incarnation()), ([7; 16], 0x0102));
    }
}
