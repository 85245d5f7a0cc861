//! Chunks: photos and documents, cut into sealed pieces that are named by their own hash.
//!
//! ```text
//! chunk      = CBOR [ header bstr, ciphertext bstr, signature bstr 64 ]        at most MAX_CHUNK bytes
//! key        = HKDF-SHA256(salt = header.salt, ikm = epoch secret of the chart, info = "tendenko chunk v1")
//! ciphertext = AES-256-GCM(key, nonce = 0, aad = header, content)              content: 1 to MAX_CHUNK_CONTENT bytes
//! signature  = Ed25519("tendenko chunk v1\0" ‖ SHA-256(header ‖ ciphertext))
//! id         = SHA-256(chunk)
//! ```
//! A chunk is in no log and has no place in any order: whoever knows its id can ask for it, again and again, from anyone, and
//! see whether it is what was asked for. The ids stand in the chart, in the event that mentions the attachment; a chunk that no
//! chart names means nothing. So a chunk is not judged by revocations: a revoked device's photos stay fetchable from whoever
//! holds them, because the *reference* was judged when its record came in, and nothing else makes a chunk count.
//!
//! Invariants, and what breaks without them:
//! - Every chunk has its own key, from 16 random bytes in its header. Otherwise a restored store could repeat a key and nonce.
//! - The header says to which attachment, at which place of how many, a chunk belongs, and is authenticated with the content.
//!   Otherwise a chunk could be passed off for another of the same chart.
//! - Nothing a person wrote stands in a header: no name, no media type. Relays see headers.
//! - The content is not compressed: photos are already.

mod admission;
mod header;
mod holding;
mod sealed;

pub use admission::{ChunkVerdict, admit_chunk};
pub use header::{ChunkHeader, ChunkPlace};
pub use holding::Holding;
pub use sealed::{ChunkOpenError, ChunkSealError, ParsedChunk, ReceivedChunk, SealedChunk};
