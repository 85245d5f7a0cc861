//! The relay's side of a sync.
//!
//! ```text
//! Hello ─hello→ Checking ─Admitted→ (Minting →) Open ─bye, broken protocol→ Closed
//!   ↑              │ unknown, no chain                  ↑
//!   └─ ChainWanted ┘        Refused ────────────────────┘
//! ```
//! While open, each lane does one read at a time, and the next only when its stream has taken what came of the one before: first jobs
//! (vectors to compare, scopes to fill in), then the stream in order of arrival. Charts are read as far as the cards lane has come, never
//! further. What the tablet pushes is committed and acked beside that. Messages that come before the device was
//! admitted are held: the tablet does not wait for the welcome.
//!
//! | room | concern |
//! |---|---|
//! | here | the session's state, and which room an event goes to |
//! | `greeting` | the hello: is the tablet let in, and from where does it go on? |
//! | `receiving` | commits and acks; requests become jobs |
//! | `sending`, `jobs` | the next read, and what was read on its way out |
//! | `cards` | cards that go ahead of the stream |
//! | `checkpoints` | what charts begin with |
//! | `known` | the records that need not be sent |
//! | `filling` | scopes that were granted later |
//! | `live` | what others push, forwarded before it is committed |
//! | `chunks` | attachments: wanted, offered |
//! | `comparison` | vectors |
//! | `twins` | logs of which two histories exist |
//! | `types` | events and actions |

mod cards;
mod checkpoints;
mod chunks;
mod comparison;
mod filling;
mod greeting;
mod jobs;
mod known;
mod live;
mod receiving;
mod sending;
mod twins;
mod types;

pub use cards::Card;
pub use types::{Outcome, RelayAction, RelayConfig, RelayEvent, Select};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::filling::Told;
use self::jobs::Job;
use self::known::KnownLogs;
use super::CloseReason;
use crate::ids::{ArrivalNo, DeviceId, PatientId, StatementId};
use crate::limits::{MAX_UNWRITTEN, RECEIVE_WINDOW};
use crate::messages::{ClientMessage, Cursor, Item, Lane, PerLane, Refusal, RelayMessage};

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
    lane: Lane,
    items: u64,
    bytes: usize,
}

/// What the read under way is for. Jobs may come while the stream is read: its page must not be taken for an answer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Stream,
    /// The first of the jobs.
    Job,
}

/// What goes on on one lane.
#[derive(Debug, Default)]
struct LaneState {
    /// The stream has come so far.
    sent_through: ArrivalNo,
    /// The highest arrival the tablet was told on this lane.
    said: ArrivalNo,
    /// The tablet's cursor should move to `sent_through`.
    announce: bool,
    jobs: VecDeque<Job>,
    reading: Option<Reading>,
    /// Messages that the stream has not taken yet.
    unwritten: u32,
    /// Arrivals of this lane that were sent before their turn, and that the stream has not passed yet.
    ahead: BTreeSet<ArrivalNo>,
    /// Hashes of items that were forwarded live, and that the stream has not passed yet.
    live: BTreeSet<[u8; 32]>,
    /// Something of this lane was not forwarded: what follows it is not either, until the stream has come.
    missed: bool,

    /// Items that have come, and that were answered.
    received: u64,
    answered: u64,
    /// Pushes that wait for the cards lane to have received so many items, with their bytes.
    waiting: VecDeque<(u64, Vec<Item>)>,
    /// Bytes received and not yet durable.
    bytes: usize,
}

/// One sync with one tablet over one connection.
#[derive(Debug)]
pub struct Session {
    config: RelayConfig,
    phase: Phase,
    actions: Vec<RelayAction>,
    device: Option<DeviceId>,
    held: VecDeque<(Lane, ClientMessage)>,
    held_bytes: usize,

    lanes: PerLane<LaneState>,
    newest: ArrivalNo,
    known: KnownLogs,
    told: Told,
    /// Arrivals that this tablet pushed itself, on any lane, and that not all lanes have passed yet.
    own: BTreeSet<ArrivalNo>,
    /// Patients that the tablet wants first, with their places.
    first: BTreeMap<PatientId, usize>,
    /// Certificates that were sent ahead of their turn.
    certified: BTreeSet<StatementId>,

    batches: u64,
    committing: VecDeque<Committing>,
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
            lanes: PerLane::new(|_| LaneState { announce: true, ..LaneState::default() }),
            newest: ArrivalNo::NONE,
            known: KnownLogs::default(),
            told: Told::default(),
            own: BTreeSet::new(),
            first: BTreeMap::new(),
            certified: BTreeSet::new(),
            batches: 0,
            committing: VecDeque::new(),
        }
    }

    /// Takes an event; returns what to do, in order. After the end, events do nothing.
    pub fn handle(&mut self, event: RelayEvent) -> Vec<RelayAction> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        let result = match event {
            RelayEvent::Received { lane, message } => self.received(lane, message),
            RelayEvent::Written { lane } => {
                let unwritten = &mut self.lanes[lane].unwritten;
                *unwritten = unwritten.saturating_sub(1);
                Ok(())
            }
            RelayEvent::Admitted { standing, now } => self.admitted(standing, now),
            RelayEvent::Refused { reason } => self.not_admitted(reason),
            RelayEvent::Minted { standing, now } => self.minted(&standing, now),
            RelayEvent::Page { lane, items, through, end } => self.page(lane, items, through, end),
            RelayEvent::Cards { cards, end } => self.cards_read(cards, end),
            RelayEvent::Checkpoints { parts, end } => self.checkpoints_read(parts, end),
            RelayEvent::Committed { batch, outcomes, newest } => self.committed(batch, &outcomes, newest),
            RelayEvent::Verified { items } => {
                self.verified(items);
                Ok(())
            }
            RelayEvent::Arrived { newest } => {
                self.newest = self.newest.max(newest);
                Ok(())
            }
            RelayEvent::Vectors { lane, documents, more } => self.vectors_read(lane, documents, more),
            RelayEvent::Prints { lane, prints } => self.prints_read(lane, prints),
            RelayEvent::Missing { lane, records, more } => self.missing_read(lane, records, more),
            RelayEvent::Chunks { chunks } => self.chunks_read(chunks),
            RelayEvent::Lacking { attachments } => self.lacking_read(attachments),
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

    /// False while so much of this lane is received and not committed, or said and not taken by its stream, that the host should not
    /// read from it.
    pub fn ready_to_receive(&self, lane: Lane) -> bool {
        let state = &self.lanes[lane];
        self.held_bytes + state.bytes < RECEIVE_WINDOW && state.unwritten < MAX_UNWRITTEN
    }

    /// The session has ended.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    fn send(&mut self, lane: Lane, message: RelayMessage) {
        self.lanes[lane].unwritten += 1;
        self.actions.push(RelayAction::Send { lane, message });
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
            self.send(Lane::Cards, RelayMessage::Refused { reason, versions: self.config.versions.clone() });
        }
        self.actions.push(RelayAction::Close { reason });
    }
}
