//! Enrolment: a new device asks, the region answers. Both travel as files or QR codes, over any channel.
//!
//! The request is signed by the device it names, so that nobody can enrol a key they do not hold. The bundle carries the
//! region's root key: whoever hands it over is believed once, and nothing else ever is without a signature.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use super::TrustError;
use crate::cbor::{self, CborError};
use crate::domains;
use crate::ids::{RelayId, fixed_bytes};
use crate::keys::{self, DeviceKeys, DevicePublic};
use crate::limits::{
    MAX_ADDRESSES, MAX_BUNDLE_STATEMENTS, MAX_ENROLMENT_BUNDLE, MAX_ENROLMENT_REQUEST, MAX_STATEMENT, MAX_TEXT,
};

/// Why a file is not an enrolment request or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// Not such a file.
    #[error("not an enrolment file: {0}")]
    Malformed(#[from] CborError),
    /// Of a version this build does not know.
    #[error("enrolment file of version {0}, which this version of Tendenko does not know; update it")]
    Version(u8),
    /// Outside its bounds.
    #[error("an enrolment file whose content cannot be right")]
    Content,
    /// The device that asks does not hold the key it names.
    #[error("the request is not signed by the key it names; make a new request on the device")]
    Proof,
    /// A statement in the bundle does not hold.
    #[error("the bundle holds a statement that does not verify: {0}")]
    Statement(#[from] TrustError),
}

/// "Please enrol this device."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// What people call the device.
    pub label: String,
    /// Its public keys.
    pub public: DevicePublic,
    body: Vec<u8>,
    proof: [u8; 64],
}

#[derive(Serialize, Deserialize)]
struct RequestBody {
    version: u8,
    label: String,
    public: DevicePublic,
}

impl EnrolmentRequest {
    /// A request by the device that holds `keys`.
    pub fn new(keys: &DeviceKeys, label: impl Into<String>) -> Result<Self, EnrolmentError> {
        let label = label.into();
        if label.len() > MAX_TEXT {
            return Err(EnrolmentError::Content);
        }
        let public = keys.public();
        let body = cbor::encode(&RequestBody { version: domains::ENROLMENT_VERSION, label: label.clone(), public });
        let proof = keys.sign(domains::ENROLMENT_SIGNATURE, &body);
        Ok(Self { label, public, body, proof })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(&(Bytes::new(&self.body), Bytes::new(&self.proof)))
    }

    /// Reads and checks the file: bounds, version, and that the device holds its key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let (body, proof): (ByteBuf, ByteBuf) = cbor::decode(bytes, MAX_ENROLMENT_REQUEST)?;
        let proof: [u8; 64] = proof.as_slice().try_into().map_err(|_| EnrolmentError::Proof)?;
        let RequestBody { version, label, public } = cbor::decode(&body, MAX_ENROLMENT_REQUEST)?;
        if version != domains::ENROLMENT_VERSION {
            return Err(EnrolmentError::Version(version));
        }
        if label.len() > MAX_TEXT {
            return Err(EnrolmentError::Content);
        }
        if !keys::verify(&public.signing, domains::ENROLMENT_SIGNATURE, &body, &proof) {
            return Err(EnrolmentError::Proof);
        }
        Ok(Self { label, public, body: body.into_vec(), proof })
    }
}

/// Where a relay is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayAddress {
    /// Which relay: its certificate is among the statements.
    pub relay: RelayId,
    /// `host:port`, best first.
    pub addresses: Vec<String>,
}

/// "You are enrolled": what a device needs to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentBundle {
    version: u8,
    /// The region's root key.
    #[serde(with = "fixed_bytes")]
    pub region_public: [u8; 32],
    /// The region's name.
    pub region_name: String,
    /// Certificates, issuers first.
    #[serde(with = "crate::cbor::byte_strings")]
    pub statements: Vec<Vec<u8>>,
    /// Where the relays are.
    pub relays: Vec<RelayAddress>,
}

impl EnrolmentBundle {
    /// A bundle to hand to a device.
    pub fn new(
        region_public: [u8; 32],
        region_name: impl Into<String>,
        statements: Vec<Vec<u8>>,
        relays: Vec<RelayAddress>,
    ) -> Self {
        Self { version: domains::ENROLMENT_VERSION, region_public, region_name: region_name.into(), statements, relays }
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads and checks the file: bounds and version. The statements are verified when they are added to a `TrustStore`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let bundle: Self = cbor::decode(bytes, MAX_ENROLMENT_BUNDLE)?;
        if bundle.version != domains::ENROLMENT_VERSION {
            return Err(EnrolmentError::Version(bundle.version));
        }
        let bounded = bundle.region_name.len() <= MAX_TEXT
            && bundle.statements.len() <= MAX_BUNDLE_STATEMENTS
            && bundle.statements.iter().all(|statement| statement.len() <= MAX_STATEMENT)
            && bundle.relays.len() <= MAX_ADDRESSES
            && bundle.relays.iter().all(|relay| {
                relay.addresses.len() <= MAX_ADDRESSES && relay.addresses.iter().all(|a| a.len() <= MAX_TEXT)
            });
        if bounded { Ok(bundle) } else { Err(EnrolmentError::Content) }
    }
}
