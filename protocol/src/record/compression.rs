//! Compression of payloads, with dictionaries that are part of this program.
//!
//! A visit is some 500 bytes, too short for a compressor to learn Japanese, CBOR field names and Automerge's columns from. A
//! *dictionary* is what it would have learned from many; the header names it, so that others may follow. To it is added what the header
//! says of the author, because every change repeats that: the device's id in hexadecimal digits, and the actor (device ‖ incarnation).
//!
//! ```text
//! dictionary 0      a zstd frame
//! dictionary n      a zstd frame without its first four bytes (they are always the same), made with
//!                   dictionary n ‖ hex(device) ‖ device ‖ incarnation u64 BE
//! ```
//! (The parts of a checkpoint have nothing behind the dictionary: they are by many authors.) A dictionary, once released, is never changed or removed: records sealed with it are kept for years.

use std::io::Read;

use zstd::stream::raw::CParameter;

use super::{OpenError, SealError};
use crate::limits::MAX_PAYLOAD;

/// The newest dictionary of this program: what records are sealed with.
pub const NEWEST_DICTIONARY: u8 = 1;

/// Made by `cargo run -p tendenko-crdt --example dictionary -- --write`.
static FIRST: &[u8] = include_bytes!("dictionaries/1.zstd-dictionary");

/// Where more effort brings less than a hundredth.
const COMPRESSION_LEVEL: i32 = 12;

/// First bytes of every zstd frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A dictionary of this program.
pub fn dictionary(number: u8) -> Option<&'static [u8]> {
    match number {
        0 => Some(&[]),
        1 => Some(FIRST),
        _ => None,
    }
}

/// `context`: what goes behind the dictionary.
pub(super) fn compress(number: u8, context: &[u8], payload: &[u8]) -> Result<Vec<u8>, SealError> {
    let failed = |_| SealError::Compression;
    if number == 0 {
        return zstd::bulk::compress(payload, COMPRESSION_LEVEL).map_err(failed);
    }
    let dictionary = [dictionary(number).ok_or(SealError::Compression)?, context].concat();
    let mut compressor = zstd::bulk::Compressor::with_dictionary(COMPRESSION_LEVEL, &dictionary).map_err(failed)?;
    compressor.set_parameter(CParameter::DictIdFlag(false)).map_err(failed)?;
    let frame = compressor.compress(payload).map_err(failed)?;
    frame.strip_prefix(&MAGIC).map(<[u8]>::to_vec).ok_or(SealError::Compression)
}

/// Bounded: at most [`MAX_PAYLOAD`] bytes, with a window of as much.
pub(super) fn decompress(number: u8, context: &[u8], compressed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let dictionary = dictionary(number).ok_or(OpenError::UnknownDictionary { number })?;
    if number == 0 {
        return bounded(compressed, &[]);
    }
    bounded(MAGIC.chain(compressed), &[dictionary, context].concat())
}

fn bounded(frame: impl Read, dictionary: &[u8]) -> Result<Vec<u8>, OpenError> {
    let failed = |_| OpenError::Payload;
    let frame = std::io::BufReader::new(frame);
    let mut decoder = zstd::stream::read::Decoder::with_dictionary(frame, dictionary).map_err(failed)?;
    // A frame may ask for a window: 1 MiB is all that a payload within its bound can use.
    decoder.window_log_max(MAX_PAYLOAD.ilog2()).map_err(failed)?;
    let mut payload = Vec::new();
    decoder.take(MAX_PAYLOAD as u64 + 1).read_to_end(&mut payload).map_err(failed)?;
    if payload.len() > MAX_PAYLOAD { Err(OpenError::Payload) } else { Ok(payload) }
}
