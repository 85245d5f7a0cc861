//! Sealed records: what leaves a tablet, and all that a relay ever sees.
//!
//! ```text
//! record     = CBOR [ header bstr, ciphertext bstr, signature bstr 64 ]        at most MAX_RECORD bytes
//! key        = HKDF-SHA256(salt = header.salt, ikm = epoch secret, info = "tendenko record v1")
//! ciphertext = AES-256-GCM(key, nonce = 0, aad = header, compressed payload)        see compression.rs
//! signature  = Ed25519("tendenko record v1\0" ‖ SHA-256(header ‖ ciphertext))
//! hash       = SHA-256(record)
//! ```
//! Every record has its own key, from 16 random bytes in its header. So the nonce can be fixed, and no restored or cloned
//! store can repeat a key and nonce, whatever else goes wrong.

mod chain;
mod checkpoint;
mod compression;
mod header;
mod reject;
mod sealed;

pub use chain::{LogVerdict, check_next};
pub use checkpoint::{CheckpointDraft, CheckpointHeader, Covered, ParsedCheckpoint, SealedCheckpoint};
pub use compression::{NEWEST_DICTIONARY, dictionary};
pub use header::{Draft, Header, Kind};
pub use reject::RejectReason;
pub use sealed::{OpenError, ParsedRecord, ReceivedBytes, SealError, SealedRecord};
