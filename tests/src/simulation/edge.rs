//! An edge relay as a client of the relay above it: one step of its host at a time, over the store that it serves tablets from.
//!
//! As in `sync-relay/src/upstream/`: a batch is checked and written in two steps, and what was checked is written even if the connection
//! is lost meanwhile. An edge stays in its place when its hub is gone, and any relay may be above any other, also in a ring.

use tendenko_protocol::domains::SESSION_VERSIONS;
use tendenko_protocol::messages::{ClientMessage, Item, Lane, Refusal};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientConfig, ClientEvent, Session};

use super::connection::{Caller, ClientEnd, Todo};
use super::relay::FromUpstream;
use super::sabotage::Sabotage;
use super::script::Op;
use super::trace::{NONE, Who};
use super::world::{Event, World};

/// Items given at a time, so that there are several pages.
const DEPARTING: usize = 9;
/// Statements given at a time.
const STATEMENTS: usize = 24;
/// Documents in a page of vectors.
const DOCUMENTS: usize = 5;
/// Missing records given at a time.
const MISSING: usize = 7;

impl World {
    /// Relays that began as edges.
    pub(super) fn edges(&self) -> std::ops::Range<usize> {
        self.setting.relays..self.relays.len()
    }

    /// Is this the id of a relay, as a client of another?
    pub(super) fn is_edge(&self, device: tendenko_protocol::ids::DeviceId) -> bool {
        self.edges().any(|edge| self.relays[edge].hello_id() == device)
    }

    /// The operator gives an edge relay the certificates of all relays: its own, and those it may have above it.
    pub(super) fn equip(&mut self, edge: usize) {
        for certificate in self.relay_certificates.clone() {
            self.relays[edge].enrol(&certificate);
        }
    }

    pub(super) fn operate_edge(&mut self, op: Op) {
        match op {
            Op::Upstream { edge, to } if self.edges().contains(&edge) && to != Some(edge) => self.put_below(edge, to),
            Op::EdgeLink { edge, relay, up } => self.link(Caller::Edge(edge), relay, up),
            Op::EdgeBreak { edge } => {
                if let Some(connection) = self.connection_of(Caller::Edge(edge)) {
                    self.break_connection(connection);
                }
            }
            _ => {}
        }
    }

    fn put_below(&mut self, edge: usize, to: Option<usize>) {
        self.trace.note(
            self.steps,
            self.now,
            Who::Relay(edge),
            "is put below",
            [to.map_or(NONE, |to| to as u64), NONE, NONE],
        );
        self.relays[edge].upstream = to;
        self.relays[edge].begin_upstream();
        if let Some(connection) = self.connection_of(Caller::Edge(edge)) {
            self.break_connection(connection);
        }
        self.soon(1_000_000, Event::Connect(Caller::Edge(edge)));
    }

    pub(super) fn connect_edge(&mut self, edge: usize) {
        let caller = Caller::Edge(edge);
        let state = &self.relays[edge];
        let (Some(relay), Some(upstream)) = (state.upstream, &state.disk.upstream) else { return };
        let id = self.relays[relay].id();
        if !self.can_meet(caller, relay) || self.connection_of(caller).is_some() || state.trust.relay(id).is_none() {
            return;
        }
        let client = Session::new(ClientConfig {
            region: self.region.region_id(),
            device: state.hello_id(),
            relay: id,
            chain: state.trust.chain_of_relay(state.id()),
            cursor: upstream.cursor,
            versions: SESSION_VERSIONS.to_vec(),
            backfill: Vec::new(),
            first: Vec::new(),
            long_away: true,
            wanted: Vec::new(),
            offer: true,
            suspects: upstream.suspects.iter().copied().collect(),
            // Somebody behind it may want every record.
            checkpoints: None,
        });
        let key = state.keys.public();
        self.open(caller, relay, client, key);
    }

    pub(super) fn edge_does(&mut self, connection: u64, edge: usize, todo: Todo) {
        let event = match todo {
            Todo::Action(action) => self.edge_acts(connection, edge, action),
            Todo::Take(batch) => Some(self.edge_takes(edge, batch)),
            // These are a tablet's.
            Todo::Seal(_) | Todo::Checkpoint(_) | Todo::Guard | Todo::Report { .. } | Todo::Late(..) => None,
        };
        if let Some(event) = event {
            self.client_handles(connection, Caller::Edge(edge), event);
        }
    }

    fn edge_acts(&mut self, connection: u64, edge: usize, action: ClientAction) -> Option<ClientEvent> {
        match action {
            ClientAction::Send { lane, message } => {
                self.edge_sends(connection, edge, lane, message);
                None
            }
            ClientAction::Close { reason } => {
                self.edge_closed(connection, edge, &reason);
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                self.edge_checks(connection, edge, batch, items, cursor);
                None
            }
            ClientAction::Depart { lane, after, behind, .. } => {
                let (items, more) = self.relays[edge].upstream_departs(lane, after, behind, DEPARTING);
                self.check_outbox(connection, edge);
                Some(ClientEvent::Departing { lane, items, more })
            }
            ClientAction::Acked { records, statements, cursor, .. } => {
                let numbers = [records.len() as u64, statements.len() as u64, NONE];
                self.trace.note(self.steps, self.now, Who::Relay(edge), "is acked", numbers);
                self.relays[edge].upstream_acked(records, statements, cursor);
                self.check_outbox(connection, edge);
                self.check_edge_cursor(edge);
                None
            }
            ClientAction::Rejected { items } => {
                for item in &items {
                    self.trace.note(self.steps, self.now, Who::Relay(edge), item.reason.code(), [NONE; 3]);
                }
                self.relays[edge].upstream_refused(&items);
                None
            }
            ClientAction::LoadVectors { after, .. } => {
                let logs = &self.relays[edge].disk.logs;
                let mut documents = logs.documents(after, None);
                let more = documents.len() > DOCUMENTS;
                documents.truncate(DOCUMENTS);
                let documents = documents.into_iter().map(|document| (document, logs.vector(document))).collect();
                Some(ClientEvent::Vectors { documents, more })
            }
            ClientAction::LoadListed { documents } => {
                let logs = &self.relays[edge].disk.logs;
                let documents = documents.into_iter().map(|document| (document, logs.vector(document))).collect();
                Some(ClientEvent::Listed { documents })
            }
            ClientAction::LoadStatements { after, .. } => {
                let (items, more) = self.relays[edge].statements_after(after, STATEMENTS);
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, .. } => {
                let (records, more) = self.relays[edge].disk.logs.beyond(&documents, MISSING);
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::LoadPrints { log } => {
                Some(ClientEvent::Prints { prints: self.relays[edge].disk.logs.prints(&log) })
            }
            ClientAction::LoadTwins { log, prints, .. } => {
                let (records, more) = self.relays[edge].disk.logs.with_prints(&log, &prints, MISSING);
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::Compared { documents } => {
                if let Some(upstream) = &mut self.relays[edge].disk.upstream {
                    upstream.suspects.retain(|document| !documents.contains(document));
                }
                None
            }
            // Attachments are not in this world.
            ClientAction::LoadHoldings { .. } => Some(ClientEvent::Holdings { attachments: Vec::new() }),
            ClientAction::LoadPieces { .. } => Some(ClientEvent::Pieces { chunks: Vec::new(), lacking: Vec::new() }),
            // Nothing is granted to a relay: it has no scopes to fill in.
            ClientAction::LoadHeld { .. } => Some(ClientEvent::Held { scopes: Vec::new() }),
            ClientAction::BackfillDone { .. }
            | ClientAction::Absent { .. }
            | ClientAction::Measured { .. }
            | ClientAction::Progress(_) => None,
        }
    }

    /// Signatures and grants, before the writing transaction.
    fn edge_checks(
        &mut self,
        connection: u64,
        edge: usize,
        batch: u64,
        items: Vec<Item>,
        cursor: Option<tendenko_protocol::messages::Cursor>,
    ) {
        let mut batch = self.relays[edge].check_from_upstream(batch, items, cursor);
        if self.relays[edge].breaks(Sabotage::UpstreamCursorFirst)
            && let Some(upstream) = &mut self.relays[edge].disk.upstream
        {
            upstream.cursor = batch.cursor.take().or(upstream.cursor);
            self.check_edge_cursor(edge);
        }
        self.first(connection, [Todo::Take(batch)]);
    }

    /// The writing transaction.
    fn edge_takes(&mut self, edge: usize, batch: FromUpstream) -> ClientEvent {
        let number = batch.batch;
        let before = self.relays[edge].disk.newest();
        let taken = self.relays[edge].write_from_upstream(batch);
        let newest = self.relays[edge].disk.newest();
        let numbers = [number, newest.0, taken.gaps.len() as u64];
        self.trace.note(self.steps, self.now, Who::Relay(edge), "takes from its upstream", numbers);
        let device = self.relays[edge].hello_id();
        self.check_committed(edge, device, &taken.forks, &taken.kept);
        self.check_edge_cursor(edge);
        if newest > before {
            self.announce(edge);
        }
        ClientEvent::Stored { batch: number, new_grants: Vec::new(), gaps: taken.gaps, forks: taken.forked }
    }

    /// The connection is lost: what was checked is written all the same, if the relay lives.
    pub(super) fn take_the_rest(&mut self, edge: usize, end: ClientEnd) {
        let begun = end.todo.into_iter().next();
        if let Some(Todo::Take(batch)) = begun.filter(|_| self.relays[edge].running) {
            self.edge_takes(edge, batch);
        }
    }

    fn edge_sends(&mut self, connection: u64, edge: usize, lane: Lane, message: ClientMessage) {
        if let ClientMessage::Vectors { documents, .. } = &message {
            self.check_edge_vectors(edge, documents);
        }
        if let ClientMessage::Push { items, .. } = &message {
            self.check_pushed(Caller::Edge(edge), items);
        }
        self.send_up(connection, lane, message);
    }

    fn edge_closed(&mut self, connection: u64, edge: usize, reason: &CloseReason) {
        self.trace.note(self.steps, self.now, Who::Relay(edge), reason.code(), [connection, NONE, NONE]);
        match reason {
            CloseReason::Refused { reason: Refusal::Busy, .. } | CloseReason::Bye => {}
            other => self.violate("protocol", format!("edge {edge}: {other}")),
        }
        self.client_gone(connection);
    }
}
