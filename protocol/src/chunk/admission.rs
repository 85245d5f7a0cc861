//! May this chunk come in?

use super::{ChunkHeader, ReceivedChunk, SealedChunk};
use crate::ids::ChunkId;
use crate::record::RejectReason;
use crate::trust::TrustStore;

/// Whether a chunk is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkVerdict {
    /// Verified: store it, if there is room.
    Accept(Box<SealedChunk>),
    /// Stored already, byte for byte: ack it.
    Known(ChunkId),
    /// Not taken. Count it, log its code.
    Reject(RejectReason),
}

/// May this chunk come in? Checked in this order: size, structure, already stored, author's certificate, author's grant, signature.
///
/// Who brings it does not matter, and neither does a revocation of its author: see the module's page.
pub fn admit_chunk<E>(
    bytes: Vec<u8>,
    trust: &TrustStore,
    known: impl FnOnce(&ChunkId) -> Result<bool, E>,
) -> Result<ChunkVerdict, E> {
    let parsed = match ReceivedChunk::new(bytes).and_then(ReceivedChunk::parse) {
        Ok(parsed) => parsed,
        Err(reason) => return Ok(ChunkVerdict::Reject(reason)),
    };
    if known(&parsed.id())? {
        return Ok(ChunkVerdict::Known(parsed.id()));
    }
    let header = *parsed.header();
    let Some(author) = trust.device(header.device) else {
        return Ok(ChunkVerdict::Reject(RejectReason::UnknownAuthor));
    };
    if !trust.ever_granted(header.device, header.place.patient, ChunkHeader::SCOPE) {
        return Ok(ChunkVerdict::Reject(RejectReason::AuthorNotGranted));
    }
    Ok(match parsed.verify(&author.signing) {
        Ok(chunk) => ChunkVerdict::Accept(Box::new(chunk)),
        Err(reason) => ChunkVerdict::Reject(reason),
    })
}
