//! One connection to the upstream: QUIC, three lanes, and the session's actions done in order.

use std::collections::{BTreeSet, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use rustls::pki_types::CertificateDer;
use tendenko_protocol::cbor::CborError;
use tendenko_protocol::domains::SERVER_NAME;
use tendenko_protocol::ids::{RecordHash, RelayId};
use tendenko_protocol::messages::{FrameDecoder, FrameError, Lane, PerLane, RelayMessage, encode_frame};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent, Session};
use tendenko_protocol::tls::{self, TlsError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::carrier::{Carrier, CarrierError};
use super::{UpstreamConfig, UpstreamState, told_to_stop};
use crate::clock::now;
use crate::host::quic;
use crate::store::{Mark, Source, StoreError, Subject};

/// Messages of one lane read ahead of the session.
const READ_AHEAD: usize = 2;
/// Messages of one lane on their way into its stream. What is pushed is bounded by the session's own windows.
const WRITE_AHEAD: usize = 64;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often an idle link is noted as a contact.
const NOTE: Duration = Duration::from_secs(60);

/// How a link ended.
pub(super) struct Ended {
    /// The upstream let this relay in.
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
    #[error("whoever answered is no other relay of this region")]
    UnknownRelay,
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] TlsError),
    #[error("the upstream sent something unreadable: {0}")]
    Frame(#[from] FrameError),
    #[error("the upstream sent something unreadable: {0}")]
    Message(#[from] CborError),
    #[error("{0}")]
    Closed(CloseReason),
    #[error("the upstream has no room left; what it did not take waits here")]
    Full,
    #[error(transparent)]
    Carrier(#[from] CarrierError),
}

impl LinkError {
    /// A short stable code for logs and `status`.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Unreachable => "unreachable",
            Self::UnknownRelay => "unknown-relay",
            Self::Connection(_) => "connection",
            Self::Tls(_) => "tls",
            Self::Frame(_) | Self::Message(_) => "unreadable",
            Self::Closed(reason) => reason.code(),
            Self::Full => "full",
            Self::Carrier(_) => "store",
        }
    }

    /// Trying again soon would only cost: room does not come back in a second.
    pub(super) fn asks_for_patience(&self) -> bool {
        matches!(self, Self::Full | Self::UnknownRelay | Self::Carrier(_))
    }
}

/// Connects to an address and stays until the link is lost, the session ends, or the loop is stopped.
pub(super) async fn run(
    carrier: &Arc<Carrier>,
    config: &UpstreamConfig,
    address: &str,
    tell: &watch::Sender<UpstreamState>,
    stopped: &mut watch::Receiver<bool>,
) -> Ended {
    let mut was_welcome = false;
    let connected = tokio::select! {
        connected = connect(carrier, config, address) => connected,
        () = told_to_stop(stopped) => return Ended { was_welcome, result: Ok(()) },
    };
    let result = match connected {
        Ok((endpoint, connection, relay)) => {
            let result = talk(carrier, &connection, relay, tell, stopped, &mut was_welcome).await;
            connection.close(0u32.into(), b"");
            // Lets the last packets out; the upstream would find out by itself otherwise.
            let _closed = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
            result
        }
        Err(error) => Err(error),
    };
    Ended { was_welcome, result }
}

async fn connect(
    carrier: &Arc<Carrier>,
    config: &UpstreamConfig,
    address: &str,
) -> Result<(Endpoint, Connection, RelayId), LinkError> {
    let asked = carrier.clone();
    let tls = tls::client_config(&*carrier.identity, Arc::new(move |key| asked.may_be_upstream(key)))?;
    let tls = QuicClientConfig::try_from(tls).map_err(|error| LinkError::Connection(error.to_string()))?;
    let mut client = quinn::ClientConfig::new(Arc::new(tls));
    client.transport_config(Arc::new(quic::upwards()));

    let mut last = LinkError::Unreachable;
    for candidate in tokio::net::lookup_host(address).await.map_err(LinkError::Address)? {
        let endpoint = Endpoint::client(any_port(candidate)).map_err(LinkError::Address)?;
        let connecting = match endpoint.connect_with(client.clone(), candidate, SERVER_NAME) {
            Ok(connecting) => connecting,
            Err(error) => {
                last = LinkError::Connection(error.to_string());
                continue;
            }
        };
        match tokio::time::timeout(config.connect_timeout, connecting).await {
            Ok(Ok(connection)) => {
                let relay = relay_of(&connection)?;
                return Ok((endpoint, connection, relay));
            }
            Ok(Err(quinn::ConnectionError::TimedOut)) | Err(_) => last = LinkError::Unreachable,
            Ok(Err(quinn::ConnectionError::TransportError(_))) => last = LinkError::UnknownRelay,
            Ok(Err(error)) => last = LinkError::Connection(error.to_string()),
        }
    }
    Err(last)
}

fn any_port(towards: SocketAddr) -> SocketAddr {
    match towards {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

fn relay_of(connection: &Connection) -> Result<RelayId, LinkError> {
    let identity =
        connection.peer_identity().and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok());
    let certificates = identity.ok_or(TlsError::PeerKey)?;
    Ok(RelayId::of_key(&tls::peer_key(&certificates)?))
}

/// The session over an open connection.
async fn talk(
    carrier: &Arc<Carrier>,
    connection: &Connection,
    relay: RelayId,
    tell: &watch::Sender<UpstreamState>,
    stopped: &mut watch::Receiver<bool>,
    was_welcome: &mut bool,
) -> Result<(), LinkError> {
    let config = carrier.read(move |carrier| carrier.session_config(relay)).await?;
    let mut tasks = JoinSet::new();
    let mut writers = Vec::new();
    let mut arriving = Vec::new();
    for lane in Lane::ALL {
        let (send, receive) = connection.open_bi().await.map_err(|error| LinkError::Connection(error.to_string()))?;
        let (write, frames) = mpsc::channel(WRITE_AHEAD);
        let (read, messages) = mpsc::channel(READ_AHEAD);
        tasks.spawn(write_lane(lane, send, frames));
        tasks.spawn(read_lane(receive, read));
        writers.push(write);
        arriving.push(messages);
    }
    let [cards, charts, attachments] = <[_; 3]>::try_from(arriving).map_err(|_| CarrierError::Interrupted)?;
    let writers = <[_; 3]>::try_from(writers).map_err(|_| CarrierError::Interrupted)?;
    let mut link = Link {
        carrier: carrier.clone(),
        relay,
        session: Session::new(config),
        granted: Vec::new(),
        writers,
        closed: None,
        full: false,
        forwarded: BTreeSet::new(),
    };
    let result = link.converse(cards, charts, attachments, tell, stopped, was_welcome).await;
    carrier.shared.errands.open(false);
    drop(link);
    // The writers end when they have written what they were given; the readers with the connection.
    let _flushed = tokio::time::timeout(FAREWELL, async {
        while let Some(Ok(Task::Wrote)) | Some(Err(_)) = tasks.join_next().await {}
    })
    .await;
    tasks.shutdown().await;
    result
}

/// Which task has ended.
enum Task {
    Wrote,
    Read,
}

async fn write_lane(lane: Lane, mut stream: SendStream, mut frames: mpsc::Receiver<Vec<u8>>) -> Task {
    // Neither fails in a way that matters: a stream that is gone is noticed by its reader.
    let _prior = stream.set_priority(lane.priority());
    let mut open = stream.write_all(&[lane.byte()]).await.is_ok();
    while let Some(frame) = frames.recv().await {
        open = open && stream.write_all(&frame).await.is_ok();
    }
    if open && stream.finish().is_ok() {
        let _taken = tokio::time::timeout(FAREWELL, stream.stopped()).await;
    }
    Task::Wrote
}

async fn read_lane(mut stream: RecvStream, messages: mpsc::Sender<Result<RelayMessage, LinkError>>) -> Task {
    loop {
        let message = read_message(&mut stream).await;
        let failed = message.is_err();
        if messages.send(message).await.is_err() || failed {
            return Task::Read;
        }
    }
}

async fn read_message(stream: &mut RecvStream) -> Result<RelayMessage, LinkError> {
    let lost = |error: quinn::ReadExactError| LinkError::Connection(error.to_string());
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.map_err(lost)?;
    let mut content = vec![0; FrameDecoder::content_length(prefix)?];
    stream.read_exact(&mut content).await.map_err(lost)?;
    Ok(RelayMessage::decode(&content)?)
}

type Arriving = mpsc::Receiver<Result<RelayMessage, LinkError>>;

struct Link {
    carrier: Arc<Carrier>,
    relay: RelayId,
    session: Session,
    /// Scopes that the session is to hear of.
    granted: Vec<Subject>,
    writers: [mpsc::Sender<Vec<u8>>; 3],
    closed: Option<CloseReason>,
    full: bool,
    /// Hashes of what was forwarded and is not stored yet.
    forwarded: BTreeSet<RecordHash>,
}

impl Link {
    async fn converse(
        &mut self,
        mut cards: Arriving,
        mut charts: Arriving,
        mut attachments: Arriving,
        tell: &watch::Sender<UpstreamState>,
        stopped: &mut watch::Receiver<bool>,
        was_welcome: &mut bool,
    ) -> Result<(), LinkError> {
        let mut newest = self.carrier.shared.newest.subscribe();
        let errands = self.carrier.shared.errands.clone();
        let mut wants = errands.changes();
        let mut noting = tokio::time::interval(NOTE);
        let mut event = ClientEvent::Connected { now: now() };
        let mut stopping = false;
        loop {
            self.handle(event).await?;
            if self.session.is_closed() {
                break;
            }
            if self.full {
                return Err(LinkError::Full);
            }
            self.say(tell, *was_welcome);
            let ready = PerLane::new(|lane| self.session.ready_to_receive(lane));
            let (lane, message) = tokio::select! {
                biased;
                () = told_to_stop(stopped), if !stopping => {
                    stopping = true;
                    event = ClientEvent::Stop;
                    continue;
                }
                message = cards.recv(), if ready[Lane::Cards] => (Lane::Cards, message),
                message = charts.recv(), if ready[Lane::Charts] => (Lane::Charts, message),
                message = attachments.recv(), if ready[Lane::Attachments] => (Lane::Attachments, message),
                Ok(()) = newest.changed() => {
                    event = ClientEvent::Saved;
                    continue;
                }
                Ok(()) = wants.changed() => {
                    event = ClientEvent::Wanted { chunks: errands.wanted() };
                    continue;
                }
                _ = noting.tick(), if *was_welcome => {
                    self.carrier.mark(vec![Mark::Contact(self.relay)]).await?;
                    event = ClientEvent::Saved;
                    continue;
                }
            };
            let message = message.ok_or_else(|| LinkError::Connection("the stream ended".into()))??;
            if let RelayMessage::Welcome { reconcile, .. } = &message {
                *was_welcome = true;
                errands.open(true);
                if *reconcile {
                    // Before the session hears of it: after its comparison it reads the outbox from the start.
                    self.read(Carrier::offer_again).await?;
                }
                noting.reset_immediately();
                tracing::info!(upstream = %self.relay, client = %self.carrier.id(), "linked to the upstream");
            }
            if let RelayMessage::Live { items } = &message {
                self.forwarded.extend(items.iter().map(|item| RecordHash::of(item.bytes())));
            }
            event = ClientEvent::Received { now: now(), lane, message };
        }
        match self.closed.take() {
            None | Some(CloseReason::Bye) => Ok(()),
            Some(reason) => Err(LinkError::Closed(reason)),
        }
    }

    fn say(&self, tell: &watch::Sender<UpstreamState>, welcome: bool) {
        let state = UpstreamState {
            connected: welcome.then_some(self.relay),
            idle: welcome && self.session.is_idle(),
            trouble: None,
        };
        tell.send_if_modified(|told| {
            let differs = *told != state;
            *told = state;
            differs
        });
    }

    /// Takes an event, does what follows from it, and what follows from that.
    async fn handle(&mut self, event: ClientEvent) -> Result<(), LinkError> {
        let mut actions: VecDeque<ClientAction> = self.session.handle(event).into();
        while let Some(action) = actions.pop_front() {
            if let Some(event) = self.perform(action).await? {
                actions.extend(self.session.handle(event));
            }
            if !self.granted.is_empty() {
                let scopes = std::mem::take(&mut self.granted);
                actions.extend(self.session.handle(ClientEvent::Granted { scopes }));
            }
        }
        Ok(())
    }

    async fn perform(&mut self, action: ClientAction) -> Result<Option<ClientEvent>, LinkError> {
        let carrier = &self.carrier;
        Ok(match action {
            ClientAction::Send { lane, message } => {
                let frame = encode_frame(&message.encode());
                let gone = |_| LinkError::Connection("the stream ended".into());
                self.writers[lane as usize].send(frame).await.map_err(gone)?;
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                // A batch is one message's items: what was forwarded is not mixed with what the upstream has.
                let mut from = Source::Upstream;
                for item in &items {
                    if self.forwarded.remove(&RecordHash::of(item.bytes())) {
                        from = Source::Forwarded;
                    }
                }
                let taken = carrier.take(from, items, cursor).await?;
                Some(ClientEvent::Stored { batch, new_grants: taken.new_grants, gaps: taken.gaps, forks: taken.forks })
            }
            ClientAction::Depart { lane, after, behind, budget } => {
                let (items, more) = self.read(move |carrier| carrier.depart(lane, after, behind, budget)).await?;
                self.granted.extend(carrier.owe_departing(&items).await?);
                Some(ClientEvent::Departing { lane, items, more })
            }
            // An edge relay makes no checkpoints.
            ClientAction::Acked { records, statements, chunks, parts: _, cursor } => {
                carrier.acked(records, statements, chunks, cursor).await?;
                None
            }
            ClientAction::Rejected { items } => {
                self.full |= carrier.rejected(&items).await?;
                None
            }
            ClientAction::LoadVectors { after, max_documents, max_logs } => {
                let (documents, more) =
                    self.read(move |carrier| carrier.vectors(after, max_documents, max_logs)).await?;
                Some(ClientEvent::Vectors { documents, more })
            }
            ClientAction::LoadListed { documents } => {
                let documents = self.read(move |carrier| carrier.vectors_of(&documents)).await?;
                Some(ClientEvent::Listed { documents })
            }
            ClientAction::LoadHeld { scopes } => {
                let scopes = self.read(move |carrier| carrier.owed(scopes)).await?;
                Some(ClientEvent::Held { scopes })
            }
            ClientAction::LoadStatements { after, budget } => {
                let (items, more) = self.read(move |carrier| carrier.statements(after, budget)).await?;
                Some(ClientEvent::Statements { items, more })
            }
            ClientAction::LoadMissing { documents, budget } => {
                let (records, more) = self.read(move |carrier| carrier.missing(&documents, budget)).await?;
                Some(ClientEvent::Missing { records, more })
            }
            ClientAction::LoadPrints { log } => {
                let prints = self.read(move |carrier| carrier.shared.store.prints(&log)).await?;
                Some(ClientEvent::Prints { prints })
            }
            ClientAction::LoadTwins { log, prints, budget } => {
                let page = self.read(move |carrier| carrier.shared.store.with_prints(&log, &prints, budget)).await?;
                Some(ClientEvent::Missing { records: page.records, more: page.more })
            }
            ClientAction::Absent { chunks } => {
                carrier.shared.errands.absent(chunks);
                None
            }
            ClientAction::LoadHoldings { after, limit } => {
                let attachments = self.read(move |carrier| carrier.holdings(after, limit)).await?;
                Some(ClientEvent::Holdings { attachments })
            }
            ClientAction::LoadPieces { lacking, .. } => {
                let (chunks, lacking) = self.read(move |carrier| carrier.pieces(lacking)).await?;
                Some(ClientEvent::Pieces { chunks, lacking })
            }
            ClientAction::Compared { documents } => {
                carrier.mark(documents.into_iter().map(Mark::Compared).collect()).await?;
                None
            }
            ClientAction::BackfillDone { patient, scope } => {
                carrier.filled((patient, scope)).await?;
                None
            }
            ClientAction::Measured { .. } | ClientAction::Progress(_) => None,
            ClientAction::Close { reason } => {
                self.closed = Some(reason);
                None
            }
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Carrier) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CarrierError> {
        self.carrier.read(read).await
    }
}
