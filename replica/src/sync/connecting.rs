//! How a connection to a relay comes about: QUIC, TLS by raw keys, and the settings for thin and bad links.
//!
//! One [`Connector`] serves a whole sync loop, so that what one connection learned is there for the next.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connection, Endpoint, EndpointConfig, TokioRuntime, TransportConfig, VarInt, ZeroRttAccepted,
};
use rustls::pki_types::CertificateDer;
use tendenko_protocol::domains::SERVER_NAME;
use tendenko_protocol::ids::RelayId;
use tendenko_protocol::tls::{self, TlsError};

use super::SyncConfig;
use super::error::LinkError;
use super::room::Room;
use super::silence::Patience;
use super::socket::{Counter, Socket};
use crate::replica::Replica;

/// By how much longer a quiet link rests with the data saver: one packet in 25 seconds is below what carriers' NATs forget after.
const SAVER: f32 = 2.5;
/// What is guessed of a round trip before one is measured. A lost first packet is missed after three times as much; on a link that is
/// slower than that, the first flight goes out twice, which is cheaper than waiting (decision 0009).
const GUESSED_RTT: Duration = Duration::from_millis(200);
/// Less than the whole window. How much a relay may send is bounded by the session, not here.
const WINDOW_SHRUNK: VarInt = VarInt::from_u32(u32::MAX);

/// Makes connections.
pub(super) struct Connector {
    replica: Weak<Replica>,
    tls: Arc<QuicClientConfig>,
    keep_alive: Duration,
    idle_timeout: Duration,
    silence: Duration,
    rest: Duration,
    timeout: Duration,
    /// Who answered at an address. Its tickets are kept under that address.
    met: Mutex<HashMap<SocketAddr, RelayId>>,
    /// Who answered last and is no relay of the region.
    stranger: Arc<Mutex<Option<RelayId>>>,
    /// Everything on the wire.
    pub(super) counter: Arc<Counter>,
}

/// A connection, and who is at its other end.
pub(super) struct Connected {
    pub(super) endpoint: Endpoint,
    pub(super) socket: Arc<Socket>,
    pub(super) connection: Connection,
    pub(super) relay: RelayId,
    pub(super) room: Room,
    /// The handshake is not done: what is said goes out early, under keys of the connection before.
    pub(super) early: Option<ZeroRttAccepted>,
    candidate: SocketAddr,
}

impl Connector {
    pub(super) fn new(replica: &Arc<Replica>, config: &SyncConfig) -> Result<Self, LinkError> {
        let stranger: Arc<Mutex<Option<RelayId>>> = Arc::default();
        let allowed = {
            let (replica, stranger) = (Arc::downgrade(replica), stranger.clone());
            Arc::new(move |key: &[u8; 32]| {
                let known = is_known(&replica, RelayId::of_key(key));
                if !known {
                    *stranger.lock().unwrap_or_else(PoisonError::into_inner) = Some(RelayId::of_key(key));
                }
                known
            })
        };
        let tls = tls::client_config(&replica.keys, allowed)?;
        let tls = QuicClientConfig::try_from(tls).map_err(|error| LinkError::Connection(error.to_string()))?;
        Ok(Self {
            replica: Arc::downgrade(replica),
            tls: Arc::new(tls),
            keep_alive: config.keep_alive,
            idle_timeout: config.idle_timeout,
            silence: config.silence,
            rest: config.rest,
            timeout: config.connect_timeout,
            met: Mutex::default(),
            stranger,
            counter: Arc::default(),
        })
    }

    /// Settings of the next connection: with the data saver a quiet link is kept open by fewer packets.
    fn client(&self, room: &Room) -> ClientConfig {
        let quiet = self.quiet();
        let idle_timeout = quiet + self.idle_timeout.saturating_sub(self.keep_alive);
        let mut transport = TransportConfig::default();
        transport
            .keep_alive_interval(Some(quiet))
            .max_idle_timeout(idle_timeout.try_into().ok())
            .initial_rtt(GUESSED_RTT)
            .congestion_controller_factory(Arc::new(room.clone()))
            // Eleven kilobytes of probes for each connection, to save one hundredth afterwards.
            .mtu_discovery_config(None)
            .max_concurrent_bidi_streams(VarInt::from_u32(0))
            .max_concurrent_uni_streams(VarInt::from_u32(0))
            .datagram_receive_buffer_size(None);
        let mut client = ClientConfig::new(self.tls.clone());
        client.transport_config(Arc::new(transport));
        client
    }

    /// Tries every address behind a name in turn.
    pub(super) async fn connect(&self, address: &str) -> Result<Connected, LinkError> {
        let mut last = LinkError::Unreachable;
        for candidate in tokio::net::lookup_host(address).await.map_err(LinkError::Address)? {
            match self.try_one(candidate).await {
                Ok(connected) => return Ok(connected),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn try_one(&self, candidate: SocketAddr) -> Result<Connected, LinkError> {
        let failed = |error: &dyn std::fmt::Display| LinkError::Connection(error.to_string());
        let socket = Socket::towards(candidate, &self.counter).map_err(LinkError::Address)?;
        let runtime = Arc::new(TokioRuntime);
        let room = Room::default();
        let endpoint = Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, socket.clone(), runtime)
            .map_err(LinkError::Address)?;
        let connecting = endpoint
            .connect_with(self.client(&room), candidate, &name_of(candidate))
            .map_err(|error| failed(&error))?;
        // A relay that is trusted no longer is told nothing early.
        let met = self.met().get(&candidate).copied().filter(|relay| is_known(&self.replica, *relay));
        let connecting = match met {
            Some(relay) => match connecting.into_0rtt() {
                Ok((connection, early)) => {
                    return Ok(Connected { endpoint, socket, connection, relay, room, early: Some(early), candidate });
                }
                Err(connecting) => connecting,
            },
            None => connecting,
        };
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(connection)) => {
                let relay = self.meet(&connection, candidate)?;
                Ok(Connected { endpoint, socket, connection, relay, room, early: None, candidate })
            }
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => Err(LinkError::Unreachable),
        }
    }

    /// Waits for the end of a handshake during which something was said early. [`LinkError::TooEarly`]: the connection is there, and
    /// nothing of that was heard.
    pub(super) async fn verdict(&self, early: ZeroRttAccepted, connected: &Connected) -> Result<(), LinkError> {
        let accepted = tokio::time::timeout(self.timeout, early).await.map_err(|_| LinkError::Unreachable)?;
        match connected.connection.close_reason() {
            Some(error) => Err(self.failed(error)),
            None if accepted => Ok(()),
            None => Err(LinkError::TooEarly),
        }
    }

    /// Looks who is there, after all.
    pub(super) fn settle(&self, connected: &mut Connected) -> Result<(), LinkError> {
        connected.relay = self.meet(&connected.connection, connected.candidate)?;
        Ok(())
    }

    /// How long a link may be silent before something is wrong.
    pub(super) fn patience(&self) -> Patience {
        Patience { silence: self.silence, keep_alive: self.quiet() }
    }

    /// How long nothing happens before proofs are fetched.
    pub(super) fn rest(&self) -> Duration {
        self.rest
    }

    /// How long a quiet link rests between two packets that keep it open.
    fn quiet(&self) -> Duration {
        let saver = self.replica.upgrade().is_some_and(|replica| replica.data_saver());
        if saver { self.keep_alive.mul_f32(SAVER) } else { self.keep_alive }
    }

    fn meet(&self, connection: &Connection, candidate: SocketAddr) -> Result<RelayId, LinkError> {
        let relay = relay_of(connection)?;
        // A resumed connection asks for no certificate.
        if !is_known(&self.replica, relay) {
            return Err(LinkError::UnknownRelay(relay));
        }
        self.met().insert(candidate, relay);
        Ok(relay)
    }

    fn met(&self) -> MutexGuard<'_, HashMap<SocketAddr, RelayId>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: quinn::ConnectionError) -> LinkError {
        let stranger = self.stranger.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (error, stranger) {
            (quinn::ConnectionError::TimedOut, _) => LinkError::Unreachable,
            (_, Some(stranger)) => LinkError::UnknownRelay(stranger),
            (error, None) => LinkError::Connection(error.to_string()),
        }
    }
}

/// A certified relay of the region, or a certified device of it that serves as one, as far as this tablet knows by now.
fn is_known(replica: &Weak<Replica>, relay: RelayId) -> bool {
    replica.upgrade().is_some_and(|replica| replica.trust().serves(relay))
}

/// The name tickets are kept under: one for each address, so that a ticket is shown to whom it is from. It never leaves the tablet.
fn name_of(address: SocketAddr) -> String {
    let label: String = address.to_string().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("at{label}.{SERVER_NAME}")
}

fn relay_of(connection: &Connection) -> Result<RelayId, LinkError> {
    let identity =
        connection.peer_identity().and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok());
    let certificates = identity.ok_or(TlsError::PeerKey)?;
    Ok(RelayId::of_key(&tls::peer_key(&certificates)?))
}

/// Moves the link to a new port: after sleep or a change of network the old one may lead nowhere.
///
/// Not before the relay has said that the handshake is done: until then it takes no packet from another port (RFC 9000, 9).
pub(super) fn rebind(connection: &Connection, socket: &Socket) {
    if connection.stats().frame_rx.handshake_done == 0 {
        return;
    }
    if let Err(error) = socket.move_on() {
        tracing::debug!(%error, "the link stays on its port");
        return;
    }
    // The relay must hear from there: a window that shrinks and grows again is announced at once, and the announcement acknowledged.
    connection.set_receive_window(WINDOW_SHRUNK);
    connection.set_receive_window(VarInt::MAX);
}
