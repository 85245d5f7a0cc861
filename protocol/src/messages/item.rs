//! What passes between tablets and relays, as bytes.

use serde::{Deserialize, Serialize};

use crate::document::Scope;
use crate::ids::{DeviceId, PatientId};
use crate::record::Header;
use crate::trust::{Claim, UnverifiedStatement};

/// A record or a statement, as bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A sealed record.
    #[serde(with = "serde_bytes")]
    Record(Vec<u8>),
    /// A signed statement.
    #[serde(with = "serde_bytes")]
    Statement(Vec<u8>),
    /// A sealed chunk of an attachment.
    #[serde(with = "serde_bytes")]
    Chunk(Vec<u8>),
    /// A sealed part of a checkpoint. It never arrives: it is pushed, and comes at the head of a backfill.
    #[serde(with = "serde_bytes")]
    Checkpoint(Vec<u8>),
}

impl Item {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Item::Record(bytes) | Item::Statement(bytes) | Item::Chunk(bytes) | Item::Checkpoint(bytes) => bytes,
        }
    }

    /// Of a record, its header. Nothing is verified.
    pub fn header(&self) -> Option<Header> {
        if let Item::Record(bytes) = self { Header::of(bytes) } else { None }
    }

    /// Of a grant, the scope and the device that it names. Nothing is verified.
    pub fn grant(&self) -> Option<(PatientId, Scope, DeviceId)> {
        let Item::Statement(bytes) = self else { return None };
        match UnverifiedStatement::parse(bytes).ok()?.claim() {
            Claim::Grant(grant) => Some((grant.patient, grant.scope, grant.device)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Item::Record(bytes) => write!(f, "Record({} bytes)", bytes.len()),
            Item::Statement(bytes) => write!(f, "Statement({} bytes)", bytes.len()),
            Item::Chunk(bytes) => write!(f, "Chunk({} bytes)", bytes.len()),
            Item::Checkpoint(bytes) => write!(f, "Checkpoint({} bytes)", bytes.len()),
        }
    }
}
