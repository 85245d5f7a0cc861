//! The relay's side of a sync.
//!
//! ```text
//! Hello ─hello→ Checking ─Admitted→ (Minting →) Open ─bye, broken protocol→ Closed
//!   ↑              │ unknown, no chain                  ↑
//!   └─ ChainWanted ┘        Refused ────────────────────┘
//! ```
//! While open, the relay does one read at a time: first jobs (vectors to compare, scopes to fill in), then the stream in order
//! of arrival. What the tablet pushes is committed and acked beside that. Messages that come before the device was
//! admitted are held: the tablet does not wait for the welcome.

mod types;

pub use types::{Outcome, RelayAction, RelayConfig, RelayEvent, Select};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::client::{bounded, pages};
use super::{CloseReason, CursorVerdict, Standing, judge};
use crate::document::{DocumentId, Scope, Vector};
use crate::ids::{ArrivalNo, DeviceId, Millis, PatientId};
use crate::limits::{MAX_BACKFILL, MAX_DOCUMENTS, PAGE, RECEIVE_WINDOW, VECTOR_PAGE};
use crate::messages::{ClientMessage, Coverage, Cursor, Item, Refusal, RelayMessage};
use crate::record::{ReceivedBytes, RejectReason};

/// Own arrivals remembered so that they are not sent back. Beyond that they are: the tablet knows duplicates.
const MAX_OWN: usize = 100_000;
/// Messages of vectors in one session that may wait for their answer; tablets have one.
const MAX_COMPARISONS: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Hello { chain_wanted: bool },
    Checking { version: u16, cursor: Option<Cursor>, chain_seen: bool },
    Minting { version: u16 },
    Open,
    Closed,
}

/// A batch on its way into the store.
#[derive(Debug)]
struct Committing {
    batch: u64,
    items: u64,
    bytes: usize,
}

/// Something to send outside the order of arrival.
#[derive(Debug)]
enum Job {
    /// All statements, before a comparison of everything. Not before the tablet's own statements are committed: a grant among
    /// them may let it see more.
    Statements { after: ArrivalNo, barrier: u64 },
    /// Everything of a scope.
    Fill { patient: PatientId, scope: Scope, after: ArrivalNo },
    /// An answer to vectors.
    Compare(Compare),
}

#[derive(Debug)]
struct Compare {
    /// What is still to be read.
    coverage: Coverage,
    theirs: BTreeMap<DocumentId, Vector>,
    /// Documents of which the tablet lacks something, with what it has.
    lacking: Vec<(DocumentId, Vector)>,
    /// There are more documents to read.
    more: bool,
    /// This was the last page of a comparison of everything.
    last: bool,
    /// Items pushed before it, which are to be committed first.
    barrier: u64,
}

/// One sync with one tablet over one stream.
#[derive(Debug)]
pub struct Session {
    config: RelayConfig,
    phase: Phase,
    actions: Vec<RelayAction>,
    device: Option<DeviceId>,
    held: VecDeque<ClientMessage>,
    held_bytes: usize,

    sent_through: ArrivalNo,
    newest: ArrivalNo,
    /// The tablet's cursor should move to `sent_through`.
    announce: bool,
    /// The stream waits for a comparison of everything.
    reconciling: bool,
    jobs: VecDeque<Job>,
    reading: bool,
    /// Arrivals that this tablet pushed itself, and that are not passed yet.
    own: BTreeSet<ArrivalNo>,

    batches: u64,
    received: u64,
    committing: VecDeque<Committing>,
    committing_bytes: usize,
}

impl Session {
    /// A session that waits for a hello.
    pub fn new(config: RelayConfig) -> Self {
        Self {
            config,
            phase: Phase::Hello { chain_wanted: false },
            actions: Vec::new(),
            device: None,
            held: VecDeque::new(),
            held_bytes: 0,
            sent_through: ArrivalNo::NONE,
            newest: ArrivalNo::NONE,
            announce: true,
            reconciling: false,
            jobs: VecDeque::new(),
            reading: false,
            own: BTreeSet::new(),
            batches: 0,
            received: 0,
            committing: VecDeque::new(),
            committing_bytes: 0,
        }
    }

    /// Takes an event; returns what to do, in order. After the end, events do nothing.
    pub fn handle(&mut self, event: RelayEvent) -> Vec<RelayAction> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        let result = match event {
            RelayEvent::Received { message } => self.received(message),
            RelayEvent::Admitted { standing, now } => self.admitted(standing, now),
            RelayEvent::Refused { reason } => self.not_admitted(reason),
            RelayEvent::Minted { standing, now } => self.minted(&standing, now),
            RelayEvent::Page { items, through, end } => self.page(items, through, end),
            RelayEvent::Committed { batch, outcomes, newest } => self.committed(batch, &outcomes, newest),
            RelayEvent::Arrived { newest } => {
                self.newest = self.newest.max(newest);
                Ok(())
            }
            RelayEvent::Vectors { documents, more } => self.vectors_read(documents, more),
            RelayEvent::Missing { records, more } => self.missing_read(records, more),
            RelayEvent::Stop { reason } => Err(self.refusal(reason)),
        };
        match result {
            Ok(()) => self.pump(),
            Err(reason) => self.close(reason),
        }
        std::mem::take(&mut self.actions)
    }

    /// The device, once it was admitted.
    pub fn device(&self) -> Option<DeviceId> {
        self.device.filter(|_| matches!(self.phase, Phase::Open | Phase::Minting { .. }))
    }

    /// False while so much is received and not committed that the host should not read from the stream.
    pub fn ready_to_receive(&self) -> bool {
        self.held_bytes + self.committing_bytes < RECEIVE_WINDOW
    }

    /// The session has ended.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    fn send(&mut self, message: RelayMessage) {
        self.actions.push(RelayAction::Send(message));
    }

    fn refusal(&self, reason: Refusal) -> CloseReason {
        CloseReason::Refused { reason, versions: Vec::new(), ours: self.config.versions.clone() }
    }

    fn close(&mut self, reason: CloseReason) {
        self.phase = Phase::Closed;
        let refusal = match &reason {
            CloseReason::Refused { reason, .. } => Some(*reason),
            CloseReason::Protocol(_) | CloseReason::Mismatch(_) => Some(Refusal::Protocol),
            CloseReason::Bye => None,
        };
        if let Some(reason) = refusal {
            self.send(RelayMessage::Refused { reason, versions: self.config.versions.clone() });
        }
        self.actions.push(RelayAction::Close { reason });
    }

    // --- greeting

    fn received(&mut self, message: ClientMessage) -> Result<(), CloseReason> {
        match (&self.phase, message) {
            (_, ClientMessage::Bye) => Err(CloseReason::Bye),
            (Phase::Hello { .. }, ClientMessage::Hello { versions, region, device, chain, cursor, .. }) => {
                let version = versions.iter().copied().find(|version| self.config.versions.contains(version));
                let Some(version) = version else {
                    let ours = self.config.versions.clone();
                    return Err(CloseReason::Refused { reason: Refusal::Versions, versions, ours });
                };
                if region != self.config.region {
                    return Err(self.refusal(Refusal::OtherRegion));
                }
                if device != DeviceId::of_key(&self.config.peer_key) {
                    return Err(self.refusal(Refusal::WrongKey));
                }
                self.device = Some(device);
                self.phase = Phase::Checking { version, cursor, chain_seen: !chain.is_empty() };
                self.actions.push(RelayAction::CheckDevice { device, chain });
                Ok(())
            }
            (Phase::Hello { chain_wanted: false }, _) => {
                Err(CloseReason::Protocol("the first message was not a hello"))
            }
            (_, ClientMessage::Hello { .. }) => Err(CloseReason::Protocol("a second hello")),
            (Phase::Open, message) => self.open(message),
            (_, message) => {
                self.held_bytes += weight(&message);
                self.held.push_back(message);
                Ok(())
            }
        }
    }

    fn not_admitted(&mut self, reason: Refusal) -> Result<(), CloseReason> {
        match self.phase {
            Phase::Checking { chain_seen: false, .. } if reason == Refusal::UnknownDevice => {
                self.phase = Phase::Hello { chain_wanted: true };
                self.send(RelayMessage::ChainWanted);
                Ok(())
            }
            _ => Err(self.refusal(reason)),
        }
    }

    fn admitted(&mut self, standing: Standing, now: Millis) -> Result<(), CloseReason> {
        let Phase::Checking { version, cursor, .. } = self.phase else {
            return Err(CloseReason::Protocol("admitted without a hello"));
        };
        match judge(&standing, cursor.as_ref()) {
            CursorVerdict::Continue(after) => {
                self.sent_through = after;
                self.welcome(version, &standing, now, false)
            }
            CursorVerdict::Reconcile => self.welcome(version, &standing, now, true),
            CursorVerdict::Lost => {
                self.phase = Phase::Minting { version };
                self.actions.push(RelayAction::MintIncarnation);
                Ok(())
            }
        }
    }

    fn minted(&mut self, standing: &Standing, now: Millis) -> Result<(), CloseReason> {
        let Phase::Minting { version } = self.phase else {
            return Err(CloseReason::Protocol("a new incarnation was not asked for"));
        };
        self.welcome(version, standing, now, true)
    }

    fn welcome(&mut self, version: u16, standing: &Standing, now: Millis, reconcile: bool) -> Result<(), CloseReason> {
        self.phase = Phase::Open;
        self.newest = self.newest.max(standing.newest);
        self.reconciling = reconcile;
        if reconcile {
            self.sent_through = standing.newest;
        }
        self.send(RelayMessage::Welcome {
            version,
            relay: standing.relay,
            incarnation: standing.incarnation,
            newest: standing.newest,
            clock: now,
            reconcile,
        });
        self.held_bytes = 0;
        for message in std::mem::take(&mut self.held) {
            self.open(message)?;
        }
        Ok(())
    }

    // --- receiving

    fn open(&mut self, message: ClientMessage) -> Result<(), CloseReason> {
        match message {
            ClientMessage::Push { items } => {
                self.batches += 1;
                self.received += items.len() as u64;
                let bytes = items.iter().map(|item| item.bytes().len()).sum();
                self.committing_bytes += bytes;
                self.committing.push_back(Committing { batch: self.batches, items: items.len() as u64, bytes });
                self.actions.push(RelayAction::Commit { batch: self.batches, items });
            }
            ClientMessage::Pull { backfill } => {
                if self.jobs.len() + backfill.len() > 4 * MAX_BACKFILL {
                    return Err(CloseReason::Protocol("too many scopes to fill in at once"));
                }
                let fill = |(patient, scope)| Job::Fill { patient, scope, after: ArrivalNo::NONE };
                self.jobs.extend(backfill.into_iter().map(fill));
            }
            ClientMessage::Vectors { coverage, documents } => {
                if self.jobs.iter().filter(|job| matches!(job, Job::Compare(_))).count() == MAX_COMPARISONS {
                    return Err(CloseReason::Protocol("too many vectors at once"));
                }
                let barrier = self.received;
                if self.reconciling && matches!(coverage, Coverage::Span { after: None, .. }) {
                    self.jobs.push_back(Job::Statements { after: ArrivalNo::NONE, barrier });
                }
                self.jobs.push_back(Job::Compare(Compare {
                    barrier,
                    coverage,
                    theirs: documents.into_iter().collect(),
                    lacking: Vec::new(),
                    more: true,
                    last: matches!(coverage, Coverage::Span { through: None, .. }),
                }));
            }
            ClientMessage::Hello { .. } | ClientMessage::Bye => {
                return Err(CloseReason::Protocol("a greeting in the middle of a session"));
            }
        }
        Ok(())
    }

    fn committed(&mut self, batch: u64, outcomes: &[Outcome], newest: ArrivalNo) -> Result<(), CloseReason> {
        let Some(committing) = self.committing.pop_front().filter(|committing| committing.batch == batch) else {
            return Err(CloseReason::Protocol("batches committed out of order"));
        };
        if outcomes.len() as u64 != committing.items {
            return Err(CloseReason::Protocol("an item was left without an outcome"));
        }
        self.committing_bytes -= committing.bytes;
        let through = self.answered();
        let first = through - committing.items + 1;
        let mut rejected: Vec<(u64, RejectReason)> = Vec::new();
        for (number, outcome) in (first..).zip(outcomes) {
            match outcome {
                Outcome::Stored(arrival) => {
                    if *arrival > self.sent_through && self.own.len() < MAX_OWN {
                        self.own.insert(*arrival);
                    }
                }
                Outcome::Duplicate => {}
                Outcome::Rejected(reason) => rejected.push((number, *reason)),
            }
        }
        self.newest = self.newest.max(newest);
        self.send(RelayMessage::Ack { through, arrival: newest, rejected });
        Ok(())
    }

    /// Number of the last item of this session that was answered.
    fn answered(&self) -> u64 {
        self.received - self.committing.iter().map(|batch| batch.items).sum::<u64>()
    }

    // --- sending

    fn page(&mut self, items: Vec<(ArrivalNo, Item)>, through: ArrivalNo, end: bool) -> Result<(), CloseReason> {
        self.read()?;
        let done = end || through >= self.newest;
        let next = match self.jobs.front_mut() {
            None => None,
            Some(Job::Statements { after, .. } | Job::Fill { after, .. }) => Some(after),
            Some(Job::Compare(_)) => return Err(CloseReason::Protocol("a page was not asked for")),
        };
        if let Some(after) = next {
            // A page that goes nowhere is the last, or a careless host would be asked for ever.
            let done = end || through <= *after;
            *after = through;
            for items in pages(items.into_iter().map(|(_, item)| item).collect(), |item| item.bytes().len()) {
                self.send(RelayMessage::Fill { items });
            }
            if done && let Some(Job::Fill { patient, scope, .. }) = self.jobs.pop_front() {
                self.send(RelayMessage::Backfilled { patient, scope });
            }
            return Ok(());
        }
        let own = &self.own;
        let sent_through = self.sent_through;
        let before = items.len();
        let items: Vec<_> =
            items.into_iter().filter(|(arrival, _)| *arrival > sent_through && !own.contains(arrival)).collect();
        self.announce |= before > 0;
        for items in pages(items, |(_, item)| item.bytes().len()) {
            self.send(RelayMessage::Items { items });
        }
        let stuck = !done && through <= self.sent_through;
        self.sent_through = self.sent_through.max(if stuck { self.newest } else { through });
        self.own = self.own.split_off(&self.sent_through.next());
        Ok(())
    }

    fn vectors_read(&mut self, documents: Vec<(DocumentId, Vector)>, more: bool) -> Result<(), CloseReason> {
        self.read()?;
        let Some(Job::Compare(compare)) = self.jobs.front_mut() else {
            return Err(CloseReason::Protocol("vectors were not asked for"));
        };
        let last = documents.last().map(|(document, _)| *document);
        compare.more = more && last.is_some();
        if let (Coverage::Span { after, .. }, Some(last)) = (&mut compare.coverage, last) {
            *after = Some(last);
        }
        for (document, ours) in &documents {
            let theirs = compare.theirs.remove(document).unwrap_or_default();
            if !theirs.covers(ours) {
                compare.lacking.push((*document, theirs));
            }
        }
        let done = compare.lacking.is_empty() && !compare.more;
        self.send(RelayMessage::Vectors { documents: bounded(documents), done });
        if done {
            self.compared();
        }
        Ok(())
    }

    fn missing_read(&mut self, records: Vec<Vec<u8>>, more: bool) -> Result<(), CloseReason> {
        self.read()?;
        let Some(Job::Compare(compare)) = self.jobs.front_mut() else {
            return Err(CloseReason::Protocol("missing records were not asked for"));
        };
        for bytes in &records {
            let header =
                ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).map(|parsed| *parsed.header());
            if let Ok(header) = header
                && let Some((_, theirs)) = compare.lacking.iter_mut().find(|(document, _)| *document == header.document)
            {
                theirs.raise(header.device, header.incarnation, header.seq);
            }
        }
        if !more || records.is_empty() {
            compare.lacking.clear();
        }
        let done = compare.lacking.is_empty() && !compare.more;
        for records in pages(records, Vec::len) {
            self.send(RelayMessage::Fill { items: records.into_iter().map(Item::Record).collect() });
        }
        if done {
            self.send(RelayMessage::Vectors { documents: Vec::new(), done: true });
            self.compared();
        }
        Ok(())
    }

    fn compared(&mut self) {
        if let Some(Job::Compare(compare)) = self.jobs.pop_front()
            && compare.last
        {
            self.reconciling = false;
        }
    }

    fn read(&mut self) -> Result<(), CloseReason> {
        if std::mem::take(&mut self.reading) { Ok(()) } else { Err(CloseReason::Protocol("nothing was asked for")) }
    }

    /// Asks for the next read, if none is under way.
    fn pump(&mut self) {
        if self.phase != Phase::Open || self.reading {
            return;
        }
        let committed = self.answered();
        let action = match self.jobs.front() {
            Some(Job::Statements { barrier, .. } | Job::Compare(Compare { barrier, .. })) if *barrier > committed => {
                return;
            }
            Some(Job::Statements { after, .. }) => read_page(*after, Select::Statements),
            Some(Job::Fill { patient, scope, after }) => read_page(*after, Select::Scope(*patient, *scope)),
            Some(Job::Compare(compare)) if compare.lacking.is_empty() => RelayAction::ReadVectors {
                coverage: compare.coverage,
                listed: match compare.coverage {
                    Coverage::Listed => compare.theirs.keys().copied().collect(),
                    Coverage::Span { .. } => Vec::new(),
                },
                max_documents: MAX_DOCUMENTS,
                max_logs: VECTOR_PAGE,
            },
            Some(Job::Compare(compare)) => {
                RelayAction::ReadMissing { documents: compare.lacking.clone(), limit_bytes: PAGE }
            }
            None if self.reconciling => return,
            None => {
                self.pass_own();
                if self.sent_through < self.newest {
                    read_page(self.sent_through, Select::All)
                } else {
                    if std::mem::take(&mut self.announce) {
                        self.send(RelayMessage::CaughtUp { through: self.sent_through });
                    }
                    return;
                }
            }
        };
        self.reading = true;
        self.actions.push(action);
    }

    /// What the tablet pushed itself need not be read again.
    fn pass_own(&mut self) {
        while self.own.remove(&self.sent_through.next()) {
            self.sent_through = self.sent_through.next();
            self.announce = true;
        }
    }
}

fn read_page(after: ArrivalNo, select: Select) -> RelayAction {
    RelayAction::ReadPage { after, select, limit_bytes: PAGE }
}

/// What a held message weighs, roughly.
fn weight(message: &ClientMessage) -> usize {
    64 + match message {
        ClientMessage::Push { items } => items.iter().map(|item| item.bytes().len() + 8).sum(),
        ClientMessage::Vectors { documents, .. } => documents.iter().map(|(_, vector)| 24 + 32 * vector.0.len()).sum(),
        ClientMessage::Pull { backfill } => 24 * backfill.len(),
        ClientMessage::Hello { .. } | ClientMessage::Bye => 0,
    }
}
