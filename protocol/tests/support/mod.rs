//! A region in memory: tablets, relays, and a network that loses what is on its way when a connection breaks.
//!
//! Tablets and relays have durable state and sessions. One `work` does one durable step or handles one event, so that a
//! crash can fall between any two of them.
#![allow(dead_code)]

pub mod chunks;
pub mod relay;
pub mod tablet;

use std::collections::{BTreeMap, VecDeque};

use ring::rand::SystemRandom;
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::ids::{FacilityId, LogSeq, Millis, PatientId, PatientOrigin, RecordHash};
use tendenko_protocol::keys::{EpochKey, RegionKeys};
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, Item, Lane, PerLane, RelayMessage, encode_frame};
use tendenko_protocol::session::{client, relay as relay_session};
use tendenko_protocol::trust::{self, Claim, Device, Facility, Grant};

use self::relay::Relay;
use self::tablet::Tablet;

/// Records by log; the stored part of a tablet or relay that `admission` looks at. Beside them the forks in quarantine.
#[derive(Clone, Default)]
pub struct Logs(pub BTreeMap<LogId, Vec<Vec<u8>>>, pub BTreeMap<LogId, BTreeMap<(LogSeq, RecordHash), Vec<u8>>>);

impl tendenko_protocol::admission::LogView for Logs {
    type Error = std::convert::Infallible;

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Self::Error> {
        let records = self.0.get(log);
        Ok(records.and_then(|records| Some((LogSeq(records.len() as u64), RecordHash::of(records.last()?)))))
    }

    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Self::Error> {
        let index = (seq.0 as usize).wrapping_sub(1);
        Ok(self.0.get(log).and_then(|records| records.get(index)).map(|bytes| RecordHash::of(bytes)))
    }

    fn is_aside(&self, log: &LogId, hash: &RecordHash) -> Result<bool, Self::Error> {
        Ok(self.1.get(log).is_some_and(|aside| aside.keys().any(|(_, known)| known == hash)))
    }
}

/// A patient and its epoch keys, which the test knows for everyone.
pub struct Patient {
    pub origin: PatientOrigin,
    pub owner: usize,
    pub keys: [EpochKey; 2],
}

impl Patient {
    pub fn id(&self) -> PatientId {
        self.origin.patient()
    }

    pub fn key(&self, scope: Scope) -> &EpochKey {
        &self.keys[scope as usize]
    }

    pub fn document(&self, which: u8) -> DocumentId {
        match which % 3 {
            0 => DocumentId::card(self.id()),
            1 => DocumentId::chart(self.id(), 2025),
            _ => DocumentId::chart(self.id(), 2026),
        }
    }
}

/// A tablet's session with a relay, and what is on its way between them.
pub struct Link {
    pub relay: usize,
    pub client: client::Session,
    pub client_events: VecDeque<client::ClientEvent>,
    pub client_actions: VecDeque<client::ClientAction>,
    pub server: relay_session::Session,
    pub server_events: VecDeque<relay_session::RelayEvent>,
    pub server_actions: VecDeque<relay_session::RelayAction>,
    pub up: PerLane<VecDeque<Vec<u8>>>,
    pub down: PerLane<VecDeque<Vec<u8>>>,
    pub bytes_up: usize,
    pub bytes_down: usize,
    pub round_trips_down: usize,
    /// Vectors and twins that the tablet has sent.
    pub compared: usize,
    /// Items that the tablet has pushed.
    pub pushed: usize,
    /// What the relay has said, with the bytes of each frame.
    pub said: Vec<(Lane, usize, RelayMessage)>,
    pub closed: Option<String>,
}

pub struct Region {
    pub rng: SystemRandom,
    pub keys: RegionKeys,
    pub tablets: Vec<Tablet>,
    pub relays: Vec<Relay>,
    pub patients: Vec<Patient>,
    pub links: Vec<Option<Link>>,
    pub now: Millis,
    /// Records sent to each tablet, and how often each came.
    pub sent: Vec<BTreeMap<RecordHash, usize>>,
    /// Which lane's message is delivered first: nothing is in order between lanes.
    pub lanes: [Lane; 3],
    /// Relays forward what they have verified.
    pub live: bool,
}

impl Region {
    /// Tablets that know each other, one patient created by each, and relays that know nothing but the region's key.
    pub fn new(tablets: usize, relays: usize) -> Self {
        let rng = SystemRandom::new();
        let keys = RegionKeys::generate(&rng).unwrap();
        let facility = FacilityId([1; 16]);
        let now = Millis(1_000_000);
        let claim =
            Claim::Facility(Facility { id: facility, name: "訪問看護".into(), kind: "visiting-nurse".into() });
        let mut certificates = vec![trust::sign(&keys, now, claim).unwrap().into_bytes()];
        let mut made: Vec<Tablet> = (0..tablets).map(|_| Tablet::new(&rng, keys.public())).collect();
        for tablet in &made {
            let public = tablet.keys.public();
            let claim = Claim::Device(Device {
                id: public.device_id(),
                facility,
                label: "t".into(),
                signing: public.signing,
                hpke: public.hpke,
                administrator: false,
                evacuation_site: false,
            });
            certificates.push(trust::sign(&keys, now, claim).unwrap().into_bytes());
        }
        for tablet in &mut made {
            for certificate in &certificates {
                tablet.learn(certificate);
            }
        }
        let relays = (0..relays).map(|_| Relay::new(&rng, keys.public())).collect();
        let links = (0..tablets).map(|_| None).collect();
        let mut region = Self {
            rng,
            keys,
            tablets: made,
            relays,
            patients: Vec::new(),
            links,
            now,
            sent: Vec::new(),
            lanes: Lane::ALL,
            live: true,
        };
        region.sent.resize_with(tablets, BTreeMap::new);
        for owner in 0..tablets {
            region.create_patient(owner);
        }
        region
    }

    pub fn create_patient(&mut self, owner: usize) -> usize {
        let origin = PatientOrigin::generate(&self.rng, self.tablets[owner].device()).unwrap();
        let keys = [EpochKey::generate(&self.rng).unwrap(), EpochKey::generate(&self.rng).unwrap()];
        self.patients.push(Patient { origin, owner, keys });
        let patient = self.patients.len() - 1;
        self.grant(owner, patient, owner);
        patient
    }

    /// A tablet's whole disk is copied, so that nothing shows it. The copy's index.
    pub fn clone_tablet(&mut self, tablet: usize) -> usize {
        self.tablets.push(self.tablets[tablet].clone());
        self.sent.push(BTreeMap::new());
        self.links.push(None);
        self.tablets.len() - 1
    }

    /// `from` grants card and chart of a patient to `to`, if it may.
    pub fn grant(&mut self, from: usize, patient: usize, to: usize) {
        let public = self.tablets[to].keys.public();
        let patient = &self.patients[patient];
        for scope in Scope::ALL {
            let giver = &self.tablets[from];
            if from != patient.owner && !giver.trust.granted(giver.device(), patient.id(), scope) {
                continue;
            }
            let key = patient.key(scope);
            let grant =
                Grant::wrap(&self.rng, key, patient.origin, scope, public.device_id(), &public.hpke, "同意", true);
            let statement = trust::sign(&giver.keys, self.now, Claim::Grant(grant.unwrap())).unwrap();
            self.tablets[from].issue(statement.into_bytes());
        }
    }

    /// `tablet` writes a record, if it may.
    pub fn write(&mut self, tablet: usize, patient: usize, which: u8) {
        let patient = &self.patients[patient];
        let document = patient.document(which);
        let writer = &mut self.tablets[tablet];
        if writer.trust.granted(writer.device(), patient.id(), document.scope()) {
            writer.write(&self.rng, document, patient.key(document.scope()));
        }
    }

    pub fn connect(&mut self, tablet: usize, relay: usize) {
        if self.links[tablet].is_some() {
            return;
        }
        let client = client::Session::new(self.tablets[tablet].config(&self.relays[relay], SESSION_VERSIONS));
        let server = relay_session::Session::new(relay_session::RelayConfig {
            region: self.keys.region_id(),
            versions: SESSION_VERSIONS.to_vec(),
            peer_key: self.tablets[tablet].keys.public().signing,
        });
        self.links[tablet] = Some(Link {
            relay,
            client,
            client_events: [client::ClientEvent::Connected { now: self.now }].into(),
            client_actions: VecDeque::new(),
            server,
            server_events: VecDeque::new(),
            server_actions: VecDeque::new(),
            up: PerLane::default(),
            down: PerLane::default(),
            bytes_up: 0,
            bytes_down: 0,
            round_trips_down: 0,
            compared: 0,
            pushed: 0,
            said: Vec::new(),
            closed: None,
        });
    }

    /// The connection breaks, or the tablet is killed: sessions, pending steps and messages are gone.
    pub fn disconnect(&mut self, tablet: usize) {
        self.links[tablet] = None;
    }

    /// The relay is killed and starts again.
    pub fn restart_relay(&mut self, relay: usize) {
        for link in &mut self.links {
            if link.as_ref().is_some_and(|link| link.relay == relay) {
                *link = None;
            }
        }
        self.relays[relay].restart(&self.rng);
    }

    /// The relay is restored from an old copy of its store.
    pub fn roll_back_relay(&mut self, relay: usize) {
        self.relays[relay].roll_back();
        self.restart_relay(relay);
    }

    /// One step of a tablet: one action, or one event, or one message. False if there is nothing to do.
    pub fn work_tablet(&mut self, tablet: usize) -> bool {
        let Some(link) = &mut self.links[tablet] else { return false };
        let state = &mut self.tablets[tablet];
        if let Some(action) = link.client_actions.pop_front() {
            if let client::ClientAction::Acked { records, .. } = &action {
                for (log, seq) in records {
                    assert!(self.relays[link.relay].has(log, *seq), "the relay acked what it does not have");
                }
            }
            match action {
                client::ClientAction::Send { lane, message } => {
                    match &message {
                        ClientMessage::Vectors { .. } | ClientMessage::Twins { .. } => link.compared += 1,
                        ClientMessage::Push { items, .. } => link.pushed += items.len(),
                        _ => {}
                    }
                    let frame = encode_frame(&message.encode());
                    link.bytes_up += frame.len();
                    link.up[lane].push_back(frame);
                }
                client::ClientAction::Close { reason } => link.closed = Some(reason.to_string()),
                action => {
                    if let Some(event) = state.perform(action, &self.relays[link.relay]) {
                        link.client_events.push_back(event);
                    }
                }
            }
            return true;
        }
        if state.take_saved() {
            link.client_events.push_back(client::ClientEvent::Saved);
        }
        if std::mem::take(&mut state.chunks.changed) {
            link.client_events.push_back(client::ClientEvent::Wanted { chunks: state.chunks.to_ask() });
        }
        let event = match link.client_events.pop_front() {
            Some(event) => event,
            None if link.closed.is_none() => {
                let ready = |lane: &Lane| link.client.ready_to_receive(*lane) && !link.down[*lane].is_empty();
                let Some(lane) = self.lanes.into_iter().find(ready) else { return false };
                let Some(frame) = link.down[lane].pop_front() else { return false };
                // A stream that holds nothing: what is not read is not written.
                link.server_events.push_back(relay_session::RelayEvent::Written { lane });
                let message = RelayMessage::decode(&unframe(&frame)).expect("relays speak correctly");
                client::ClientEvent::Received { now: self.now, lane, message }
            }
            None => return false,
        };
        link.client_actions.extend(link.client.handle(event));
        true
    }

    /// One step of a relay, for one tablet's session.
    pub fn work_relay(&mut self, tablet: usize) -> bool {
        let Some(link) = &mut self.links[tablet] else { return false };
        let index = link.relay;
        if let Some(action) = link.server_actions.pop_front() {
            match action {
                relay_session::RelayAction::Send { lane, message } => {
                    for item in items_of(&message) {
                        if let Item::Record(bytes) = item {
                            *self.sent[tablet].entry(RecordHash::of(bytes)).or_default() += 1;
                        }
                    }
                    let frame = encode_frame(&message.encode());
                    link.bytes_down += frame.len();
                    link.said.push((lane, frame.len(), message));
                    link.down[lane].push_back(frame);
                }
                relay_session::RelayAction::Close { reason } => link.closed = Some(reason.to_string()),
                action => {
                    let device = self.tablets[tablet].device();
                    let key = self.tablets[tablet].keys.public().signing;
                    let before = self.relays[index].newest();
                    let pushed = match &action {
                        relay_session::RelayAction::Commit { items, .. } => items.clone(),
                        _ => Vec::new(),
                    };
                    if let Some(event) = self.relays[index].perform(&self.rng, action, device, &key, self.now) {
                        link.server_events.push_back(event);
                    }
                    let newest = self.relays[index].newest();
                    for (other, link) in self.links.iter_mut().enumerate() {
                        let Some(link) = link.as_mut().filter(|link| other != tablet && link.relay == index) else {
                            continue;
                        };
                        let items = self.relays[index].new_for(&pushed, before, self.tablets[other].device());
                        if self.live && !items.is_empty() {
                            link.server_events.push_back(relay_session::RelayEvent::Verified { items });
                        }
                    }
                    if newest > before {
                        for other in self.links.iter_mut().flatten().filter(|other| other.relay == index) {
                            other.server_events.push_back(relay_session::RelayEvent::Arrived { newest });
                        }
                    }
                }
            }
            return true;
        }
        let event = match link.server_events.pop_front() {
            Some(event) => event,
            None if link.closed.is_none() => {
                let ready = |lane: &Lane| link.server.ready_to_receive(*lane) && !link.up[*lane].is_empty();
                let Some(lane) = self.lanes.into_iter().find(ready) else { return false };
                let Some(frame) = link.up[lane].pop_front() else { return false };
                let message = ClientMessage::decode(&unframe(&frame)).expect("tablets speak correctly");
                relay_session::RelayEvent::Received { lane, message }
            }
            None => return false,
        };
        link.server_actions.extend(link.server.handle(event));
        true
    }

    /// Works until nobody has anything to do.
    pub fn settle(&mut self) {
        for _ in 0..1_000_000 {
            let mut busy = false;
            for tablet in 0..self.tablets.len() {
                while self.work_tablet(tablet) {
                    busy = true;
                }
                while self.work_relay(tablet) {
                    busy = true;
                }
            }
            if !busy {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Everyone connects to one relay and stays until nothing is left to do.
    pub fn heal(&mut self, relay: usize) {
        for _ in 0..3 {
            for tablet in 0..self.tablets.len() {
                self.disconnect(tablet);
                self.connect(tablet, relay);
            }
            self.settle();
            for link in self.links.iter().flatten() {
                assert_eq!(link.closed, None);
                assert!(link.client.is_idle(), "{:?}", link.client);
            }
        }
    }

    /// The cursor is never ahead of the store: what it covers is here, or known to be missing.
    pub fn check_cursors(&self) {
        for tablet in &self.tablets {
            for relay in &self.relays {
                relay.check_cursor_of(tablet);
            }
        }
    }

    /// Everyone has everything that is granted to them, and the relay has everything.
    pub fn check_converged(&self, relay: usize) {
        let relay = &self.relays[relay];
        for tablet in &self.tablets {
            assert!(tablet.outbox.is_empty(), "{:?} left in an outbox", tablet.outbox);
            for (log, records) in &tablet.logs.0 {
                assert_eq!(relay.logs.0.get(log), Some(records), "the relay has all a tablet has");
            }
            for (log, records) in &relay.logs.0 {
                if relay.trust.may_read(tablet.device(), &log.document) {
                    assert_eq!(tablet.logs.0.get(log), Some(records), "a tablet has all that is granted to it");
                } else {
                    assert_eq!(tablet.logs.0.get(log), None, "a tablet has nothing that is not granted to it");
                }
            }
            for (id, _) in relay.trust.statements() {
                assert_eq!(tablet.trust.statement(id).is_some(), relay.trust.visible(id, tablet.device()));
            }
        }
        let written: usize = self.tablets.iter().map(|tablet| tablet.written).sum();
        assert_eq!(relay.logs.0.values().map(Vec::len).sum::<usize>(), written, "nothing that was written is lost");
    }
}

pub fn items_of(message: &RelayMessage) -> Vec<&Item> {
    match message {
        RelayMessage::Items { items, .. } => items.iter().map(|(_, item)| item).collect(),
        RelayMessage::Fill { items, .. } | RelayMessage::Live { items } => items.iter().collect(),
        _ => Vec::new(),
    }
}

fn unframe(frame: &[u8]) -> Vec<u8> {
    let mut decoder = FrameDecoder::new();
    decoder.feed(frame);
    decoder.next_frame().unwrap().expect("one frame was sent")
}
