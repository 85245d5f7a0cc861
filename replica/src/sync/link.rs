//! One connection to one relay: the session's actions done in order, for as long as the connection holds.
//!
//! What has come by the time the session is ready for more is taken at once and stored in one transaction: a busy relay sends in small
//! pieces, and forcing data to disk costs the same for one as for all of them. Nothing waits for more to come.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::Millis;
use tendenko_protocol::messages::{Cursor, Item, Lane, PerLane, RelayMessage};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent, Progress, Session};
use tokio::sync::{Notify, watch};

use super::connecting::{self, Connected, Connector};
use super::error::LinkError;
use super::lanes::Lanes as Streams;
use super::silence;
use super::socket::Counter;
use crate::replica::Replica;
use crate::status::{LaneProgress, Lanes, SyncPath, SyncState};
use crate::store::StoreError;

/// Items of one session that no honest relay sends, after which it ends. A few may come of a relay that learns of a revocation.
const MAX_BOGUS: u64 = 100;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes after which no more is taken into a transaction: a card that comes meanwhile waits for it.
const TOGETHER: usize = 256 * 1024;

/// How a link ended.
pub(super) struct Ended {
    /// The relay let this tablet in.
    pub(super) was_welcome: bool,
    pub(super) result: Result<(), LinkError>,
}

/// Connects to an address and stays until the link is lost, the session ends, or the loop is stopped.
pub(super) async fn run(
    replica: &Arc<Replica>,
    connector: &Connector,
    address: &str,
    wake: &Notify,
    stopped: &mut watch::Receiver<bool>,
) -> Ended {
    let mut was_welcome = false;
    let connected = tokio::select! {
        connected = connector.connect(address) => connected,
        _ = stopped.changed() => Err(LinkError::Closed(CloseReason::Bye)),
    };
    let result = match connected {
        Ok(mut connected) => {
            let mut result = talk(replica, connector, &mut connected, wake, stopped, &mut was_welcome).await;
            if matches!(result, Err(LinkError::TooEarly)) {
                result = match connector.settle(&mut connected) {
                    Ok(()) => talk(replica, connector, &mut connected, wake, stopped, &mut was_welcome).await,
                    Err(error) => Err(error),
                };
            }
            connected.connection.close(0u32.into(), b"");
            // Lets the last packets out; the relay would find out by itself otherwise. Where nobody listens, the next try does not wait for it.
            let endpoint = connected.endpoint;
            let farewell = async move {
                let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
            };
            match result {
                Ok(()) => farewell.await,
                Err(_) => drop(tokio::spawn(farewell)),
            }
            result
        }
        Err(LinkError::Closed(CloseReason::Bye)) => Ok(()),
        Err(error) => Err(error),
    };
    replica.used(connector.counter.take());
    let kept = blocking(replica, Replica::keep_data_use).await;
    Ended { was_welcome, result: result.and(kept) }
}

/// The session over an open connection, or over one that is still being opened: then its first flight goes out early.
async fn talk(
    replica: &Arc<Replica>,
    connector: &Connector,
    connected: &mut Connected,
    wake: &Notify,
    stopped: &mut watch::Receiver<bool>,
    was_welcome: &mut bool,
) -> Result<(), LinkError> {
    let relay = connected.relay;
    let streams = Streams::open(&connected.connection).await?;
    let config = blocking(replica, move |replica| replica.session_config(relay)).await?;
    let (name, path) = replica.server_at(relay);
    let (waiting, waited_for) = watch::channel(true);
    let (socket, connection, room) = (connected.socket.clone(), connected.connection.clone(), connected.room.clone());
    let listening = silence::watch(connection, socket, room, connector.patience(), waited_for);
    let listening = tokio::spawn(listening);
    let mut link = Link {
        replica: replica.clone(),
        session: Session::new(config),
        streams,
        at_home: replica.is_own_relay(relay),
        name,
        path,
        counter: connector.counter.clone(),
        waiting,
        closed: None,
        bogus: 0,
        welcome: false,
        broken: None,
        unproven: true,
        rest: connector.rest(),
        rested: false,
        asked_to_prove: BTreeSet::new(),
    };
    let early = connected.early.take();
    let result = {
        let conversing = link.converse(connected, wake, stopped);
        tokio::pin!(conversing);
        match early {
            None => conversing.await,
            Some(early) => {
                tokio::select! {
                    // The verdict first: what is said early on a connection that does not come about fails, too.
                    biased;
                    verdict = connector.verdict(early, connected) => match verdict {
                        Ok(()) => conversing.await,
                        Err(error) => Err(error),
                    },
                    result = &mut conversing => result,
                }
            }
        }
    };
    listening.abort();
    *was_welcome |= link.welcome;
    if let Err(error) = &result
        && error.is_misbehaviour()
    {
        let (name, code) = (link.name.clone(), error.code());
        tracing::warn!(%relay, code, "a relay does what no honest one does");
        replica.change_status(|status| status.misbehaving = Some((name, code)));
    }
    match result {
        Ok(()) => {
            let _ = tokio::time::timeout(FAREWELL, link.streams.finish()).await;
        }
        Err(_) => link.streams.end().await,
    }
    blocking(replica, Replica::note_contact).await?;
    result
}

async fn blocking<T: Send + 'static>(
    replica: &Arc<Replica>,
    work: impl FnOnce(&Replica) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, LinkError> {
    let replica = replica.clone();
    let done = tokio::task::spawn_blocking(move || work(&replica)).await;
    done.map_err(|_| LinkError::Interrupted)?.map_err(LinkError::Store)
}

struct Link {
    replica: Arc<Replica>,
    session: Session,
    streams: Streams,
    /// The relay is this tablet's own: what it has is on no other device yet.
    at_home: bool,
    name: Option<String>,
    path: SyncPath,
    counter: Arc<Counter>,
    /// Whether an answer is due.
    waiting: watch::Sender<bool>,
    closed: Option<CloseReason>,
    /// Items that no honest relay sends.
    bogus: u64,
    /// The relay let this tablet in.
    welcome: bool,
    /// A lane ended behind what is being taken.
    broken: Option<LinkError>,
    /// There may be a document that only a checkpoint speaks for.
    unproven: bool,
    /// How long nothing happens before proofs are asked for, so that they are in nobody's way.
    rest: Duration,
    /// That was so, and nobody has saved or asked for anything since.
    rested: bool,
    /// Documents of which the records were asked for that only a checkpoint speaks for.
    asked_to_prove: BTreeSet<DocumentId>,
}

impl Link {
    async fn converse(
        &mut self,
        connected: &Connected,
        wake: &Notify,
        stopped: &mut watch::Receiver<bool>,
    ) -> Result<(), LinkError> {
        let mut event = Some(ClientEvent::Connected { now: self.now() });
        let mut stopping = false;
        loop {
            if let Some(event) = event.take() {
                self.handle(event).await?;
            }
            if self.session.is_closed() {
                break;
            }
            if let Some(broken) = self.broken.take() {
                return Err(broken);
            }
            let idle = self.session.is_idle();
            self.waiting.send_if_modified(|waiting| std::mem::replace(waiting, !idle) == idle);
            if idle {
                if !self.replica.has_synced() {
                    blocking(&self.replica, Replica::first_sync_done).await?;
                }
                let name = self.name.clone();
                self.replica.change_status(|status| {
                    status.state = SyncState::Idle;
                    // It came to its end with this one: whatever was wrong with it is over.
                    status.misbehaving.take_if(|(relay, _)| *relay == name);
                });
                if self.unproven
                    && self.rested
                    && let Some(document) = self.next_to_prove().await?
                {
                    event = Some(ClientEvent::Prove { documents: vec![document] });
                    continue;
                }
            }
            let ready = PerLane::new(|lane| self.session.ready_to_receive(lane));
            let [cards, charts, attachments] = self.streams.arriving.each_mut();
            let (lane, message) = tokio::select! {
                biased;
                _ = stopped.changed(), if !stopping => {
                    stopping = true;
                    event = Some(ClientEvent::Stop);
                    continue;
                }
                () = wake.notified() => {
                    connecting::rebind(&connected.connection, &connected.socket);
                    event = Some(ClientEvent::Saved);
                    continue;
                }
                () = self.replica.departure.notified() => {
                    self.rested = false;
                    event = Some(ClientEvent::Saved);
                    continue;
                }
                () = self.replica.carried_grants.notified() => {
                    let scopes = blocking(&self.replica, Replica::still_owed).await?;
                    self.rested = false;
                    event = Some(ClientEvent::Granted { scopes });
                    continue;
                }
                () = self.replica.first_changed.notified() => {
                    let patients = blocking(&self.replica, |replica| Ok(replica.first_in_order())).await?;
                    event = Some(ClientEvent::First { patients });
                    continue;
                }
                () = self.replica.attachments_wanted.notified() => {
                    let chunks = blocking(&self.replica, |replica| replica.wanted_chunks(false)).await?;
                    self.rested = false;
                    event = Some(ClientEvent::Wanted { chunks });
                    continue;
                }
                () = tokio::time::sleep(self.rest), if idle && self.unproven && !self.rested => {
                    self.rested = true;
                    continue;
                }
                message = cards.recv(), if ready[Lane::Cards] => (Lane::Cards, message),
                message = charts.recv(), if ready[Lane::Charts] => (Lane::Charts, message),
                message = attachments.recv(), if ready[Lane::Attachments] => (Lane::Attachments, message),
            };
            let message = message.ok_or(LinkError::Interrupted)??;
            self.heard();
            if self.replica.used(self.counter.take()) {
                blocking(&self.replica, Replica::keep_data_use).await?;
            }
            event = Some(self.received(lane, message));
        }
        match self.closed.take() {
            None | Some(CloseReason::Bye) => Ok(()),
            Some(reason) => Err(LinkError::Closed(reason)),
        }
    }

    fn now(&self) -> Millis {
        Millis(self.replica.clock.now().0)
    }

    fn heard(&self) {
        let now = self.replica.clock.now();
        let (name, path) = (self.name.clone(), self.path);
        self.replica.change_status(|status| {
            status.last_contact = Some(now);
            status.relay = name;
            status.path = Some(path);
            status.last_error = None;
        });
    }

    /// A document that only a checkpoint speaks for, each once.
    async fn next_to_prove(&mut self) -> Result<Option<DocumentId>, LinkError> {
        if self.at_home {
            return Ok(None);
        }
        let asked = self.asked_to_prove.clone();
        let document = blocking(&self.replica, move |replica| replica.to_prove(&asked)).await?;
        self.asked_to_prove.extend(document);
        self.unproven = document.is_some();
        Ok(document)
    }

    fn received(&mut self, lane: Lane, message: RelayMessage) -> ClientEvent {
        self.welcome |= matches!(message, RelayMessage::Welcome { .. });
        ClientEvent::Received { now: self.now(), lane, message }
    }

    /// Takes an event and what else has come by now, does what follows from it, and what follows from that.
    async fn handle(&mut self, event: ClientEvent) -> Result<(), LinkError> {
        let lane = match &event {
            ClientEvent::Received { lane, .. } => Some(*lane),
            _ => None,
        };
        let mut actions: VecDeque<ClientAction> = self.session.handle(event).into();
        while let Some(event) = lane.and_then(|lane| self.next_here(lane)) {
            actions.extend(self.session.handle(event));
        }
        while let Some(action) = actions.pop_front() {
            for event in self.perform(action, &mut actions).await? {
                actions.extend(self.session.handle(event));
            }
        }
        Ok(())
    }

    /// The lane's next message, if it is here already and the session has room for it. Of the same lane, so that no card is shown later for
    /// a chart that came with it.
    fn next_here(&mut self, lane: Lane) -> Option<ClientEvent> {
        if self.session.is_closed() || self.broken.is_some() || !self.session.ready_to_receive(lane) {
            return None;
        }
        match self.streams.arriving[lane].try_recv().ok()? {
            Ok(message) => Some(self.received(lane, message)),
            Err(broken) => {
                self.broken = Some(broken);
                None
            }
        }
    }

    /// Stores what came in several batches as one, with the cursor that covers all of it.
    async fn store(
        &mut self,
        batches: Vec<u64>,
        items: Vec<Item>,
        cursor: Option<Cursor>,
    ) -> Result<Vec<ClientEvent>, LinkError> {
        self.unproven |= items.iter().any(|item| matches!(item, Item::Checkpoint(_)));
        let stored = blocking(&self.replica, move |replica| {
            let stored = replica.store_batch(items, cursor)?;
            if !stored.new_grants.is_empty() {
                replica.count_patients()?;
            }
            Ok(stored)
        })
        .await?;
        if stored.renewed {
            return Err(LinkError::Renewed);
        }
        self.bogus += stored.bogus;
        if self.bogus > MAX_BOGUS {
            return Err(LinkError::Bogus);
        }
        let (mut new_grants, mut gaps, mut forks) = (stored.new_grants, stored.gaps, stored.forks);
        let event = |batch| ClientEvent::Stored {
            batch,
            new_grants: std::mem::take(&mut new_grants),
            gaps: std::mem::take(&mut gaps),
            forks: std::mem::take(&mut forks),
        };
        Ok(batches.into_iter().map(event).collect())
    }

    /// Does one action, together with those behind it that are done at one go with it.
    async fn perform(
        &mut self,
        action: ClientAction,
        behind: &mut VecDeque<ClientAction>,
    ) -> Result<Vec<ClientEvent>, LinkError> {
        let replica = &self.replica;
        let event = match action {
            ClientAction::Send { lane, message } => {
                self.streams.say(lane, &message);
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                let (mut batches, mut all, mut last) = (vec![batch], items, cursor);
                let size = |items: &[Item]| items.iter().map(|item| item.bytes().len()).sum::<usize>();
                let mut bytes = size(&all);
                while bytes < TOGETHER
                    && let Some((batch, items, cursor)) = next_store(behind)
                {
                    batches.push(batch);
                    bytes += size(&items);
                    all.extend(items);
                    last = cursor.or(last);
                }
                return self.store(batches, all, last).await;
            }
            ClientAction::Depart { lane, after, behind, budget } => {
                let (items, more) =
                    blocking(replica, move |replica| replica.depart(lane, after, behind, budget)).await?;
                Some(ClientEvent::Departing { lane, items, more })
            }
            ClientAction::Acked { records, statements, chunks, parts, cursor } => {
                let at_home = self.at_home;
                let acked = move |replica: &Replica| match at_home {
                    true => replica.heard_at_home(cursor),
                    false => replica.acked(&records, &statements, &chunks, &parts, cursor),
                };
                blocking(replica, acked).await?;
                None
            }
            ClientAction::Rejected { items } => {
                if blocking(replica, move |replica| replica.refused(&items)).await? {
                    return Err(LinkError::Renewed);
                }
                None
            }
            ClientAction::LoadVectors { after, max_documents, max_logs } => {
                let (documents, more) =
                    blocking(replica, move |replica| replica.vectors_after(after, max_documents, max_logs)).await?;
                Some(ClientEvent::Vectors { documents, more })
            }
            ClientAction::LoadListed { documents } => {
                let documents = blocking(replica, move |replica| replica.vectors_of(&documents)).await?;
                Some(ClientEvent::Listed { documents })
            }
            ClientAction::LoadHeld { scopes } => {
                let scopes = blocking(replica, move |replica| replica.owed(scopes)).await?;
                Some(ClientEvent::Held { scopes })
            }
            ClientAction::LoadStatements { after, budget } => {
                let (items, more) = blocking(replica, move |replica| replica.statements_after(after, budget)).await?;
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, budget } => {
                let (records, more) = blocking(replica, move |replica| replica.missing(&documents, budget)).await?;
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::LoadPrints { log } => {
                let prints = blocking(replica, move |replica| replica.prints(log)).await?;
                Some(ClientEvent::Prints { prints })
            }
            ClientAction::LoadTwins { log, prints, budget } => {
                let (records, more) =
                    blocking(replica, move |replica| replica.with_prints(log, &prints, budget)).await?;
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::Absent { chunks } => {
                blocking(replica, move |replica| replica.chunks_absent(&chunks)).await?;
                None
            }
            ClientAction::LoadHoldings { after, limit } => {
                let attachments = blocking(replica, move |replica| replica.holdings(after, limit)).await?;
                Some(ClientEvent::Holdings { attachments })
            }
            ClientAction::LoadPieces { mut lacking, budget } => {
                let give = move |replica: &Replica| {
                    let chunks = replica.chunks_for(&mut lacking, budget)?;
                    Ok((chunks, lacking))
                };
                let (chunks, lacking) = blocking(replica, give).await?;
                Some(ClientEvent::Pieces { chunks, lacking })
            }
            ClientAction::Compared { documents } => {
                blocking(replica, move |replica| replica.compared(&documents)).await?;
                None
            }
            ClientAction::BackfillDone { patient, scope } => {
                blocking(replica, move |replica| {
                    replica.backfilled(patient, scope)?;
                    replica.count_patients()
                })
                .await?;
                None
            }
            ClientAction::Measured { clock_offset_ms } => {
                blocking(replica, move |replica| replica.measured(clock_offset_ms)).await?;
                None
            }
            ClientAction::Progress(progress) => {
                let state = state_of(progress, replica.has_synced());
                replica.change_status(|status| {
                    status.state = state;
                    status.lanes = lanes_of(progress);
                });
                None
            }
            ClientAction::Close { reason } => {
                self.closed = Some(reason);
                None
            }
        };
        Ok(event.into_iter().collect())
    }
}

/// The next batch to store, if nothing but word of progress stands before it; that is superseded.
fn next_store(actions: &mut VecDeque<ClientAction>) -> Option<(u64, Vec<Item>, Option<Cursor>)> {
    let place = actions.iter().position(|action| !matches!(action, ClientAction::Progress(_)))?;
    if !matches!(actions.get(place), Some(ClientAction::Store { .. })) {
        return None;
    }
    actions.drain(..place);
    match actions.pop_front() {
        Some(ClientAction::Store { batch, items, cursor }) => Some((batch, items, cursor)),
        _ => None,
    }
}

/// Before the first exchange came to its end, nobody is told that all is here: the loop does, once that is written down.
fn state_of(progress: Progress, has_synced: bool) -> SyncState {
    if progress.in_flight() > 0 {
        SyncState::Sending { done: progress.sent(), total: progress.sent() + progress.in_flight() }
    } else if progress.caught_up && has_synced {
        SyncState::Idle
    } else {
        SyncState::Receiving { done: progress.received(), total: progress.received() + progress.to_receive() }
    }
}

fn lanes_of(progress: Progress) -> Lanes {
    let of = |lane: Lane| {
        let lane = progress.lanes[lane];
        LaneProgress {
            received: lane.received,
            to_receive: lane.to_receive,
            sent: lane.sent,
            in_flight: lane.in_flight,
            caught_up: lane.caught_up,
        }
    };
    Lanes { cards: of(Lane::Cards), charts: of(Lane::Charts), attachments: of(Lane::Attachments) }
}
