//! A relay as `sync-relay` keeps it, without SQLite: what arrived, in order, and the trust set in memory beside it.
//!
//! Checking and writing are two steps, as in the relay's host: signatures and grants are checked when a batch comes, the place in the log
//! is decided in the writing transaction, and other batches may be written between the two. [`Disk`] is what survives.

mod reading;

pub use reading::lane_of;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use tendenko_protocol::admission::{self, LogView, Verdict};
use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{ArrivalNo, LogSeq, RecordHash, RelayId, RelayIncarnation, StatementId};
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::limits::MAX_PAST;
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::{
    Header, LogVerdict, ParsedRecord, ReceivedBytes, RejectReason, SealedRecord, check_next,
};
use tendenko_protocol::session::Standing;
use tendenko_protocol::session::relay::Outcome;
use tendenko_protocol::trust::{Added, LateGrants, TrustStore};

use super::dice::Seeded;
use super::logs::{Kept, Logs};
use super::sabotage::Sabotage;

/// What an arrival number was given to.
#[derive(Debug, Clone)]
pub enum Arrived {
    /// A statement.
    Statement(StatementId, Arc<[u8]>),
    /// A record, by its place.
    Record(LogId, LogSeq),
    /// Nothing any more: a grant that came to hold later has a later number.
    Moved,
}

/// What survives.
#[derive(Clone)]
pub struct Disk {
    /// The present life.
    pub incarnation: RelayIncarnation,
    /// Earlier lives that still count, the latest first.
    pub past: Vec<(RelayIncarnation, ArrivalNo)>,
    /// Everything, in order of arrival.
    pub arrivals: Vec<Arrived>,
    /// Statements that are among them.
    pub statements: BTreeSet<StatementId>,
    /// Records by log.
    pub logs: Logs,
    /// Records set aside, and why.
    pub quarantine: BTreeMap<RecordHash, &'static str>,
}

/// Something that was checked and is to be written.
pub enum Checked {
    /// A statement that holds.
    Statement(StatementId, Vec<u8>),
    /// A record whose place is to be decided.
    Record(Box<SealedRecord>),
    /// Refused before.
    Refused(RejectReason, Option<RecordHash>),
    /// Grants that hold only now: they arrive once more. No item of the batch.
    Again(Vec<StatementId>),
}

/// A relay.
pub struct Relay {
    /// Its keys. They are in its folder, beside the store.
    pub keys: RelayKeys,
    /// Its randomness.
    pub rng: Seeded,
    /// What survives.
    pub disk: Disk,
    /// What it believes; made anew from the statements at every start.
    pub trust: TrustStore,
    /// Grants that do not hold yet, and those that are to arrive once more.
    late: LateGrants,
    due: Vec<StatementId>,
    /// So many batches find no room.
    pub full: u32,
    /// The last backup.
    pub backup: Option<Box<Disk>>,
    /// Running.
    pub running: bool,
    /// Its clock minus true time, in milliseconds.
    pub clock: i64,
    /// What was broken on purpose.
    pub sabotage: Option<Sabotage>,
}

impl Disk {
    fn empty(incarnation: RelayIncarnation) -> Self {
        Self {
            incarnation,
            past: Vec::new(),
            arrivals: Vec::new(),
            statements: BTreeSet::new(),
            logs: Logs::default(),
            quarantine: BTreeMap::new(),
        }
    }

    /// The newest arrival.
    pub fn newest(&self) -> ArrivalNo {
        ArrivalNo(self.arrivals.len() as u64)
    }
}

impl Relay {
    /// A new relay that knows nothing but the region's key.
    pub fn new(keys: RelayKeys, rng: Seeded, region: [u8; 32]) -> Self {
        let incarnation = RelayIncarnation::generate(&rng).unwrap_or(RelayIncarnation(1));
        let disk = Disk::empty(incarnation);
        let trust = TrustStore::new(region);
        Self {
            keys,
            rng,
            disk,
            trust,
            late: LateGrants::default(),
            due: Vec::new(),
            full: 0,
            backup: None,
            running: true,
            clock: 0,
            sabotage: None,
        }
    }

    /// Its id.
    pub fn id(&self) -> RelayId {
        self.keys.relay_id()
    }

    /// Is this rule broken on purpose?
    pub fn breaks(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    /// Where it stands, for judging a cursor.
    pub fn standing(&self) -> Standing {
        let newest = self.disk.newest();
        let past = self.disk.past.iter().map(|(life, last)| {
            (*life, if self.breaks(Sabotage::SkipLossCheck) { ArrivalNo(u64::MAX) } else { *last })
        });
        Standing { relay: self.id(), incarnation: self.disk.incarnation, newest, past: past.collect() }
    }

    /// Starts: a new life begins, those before it still count.
    pub fn start(&mut self) {
        self.running = true;
        self.disk.past.insert(0, (self.disk.incarnation, self.disk.newest()));
        self.disk.past.truncate(MAX_PAST);
        self.disk.incarnation = self.another_life();
        self.reload();
    }

    /// Something was lost: a life in which no earlier cursor counts.
    pub fn forget_past(&mut self) {
        self.disk.past.clear();
        self.disk.incarnation = self.another_life();
    }

    /// Its store was deleted: it goes on with an empty one.
    pub fn wipe(&mut self) {
        self.disk = Disk::empty(self.another_life());
        self.reload();
    }

    fn another_life(&self) -> RelayIncarnation {
        RelayIncarnation::generate(&self.rng).unwrap_or(RelayIncarnation(1))
    }

    fn reload(&mut self) {
        self.trust = TrustStore::new(*self.trust.region_key());
        self.late = LateGrants::default();
        self.due.clear();
        for arrived in &self.disk.arrivals {
            if let Arrived::Statement(_, bytes) = arrived {
                // It was believed once, and is again.
                let _ = self.trust.add(bytes);
                self.due.extend(self.late.look(&self.trust));
            }
        }
        self.arrive_again();
    }

    /// What is due and not on its way with a batch.
    fn arrive_again(&mut self) {
        let due = self.take_due();
        self.store(due.into_iter().collect());
    }

    /// Grants that hold only now, to be written with what makes them hold.
    pub fn take_due(&mut self) -> Option<Checked> {
        let due = std::mem::take(&mut self.due);
        (!due.is_empty() && !self.breaks(Sabotage::ForgetLateGrants)).then_some(Checked::Again(due))
    }

    /// The operator adds a statement, by the relay's own command.
    pub fn enrol(&mut self, bytes: &[u8]) {
        if !matches!(self.trust.add(bytes), Ok(Added::New | Added::Known)) {
            return;
        }
        self.due.extend(self.late.look(&self.trust));
        self.write_statement(StatementId::of(bytes), bytes.to_vec());
        self.arrive_again();
    }

    /// Checks one pushed item. A statement that holds is believed from here on.
    pub fn check(&mut self, item: Item) -> Checked {
        match item {
            Item::Statement(bytes) => {
                let id = StatementId::of(&bytes);
                let admitted = admission::admit_statement(&bytes, &mut self.trust);
                self.due.extend(self.late.look(&self.trust));
                match admitted {
                    Ok(Added::New | Added::Known) if self.trust.statement(&id).is_some() => {
                        Checked::Statement(id, bytes)
                    }
                    Ok(_) => Checked::Refused(RejectReason::UnknownIssuer, None),
                    Err(reason) => Checked::Refused(reason, None),
                }
            }
            Item::Record(bytes) => self.check_record(bytes),
            // Attachments are not in this world.
            Item::Chunk(_) | Item::Checkpoint(_) => Checked::Refused(RejectReason::Full, None),
        }
    }

    fn check_record(&self, bytes: Vec<u8>) -> Checked {
        let parsed = match ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse) {
            Ok(parsed) => parsed,
            Err(reason) => return Checked::Refused(reason, None),
        };
        let Ok(verdict) = admission::admit_record(bytes, &self.trust, &Fitting(&parsed));
        match verdict {
            Verdict::Accept(record) => Checked::Record(record),
            Verdict::Reject { reason, .. } => Checked::Refused(reason, Some(parsed.hash())),
            Verdict::Duplicate => Checked::Refused(RejectReason::Malformed, None),
        }
    }

    /// A batch that is forwarded before it is written: records only, each of which follows what is stored.
    pub fn to_forward(&self, checked: &[Checked]) -> Vec<Item> {
        let mut heads = BTreeMap::new();
        let mut forwarded = Vec::new();
        for item in checked {
            let Checked::Record(record) = item else { return Vec::new() };
            let log = record.log();
            let Ok(stored) = self.disk.logs.head(&log);
            let head = heads.get(&log).copied().or(stored);
            if check_next(head, record.header(), record.hash(), None, false) != LogVerdict::Next {
                return Vec::new();
            }
            heads.insert(log, (record.header().seq, record.hash()));
            forwarded.push(Item::Record(record.bytes().to_vec()));
        }
        forwarded
    }

    /// Writes what was checked, in one transaction; or there is no room, and what was believed for it is forgotten. Also says which records contradicted
    /// what is here, and what was kept.
    pub fn write(&mut self, checked: Vec<Checked>) -> (Vec<Outcome>, Vec<RecordHash>, Vec<Header>) {
        if self.full == 0 {
            return self.store(checked);
        }
        self.full -= 1;
        self.reload();
        let items = checked.iter().filter(|item| !matches!(item, Checked::Again(_))).count();
        (vec![Outcome::Rejected(RejectReason::Full); items], Vec::new(), Vec::new())
    }

    fn store(&mut self, checked: Vec<Checked>) -> (Vec<Outcome>, Vec<RecordHash>, Vec<Header>) {
        let (mut forks, mut kept) = (Vec::new(), Vec::new());
        let mut outcomes = Vec::new();
        for item in checked {
            outcomes.push(match item {
                Checked::Statement(id, bytes) => self.write_statement(id, bytes),
                Checked::Record(record) => self.write_record(&record, &mut forks, &mut kept),
                Checked::Refused(reason, hash) => self.refuse(reason, hash),
                Checked::Again(grants) => {
                    grants.iter().for_each(|id| self.write_again(id));
                    continue;
                }
            });
        }
        (outcomes, forks, kept)
    }

    fn write_statement(&mut self, id: StatementId, bytes: Vec<u8>) -> Outcome {
        // Another batch may have found no room since this was checked. What is stored is believed before it is shown.
        if matches!(self.trust.add(&bytes), Ok(Added::New)) {
            self.due.extend(self.late.look(&self.trust));
        }
        if !self.disk.statements.insert(id) {
            return Outcome::Duplicate;
        }
        self.disk.arrivals.push(Arrived::Statement(id, bytes.into()));
        Outcome::Stored(self.disk.newest())
    }

    fn write_again(&mut self, grant: &StatementId) {
        let is_it = |arrived: &&mut Arrived| matches!(arrived, Arrived::Statement(id, _) if id == grant);
        if let Some(arrived) = self.disk.arrivals.iter_mut().find(is_it) {
            let moved = std::mem::replace(arrived, Arrived::Moved);
            self.disk.arrivals.push(moved);
        }
    }

    fn write_record(&mut self, record: &SealedRecord, forks: &mut Vec<RecordHash>, kept: &mut Vec<Header>) -> Outcome {
        let (header, log, hash) = (record.header(), record.log(), record.hash());
        let Ok(head) = self.disk.logs.head(&log);
        let Ok(here) = self.disk.logs.hash_at(&log, header.seq);
        let Ok(follows_aside) = self.disk.logs.is_aside(&log, &header.prev);
        match check_next(head, header, hash, here, follows_aside) {
            LogVerdict::Next => {
                self.disk.logs.push(log, Kept { hash, bytes: record.bytes().into() });
                self.disk.arrivals.push(Arrived::Record(log, header.seq));
                kept.push(*header);
                Outcome::Stored(self.disk.newest())
            }
            LogVerdict::Duplicate => Outcome::Duplicate,
            LogVerdict::Gap { .. } => Outcome::Rejected(RejectReason::Gap),
            LogVerdict::Fork if self.breaks(Sabotage::OverwriteFork) => {
                self.disk.logs.overwrite(log, header.seq, Kept { hash, bytes: record.bytes().into() });
                Outcome::Duplicate
            }
            LogVerdict::Fork => {
                forks.push(hash);
                self.disk.quarantine.insert(hash, RejectReason::Fork.code());
                self.disk.logs.set_aside(log, header.seq, Kept { hash, bytes: record.bytes().into() });
                Outcome::Rejected(RejectReason::Fork)
            }
        }
    }

    /// What is refused here may be stored already, and is then known; bytes that may be needed are kept.
    fn refuse(&mut self, reason: RejectReason, hash: Option<RecordHash>) -> Outcome {
        if reason == RejectReason::AuthorRevoked
            && let Some(hash) = hash
        {
            if self.disk.logs.iter().any(|(_, records)| records.iter().any(|kept| kept.hash == hash)) {
                return Outcome::Duplicate;
            }
            self.disk.quarantine.insert(hash, reason.code());
        }
        Outcome::Rejected(reason)
    }
}

/// A log into which this record fits: its place is decided later, when it is written.
struct Fitting<'a>(&'a ParsedRecord);

impl LogView for Fitting<'_> {
    type Error = Infallible;

    fn head(&self, _: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Infallible> {
        let header = self.0.header();
        Ok((header.seq > LogSeq(1)).then(|| (LogSeq(header.seq.0 - 1), header.prev)))
    }

    fn hash_at(&self, _: &LogId, _: LogSeq) -> Result<Option<RecordHash>, Infallible> {
        Ok(None)
    }

    fn is_aside(&self, _: &LogId, _: &RecordHash) -> Result<bool, Infallible> {
        Ok(false)
    }
}
