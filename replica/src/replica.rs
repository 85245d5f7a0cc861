//! The engine of one tablet: opened by a staff member's secret, then shared by the screens and the sync loop.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ring::rand::SystemRandom;
use rusqlite::Connection;
use tendenko_crdt::{Actor, Author, EntryId, Stamp};
use tendenko_protocol::courier::Fate;
use tendenko_protocol::ids::{DeviceId, Incarnation, PatientId};
use tendenko_protocol::keys::{DeviceKeys, RelayKeys};
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::NEWEST_DICTIONARY;
use tendenko_protocol::trust::{EnrolmentBundle, TrustStore};
use tokio::sync::{Notify, broadcast};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::documents::{Cache, Workspace};
use crate::files;
use crate::guard::Guard;
use crate::models::{self, Changed};
use crate::receive::Door;
use crate::status::{Status, SyncStatus};
use crate::store::{self, StoreError, documents, meta, meta::name};
use crate::sync::Servers;
use crate::unlock::StoreKey;
use crate::views::Me;

/// Events a slow listener may be behind before it misses some.
const EVENT_QUEUE: usize = 256;

/// Something the screens want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaEvent {
    /// Something about this patient changed, here or elsewhere.
    Changed {
        /// Who.
        patient: PatientId,
    },
    /// More of what this entry mentions is here, or it is known that it is not to be had now.
    Attachment {
        /// Whose.
        patient: PatientId,
        /// Which entry.
        entry: EntryId,
    },
    /// The sync status changed: read it with [`Replica::sync_status`].
    Sync,
}

/// Who a tablet is when it serves as a relay.
pub struct ServingIdentity {
    /// Folder for the relay's store, inside the tablet's own.
    pub dir: PathBuf,
    /// What people call the tablet.
    pub label: String,
    /// The key it serves under.
    pub keys: RelayKeys,
    /// The same key, for being a client of the region's relays.
    pub device_keys: DeviceKeys,
    /// The region's root public key.
    pub region: [u8; 32],
    /// Encrypts the relay's store.
    pub store_key: Zeroizing<[u8; 32]>,
}

/// The tablet's engine. Calls block (disk, cryptography): hosts with an async runtime use `spawn_blocking`.
pub struct Replica {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: SystemRandom,
    pub(crate) keys: DeviceKeys,
    pub(crate) bundle: EnrolmentBundle,
    pub(crate) trust: RwLock<TrustStore>,
    pub(crate) status: Mutex<Status>,
    /// Rung when there is something new to send.
    pub(crate) departure: Notify,
    /// What records are compressed with.
    pub(crate) dictionary: AtomicU8,
    /// Rung when another chunk is wanted, or none any more.
    pub(crate) attachments_wanted: Notify,
    /// Rung when a courier file brought a grant to this tablet.
    pub(crate) carried_grants: Notify,
    /// Rung when other patients may be wanted first.
    pub(crate) first_changed: Notify,
    /// Damaged records were sealed again since unlocking.
    pub(crate) sealed_again: AtomicBool,
    servers: Servers,
    me: Me,
    dir: PathBuf,
    store_key: StoreKey,
    writer: Mutex<Writer>,
    reader: Mutex<Connection>,
    events: broadcast::Sender<ReplicaEvent>,
    _lock: File,
}

pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) cache: Cache,
    pub(crate) incarnation: Incarnation,
    pub(crate) guard: Guard,
}

/// What unlocking has opened.
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: SystemRandom,
    pub(crate) keys: DeviceKeys,
    pub(crate) bundle: EnrolmentBundle,
    pub(crate) trust: TrustStore,
    pub(crate) status: Status,
    pub(crate) me: Me,
    pub(crate) dir: PathBuf,
    pub(crate) store_key: StoreKey,
    pub(crate) writer: Writer,
    pub(crate) reader: Connection,
    pub(crate) lock: File,
}

/// Who, where, and what is going on.
impl Replica {
    /// Who is working now.
    pub fn me(&self) -> &Me {
        &self.me
    }

    /// This device.
    pub fn device_id(&self) -> DeviceId {
        self.me.device
    }

    /// Tablets that serve as relays, for the sync loop to try.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// `host:port` of the region's relays, as far as this tablet knows them.
    pub fn hubs(&self) -> Vec<String> {
        crate::sync::hubs(self)
    }

    /// What the relay inside this tablet is opened with. For that alone: it holds the device's key.
    pub fn serving_identity(&self) -> ServingIdentity {
        let label = self.trust().device(self.device_id()).map(|device| device.label.clone());
        ServingIdentity {
            dir: self.dir.join(files::SERVING),
            label: label.unwrap_or_default(),
            keys: self.keys.as_relay(),
            device_keys: self.keys.clone(),
            region: self.bundle.region_public,
            store_key: self.store_key.for_serving(),
        }
    }

    /// Takes a chain of certificates that was shown to this tablet, each only if it is signed by somebody known. Returns how many hold.
    pub fn introduce(&self, chain: &[Vec<u8>]) -> Result<u64, StoreError> {
        let items = chain.iter().cloned().map(Item::Statement).collect();
        let (_, fates) = self.take_batch(items, None, Door::Courier)?;
        Ok(fates.iter().filter(|fate| !matches!(fate, Fate::Refused(_))).count() as u64)
    }

    /// Name of the region.
    pub fn region_name(&self) -> &str {
        &self.bundle.region_name
    }

    /// What is known about facilities, members, devices, relays and grants.
    pub fn trust(&self) -> std::sync::RwLockReadGuard<'_, TrustStore> {
        self.trust.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn trust_mut(&self) -> std::sync::RwLockWriteGuard<'_, TrustStore> {
        self.trust.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to changes. A listener that falls behind is told so by the channel and reads everything again.
    pub fn events(&self) -> broadcast::Receiver<ReplicaEvent> {
        self.events.subscribe()
    }

    /// How the exchange with a relay stands.
    pub fn sync_status(&self) -> SyncStatus {
        self.status().snapshot()
    }

    /// The life of this store that what is written now belongs to.
    pub fn incarnation(&self) -> Incarnation {
        self.writer().incarnation
    }

    /// From now on records are sealed with this dictionary (0: none). To measure what it is good for.
    pub fn seal_with_dictionary(&self, number: u8) {
        self.dictionary.store(number, Ordering::Relaxed);
    }

    /// Checks every page of the store; false means damaged. Reads the whole file.
    pub fn is_sound(&self) -> Result<bool, StoreError> {
        store::pages_are_sound(&self.reader())
    }

    /// Drops the read models and computes them again from the documents, in one transaction.
    pub fn rebuild_read_models(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let mut work = self.workspace(&mut writer)?;
        models::clear(work.connection())?;
        for id in documents::all(work.connection())? {
            work.update_models(id, Changed::Everything)?;
            work.settle(id);
        }
        meta::set(work.connection(), name::MODELS, &models::FORM)?;
        work.commit()
    }

    pub(crate) fn renew_models(&self) -> Result<(), StoreError> {
        let form: Option<String> = meta::get(&self.reader(), name::MODELS)?;
        if form.as_deref() == Some(models::FORM) { Ok(()) } else { self.rebuild_read_models() }
    }
}

/// For the rooms of this crate.
impl Replica {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts together what was opened.
    pub(crate) fn assemble(parts: Parts) -> Self {
        Self {
            clock: parts.clock,
            rng: parts.rng,
            keys: parts.keys,
            bundle: parts.bundle,
            trust: RwLock::new(parts.trust),
            status: Mutex::new(parts.status),
            departure: Notify::new(),
            dictionary: AtomicU8::new(NEWEST_DICTIONARY),
            attachments_wanted: Notify::new(),
            carried_grants: Notify::new(),
            first_changed: Notify::new(),
            sealed_again: AtomicBool::new(false),
            servers: Servers::default(),
            me: parts.me,
            dir: parts.dir,
            store_key: parts.store_key,
            writer: Mutex::new(parts.writer),
            reader: Mutex::new(parts.reader),
            events: broadcast::channel(EVENT_QUEUE).0,
            _lock: parts.lock,
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn store_key(&self) -> &StoreKey {
        &self.store_key
    }

    pub(crate) fn into_writer(self) -> Writer {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn workspace<'a>(&self, writer: &'a mut Writer) -> Result<Workspace<'a>, StoreError> {
        let actor = Actor::of(self.me.device.0, writer.incarnation.0);
        Workspace::begin(&mut writer.connection, &mut writer.cache, actor)
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            author: Author {
                member: self.me.member.to_string(),
                name: self.me.name.clone(),
                profession: self.me.profession.clone(),
                facility: self.me.facility.clone(),
                device: self.me.device.to_string(),
                newer: Default::default(),
            },
            at: self.clock.now(),
            clock_offset_ms: self.status().clock_offset_ms,
            newer: Default::default(),
        }
    }

    /// Changes the sync status and says so.
    pub(crate) fn change_status(&self, change: impl FnOnce(&mut SyncStatus)) {
        if self.status().change(change) {
            self.tell(ReplicaEvent::Sync);
        }
    }

    pub(crate) fn tell(&self, event: ReplicaEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    pub(crate) fn tell_changed(&self, patients: impl IntoIterator<Item = PatientId>) {
        for patient in patients {
            self.tell(ReplicaEvent::Changed { patient });
        }
    }
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replica({})", self.me.device)
    }
}
