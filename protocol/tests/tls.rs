//! A real rustls handshake, in memory.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use ring::rand::SystemRandom;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, Error, ServerConnection};
use tendenko_protocol::domains::{ALPN, SERVER_NAME};
use tendenko_protocol::ids::RelayId;
use tendenko_protocol::keys::{DeviceKeys, RelayKeys};
use tendenko_protocol::tls::{client_config, peer_key, server_config, unknown_relay};

fn pass(from: &mut Connection, to: &mut Connection) -> Result<bool, Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let busy = !bytes.is_empty();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets()?;
    }
    Ok(busy)
}

fn shake(
    client: rustls::ClientConfig,
    server: rustls::ServerConfig,
) -> Result<(Connection, Connection), (Error, &'static str)> {
    let name = ServerName::try_from(SERVER_NAME).unwrap();
    let mut client: Connection = ClientConnection::new(Arc::new(client), name).unwrap().into();
    let mut server: Connection = ServerConnection::new(Arc::new(server)).unwrap().into();
    loop {
        let up = pass(&mut client, &mut server).map_err(|error| (error, "server"))?;
        let down = pass(&mut server, &mut client).map_err(|error| (error, "client"))?;
        if !up && !down {
            return Ok((client, server));
        }
    }
}

fn keys() -> (DeviceKeys, RelayKeys) {
    let rng = SystemRandom::new();
    (DeviceKeys::generate(&rng).unwrap(), RelayKeys::generate(&rng).unwrap())
}

#[test]
fn both_sides_know_each_others_key() {
    let (device, relay) = keys();
    let id = relay.relay_id();
    let client = client_config(&device, Arc::new(move |asked| RelayId::of_key(asked) == id)).unwrap();
    let (client, server) = shake(client, server_config(&relay).unwrap()).unwrap();
    assert!(!client.is_handshaking() && !server.is_handshaking());
    assert_eq!(client.alpn_protocol(), Some(ALPN));
    assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(peer_key(server.peer_certificates().unwrap()).unwrap(), device.public().signing);
    assert_eq!(peer_key(client.peer_certificates().unwrap()).unwrap(), relay.public());
    assert!(peer_key(&[]).is_err());
}

#[test]
fn a_device_may_serve_and_a_relay_may_connect() {
    let (device, relay) = keys();
    let key = device.public().signing;
    let client = client_config(&relay, Arc::new(move |asked| *asked == key)).unwrap();
    let (_, server) = shake(client, server_config(&device).unwrap()).unwrap();
    assert_eq!(peer_key(server.peer_certificates().unwrap()).unwrap(), relay.public());
}

#[test]
fn a_tablet_refuses_a_relay_it_does_not_know_and_says_which() {
    let (device, relay) = keys();
    let client = client_config(&device, Arc::new(|_| false)).unwrap();
    let (error, side) = shake(client, server_config(&relay).unwrap()).unwrap_err();
    assert_eq!(side, "client");
    assert_eq!(unknown_relay(&error).unwrap().0, relay.relay_id());
    assert!(error.to_string().contains(&relay.relay_id().to_string()), "{error}");
}

#[test]
fn a_relay_refuses_a_tablet_without_a_key() {
    let (device, relay) = keys();
    let mut client = client_config(&device, Arc::new(|_| true)).unwrap();
    client.client_auth_cert_resolver = Arc::new(NoKey);
    let (_, side) = shake(client, server_config(&relay).unwrap()).unwrap_err();
    assert_eq!(side, "server");
}

#[derive(Debug)]
struct NoKey;

impl rustls::client::ResolvesClientCert for NoKey {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A handshake with configurations that are used again, as tablets and relays do.
fn shake_again(
    client: &Arc<rustls::ClientConfig>,
    server: &Arc<rustls::ServerConfig>,
) -> (ClientConnection, ServerConnection, Option<Vec<u8>>) {
    let name = ServerName::try_from(SERVER_NAME).unwrap();
    let mut client = ClientConnection::new(client.clone(), name).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    if let Some(mut early) = client.early_data() {
        early.write_all(b"hello, again").unwrap();
    }
    let mut heard = None;
    for _ in 0..8 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        if let (None, Some(mut early)) = (&heard, server.early_data()) {
            let mut text = Vec::new();
            early.read_to_end(&mut text).unwrap();
            // Who says it is known before the handshake is done.
            assert!(server.is_handshaking() && server.peer_certificates().is_some());
            heard = Some(text);
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    (client, server, heard)
}

#[test]
fn a_connection_that_follows_another_is_resumed_with_early_data_and_the_same_keys() {
    let (device, relay) = keys();
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let allowed = Arc::new(move |_: &[u8; 32]| count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2);
    let client = Arc::new(client_config(&device, allowed).unwrap());
    let server = Arc::new(server_config(&relay).unwrap());
    let (_, _, early) = shake_again(&client, &server);
    assert_eq!(early, None);
    for _ in 0..3 {
        let (client, server, early) = shake_again(&client, &server);
        assert_eq!(early.as_deref(), Some(&b"hello, again"[..]));
        assert!(client.is_early_data_accepted());
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Resumed));
        assert_eq!(peer_key(server.peer_certificates().unwrap()).unwrap(), device.public().signing);
        assert_eq!(peer_key(client.peer_certificates().unwrap()).unwrap(), relay.public());
    }
    // A relay that was started again knows no tickets: the handshake is full, and what was said early is said again by the caller.
    let restarted = Arc::new(server_config(&relay).unwrap());
    let (client, _, early) = shake_again(&client, &restarted);
    assert_eq!((early, client.is_early_data_accepted()), (None, false));
    assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full));
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2, "asked at full handshakes only");
}

#[test]
fn a_ticket_is_good_for_one_use() {
    let (device, relay) = keys();
    let client = Arc::new(client_config(&device, Arc::new(|_: &[u8; 32]| true)).unwrap());
    let server = Arc::new(server_config(&relay).unwrap());
    shake_again(&client, &server);
    // The first flight of a resumed connection, recorded and played twice.
    let name = ServerName::try_from(SERVER_NAME).unwrap();
    let mut tablet = ClientConnection::new(client, name).unwrap();
    tablet.early_data().unwrap().write_all(b"push").unwrap();
    let mut flight = Vec::new();
    while tablet.wants_write() {
        tablet.write_tls(&mut flight).unwrap();
    }
    let takes_early = || {
        let mut relay = ServerConnection::new(server.clone()).unwrap();
        relay.read_tls(&mut flight.as_slice()).unwrap();
        // Refused early data is skipped, not an error.
        relay.process_new_packets().unwrap();
        relay.early_data().is_some()
    };
    assert!(takes_early());
    assert!(!takes_early(), "replayed");
}

/// Shows the relay's public key without holding its secret.
#[test]
fn a_relay_that_shows_a_key_it_does_not_hold_is_refused() {
    let (device, relay) = keys();
    let id = relay.relay_id();
    let client = client_config(&device, Arc::new(move |asked| RelayId::of_key(asked) == id)).unwrap();
    let mut server = server_config(&relay).unwrap();
    server.cert_resolver = Arc::new(Impostor { shown: server.cert_resolver });
    let (_, side) = shake(client, server).unwrap_err();
    assert_eq!(side, "client");
}

#[derive(Debug)]
struct Impostor {
    shown: Arc<dyn rustls::server::ResolvesServerCert>,
}

impl rustls::server::ResolvesServerCert for Impostor {
    fn resolve(&self, hello: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        let shown = self.shown.resolve(hello)?;
        let own = ring::signature::Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        let own = rustls::pki_types::PrivatePkcs8KeyDer::from(own.as_ref().to_vec());
        let own = rustls::crypto::ring::sign::any_eddsa_type(&own).ok()?;
        Some(Arc::new(rustls::sign::CertifiedKey::new(shown.cert.clone(), own)))
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }
}
