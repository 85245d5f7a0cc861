//! The tablet's side of a sync.
//!
//! ```text
//! New ─Connected→ Greeting ─Welcome→ Open ─Bye, Refused, broken protocol→ Closed
//! ```
//! While open, four things go on side by side: receiving in order of arrival, filling in new grants, pushing the outbox,
//! and at most one comparison of vectors. After a welcome that says `reconcile`, the comparison covers everything; the
//! outbox rests until it is done, and the cursor is not written before both sides have what the other had.
//!
//! | room | concern |
//! |---|---|
//! | here | the session's state, which room an event goes to, what the host is asked for next |
//! | `greeting` | hello and welcome |
//! | `receiving` | items, the cursor, scopes to fill in |
//! | `pushing`, `outgoing` | the outbox on its way out; the window of what is not answered |
//! | `comparison` | vectors |
//! | `types` | events and actions |

mod comparison;
mod greeting;
mod outgoing;
mod pushing;
mod receiving;
mod types;

pub(super) use comparison::bounded;
pub(super) use outgoing::pages;
pub use types::{ClientAction, ClientConfig, ClientEvent, Departure, ItemRef, Progress, Rejection};

use std::collections::{BTreeSet, VecDeque};

use self::comparison::Comparison;
use self::outgoing::Outgoing;
use super::CloseReason;
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, Millis, PatientId};
use crate::limits::RECEIVE_WINDOW;
use crate::messages::{ClientMessage, Cursor, RelayMessage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Greeting { sent_at: Millis, chain_sent: bool },
    Open,
    Closed,
}

/// A batch on its way into the store, and what it means once it is there.
#[derive(Debug)]
struct Storing {
    batch: u64,
    bytes: usize,
    backfilled: Vec<(PatientId, Scope)>,
}

/// One sync with one relay over one stream.
#[derive(Debug)]
pub struct Session {
    config: ClientConfig,
    phase: Phase,
    actions: Vec<ClientAction>,

    /// What the cursor is once all that was received is stored. `None` before the welcome. Whatever it covers was given to the
    /// host to store before, and hosts do actions in order: so writing it is right whenever it is given out.
    reached: Option<Cursor>,
    /// The cursor last given out to be written.
    given: Option<Cursor>,
    /// The cursor must not be written yet: the relay may still lack what this tablet has.
    reconciling: bool,
    storing: VecDeque<Storing>,
    storing_bytes: usize,
    batches: u64,
    backfilling: BTreeSet<(PatientId, Scope)>,
    caught_up: bool,
    started: ArrivalNo,
    newest: ArrivalNo,

    outgoing: Outgoing,
    /// Place in the outbox after which to go on.
    outbox_after: u64,
    /// There is or may be more in the outbox.
    outbox_more: bool,
    outbox_asked: bool,

    comparison: Option<Comparison>,
    suspects: BTreeSet<DocumentId>,
    /// Documents compared in this session. Once is enough: what did not help will not help again.
    compared: BTreeSet<DocumentId>,
    /// Documents under comparison of which nothing was refused since.
    healing: BTreeSet<DocumentId>,

    shown: Progress,
}

impl Session {
    /// A session that has not said anything yet.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            phase: Phase::New,
            actions: Vec::new(),
            reached: None,
            given: config.cursor,
            reconciling: false,
            storing: VecDeque::new(),
            storing_bytes: 0,
            batches: 0,
            backfilling: BTreeSet::new(),
            caught_up: false,
            started: ArrivalNo::NONE,
            newest: ArrivalNo::NONE,
            outgoing: Outgoing::default(),
            outbox_after: 0,
            outbox_more: true,
            outbox_asked: false,
            comparison: None,
            suspects: config.suspects.iter().copied().collect(),
            compared: BTreeSet::new(),
            healing: BTreeSet::new(),
            shown: Progress::default(),
            config,
        }
    }

    /// Takes an event; returns what to do, in order. After the end, events do nothing.
    pub fn handle(&mut self, event: ClientEvent) -> Vec<ClientAction> {
        if self.phase == Phase::Closed {
            return Vec::new();
        }
        let result = match event {
            ClientEvent::Connected { now } => self.connected(now),
            ClientEvent::Received { now, message } => self.received(now, message),
            ClientEvent::Stored { batch, new_grants, gaps } => self.stored(batch, new_grants, gaps),
            ClientEvent::Saved => {
                self.outbox_more = true;
                Ok(())
            }
            ClientEvent::Departing { items, more } => self.departing(items, more),
            ClientEvent::Vectors { documents, more } => self.vectors_loaded(documents, more),
            ClientEvent::Listed { documents } => self.listed_loaded(documents),
            ClientEvent::Statements { items, more } => self.statements_loaded(items, more),
            ClientEvent::Missing { records, more } => self.missing_loaded(records, more),
            ClientEvent::Stop => {
                self.send(ClientMessage::Bye);
                Err(CloseReason::Bye)
            }
        };
        match result {
            Ok(()) => {
                self.pump();
                self.show();
            }
            Err(reason) => {
                self.phase = Phase::Closed;
                self.actions.push(ClientAction::Close { reason });
            }
        }
        std::mem::take(&mut self.actions)
    }

    /// False while so much is received and not stored that the host should not read from the stream.
    pub fn ready_to_receive(&self) -> bool {
        self.storing_bytes < RECEIVE_WINDOW
    }

    /// True when the relay has said that there is no more, everything is stored, and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Open
            && self.caught_up
            && !self.reconciling
            && self.storing.is_empty()
            && self.backfilling.is_empty()
            && self.outgoing.len() == 0
            && !self.outbox_more
            && !self.outbox_asked
            && self.comparison.is_none()
            && self.suspects.is_empty()
    }

    /// The session has ended.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let at = self.reached.map_or(ArrivalNo::NONE, |cursor| cursor.after);
        Progress {
            received: at.0.saturating_sub(self.started.0),
            to_receive: self.newest.0.saturating_sub(at.0),
            sent: self.outgoing.answered(),
            in_flight: self.outgoing.len() as u64,
            caught_up: self.caught_up && self.storing.is_empty() && !self.reconciling,
        }
    }

    fn send(&mut self, message: ClientMessage) {
        self.actions.push(ClientAction::Send(message));
    }

    fn show(&mut self) {
        let progress = self.progress();
        if self.phase == Phase::Open && progress != self.shown {
            self.shown = progress;
            self.actions.push(ClientAction::Progress(progress));
        }
    }

    fn received(&mut self, now: Millis, message: RelayMessage) -> Result<(), CloseReason> {
        if let RelayMessage::Refused { reason, versions } = message {
            return Err(CloseReason::Refused { reason, versions, ours: self.config.versions.clone() });
        }
        match (self.phase, message) {
            (Phase::Greeting { chain_sent: false, .. }, RelayMessage::ChainWanted) => {
                self.hello(now, true);
                Ok(())
            }
            (Phase::Greeting { sent_at, .. }, message) => self.greeted(now, sent_at, message),
            (Phase::Open, message) => self.open(message),
            (Phase::New | Phase::Closed, _) => Err(CloseReason::Protocol("a message before the hello")),
        }
    }

    /// Asks the host for whatever can go out now.
    fn pump(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Closed) {
            return;
        }
        if self.phase == Phase::Open {
            self.pump_comparison();
        }
        let room = self.outgoing.room();
        if self.outbox_more && !self.outbox_asked && !self.reconciling && room > 0 {
            self.outbox_more = false;
            self.outbox_asked = true;
            self.actions.push(ClientAction::Depart { after: self.outbox_after, budget: room });
        }
    }
}
