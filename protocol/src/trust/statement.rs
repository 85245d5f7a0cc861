//! Statements: what the region, its administrators and its devices say and sign.
//!
//! Wire form: CBOR array [body bstr, signature bstr 64]. The signature covers `"tendenko statement v1\0" ‖ body`, the body
//! as it was received. A statement's id is the hash of all its bytes.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use super::ServiceDirectory;
use crate::cbor::{self, CborError};
use crate::document::{LogId, Scope};
use crate::domains;
use crate::ids::{
    DeviceId, FacilityId, KeyId, LogSeq, MemberId, Millis, PatientId, PatientOrigin, RelayId, StatementId, fixed_bytes,
};
use crate::keys::{self, DeviceKeys, EpochKey, KeyError, RegionKeys, WrappedKey};
use crate::limits::{MAX_ADDRESSES, MAX_REVOKED_LOGS, MAX_STATEMENT, MAX_TEXT};
use crate::random::Random;

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issuer {
    /// The region's root key.
    Region,
    /// A device, by its signing key.
    Device(DeviceId),
}

/// A facility exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    /// Its id.
    pub id: FacilityId,
    /// Its name.
    pub name: String,
    /// Its kind, as the region names it.
    pub kind: String,
}

/// A person works at a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Their id.
    pub id: MemberId,
    /// Where they work.
    pub facility: FacilityId,
    /// Their name.
    pub name: String,
    /// Their profession, in the words of `tendenko-crdt`'s `Profession` (kebab-case).
    pub profession: String,
}

/// A device belongs to a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Hash of `signing`.
    pub id: DeviceId,
    /// Where it belongs.
    pub facility: FacilityId,
    /// What people call it.
    pub label: String,
    /// Ed25519 key it signs and authenticates with.
    #[serde(with = "fixed_bytes")]
    pub signing: [u8; 32],
    /// X25519 key that epoch keys are wrapped to.
    #[serde(with = "fixed_bytes")]
    pub hpke: [u8; 32],
    /// May enrol members and devices of its facility. Only the region can say so.
    #[serde(default)]
    pub administrator: bool,
    /// Serves an evacuation site. Only the region can say so.
    #[serde(default)]
    pub evacuation_site: bool,
}

/// A relay serves the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// Hash of `signing`.
    pub id: RelayId,
    /// What people call it.
    pub name: String,
    /// Ed25519 key it authenticates with.
    #[serde(with = "fixed_bytes")]
    pub signing: [u8; 32],
    /// `host:port`, best first.
    pub addresses: Vec<String>,
}

/// A device may read and write one scope of one patient; here is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose records.
    pub patient: PatientId,
    /// How the patient's id came about: shows who may give the first grant.
    pub origin: PatientOrigin,
    /// Card or chart.
    pub scope: Scope,
    /// Which epoch key.
    pub key: KeyId,
    /// To which device.
    pub device: DeviceId,
    /// The epoch key, encrypted to that device.
    pub wrapped: WrappedKey,
    /// The consent it rests on.
    pub consent: String,
    /// May the device grant in turn?
    pub may_share: bool,
}

impl Grant {
    /// A grant of `key` to `recipient`.
    #[allow(clippy::too_many_arguments)]
    pub fn wrap(
        rng: &dyn Random,
        key: &EpochKey,
        origin: PatientOrigin,
        scope: Scope,
        recipient: DeviceId,
        hpke_public: &[u8; 32],
        consent: impl Into<String>,
        may_share: bool,
    ) -> Result<Self, KeyError> {
        let patient = origin.patient();
        Ok(Self {
            patient,
            origin,
            scope,
            key: key.id,
            device: recipient,
            wrapped: key.wrap_for(rng, patient, scope, recipient, hpke_public)?,
            consent: consent.into(),
            may_share,
        })
    }
}

/// A device is no longer trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Which device.
    pub device: DeviceId,
    /// The last valid record of each of its logs. What it wrote in other logs, or later, is not accepted.
    pub logs: Vec<(LogId, LogSeq)>,
    /// Why.
    pub reason: String,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A facility exists.
    Facility(Facility),
    /// A person works at a facility.
    Member(Member),
    /// A device belongs to a facility.
    Device(Device),
    /// A relay serves the region.
    Relay(Relay),
    /// A device may read and write one scope of one patient.
    Grant(Grant),
    /// A device is no longer trusted.
    Revocation(Revocation),
    /// Who offers what in the region.
    Directory(ServiceDirectory),
}

/// Who says what, and when by their clock. The clock decides nothing but which of two certificates is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Version of this form.
    pub version: u8,
    /// Who.
    pub issuer: Issuer,
    /// When, by the issuer's clock.
    pub issued_at: Millis,
    /// What.
    pub claim: Claim,
}

/// Why bytes are not a statement, or not one that can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not the form of a statement.
    #[error("not a statement: {0}")]
    Malformed(#[from] CborError),
    /// A version this build does not know.
    #[error("statement of version {0}, which this version of Tendenko does not know; update it")]
    Version(u8),
    /// A text, list or id is outside its bounds, or an id does not belong to its key.
    #[error("a statement whose content cannot be right")]
    Content,
    /// Its signature is not by its issuer.
    #[error("the signature is not by the issuer it names")]
    Signature,
    /// Too many statements wait for their issuers.
    #[error("too many statements of unknown issuers are waiting")]
    WaitingFull,
}

/// A statement and its signature, as bytes that travel and are kept unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement {
    bytes: Vec<u8>,
    id: StatementId,
}

impl SignedStatement {
    /// The bytes to keep and send.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to keep and send.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Its id.
    pub fn id(&self) -> StatementId {
        self.id
    }
}

/// Whoever can issue statements.
pub trait Signer {
    /// Under which name.
    fn issuer(&self) -> Issuer;
    /// Ed25519 over `context ‖ message`.
    fn sign_statement(&self, context: &[u8], message: &[u8]) -> [u8; 64];
}

impl Signer for RegionKeys {
    fn issuer(&self) -> Issuer {
        Issuer::Region
    }

    fn sign_statement(&self, context: &[u8], message: &[u8]) -> [u8; 64] {
        self.sign(context, message)
    }
}

impl Signer for DeviceKeys {
    fn issuer(&self) -> Issuer {
        Issuer::Device(self.device_id())
    }

    fn sign_statement(&self, context: &[u8], message: &[u8]) -> [u8; 64] {
        self.sign(context, message)
    }
}

/// Signs a claim. Refuses what no reader would accept.
pub fn sign(signer: &dyn Signer, issued_at: Millis, claim: Claim) -> Result<SignedStatement, TrustError> {
    check(&claim)?;
    let statement = Statement { version: domains::STATEMENT_VERSION, issuer: signer.issuer(), issued_at, claim };
    let body = cbor::encode(&statement);
    let signature = signer.sign_statement(domains::STATEMENT_SIGNATURE, &body);
    let bytes = cbor::encode(&(Bytes::new(&body), Bytes::new(&signature)));
    if bytes.len() > MAX_STATEMENT {
        return Err(TrustError::Content);
    }
    Ok(SignedStatement { id: StatementId::of(&bytes), bytes })
}

/// A statement whose form is right and whose signature was not checked.
#[derive(Debug, Clone)]
pub struct UnverifiedStatement {
    body: Vec<u8>,
    signature: Vec<u8>,
    statement: Statement,
}

impl UnverifiedStatement {
    /// Checks form and bounds. Anyone may call it with anything.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        let (body, signature): (ByteBuf, ByteBuf) = cbor::decode(bytes, MAX_STATEMENT)?;
        if signature.len() != 64 {
            return Err(TrustError::Signature);
        }
        let Version { version } = cbor::decode(&body, MAX_STATEMENT)?;
        if version != domains::STATEMENT_VERSION {
            return Err(TrustError::Version(version));
        }
        let statement: Statement = cbor::decode(&body, MAX_STATEMENT)?;
        check(&statement.claim)?;
        Ok(Self { body: body.into_vec(), signature: signature.into_vec(), statement })
    }

    /// Who it claims to be from.
    pub fn issuer(&self) -> Issuer {
        self.statement.issuer
    }

    /// What it claims.
    pub fn claim(&self) -> &Claim {
        &self.statement.claim
    }

    /// The statement, if its signature is by this key.
    pub fn verify(self, signing: &[u8; 32]) -> Result<Statement, TrustError> {
        if keys::verify(signing, domains::STATEMENT_SIGNATURE, &self.body, &self.signature) {
            Ok(self.statement)
        } else {
            Err(TrustError::Signature)
        }
    }
}

#[derive(Deserialize)]
struct Version {
    version: u8,
}

fn check(claim: &Claim) -> Result<(), TrustError> {
    let text = |text: &str| text.len() <= MAX_TEXT;
    let ok = match claim {
        Claim::Facility(c) => text(&c.name) && text(&c.kind),
        Claim::Member(c) => text(&c.name) && text(&c.profession),
        Claim::Device(c) => text(&c.label) && DeviceId::of_key(&c.signing) == c.id,
        Claim::Relay(c) => {
            text(&c.name)
                && c.addresses.len() <= MAX_ADDRESSES
                && c.addresses.iter().all(|address| text(address))
                && RelayId::of_key(&c.signing) == c.id
        }
        Claim::Directory(c) => c.holds(),
        Claim::Grant(c) => text(&c.consent) && c.origin.patient() == c.patient,
        Claim::Revocation(c) => {
            text(&c.reason) && c.logs.len() <= MAX_REVOKED_LOGS && c.logs.iter().all(|(log, _)| log.device == c.device)
        }
    };
    if ok { Ok(()) } else { Err(TrustError::Content) }
}
