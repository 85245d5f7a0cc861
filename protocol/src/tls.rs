//! TLS 1.3 with raw public keys (RFC 7250): no X.509, no names, no passwords. A key is the identity.
//!
//! Whoever connects accepts a server only if its key is one it trusts to serve. The server lets any
//! Ed25519 key through TLS and decides at hello, so that it can say why it refuses.
//!
//! A connection that follows another is resumed: no signatures, and the first flight may go out before the handshake is done (early
//! data, 0-RTT). What that rests on:
//! - Who the peer is comes from the session that is resumed, so hello and revocation are judged as ever. The side that connects must
//!   look again whether the server is still trusted: [`AllowedServer`] is not asked.
//! - The server keeps its sessions itself and hands out each ticket for one use, so early data cannot be replayed to it. A server that
//!   was started again knows none and shakes hands in full. Should something be replayed nevertheless (to another process of one
//!   relay), hello, pull and push change nothing the second time.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerIncompatible,
    ServerConfig, SignatureScheme, version::TLS13,
};
use zeroize::Zeroizing;

use crate::domains::ALPN;
use crate::ids::RelayId;
use crate::keys::Identity;

/// A TLS configuration could not be made, or a peer's key not read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TlsError {
    /// rustls did not take our own key or configuration.
    #[error("TLS could not be set up: {0}")]
    Setup(#[from] Error),
    /// The peer showed no key, several, or one that is not Ed25519.
    #[error("the peer did not show exactly one Ed25519 key")]
    PeerKey,
}

/// The relay that answered is not one this tablet trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relay that answered ({0}) is not certified by this region")]
pub struct UnknownRelay(
    /// The id of the key it showed.
    pub RelayId,
);

/// Servers whose tickets a client keeps; for each of them the eight newest.
const SERVERS_REMEMBERED: usize = 32;
/// Tickets a server gives out after each handshake: one for the next connection, one in case its answer is lost.
const TICKETS: usize = 2;
/// Tickets a server remembers, of all its clients together; about 300 bytes each.
const TICKETS_REMEMBERED: usize = 8_192;

/// Decides whether whoever serves under this Ed25519 key is trusted to.
pub type AllowedServer = Arc<dyn Fn(&[u8; 32]) -> bool + Send + Sync>;

/// The side that connects. `allowed` is asked at every full handshake, so it can look into a live `TrustStore`. Sessions are resumed
/// only between connections made with this same configuration, by the server name they are made under.
pub fn client_config(keys: &dyn Identity, allowed: AllowedServer) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(provider::default_provider());
    let key = certified_key(&keys.signing_public(), keys.to_pkcs8())?;
    let verifier = ServerVerifier { allowed, provider: provider.clone() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::in_memory_sessions(SERVERS_REMEMBERED);
    config.enable_early_data = true;
    config.enable_sni = false;
    Ok(config)
}

/// The side that serves.
pub fn server_config(keys: &dyn Identity) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(provider::default_provider());
    let key = certified_key(&keys.signing_public(), keys.to_pkcs8())?;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(DeviceVerifier { provider }))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(key)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = ServerSessionMemoryCache::new(TICKETS_REMEMBERED);
    config.send_tls13_tickets = TICKETS;
    // QUIC knows all or nothing.
    config.max_early_data_size = u32::MAX;
    Ok(config)
}

/// The Ed25519 key the peer authenticated with. With quinn: `connection.peer_identity()` downcast to `Vec<CertificateDer>`.
pub fn peer_key(certificates: &[CertificateDer<'_>]) -> Result<[u8; 32], TlsError> {
    match certificates {
        [one] => ed25519_of_spki(one).ok_or(TlsError::PeerKey),
        _ => Err(TlsError::PeerKey),
    }
}

/// The relay a failed handshake was refused for, if that is why it failed.
pub fn unknown_relay(error: &Error) -> Option<UnknownRelay> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(source))) => source.downcast_ref().copied(),
        _ => None,
    }
}

/// DER of a SubjectPublicKeyInfo for Ed25519 (RFC 8410), up to the key itself.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

fn ed25519_of_spki(der: &[u8]) -> Option<[u8; 32]> {
    der.strip_prefix(&SPKI_PREFIX)?.try_into().ok()
}

fn certified_key(public: &[u8; 32], pkcs8: Zeroizing<Vec<u8>>) -> Result<Arc<CertifiedKey>, TlsError> {
    let key = provider::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()))?;
    let spki = [&SPKI_PREFIX[..], public].concat();
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], key)))
}

/// What both verifiers do alike: exactly one Ed25519 key, shown raw, and TLS 1.3 signatures by it.
macro_rules! by_raw_keys {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(PeerIncompatible::Tls12NotOffered.into())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            key: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let key = SubjectPublicKeyInfoDer::from(key.as_ref());
            verify_tls13_signature_with_raw_key(message, &key, signed, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ED25519]
        }

        fn requires_raw_public_keys(&self) -> bool {
            true
        }
    };
}

/// The only key shown.
fn only_key(key: &CertificateDer<'_>, more: &[CertificateDer<'_>]) -> Result<[u8; 32], Error> {
    ed25519_of_spki(key).filter(|_| more.is_empty()).ok_or(CertificateError::BadEncoding.into())
}

struct ServerVerifier {
    allowed: AllowedServer,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerVerifier")
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let public = only_key(key, intermediates)?;
        if (self.allowed)(&public) {
            Ok(ServerCertVerified::assertion())
        } else {
            let relay = RelayId::of_key(&public);
            Err(CertificateError::Other(OtherError(Arc::new(UnknownRelay(relay)))).into())
        }
    }

    by_raw_keys!();
}

#[derive(Debug)]
struct DeviceVerifier {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for DeviceVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        only_key(key, intermediates).map(|_| ClientCertVerified::assertion())
    }

    by_raw_keys!();
}
