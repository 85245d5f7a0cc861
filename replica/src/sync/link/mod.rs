//! One connection to one relay: the session's actions done in order, for as long as the connection holds.
//!
//! What has come by the time the session is ready for more is taken at once and stored in one transaction: a busy relay sends in small
//! pieces, and forcing data to disk costs the same for one as for all of them. Nothing waits for more to come.

mod actions;
mod progress;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::Millis;
use tendenko_protocol::messages::{Lane, PerLane, RelayMessage};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent, Session};
use tokio::sync::{Notify, watch};

use super::connecting::{self, Connected, Connector};
use super::error::LinkError;
use super::lanes::Lanes as Streams;
use super::silence;
use super::socket::Counter;
use crate::replica::Replica;
use crate::status::{SyncPath, SyncState};
use crate::store::StoreError;

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

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
}
