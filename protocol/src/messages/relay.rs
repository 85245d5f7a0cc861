//! What a relay says.

use serde::{Deserialize, Serialize};

use super::{Item, Refusal, Set, packed};
use crate::cbor::{self, CborError};
use crate::chunk::Holding;
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, ChunkId, Millis, PatientId, Print, RelayId, RelayIncarnation};
use crate::limits::{
    MAX_BUCKETS, MAX_DOCUMENTS, MAX_FRAME, MAX_ITEMS, MAX_OFFER, MAX_PRINTS, MAX_VERSIONS, MAX_WANTED,
};
use crate::record::RejectReason;

/// From a relay to a tablet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayMessage {
    /// Come in.
    Welcome {
        /// Version both speak from here on.
        version: u16,
        /// Who the relay is.
        relay: RelayId,
        /// Its present life.
        incarnation: RelayIncarnation,
        /// Its newest arrival.
        newest: ArrivalNo,
        /// Its clock.
        clock: Millis,
        /// The cursor means nothing here: compare vectors first.
        reconcile: bool,
    },
    /// The relay does not know the device: say hello again, with the chain.
    ChainWanted,
    /// Not today, and why. Its form is the same in all protocol versions.
    Refused {
        /// Why.
        reason: Refusal,
        /// Versions the relay speaks.
        versions: Vec<u16>,
    },
    /// What arrived, in order of arrival, as far as the tablet may see it and it belongs on this lane.
    Items {
        /// How far the cards lane must be stored before these: certificates and grants that they need are there.
        behind: ArrivalNo,
        /// Number and content.
        items: Vec<(ArrivalNo, Item)>,
    },
    /// Answer to a pull or to vectors: content outside the order of arrival.
    Fill {
        /// How far the cards lane must be stored before these.
        behind: ArrivalNo,
        /// The items.
        items: Vec<Item>,
    },
    /// What somebody else just pushed and the relay has verified, before it is committed. No cursor covers it. What a tablet was sent so is
    /// not sent again when it arrives.
    Live {
        /// The items.
        items: Vec<Item>,
    },
    /// Everything visible on this lane up to here was sent.
    CaughtUp {
        /// Up to where.
        through: ArrivalNo,
    },
    /// Everything of this scope was sent, or is with the tablet: a backfill is complete.
    Backfilled {
        /// Patient.
        patient: PatientId,
        /// Scope.
        scope: Scope,
    },
    /// No grant of this scope to the tablet has arrived up to here: it is not filled in, and may be asked for again when more has arrived.
    Withheld {
        /// Patient.
        patient: PatientId,
        /// Scope.
        scope: Scope,
        /// Up to where.
        newest: ArrivalNo,
    },
    /// All items of this lane up to and including number `through` are answered: durably stored, or listed as rejected.
    Ack {
        /// Number of the last answered item of this lane.
        through: u64,
        /// The relay's newest arrival when it said so.
        arrival: ArrivalNo,
        /// Items that were not taken.
        rejected: Vec<(u64, RejectReason)>,
    },
    /// The relay's sums of one set, bucket by bucket; none if the set is the same on both sides.
    Sums {
        /// Which set.
        set: Set,
        /// The first 8 bytes of the sum of each bucket.
        sums: Vec<u64>,
    },
    /// The statements of the buckets asked for were sent before this.
    StatementsSent,
    /// How far the relay knows documents of the tablet's vectors message of which it lacks something.
    Vectors {
        /// The documents.
        documents: Vec<(DocumentId, Vector)>,
        /// The answer to one vectors message is complete: all that the tablet lacked was sent before this.
        done: bool,
    },
    /// Answer to twins: what the tablet lacked was sent before this.
    Twins {
        /// Of the prints, those of records that are not here.
        prints: Vec<Print>,
    },
    /// These chunks are not here.
    Absent {
        /// Which of those wanted.
        chunks: Vec<ChunkId>,
    },
    /// Answer to an offer.
    Lacking {
        /// Of what was offered, the pieces that the relay lacks.
        attachments: Vec<Holding>,
    },
}

impl RelayMessage {
    /// The content of a frame.
    pub fn encode(&self) -> Vec<u8> {
        let plain = cbor::encode(self);
        if self.repeats_itself() { packed::pack(plain) } else { plain }
    }

    /// There is more than one statement in it.
    fn repeats_itself(&self) -> bool {
        let is_statement = |item: &&Item| matches!(item, Item::Statement(_));
        match self {
            RelayMessage::Items { items, .. } => {
                items.iter().map(|(_, item)| item).filter(is_statement).nth(1).is_some()
            }
            RelayMessage::Fill { items, .. } => items.iter().filter(is_statement).nth(1).is_some(),
            _ => false,
        }
    }

    /// Reads the content of a frame and checks every bound, except the size of single items: that is for `admission`, which
    /// rejects the one item and goes on. The frame itself bounds them all.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let message: Self = cbor::decode(&packed::unpack(bytes)?, MAX_FRAME)?;
        let bounded = match &message {
            RelayMessage::Refused { versions, .. } => versions.len() <= MAX_VERSIONS,
            RelayMessage::Items { items, .. } => items.len() <= MAX_ITEMS,
            RelayMessage::Fill { items, .. } | RelayMessage::Live { items } => items.len() <= MAX_ITEMS,
            RelayMessage::Ack { rejected, .. } => rejected.len() <= MAX_ITEMS,
            RelayMessage::Sums { sums, .. } => sums.len() <= MAX_BUCKETS,
            RelayMessage::Vectors { documents, .. } => documents.len() <= MAX_DOCUMENTS,
            RelayMessage::Twins { prints } => prints.len() <= MAX_PRINTS,
            RelayMessage::Absent { chunks } => chunks.len() <= MAX_WANTED,
            RelayMessage::Lacking { attachments } => attachments.len() <= MAX_OFFER,
            RelayMessage::Welcome { .. }
            | RelayMessage::ChainWanted
            | RelayMessage::StatementsSent
            | RelayMessage::CaughtUp { .. }
            | RelayMessage::Backfilled { .. }
            | RelayMessage::Withheld { .. } => true,
        };
        if bounded { Ok(message) } else { Err(CborError::TooMany) }
    }
}
