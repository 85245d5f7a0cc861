//! The header of a chunk: what a relay needs to file it, in clear and authenticated.

use serde::{Deserialize, Serialize};

use crate::cbor;
use crate::document::Scope;
use crate::domains;
use crate::ids::{AttachmentId, DeviceId, KeyId, PatientId};
use crate::limits::{MAX_ATTACHMENT_CHUNKS, MAX_HEADER};
use crate::record::RejectReason;

/// Which piece of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPlace {
    /// Whose chart mentions the attachment.
    pub patient: PatientId,
    /// The attachment.
    pub attachment: AttachmentId,
    /// Place in it; the first is 0.
    pub index: u32,
    /// Chunks it has, 1 to [`MAX_ATTACHMENT_CHUNKS`].
    pub total: u32,
}

impl ChunkPlace {
    /// True if there can be such a place.
    pub fn is_possible(&self) -> bool {
        self.index < self.total && self.total as usize <= MAX_ATTACHMENT_CHUNKS
    }
}

/// A chunk's header. Attachments belong to the chart: [`ChunkHeader::SCOPE`] is all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkHeader {
    /// Which piece of what.
    pub place: ChunkPlace,
    /// Author.
    pub device: DeviceId,
    /// Epoch key of the patient's chart that it is sealed with.
    pub key: KeyId,
    /// Random; makes this chunk's own key.
    pub salt: [u8; 16],
}

/// CBOR array, in this order.
#[derive(Serialize, Deserialize)]
struct Wire(
    u8,
    PatientId,
    u8,
    DeviceId,
    KeyId,
    #[serde(with = "crate::ids::fixed_bytes")] [u8; 16],
    AttachmentId,
    u32,
    u32,
);

/// The chart's number on the wire, as in a wrapped key.
const CHART: u8 = 1;

impl ChunkHeader {
    /// What a device must be granted to write or fetch it.
    pub const SCOPE: Scope = Scope::Chart;

    pub(super) fn encode(&self) -> Vec<u8> {
        let ChunkPlace { patient, attachment, index, total } = self.place;
        cbor::encode(&Wire(
            domains::CHUNK_VERSION,
            patient,
            CHART,
            self.device,
            self.key,
            self.salt,
            attachment,
            index,
            total,
        ))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, RejectReason> {
        let malformed = |_| RejectReason::Malformed;
        cbor::check_shape(bytes).map_err(malformed)?;
        // The version comes first in headers of all versions.
        match bytes {
            [0x81..=0x97, version, ..] if *version == domains::CHUNK_VERSION => {}
            [0x81..=0x97, ..] => return Err(RejectReason::Version),
            _ => return Err(RejectReason::Malformed),
        }
        let Wire(_, patient, scope, device, key, salt, attachment, index, total) =
            cbor::decode(bytes, MAX_HEADER).map_err(malformed)?;
        let place = ChunkPlace { patient, attachment, index, total };
        if scope != CHART || !place.is_possible() {
            return Err(RejectReason::Malformed);
        }
        Ok(Self { place, device, key, salt })
    }
}
