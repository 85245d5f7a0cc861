//! The relay's end of a connection, as the relay's host drives it: one batch and one reading under way beside each other, checking
//! and writing apart, and whatever is ready first comes first.

use tendenko_protocol::admission;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, RecordHash, StatementId};
use tendenko_protocol::messages::{ClientMessage, Item, Lane, Refusal, RelayMessage};
use tendenko_protocol::record::Header;
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::relay::{Outcome, RelayAction, RelayEvent};

use super::connection::{Caller, Committing, Pushed, Stream};
use super::sabotage::Sabotage;
use super::tablet::header_of;
use super::trace::{NONE, Who};
use super::world::{Event, World};

/// Batches of one tablet that wait for the one under way.
const BATCHES: usize = 4;

impl World {
    pub(super) fn server_step(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let relay = open.relay;
        let Some(end) = open.server.as_mut() else { return };
        end.scheduled = false;
        let readable = end.waiting.len() < BATCHES;
        let lanes: Vec<Lane> =
            Stream::readable(&open.up).filter(|lane| readable && end.session.ready_to_receive(*lane)).collect();
        let lane = lanes.get(open.dice.below(lanes.len())).copied();
        let mut ready: Vec<u8> = Vec::new();
        if !end.done.is_empty() {
            ready.push(0);
        }
        if !end.committed.is_empty() {
            ready.push(4);
        }
        if !end.verified.is_empty() {
            ready.push(6);
        }
        if !end.written.is_empty() {
            ready.push(5);
        }
        if end.renewed {
            ready.push(1);
        }
        if end.arrived.is_some() && end.session.device().is_some() {
            ready.push(2);
        }
        if lane.is_some() {
            ready.push(3);
        }
        if ready.is_empty() {
            return;
        }
        let event = match (ready[open.dice.below(ready.len())], lane) {
            (0, _) => {
                let which = open.dice.below(end.done.len());
                end.done.remove(which)
            }
            (4, _) => end.committed.pop_front(),
            (6, _) => end.verified.pop_front(),
            (5, _) => end.written.pop_front().map(|lane| RelayEvent::Written { lane }),
            (1, _) => {
                end.renewed = false;
                let other = end.served_in != self.relays[relay].disk.incarnation;
                (other && !end.minting && end.session.device().is_some())
                    .then_some(RelayEvent::Stop { reason: Refusal::Busy })
            }
            (2, _) => {
                let newest = end.arrived.take().unwrap_or_default();
                let revoked = !self.relays[relay].trust.is_in_office(end.device);
                Some(if revoked {
                    RelayEvent::Stop { reason: Refusal::Revoked }
                } else {
                    RelayEvent::Arrived { newest }
                })
            }
            (_, Some(lane)) => open.up[lane as usize].arrived.pop_front().map(|message| {
                if let ClientMessage::Push { items, .. } = &message {
                    end.pushed[lane as usize].extend(items.iter().map(pushed));
                }
                RelayEvent::Received { lane, message }
            }),
            _ => None,
        };
        if let Some(event) = event {
            self.server_handles(connection, relay, event);
        }
        self.wake_server(connection);
    }

    fn server_handles(&mut self, connection: u64, relay: usize, event: RelayEvent) {
        let (what, number) = name_of(&event);
        self.trace.note(self.steps, self.now, Who::Relay(relay), what, [connection, number, NONE]);
        let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.server.as_mut()) else { return };
        if let RelayEvent::Admitted { standing, .. } | RelayEvent::Minted { standing, .. } = &event {
            end.served_in = standing.incarnation;
            end.minting = false;
            end.renewed = true;
        }
        for action in end.session.handle(event) {
            self.server_does(connection, relay, action);
        }
    }

    fn server_does(&mut self, connection: u64, relay: usize, action: RelayAction) {
        let now = self.now;
        if let RelayAction::Send { lane, message } = action {
            self.server_sends(connection, relay, lane, message);
            return;
        }
        if let RelayAction::Close { reason } = &action {
            self.server_closed(connection, relay, reason);
            return;
        }
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let Some(end) = open.server.as_mut() else { return };
        match action {
            RelayAction::Commit { batch, items } => {
                end.waiting.push_back((batch, items));
                self.next_batch(connection);
            }
            RelayAction::MintIncarnation => {
                end.minting = true;
                end.reading.push_back(RelayAction::MintIncarnation);
                let delay = open.dice.between(1, 3_000);
                self.at(now + delay, Event::Read(connection));
            }
            reading => {
                end.reading.push_back(reading);
                let delay = open.dice.between(1, 2_000);
                self.at(now + delay, Event::Read(connection));
            }
        }
    }

    /// Starts the next batch when none is on its way: batches of one tablet build on each other.
    fn next_batch(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let Some(end) = open.server.as_mut().filter(|end| end.committing.is_none()) else { return };
        let Some((batch, items)) = end.waiting.pop_front() else { return };
        end.committing = Some(Committing::Received(batch, items));
        let delay = open.dice.between(1, 1_000);
        self.at(self.now + delay, Event::Check(connection));
    }

    /// Signatures and grants, before the writing transaction.
    pub(super) fn check_batch(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let relay = open.relay;
        let Some(end) = open.server.as_mut() else { return };
        let Some(Committing::Received(batch, items)) = end.committing.take() else { return };
        let early = self.sabotage == Some(Sabotage::AckBeforeCommit);
        let count = items.len();
        let mut checked: Vec<_> = items.into_iter().map(|item| self.relays[relay].check(item)).collect();
        checked.extend(self.relays[relay].take_due());
        let forwarded = self.relays[relay].to_forward(&checked);
        end.committing = Some(Committing::Checked(batch, checked));
        if early {
            let newest = self.relays[relay].disk.newest();
            end.committed.push_back(RelayEvent::Committed { batch, outcomes: vec![Outcome::Duplicate; count], newest });
        }
        let slow = if early || open.dice.chance(20) { 300_000 } else { 4_000 };
        let delay = open.dice.between(1, slow);
        self.at(self.now + delay, Event::Write(connection));
        if early {
            self.wake_server(connection);
        }
        self.forward(connection, relay, &forwarded);
    }

    /// What was verified goes to the other sessions of the relay, before it is written. A session that is slow misses it.
    fn forward(&mut self, from: u64, relay: usize, items: &[Item]) {
        let trust = &self.relays[relay].trust;
        let to_relays = self.sabotage == Some(Sabotage::ForwardToRelays);
        let mut wake = Vec::new();
        for (id, open) in self.connections.iter_mut().filter(|(id, open)| open.relay == relay && **id != from) {
            let misses = open.dice.chance(100);
            let Some(end) = open.server.as_mut().filter(|end| !misses && end.session.device().is_some()) else {
                continue;
            };
            let seen = |item: &&Item| match item {
                Item::Statement(bytes) => trust.visible(&StatementId::of(bytes), end.device),
                Item::Chunk(_) | Item::Checkpoint(_) => false,
                // Not to a relay: it would take it for something that is durable here.
                Item::Record(bytes) => header_of(bytes).is_some_and(|Header { document, .. }| match to_relays {
                    true => trust.may_be_sent(end.device, document.patient, document.scope()),
                    false => trust.may_read(end.device, &document),
                }),
            };
            let items: Vec<Item> = items.iter().filter(seen).cloned().collect();
            if !items.is_empty() {
                end.verified.push_back(RelayEvent::Verified { items });
                wake.push(*id);
            }
        }
        wake.into_iter().for_each(|connection| self.wake_server(connection));
    }

    /// The writing transaction.
    pub(super) fn write_batch(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let relay = open.relay;
        let Some(end) = open.server.as_mut() else { return };
        let device = end.device;
        let Some(Committing::Checked(batch, checked)) = end.committing.take() else { return };
        let count = checked.len() as u64;
        let before = self.relays[relay].disk.newest();
        let (outcomes, forks, kept) = self.relays[relay].write(checked);
        let newest = self.relays[relay].disk.newest();
        self.trace.note(self.steps, self.now, Who::Relay(relay), "commits", [connection, count, newest.0]);
        self.check_committed(relay, device, &forks, &kept);
        if self.sabotage != Some(Sabotage::AckBeforeCommit)
            && let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.server.as_mut())
        {
            end.committed.push_back(RelayEvent::Committed { batch, outcomes, newest });
        }
        if newest > before {
            self.announce(relay);
        }
        self.next_batch(connection);
        self.wake_server(connection);
    }

    /// The session is gone, but the writer has the batch.
    pub(super) fn write_without_report(&mut self, relay: usize, device: DeviceId, committing: Committing) {
        let checked = match committing {
            Committing::Received(_, items) => {
                let mut checked: Vec<_> = items.into_iter().map(|item| self.relays[relay].check(item)).collect();
                checked.extend(self.relays[relay].take_due());
                checked
            }
            Committing::Checked(_, checked) => checked,
        };
        let (_, forks, kept) = self.relays[relay].write(checked);
        self.check_committed(relay, device, &forks, &kept);
        self.announce(relay);
    }

    /// Every session of the relay is told that something arrived.
    pub(super) fn announce(&mut self, relay: usize) {
        let newest = self.relays[relay].disk.newest();
        let mut wake = Vec::new();
        for (id, open) in self.connections.iter_mut().filter(|(_, open)| open.relay == relay) {
            if let Some(end) = &mut open.server {
                end.arrived = Some(newest);
                wake.push(*id);
            }
        }
        wake.into_iter().for_each(|connection| self.wake_server(connection));
        self.say_saved(Caller::Edge(relay));
    }

    /// The reading under way is done: what the store says now is reported a little later.
    pub(super) fn read_store(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let relay = open.relay;
        let Some(end) = open.server.as_mut() else { return };
        let Some(action) = end.reading.pop_front() else { return };
        let (device, key, judged_in) = (end.device, end.key, end.served_in);
        let now = self.relay_clock(relay);
        let event = match action {
            RelayAction::CheckDevice { device, chain } => self.check_device(relay, device, chain, &key),
            RelayAction::ReadPage { lane, after, through, select, .. } => {
                self.relays[relay].page(device, lane, after, through, select)
            }
            RelayAction::ReadVectors { lane, coverage, listed, .. } => {
                self.relays[relay].vectors(device, lane, coverage, &listed)
            }
            RelayAction::ReadMissing { lane, documents, .. } => self.relays[relay].missing(device, lane, documents),
            RelayAction::ReadPrints { lane, log } => self.relays[relay].prints(device, lane, &log),
            RelayAction::ReadTwins { lane, log, prints, .. } => self.relays[relay].twins(device, lane, &log, &prints),
            RelayAction::MintIncarnation => {
                let state = &mut self.relays[relay];
                if state.disk.incarnation == judged_in {
                    state.forget_past();
                    self.trace.note(
                        self.steps,
                        self.now,
                        Who::Relay(relay),
                        "has lost data and begins a new life",
                        [NONE; 3],
                    );
                    self.tell_renewed(relay);
                }
                RelayEvent::Minted { standing: self.relays[relay].standing(), now }
            }
            RelayAction::ReadCards { patients, after, since, through, .. } => {
                self.relays[relay].cards(device, patients, after, (since, through))
            }
            RelayAction::ReadCheckpoints { patients, after, .. } => {
                self.relays[relay].checkpoint_parts(device, patients, after)
            }
            RelayAction::ReadChunks { chunks, .. } => {
                RelayEvent::Chunks { chunks: chunks.into_iter().map(|chunk| (chunk, None)).collect() }
            }
            RelayAction::ReadLacking { .. } => RelayEvent::Lacking { attachments: Vec::new() },
            RelayAction::Send { .. } | RelayAction::Close { .. } | RelayAction::Commit { .. } => return,
        };
        if let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.server.as_mut()) {
            end.done.push_back(event);
        }
        self.wake_server(connection);
    }

    fn check_device(&mut self, relay: usize, device: DeviceId, chain: Vec<Vec<u8>>, key: &[u8; 32]) -> RelayEvent {
        let now = self.relay_clock(relay);
        let mut checked: Vec<_> =
            chain.into_iter().map(|bytes| self.relays[relay].check(Item::Statement(bytes))).collect();
        checked.extend(self.relays[relay].take_due());
        let before = self.relays[relay].disk.newest();
        self.relays[relay].write(checked);
        if self.relays[relay].disk.newest() > before {
            self.announce(relay);
        }
        let state = &self.relays[relay];
        match admission::admit_peer(device, key, &state.trust) {
            Ok(_) => RelayEvent::Admitted { standing: state.standing(), now },
            Err(reason) => RelayEvent::Refused { reason },
        }
    }

    fn tell_renewed(&mut self, relay: usize) {
        let mut wake = Vec::new();
        for (id, open) in self.connections.iter_mut().filter(|(_, open)| open.relay == relay) {
            if let Some(end) = &mut open.server {
                end.renewed = true;
                wake.push(*id);
            }
        }
        wake.into_iter().for_each(|connection| self.wake_server(connection));
    }

    /// The lane's stream has taken a message.
    pub(super) fn has_written(&mut self, connection: u64, lane: usize) {
        if let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.server.as_mut()) {
            end.written.push_back(Lane::ALL[lane]);
            self.wake_server(connection);
        }
    }

    fn server_sends(&mut self, connection: u64, relay: usize, lane: Lane, message: RelayMessage) {
        self.check_sent(connection, relay, lane, &message);
        let now = self.now;
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let lane = lane as usize;
        if open.broken {
            // The system still takes it, and it goes nowhere.
            let taken = open.dice.between(1, 1_000);
            self.at(now + taken, Event::Written(connection, lane));
            return;
        }
        let message =
            if open.dice.chance(60) { RelayMessage::decode(&message.encode()).unwrap_or(message) } else { message };
        let arrival = open.arrival(now);
        let arrival = open.down[lane].send(message, arrival);
        let taken = if open.dice.chance(700) { now + open.dice.between(1, 500) } else { arrival };
        self.at(taken, Event::Written(connection, lane));
        self.at(arrival, Event::Down(connection, lane));
    }

    fn server_closed(&mut self, connection: u64, relay: usize, reason: &CloseReason) {
        self.trace.note(self.steps, self.now, Who::Relay(relay), reason.code(), [connection, NONE, NONE]);
        if let CloseReason::Protocol(_) | CloseReason::Mismatch(_) = reason {
            self.violate("protocol", format!("relay {relay}: {reason}"));
        }
        self.server_gone(connection);
    }
}

/// How a pushed item is remembered.
pub(super) fn pushed(item: &Item) -> Pushed {
    match item {
        Item::Record(bytes) | Item::Chunk(bytes) => Pushed::Record(RecordHash::of(bytes)),
        Item::Checkpoint(_) => Pushed::Part,
        Item::Statement(bytes) => Pushed::Statement(StatementId::of(bytes)),
    }
}

fn name_of(event: &RelayEvent) -> (&'static str, u64) {
    match event {
        RelayEvent::Received { message, .. } => match message {
            ClientMessage::Hello { cursor, .. } => ("hears hello", cursor.map_or(NONE, |cursor| cursor.after.0)),
            ClientMessage::Begin { known, .. } => ("hears begin", known.len() as u64),
            ClientMessage::Pull { backfill, .. } => ("hears pull", backfill.len() as u64),
            ClientMessage::Push { items, .. } => ("hears push", items.len() as u64),
            ClientMessage::Vectors { documents, .. } => ("hears vectors", documents.len() as u64),
            ClientMessage::Twins { prints, .. } => ("hears of twins", prints.len() as u64),
            ClientMessage::Sums { .. } => ("hears sums", NONE),
            ClientMessage::Statements { .. } => ("hears of statements", NONE),
            ClientMessage::Want { .. } | ClientMessage::Offer { .. } => ("hears of attachments", NONE),
            ClientMessage::Bye => ("hears bye", NONE),
        },
        RelayEvent::Written { lane } => ("has written", *lane as u64),
        RelayEvent::Admitted { standing, .. } => ("admits", standing.newest.0),
        RelayEvent::Refused { .. } => ("does not admit", NONE),
        RelayEvent::Minted { .. } => ("has begun a new life", NONE),
        RelayEvent::Page { items, .. } => ("has read a page", items.len() as u64),
        RelayEvent::Committed { batch, .. } => ("has committed", *batch),
        RelayEvent::Verified { items } => ("hears of verified items", items.len() as u64),
        RelayEvent::Arrived { newest: ArrivalNo(newest) } => ("sees arrivals", *newest),
        RelayEvent::Vectors { documents, .. } => ("has vectors", documents.len() as u64),
        RelayEvent::Missing { records, .. } => ("has what is missing", records.len() as u64),
        RelayEvent::Prints { prints, .. } => ("has prints", prints.len() as u64),
        RelayEvent::Cards { cards, .. } => ("has cards", cards.len() as u64),
        RelayEvent::Checkpoints { parts, .. } => ("has parts", parts.len() as u64),
        RelayEvent::Chunks { .. } | RelayEvent::Lacking { .. } => ("has attachments", NONE),
        RelayEvent::Stop { .. } => ("stops a session", NONE),
    }
}
