//! The world: nodes, connections, virtual time, and the one queue of what happens next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use tendenko_protocol::document::Scope;
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{FacilityId, Millis, PatientId, PatientOrigin};
use tendenko_protocol::keys::{DeviceKeys, RegionKeys, RelayKeys};
use tendenko_protocol::session::client as client_session;
use tendenko_protocol::session::relay::{self as relay_session, RelayConfig};
use tendenko_protocol::trust::{self, Claim, Device, Facility};

use super::connection::{Caller, ClientEnd, Connection, ServerEnd};
use super::dice::{Dice, Seeded};
use super::oracle::Oracle;
use super::relay::Relay;
use super::sabotage::Sabotage;
use super::script::{Op, Setting};
use super::tablet::{Contents, Tablet};
use super::trace::{NONE, Trace, Who};

/// The beginning of time, by a true clock: early in 2026.
const BEGINNING: i64 = 1_767_225_600_000;
/// A tablet that lost its connection tries again within this, in microseconds.
const RECONNECT: u64 = 5_000_000;
/// An end notices within this that its connection is broken.
const NOTICE: u64 = 10_000_000;

/// What happens at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The tablet's end of a connection does one thing.
    Client(u64),
    /// The relay's end does one thing.
    Server(u64),
    /// Something on this lane reaches the relay.
    Up(u64, usize),
    /// A lane's stream has taken a message of the relay.
    Written(u64, usize),
    /// Something on this lane reaches the tablet.
    Down(u64, usize),
    /// A batch is checked.
    Check(u64),
    /// A batch is written.
    Write(u64),
    /// The store is read.
    Read(u64),
    /// The tablet's end notices that the connection is gone.
    ClientGone(u64),
    /// The relay's end notices it.
    ServerGone(u64),
    /// A tablet or an edge relay connects, if it wants to and can.
    Connect(Caller),
    /// A tablet starts again.
    StartTablet(usize),
    /// A relay starts again.
    StartRelay(usize),
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub kind: &'static str,
    /// How.
    pub what: String,
}

/// A patient.
pub struct Patient {
    /// How its id came about.
    pub origin: PatientOrigin,
}

impl Patient {
    /// Its id.
    pub fn id(&self) -> PatientId {
        self.origin.patient()
    }
}

/// All of it.
pub struct World {
    /// What it was made from.
    pub setting: Setting,
    /// Virtual time in microseconds.
    pub now: u64,
    /// Things that happened.
    pub steps: u64,
    /// Tablets; clones are behind the others.
    pub tablets: Vec<Tablet>,
    /// Relays.
    pub relays: Vec<Relay>,
    /// Patients.
    pub patients: Vec<Patient>,
    /// The region's key.
    pub region: RegionKeys,
    /// Connections by number.
    pub(super) connections: BTreeMap<u64, Connection>,
    /// What every record says.
    pub contents: Contents,
    /// What must hold.
    pub oracle: Oracle,
    /// What happened.
    pub trace: Trace,
    /// The first promise that was broken.
    pub violation: Option<Violation>,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    pub(super) dice: Dice,
    pub(super) no_way: BTreeSet<(Caller, usize)>,
    /// In healing nothing new goes wrong.
    pub(super) healing: bool,
    certificates: Vec<Vec<u8>>,
    /// Those of relays.
    pub(super) relay_certificates: Vec<Vec<u8>>,
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    queued: u64,
    opened: u64,
    opened_by: BTreeMap<Caller, u64>,
    files: u64,
}

impl World {
    /// A region in which everyone is enrolled, and each tablet has one patient.
    pub fn new(setting: Setting, sabotage: Option<Sabotage>) -> Self {
        let rng = Seeded::new(setting.seed, 1);
        let region = RegionKeys::generate(&rng).expect("seeded randomness does not fail");
        let mut world = Self {
            setting,
            now: 0,
            steps: 0,
            tablets: Vec::new(),
            relays: Vec::new(),
            patients: Vec::new(),
            connections: BTreeMap::new(),
            contents: Contents::default(),
            oracle: Oracle::default(),
            trace: Trace::default(),
            violation: None,
            sabotage,
            dice: Dice::new(setting.seed, 2),
            no_way: BTreeSet::new(),
            healing: false,
            certificates: Vec::new(),
            relay_certificates: Vec::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            opened: 0,
            opened_by: BTreeMap::new(),
            files: 0,
            region,
        };
        world.enrol(&rng);
        for tablet in 0..setting.tablets {
            world.operate(Op::NewPatient { tablet });
        }
        for (hub, edge) in (0..setting.relays).cycle().zip(setting.relays..setting.all_relays()) {
            world.operate(Op::Upstream { edge, to: Some(hub) });
        }
        world
    }

    fn enrol(&mut self, rng: &Seeded) {
        let seed = self.setting.seed;
        let facility = FacilityId([1; 16]);
        let claim =
            Claim::Facility(Facility { id: facility, name: "訪問看護".into(), kind: "visiting-nurse".into() });
        let keys: Vec<DeviceKeys> = (0..self.setting.tablets)
            .map(|_| DeviceKeys::generate(rng).expect("seeded randomness does not fail"))
            .collect();
        let devices = keys.iter().map(|keys| {
            let public = keys.public();
            Claim::Device(Device {
                id: public.device_id(),
                facility,
                label: "tablet".into(),
                signing: public.signing,
                hpke: public.hpke,
                administrator: false,
                evacuation_site: false,
            })
        });
        let relays: Vec<RelayKeys> = (0..self.setting.all_relays())
            .map(|_| RelayKeys::generate(rng).expect("seeded randomness does not fail"))
            .collect();
        let relay_claims = relays.iter().map(|keys| {
            Claim::Relay(trust::Relay {
                id: keys.relay_id(),
                name: "relay".into(),
                signing: keys.public(),
                addresses: vec!["relay.example:4433".into()],
            })
        });
        let at = Millis(BEGINNING);
        for claim in std::iter::once(claim).chain(devices).chain(relay_claims) {
            let of_relay = matches!(claim, Claim::Relay(_));
            let statement = trust::sign(&self.region, at, claim).expect("the certificate is within bounds");
            if of_relay {
                self.relay_certificates.push(statement.bytes().to_vec());
            }
            self.certificates.push(statement.into_bytes());
        }
        let public = self.region.public();
        for (index, keys) in keys.into_iter().enumerate() {
            self.files += 1;
            let rng = Seeded::new(seed, 1_000 + index as u64);
            let mut tablet = Tablet::new(keys, rng, public, &self.certificates, self.files);
            tablet.worth = self.setting.checkpoints as u64;
            tablet.sabotage = self.sabotage;
            self.tablets.push(tablet);
        }
        for (index, keys) in relays.into_iter().enumerate() {
            let mut relay = Relay::new(keys, Seeded::new(seed, 2_000 + index as u64), public);
            relay.sabotage = self.sabotage;
            self.relays.push(relay);
        }
        for edge in self.setting.relays..self.setting.all_relays() {
            self.equip(edge);
        }
    }

    /// A file that is not any other.
    pub(super) fn another_file(&mut self) -> u64 {
        self.files += 1;
        self.files
    }

    /// A promise was broken. The first counts.
    pub fn violate(&mut self, kind: &'static str, what: impl Into<String>) {
        if self.violation.is_none() {
            self.trace.note(self.steps, self.now, Who::World, kind, [NONE; 3]);
            self.violation = Some(Violation { kind, what: what.into() });
        }
    }

    /// What a tablet's clock shows.
    pub(super) fn tablet_clock(&self, tablet: usize) -> Millis {
        Millis(BEGINNING + (self.now / 1_000) as i64 + self.tablets[tablet].clock)
    }

    /// What the clock of either shows.
    pub(super) fn clock_of(&self, caller: Caller) -> Millis {
        match caller {
            Caller::Tablet(tablet) => self.tablet_clock(tablet),
            Caller::Edge(relay) => self.relay_clock(relay),
        }
    }

    /// What a relay's clock shows.
    pub(super) fn relay_clock(&self, relay: usize) -> Millis {
        Millis(BEGINNING + (self.now / 1_000) as i64 + self.relays[relay].clock)
    }

    pub(super) fn at(&mut self, time: u64, event: Event) {
        self.queued += 1;
        self.queue.push(Reverse((time, self.queued, event)));
    }

    pub(super) fn soon(&mut self, within: u64, event: Event) {
        let delay = self.dice.between(1, within);
        self.at(self.now + delay, event);
    }

    /// Does what happens until a time; false when there is nothing left before it.
    pub fn run_until(&mut self, time: u64, steps: u64) -> bool {
        let last = self.steps + steps;
        while self.violation.is_none() && self.steps < last {
            match self.queue.peek() {
                Some(Reverse((at, _, _))) if *at <= time => {}
                _ => {
                    self.now = if time == u64::MAX { self.now } else { self.now.max(time) };
                    return false;
                }
            }
            let Some(Reverse((at, _, event))) = self.queue.pop() else { return false };
            self.now = self.now.max(at);
            self.steps += 1;
            self.happen(event);
        }
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Client(connection) => self.client_step(connection),
            Event::Server(connection) => self.server_step(connection),
            Event::Up(connection, lane) => {
                if self.connections.get_mut(&connection).is_some_and(|open| open.up[lane].arrive()) {
                    self.wake_server(connection);
                }
            }
            Event::Down(connection, lane) => {
                if self.connections.get_mut(&connection).is_some_and(|open| open.down[lane].arrive()) {
                    self.wake_client(connection);
                }
            }
            Event::Written(connection, lane) => self.has_written(connection, lane),
            Event::Check(connection) => self.check_batch(connection),
            Event::Write(connection) => self.write_batch(connection),
            Event::Read(connection) => self.read_store(connection),
            Event::ClientGone(connection) => self.client_gone(connection),
            Event::ServerGone(connection) => self.server_gone(connection),
            Event::Connect(Caller::Tablet(tablet)) => self.connect(tablet),
            Event::Connect(Caller::Edge(edge)) => self.connect_edge(edge),
            Event::StartTablet(tablet) => self.start_tablet(tablet),
            Event::StartRelay(relay) => self.start_relay(relay),
        }
    }

    /// The tablet's end has something to do.
    pub(super) fn wake_client(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let Some(end) = open.client.as_mut().filter(|end| !end.scheduled) else { return };
        end.scheduled = true;
        let delay = if open.dice.chance(10) { open.dice.between(1, 400_000) } else { open.dice.between(1, 800) };
        self.at(self.now + delay, Event::Client(connection));
    }

    /// The relay's end has something to do.
    pub(super) fn wake_server(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let Some(end) = open.server.as_mut().filter(|end| !end.scheduled) else { return };
        end.scheduled = true;
        let delay = if open.dice.chance(10) { open.dice.between(1, 400_000) } else { open.dice.between(1, 800) };
        self.at(self.now + delay, Event::Server(connection));
    }

    /// The caller's connection, as it sees it.
    pub(super) fn connection_of(&self, caller: Caller) -> Option<u64> {
        let found = self.connections.iter().find(|(_, open)| open.caller == caller && open.client.is_some());
        found.map(|(id, _)| *id)
    }

    /// Is there a way between them, and are both there?
    pub(super) fn can_meet(&self, caller: Caller, relay: usize) -> bool {
        let running = match caller {
            Caller::Tablet(tablet) => self.tablets[tablet].running,
            Caller::Edge(edge) => self.relays[edge].running,
        };
        running && self.relays[relay].running && !self.no_way.contains(&(caller, relay))
    }

    fn connect(&mut self, tablet: usize) {
        let Some(relay) = self.tablets[tablet].target else { return };
        let caller = Caller::Tablet(tablet);
        if self.tablets[tablet].barred || !self.can_meet(caller, relay) || self.connection_of(caller).is_some() {
            return;
        }
        let state = &mut self.tablets[tablet];
        state.take_all_keys(&self.contents, &mut Vec::new());
        let public = state.keys.public();
        let disk = &state.disk;
        // Some of today's visits.
        let visits = self.dice.below(4);
        let first =
            disk.keys.keys().filter(|(_, scope)| *scope == Scope::Chart).map(|(patient, _)| *patient).take(visits);
        let client = client_session::Session::new(client_session::ClientConfig {
            region: disk.trust.region(),
            device: public.device_id(),
            relay: self.relays[relay].id(),
            chain: disk.trust.chain_of(public.device_id()),
            cursor: disk.cursor,
            versions: SESSION_VERSIONS.to_vec(),
            backfill: disk.backfills.iter().copied().collect(),
            first: first.collect(),
            long_away: true,
            wanted: Vec::new(),
            offer: false,
            suspects: disk.suspects.iter().copied().collect(),
            checkpoints: (self.setting.checkpoints > 0).then(|| state.known_charts()),
        });
        self.open(Caller::Tablet(tablet), relay, client, public.signing);
    }

    /// A connection is there: the caller's session begins, and the relay has one for whoever has this key.
    pub(super) fn open(&mut self, caller: Caller, relay: usize, client: client_session::Session, key: [u8; 32]) {
        let server = relay_session::Session::new(RelayConfig {
            region: self.region.region_id(),
            versions: SESSION_VERSIONS.to_vec(),
            peer_key: key,
        });
        self.opened += 1;
        let id = self.opened;
        let nth = self.opened_by.entry(caller).or_default();
        *nth += 1;
        let whose = match caller {
            Caller::Tablet(tablet) => tablet as u64,
            Caller::Edge(edge) => 1 << 32 | edge as u64,
        };
        let dice = Dice::new(self.setting.seed, 10_000 + whose * 1_000_000 + relay as u64 * 100_000 + *nth);
        let client = ClientEnd::new(client, self.clock_of(caller));
        let server = ServerEnd::new(server, key, self.relays[relay].disk.incarnation);
        self.trace.note(self.steps, self.now, caller.who(), "connects to relay", [relay as u64, id, NONE]);
        self.connections.insert(id, Connection::new(caller, relay, client, server, dice));
        self.wake_client(id);
    }

    /// A connection breaks; each end notices in its own time.
    pub(super) fn break_connection(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        open.cut();
        let (client, server) = (open.dice.between(0, NOTICE), open.dice.between(0, NOTICE));
        self.at(self.now + client, Event::ClientGone(connection));
        self.at(self.now + server, Event::ServerGone(connection));
    }

    /// The tablet's end is over: whatever it was about to do is not done.
    pub(super) fn client_gone(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let caller = open.caller;
        let Some(end) = open.client.take() else { return };
        if open.server.is_some() {
            let notice = open.dice.between(0, NOTICE);
            self.at(self.now + notice, Event::ServerGone(connection));
        }
        self.tidy(connection);
        if let Caller::Edge(edge) = caller {
            self.take_the_rest(edge, end);
        }
        self.trace.note(self.steps, self.now, caller.who(), "is disconnected", [connection, NONE, NONE]);
        self.soon(RECONNECT, Event::Connect(caller));
    }

    /// The relay's end is over; a batch that is with the writer is still written.
    pub(super) fn server_gone(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let relay = open.relay;
        let Some(mut end) = open.server.take() else { return };
        let committing = end.committing.take();
        if open.client.is_some() {
            let notice = open.delay * 2 + open.dice.between(0, NOTICE);
            self.at(self.now + notice, Event::ClientGone(connection));
        }
        if let Some(committing) = committing.filter(|_| self.relays[relay].running) {
            self.write_without_report(relay, end.device, committing);
        }
        self.tidy(connection);
    }

    fn tidy(&mut self, connection: u64) {
        if self.connections.get(&connection).is_some_and(|open| open.client.is_none() && open.server.is_none()) {
            self.connections.remove(&connection);
        }
    }

    /// A tablet is killed: what was not durable is gone.
    pub(super) fn kill_tablet(&mut self, tablet: usize) {
        self.tablets[tablet].running = false;
        self.hang_up(Caller::Tablet(tablet));
    }

    /// Whoever opened these is gone.
    fn hang_up(&mut self, caller: Caller) {
        let open: Vec<u64> =
            self.connections.iter().filter(|(_, open)| open.caller == caller).map(|(id, _)| *id).collect();
        for connection in open {
            if let Some(open) = self.connections.get_mut(&connection) {
                open.cut();
            }
            self.client_gone(connection);
        }
    }

    /// A relay is killed.
    pub(super) fn kill_relay(&mut self, relay: usize) {
        self.relays[relay].running = false;
        self.hang_up(Caller::Edge(relay));
        let open: Vec<u64> =
            self.connections.iter().filter(|(_, open)| open.relay == relay).map(|(id, _)| *id).collect();
        for connection in open {
            if let Some(open) = self.connections.get_mut(&connection) {
                open.cut();
            }
            self.server_gone(connection);
        }
    }

    pub(super) fn start_tablet(&mut self, tablet: usize) {
        let state = &mut self.tablets[tablet];
        if state.running || state.destroyed {
            return;
        }
        state.start(&self.contents);
        self.trace.note(
            self.steps,
            self.now,
            Who::Tablet(tablet),
            "starts",
            [self.tablets[tablet].disk.counter, NONE, NONE],
        );
        self.soon(RECONNECT, Event::Connect(Caller::Tablet(tablet)));
    }

    pub(super) fn start_relay(&mut self, relay: usize) {
        if self.relays[relay].running {
            return;
        }
        self.relays[relay].start();
        self.trace.note(
            self.steps,
            self.now,
            Who::Relay(relay),
            "starts",
            [self.relays[relay].disk.newest().0, NONE, NONE],
        );
        self.call_back(relay);
    }

    /// Those who wait for this relay try again, and it tries its upstream.
    fn call_back(&mut self, relay: usize) {
        for tablet in 0..self.tablets.len() {
            if self.tablets[tablet].target == Some(relay) {
                self.soon(RECONNECT, Event::Connect(Caller::Tablet(tablet)));
            }
        }
        for edge in 0..self.relays.len() {
            let upstream = self.relays[edge].upstream;
            if upstream == Some(relay) || (edge == relay && upstream.is_some()) {
                self.soon(RECONNECT, Event::Connect(Caller::Edge(edge)));
            }
        }
    }
}
