//! Changes as bytes: concatenated Automerge chunks, checked before anything is applied.
//!
//! Automerge's own incremental loading keeps the good chunks of a partly damaged input and drops the rest in silence.
//! Here an input is read whole or not at all.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{ActorId, AutoCommit, Automerge, Bundle, Change, ChangeHash};
use sha2::{Digest, Sha256};

use crate::columns;
use crate::document::DocumentError;
use crate::ids::Actor;

/// Most bytes of changes read at once (16 MiB); a snapshot has no limit of its own, it comes from the store.
pub const MAX_CHANGES_BYTES: usize = 16 * 1024 * 1024;

pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
// 2 is a change inside DEFLATE: no tablet writes it (records are compressed as a whole), and it inflates without bound.
const BUNDLE: u8 = 3;

/// One chunk of an input, its frame and checksum verified.
struct Chunk<'a> {
    kind: u8,
    bytes: &'a [u8],
}

/// Who wrote the changes in `changes`, for a host that must check that a record holds only its sealer's own changes.
pub fn actors_of(changes: &[u8]) -> Result<BTreeSet<Actor>, DocumentError> {
    decode(changes)?.iter().map(actor_of).collect()
}

/// The writer of a change; its actor id must be an [`Actor`].
pub(crate) fn actor_of(change: &Change) -> Result<Actor, DocumentError> {
    writer(change.actor_id())
}

/// An actor id that is an [`Actor`].
pub(crate) fn writer(id: &ActorId) -> Result<Actor, DocumentError> {
    let bytes = id.to_bytes();
    bytes.try_into().map(Actor::new).map_err(|_| DocumentError::Damaged("a change whose writer is no tablet"))
}

/// Reads every change of `bytes`: change, bundle and document chunks.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Change>, DocumentError> {
    if bytes.len() > MAX_CHANGES_BYTES {
        return Err(DocumentError::TooManyBytes { bytes: bytes.len(), limit: MAX_CHANGES_BYTES });
    }
    let mut changes = Vec::new();
    for chunk in split(bytes)? {
        changes.extend(guarded(|| decode_chunk(&chunk))?);
    }
    Ok(changes)
}

/// One document chunk of a size that is read from outside.
pub(crate) fn check_whole(bytes: &[u8]) -> Result<(), DocumentError> {
    if bytes.len() > MAX_CHANGES_BYTES {
        return Err(DocumentError::TooManyBytes { bytes: bytes.len(), limit: MAX_CHANGES_BYTES });
    }
    match split(bytes)?.as_slice() {
        [Chunk { kind: DOCUMENT, .. }] => Ok(()),
        _ => Err(DocumentError::Damaged("not a whole document")),
    }
}

/// Loads a snapshot: one document chunk, then the changes that wait for others.
pub(crate) fn load(snapshot: &[u8]) -> Result<(AutoCommit, Vec<Change>), DocumentError> {
    let chunks = split(snapshot)?;
    let Some((first, rest)) = chunks.split_first() else {
        return Err(DocumentError::Damaged("nothing in it"));
    };
    if first.kind != DOCUMENT {
        return Err(DocumentError::Damaged("not a snapshot"));
    }
    let mut waiting = Vec::new();
    for chunk in rest {
        waiting.extend(guarded(|| decode_chunk(chunk))?);
    }
    let document =
        guarded(|| AutoCommit::load(first.bytes).map_err(|_| DocumentError::Damaged("unreadable snapshot")))?;
    Ok((document, waiting))
}

/// Runs code that decodes bytes from outside. Automerge panics here and there on inconsistent input that carries a valid
/// checksum (`tests/damaged_bytes.rs` finds such places at once); one damaged record must not take the tablet down.
/// Callers drop whatever the closure touched when it fails.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DocumentError::Damaged("inconsistent content")))
}

fn decode_chunk(chunk: &Chunk<'_>) -> Result<Vec<Change>, DocumentError> {
    match chunk.kind {
        DOCUMENT => {
            let document = Automerge::load(chunk.bytes).map_err(|_| DocumentError::Damaged("unreadable document"))?;
            Ok(document.get_changes(&[]))
        }
        CHANGE => {
            let change = Change::try_from(chunk.bytes).map_err(|_| DocumentError::Damaged("unreadable change"))?;
            readable(vec![change])
        }
        _ => {
            let bundle = Bundle::try_from(chunk.bytes).map_err(|_| DocumentError::Damaged("unreadable bundle"))?;
            let changes = bundle.to_changes();
            readable(changes.map_err(|_| DocumentError::Damaged("unreadable bundle"))?)
        }
    }
}

/// Reads every operation once. Automerge reads some columns only when it applies a change; one that cannot be read would
/// pass the door, wait for its dependencies, and then fail every good change that arrives with them.
fn readable(changes: Vec<Change>) -> Result<Vec<Change>, DocumentError> {
    for change in &changes {
        change.decode();
    }
    Ok(changes)
}

/// Cuts the input at the chunk frames: magic, checksum, kind, length (LEB128), content.
fn split(mut bytes: &[u8]) -> Result<Vec<Chunk<'_>>, DocumentError> {
    let mut chunks = Vec::new();
    while !bytes.is_empty() {
        let cut = DocumentError::Damaged("cut off");
        let (frame, after) = bytes.split_at_checked(9).ok_or(cut)?;
        if frame[..4] != MAGIC || ![DOCUMENT, CHANGE, BUNDLE].contains(&frame[8]) {
            return Err(DocumentError::Damaged("not Automerge"));
        }
        let (length, length_bytes) = leb128(after)?;
        let content = after[length_bytes..].get(..length).ok_or(DocumentError::Damaged("cut off"))?;
        let kind = frame[8];
        let digest =
            Sha256::new().chain_update([kind]).chain_update(&after[..length_bytes]).chain_update(content).finalize();
        if digest[..4] != frame[4..8] {
            return Err(DocumentError::Damaged("wrong checksum"));
        }
        columns::check(kind, content)?;
        let (chunk, rest) = bytes.split_at(9 + length_bytes + length);
        chunks.push(Chunk { kind, bytes: chunk });
        bytes = rest;
    }
    Ok(chunks)
}

/// An unsigned LEB128 number and the bytes it took.
pub(crate) fn leb128(bytes: &[u8]) -> Result<(usize, usize), DocumentError> {
    let mut value: usize = 0;
    // Five bytes carry 35 bits: more than any input this crate reads.
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, index + 1));
        }
    }
    Err(DocumentError::Damaged("cut off"))
}

/// Joins changes of `document` into one chunk, if that is known to read back as exactly these changes. Its columns are not deflated: a
/// record is compressed when it is sealed.
///
/// Automerge calls its bundle format experimental, so every bundle is decoded again here; if it does not give back
/// the same bytes, the changes are concatenated instead.
pub(crate) fn bundle(document: &AutoCommit, changes: &[Vec<u8>]) -> Result<Vec<u8>, DocumentError> {
    let concatenated = changes.concat();
    let decoded = decode(&concatenated)?;
    if decoded.len() < 2 {
        return Ok(concatenated);
    }
    let mut wanted: BTreeSet<ChangeHash> = decoded.iter().map(Change::hash).collect();
    let bundled = guarded(|| {
        let bundle = document.bundle(wanted.iter().copied()).map_err(|_| DocumentError::UnknownChange)?;
        inflated(bundle.bytes())
    });
    let bundled = match bundled {
        Ok(bytes) => bytes,
        Err(DocumentError::UnknownChange) => return Err(DocumentError::UnknownChange),
        Err(_) => return Ok(concatenated),
    };
    let read_back = decode(&bundled).unwrap_or_default();
    let same = read_back.len() == wanted.len() && read_back.iter().all(|change| wanted.remove(&change.hash()));
    Ok(if same { bundled } else { concatenated })
}

/// One bundle chunk, its columns inflated.
fn inflated(bundle: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let (length, length_bytes) = leb128(bundle.get(9..).unwrap_or_default())?;
    let content = bundle.get(9 + length_bytes..).filter(|content| content.len() == length);
    let content = columns::inflated(content.ok_or(DocumentError::Damaged("cut off"))?)?;
    let mut framed = vec![BUNDLE];
    columns::write_number(&mut framed, content.len() as u64);
    framed.extend(content);
    let checksum = Sha256::digest(&framed);
    Ok([&MAGIC, &checksum[..4], framed.as_slice()].concat())
}
