//! One connection to one relay: QUIC, one stream, and the session's actions done in order.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use rustls::pki_types::CertificateDer;
use tendenko_protocol::cbor::CborError;
use tendenko_protocol::domains::SERVER_NAME;
use tendenko_protocol::ids::{Millis, RelayId};
use tendenko_protocol::messages::{ClientMessage, FrameDecoder, FrameError, RelayMessage, encode_frame};
use tendenko_protocol::session::CloseReason;
use tendenko_protocol::session::client::{ClientAction, ClientEvent, Progress, Session};
use tendenko_protocol::tls::{self, TlsError};
use tokio::sync::{Notify, mpsc, watch};

use super::SyncConfig;
use crate::replica::Replica;
use crate::status::SyncState;
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
    config: &SyncConfig,
    address: &str,
    wake: &Notify,
    stopped: &mut watch::Receiver<bool>,
) -> Ended {
    let mut was_welcome = false;
    let connected = tokio::select! {
        connected = connect(replica, config, address) => connected,
        _ = stopped.changed() => return Ended { was_welcome, result: Ok(()) },
    };
    let result = match connected {
        Ok((endpoint, connection, relay)) => {
            let result = talk(replica, &endpoint, &connection, relay, wake, stopped, &mut was_welcome).await;
            connection.close(0u32.into(), b"");
            // Lets the last packets out; the relay would find out by itself otherwise.
            let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
            result
        }
        Err(error) => Err(error),
    };
    Ended { was_welcome, result }
}

async fn connect(
    replica: &Arc<Replica>,
    config: &SyncConfig,
    address: &str,
) -> Result<(Endpoint, Connection, RelayId), LinkError> {
    let refused: Arc<Mutex<Option<RelayId>>> = Arc::default();
    let allowed = {
        let (replica, refused) = (replica.clone(), refused.clone());
        Arc::new(move |key: &[u8; 32]| {
            let relay = RelayId::of_key(key);
            let known = replica.trust().relay(relay).is_some();
            if !known {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(relay);
            }
            known
        })
    };
    let tls = tls::client_config(&replica.keys, allowed)?;
    let tls = QuicClientConfig::try_from(tls).map_err(|error| LinkError::Connection(error.to_string()))?;
    let mut transport = TransportConfig::default();
    transport.keep_alive_interval(Some(config.keep_alive));
    transport.max_idle_timeout(config.idle_timeout.try_into().ok());
    let mut client = quinn::ClientConfig::new(Arc::new(tls));
    client.transport_config(Arc::new(transport));

    let candidates: Vec<SocketAddr> = tokio::net::lookup_host(address).await.map_err(LinkError::Address)?.collect();
    let mut last = LinkError::Unreachable;
    for candidate in candidates {
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
            Ok(Err(error)) => {
                let stranger = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
                last = stranger.map_or_else(|| LinkError::Connection(error.to_string()), LinkError::UnknownRelay);
            }
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
    replica: &Arc<Replica>,
    endpoint: &Endpoint,
    connection: &Connection,
    relay: RelayId,
    wake: &Notify,
    stopped: &mut watch::Receiver<bool>,
    was_welcome: &mut bool,
) -> Result<(), LinkError> {
    let (send, receive) = connection.open_bi().await.map_err(|error| LinkError::Connection(error.to_string()))?;
    let (frames, mut arriving) = mpsc::channel(FRAMES_AHEAD);
    let reader = tokio::spawn(read_frames(receive, frames));
    let config = blocking(replica, move |replica| replica.session_config(relay)).await?;
    let mut link = Link {
        replica: replica.clone(),
        session: Session::new(config),
        send,
        name: replica.trust().relay(relay).map(|relay| relay.name.clone()),
        closed: None,
    };
    let result = link.converse(endpoint, &mut arriving, wake, stopped, was_welcome).await;
    reader.abort();
    let contact = replica.clone();
    blocking(&contact, Replica::note_contact).await?;
    result
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
    send: SendStream,
    name: Option<String>,
    closed: Option<CloseReason>,
}

impl Link {
    async fn converse(
        &mut self,
        endpoint: &Endpoint,
        arriving: &mut mpsc::Receiver<Result<Vec<u8>, LinkError>>,
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
                self.replica.change_status(|status| status.state = SyncState::Idle);
            }
            event = tokio::select! {
                biased;
                _ = stopped.changed(), if !stopping => {
                    stopping = true;
                    ClientEvent::Stop
                }
                () = wake.notified() => {
                    rebind(endpoint);
                    ClientEvent::Saved
                }
                () = self.replica.departure.notified() => ClientEvent::Saved,
                frame = arriving.recv(), if self.session.ready_to_receive() => {
                    let frame = frame.ok_or(LinkError::Interrupted)??;
                    let message = RelayMessage::decode(&frame)?;
                    *was_welcome |= matches!(message, RelayMessage::Welcome { .. });
                    self.heard(frame.len() as u64 + 4);
                    ClientEvent::Received { now: self.now(), message }
                }
            };
        }
        let _ = self.send.finish();
        let _ = tokio::time::timeout(FAREWELL, self.send.stopped()).await;
        match self.closed.take() {
            None | Some(CloseReason::Bye) => Ok(()),
            Some(reason) => Err(LinkError::Closed(reason)),
        }
    }

    fn now(&self) -> Millis {
        Millis(self.replica.clock.now().0)
    }

    fn heard(&self, bytes: u64) {
        let now = self.replica.clock.now();
        let name = self.name.clone();
        self.replica.change_status(|status| {
            status.bytes_received += bytes;
            status.last_contact = Some(now);
            status.relay = name;
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
            ClientAction::Send(message) => {
                self.write(message).await?;
                None
            }
            ClientAction::Store { batch, items, cursor } => {
                let stored = blocking(replica, move |replica| replica.store_batch(items, cursor)).await?;
                Some(ClientEvent::Stored { batch, new_grants: stored.new_grants, gaps: stored.gaps })
            }
            ClientAction::Depart { after, budget } => {
                let (items, more) = blocking(replica, move |replica| replica.depart(after, budget)).await?;
                Some(ClientEvent::Departing { items, more })
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
                blocking(replica, move |replica| replica.backfilled(patient, scope)).await?;
                None
            }
            ClientAction::Measured { clock_offset_ms } => {
                blocking(replica, move |replica| replica.measured(clock_offset_ms)).await?;
                None
            }
            ClientAction::Progress(progress) => {
                replica.change_status(|status| status.state = state_of(progress));
                None
            }
            ClientAction::Close { reason } => {
                self.closed = Some(reason);
                None
            }
        })
    }

    async fn write(&mut self, message: ClientMessage) -> Result<(), LinkError> {
        let frame = encode_frame(&message.encode());
        self.send.write_all(&frame).await.map_err(|error| LinkError::Connection(error.to_string()))?;
        self.replica.change_status(|status| status.bytes_sent += frame.len() as u64);
        Ok(())
    }
}

fn state_of(progress: Progress) -> SyncState {
    if progress.in_flight > 0 {
        SyncState::Sending { done: progress.sent, total: progress.sent + progress.in_flight }
    } else if progress.caught_up {
        SyncState::Idle
    } else {
        SyncState::Receiving { done: progress.received, total: progress.received + progress.to_receive }
    }
}

/// Moves the link to a new socket: after sleep or a change of network the old one may lead nowhere.
fn rebind(endpoint: &Endpoint) {
    let moved = endpoint
        .local_addr()
        .and_then(|old| std::net::UdpSocket::bind(any_port(old)))
        .and_then(|socket| endpoint.rebind(socket));
    if let Err(error) = moved {
        tracing::debug!(%error, "the link stays on its socket");
    }
}
