//! May this come in? The same pure decisions at the relay's door and at a tablet's.

use crate::cbor::CborError;
use crate::document::LogId;
use crate::ids::{DeviceId, LogSeq, RecordHash, RelayId, StatementId};
use crate::limits::MAX_STATEMENT;
use crate::messages::Refusal;
use crate::record::{
    LogVerdict, ParsedCheckpoint, ReceivedBytes, RejectReason, SealedCheckpoint, SealedRecord, check_next,
};
use crate::trust::{Added, Claim, Issuer, TrustError, TrustStore, UnverifiedStatement};

/// What is stored of a log. Reads must see what the running transaction wrote.
pub trait LogView {
    /// The store's own error.
    type Error;
    /// The last record of the log.
    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, Self::Error>;
    /// The record at a position of the log.
    fn hash_at(&self, log: &LogId, seq: LogSeq) -> Result<Option<RecordHash>, Self::Error>;
    /// Is this record of the log in quarantine as a fork?
    fn is_aside(&self, log: &LogId, hash: &RecordHash) -> Result<bool, Self::Error>;
}

/// Whether a record is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Verified, and follows its log's head: store it.
    Accept(Box<SealedRecord>),
    /// Stored already, byte for byte: ack it.
    Duplicate,
    /// Not taken. Count it, log its code; a fork is kept in quarantine.
    Reject {
        /// Why.
        reason: RejectReason,
        /// For a gap: the log and the position needed first.
        expected: Option<(LogId, LogSeq)>,
    },
}

impl Verdict {
    fn reject(reason: RejectReason) -> Self {
        Verdict::Reject { reason, expected: None }
    }
}

/// May this record come in?
///
/// Whoever brings it need not be able to read it: a courier, another tablet, an edge relay. What counts is the author.
/// Checked in this order: size, structure, already stored, author's certificate, author's grant, revocation, gap, signature, fork.
pub fn admit_record<L: LogView>(bytes: Vec<u8>, trust: &TrustStore, logs: &L) -> Result<Verdict, L::Error> {
    let parsed = match ReceivedBytes::new(bytes).and_then(ReceivedBytes::parse) {
        Ok(parsed) => parsed,
        Err(reason) => return Ok(Verdict::reject(reason)),
    };
    let header = *parsed.header();
    let log = header.log();
    let (patient, scope) = (header.document.patient, header.document.scope());
    let (head, held) = (logs.head(&log)?, logs.hash_at(&log, header.seq)?);
    let beyond = head.is_some_and(|(seq, _)| header.seq > seq.next());
    let follows_aside = beyond && logs.is_aside(&log, &header.prev)?;
    let place = check_next(head, &header, parsed.hash(), held, follows_aside);
    if place == LogVerdict::Duplicate {
        return Ok(Verdict::Duplicate);
    }
    let Some(author) = trust.device(header.device) else {
        return Ok(Verdict::reject(RejectReason::UnknownAuthor));
    };
    if !trust.ever_granted(header.device, patient, scope) {
        return Ok(Verdict::reject(RejectReason::AuthorNotGranted));
    }
    if trust.last_valid(&log).is_some_and(|last| header.seq > last) {
        return Ok(Verdict::reject(RejectReason::AuthorRevoked));
    }
    if let LogVerdict::Gap { expected } = place {
        return Ok(Verdict::Reject { reason: RejectReason::Gap, expected: Some((log, expected)) });
    }
    let record = match parsed.verify(&author.signing) {
        Ok(record) => record,
        Err(reason) => return Ok(Verdict::reject(reason)),
    };
    Ok(match place {
        LogVerdict::Next => Verdict::Accept(Box::new(record)),
        _ => Verdict::reject(RejectReason::Fork),
    })
}

/// May this part of a checkpoint come in? Whoever made it says what others wrote, so it must be a device that may see that, or could once.
/// Checked in this order: size, structure, author's certificate, author's grant, revocation, signature.
pub fn admit_checkpoint(bytes: &[u8], trust: &TrustStore) -> Result<SealedCheckpoint, RejectReason> {
    let parsed = ParsedCheckpoint::parse(bytes.to_vec())?;
    let (device, document) = (parsed.header().device, parsed.header().document);
    let author = trust.device(device).ok_or(RejectReason::UnknownAuthor)?;
    if !trust.ever_granted(device, document.patient, document.scope()) {
        return Err(RejectReason::AuthorNotGranted);
    }
    if trust.is_revoked(device) {
        return Err(RejectReason::AuthorRevoked);
    }
    parsed.verify(&author.signing)
}

/// May this pushed statement come in at a relay? Adds it to `trust` if so.
///
/// Stricter than [`TrustStore::add`], which only keeps a set: a relay takes no statement whose issuer it does not know or
/// whose issuer had no right to it, and no new enrolment by a revoked administrator.
pub fn admit_statement(bytes: &[u8], trust: &mut TrustStore) -> Result<Added, RejectReason> {
    if bytes.len() > MAX_STATEMENT {
        return Err(RejectReason::Oversized);
    }
    if trust.statement(&StatementId::of(bytes)).is_some() {
        return Ok(Added::Known);
    }
    let unverified = UnverifiedStatement::parse(bytes).map_err(reason_of)?;
    if let Issuer::Device(issuer) = unverified.issuer() {
        if !trust.knows_key_of(issuer) {
            return Err(RejectReason::UnknownIssuer);
        }
        if !may_issue(trust, issuer, unverified.claim()) {
            return Err(RejectReason::NotAllowed);
        }
    }
    trust.add(bytes).map_err(reason_of)
}

/// Grants are weighed as a set, when they are used. Enrolments and revocations are the business of an administrator in office.
fn may_issue(trust: &TrustStore, issuer: DeviceId, claim: &Claim) -> bool {
    let Some(cert) = trust.device(issuer) else { return false };
    let in_office = |facility| cert.administrator && !cert.revoked && cert.facility == facility;
    match claim {
        Claim::Grant(_) => true,
        Claim::Facility(_) | Claim::Relay(_) | Claim::Directory(_) => false,
        Claim::Member(member) => in_office(member.facility),
        Claim::Device(device) => in_office(device.facility) && !device.administrator && !device.evacuation_site,
        Claim::Revocation(revocation) => {
            trust.device(revocation.device).is_some_and(|device| in_office(device.facility))
        }
    }
}

fn reason_of(error: TrustError) -> RejectReason {
    match error {
        TrustError::Malformed(CborError::TooLong) => RejectReason::Oversized,
        TrustError::Malformed(_) | TrustError::Content => RejectReason::Malformed,
        TrustError::Version(_) => RejectReason::Version,
        TrustError::Signature => RejectReason::Signature,
        TrustError::WaitingFull => RejectReason::Full,
    }
}

/// Who is at the other end of a session, and so what it may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A certified device: what it is granted.
    Device(DeviceId),
    /// A certified relay: everything. It can open none of it.
    Relay(RelayId),
}

/// May this device or relay have a session? `peer_key` is the key it authenticated with in TLS, `device` the id it says hello with: a
/// relay's is the one its key would have as a device's. Add its chain to `trust` before.
pub fn admit_peer(device: DeviceId, peer_key: &[u8; 32], trust: &TrustStore) -> Result<Peer, Refusal> {
    let peer = match (trust.device(device), trust.relay_as_peer(device)) {
        (Some(_), _) => Peer::Device(device),
        (None, Some(relay)) => Peer::Relay(relay),
        (None, None) => return Err(Refusal::UnknownDevice),
    };
    // Ids are hashes of keys.
    if DeviceId::of_key(peer_key) != device {
        return Err(Refusal::WrongKey);
    }
    if trust.is_revoked(device) { Err(Refusal::Revoked) } else { Ok(peer) }
}
