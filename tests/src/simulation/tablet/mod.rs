//! A tablet as the replica keeps it, without SQLite: the same durable rules over maps.
//!
//! [`Disk`] is what survives a crash; one call of one method is one durable transaction. The guard is a file beside it: it may be
//! restored together with the disk, or not. Where the replica and this model differ, the replica is right and this is a bug.
//!
//! | room | concern |
//! |---|---|
//! | here | the disk, saving, granting, starting |
//! | `receive` | batches from a relay |
//! | `checkpoints` | made, begun at, proven |
//! | `depart` | sealing, the outbox, acks |
//! | `renewal` | going on as another when a twin goes on under this name |

mod checkpoints;
mod depart;
mod receive;
mod renewal;

pub use checkpoints::Checkpoints;
pub use receive::{Stored, header_of};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{DeviceId, Incarnation, KeyId, LogSeq, Millis, PatientId, RecordHash, StatementId};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::messages::Cursor;
use tendenko_protocol::trust::{self, Claim, TrustStore};

use super::dice::Seeded;
use super::document::{Change, Document, Save, actor};
use super::logs::Logs;
use super::sabotage::Sabotage;

/// What every sealed record says, by its hash: the simulator's memory, not any tablet's. A tablet may look here only for a record
/// whose key it holds.
pub type Contents = HashMap<RecordHash, Arc<Vec<Arc<Change>>>>;

/// Something that no relay has acknowledged, in the order in which it must be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A record, by its place.
    Record(LogId, LogSeq),
    /// A statement.
    Statement(StatementId),
    /// A part of a checkpoint of this chart.
    Part(DocumentId, RecordHash),
}

/// A save that no relay has acknowledged.
#[derive(Debug, Clone)]
pub struct Unsent {
    /// Of which document.
    pub document: DocumentId,
    /// What was saved.
    pub change: Arc<Change>,
    /// The record that carries it, once sealed.
    pub record: Option<(LogId, LogSeq)>,
}

/// What survives.
#[derive(Clone)]
pub struct Disk {
    /// The life that what is sealed now belongs to.
    pub incarnation: Incarnation,
    /// The guard's number, as the database remembers it.
    pub counter: u64,
    /// The file that was the guard then.
    pub guard_file: u64,
    /// Statements, and what follows from them.
    pub trust: TrustStore,
    /// Every statement in the order in which it came.
    pub statements: Vec<(StatementId, Arc<[u8]>)>,
    /// Sealed records, own and others'.
    pub logs: Logs,
    /// What is to leave.
    pub outbox: BTreeMap<u64, Waiting>,
    /// Last place given in the outbox.
    pub positions: u64,
    /// Saves that no relay has acknowledged.
    pub unsent: BTreeMap<u64, Unsent>,
    /// Documents.
    pub documents: BTreeMap<DocumentId, Document>,
    /// Epoch keys, the newest last.
    pub keys: BTreeMap<(PatientId, Scope), Vec<EpochKey>>,
    /// Records whose key is not here yet.
    pub waiting_for_key: BTreeMap<KeyId, Vec<(DocumentId, RecordHash)>>,
    /// How far a relay was heard.
    pub cursor: Option<Cursor>,
    /// Scopes to be filled in.
    pub backfills: BTreeSet<(PatientId, Scope)>,
    /// Documents to be compared.
    pub suspects: BTreeSet<DocumentId>,
    /// Records set aside, and why.
    pub quarantine: BTreeMap<RecordHash, &'static str>,
    /// Records the relay finally refused: kept, never sent again, exportable.
    pub refused: BTreeMap<RecordHash, &'static str>,
    /// Checkpoints: what is to be made, on its way, begun at.
    pub checkpoints: Checkpoints,
}

/// The guard file: a number, and which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The number.
    pub counter: u64,
    /// What the file system calls it; a copy has another.
    pub file: u64,
}

/// A tablet.
pub struct Tablet {
    /// Its keys. A clone has the same.
    pub keys: DeviceKeys,
    /// Its randomness.
    pub rng: Seeded,
    /// What survives a crash.
    pub disk: Disk,
    /// The file beside it.
    pub guard: Guard,
    /// The last backup.
    pub backup: Option<Box<(Disk, Guard)>>,
    /// Running.
    pub running: bool,
    /// Gone for good.
    pub destroyed: bool,
    /// The relay it wants to be connected to.
    pub target: Option<usize>,
    /// Refused for good by the relays: it does not try again by itself.
    pub barred: bool,
    /// Its clock minus true time, in milliseconds.
    pub clock: i64,
    /// What was broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Records from which on a chart is worth a checkpoint.
    pub worth: u64,
    /// Saves lost on purpose by a restored backup are no loss; everything else is.
    pub sealed_again: bool,
}

impl Tablet {
    /// A tablet that was just enrolled: it knows these statements.
    pub fn new(keys: DeviceKeys, rng: Seeded, region: [u8; 32], statements: &[Vec<u8>], file: u64) -> Self {
        let incarnation = Incarnation::generate(&rng).unwrap_or_default();
        let disk = Disk {
            incarnation,
            counter: 0,
            guard_file: file,
            trust: TrustStore::new(region),
            statements: Vec::new(),
            logs: Logs::default(),
            outbox: BTreeMap::new(),
            positions: 0,
            unsent: BTreeMap::new(),
            documents: BTreeMap::new(),
            keys: BTreeMap::new(),
            waiting_for_key: BTreeMap::new(),
            cursor: None,
            backfills: BTreeSet::new(),
            suspects: BTreeSet::new(),
            quarantine: BTreeMap::new(),
            refused: BTreeMap::new(),
            checkpoints: Checkpoints::default(),
        };
        let mut tablet = Self {
            keys,
            rng,
            disk,
            guard: Guard { counter: 0, file },
            backup: None,
            running: true,
            destroyed: false,
            target: None,
            barred: false,
            clock: 0,
            sabotage: None,
            worth: 0,
            sealed_again: false,
        };
        for bytes in statements {
            tablet.learn(bytes);
        }
        tablet
    }

    /// Its device.
    pub fn device(&self) -> DeviceId {
        self.keys.device_id()
    }

    /// Is this rule broken on purpose?
    pub fn breaks(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    /// Keeps a statement. True if it was not here.
    pub fn learn(&mut self, bytes: &[u8]) -> bool {
        let id = StatementId::of(bytes);
        if self.disk.trust.add(bytes).is_err() || self.disk.statements.iter().any(|(known, _)| *known == id) {
            return false;
        }
        self.disk.statements.push((id, bytes.into()));
        true
    }

    /// Says something, signed: it leaves with the rest.
    pub fn say(&mut self, now: Millis, claim: Claim) -> Option<StatementId> {
        let statement = trust::sign(&self.keys, now, claim).ok()?;
        let bytes = statement.into_bytes();
        let id = StatementId::of(&bytes);
        self.learn(&bytes);
        self.depart(Waiting::Statement(id));
        Some(id)
    }

    fn depart(&mut self, what: Waiting) {
        self.disk.positions += 1;
        self.disk.outbox.insert(self.disk.positions, what);
    }

    /// The key to seal with.
    pub fn sealing_key(&self, patient: PatientId, scope: Scope) -> Option<&EpochKey> {
        self.disk.keys.get(&(patient, scope))?.last()
    }

    /// Keeps an epoch key. True if it was not here.
    pub fn keep_key(&mut self, patient: PatientId, scope: Scope, key: EpochKey) -> bool {
        let keys = self.disk.keys.entry((patient, scope)).or_default();
        if keys.iter().any(|known| known.id == key.id) {
            return false;
        }
        keys.push(key);
        true
    }

    /// Someone saves: durable at once, sealed when it leaves. False without a key for that document.
    pub fn save(&mut self, document: DocumentId, register: u8, save: Save) -> bool {
        if self.sealing_key(document.patient, document.scope()).is_none() {
            return false;
        }
        let actor = actor(self.device(), self.disk.incarnation);
        let change = self.disk.documents.entry(document).or_default().write(actor, register, save);
        let place = self.disk.unsent.last_key_value().map_or(1, |(last, _)| last + 1);
        self.disk.unsent.insert(place, Unsent { document, change, record: None });
        true
    }

    /// Unlocks the store. A store that was restored or copied goes on as somebody new, if the guard shows it.
    pub fn start(&mut self, contents: &Contents) {
        self.running = true;
        let continues = self.guard.counter <= self.disk.counter && self.guard.file == self.disk.guard_file;
        if !continues && !self.breaks(Sabotage::IgnoreGuard) {
            self.renew(contents);
        }
    }

    /// A new life, above every number the guard has seen; the guard first.
    fn mint(&mut self) {
        let counter = self.guard.counter.max(self.disk.counter) + 1;
        self.guard.counter = counter;
        self.disk.incarnation = Incarnation::generate(&self.rng).unwrap_or_default();
        self.disk.counter = counter;
        self.disk.guard_file = self.guard.file;
    }

    /// How many saves are here, in documents.
    pub fn saves(&self) -> BTreeSet<Save> {
        self.disk.documents.values().flat_map(Document::saves).collect()
    }
}
