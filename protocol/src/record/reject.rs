//! Why a record or statement was not taken: short stable codes, the same on the wire and in logs, with no personal data.

use crate::wire_codes::wire_codes;

wire_codes! {
    /// Why a record or statement was not taken. One refused item never stops the others.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum RejectReason {
        /// Larger than allowed.
        Oversized = 1 "oversized",
        /// Not the form of a record or statement.
        Malformed = 2 "malformed",
        /// Of a version not known here.
        Version = 3 "version",
        /// The signature is not by the author it names.
        Signature = 4 "signature",
        /// The author's certificate is not known here (yet).
        UnknownAuthor = 5 "unknown-author",
        /// The author has no grant for this patient and scope (yet).
        AuthorNotGranted = 6 "author-not-granted",
        /// The author was revoked before it wrote this.
        AuthorRevoked = 7 "author-revoked",
        /// Another record holds this place in the log. Quarantined.
        Fork = 9 "fork",
        /// Records before it in the log are missing here.
        Gap = 10 "gap",
        /// The issuer of the statement is not known here (yet).
        UnknownIssuer = 11 "unknown-issuer",
        /// The issuer of the statement had no right to say this (yet).
        NotAllowed = 12 "not-allowed",
        /// No room for it now.
        Full = 13 "full",
        /// Nobody here asked for this chunk.
        Unwanted = 14 "unwanted",
        /// The chunk is not the piece of that attachment, of that patient, that the chart names it as.
        Misplaced = 15 "misplaced",
    }
}

impl RejectReason {
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

impl std::error::Error for RejectReason {}
