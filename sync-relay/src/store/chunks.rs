//! What a store says about chunks of attachments.

use tendenko_protocol::ids::{DeviceId, PatientId};

/// A chunk, and whose chart it belongs to: only devices granted on that chart may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChunk {
    /// Whose.
    pub patient: PatientId,
    /// The bytes as received.
    pub bytes: Vec<u8>,
}

/// How much room chunks may take. What does not fit is refused with `full`, and stays on the tablets until there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkQuota {
    /// Bytes of the chunks that one device sealed.
    pub per_device: u64,
    /// Bytes of all chunks.
    pub whole: u64,
}

impl Default for ChunkQuota {
    /// 8 GB for one tablet, which is a photo of 3 MB on each working day of ten years; 200 GB for the region.
    fn default() -> Self {
        Self { per_device: 8_000_000_000, whole: 200_000_000_000 }
    }
}

/// What one author's chunks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkShare {
    /// Who sealed them.
    pub device: DeviceId,
    /// How many.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
}
