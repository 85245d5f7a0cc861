//! What is kept by the thousand, small: changes not yet in a snapshot, and the entries of the timeline.
//!
//! A first byte says how: 0 as it is, else compressed with that dictionary of the protocol. It is prepared once, and what was packed
//! with is kept; to unpack an entry takes some microseconds, far less than to read its page.

use std::sync::{Mutex, OnceLock, PoisonError};

use tendenko_protocol::record::dictionary;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::StoreError;

/// What is packed now is packed with this one. Older ones stay readable: dictionaries are never removed.
const DICTIONARY: u8 = 1;
/// Fast: a save waits for it.
const LEVEL: i32 = 3;
/// Most that anything packed here unpacks to.
const MAX: usize = tendenko_crdt::MAX_CHANGES_BYTES;

/// A dictionary, prepared for both directions.
fn prepared() -> Option<&'static (EncoderDictionary<'static>, DecoderDictionary<'static>)> {
    static PREPARED: OnceLock<Option<(EncoderDictionary<'static>, DecoderDictionary<'static>)>> = OnceLock::new();
    let prepare = || {
        let bytes = dictionary(DICTIONARY)?;
        Some((EncoderDictionary::try_copy(bytes, LEVEL).ok()?, DecoderDictionary::try_copy(bytes).ok()?))
    };
    PREPARED.get_or_init(prepare).as_ref()
}

/// What was packed with, kept for the next: making one costs more than packing an entry.
struct Kept<T>(Mutex<Vec<T>>);

/// So many are kept: more threads than that seldom pack at once.
const KEPT: usize = 4;

static COMPRESSORS: Kept<Compressor<'static>> = Kept(Mutex::new(Vec::new()));
static DECOMPRESSORS: Kept<Decompressor<'static>> = Kept(Mutex::new(Vec::new()));

impl<T> Kept<T> {
    fn with<R>(&self, make: impl FnOnce() -> Option<T>, work: impl FnOnce(&mut T) -> Option<R>) -> Option<R> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept().pop();
        let mut one = known.or_else(make)?;
        let done = work(&mut one);
        let mut kept = kept();
        if kept.len() < KEPT {
            kept.push(one);
        }
        done
    }
}

/// As it is kept. Never fails: what cannot be compressed is kept as it is.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    let make = || Compressor::with_prepared_dictionary(&prepared()?.0).ok();
    match COMPRESSORS.with(make, |compressor| compressor.compress(bytes).ok()) {
        Some(packed) if packed.len() < bytes.len() => [&[DICTIONARY], packed.as_slice()].concat(),
        _ => [&[0], bytes].concat(),
    }
}

/// The inverse of [`pack`].
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    match packed {
        [0, bytes @ ..] => Ok(bytes.to_vec()),
        [DICTIONARY, frame @ ..] => {
            let size = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten().ok_or(StoreError::Damaged)?;
            let size = usize::try_from(size).ok().filter(|size| *size <= MAX).ok_or(StoreError::Damaged)?;
            let make = || Decompressor::with_prepared_dictionary(&prepared()?.1).ok();
            DECOMPRESSORS.with(make, |one| one.decompress(frame, size).ok()).ok_or(StoreError::Damaged)
        }
        _ => Err(StoreError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_nothing_else_does() {
        let text = "右膝の疼痛は軽度、変化なし。血圧は安定。".repeat(3).into_bytes();
        for bytes in [&b""[..], b"x", &text, &vec![7; 300_000]] {
            let packed = pack(bytes);
            assert!(packed.len() <= bytes.len() + 1);
            assert_eq!(unpack(&packed).unwrap(), bytes);
        }
        let packed = pack(&text);
        assert!(packed.len() < text.len() / 2, "{} of {}", packed.len(), text.len());
        for at in 0..packed.len() {
            assert!(unpack(&packed[..at]).is_err());
            let mut damaged = packed.clone();
            damaged[at] ^= 0x40;
            // Pages are authenticated; what is asked here is that nothing panics or takes all memory.
            let _ = unpack(&damaged);
        }
        assert!(unpack(&[9, 1, 2]).is_err());
    }
}
