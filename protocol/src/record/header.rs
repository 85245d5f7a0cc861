//! The header of a record: everything a relay needs to file it, in clear and authenticated.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::RejectReason;
use crate::cbor;
use crate::document::{DocumentId, LogId};
use crate::domains;
use crate::ids::{DeviceId, Incarnation, KeyId, LogSeq, RecordHash};
use crate::limits::MAX_HEADER;

/// What a record's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Changes to the document.
    Changes = 0,
    /// The whole document, so that a newcomer needs no earlier record.
    Checkpoint = 1,
}

/// What the author decides about a record before it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft {
    /// Document the payload belongs to.
    pub document: DocumentId,
    /// Life of the author's store.
    pub incarnation: Incarnation,
    /// Position in the log; the first is 1.
    pub seq: LogSeq,
    /// Hash of the record before it in the log; zero for the first.
    pub prev: RecordHash,
    /// What the payload is.
    pub kind: Kind,
    /// How many changes it covers.
    pub count: u32,
}

/// A record's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Document the payload belongs to.
    pub document: DocumentId,
    /// Author.
    pub device: DeviceId,
    /// Life of the author's store.
    pub incarnation: Incarnation,
    /// Position in the log; the first is 1.
    pub seq: LogSeq,
    /// Hash of the record before it in the log; zero for the first.
    pub prev: RecordHash,
    /// Epoch key the payload is sealed with.
    pub key: KeyId,
    /// Random; makes this record's own key.
    pub salt: [u8; 16],
    /// What the payload is.
    pub kind: Kind,
    /// How many changes it covers.
    pub count: u32,
    /// The dictionary its payload is compressed with; 0 for none. Whoever opens it must know it, whoever keeps it need not.
    pub dictionary: u8,
}

/// CBOR array, in this order.
#[derive(Serialize, Deserialize)]
struct Wire(
    u8,
    DocumentId,
    DeviceId,
    Incarnation,
    LogSeq,
    RecordHash,
    KeyId,
    #[serde(with = "crate::ids::fixed_bytes")] [u8; 16],
    u8,
    u32,
    u8,
);

impl Header {
    /// What the bytes of a record say in their header; `None` if they are none. Nothing else of them is looked at.
    pub fn of(record: &[u8]) -> Option<Self> {
        let (header, _, _): (&Bytes, IgnoredAny, IgnoredAny) = serde_cbor::from_slice(record).ok()?;
        Self::decode(header).ok()
    }

    /// The log it belongs to.
    pub fn log(&self) -> LogId {
        LogId { document: self.document, device: self.device, incarnation: self.incarnation }
    }

    /// What every change of this author repeats: the context its payload is compressed in.
    pub(super) fn author(&self) -> Vec<u8> {
        let device = self.device.to_string();
        [device.as_bytes(), &self.device.0, &self.incarnation.0.to_be_bytes()].concat()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        cbor::encode(&Wire(
            domains::RECORD_VERSION,
            self.document,
            self.device,
            self.incarnation,
            self.seq,
            self.prev,
            self.key,
            self.salt,
            self.kind as u8,
            self.count,
            self.dictionary,
        ))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, RejectReason> {
        let malformed = |_| RejectReason::Malformed;
        cbor::check_shape(bytes).map_err(malformed)?;
        // An array of more than 23 or fewer than 1 items is no header of any version; the version comes first in all of them.
        match bytes {
            [0x81..=0x97, version, ..] if *version == domains::RECORD_VERSION => {}
            [0x81..=0x97, ..] => return Err(RejectReason::Version),
            _ => return Err(RejectReason::Malformed),
        }
        let Wire(_, document, device, incarnation, seq, prev, key, salt, kind, count, dictionary) =
            cbor::decode(bytes, MAX_HEADER).map_err(malformed)?;
        let kind = match kind {
            0 => Kind::Changes,
            1 => Kind::Checkpoint,
            _ => return Err(RejectReason::Malformed),
        };
        let first = seq == LogSeq(1);
        if seq == LogSeq::NONE || first != (prev == RecordHash::ZERO) {
            return Err(RejectReason::Malformed);
        }
        Ok(Self { document, device, incarnation, seq, prev, key, salt, kind, count, dictionary })
    }
}
