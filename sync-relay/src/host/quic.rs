//! QUIC's settings: windows, time-outs, and nothing that a sync does not need.

use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};
use quinn_proto::HashedConnectionIdGenerator;
use ring::hmac;
use tendenko_protocol::keys::RelayKeys;
use tendenko_protocol::limits::{MAX_FRAME, RECEIVE_WINDOW};
use tendenko_protocol::messages::Lane;
use tendenko_protocol::tls::{self, TlsError};

use super::RelayError;

/// A connection that is silent for so long is gone; tablets ask for less. They also keep quiet connections open, each as often as its
/// user pays for: the relay does not.
const IDLE: VarInt = VarInt::from_u32(120_000);
/// What is guessed of a round trip before one is measured (decision 0009).
const GUESSED_RTT: Duration = Duration::from_millis(200);
/// Bytes sent and not acknowledged by the tablet's QUIC.
const SEND_WINDOW: u64 = 512 * 1024;
/// Bytes a tablet may send that the session has not read. More than a tablet's session ever sends without an answer, so that a
/// tablet never stops reading because it cannot write.
const STREAM_WINDOW: u32 = (RECEIVE_WINDOW + MAX_FRAME) as u32;
/// The same before the device is admitted: anyone can come so far.
const STRANGER_WINDOW: u32 = 256 * 1024;
/// A quiet connection to an upstream, which does not do so itself, is kept open by a packet this often.
const KEEP_ALIVE_UPWARDS: Duration = Duration::from_secs(8);
/// An upstream that is silent for so long is gone.
const IDLE_UPWARDS: VarInt = VarInt::from_u32(30_000);
/// Handshakes in progress.
const HANDSHAKES: usize = 256;

/// Lets an admitted tablet send as much as a session needs.
pub(super) fn admit(connection: &Connection) {
    connection.set_receive_window(VarInt::from_u32(Lane::ALL.len() as u32 * STREAM_WINDOW));
}

pub(super) fn server(keys: &RelayKeys) -> Result<ServerConfig, RelayError> {
    let crypto = QuicServerConfig::try_from(tls::server_config(keys)?)
        .map_err(|_| TlsError::Setup(rustls::Error::General("QUIC needs TLS 1.3 with AES-128-GCM".into())))?;
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::from(IDLE)))
        .initial_rtt(GUESSED_RTT)
        // Probes cost each connection more than larger packets save (decision 0009).
        .mtu_discovery_config(None)
        .max_concurrent_bidi_streams(VarInt::from_u32(Lane::ALL.len() as u32))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(STRANGER_WINDOW))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None);
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(transport)).max_incoming(HANDSHAKES);
    Ok(config)
}

/// Settings that outlive the process: a relay that was killed and started again knows the connections of its earlier life as its own,
/// and tells each tablet at its next packet that they are gone (stateless reset). Otherwise a tablet would wait for its time-out.
pub(super) fn endpoint(keys: &RelayKeys) -> EndpointConfig {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &*keys.to_secret_bytes());
    let reset = hmac::sign(&secret, b"tendenko relay stateless reset v1");
    let ids = hmac::sign(&secret, b"tendenko relay connection ids v1");
    let mut id_key = [0; 8];
    id_key.copy_from_slice(&ids.as_ref()[..8]);
    let id_key = u64::from_be_bytes(id_key);
    let mut config = EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, reset.as_ref())));
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(id_key)));
    config
}

/// Settings of the connection to an upstream: as many bytes each way as a tablet of this relay may send, and packets often enough to keep
/// a way through address translation open.
pub(crate) fn upwards() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(KEEP_ALIVE_UPWARDS))
        .max_idle_timeout(Some(IdleTimeout::from(IDLE_UPWARDS)))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None);
    transport
}
