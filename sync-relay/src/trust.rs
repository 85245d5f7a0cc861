//! What the relay believes: the trust set in memory, and the statements table it is loaded from.
//!
//! The table may grow from outside (`enroll` runs in its own process); the set remembers how far it has read and can
//! catch up. A statement is added to the set just before it is stored. When storing fails, the set is built anew from the table, so that nothing
//! is believed for long that would be forgotten at the next start.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use tendenko_protocol::ids::ArrivalNo;
use tendenko_protocol::trust::{Claim, TrustStore};

use crate::store::{Audience, PageLimit, RelayStore, StoreError};

/// Statements read at a time.
const PAGE: PageLimit = PageLimit { bytes: 4 * 1024 * 1024, looked_at: 10_000 };

struct Loaded {
    set: TrustStore,
    through: ArrivalNo,
}

/// The trust set, shared by all sessions.
pub(crate) struct Trust(RwLock<Loaded>);

impl Trust {
    /// Reads the whole statements table.
    pub(crate) fn load(region: [u8; 32], store: &dyn RelayStore) -> Result<Self, StoreError> {
        let trust = Self(RwLock::new(Loaded { set: TrustStore::new(region), through: ArrivalNo::NONE }));
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
        *loaded = Loaded { set: TrustStore::new(*loaded.set.region_key()), through: ArrivalNo::NONE };
        catch_up(&mut loaded, store)
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
            if let Err(error) = loaded.set.add(&item.bytes) {
                tracing::warn!(arrival = item.arrival.0, %error, "a stored statement is not believed");
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
