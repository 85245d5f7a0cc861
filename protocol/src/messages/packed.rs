//! Messages with many statements travel as a zstd frame of their CBOR: grants repeat names and ids, and many together take two fifths of
//! their size.
//!
//! Only what a relay says. It is believed to be a relay of the region before anything is read from it; of a stranger's thousand small frames
//! each would unpack to a megabyte. Nothing secret is in a statement, and records are sealed: that a length tells how much two statements have
//! in common tells an eavesdropper nothing of what patients' records say.

use std::borrow::Cow;

use crate::cbor::CborError;
use crate::limits::{MAX_FRAME, MAX_UNPACKED};

/// First bytes of every zstd frame. No message of ours begins so: in CBOR it is a negative number.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Little effort: a relay packs for everybody, and what there is to gain are names and ids that repeat.
const LEVEL: i32 = 5;

/// Packed if that makes it smaller, and the other side would unpack it.
pub(super) fn pack(plain: Vec<u8>) -> Vec<u8> {
    match zstd::bulk::compress(&plain, LEVEL) {
        Ok(packed) if packed.len() < plain.len() && plain.len() <= bound(&packed) => packed,
        _ => plain,
    }
}

/// What was said, packed or not. Bounded: at most [`MAX_FRAME`], and [`MAX_UNPACKED`] times what came.
pub(super) fn unpack(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CborError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    zstd::bulk::decompress(bytes, bound(bytes)).map(Cow::Owned).map_err(|_| CborError::TooLong)
}

fn bound(packed: &[u8]) -> usize {
    MAX_FRAME.min(packed.len().saturating_mul(MAX_UNPACKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_itself_is_packed_and_unpacked() {
        let plain = b"a grant like any other, ".repeat(20);
        let packed = pack(plain.clone());
        assert!(packed.len() * 4 < plain.len());
        assert_eq!(unpack(&packed), Ok(Cow::Borrowed(&plain[..])));
        assert_eq!(unpack(&plain), Ok(Cow::Borrowed(&plain[..])));
    }

    #[test]
    fn what_would_grow_is_left_as_it_is() {
        assert_eq!(pack(b"x".to_vec()), b"x");
    }

    #[test]
    fn little_does_not_unpack_to_much() {
        let much = vec![0; MAX_FRAME];
        assert_eq!(pack(much.clone()), much, "nobody would unpack it");
        let bomb = zstd::bulk::compress(&much, LEVEL).unwrap();
        assert!(bomb.len() < 200);
        assert_eq!(unpack(&bomb), Err(CborError::TooLong));
        // A frame that does not say how much it holds.
        let mut silent = zstd::bulk::Compressor::new(LEVEL).unwrap();
        silent.set_parameter(zstd::stream::raw::CParameter::ContentSizeFlag(false)).unwrap();
        assert_eq!(unpack(&silent.compress(&much).unwrap()), Err(CborError::TooLong));
        assert_eq!(unpack(&MAGIC), Err(CborError::TooLong));
    }
}
