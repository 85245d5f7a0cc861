//! The caller's end of a connection: one event, one message or one durable transaction at a time, so that a crash can fall
//! between any two. What a tablet does is here, what an edge relay does in `edge`.

use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::ids::{Millis, PatientId};
use tendenko_protocol::messages::Refusal;
use tendenko_protocol::messages::{Backfill, ClientMessage, Item, Lane, RelayMessage};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent};

use super::connection::{Caller, Stream, Todo};
use super::sabotage::{Sabotage, blind};
use super::tablet::header_of;
use super::trace::{NONE, Who};
use super::world::{Event, World};

/// Items given at a time, so that there are several pages.
const DEPARTING: usize = 7;
/// Statements given at a time.
const STATEMENTS: usize = 20;
/// Documents in a page of vectors.
const DOCUMENTS: usize = 4;
/// Missing records given at a time.
const MISSING: usize = 6;

impl World {
    pub(super) fn client_step(&mut self, connection: u64) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let caller = open.caller;
        let Some(end) = open.client.as_mut() else { return };
        end.scheduled = false;
        if let Some(todo) = end.todo.pop_front() {
            match caller {
                Caller::Tablet(tablet) => self.client_does(connection, tablet, todo),
                Caller::Edge(edge) => self.edge_does(connection, edge, todo),
            }
            self.wake_client(connection);
            return;
        }
        let idle = end.session.is_idle() && end.events.is_empty();
        let prove = match caller {
            Caller::Tablet(tablet) if idle => self.tablets[tablet].to_prove(&end.asked_to_prove),
            _ => None,
        };
        let event = match end.events.pop_front() {
            Some(event) => Some(event),
            None if prove.is_some() => {
                end.asked_to_prove.extend(prove);
                Some(ClientEvent::Prove { documents: prove.into_iter().collect() })
            }
            None => {
                let lanes: Vec<Lane> =
                    Stream::readable(&open.down).filter(|lane| end.session.ready_to_receive(*lane)).collect();
                let lane = lanes.get(open.dice.below(lanes.len())).copied();
                lane.and_then(|lane| {
                    let message = open.down[lane as usize].arrived.pop_front()?;
                    Some(ClientEvent::Received { now: Millis(0), lane, message })
                })
            }
        };
        let now = self.clock_of(caller);
        let event = match event {
            Some(ClientEvent::Received { lane, message, .. }) => ClientEvent::Received { now, lane, message },
            Some(event) => event,
            None => return,
        };
        self.client_handles(connection, caller, event);
        self.wake_client(connection);
    }

    /// What follows is done after what was to be done before, as the host does it. A session that has ended wants no event.
    pub(super) fn client_handles(&mut self, connection: u64, caller: Caller, event: ClientEvent) {
        let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.client.as_mut()) else { return };
        let (what, number) = name_of(&event);
        end.todo.extend(end.session.handle(event).into_iter().map(Todo::Action));
        self.trace.note(self.steps, self.now, caller.who(), what, [connection, number, NONE]);
    }

    fn client_does(&mut self, connection: u64, tablet: usize, todo: Todo) {
        let event = match todo {
            Todo::Action(ClientAction::Send { lane, message }) => {
                self.client_sends(connection, tablet, lane, message);
                None
            }
            Todo::Action(ClientAction::Close { reason }) => {
                self.client_closed(connection, tablet, &reason);
                None
            }
            Todo::Action(ClientAction::Store { batch, items, cursor }) => {
                if self.sabotage == Some(Sabotage::CursorBeforeStore) && !items.is_empty() {
                    self.tablets[tablet].disk.cursor = cursor.or(self.tablets[tablet].disk.cursor);
                    self.first(connection, [Todo::Late(batch, items)]);
                    self.check_cursor(tablet);
                    return;
                }
                self.client_stores(connection, tablet, batch, items, cursor)
            }
            Todo::Take(_) => None,
            Todo::Late(batch, items) => self.client_stores(connection, tablet, batch, items, None),
            Todo::Action(ClientAction::Depart { lane, after, behind, .. }) => {
                let documents = self.tablets[tablet].documents_to_seal();
                let report = Todo::Report { lane, after, behind };
                let seals = documents.into_iter().flat_map(|document| [Todo::Seal(document), Todo::Guard]);
                if self.sabotage == Some(Sabotage::SendBeforeSeal) {
                    let event = self.send_unsealed(tablet, lane, after, behind);
                    self.first(connection, seals);
                    event
                } else {
                    self.first(connection, seals.chain([report]));
                    None
                }
            }
            Todo::Seal(document) => {
                let sealed = self.tablets[tablet].seal(document, &mut self.contents);
                for header in &sealed {
                    self.trace.note(
                        self.steps,
                        self.now,
                        Who::Tablet(tablet),
                        "seals",
                        [header.seq.0, u64::from(header.count), header.incarnation.0],
                    );
                }
                self.check_sealed(tablet, &sealed);
                None
            }
            Todo::Checkpoint(document) => {
                self.make_checkpoint(tablet, document);
                None
            }
            Todo::Guard => {
                self.tablets[tablet].write_guard();
                None
            }
            Todo::Report { lane, after, behind } => {
                let (mut items, more) = self.tablets[tablet].outbox_after(lane, after, behind, DEPARTING);
                let due = self.tablets[tablet].checkpoints_due(lane);
                if !more && !due.is_empty() {
                    let report = Todo::Report { lane, after, behind };
                    self.first(connection, due.into_iter().map(Todo::Checkpoint).chain([report]));
                    return;
                }
                let garbage =
                    self.connections.get_mut(&connection).and_then(|open| open.client.as_mut()?.garbage.take());
                if let Some(mut garbage) = garbage {
                    garbage.position = items.last().map_or(after, |last| last.position);
                    items.push(garbage);
                }
                Some(ClientEvent::Departing { lane, items, more })
            }
            Todo::Action(ClientAction::Acked { records, statements, parts, cursor, .. }) => {
                let cursor = cursor.filter(|_| self.sabotage != Some(Sabotage::AckWithoutCursor));
                self.trace.note(
                    self.steps,
                    self.now,
                    Who::Tablet(tablet),
                    "is acked",
                    [records.len() as u64, statements.len() as u64, NONE],
                );
                self.tablets[tablet].acked(&records, &statements, &parts, cursor);
                self.check_cursor(tablet);
                None
            }
            Todo::Action(ClientAction::Rejected { items }) => {
                let before = self.tablets[tablet].saves();
                let renewed = self.tablets[tablet].rejected(&items, &self.contents);
                for item in &items {
                    self.trace.note(self.steps, self.now, Who::Tablet(tablet), item.reason.code(), [NONE; 3]);
                }
                if renewed {
                    self.renewed(connection, tablet, &before);
                }
                None
            }
            Todo::Action(ClientAction::LoadVectors { after, .. }) => {
                let disk = &self.tablets[tablet].disk;
                let mut documents = disk.logs.documents(after, None);
                let more = documents.len() > DOCUMENTS;
                documents.truncate(DOCUMENTS);
                let documents =
                    documents.into_iter().map(|document| (document, self.vector_of(tablet, document))).collect();
                Some(ClientEvent::Vectors { documents, more })
            }
            Todo::Action(ClientAction::LoadListed { documents }) => {
                let held = |document| match self.tablets[tablet].disk.logs.has_base(document) {
                    true => self.tablets[tablet].disk.logs.held(document),
                    false => self.vector_of(tablet, document),
                };
                let documents = documents.into_iter().map(|document| (document, held(document))).collect();
                Some(ClientEvent::Listed { documents })
            }
            Todo::Action(ClientAction::LoadHeld { scopes }) => {
                Some(ClientEvent::Held { scopes: scopes.into_iter().map(|scope| self.owed(tablet, scope)).collect() })
            }
            Todo::Action(ClientAction::LoadStatements { after, .. }) => {
                let (items, more) = self.tablets[tablet].statements_after(after, STATEMENTS);
                Some(ClientEvent::Statements { items, more })
            }
            Todo::Action(ClientAction::LoadMissing { documents, .. }) => {
                let (records, more) = self.tablets[tablet].disk.logs.beyond(&documents, MISSING);
                Some(ClientEvent::Missing { records, more })
            }
            Todo::Action(ClientAction::LoadPrints { log }) => {
                Some(ClientEvent::Prints { prints: self.tablets[tablet].disk.logs.prints(&log) })
            }
            Todo::Action(ClientAction::LoadTwins { log, prints, .. }) => {
                let (records, more) = self.tablets[tablet].disk.logs.with_prints(&log, &prints, MISSING);
                Some(ClientEvent::Missing { records, more })
            }
            Todo::Action(ClientAction::Compared { documents }) => {
                for document in documents {
                    self.tablets[tablet].disk.suspects.remove(&document);
                }
                None
            }
            Todo::Action(ClientAction::BackfillDone { patient, scope }) => {
                let state = &mut self.tablets[tablet];
                if state.disk.trust.granted(state.device(), patient, scope) {
                    state.disk.backfills.remove(&(patient, scope));
                }
                None
            }
            // Attachments are not in this world.
            Todo::Action(ClientAction::LoadHoldings { .. }) => Some(ClientEvent::Holdings { attachments: Vec::new() }),
            Todo::Action(ClientAction::LoadPieces { .. }) => {
                Some(ClientEvent::Pieces { chunks: Vec::new(), lacking: Vec::new() })
            }
            Todo::Action(ClientAction::Absent { .. } | ClientAction::Measured { .. } | ClientAction::Progress(_)) => {
                None
            }
        };
        if let Some(event) = event {
            self.client_handles(connection, Caller::Tablet(tablet), event);
        }
    }

    /// These come before everything else that is to be done.
    pub(super) fn first(&mut self, connection: u64, todo: impl IntoIterator<Item = Todo>) {
        if let Some(end) = self.connections.get_mut(&connection).and_then(|open| open.client.as_mut()) {
            for (index, todo) in todo.into_iter().enumerate() {
                end.todo.insert(index, todo);
            }
        }
    }

    /// A scope to be filled in, and what is here of it.
    fn owed(&self, tablet: usize, (patient, scope): (PatientId, Scope)) -> Backfill {
        let (card, last) = DocumentId::bounds_of_chart(patient);
        let documents = match scope {
            Scope::Card => vec![card],
            Scope::Chart => self.tablets[tablet].disk.logs.documents(Some(card), Some(last)),
        };
        let mut has: Vec<_> =
            documents.into_iter().map(|document| (document, self.vector_of(tablet, document))).collect();
        has.retain(|(_, vector)| !vector.0.is_empty());
        Backfill { patient, scope, has }
    }

    fn vector_of(
        &self,
        tablet: usize,
        document: tendenko_protocol::document::DocumentId,
    ) -> tendenko_protocol::document::Vector {
        let mut vector = self.tablets[tablet].disk.logs.vector(document);
        if self.sabotage == Some(Sabotage::VectorAhead) {
            vector.0.values_mut().for_each(|known| known.seq = known.seq.next());
        }
        if self.sabotage == Some(Sabotage::BlindToTwins) {
            blind(&mut vector);
        }
        vector
    }

    fn client_stores(
        &mut self,
        connection: u64,
        tablet: usize,
        batch: u64,
        items: Vec<Item>,
        cursor: Option<tendenko_protocol::messages::Cursor>,
    ) -> Option<ClientEvent> {
        let count = items.len() as u64;
        let device = self.tablets[tablet].device();
        let own = |item: &Item| matches!(item, Item::Record(bytes) if header_of(bytes).is_some_and(|header| header.device == device));
        let may_renew = items.iter().any(own) || self.tablets[tablet].rests_on_others();
        let before = may_renew.then(|| self.tablets[tablet].saves());
        let stored = self.tablets[tablet].store_batch(items, cursor, &self.contents);
        self.trace.note(self.steps, self.now, Who::Tablet(tablet), "stores", [batch, count, stored.gaps.len() as u64]);
        if !stored.new_grants.is_empty() {
            let grants = stored.new_grants.len() as u64;
            self.trace.note(self.steps, self.now, Who::Tablet(tablet), "is granted scopes", [grants, NONE, NONE]);
        }
        self.check_received(tablet, &stored);
        if stored.renewed {
            let before = before.unwrap_or_default();
            self.renewed(connection, tablet, &before);
            return None;
        }
        self.note_checkpoints(tablet, &stored);
        let forks = stored.forks.into_iter().map(|(log, _)| log).collect();
        Some(ClientEvent::Stored { batch, new_grants: stored.new_grants, gaps: stored.gaps, forks })
    }

    /// Sabotage: what is to be sealed leaves before the transaction that seals it.
    fn send_unsealed(&mut self, tablet: usize, lane: Lane, after: u64, behind: u64) -> Option<ClientEvent> {
        let state = &mut self.tablets[tablet];
        let disk = state.disk.clone();
        for document in state.documents_to_seal() {
            state.seal(document, &mut self.contents);
        }
        let (items, more) = state.outbox_after(lane, after, behind, DEPARTING);
        state.disk = disk;
        Some(ClientEvent::Departing { lane, items, more })
    }

    /// The session begins anew: what it had on its way belongs to the life before.
    fn renewed(&mut self, connection: u64, tablet: usize, before: &std::collections::BTreeSet<u32>) {
        let after = self.tablets[tablet].saves();
        self.check_nothing_lost(tablet, before, &after);
        self.trace.note(
            self.steps,
            self.now,
            Who::Tablet(tablet),
            "goes on as another",
            [self.tablets[tablet].disk.incarnation.0, NONE, NONE],
        );
        if let Some(open) = self.connections.get_mut(&connection) {
            open.cut();
        }
        self.client_gone(connection);
    }

    fn client_sends(&mut self, connection: u64, tablet: usize, lane: Lane, message: ClientMessage) {
        if let ClientMessage::Vectors { documents, .. } = &message {
            self.check_tablet_vectors(tablet, documents);
        }
        if let ClientMessage::Push { items, .. } = &message {
            self.check_pushed(Caller::Tablet(tablet), items);
        }
        self.send_up(connection, lane, message);
    }

    /// A message leaves on its lane.
    pub(super) fn send_up(&mut self, connection: u64, lane: Lane, message: ClientMessage) {
        let now = self.now;
        let Some(open) = self.connections.get_mut(&connection) else { return };
        if open.broken {
            return;
        }
        let lane = lane as usize;
        let message =
            if open.dice.chance(60) { ClientMessage::decode(&message.encode()).unwrap_or(message) } else { message };
        let arrival = open.arrival(now);
        let arrival = open.up[lane].send(message, arrival);
        self.at(arrival, Event::Up(connection, lane));
    }

    fn client_closed(&mut self, connection: u64, tablet: usize, reason: &CloseReason) {
        self.trace.note(self.steps, self.now, Who::Tablet(tablet), reason.code(), [connection, NONE, NONE]);
        match reason {
            CloseReason::Refused { reason: Refusal::Revoked, .. } => self.tablets[tablet].barred = true,
            CloseReason::Refused { reason: Refusal::Busy, .. } | CloseReason::Bye => {}
            other => self.violate("protocol", format!("tablet {tablet}: {other}")),
        }
        self.client_gone(connection);
    }
}

fn name_of(event: &ClientEvent) -> (&'static str, u64) {
    match event {
        ClientEvent::Connected { .. } => ("connected", NONE),
        ClientEvent::Received { message, .. } => match message {
            RelayMessage::Welcome { reconcile, newest, .. } => {
                (if *reconcile { "hears welcome, reconcile" } else { "hears welcome" }, newest.0)
            }
            RelayMessage::ChainWanted => ("hears chain wanted", NONE),
            RelayMessage::Refused { .. } => ("hears refused", NONE),
            RelayMessage::Items { items, .. } => ("hears items", items.len() as u64),
            RelayMessage::Sums { .. } => ("hears sums", NONE),
            RelayMessage::StatementsSent => ("hears that statements were sent", NONE),
            RelayMessage::Absent { .. } | RelayMessage::Lacking { .. } => ("hears of attachments", NONE),
            RelayMessage::Live { items } => ("hears live items", items.len() as u64),
            RelayMessage::Fill { items, .. } => ("hears fill", items.len() as u64),
            RelayMessage::CaughtUp { through } => ("hears caught up", through.0),
            RelayMessage::Backfilled { .. } => ("hears backfilled", NONE),
            RelayMessage::Withheld { newest, .. } => ("hears withheld", newest.0),
            RelayMessage::Ack { through, .. } => ("hears ack", *through),
            RelayMessage::Vectors { documents, .. } => ("hears vectors", documents.len() as u64),
            RelayMessage::Twins { prints } => ("hears of twins", prints.len() as u64),
        },
        ClientEvent::Stored { batch, .. } => ("has stored", *batch),
        ClientEvent::Prove { documents } => ("wants proof", documents.len() as u64),
        ClientEvent::Held { scopes } => ("has of scopes", scopes.len() as u64),
        ClientEvent::Granted { scopes } => ("is granted otherwise", scopes.len() as u64),
        ClientEvent::Saved => ("has saved", NONE),
        ClientEvent::First { patients } => ("wants others first", patients.len() as u64),
        ClientEvent::Departing { items, .. } => ("lets depart", items.len() as u64),
        ClientEvent::Vectors { documents, .. } => ("has vectors", documents.len() as u64),
        ClientEvent::Listed { documents } => ("has listed", documents.len() as u64),
        ClientEvent::Statements { items, .. } => ("has statements", items.len() as u64),
        ClientEvent::Missing { records, .. } => ("has what is missing", records.len() as u64),
        ClientEvent::Prints { prints } => ("has prints", prints.len() as u64),
        ClientEvent::Wanted { .. } | ClientEvent::Holdings { .. } | ClientEvent::Pieces { .. } => {
            ("has attachments", NONE)
        }
        ClientEvent::Stop => ("stops", NONE),
    }
}
