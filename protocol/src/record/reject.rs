//! Why a record or statement was not taken: short stable codes, the same on the wire and in logs, with no personal data.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a record or statement was not taken. One refused item never stops the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// Larger than allowed.
    Oversized,
    /// Not the form of a record or statement.
    Malformed,
    /// Of a version not known here.
    Version,
    /// The signature is not by the author it names.
    Signature,
    /// The author's certificate is not known here (yet).
    UnknownAuthor,
    /// The author has no grant for this patient and scope (yet).
    AuthorNotGranted,
    /// The author was revoked before it wrote this.
    AuthorRevoked,
    /// Another record holds this place in the log. Quarantined.
    Fork,
    /// Records before it in the log are missing here.
    Gap,
    /// The issuer of the statement is not known here (yet).
    UnknownIssuer,
    /// The issuer of the statement had no right to say this (yet).
    NotAllowed,
    /// No room for it now.
    Full,
    /// Nobody here asked for this chunk.
    Unwanted,
    /// The chunk is not the piece of that attachment, of that patient, that the chart names it as.
    Misplaced,
    /// A code from a later version.
    Other(u8),
}

impl RejectReason {
    const CODES: [(u8, RejectReason, &'static str); 14] = [
        (1, RejectReason::Oversized, "oversized"),
        (2, RejectReason::Malformed, "malformed"),
        (3, RejectReason::Version, "version"),
        (4, RejectReason::Signature, "signature"),
        (5, RejectReason::UnknownAuthor, "unknown-author"),
        (6, RejectReason::AuthorNotGranted, "author-not-granted"),
        (7, RejectReason::AuthorRevoked, "author-revoked"),
        (9, RejectReason::Fork, "fork"),
        (10, RejectReason::Gap, "gap"),
        (11, RejectReason::UnknownIssuer, "unknown-issuer"),
        (12, RejectReason::NotAllowed, "not-allowed"),
        (13, RejectReason::Full, "full"),
        (14, RejectReason::Unwanted, "unwanted"),
        (15, RejectReason::Misplaced, "misplaced"),
    ];

    /// The code for logs and counters.
    pub fn code(self) -> &'static str {
        Self::CODES.iter().find(|(_, reason, _)| *reason == self).map_or("other", |(_, _, code)| code)
    }

    /// The code on the wire.
    pub fn number(self) -> u8 {
        match self {
            RejectReason::Other(number) => number,
            known => Self::CODES.iter().find(|(_, reason, _)| *reason == known).map_or(0, |(number, _, _)| *number),
        }
    }

    /// The reason with this code on the wire.
    pub fn from_number(number: u8) -> Self {
        Self::CODES.iter().find(|(n, _, _)| *n == number).map_or(RejectReason::Other(number), |(_, reason, _)| *reason)
    }

    /// True if the same bytes can never be taken: do not send them again. False if they may be taken later, for instance
    /// when a certificate, a grant or an earlier record has arrived: keep them in the outbox for the next session.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            RejectReason::Oversized
                | RejectReason::Malformed
                | RejectReason::Signature
                | RejectReason::AuthorRevoked
                | RejectReason::Fork
                | RejectReason::Misplaced
        )
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::Other(number) => write!(f, "other-{number}"),
            known => f.write_str(known.code()),
        }
    }
}

impl std::error::Error for RejectReason {}

impl Serialize for RejectReason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for RejectReason {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        u8::deserialize(d).map(Self::from_number)
    }
}
