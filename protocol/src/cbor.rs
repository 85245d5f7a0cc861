//! CBOR with bounds: the shape of the bytes is walked before anything is decoded or allocated.
//!
//! Accepted: definite lengths, integers, byte and text strings, arrays, maps, booleans, null. Indefinite lengths, tags and
//! floats have no use in this protocol and are refused.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::{MAX_CBOR_ITEMS, MAX_DEPTH};

/// Why bytes are not a message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Ends too early, or a length points past the end.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes are left over.
    #[error("there are bytes after the end")]
    TrailingBytes,
    /// Longer than allowed.
    #[error("longer than allowed")]
    TooLong,
    /// Nested deeper than allowed.
    #[error("nested deeper than allowed")]
    TooDeep,
    /// More items than allowed.
    #[error("more items than allowed")]
    TooMany,
    /// A kind of CBOR item that this protocol does not use.
    #[error("a kind of item that this protocol does not use")]
    Unsupported,
    /// Well-formed, but not what was expected here.
    #[error("not the expected content")]
    Content,
}

/// Walks the whole of `bytes` without allocating: exactly one item, well formed, within [`MAX_DEPTH`] and [`MAX_CBOR_ITEMS`].
pub fn check_shape(bytes: &[u8]) -> Result<(), CborError> {
    let mut walk = Walk { bytes, items: 0 };
    walk.item(0)?;
    if walk.bytes.is_empty() { Ok(()) } else { Err(CborError::TrailingBytes) }
}

/// Decodes one item of at most `limit` bytes, after [`check_shape`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, CborError> {
    if bytes.len() > limit {
        return Err(CborError::TooLong);
    }
    check_shape(bytes)?;
    serde_cbor::from_slice(bytes).map_err(|_| CborError::Content)
}

/// Encodes a value of ours.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("our own types have no maps with odd keys and no failing serializers")
}

struct Walk<'a> {
    bytes: &'a [u8],
    items: usize,
}

impl Walk<'_> {
    fn item(&mut self, depth: usize) -> Result<(), CborError> {
        if depth > MAX_DEPTH {
            return Err(CborError::TooDeep);
        }
        self.items += 1;
        if self.items > MAX_CBOR_ITEMS {
            return Err(CborError::TooMany);
        }
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        match major {
            0 | 1 => self.argument(info).map(|_| ()),
            2 | 3 => {
                let length = self.argument(info)?;
                let length = usize::try_from(length).map_err(|_| CborError::Truncated)?;
                self.take(length).map(|_| ())
            }
            4 | 5 => {
                let count = self.argument(info)?;
                let count = if major == 5 { count.checked_mul(2) } else { Some(count) };
                // Every item takes at least one byte: a count beyond what is left can be refused at once.
                let count = count.filter(|&count| count <= self.bytes.len() as u64).ok_or(CborError::Truncated)?;
                (0..count).try_for_each(|_| self.item(depth + 1))
            }
            7 if (20..=22).contains(&info) => Ok(()),
            _ => Err(CborError::Unsupported),
        }
    }

    fn argument(&mut self, info: u8) -> Result<u64, CborError> {
        let width = match info {
            0..=23 => return Ok(u64::from(info)),
            24..=27 => 1 << (info - 24),
            _ => return Err(CborError::Unsupported),
        };
        Ok(self.take(width)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    fn take(&mut self, length: usize) -> Result<&[u8], CborError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(CborError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }
}

/// Serde form of a list of byte strings.
pub(crate) mod byte_strings {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_bytes::{ByteBuf, Bytes};

    pub fn serialize<S: Serializer>(list: &[Vec<u8>], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(|bytes| Bytes::new(bytes)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Ok(Vec::<ByteBuf>::deserialize(d)?.into_iter().map(ByteBuf::into_vec).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_counts_beyond_the_input_are_refused_without_allocation() {
        for bytes in [
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
            &[0x9a, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0xff, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(check_shape(bytes), Err(CborError::Truncated));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut deep = vec![0x81; MAX_DEPTH];
        deep.push(0);
        assert_eq!(check_shape(&deep), Ok(()));
        deep.insert(0, 0x81);
        assert_eq!(check_shape(&deep), Err(CborError::TooDeep));
        assert_eq!(check_shape(&vec![0x81; 100_000]), Err(CborError::TooDeep));
    }

    #[test]
    fn indefinite_lengths_tags_floats_and_leftovers_are_refused() {
        for bytes in [&[0x9f, 0xff][..], &[0x5f, 0xff], &[0xc0, 0x00], &[0xf9, 0, 0], &[0xf7]] {
            assert_eq!(check_shape(bytes), Err(CborError::Unsupported), "{bytes:x?}");
        }
        assert_eq!(check_shape(&[0, 0]), Err(CborError::TrailingBytes));
        assert_eq!(check_shape(&[]), Err(CborError::Truncated));
    }

    #[test]
    fn the_number_of_items_is_bounded() {
        let count = MAX_CBOR_ITEMS as u32;
        let mut bytes = vec![0x9a];
        bytes.extend(count.to_be_bytes());
        bytes.resize(bytes.len() + count as usize, 0);
        assert_eq!(check_shape(&bytes), Err(CborError::TooMany));
    }
}
