//! Epoch keys: what a patient's records are sealed with, and how such a key reaches one device.
//!
//! Wrapping is HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. `info` binds patient,
//! scope, key id and recipient, so a wrapped key moved to another grant does not open. Who wrapped it is said by the
//! signature over the grant, not by HPKE.

use std::convert::Infallible;
use std::fmt;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyError;
use crate::document::Scope;
use crate::domains;
use crate::ids::{DeviceId, KeyId, PatientId, fixed_bytes};
use crate::random::{Random, RandomError, random};
use crate::trust::Grant;

/// The symmetric key of one patient, scope and epoch. Several may be current at once; a record names the one it was sealed with.
#[derive(Clone, PartialEq, Eq)]
pub struct EpochKey {
    /// Its name: random, so that two devices that start an epoch at once make two epochs.
    pub id: KeyId,
    secret: Zeroizing<[u8; 32]>,
}

/// An epoch key, encrypted to one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// HPKE encapsulated key.
    #[serde(with = "fixed_bytes")]
    pub enc: [u8; 32],
    /// The secret, encrypted and authenticated.
    #[serde(with = "fixed_bytes")]
    pub sealed: [u8; 48],
}

impl EpochKey {
    /// A new key.
    pub fn generate(rng: &dyn Random) -> Result<Self, KeyError> {
        Ok(Self { id: KeyId(random(rng)?), secret: Zeroizing::new(random(rng)?) })
    }

    /// The secret itself, for the tablet's encrypted store.
    pub fn to_secret_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.secret.clone()
    }

    /// From the tablet's encrypted store.
    pub fn from_secret_bytes(id: KeyId, secret: &[u8]) -> Result<Self, KeyError> {
        let secret = secret.try_into().map_err(|_| KeyError::Damaged)?;
        Ok(Self { id, secret: Zeroizing::new(secret) })
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Encrypts the key to `recipient`, whose X25519 key is `hpke_public`.
    pub fn wrap_for(
        &self,
        rng: &dyn Random,
        patient: PatientId,
        scope: Scope,
        recipient: DeviceId,
        hpke_public: &[u8; 32],
    ) -> Result<WrappedKey, KeyError> {
        let public =
            <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(hpke_public).map_err(|_| KeyError::BadRecipient)?;
        let info = info(patient, scope, self.id, recipient);
        let mut source = Source { rng, failed: false };
        let (enc, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            &info,
            &*self.secret,
            &[],
            &mut source,
        )
        .map_err(|_| KeyError::BadRecipient)?;
        if source.failed {
            return Err(RandomError.into());
        }
        Ok(WrappedKey {
            enc: enc.to_bytes().into(),
            sealed: sealed.try_into().expect("AES-GCM adds 16 bytes to the 32 of the key"),
        })
    }
}

pub(super) fn unwrap(
    secret: &<X25519HkdfSha256 as Kem>::PrivateKey,
    recipient: DeviceId,
    grant: &Grant,
) -> Result<EpochKey, KeyError> {
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&grant.wrapped.enc).map_err(|_| KeyError::NotForUs)?;
    let info = info(grant.patient, grant.scope, grant.key, recipient);
    let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        secret,
        &enc,
        &info,
        &grant.wrapped.sealed,
        &[],
    )
    .map(Zeroizing::new)
    .map_err(|_| KeyError::NotForUs)?;
    EpochKey::from_secret_bytes(grant.key, &opened).map_err(|_| KeyError::NotForUs)
}

fn info(patient: PatientId, scope: Scope, key: KeyId, recipient: DeviceId) -> Vec<u8> {
    let scope = match scope {
        Scope::Card => 0,
        Scope::Chart => 1,
    };
    [domains::WRAPPED_KEY, &patient.0, &[scope], &key.0, &recipient.0].concat()
}

/// The source handed in, for hpke, which cannot take "no": a failure is remembered, and what was made with it is thrown away.
struct Source<'a> {
    rng: &'a dyn Random,
    failed: bool,
}

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.failed |= self.rng.fill(bytes).is_err();
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochKey({}, secret)", self.id)
    }
}
