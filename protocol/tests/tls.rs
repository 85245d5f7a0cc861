//! A real rustls handshake, in memory.

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
