//! One connection to one relay: QUIC, three lanes, and the session's actions done in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Connection, Endpoint, RecvStream, SendStream};
use tendenko_protocol::cbor::CborError;
use tendenko_protocol::ids::{Millis, RelayId};
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, FrameError, Lane, PerLane, RelayMessage, encode_frame};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent, Progress, Session};
use tendenko_protocol::tls::TlsError;
use tokio::sync::{Notify, mpsc, watch};

use super::connecting::{self, Connected, Connector};
use super::socket::Counter;
use crate::replica::Replica;
use crate::status::{LaneProgress, Lanes, SyncPath, SyncState};
use crate::store::StoreError;

/// Frames read ahead of the session.
const FRAMES_AHEAD: usize = 2;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a link ended.
pub(super) struct Ended {
    /// The relay let this tablet in.
    pub(super) was_welcome: bool,
    pub(super) result: Result<(), LinkError>,
}

/// Why a link could not be made or did not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("the address cannot be resolved: {0}")]
    Address(std::io::Error),
    #[error("nobody answers")]
    Unreachable,
    #[error("whoever answered is not a relay of this region ({0})")]
    UnknownRelay(RelayId),
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] TlsError),
    #[error("the relay sent something unreadable: {0}")]
    Frame(#[from] FrameError),
    #[error("the relay sent something unreadable: {0}")]
    Message(#[from] CborError),
    #[error("{0}")]
    Closed(CloseReason),
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    #[error("another store goes on under this one's name; this one begins anew as another")]
    Renewed,
    #[error("the work was interrupted")]
    Interrupted,
}

impl LinkError {
    /// A short stable code for screens and logs.
    pub(super) fn code(&self) -> String {
        match self {
            Self::Address(_) => "address".into(),
            Self::Unreachable => "unreachable".into(),
            Self::UnknownRelay(_) => "unknown-relay".into(),
            Self::Connection(_) => "connection".into(),
            Self::Tls(_) => "tls".into(),
            Self::Frame(_) | Self::Message(_) => "unreadable".into(),
            Self::Closed(reason) => reason.code().into(),
            Self::Store(StoreError::DiskFull) => "disk-full".into(),
            Self::Store(StoreError::Damaged) => "store-damaged".into(),
            Self::Store(_) => "store".into(),
            Self::Renewed => "renewed".into(),
            Self::Interrupted => "interrupted".into(),
        }
    }
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
        Ok(connected) => {
            let result = talk(replica, connector, &connected, wake, stopped, &mut was_welcome).await;
            connected.connection.close(0u32.into(), b"");
            // Lets the last packets out; the relay would find out by itself otherwise.
            let _ = tokio::time::timeout(FAREWELL, connected.endpoint.wait_idle()).await;
            result
        }
        Err(LinkError::Closed(CloseReason::Bye)) => Ok(()),
        Err(error) => Err(error),
    };
    replica.used(connector.counter.take());
    let kept = blocking(replica, Replica::keep_data_use).await;
    Ended { was_welcome, result: result.and(kept) }
}

/// The session over an open connection.
async fn talk(
    replica: &Arc<Replica>,
    connector: &Connector,
    connected: &Connected,
    wake: &Notify,
    stopped: &mut watch::Receiver<bool>,
    was_welcome: &mut bool,
) -> Result<(), LinkError> {
    let Connected { connection, relay, .. } = connected;
    let relay = *relay;
    let (send, mut arriving) = open_lanes(connection).await?;
    let config = blocking(replica, move |replica| replica.session_config(relay)).await?;
    let mut link = Link {
        replica: replica.clone(),
        session: Session::new(config),
        send,
        name: replica.trust().relay(relay).map(|relay| relay.name.clone()),
        counter: connector.counter.clone(),
        closed: None,
    };
    let result = link.converse(&connected.endpoint, &mut arriving, wake, stopped, was_welcome).await;
    let contact = replica.clone();
    blocking(&contact, Replica::note_contact).await?;
    result
}

/// Frames of one lane, read ahead of the session.
type Arriving = mpsc::Receiver<Result<Vec<u8>, LinkError>>;

/// Opens the lanes, each named by its first byte. Their readers end with the connection.
async fn open_lanes(connection: &Connection) -> Result<(PerLane<SendStream>, PerLane<Arriving>), LinkError> {
    let lost = |error: &dyn std::fmt::Display| LinkError::Connection(error.to_string());
    let open = async |lane: Lane| {
        let (mut send, receive) = connection.open_bi().await.map_err(|error| lost(&error))?;
        send.set_priority(lane.priority()).map_err(|error| lost(&error))?;
        send.write_all(&[lane.byte()]).await.map_err(|error| lost(&error))?;
        let (frames, arriving) = mpsc::channel(FRAMES_AHEAD);
        tokio::spawn(read_frames(receive, frames));
        Ok::<_, LinkError>((send, arriving))
    };
    let lanes = [open(Lane::Cards).await?, open(Lane::Charts).await?, open(Lane::Attachments).await?];
    Ok(PerLane::from(lanes).unzip())
}

async fn read_frames(mut stream: RecvStream, frames: mpsc::Sender<Result<Vec<u8>, LinkError>>) {
    loop {
        let frame = read_frame(&mut stream).await;
        let failed = frame.is_err();
        if frames.send(frame).await.is_err() || failed {
            return;
        }
    }
}

async fn read_frame(stream: &mut RecvStream) -> Result<Vec<u8>, LinkError> {
    let lost = |error: quinn::ReadExactError| LinkError::Connection(error.to_string());
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.map_err(lost)?;
    let mut content = vec![0; FrameDecoder::content_length(prefix)?];
    stream.read_exact(&mut content).await.map_err(lost)?;
    Ok(content)
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
    send: PerLane<SendStream>,
    name: Option<String>,
    counter: Arc<Counter>,
    closed: Option<CloseReason>,
}

impl Link {
    async fn converse(
        &mut self,
        endpoint: &Endpoint,
        arriving: &mut PerLane<Arriving>,
        wake: &Notify,
        stopped: &mut watch::Receiver<bool>,
        was_welcome: &mut bool,
    ) -> Result<(), LinkError> {
        let mut event = ClientEvent::Connected { now: self.now() };
        let mut stopping = false;
        loop {
            self.handle(event).await?;
            if self.session.is_closed() {
                break;
            }
            if self.session.is_idle() {
                blocking(&self.replica, Replica::first_sync_done).await?;
                self.replica.change_status(|status| status.state = SyncState::Idle);
            }
            let ready = PerLane::new(|lane| self.session.ready_to_receive(lane));
            let [cards, charts, attachments] = arriving.each_mut();
            let (lane, frame) = tokio::select! {
                biased;
                _ = stopped.changed(), if !stopping => {
                    stopping = true;
                    event = ClientEvent::Stop;
                    continue;
                }
                () = wake.notified() => {
                    connecting::rebind(endpoint, &self.counter);
                    event = ClientEvent::Saved;
                    continue;
                }
                () = self.replica.departure.notified() => {
                    event = ClientEvent::Saved;
                    continue;
                }
                frame = cards.recv(), if ready[Lane::Cards] => (Lane::Cards, frame),
                frame = charts.recv(), if ready[Lane::Charts] => (Lane::Charts, frame),
                frame = attachments.recv(), if ready[Lane::Attachments] => (Lane::Attachments, frame),
            };
            let frame = frame.ok_or(LinkError::Interrupted)??;
            let message = RelayMessage::decode(&frame)?;
            *was_welcome |= matches!(message, RelayMessage::Welcome { .. });
            self.heard();
            if self.replica.used(self.counter.take()) {
                blocking(&self.replica, Replica::keep_data_use).await?;
            }
            event = ClientEvent::Received { now: self.now(), lane, message };
        }
        let cards = &mut self.send[Lane::Cards];
        let _ = cards.finish();
        let _ = tokio::time::timeout(FAREWELL, cards.stopped()).await;
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
        let name = self.name.clone();
        self.replica.change_status(|status| {
            status.last_contact = Some(now);
            status.relay = name;
            status.path = Some(SyncPath::Hub);
            status.last_error = None;
        });
    }

    /// Takes an event, does what follows from it, and what follows from that.
    async fn handle(&mut self, event: ClientEvent) -> Result<(), LinkError> {
        let mut actions: VecDeque<ClientAction> = self.session.handle(event).into();
        while let Some(action) = actions.pop_front() {
            if let Some(event) = self.perform(action).await? {
                actions.extend(self.session.handle(event));
            }
        }
        Ok(())
    }

    async fn perform(&mut self, action: ClientAction) -> Result<Option<ClientEvent>, LinkError> {
        let replica = &self.replica;
        Ok(match action {
            ClientAction::Send { lane, message } => {
                self.write(lane, message).await?;
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                let stored = blocking(replica, move |replica| {
                    let stored = replica.store_batch(items, cursor)?;
                    if !stored.new_grants.is_empty() {
                        replica.count_patients()?;
                    }
                    Ok(stored)
                })
                .await?;
                Some(ClientEvent::Stored { batch, new_grants: stored.new_grants, gaps: stored.gaps })
            }
            ClientAction::Depart { lane, after, behind, budget } => {
                let (items, more) =
                    blocking(replica, move |replica| replica.depart(lane, after, behind, budget)).await?;
                Some(ClientEvent::Departing { lane, items, more })
            }
            ClientAction::Acked { records, statements, cursor } => {
                blocking(replica, move |replica| replica.acked(&records, &statements, cursor)).await?;
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
            ClientAction::LoadStatements { after, budget } => {
                let (items, more) = blocking(replica, move |replica| replica.statements_after(after, budget)).await?;
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, budget } => {
                let (records, more) = blocking(replica, move |replica| replica.missing(&documents, budget)).await?;
                Some(ClientEvent::Missing { records, more })
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
                replica.change_status(|status| {
                    status.state = state_of(progress);
                    status.lanes = lanes_of(progress);
                });
                None
            }
            ClientAction::Close { reason } => {
                self.closed = Some(reason);
                None
            }
        })
    }

    async fn write(&mut self, lane: Lane, message: ClientMessage) -> Result<(), LinkError> {
        let frame = encode_frame(&message.encode());
        self.send[lane].write_all(&frame).await.map_err(|error| LinkError::Connection(error.to_string()))?;
        Ok(())
    }
}

fn state_of(progress: Progress) -> SyncState {
    if progress.in_flight() > 0 {
        SyncState::Sending { done: progress.sent(), total: progress.sent() + progress.in_flight() }
    } else if progress.caught_up {
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
