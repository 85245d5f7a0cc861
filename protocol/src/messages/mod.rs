//! What is said, on three bidirectional QUIC streams opened by the tablet ([`Lane`]); each message is one frame.
//!
//! The tablet says hello, pull and push in its first flight, without waiting. Greetings and requests go on the cards lane, items and what
//! is said about them on the lane they belong to. Every message is bounded ([`crate::limits`])
//! and is checked by its `decode` before a session sees it. Fields that are not known are ignored.

mod frame;
mod lane;
mod packed;

pub use frame::{FrameDecoder, FrameError, encode_frame};
pub use lane::{Lane, PerLane};

use serde::{Deserialize, Serialize};

use crate::cbor::{self, CborError};
use crate::chunk::Holding;
use crate::document::{DocumentId, LogId, Scope, Vector};
use crate::ids::{ArrivalNo, ChunkId, DeviceId, Millis, PatientId, Print, RegionId, RelayId, RelayIncarnation};
use crate::limits::{
    MAX_BACKFILL, MAX_BUCKETS, MAX_CHAIN, MAX_DOCUMENTS, MAX_FIRST, MAX_FRAME, MAX_ITEMS, MAX_OFFER, MAX_PRINTS,
    MAX_STATEMENT, MAX_VERSIONS, MAX_WANTED,
};
use crate::record::{Header, RejectReason};
use crate::trust::{Claim, UnverifiedStatement};

/// How far a tablet has heard a relay. The tablet keeps one, of the relay it last heard, in its store, as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which relay.
    pub relay: RelayId,
    /// Which life of that relay; arrival numbers of another mean nothing.
    pub incarnation: RelayIncarnation,
    /// Every statement and card visible to the tablet up to here is in the tablet's store.
    pub after: ArrivalNo,
    /// Every chart visible to the tablet up to here is in the tablet's store.
    pub charts: ArrivalNo,
    /// The highest arrival number the relay ever acked to this tablet. A relay whose newest is lower has lost data.
    pub acked: ArrivalNo,
}

impl Cursor {
    /// Something was acked by this relay before vectors were compared to the end: to be compared again, with any relay.
    pub fn unfinished(relay: RelayId) -> Self {
        let none = ArrivalNo::NONE;
        Self { relay, incarnation: RelayIncarnation::NONE, after: none, charts: none, acked: none }
    }

    /// How far a lane has come. Nothing comes by itself on the attachments lane.
    pub fn on(&self, lane: Lane) -> ArrivalNo {
        match lane {
            Lane::Cards => self.after,
            Lane::Charts => self.charts,
            Lane::Attachments => ArrivalNo::NONE,
        }
    }

    /// Moves a lane on; never back.
    pub fn reach(&mut self, lane: Lane, arrival: ArrivalNo) {
        let place = match lane {
            Lane::Cards => &mut self.after,
            Lane::Charts => &mut self.charts,
            Lane::Attachments => return,
        };
        *place = arrival.max(*place);
    }
}

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
        #[serde(with = "byte_strings")]
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

/// Why a relay refuses a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No version in common; both sides name theirs.
    Versions,
    /// The device belongs to another region.
    OtherRegion,
    /// The device is not the one whose key it authenticated with.
    WrongKey,
    /// The device has no certificate that this relay can verify.
    UnknownDevice,
    /// The device was revoked.
    Revoked,
    /// The relay has no room or is shutting down; try again later.
    Busy,
    /// What the tablet said was not according to protocol.
    Protocol,
    /// A code from a later version.
    Other(u8),
}

impl Refusal {
    const CODES: [(u8, Refusal, &'static str); 7] = [
        (1, Refusal::Versions, "versions"),
        (2, Refusal::OtherRegion, "other-region"),
        (3, Refusal::WrongKey, "wrong-key"),
        (4, Refusal::UnknownDevice, "unknown-device"),
        (5, Refusal::Revoked, "revoked"),
        (6, Refusal::Busy, "busy"),
        (7, Refusal::Protocol, "protocol"),
    ];

    /// The code for logs and screens.
    pub fn code(self) -> &'static str {
        Self::CODES.iter().find(|(_, refusal, _)| *refusal == self).map_or("other", |(_, _, code)| code)
    }

    /// The code on the wire.
    pub fn number(self) -> u8 {
        match self {
            Refusal::Other(number) => number,
            known => Self::CODES.iter().find(|(_, refusal, _)| *refusal == known).map_or(0, |(number, _, _)| *number),
        }
    }

    /// The refusal with this code on the wire.
    pub fn from_number(number: u8) -> Self {
        Self::CODES.iter().find(|(n, _, _)| *n == number).map_or(Refusal::Other(number), |(_, refusal, _)| *refusal)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Refusal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        u8::deserialize(d).map(Self::from_number)
    }
}

impl Buckets {
    fn is_bounded(&self) -> bool {
        self.count as usize <= MAX_BUCKETS && self.buckets.len() <= MAX_BUCKETS
    }
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

/// Serde form of a list of byte strings.
pub(crate) mod byte_strings {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_bytes::{ByteBuf, Bytes};

    pub fn serialize<S: Serializer>(list: &[Vec<u8>], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(|bytes| Bytes::new(bytes)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Ok(Vec::<ByteBuf>::deserialize(d)?.into_iter().map(ByteBuf::into_vec).collect())
    }
}
