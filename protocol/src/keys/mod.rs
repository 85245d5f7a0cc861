//! Keys of devices, relays and the region. Secrets are wiped from memory on drop and never printed.
//!
//! A device has two keys: Ed25519 to sign records and statements and to authenticate in TLS, and X25519 to receive wrapped
//! epoch keys. A relay and the region's root have a signing key only: a relay has nothing to open.

mod epoch;

pub use epoch::{EpochKey, WrappedKey};

use std::fmt;

use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ids::{DeviceId, RegionId, RelayId, fixed_bytes};
use crate::random::{Random, RandomError, random};

/// A key could not be made or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The stored secret is not one that was written by `to_secret_bytes`.
    #[error("the stored key is damaged; restore it from its backup")]
    Damaged,
    /// The recipient's public key is not a usable X25519 key.
    #[error("the recipient's public key cannot be used; enrol that device again")]
    BadRecipient,
    /// The wrapped key is for another device, patient, scope or key id, or was changed.
    #[error("the wrapped key does not open with this device's key")]
    NotForUs,
}

/// A device's public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicePublic {
    /// Ed25519.
    #[serde(with = "fixed_bytes")]
    pub signing: [u8; 32],
    /// X25519, for HPKE.
    #[serde(with = "fixed_bytes")]
    pub hpke: [u8; 32],
}

impl DevicePublic {
    /// The id that follows from the signing key.
    pub fn device_id(&self) -> DeviceId {
        DeviceId::of_key(&self.signing)
    }
}

/// An Ed25519 secret: 32 bytes from which the key pair is made when needed.
#[derive(Zeroize, ZeroizeOnDrop, Clone)]
pub(crate) struct SigningSecret([u8; 32]);

impl SigningSecret {
    fn generate(rng: &dyn Random) -> Result<Self, RandomError> {
        random(rng).map(Self)
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0).expect("any 32 bytes are an Ed25519 seed")
    }

    fn public(&self) -> [u8; 32] {
        self.pair().public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes")
    }

    fn sign(&self, context: &[u8], message: &[u8]) -> [u8; 64] {
        let signature = self.pair().sign(&[context, message].concat());
        signature.as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }

    /// PKCS #8 version 1, the form rustls takes keys in.
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        const PREFIX: [u8; 16] =
            [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        let mut der = Zeroizing::new(Vec::with_capacity(PREFIX.len() + self.0.len()));
        der.extend_from_slice(&PREFIX);
        der.extend_from_slice(&self.0);
        der
    }
}

/// True if `signature` over `context ‖ message` was made with this Ed25519 key.
pub fn verify(signing: &[u8; 32], context: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, signing).verify(&[context, message].concat(), signature).is_ok()
}

/// Secret keys that a connection is authenticated with, on either side: a tablet may serve as a relay, and a relay is a client of
/// its upstream.
pub trait Identity: private::Pkcs8 {
    /// The public Ed25519 key that the other side sees.
    fn signing_public(&self) -> [u8; 32];

    /// The id under which it says hello: that of a device with this key.
    fn hello_id(&self) -> DeviceId {
        DeviceId::of_key(&self.signing_public())
    }
}

pub(crate) mod private {
    use zeroize::Zeroizing;

    /// The secret key in the form TLS takes it in. Not for other crates to ask for.
    pub trait Pkcs8 {
        fn to_pkcs8(&self) -> Zeroizing<Vec<u8>>;
    }
}

/// A device's secret keys.
#[derive(Clone)]
pub struct DeviceKeys {
    signing: SigningSecret,
    hpke: Zeroizing<[u8; 32]>,
    public: DevicePublic,
}

impl DeviceKeys {
    /// Length of [`Self::to_secret_bytes`].
    pub const SECRET_LEN: usize = 64;

    /// New keys.
    pub fn generate(rng: &dyn Random) -> Result<Self, KeyError> {
        let seed = Zeroizing::new(random::<32>(rng)?);
        let (secret, _) = X25519HkdfSha256::derive_keypair(&*seed);
        let hpke = Zeroizing::new(secret.to_bytes().into());
        Self::assemble(SigningSecret::generate(rng)?, hpke)
    }

    /// signing seed ‖ X25519 secret. Keep it encrypted.
    pub fn to_secret_bytes(&self) -> Zeroizing<[u8; 64]> {
        let mut bytes = Zeroizing::new([0; 64]);
        bytes[..32].copy_from_slice(&self.signing.0);
        bytes[32..].copy_from_slice(&*self.hpke);
        bytes
    }

    /// The inverse of [`Self::to_secret_bytes`].
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (signing, hpke) = bytes.split_at_checked(32).ok_or(KeyError::Damaged)?;
        let signing = SigningSecret(signing.try_into().map_err(|_| KeyError::Damaged)?);
        let hpke = Zeroizing::new(hpke.try_into().map_err(|_| KeyError::Damaged)?);
        Self::assemble(signing, hpke)
    }

    fn assemble(signing: SigningSecret, hpke: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let secret = hpke_secret(&hpke)?;
        let public =
            DevicePublic { signing: signing.public(), hpke: X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into() };
        Ok(Self { signing, hpke, public })
    }

    /// The public halves.
    pub fn public(&self) -> DevicePublic {
        self.public
    }

    /// The device's id.
    pub fn device_id(&self) -> DeviceId {
        self.public.device_id()
    }

    /// The key under which the device serves as a relay: the same one.
    pub fn as_relay(&self) -> RelayKeys {
        RelayKeys::assemble(self.signing.clone())
    }

    /// Signs `context ‖ message`. The context keeps uses apart; records and statements have their own functions.
    pub fn sign(&self, context: &[u8], message: &[u8]) -> [u8; 64] {
        self.signing.sign(context, message)
    }

    /// Opens the epoch key that a grant wraps to this device.
    pub fn unwrap(&self, grant: &crate::trust::Grant) -> Result<EpochKey, KeyError> {
        epoch::unwrap(&hpke_secret(&self.hpke)?, self.device_id(), grant)
    }
}

impl Identity for DeviceKeys {
    fn signing_public(&self) -> [u8; 32] {
        self.public.signing
    }
}

impl private::Pkcs8 for DeviceKeys {
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.signing.to_pkcs8()
    }
}

fn hpke_secret(bytes: &[u8; 32]) -> Result<<X25519HkdfSha256 as Kem>::PrivateKey, KeyError> {
    <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(bytes).map_err(|_| KeyError::Damaged)
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKeys({}, secret)", self.device_id())
    }
}

macro_rules! signing_keys {
    ($(#[$meta:meta])* $name:ident, $id:ty, $id_fn:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name {
            signing: SigningSecret,
            public: [u8; 32],
        }

        impl $name {
            /// New keys.
            pub fn generate(rng: &dyn Random) -> Result<Self, KeyError> {
                Ok(Self::assemble(SigningSecret::generate(rng)?))
            }

            /// The secret. Keep it encrypted.
            pub fn to_secret_bytes(&self) -> Zeroizing<[u8; 32]> {
                Zeroizing::new(self.signing.0)
            }

            /// The inverse of [`Self::to_secret_bytes`].
            pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
                Ok(Self::assemble(SigningSecret(bytes.try_into().map_err(|_| KeyError::Damaged)?)))
            }

            fn assemble(signing: SigningSecret) -> Self {
                let public = signing.public();
                Self { signing, public }
            }

            /// The public Ed25519 key.
            pub fn public(&self) -> [u8; 32] {
                self.public
            }

            /// The id that follows from the key.
            pub fn $id_fn(&self) -> $id {
                <$id>::of_key(&self.public)
            }

            /// Signs `context ‖ message`.
            pub fn sign(&self, context: &[u8], message: &[u8]) -> [u8; 64] {
                self.signing.sign(context, message)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}, secret)"), self.$id_fn())
            }
        }
    };
}

signing_keys!(
    /// The region's root key: signs the certificates of facilities, members, devices and relays.
    RegionKeys, RegionId, region_id
);
signing_keys!(
    /// A relay's key: authenticates the relay in TLS. It opens nothing.
    RelayKeys, RelayId, relay_id
);

impl Identity for RelayKeys {
    fn signing_public(&self) -> [u8; 32] {
        self.public
    }
}

impl private::Pkcs8 for RelayKeys {
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.signing.to_pkcs8()
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    #[test]
    fn keys_survive_storage_and_damage_is_noticed() {
        let rng = SystemRandom::new();
        let keys = DeviceKeys::generate(&rng).unwrap();
        let again = DeviceKeys::from_secret_bytes(&*keys.to_secret_bytes()).unwrap();
        assert_eq!(again.public(), keys.public());
        assert!(DeviceKeys::from_secret_bytes(&keys.to_secret_bytes()[..63]).is_err());
        let relay = RelayKeys::generate(&rng).unwrap();
        assert_eq!(RelayKeys::from_secret_bytes(&*relay.to_secret_bytes()).unwrap().relay_id(), relay.relay_id());
        assert!(RelayKeys::from_secret_bytes(&[0; 33]).is_err());
    }

    #[test]
    fn signatures_hold_for_their_context_only() {
        let keys = RegionKeys::generate(&SystemRandom::new()).unwrap();
        let signature = keys.sign(b"one\0", b"message");
        assert!(verify(&keys.public(), b"one\0", b"message", &signature));
        assert!(!verify(&keys.public(), b"two\0", b"message", &signature));
        assert!(!verify(&keys.public(), b"one\0", b"massage", &signature));
        assert!(!verify(&keys.public(), b"one\0", b"message", &signature[..63]));
        assert!(!verify(&[9; 32], b"one\0", b"message", &signature));
    }

    #[test]
    fn debug_prints_no_secret() {
        let keys = DeviceKeys::from_secret_bytes(&[0x5a; 64]).unwrap();
        let region = RegionKeys::from_secret_bytes(&[0x5a; 32]).unwrap();
        let printed = format!("{keys:?} {region:?}");
        assert!(!printed.contains("5a5a") && !printed.contains("90, 90"), "{printed}");
    }
}
