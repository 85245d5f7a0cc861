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
//!
//! | room | concern |
//! |---|---|
//! | here | the session's state, and which room an event goes to |
//! | `greeting` | the hello: is the tablet let in, and from where does it go on? |
//! | `receiving` | commits and acks; requests become jobs |
//! | `sending`, `jobs` | the next read, and what was read on its way out |
//! | `comparison` | vectors |
//! | `types` | events and actions |

mod comparison;
mod greeting;
mod jobs;
mod receiving;
mod sending;
mod types;

pub use types::{Outcome, RelayAction, RelayConfig, RelayEvent, Select};

use std::collections::{BTreeSet, VecDeque};

use self::jobs::Job;
use super::CloseReason;
use crate::ids::{ArrivalNo, DeviceId};
use crate::limits::RECEIVE_WINDOW;
use crate::messages::{ClientMessage, Cursor, Refusal, RelayMessage};

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

/// What the read under way is for. Jobs may come while the stream is read: its page must not be taken for an answer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Stream,
    /// The first of the jobs.
    Job,
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
    reading: Option<Reading>,
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
            reading: None,
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
}
