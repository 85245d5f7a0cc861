//! A connection: lanes that are reliable and in order each, and in no order among each other, until it breaks.
//!
//! When it breaks, what was on its way is lost, or the first part of it still arrives; each side notices in its own time, and until then
//! the relay goes on with what it had received, perhaps while the tablet's next connection is open already.

use std::collections::{BTreeSet, VecDeque};

use tendenko_protocol::ids::{ArrivalNo, DeviceId, Millis, RecordHash, RelayIncarnation, StatementId};
use tendenko_protocol::messages::{ClientMessage, Item, Lane, RelayMessage};
use tendenko_protocol::session::client::{self, ClientAction, ClientEvent, Departure};
use tendenko_protocol::session::relay::{self, RelayAction, RelayEvent};

use super::dice::Dice;
use super::relay::{Checked, FromUpstream};
use super::trace::Who;
use tendenko_protocol::document::DocumentId;

/// Whose the client's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A tablet's.
    Tablet(usize),
    /// A relay's that has an upstream: its place among the relays.
    Edge(usize),
}

impl Caller {
    /// Where its steps happen.
    pub fn who(self) -> Who {
        match self {
            Self::Tablet(tablet) => Who::Tablet(tablet),
            Self::Edge(relay) => Who::Relay(relay),
        }
    }
}

/// Lanes of a session.
pub const LANES: usize = Lane::ALL.len();

/// One direction of one lane.
#[derive(Debug)]
pub struct Stream<M> {
    /// On its way, with the time at which it arrives.
    pub flying: VecDeque<(u64, M)>,
    /// Received by the other side's system, not read by its session.
    pub arrived: VecDeque<M>,
    last: u64,
}

impl<M> Stream<M> {
    fn new() -> Self {
        Self { flying: VecDeque::new(), arrived: VecDeque::new(), last: 0 }
    }

    /// Sends; returns when it arrives. Never before what was sent earlier.
    pub fn send(&mut self, message: M, at: u64) -> u64 {
        self.last = self.last.max(at);
        self.flying.push_back((self.last, message));
        self.last
    }

    /// Which lanes have something to read.
    pub fn readable(streams: &[Self; LANES]) -> impl Iterator<Item = Lane> + '_ {
        Lane::ALL.into_iter().filter(|lane| !streams[*lane as usize].arrived.is_empty())
    }

    /// The next message arrives.
    pub fn arrive(&mut self) -> bool {
        match self.flying.pop_front() {
            Some((_, message)) => {
                self.arrived.push_back(message);
                true
            }
            None => false,
        }
    }
}

/// What the client's host does next.
pub enum Todo {
    /// What the session said.
    Action(ClientAction),
    /// One transaction of sealing.
    Seal(DocumentId),
    /// The guard file, after sealing.
    Guard,
    /// One transaction that makes a checkpoint.
    Checkpoint(DocumentId),
    /// The outbox is read and reported.
    Report { lane: Lane, after: u64, behind: u64 },
    /// Sabotage: the items of a batch whose cursor was written before.
    Late(u64, Vec<Item>),
    /// What an edge relay has checked is written.
    Take(FromUpstream),
}

/// The client's end.
pub struct ClientEnd {
    /// Its session.
    pub session: client::Session,
    /// Events that wait.
    pub events: VecDeque<ClientEvent>,
    /// What is to be done, in order.
    pub todo: VecDeque<Todo>,
    /// Something that no relay can take, to leave with the next flight.
    pub garbage: Option<Departure>,
    /// Documents whose originals were asked for.
    pub asked_to_prove: BTreeSet<DocumentId>,
    /// A step is due.
    pub scheduled: bool,
}

impl ClientEnd {
    /// An end that has just connected.
    pub fn new(session: client::Session, now: Millis) -> Self {
        Self {
            session,
            events: [ClientEvent::Connected { now }].into(),
            todo: VecDeque::new(),
            garbage: None,
            asked_to_prove: BTreeSet::new(),
            scheduled: false,
        }
    }
}

/// A batch between being received and being reported.
pub enum Committing {
    /// To be checked.
    Received(u64, Vec<Item>),
    /// To be written.
    Checked(u64, Vec<Checked>),
}

/// What an item pushed in this session was: to check an ack against the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// A record's bytes.
    Record(RecordHash),
    /// A statement's bytes.
    Statement(StatementId),
    /// A part of a checkpoint: an ack does not say that it is kept.
    Part,
}

/// The relay's end.
pub struct ServerEnd {
    /// Its session.
    pub session: relay::Session,
    /// Who authenticated.
    pub device: DeviceId,
    /// With which key.
    pub key: [u8; 32],
    /// Batches that are written, in their order.
    pub committed: VecDeque<RelayEvent>,
    /// Results of readings, of one lane each.
    pub done: VecDeque<RelayEvent>,
    /// What other sessions have verified.
    pub verified: VecDeque<RelayEvent>,
    /// Messages that a lane's stream has taken, and the session was not told.
    pub written: VecDeque<Lane>,
    /// Batches that wait for the one under way.
    pub waiting: VecDeque<(u64, Vec<Item>)>,
    /// The batch under way.
    pub committing: Option<Committing>,
    /// The reading under way.
    pub reading: VecDeque<RelayAction>,
    /// Something arrived since the session was told.
    pub arrived: Option<ArrivalNo>,
    /// The life in which the tablet was welcomed.
    pub served_in: RelayIncarnation,
    /// It is beginning a new life itself.
    pub minting: bool,
    /// Another session began a new life.
    pub renewed: bool,
    /// Everything pushed, per lane, in order.
    pub pushed: [Vec<Pushed>; LANES],
    /// How many of these were answered.
    pub answered: [u64; LANES],
    /// A step is due.
    pub scheduled: bool,
}

impl ServerEnd {
    /// An end at a relay in this life of its, for whoever authenticated with this key.
    pub fn new(session: relay::Session, key: [u8; 32], served_in: RelayIncarnation) -> Self {
        Self {
            session,
            device: DeviceId::of_key(&key),
            key,
            committed: VecDeque::new(),
            done: VecDeque::new(),
            verified: VecDeque::new(),
            written: VecDeque::new(),
            waiting: VecDeque::new(),
            committing: None,
            reading: VecDeque::new(),
            arrived: None,
            served_in,
            minting: false,
            renewed: false,
            pushed: std::array::from_fn(|_| Vec::new()),
            answered: [0; LANES],
            scheduled: false,
        }
    }
}

/// One connection, from when its caller opens it until both ends are gone.
pub struct Connection {
    /// Who opened it.
    pub caller: Caller,
    /// The relay.
    pub relay: usize,
    /// The caller's end, until it is over there.
    pub client: Option<ClientEnd>,
    /// The relay's end, until it is over there.
    pub server: Option<ServerEnd>,
    /// To the relay.
    pub up: [Stream<ClientMessage>; LANES],
    /// To the caller.
    pub down: [Stream<RelayMessage>; LANES],
    /// Nothing that is sent arrives any more.
    pub broken: bool,
    /// Chance on this connection.
    pub dice: Dice,
    /// One way, in microseconds.
    pub delay: u64,
}

impl Connection {
    /// A connection that was just opened.
    pub fn new(caller: Caller, relay: usize, client: ClientEnd, server: ServerEnd, mut dice: Dice) -> Self {
        let delay = match dice.below(10) {
            0 => dice.between(300_000, 800_000),
            1..=4 => dice.between(20_000, 120_000),
            _ => dice.between(200, 20_000),
        };
        Self {
            caller,
            relay,
            client: Some(client),
            server: Some(server),
            up: std::array::from_fn(|_| Stream::new()),
            down: std::array::from_fn(|_| Stream::new()),
            broken: false,
            dice,
            delay,
        }
    }

    /// When something sent now arrives.
    pub fn arrival(&mut self, now: u64) -> u64 {
        let jitter = self.dice.between(0, self.delay);
        now + self.delay + jitter
    }

    /// The connection breaks: of what is on its way, nothing or a first part still arrives.
    pub fn cut(&mut self) {
        self.broken = true;
        let all = self.dice.chance(500);
        for lane in 0..LANES {
            let keep = |length: usize, dice: &mut Dice| if all { 0 } else { dice.below(length + 1) };
            let up = keep(self.up[lane].flying.len(), &mut self.dice);
            self.up[lane].flying.truncate(up);
            let down = keep(self.down[lane].flying.len(), &mut self.dice);
            self.down[lane].flying.truncate(down);
        }
    }
}
