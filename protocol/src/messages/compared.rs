//! What holdings are compared by, and what is asked for: sums, buckets, vectors, backfills.

use serde::{Deserialize, Serialize};

use super::Lane;
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::PatientId;
use crate::limits::MAX_BUCKETS;

/// Which documents a message of vectors speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Every document after `after` up to and including `through`, whether listed or not. `None`: from the first, to the last.
    Span {
        /// Exclusive lower end.
        after: Option<DocumentId>,
        /// Inclusive upper end.
        through: Option<DocumentId>,
    },
    /// Exactly the documents listed.
    Listed,
}

/// What holdings are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// Statements, by id.
    Statements,
    /// Cards, each with its vector.
    Cards,
    /// Charts, each with its vector.
    Charts,
}

impl Set {
    /// All sets, in the order in which they are compared.
    pub const ALL: [Set; 3] = [Set::Statements, Set::Cards, Set::Charts];

    /// The lane on which it is exchanged.
    pub fn lane(self) -> Lane {
        match self {
            Set::Statements | Set::Cards => Lane::Cards,
            Set::Charts => Lane::Charts,
        }
    }
}

/// How many entries a side holds of a set, and their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Of which set.
    pub set: Set,
    /// Number of entries.
    pub count: u64,
    /// Their sum, big-endian.
    #[serde(with = "crate::ids::fixed_bytes")]
    pub sum: [u8; 16],
}

/// Some buckets of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    /// Into how many the set is divided.
    pub count: u32,
    /// Which of them, ascending.
    pub buckets: Vec<u32>,
}

impl Buckets {
    pub(super) fn is_bounded(&self) -> bool {
        self.count as usize <= MAX_BUCKETS && self.buckets.len() <= MAX_BUCKETS
    }
}

/// A scope to be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Whose.
    pub patient: PatientId,
    /// What of them.
    pub scope: Scope,
    /// How far its documents are stored already: that is not wanted again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<(DocumentId, Vector)>,
}
