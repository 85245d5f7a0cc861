//! The courier file: sealed records on a USB stick, when there is no network at all.
//!
//! ```text
//! file  = magic 8, frame…
//! frame = length u32 big-endian (of kind and content), kind u8, content, tag 16
//! tag   = SHA-256("tendenko courier v1\0" ‖ tag before it, nothing before the first ‖ length ‖ kind ‖ content)[..16]
//! ```
//! The first frame is the [`Header`], then items in the order in which they must be taken (statements, records of cards,
//! records of charts; chunks may follow), and last the [`Totals`]. Items are the bytes a session would carry, unchanged.
//!
//! Invariants, and what breaks without them:
//! - **A tag covers everything before it.** A file that was cut, or spoiled in the middle, is read exactly up to the last
//!   frame before the damage; nothing behind it is guessed at. The tags are against accidents, not against people: anyone can
//!   compute them.
//! - **The file is never trusted.** It is not signed and need not be: every item goes through admission like a pushed one. Who made it
//!   and for whom are labels for people.
//! - **Bounded.** A reader holds one frame and what it was just fed; lengths are checked before anything is kept.
//! - **Written is not delivered.** Nothing leaves an outbox because a file was written; only a relay's ack does that.
//!
//! | room | concern |
//! |---|---|
//! | here | what a file is for, and what its two ends say |
//! | `writer`, `reader` | the format, as state machines over bytes |
//! | `stream` | the same over [`std::io`] |
//! | `report` | what an import found, in figures |

mod reader;
mod report;
mod stream;
mod writer;

pub use reader::{Part, Reader, ReaderError};
pub use report::{End, Fate, Report};
pub use stream::{Incoming, Outgoing};
pub use writer::Writer;

use serde::{Deserialize, Serialize};

use crate::document::Scope;
use crate::ids::{DeviceId, Millis, PatientId, RegionId, RelayId, sha256};
use crate::limits::MAX_COURIER_NAMES;
use crate::messages::Item;
use crate::trust::{Claim, Statement, TrustStore};

/// The first bytes of a file.
pub const MAGIC: [u8; 8] = *b"TDKcour\n";
/// What such files are called.
pub const EXTENSION: &str = "tendenko";

const TAG: usize = 16;
const HEADER: u8 = 0;
const STATEMENT: u8 = 1;
const RECORD: u8 = 2;
/// In no file: who reads a file gets every record.
const CHECKPOINT: u8 = 3;
const CHUNK: u8 = 4;
const TOTALS: u8 = 255;

/// Who made a file. A label: nothing is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// A tablet.
    Device(DeviceId),
    /// A relay.
    Relay(RelayId),
}

/// For whom a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForWhom {
    /// Everything its maker holds.
    Everyone,
    /// What these devices are granted.
    Devices(Vec<DeviceId>),
    /// These patients.
    Patients(Vec<PatientId>),
}

impl ForWhom {
    /// Whether a subject belongs into the file.
    pub fn wants(&self, trust: &TrustStore, patient: PatientId, scope: Scope) -> bool {
        match self {
            ForWhom::Everyone => true,
            ForWhom::Devices(devices) => devices.iter().any(|device| trust.granted(*device, patient, scope)),
            ForWhom::Patients(patients) => patients.contains(&patient),
        }
    }

    /// Whether a statement belongs into the file: certificates and revocations always, grants with what they open.
    pub fn wants_statement(&self, trust: &TrustStore, statement: &Statement) -> bool {
        match (&statement.claim, self) {
            (Claim::Grant(grant), ForWhom::Devices(devices)) if devices.contains(&grant.device) => true,
            (Claim::Grant(grant), _) => self.wants(trust, grant.patient, grant.scope),
            _ => true,
        }
    }

    fn is_bounded(&self) -> bool {
        match self {
            ForWhom::Everyone => true,
            ForWhom::Devices(devices) => devices.len() <= MAX_COURIER_NAMES,
            ForWhom::Patients(patients) => patients.len() <= MAX_COURIER_NAMES,
        }
    }
}

/// What a file says about itself first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format: [`crate::domains::COURIER_VERSION`].
    pub version: u8,
    /// The region whose records these are.
    pub region: RegionId,
    /// When it was made, by its maker's clock.
    pub created: Millis,
    /// Who made it.
    pub maker: Maker,
    /// For whom.
    pub for_whom: ForWhom,
    /// Holds what came to its maker since then; `None`: from the beginning. Whoever lacks what came before gets gaps.
    pub since: Option<Millis>,
}

/// What a complete file says about itself last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Statements in it.
    pub statements: u64,
    /// Records in it.
    pub records: u64,
    /// Chunks of attachments in it.
    #[serde(default)]
    pub chunks: u64,
    /// Bytes of these.
    pub bytes: u64,
}

impl Totals {
    fn count(&mut self, kind: u8, length: usize) {
        match kind {
            STATEMENT => self.statements += 1,
            RECORD => self.records += 1,
            CHUNK => self.chunks += 1,
            _ => return,
        }
        self.bytes += length as u64;
    }

    /// Items altogether.
    pub fn items(&self) -> u64 {
        self.statements + self.records + self.chunks
    }
}

fn kind_of(item: &Item) -> u8 {
    match item {
        Item::Statement(_) => STATEMENT,
        Item::Record(_) => RECORD,
        Item::Chunk(_) => CHUNK,
        Item::Checkpoint(_) => CHECKPOINT,
    }
}

fn item_of(kind: u8, bytes: Vec<u8>) -> Option<Item> {
    match kind {
        STATEMENT => Some(Item::Statement(bytes)),
        RECORD => Some(Item::Record(bytes)),
        CHUNK => Some(Item::Chunk(bytes)),
        _ => None,
    }
}

/// The running hash of everything up to a frame.
#[derive(Clone, Copy)]
struct Chain([u8; TAG]);

impl Chain {
    const START: Self = Self([0; TAG]);

    fn next(&mut self, kind: u8, content: &[u8]) -> [u8; TAG] {
        let length = (1 + content.len() as u32).to_be_bytes();
        let hash = sha256(&[crate::domains::COURIER_TAG, &self.0, &length, &[kind], content]);
        self.0.copy_from_slice(&hash[..TAG]);
        self.0
    }
}
