//! What a store says about checkpoints.
//!
//! It keeps one whole checkpoint of a document, the one that covers most, and what has come of others that would cover more. They have no arrival numbers and
//! nothing depends on them: a store that has lost them hands out records instead.

use tendenko_protocol::document::DocumentId;

/// A part of the one whole checkpoint of a document.
pub type PartName = (DocumentId, u16);

/// A part as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointPart {
    /// Which.
    pub name: PartName,
    /// The bytes as received.
    pub bytes: Vec<u8>,
}
