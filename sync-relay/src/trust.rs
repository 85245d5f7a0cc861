//! What the relay believes: the trust set in memory, and the statements table it is loaded from.
//!
//! The table may grow from outside (`enroll` runs in its own process); the set remembers how far it has read and can
//! catch up. A statement is added to the set just before it is stored. When storing fails, the set is built anew from the table, so that nothing
//! is believed for long that would be forgotten at the next start.
//!
//! A grant that holds only since something that came after it is to arrive once more ([`LateGrants`]). That is found again whenever the
//! table is read, so it needs no memory of its own: what is due goes with the next submission.

use std::collections::BTreeMap;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use tendenko_protocol::admission;
use tendenko_protocol::ids::{ArrivalNo, DeviceId, StatementId};
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::trust::{Added, Claim, Issuer, LateGrants, TrustStore, UnverifiedStatement};

use crate::store::{Audience, PageLimit, RelayStore, Source, StoreError};

/// Statements read at a time.
const PAGE: PageLimit = PageLimit { bytes: 4 * 1024 * 1024, looked_at: 10_000 };

/// Statements one device may have issued. The set lies in memory: a tablet in wrong hands must not fill it with grants nobody needs. A
/// nurse who grants two hundred patients to a team of twenty needs eight thousand.
const MAX_ISSUED: u32 = 20_000;

struct Loaded {
    set: TrustStore,
    through: ArrivalNo,
    /// Statements in the set by the device that issued them.
    issued: BTreeMap<DeviceId, u32>,
    late: LateGrants,
    /// Grants that are to arrive once more.
    due: Vec<StatementId>,
}

impl Loaded {
    fn empty(region: [u8; 32]) -> Self {
        Self {
            set: TrustStore::new(region),
            through: ArrivalNo::NONE,
            issued: BTreeMap::new(),
            late: LateGrants::default(),
            due: Vec::new(),
        }
    }

    /// A statement is new in the set.
    fn added(&mut self, id: &StatementId) {
        self.due.extend(self.late.look(&self.set));
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
        self.know(store, store.newest()?)
    }

    /// Knows all that is stored up to an arrival: before arrivals are shown up to there, or a grant among them would be passed in silence.
    pub(crate) fn know(&self, store: &dyn RelayStore, through: ArrivalNo) -> Result<(), StoreError> {
        if self.loaded().through >= through {
            return Ok(());
        }
        catch_up(&mut self.loading(), store)
    }

    /// Forgets what is not in the table.
    pub(crate) fn reload(&self, store: &dyn RelayStore) -> Result<(), StoreError> {
        let mut loaded = self.loading();
        *loaded = Loaded::empty(*loaded.set.region_key());
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
            Err(RejectReason::NotAllowed) if from.is_upstream() => {
                loaded.set.add(bytes).map_err(|_| RejectReason::NotAllowed)?
            }
            admitted => admitted?,
        };
        if added == Added::New {
            loaded.added(&id);
        }
        loaded.set.statement(&id).map(|known| audience(&known.claim)).ok_or(RejectReason::UnknownIssuer)
    }

    /// Grants that are to arrive once more. They are somebody's to store from here on; should that fail, the set is read again
    /// ([`Self::reload`]), and they are found again.
    pub(crate) fn take_due(&self) -> Vec<StatementId> {
        if self.loaded().due.is_empty() {
            return Vec::new();
        }
        std::mem::take(&mut self.loading().due)
    }

    /// Asks the set something.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&TrustStore) -> T) -> T {
        ask(&self.loaded().set)
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
                Ok(Added::New) => loaded.added(&StatementId::of(&item.bytes)),
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
        Claim::Facility(_)
        | Claim::Member(_)
        | Claim::Device(_)
        | Claim::Relay(_)
        | Claim::Revocation(_)
        | Claim::Directory(_) => Audience::Everyone,
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use tendenko_protocol::document::Scope;
    use tendenko_protocol::ids::{FacilityId, Millis, PatientOrigin, RelayIncarnation};
    use tendenko_protocol::keys::{DeviceKeys, EpochKey, RegionKeys};
    use tendenko_protocol::trust::{self, Device, Facility, Grant};

    use super::*;
    use crate::store::{NewItem, NewStatement, SqliteOptions, SqliteStore, Submission};

    struct Region {
        keys: RegionKeys,
        facility: FacilityId,
        trust: Trust,
    }

    impl Region {
        fn new(rng: &SystemRandom) -> Self {
            let (keys, facility) = (RegionKeys::generate(rng).unwrap(), FacilityId::generate(rng).unwrap());
            let region = Self { trust: Trust(RwLock::new(Loaded::empty(keys.public()))), keys, facility };
            let name = "はまなす".into();
            region.say(Claim::Facility(Facility { id: facility, name, kind: "visiting-nurse-station".into() }));
            region
        }

        fn say(&self, claim: Claim) {
            let signed = trust::sign(&self.keys, Millis(1), claim).unwrap();
            self.trust.admit(signed.bytes(), Source::Operator).unwrap();
        }

        fn tablet(&self, rng: &SystemRandom) -> DeviceKeys {
            let keys = DeviceKeys::generate(rng).unwrap();
            self.say(Claim::Device(Device {
                id: keys.device_id(),
                facility: self.facility,
                label: "tablet".into(),
                signing: keys.public().signing,
                hpke: keys.public().hpke,
                administrator: false,
                evacuation_site: false,
            }));
            keys
        }
    }

    fn grant(rng: &SystemRandom, origin: PatientOrigin, to: &DeviceKeys) -> Grant {
        let (key, hpke) = (EpochKey::generate(rng).unwrap(), to.public().hpke);
        Grant::wrap(rng, &key, origin, Scope::Card, to.device_id(), &hpke, "", true).unwrap()
    }

    #[test]
    fn one_device_cannot_fill_the_set() {
        let rng = SystemRandom::new();
        let region = Region::new(&rng);
        let keys = region.tablet(&rng);
        let trust = &region.trust;
        let origin = PatientOrigin::generate(&rng, keys.device_id()).unwrap();
        let grant = grant(&rng, origin, &keys);
        let said = |at: i64| trust::sign(&keys, Millis(at), Claim::Grant(grant.clone())).unwrap().into_bytes();
        let from = Source::Peer(keys.device_id());
        let first = said(0);
        trust.admit(&first, from).unwrap();
        trust.loading().issued.insert(keys.device_id(), MAX_ISSUED - 1);
        trust.admit(&said(1), from).unwrap();
        assert_eq!(trust.admit(&said(2), from), Err(RejectReason::Full));
        trust.admit(&first, from).unwrap();
    }

    #[test]
    fn a_grant_that_comes_to_hold_is_due_once() {
        let rng = SystemRandom::new();
        let region = Region::new(&rng);
        let [origin, first, second, third, fourth] = [(); 5].map(|()| region.tablet(&rng));
        let patient = PatientOrigin::generate(&rng, origin.device_id()).unwrap();
        let says = |from: &DeviceKeys, to: &DeviceKeys| {
            let signed = trust::sign(from, Millis(1), Claim::Grant(grant(&rng, patient, to))).unwrap();
            region.trust.admit(signed.bytes(), Source::Peer(from.device_id())).unwrap();
            StatementId::of(signed.bytes())
        };
        let tablets = [&origin, &first, &second, &third, &fourth];
        let mut late: Vec<_> = tablets.windows(2).skip(1).rev().map(|pair| says(pair[0], pair[1])).collect();
        assert!(region.trust.take_due().is_empty());
        says(&origin, &first);
        late.reverse();
        assert_eq!(region.trust.take_due(), late, "each after the one it holds by");
        says(&third, &first);
        assert!(region.trust.take_due().is_empty());
    }

    /// Another process stored it, or it was forgotten with a batch that failed while its own was on the way.
    #[test]
    fn what_is_stored_is_known_before_it_is_shown() {
        let (rng, dir) = (SystemRandom::new(), tempfile::tempdir().unwrap());
        let store = SqliteStore::create(dir.path(), RelayIncarnation(1), &SqliteOptions::default()).unwrap();
        let keys = RegionKeys::generate(&rng).unwrap();
        let trust = Trust::load(keys.public(), &store).unwrap();
        let claim = Claim::Facility(Facility {
            id: FacilityId::generate(&rng).unwrap(),
            name: "はまなす".into(),
            kind: "visiting-nurse-station".into(),
        });
        let bytes = trust::sign(&keys, Millis(1), claim).unwrap().into_bytes();
        let id = StatementId::of(&bytes);
        let item = NewItem::Statement(NewStatement { id, audience: Audience::Everyone, bytes });
        store.commit(&[Submission::new(Source::Operator, Millis(1), vec![item])]).unwrap();
        trust.know(&store, ArrivalNo::NONE).unwrap();
        assert!(trust.with(|set| set.statement(&id).is_none()));
        trust.know(&store, ArrivalNo(1)).unwrap();
        assert!(trust.with(|set| set.statement(&id).is_some()));
    }
}
