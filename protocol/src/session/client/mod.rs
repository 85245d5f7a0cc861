//! The tablet's side of a sync.
//!
//! ```text
//! New ─Connected→ Greeting ─Welcome→ Open ─Bye, Refused, broken protocol→ Closed
//! ```
//! While open, four things go on side by side, on three lanes: receiving in order of arrival, filling in new grants, pushing the outbox,
//! and at most one comparison of vectors. After a welcome that says `reconcile`, the comparison covers everything; the
//! outbox rests until it is done, and the cursor is not written before both sides have what the other had.
//!
//! | room | concern |
//! |---|---|
//! | here | the session's state, which room an event goes to, what the host is asked for next |
//! | `greeting` | hello and welcome |
//! | `receiving` | items, the cursor |
//! | `filling` | scopes to fill in |
//! | `pushing`, `outgoing` | the outbox on its way out; the window of what is not answered |
//! | `chunks` | attachments: asked for, offered, given |
//! | `comparison` | vectors |
//! | `twins` | logs of which two histories exist |
//! | `types` | events and actions |

mod chunks;
mod comparison;
mod filling;
mod greeting;
mod outgoing;
mod pushing;
mod receiving;
mod twins;
mod types;

pub(super) use comparison::bounded;
pub(super) use outgoing::pages;
pub use types::{ClientAction, ClientConfig, ClientEvent, Departure, ItemRef, LaneProgress, Progress, Rejection};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::chunks::Chunks;
use self::comparison::Comparison;
use self::outgoing::Outgoing;
use self::twins::Twins;
use super::CloseReason;
use crate::document::{DocumentId, Scope};
use crate::ids::{ArrivalNo, Millis, PatientId};
use crate::limits::RECEIVE_WINDOW;
use crate::messages::{ClientMessage, Cursor, Lane, PerLane, RelayMessage};

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
    lane: Lane,
    bytes: usize,
    backfilled: Vec<(PatientId, Scope)>,
}

/// What goes on on one lane.
#[derive(Debug)]
struct LaneState {
    /// Received, and waiting for the cards lane.
    held: VecDeque<RelayMessage>,
    storing_bytes: usize,
    caught_up: bool,
    outgoing: Outgoing,
    /// Place in the outbox after which to go on.
    outbox_after: u64,
    /// There is or may be more in the outbox.
    outbox_more: bool,
    outbox_asked: bool,
}

impl LaneState {
    fn new(lane: Lane) -> Self {
        Self {
            held: VecDeque::new(),
            storing_bytes: 0,
            caught_up: false,
            outgoing: Outgoing::new(lane),
            outbox_after: 0,
            outbox_more: true,
            outbox_asked: false,
        }
    }
}

/// One sync with one relay over one connection.
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
    lanes: PerLane<LaneState>,
    storing: VecDeque<Storing>,
    batches: u64,
    backfilling: BTreeSet<(PatientId, Scope)>,
    /// Of these, the ones that were not asked for yet: the relay is given so many at a time.
    unasked: Vec<(PatientId, Scope)>,
    /// Goes with the scopes that are to be asked for next, once it is known what is stored of them.
    first_to_say: Vec<PatientId>,
    /// Scopes that the relay does not fill in as long as no more of the cards lane has come than this.
    withheld: BTreeMap<(PatientId, Scope), ArrivalNo>,
    /// The patients wanted first went with the first flight.
    first_said: bool,
    /// What `reached` was at the welcome.
    started: Option<Cursor>,
    newest: ArrivalNo,

    chunks: Chunks,
    comparison: Option<Comparison>,
    /// How often statements were exchanged in a comparison.
    statements_compared: u8,
    suspects: BTreeSet<DocumentId>,
    /// Documents compared in this session. Once is enough: what did not help will not help again.
    compared: BTreeSet<DocumentId>,
    /// Documents under comparison of which nothing was refused since.
    healing: BTreeSet<DocumentId>,
    twins: Twins,

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
            lanes: PerLane::new(LaneState::new),
            storing: VecDeque::new(),
            batches: 0,
            backfilling: BTreeSet::new(),
            unasked: Vec::new(),
            first_to_say: Vec::new(),
            withheld: BTreeMap::new(),
            first_said: false,
            started: None,
            newest: ArrivalNo::NONE,
            chunks: Chunks::new(config.wanted.clone()),
            comparison: None,
            statements_compared: 0,
            suspects: config.suspects.iter().copied().collect(),
            compared: BTreeSet::new(),
            healing: BTreeSet::new(),
            twins: Twins::default(),
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
            ClientEvent::Received { now, lane, message } => self.received(now, lane, message),
            ClientEvent::Prove { documents } => {
                self.suspects.extend(documents.into_iter().filter(|document| !self.compared.contains(document)));
                Ok(())
            }
            ClientEvent::Stored { batch, new_grants, gaps, forks } => {
                self.twins.note(forks);
                self.stored(batch, new_grants, gaps)
            }
            ClientEvent::Held { scopes } => {
                self.held(scopes);
                Ok(())
            }
            ClientEvent::Granted { scopes } => {
                self.granted(scopes);
                Ok(())
            }
            ClientEvent::Saved => {
                self.lanes.iter_mut().for_each(|(_, lane)| lane.outbox_more = true);
                Ok(())
            }
            ClientEvent::First { patients } => {
                self.prefer(patients);
                Ok(())
            }
            ClientEvent::Departing { lane, items, more } => self.departing(lane, items, more),
            ClientEvent::Vectors { documents, more } => self.vectors_loaded(documents, more),
            ClientEvent::Listed { documents } => self.listed_loaded(documents),
            ClientEvent::Statements { items, more } => self.statements_loaded(items, more),
            ClientEvent::Missing { records, more } => self.missing_loaded(records, more),
            ClientEvent::Prints { prints } => self.prints_loaded(prints),
            ClientEvent::Wanted { chunks } => {
                self.chunks.want(chunks);
                Ok(())
            }
            ClientEvent::Holdings { attachments } => self.holdings_loaded(attachments),
            ClientEvent::Pieces { chunks, lacking } => self.pieces_loaded(chunks, lacking),
            ClientEvent::Stop => {
                self.send(Lane::Cards, ClientMessage::Bye);
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

    /// False while so much of this lane is received and not stored, or waits for the cards lane, that the host should not read from
    /// its stream.
    pub fn ready_to_receive(&self, lane: Lane) -> bool {
        self.lanes[lane].held.is_empty() && self.lanes[lane].storing_bytes < RECEIVE_WINDOW
    }

    /// True when the relay has said that there is no more, everything is stored, and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Open
            && self.is_caught_up()
            && self.backfilling.is_empty()
            && self.lanes.iter().all(|(_, lane)| {
                lane.held.is_empty() && lane.outgoing.len() == 0 && !lane.outbox_more && !lane.outbox_asked
            })
            && self.comparison.is_none()
            && self.suspects.is_empty()
            && self.twins.is_empty()
            && self.chunks.is_idle()
    }

    /// The session has ended.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let lanes = PerLane::new(|lane| {
            let at = self.at(lane).0;
            let started = self.started.map_or(ArrivalNo::NONE, |cursor| cursor.on(lane)).0;
            let state = &self.lanes[lane];
            let streamed = Lane::STREAMED.contains(&lane);
            LaneProgress {
                received: at.saturating_sub(started),
                to_receive: if streamed { self.newest.0.saturating_sub(at) } else { 0 },
                sent: state.outgoing.answered(),
                in_flight: state.outgoing.len() as u64,
                caught_up: state.caught_up || !streamed,
            }
        });
        Progress { lanes, caught_up: self.is_caught_up() && self.backfilling.is_empty() }
    }

    fn is_caught_up(&self) -> bool {
        Lane::STREAMED.iter().all(|lane| self.lanes[*lane].caught_up) && self.storing.is_empty() && !self.reconciling
    }

    fn send(&mut self, lane: Lane, message: ClientMessage) {
        self.actions.push(ClientAction::Send { lane, message });
    }

    fn show(&mut self) {
        let progress = self.progress();
        if self.phase == Phase::Open && progress != self.shown {
            self.shown = progress;
            self.actions.push(ClientAction::Progress(progress));
        }
    }

    fn received(&mut self, now: Millis, lane: Lane, message: RelayMessage) -> Result<(), CloseReason> {
        if let RelayMessage::Refused { reason, versions } = message {
            return Err(CloseReason::Refused { reason, versions, ours: self.config.versions.clone() });
        }
        if lane != Lane::Cards && !matches!(self.phase, Phase::Open) {
            // It overtook the welcome, which is on the cards lane.
            self.lanes[lane].held.push_back(message);
            return Ok(());
        }
        match (self.phase, message) {
            (Phase::Greeting { chain_sent: false, .. }, RelayMessage::ChainWanted) => {
                self.hello(now, true);
                Ok(())
            }
            (Phase::Greeting { sent_at, .. }, message) => {
                self.greeted(now, sent_at, message)?;
                self.take_held()
            }
            (Phase::Open, message) => self.open(lane, message),
            (Phase::New | Phase::Closed, _) => Err(CloseReason::Protocol("a message before the hello")),
        }
    }

    /// Asks the host for whatever can go out now.
    fn pump(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Closed) {
            return;
        }
        if self.phase == Phase::Open {
            self.ask_again();
            self.pump_comparison();
        }
        if !self.reconciling {
            self.pump_outbox();
        }
        if self.phase == Phase::Open {
            self.pump_chunks();
        }
    }
}
