//! The set of statements, and the questions it answers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::certificates::Certificates;
use super::grants::{Context, Grants};
use super::{
    Claim, Facility, Grant, Issuer, Member, Relay, ServiceDirectory, Statement, TrustError, UnverifiedStatement,
};
use crate::document::{DocumentId, LogId, Scope};
use crate::ids::{DeviceId, FacilityId, KeyId, LogSeq, MemberId, Millis, PatientId, RegionId, RelayId, StatementId};
use crate::limits::MAX_WAITING;

/// What became of an added statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Verified and new.
    New,
    /// Already here.
    Known,
    /// Kept until its issuer's certificate comes; its signature could not be checked yet.
    Waiting,
}

/// A device as the region knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCert {
    /// Its id.
    pub id: DeviceId,
    /// Where it belongs.
    pub facility: FacilityId,
    /// The facility's name, if its certificate is here.
    pub facility_name: Option<String>,
    /// What people call it.
    pub label: String,
    /// Ed25519 key.
    pub signing: [u8; 32],
    /// X25519 key.
    pub hpke: [u8; 32],
    /// May enrol members and devices of its facility.
    pub administrator: bool,
    /// Serves an evacuation site.
    pub evacuation_site: bool,
    /// No longer trusted.
    pub revoked: bool,
    /// When it was certified, by the issuer's clock.
    pub issued_at: Millis,
    /// The statement that says so.
    pub statement: StatementId,
}

/// A valid grant, and the statement that gave it.
#[derive(Debug, Clone, Copy)]
pub struct GrantRef<'a> {
    /// The statement.
    pub statement: StatementId,
    /// Who gave it.
    pub issuer: Issuer,
    /// When, by the issuer's clock.
    pub issued_at: Millis,
    /// What it says.
    pub grant: &'a Grant,
}

/// A verified statement with its bytes as received.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) bytes: Vec<u8>,
    pub(super) statement: Statement,
}

/// Every statement known here, and the certificates and grants that follow from them.
#[derive(Debug, Clone)]
pub struct TrustStore {
    region_key: [u8; 32],
    known: BTreeMap<StatementId, Known>,
    order: Vec<StatementId>,
    /// Keys of devices that a verified statement names. The id is the key's hash, so any such statement gives the right key.
    signing: BTreeMap<DeviceId, [u8; 32]>,
    waiting: BTreeMap<DeviceId, BTreeMap<StatementId, Vec<u8>>>,
    waiting_count: usize,
    certificates: OnceLock<Certificates>,
    grants: Grants,
}

impl TrustStore {
    /// An empty set, under this root key.
    pub fn new(region_public: [u8; 32]) -> Self {
        Self {
            region_key: region_public,
            known: BTreeMap::new(),
            order: Vec::new(),
            signing: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_count: 0,
            certificates: OnceLock::new(),
            grants: Grants::default(),
        }
    }

    /// The region's id.
    pub fn region(&self) -> RegionId {
        RegionId::of_key(&self.region_key)
    }

    /// The region's root key.
    pub fn region_key(&self) -> &[u8; 32] {
        &self.region_key
    }

    /// Adds a statement as received. Safe with any bytes, in any order, any number of times.
    pub fn add(&mut self, bytes: &[u8]) -> Result<Added, TrustError> {
        let id = StatementId::of(bytes);
        if self.known.contains_key(&id) {
            return Ok(Added::Known);
        }
        let unverified = UnverifiedStatement::parse(bytes)?;
        let key = match unverified.issuer() {
            Issuer::Region => self.region_key,
            Issuer::Device(device) => match self.signing.get(&device) {
                Some(key) => *key,
                None => return self.wait(device, id, bytes),
            },
        };
        let statement = unverified.verify(&key)?;
        self.accept(id, bytes.to_vec(), statement);
        Ok(Added::New)
    }

    fn wait(&mut self, issuer: DeviceId, id: StatementId, bytes: &[u8]) -> Result<Added, TrustError> {
        if self.waiting.get(&issuer).is_some_and(|waiting| waiting.contains_key(&id)) {
            return Ok(Added::Waiting);
        }
        if self.waiting_count == MAX_WAITING {
            return Err(TrustError::WaitingFull);
        }
        self.waiting.entry(issuer).or_default().insert(id, bytes.to_vec());
        self.waiting_count += 1;
        Ok(Added::Waiting)
    }

    /// Takes a verified statement, and then those that waited for the device it names, and so on.
    fn accept(&mut self, id: StatementId, bytes: Vec<u8>, statement: Statement) {
        let mut ready = vec![(id, bytes, statement)];
        while let Some((id, bytes, statement)) = ready.pop() {
            match &statement.claim {
                Claim::Grant(grant) => self.grants.insert(id, grant),
                Claim::Device(device) => {
                    self.certificates = OnceLock::new();
                    self.grants.reconsider();
                    self.signing.insert(device.id, device.signing);
                    let waiting = self.waiting.remove(&device.id).unwrap_or_default();
                    self.waiting_count -= waiting.len();
                    for (id, bytes) in waiting {
                        let verified =
                            UnverifiedStatement::parse(&bytes).and_then(|statement| statement.verify(&device.signing));
                        ready.extend(verified.ok().map(|statement| (id, bytes, statement)));
                    }
                }
                Claim::Facility(_)
                | Claim::Member(_)
                | Claim::Relay(_)
                | Claim::Revocation(_)
                | Claim::Directory(_) => {
                    self.certificates = OnceLock::new();
                }
            }
            if self.known.insert(id, Known { bytes, statement }).is_none() {
                self.order.push(id);
            }
        }
    }

    /// A verified statement.
    pub fn statement(&self, id: &StatementId) -> Option<&Statement> {
        self.known.get(id).map(|known| &known.statement)
    }

    /// Every verified statement, issuers before what they issued: replayed in this order, none has to wait.
    pub fn statements(&self) -> impl Iterator<Item = (&StatementId, &[u8])> {
        self.order.iter().filter_map(|id| Some((id, self.known.get(id)?.bytes.as_slice())))
    }

    /// Those verified after the first `count`, in their order.
    pub(super) fn added_since(&self, count: usize) -> &[StatementId] {
        self.order.get(count..).unwrap_or_default()
    }

    /// Number of statements that wait for their issuer.
    pub fn waiting(&self) -> usize {
        self.waiting_count
    }

    /// True if a statement of this device could be verified here.
    pub(crate) fn knows_key_of(&self, device: DeviceId) -> bool {
        self.signing.contains_key(&device)
    }

    /// True if the statement's issuer had the right to say it.
    pub fn effective(&self, id: &StatementId) -> bool {
        match self.statement(id).map(|statement| &statement.claim) {
            Some(Claim::Grant(_)) => self.place_of_grant(id).is_some(),
            Some(_) => self.certificates().effective.contains(id),
            None => false,
        }
    }

    /// The place of a grant that holds among those of its patient and scope: each holds by those before it.
    pub(super) fn place_of_grant(&self, id: &StatementId) -> Option<usize> {
        match &self.statement(id)?.claim {
            Claim::Grant(grant) => self.grants.place(&self.context(), id, grant),
            _ => None,
        }
    }

    /// A certified device.
    pub fn device(&self, id: DeviceId) -> Option<&DeviceCert> {
        self.certificates().devices.get(&id)
    }

    /// Was it revoked? A relay can be, too, by the id its key would have as a device's.
    pub fn is_revoked(&self, peer: DeviceId) -> bool {
        self.certificates().revoked.contains_key(&peer)
    }

    /// The relay that says hello with this id.
    pub fn relay_as_peer(&self, peer: DeviceId) -> Option<RelayId> {
        self.certificates().relays_as_peers.get(&peer).copied()
    }

    /// A certified device or relay that is not revoked.
    pub fn is_in_office(&self, peer: DeviceId) -> bool {
        let known = self.device(peer).is_some() || self.relay_as_peer(peer).is_some();
        known && !self.is_revoked(peer)
    }

    /// May this peer be sent records and grants of this scope? A device what it is granted, a relay everything.
    pub fn may_be_sent(&self, peer: DeviceId, patient: PatientId, scope: Scope) -> bool {
        self.granted(peer, patient, scope) || (self.relay_as_peer(peer).is_some() && !self.is_revoked(peer))
    }

    /// Every certified device.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceCert> {
        self.certificates().devices.values()
    }

    /// A relay of the region.
    pub fn relay(&self, id: RelayId) -> Option<&Relay> {
        self.certificates().relays.get(&id).map(|(_, relay)| relay)
    }

    /// Every relay of the region.
    pub fn relays(&self) -> impl Iterator<Item = &Relay> {
        self.certificates().relays.values().map(|(_, relay)| relay)
    }

    /// Whether this may be taken for a relay: a certified one, or a certified device that is not revoked and serves under its own key.
    pub fn serves(&self, relay: RelayId) -> bool {
        let is_it = |device: &DeviceCert| !device.revoked && RelayId::of_key(&device.signing) == relay;
        self.relay(relay).is_some() || self.devices().any(is_it)
    }

    /// A member.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.certificates().members.get(&id).map(|(_, member)| member)
    }

    /// Every member.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.certificates().members.values().map(|(_, member)| member)
    }

    /// A facility.
    pub fn facility(&self, id: FacilityId) -> Option<&Facility> {
        self.certificates().facilities.get(&id).map(|(_, facility)| facility)
    }

    /// Every facility.
    pub fn facilities(&self) -> impl Iterator<Item = &Facility> {
        self.certificates().facilities.values().map(|(_, facility)| facility)
    }

    /// The region's directory, as last published.
    pub fn directory(&self) -> Option<&ServiceDirectory> {
        match &self.statement(self.certificates().directory.as_ref()?)?.claim {
            Claim::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    /// When the region's directory was published, by the region's clock.
    pub fn directory_published(&self) -> Option<Millis> {
        Some(self.statement(self.certificates().directory.as_ref()?)?.issued_at)
    }

    /// May this device read and write this scope now? Only certified devices that are not revoked may anything.
    pub fn granted(&self, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        self.device(device).is_some_and(|cert| !cert.revoked) && self.ever_granted(device, patient, scope)
    }

    /// Does a valid grant name this device, revoked or not?
    pub fn ever_granted(&self, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        self.grants.holds(&self.context(), device, patient, scope)
    }

    /// Every valid grant to a device, revoked or not.
    pub fn grants_for(&self, device: DeviceId) -> impl Iterator<Item = GrantRef<'_>> {
        self.grants
            .named(device)
            .flat_map(|(patient, scope)| self.grants_of(patient, scope))
            .filter(move |found| found.grant.device == device)
    }

    /// Every valid grant of one (patient, scope), to whichever device.
    pub fn grants_of(&self, patient: PatientId, scope: Scope) -> impl Iterator<Item = GrantRef<'_>> {
        self.grants.of(&self.context(), patient, scope).filter_map(|id| self.grant_ref(id))
    }

    /// The valid grant that brings this epoch key to this device.
    pub fn grant_of_key(&self, key: KeyId, device: DeviceId) -> Option<GrantRef<'_>> {
        self.grants_for(device).find(|found| found.grant.key == key)
    }

    /// The patients and scopes a device may read now; empty when it is revoked.
    pub fn scopes_of(&self, device: DeviceId) -> impl Iterator<Item = (PatientId, Scope)> {
        self.grants.named(device).filter(move |(patient, scope)| self.granted(device, *patient, *scope))
    }

    /// For a revoked device: the last record of a log that is still valid (0: none). `None` while it is not revoked.
    pub fn last_valid(&self, log: &LogId) -> Option<LogSeq> {
        let logs = self.certificates().revoked.get(&log.device)?;
        Some(logs.get(log).copied().unwrap_or_default())
    }

    /// May `device` see this statement? Certificates and revocations: everyone. A grant: every device that may read what it opens, and so
    /// its recipient once it holds ([`LateGrants`](super::LateGrants)).
    pub fn visible(&self, statement: &StatementId, device: DeviceId) -> bool {
        match self.statement(statement).map(|statement| &statement.claim) {
            Some(Claim::Grant(grant)) => self.granted(device, grant.patient, grant.scope),
            Some(_) => true,
            None => false,
        }
    }

    /// May `device` see records of this document?
    pub fn may_read(&self, device: DeviceId, document: &DocumentId) -> bool {
        self.granted(device, document.patient, document.scope())
    }

    /// A device's certificate and everything needed to verify it, in the order to add it. Empty if it has none.
    pub fn chain_of(&self, device: DeviceId) -> Vec<Vec<u8>> {
        let mut ids = Vec::new();
        self.chain_ids(device, &mut ids);
        ids.iter().filter_map(|id| Some(self.known.get(id)?.bytes.clone())).collect()
    }

    /// A relay's certificate. Empty if it has none; only the region certifies relays, so nothing comes before it.
    pub fn chain_of_relay(&self, relay: RelayId) -> Vec<Vec<u8>> {
        let certificate = self.certificates().relays.get(&relay);
        certificate.and_then(|(id, _)| Some(vec![self.known.get(id)?.bytes.clone()])).unwrap_or_default()
    }

    fn chain_ids(&self, device: DeviceId, ids: &mut Vec<StatementId>) {
        let certificates = self.certificates();
        let Some(cert) = certificates.devices.get(&device) else { return };
        // Only the region makes administrators, so an issuer's own chain ends at the region.
        if let Some(Issuer::Device(issuer)) = self.statement(&cert.statement).map(|statement| statement.issuer) {
            ids.extend(self.administrator_cert(issuer, cert.facility));
        }
        ids.extend(certificates.facilities.get(&cert.facility).map(|(id, _)| *id));
        ids.push(cert.statement);
    }

    /// The region's statement that makes `device` an administrator of `facility`.
    fn administrator_cert(&self, device: DeviceId, facility: FacilityId) -> Option<StatementId> {
        let makes = |statement: &Statement| {
            statement.issuer == Issuer::Region
                && matches!(&statement.claim, Claim::Device(claim) if claim.id == device && claim.facility == facility && claim.administrator)
        };
        self.order.iter().copied().find(|id| self.statement(id).is_some_and(makes))
    }

    fn grant_ref(&self, id: StatementId) -> Option<GrantRef<'_>> {
        let statement = self.statement(&id)?;
        match &statement.claim {
            Claim::Grant(grant) => {
                Some(GrantRef { statement: id, issuer: statement.issuer, issued_at: statement.issued_at, grant })
            }
            _ => None,
        }
    }

    fn certificates(&self) -> &Certificates {
        self.certificates.get_or_init(|| {
            let not_grants = self.known.iter().filter(|(_, known)| !matches!(known.statement.claim, Claim::Grant(_)));
            Certificates::of(not_grants.map(|(id, known)| (*id, &known.statement)))
        })
    }

    fn context(&self) -> Context<'_> {
        Context { known: &self.known, certificates: self.certificates() }
    }
}
