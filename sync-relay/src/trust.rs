//! What the relay believes: the trust set in memory, and the statements table it is loaded from.
//!
//! The table may grow from outside (`enroll` runs in its own process); the set remembers how far it has read and can
//! catch up. A statement is added to the set just before it is stored. When storing fails, the set is built anew from the table, so that nothing
//! is believed for long that would be forgotten at the next start.

use std::collections::BTreeMap;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use tendenko_protocol::admission;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, StatementId};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{Added, Claim, Issuer, TrustStore, UnverifiedStatement};

use crate::store::{Audience, PageLimit, RelayStore, Source, StoreError};

/// Statements read at a time.
const PAGE: PageLimit = PageLimit { bytes: 4 * 1024 * 1024, looked_at: 10_000 };

/// Statements one device may have issued. The set lies in memory: a tablet in wrong hands must not fill it with grants nobody needs. A
/// nurse who grants two hundred patients to a team of twenty needs eight thousand.
const MAX_ISSUED: u32 = 20_000;

struct Loaded {
    set: TrustStore,
    through: ArrivalNo,
    /// How often it was loaded anew.
    reloads: u64,
    /// Statements in the set by the device that issued them.
    issued: BTreeMap<DeviceId, u32>,
}

impl Loaded {
    fn empty(region: [u8; 32]) -> Self {
        Self { set: TrustStore::new(region), through: ArrivalNo::NONE, reloads: 0, issued: BTreeMap::new() }
    }

    fn count(&mut self, id: &StatementId) {
        if let Some(Issuer::Device(issuer)) = self.set.statement(id).map(|statement| statement.issuer) {
            *self.issued.entry(issuer).or_default() += 1;
        }
    }
}

/// The trust set, shared by all sessions.
pub(crate) struct Trust(RwLock<Loaded>);

impl Trust {
    /// Reads the whole statements table.
    pub(crate) fn load(region: [u8; 32], store: &dyn RelayStore) -> Result<Self, StoreError> {
        let trust = Self(RwLock::new(Loaded::empty(region)));
        trust.catch_up(store)?;
        Ok(trust)
    }

    /// Reads what the table has gained since.
    pub(crate) fn catch_up(&self, store: &dyn RelayStore) -> Result<(), StoreError> {
        if self.loaded().through >= store.newest()? {
            return Ok(());
        }
        catch_up(&mut self.loading(), store)
    }

    /// Forgets what is not in the table.
    pub(crate) fn reload(&self, store: &dyn RelayStore) -> Result<(), StoreError> {
        let mut loaded = self.loading();
        *loaded = Loaded { reloads: loaded.reloads + 1, ..Loaded::empty(*loaded.set.region_key()) };
        catch_up(&mut loaded, store)
    }

    /// The relay's door for a statement: one that holds is believed from here on. Says who may have it.
    pub(crate) fn admit(&self, bytes: &[u8], from: Source) -> Result<Audience, RejectReason> {
        let id = StatementId::of(bytes);
        let loaded = &mut *self.loading();
        let issuer = UnverifiedStatement::parse(bytes).ok().map(|statement| statement.issuer());
        if let Some(Issuer::Device(issuer)) = issuer
            && loaded.issued.get(&issuer).is_some_and(|issued| *issued >= MAX_ISSUED)
            && loaded.set.statement(&id).is_none()
        {
            return Err(RejectReason::Full);
        }
        let added = match admission::admit_statement(bytes, &mut loaded.set) {
            // The upstream's door was as strict when it came there; here what made it right may have come in another order.
            Err(RejectReason::NotAllowed) if from == Source::Upstream => {
                loaded.set.add(bytes).map_err(|_| RejectReason::NotAllowed)?
            }
            admitted => admitted?,
        };
        if added == Added::New {
            loaded.count(&id);
        }
        loaded.set.statement(&id).map(|known| audience(&known.claim)).ok_or(RejectReason::UnknownIssuer)
    }

    /// Asks the set something.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&TrustStore) -> T) -> T {
        ask(&self.loaded().set)
    }

    /// Asks the set something; also says how often it was loaded anew because statements were believed that could not be stored.
    pub(crate) fn with_count<T>(&self, ask: impl FnOnce(&TrustStore) -> T) -> (T, u64) {
        let loaded = self.loaded();
        (ask(&loaded.set), loaded.reloads)
    }

    /// Changes the set.
    pub(crate) fn with_mut<T>(&self, change: impl FnOnce(&mut TrustStore) -> T) -> T {
        change(&mut self.loading().set)
    }

    fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn loading(&self) -> RwLockWriteGuard<'_, Loaded> {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn catch_up(loaded: &mut Loaded, store: &dyn RelayStore) -> Result<(), StoreError> {
    loop {
        let page = store.statements(loaded.through, PAGE)?;
        for item in &page.items {
            match loaded.set.add(&item.bytes) {
                Ok(Added::New) => loaded.count(&StatementId::of(&item.bytes)),
                Ok(Added::Known | Added::Waiting) => {}
                Err(error) => {
                    tracing::warn!(arrival = item.arrival.0, %error, "a stored statement is not believed");
                }
            }
        }
        loaded.through = page.through;
        if page.complete {
            return Ok(());
        }
    }
}

/// Who may have a statement with this claim.
pub(crate) fn audience(claim: &Claim) -> Audience {
    match claim {
        Claim::Grant(grant) => Audience::Granted((grant.patient, grant.scope)),
        Claim::Facility(_) | Claim::Member(_) | Claim::Device(_) | Claim::Relay(_) | Claim::Revocation(_) => {
            Audience::Everyone
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use tendenko_protocol::document::Scope;
    use tendenko_protocol::ids::{FacilityId, Millis, PatientOrigin};
    use tendenko_protocol::keys::{DeviceKeys, EpochKey, RegionKeys};
    use tendenko_protocol::trust::{self, Device, Facility, Grant};

    use super::*;

    #[test]
    fn one_device_cannot_fill_the_set() {
        let rng = SystemRandom::new();
        let (region, keys) = (RegionKeys::generate(&rng).unwrap(), DeviceKeys::generate(&rng).unwrap());
        let trust = Trust(RwLock::new(Loaded::empty(region.public())));
        let id = FacilityId::generate(&rng).unwrap();
        let facility = Facility { id, name: "はまなす".into(), kind: "visiting-nurse-station".into() };
        let device = Device {
            id: keys.device_id(),
            facility: id,
            label: "tablet".into(),
            signing: keys.public().signing,
            hpke: keys.public().hpke,
            administrator: false,
            evacuation_site: false,
        };
        for claim in [Claim::Facility(facility), Claim::Device(device)] {
            let signed = trust::sign(&region, Millis(1), claim).unwrap();
            trust.admit(signed.bytes(), Source::Operator).unwrap();
        }
        let origin = PatientOrigin::generate(&rng, keys.device_id()).unwrap();
        let key = EpochKey::generate(&rng).unwrap();
        let hpke = keys.public().hpke;
        let grant = Grant::wrap(&rng, &key, origin, Scope::Card, keys.device_id(), &hpke, "", true).unwrap();
        let said = |at: i64| trust::sign(&keys, Millis(at), Claim::Grant(grant.clone())).unwrap().into_bytes();
        let from = Source::Peer(keys.device_id());
        let first = said(0);
        trust.admit(&first, from).unwrap();
        trust.loading().issued.insert(keys.device_id(), MAX_ISSUED - 1);
        trust.admit(&said(1), from).unwrap();
        assert_eq!(trust.admit(&said(2), from), Err(RejectReason::Full));
        trust.admit(&first, from).unwrap();
    }
}
