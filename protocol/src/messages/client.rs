//! What a tablet says.

use serde::{Deserialize, Serialize};

use super::{Backfill, Buckets, Coverage, Cursor, Item, Set, Summary};
use crate::cbor::{self, CborError};
use crate::chunk::Holding;
use crate::document::{DocumentId, LogId, Vector};
use crate::ids::{ChunkId, DeviceId, Millis, PatientId, Print, RegionId};
use crate::limits::{
    MAX_BACKFILL, MAX_CHAIN, MAX_DOCUMENTS, MAX_FIRST, MAX_FRAME, MAX_ITEMS, MAX_OFFER, MAX_PRINTS, MAX_STATEMENT,
    MAX_VERSIONS, MAX_WANTED,
};

/// From a tablet to a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// First message. Its form is the same in all protocol versions.
    Hello {
        /// Versions the tablet speaks, best first.
        versions: Vec<u16>,
        /// Region it belongs to.
        region: RegionId,
        /// Who it is; must be the device of the key it authenticated with.
        device: DeviceId,
        /// Its certificate and what verifies it; empty if this relay knows it already.
        #[serde(with = "crate::cbor::byte_strings")]
        chain: Vec<Vec<u8>>,
        /// How far it has heard a relay, if any: if it fits, the relay sends everything visible after it.
        cursor: Option<Cursor>,
        /// Its clock.
        clock: Millis,
    },
    /// Asks for checkpoints of charts: the relay sends those that say more than the tablet knows, before anything else of charts, and not the
    /// records that they stand for. On the cards lane, before the pull.
    Begin {
        /// Whose; none named: of all that the tablet may see.
        patients: Vec<PatientId>,
        /// How far charts are known already: that is not sent again, by the stream neither.
        known: Vec<(DocumentId, Vector)>,
    },
    /// Asks for more than what is new, which is pulled by the hello's cursor. On the cards lane.
    Pull {
        /// Newly granted scopes of which everything is wanted that the tablet does not have, from the first arrival on, in this order.
        backfill: Vec<Backfill>,
        /// Patients whose charts are wanted ahead of the order of arrival, in this order: today's visits.
        first: Vec<PatientId>,
    },
    /// Records and statements, in the order to take them. Items are numbered through the lane, from 1.
    Push {
        /// How many items of the cards lane must be taken before these: a grant among them may be what lets these in.
        behind: u64,
        /// The items.
        items: Vec<Item>,
    },
    /// What the tablet holds, in sums. The relay answers each with its own, in this order; when statements differ, it says no more of the others.
    Sums {
        /// One for each set.
        sums: Vec<Summary>,
    },
    /// Asks for the statements of these buckets. The tablet has pushed its own before.
    Statements {
        /// Which.
        buckets: Buckets,
    },
    /// How far the tablet knows these documents: the relay answers with its own vectors, where it lacks something, and with what the tablet
    /// lacks. On the lane of the documents.
    Vectors {
        /// For which documents it speaks.
        coverage: Coverage,
        /// Of them, only those of this set …
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set: Option<Set>,
        /// … in these buckets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        buckets: Option<Buckets>,
        /// The documents it has, in order.
        documents: Vec<(DocumentId, Vector)>,
    },
    /// What the tablet knows of a log of which two histories exist. The relay answers with the records that are not among them, and then
    /// says which of them it lacks. On the lane of the document.
    Twins {
        /// Which log.
        log: LogId,
        /// The last records, by place, those in quarantine among them.
        prints: Vec<Print>,
    },
    /// Asks for chunks of attachments by name. Each is answered by a fill or by absent.
    Want {
        /// Which.
        chunks: Vec<ChunkId>,
    },
    /// What the tablet holds of attachments: the relay says which of it it lacks.
    Offer {
        /// Attachments, with the pieces held.
        attachments: Vec<Holding>,
    },
    /// Done; nothing more will come.
    Bye,
}

impl ClientMessage {
    /// The content of a frame.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads the content of a frame and checks every bound, except the size of single items: that is for `admission`, which
    /// rejects the one item and goes on. The frame itself bounds them all.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let message: Self = cbor::decode(bytes, MAX_FRAME)?;
        let bounded = match &message {
            ClientMessage::Hello { versions, chain, .. } => {
                versions.len() <= MAX_VERSIONS
                    && chain.len() <= MAX_CHAIN
                    && chain.iter().all(|bytes| bytes.len() <= MAX_STATEMENT)
            }
            ClientMessage::Begin { patients, known } => patients.len() <= MAX_BACKFILL && known.len() <= MAX_DOCUMENTS,
            ClientMessage::Pull { backfill, first } => {
                let documents: usize = backfill.iter().map(|scope| scope.has.len()).sum();
                backfill.len() <= MAX_BACKFILL && documents <= MAX_DOCUMENTS && first.len() <= MAX_FIRST
            }
            ClientMessage::Push { items, .. } => items.len() <= MAX_ITEMS,
            ClientMessage::Twins { prints, .. } => prints.len() <= MAX_PRINTS,
            ClientMessage::Want { chunks } => chunks.len() <= MAX_WANTED,
            ClientMessage::Offer { attachments } => attachments.len() <= MAX_OFFER,
            ClientMessage::Sums { sums } => sums.len() <= Set::ALL.len(),
            ClientMessage::Statements { buckets } => buckets.is_bounded(),
            ClientMessage::Vectors { documents, buckets, .. } => {
                documents.len() <= MAX_DOCUMENTS && buckets.as_ref().is_none_or(Buckets::is_bounded)
            }
            ClientMessage::Bye => true,
        };
        if bounded { Ok(message) } else { Err(CborError::TooMany) }
    }
}
