//! The set of statements, and what follows from it.

use std::collections::BTreeMap;

use super::{Facility, Grant, Issuer, Member, Relay, Statement, TrustError};
use crate::document::{DocumentId, LogId, Scope};
use crate::ids::{
    DeviceId, FacilityId, KeyId, LogSeq, MemberId, Millis, PatientId, RegionId, RelayId,
    StatementId,
};

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

/// Every statement known here, and the certificates and grants that follow from them.
#[derive(Debug, Clone)]
pub struct TrustStore {
    region_key: [u8; 32],
    known: BTreeMap<StatementId, (Vec<u8>, Statement)>,
    order: Vec<StatementId>,
}

impl TrustStore {
    /// An empty set, under this root key.
    pub fn new(region_public: [u8; 32]) -> Self {
        Self {
            region_key: region_public,
            known: BTreeMap::new(),
            order: Vec::new(),
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
        let _ = bytes;
        todo!()
    }

    /// A verified statement.
    pub fn statement(&self, id: &StatementId) -> Option<&Statement> {
        self.known.get(id).map(|(_, statement)| statement)
    }

    /// Every verified statement, issuers before what they issued: replayed in this order, none has to wait.
    pub fn statements(&self) -> impl Iterator<Item = (&StatementId, &[u8])> {
        self.order
            .iter()
            .filter_map(|id| Some((id, self.known.get(id)?.0.as_slice())))
    }

    /// Number of statements that wait for their issuer.
    pub fn waiting(&self) -> usize {
        todo!()
    }

    /// True if the statement's issuer had the right to say it.
    pub fn effective(&self, id: &StatementId) -> bool {
        let _ = id;
        todo!()
    }

    /// A certified device.
    pub fn device(&self, id: DeviceId) -> Option<&DeviceCert> {
        let _ = id;
        todo!()
    }

    /// Every certified device.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceCert> {
        std::iter::empty()
    }

    /// A relay of the region.
    pub fn relay(&self, id: RelayId) -> Option<&Relay> {
        let _ = id;
        todo!()
    }

    /// Every relay of the region.
    pub fn relays(&self) -> impl Iterator<Item = &Relay> {
        std::iter::empty()
    }

    /// A member.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        let _ = id;
        todo!()
    }

    /// Every member.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        std::iter::empty()
    }

    /// A facility.
    pub fn facility(&self, id: FacilityId) -> Option<&Facility> {
        let _ = id;
        todo!()
    }

    /// Every facility.
    pub fn facilities(&self) -> impl Iterator<Item = &Facility> {
        std::iter::empty()
    }

    /// May this device read and write this scope now? False for revoked devices.
    pub fn granted(&self, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        let _ = (device, patient, scope);
        todo!()
    }

    /// Did this device ever hold a valid grant? True for revoked devices too.
    pub fn ever_granted(&self, device: DeviceId, patient: PatientId, scope: Scope) -> bool {
        let _ = (device, patient, scope);
        todo!()
    }

    /// Every valid grant to a device, revoked or not.
    pub fn grants_for(&self, device: DeviceId) -> impl Iterator<Item = GrantRef<'_>> {
        let _ = device;
        std::iter::empty()
    }

    /// Every valid grant of one (patient, scope), to whichever device.
    pub fn grants_of(
        &self,
        patient: PatientId,
        scope: Scope,
    ) -> impl Iterator<Item = GrantRef<'_>> {
        let _ = (patient, scope);
        std::iter::empty()
    }

    /// The valid grant that brings this epoch key to this device.
    pub fn grant_of_key(&self, key: KeyId, device: DeviceId) -> Option<GrantRef<'_>> {
        let _ = (key, device);
        todo!()
    }

    /// The patients and scopes a device may read now; empty when it is revoked.
    pub fn scopes_of(&self, device: DeviceId) -> impl Iterator<Item = (PatientId, Scope)> {
        let _ = device;
        std::iter::empty()
    }

    /// For a revoked device: the last record of a log that is still valid (0: none). `None` while it is not revoked.
    pub fn last_valid(&self, log: &LogId) -> Option<LogSeq> {
        let _ = log;
        todo!()
    }

    /// May `device` see this statement? Certificates and revocations: everyone. A grant: every device granted on it.
    pub fn visible(&self, statement: &StatementId, device: DeviceId) -> bool {
        let _ = (statement, device);
        todo!()
    }

    /// May `device` see records of this document?
    pub fn may_read(&self, device: DeviceId, document: &DocumentId) -> bool {
        self.granted(device, document.patient, document.scope())
    }

    /// A device's certificate and everything needed to verify it, in the order to add it.
    pub fn chain_of(&self, device: DeviceId) -> Vec<Vec<u8>> {
        let _ = device;
        todo!()
    }
}
