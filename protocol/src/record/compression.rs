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
//! (A checkpoint has nothing behind the dictionary: it is by many authors.) A dictionary, once released, is never changed or removed: records sealed with it are kept for years.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::stream::raw::CParameter;

use super::{OpenError, SealError};
use crate::limits::{MAX_CHECKPOINT, MAX_PAYLOAD};

/// The newest dictionary of this program: what records are sealed with.
pub const NEWEST_DICTIONARY: u8 = 1;

/// Made by `cargo run -p tendenko-crdt --example dictionary -- --write`.
static FIRST: &[u8] = include_bytes!("dictionaries/1.zstd-dictionary");

/// Where more effort brings less than a hundredth.
const COMPRESSION_LEVEL: i32 = 12;

/// A checkpoint is made once, for everyone who ever joins, and behind everything else.
const CHECKPOINT_LEVEL: i32 = 19;

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

/// Dictionaries with their context that are kept prepared, each way: preparing one costs many times what compressing a visit costs. A tablet
/// seals as one author and reads its colleagues.
const PREPARED: usize = 32;

static ENCODERS: Prepared<EncoderDictionary<'static>> = Prepared::new();
static DECODERS: Prepared<DecoderDictionary<'static>> = Prepared::new();

/// The most recently used ones.
struct Prepared<T>(Mutex<VecDeque<(Vec<u8>, Arc<T>)>>);

impl<T> Prepared<T> {
    const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// `None` if there is no such dictionary, or no memory.
    fn get(&self, number: u8, context: &[u8], prepare: impl FnOnce(&[u8]) -> std::io::Result<T>) -> Option<Arc<T>> {
        let name = [&[number], context].concat();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(known, _)| *known == name).and_then(|place| kept.remove(place));
        let found = match known {
            Some((_, found)) => found,
            None => Arc::new(prepare(&[dictionary(number)?, context].concat()).ok()?),
        };
        kept.truncate(PREPARED - 1);
        kept.push_front((name, Arc::clone(&found)));
        Some(found)
    }
}

/// `context`: what goes behind the dictionary.
pub(super) fn compress(number: u8, context: &[u8], payload: &[u8]) -> Result<Vec<u8>, SealError> {
    let failed = |_| SealError::Compression;
    if number == 0 {
        return zstd::bulk::compress(payload, COMPRESSION_LEVEL).map_err(failed);
    }
    let prepared = ENCODERS.get(number, context, |bytes| EncoderDictionary::try_copy(bytes, COMPRESSION_LEVEL));
    let prepared = prepared.ok_or(SealError::Compression)?;
    frame(zstd::bulk::Compressor::with_prepared_dictionary(&prepared).map_err(failed)?, payload)
}

/// What a checkpoint says, whole, with the newest dictionary.
pub(super) fn compress_checkpoint(payload: &[u8]) -> Result<Vec<u8>, SealError> {
    let dictionary = dictionary(NEWEST_DICTIONARY).ok_or(SealError::Compression)?;
    let compressor = zstd::bulk::Compressor::with_dictionary(CHECKPOINT_LEVEL, dictionary);
    frame(compressor.map_err(|_| SealError::Compression)?, payload)
}

fn frame(mut compressor: zstd::bulk::Compressor<'_>, payload: &[u8]) -> Result<Vec<u8>, SealError> {
    let failed = |_| SealError::Compression;
    compressor.set_parameter(CParameter::DictIdFlag(false)).map_err(failed)?;
    let frame = compressor.compress(payload).map_err(failed)?;
    frame.strip_prefix(&MAGIC).map(<[u8]>::to_vec).ok_or(SealError::Compression)
}

/// Bounded: at most [`MAX_PAYLOAD`] bytes, with a window of as much.
pub(super) fn decompress(number: u8, context: &[u8], compressed: &[u8]) -> Result<Vec<u8>, OpenError> {
    decompress_within(MAX_PAYLOAD, number, context, compressed)
}

/// Bounded: at most [`MAX_CHECKPOINT`] bytes.
pub(super) fn decompress_checkpoint(number: u8, compressed: &[u8]) -> Result<Vec<u8>, OpenError> {
    decompress_within(MAX_CHECKPOINT, number, &[], compressed)
}

fn decompress_within(most: usize, number: u8, context: &[u8], compressed: &[u8]) -> Result<Vec<u8>, OpenError> {
    use zstd::stream::read::Decoder;

    let failed = |_| OpenError::Payload;
    if number == 0 {
        return bounded(most, Decoder::with_buffer(compressed).map_err(failed)?);
    }
    dictionary(number).ok_or(OpenError::UnknownDictionary { number })?;
    let prepared = DECODERS.get(number, context, DecoderDictionary::try_copy).ok_or(OpenError::Payload)?;
    let frame = std::io::BufReader::new(MAGIC.chain(compressed));
    bounded(most, Decoder::with_prepared_dictionary(frame, &prepared).map_err(failed)?)
}

fn bounded(
    most: usize,
    mut decoder: zstd::stream::read::Decoder<'_, impl std::io::BufRead>,
) -> Result<Vec<u8>, OpenError> {
    let failed = |_| OpenError::Payload;
    // A frame may ask for a window: the bound is all that a payload within it can use.
    decoder.window_log_max(most.ilog2()).map_err(failed)?;
    let mut payload = Vec::new();
    decoder.take(most as u64 + 1).read_to_end(&mut payload).map_err(failed)?;
    if payload.len() > most { Err(OpenError::Payload) } else { Ok(payload) }
}
