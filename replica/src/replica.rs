//! The engine of one tablet: opened by a staff member's secret, then shared by the screens and the sync loop.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::Connection;
use serde_bytes::ByteBuf;
use tendenko_crdt::{Actor, Author, Stamp};
use tendenko_protocol::ids::{DeviceId, Incarnation, MemberId, PatientId};
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::{EnrolmentBundle, EnrolmentRequest, TrustStore};
use tokio::sync::{Notify, broadcast};

use crate::clock::{Clock, SystemClock};
use crate::documents::{Cache, Workspace};
use crate::error::{Damage, EnrolError, UnlockError};
use crate::files;
use crate::guard::{Guard, Lineage, Remembered};
use crate::models::{self, Changed};
use crate::status::{Status, SyncStatus};
use crate::store::{self, StoreError, documents, meta, meta::name, statements};
use crate::unlock::{KdfParams, NewStaff, SlotError, SlotFile, StaffTile, StoreKey, Tries, Vault};
use crate::views::Me;

/// Documents kept in memory.
const CACHED_DOCUMENTS: usize = 48;
/// Events a slow listener may be behind before it misses some.
const EVENT_QUEUE: usize = 256;
/// Size of store up to which every page is checked when it is unlocked; beyond, the host calls [`Replica::is_sound`] later.
const CHECKED_AT_UNLOCK: u64 = 48 * 1024 * 1024;
/// Largest file of prepared device keys.
const MAX_ENROLLING: u64 = 4096;

/// Something the screens want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaEvent {
    /// Something about this patient changed, here or elsewhere.
    Changed {
        /// Who.
        patient: PatientId,
    },
    /// The sync status changed: read it with [`Replica::sync_status`].
    Sync,
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

/// Device keys between request and enrolment.
#[derive(serde::Serialize, serde::Deserialize)]
struct Enrolling {
    device: ByteBuf,
    label: String,
}

/// Enrolment and unlocking.
impl Replica {
    /// Makes this device's keys and the request for the region's secretariat. Calling it again gives a request for the same keys.
    ///
    /// Until [`Replica::enrol`] the keys lie in the directory protected by the file system only: they open nothing yet.
    pub fn prepare(dir: &Path, label: &str, rng: &dyn SecureRandom) -> Result<EnrolmentRequest, EnrolError> {
        std::fs::create_dir_all(dir)?;
        if SlotFile::read(dir)?.is_some() {
            return Err(EnrolError::AlreadyEnrolled);
        }
        if let Some((keys, label)) = read_enrolling(dir)? {
            return Ok(EnrolmentRequest::new(&keys, label)?);
        }
        let keys = DeviceKeys::generate(rng)?;
        let enrolling = Enrolling { device: ByteBuf::from(keys.to_secret_bytes().to_vec()), label: label.to_owned() };
        files::replace(&dir.join(files::ENROLLING), &store::encode(&enrolling))?;
        Ok(EnrolmentRequest::new(&keys, label)?)
    }

    /// Makes the encrypted store for the people who share this tablet.
    pub fn enrol(dir: &Path, bundle: &EnrolmentBundle, staff: Vec<NewStaff>) -> Result<(), EnrolError> {
        Self::enrol_with(dir, bundle, staff, KdfParams::tablet())
    }

    /// As [`Replica::enrol`], with another price of a try: for tests and demonstrations.
    pub fn enrol_with(
        dir: &Path,
        bundle: &EnrolmentBundle,
        staff: Vec<NewStaff>,
        kdf: KdfParams,
    ) -> Result<(), EnrolError> {
        if SlotFile::read(dir)?.is_some() {
            return Err(EnrolError::AlreadyEnrolled);
        }
        let (keys, _) = read_enrolling(dir)?.ok_or(EnrolError::NotPrepared)?;
        if staff.is_empty() {
            return Err(EnrolError::NoStaff);
        }
        let mut trust = TrustStore::new(bundle.region_public);
        for statement in &bundle.statements {
            // One that does not hold is left out: what matters is whether the rest certifies us.
            if trust.add(statement).is_err() {
                tracing::warn!("a statement of the enrolment bundle does not hold");
            }
        }
        if trust.device(keys.device_id()).is_none_or(|device| device.revoked) {
            return Err(EnrolError::NotForThisDevice);
        }
        if staff.iter().any(|one| trust.member(one.member).is_none()) {
            return Err(EnrolError::UnknownMember);
        }

        // The slot file is written last: until it is there, nothing is enrolled and enrolling starts over.
        let rng = SystemRandom::new();
        let key = StoreKey::generate(&rng)?;
        for stale in [files::STORE, "store.db-wal", "store.db-shm"] {
            let _ = std::fs::remove_file(dir.join(stale));
        }
        let connection = store::open_writer(&dir.join(files::STORE), &key)?;
        for (_, bytes) in trust.statements() {
            statements::insert(&connection, bytes)?;
        }
        meta::set(&connection, name::MODELS, &models::FORM)?;
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(StoreError::from)?;
        drop(connection);
        let vault =
            Vault { device: ByteBuf::from(keys.to_secret_bytes().to_vec()), bundle: ByteBuf::from(bundle.to_bytes()) };
        SlotFile::create(&rng, &key, &staff, &vault, kdf)?.write(dir)?;
        std::fs::remove_file(dir.join(files::ENROLLING))?;
        files::sync_directory(&dir.join(files::ENROLLING))?;
        Ok(())
    }

    /// Who can unlock this tablet; empty when it is not enrolled.
    pub fn staff(dir: &Path) -> Result<Vec<StaffTile>, UnlockError> {
        Ok(read_slots(dir)?.map(|slots| slots.tiles()).unwrap_or_default())
    }

    /// Opens the replica with a staff member's secret. `now` paces the slow-down after wrong tries.
    pub fn unlock(
        dir: &Path,
        member: MemberId,
        secret: &str,
        now: tendenko_crdt::Timestamp,
    ) -> Result<Self, UnlockError> {
        let (key, slots) = try_secret(dir, member, secret, now)?;
        Self::open(dir, member, key, &slots, Arc::new(SystemClock))
    }

    /// As [`Replica::unlock`], with another clock for everything that is written.
    pub fn unlock_with(dir: &Path, member: MemberId, secret: &str, clock: Arc<dyn Clock>) -> Result<Self, UnlockError> {
        let (key, slots) = try_secret(dir, member, secret, clock.now())?;
        Self::open(dir, member, key, &slots, clock)
    }

    fn open(
        dir: &Path,
        member: MemberId,
        key: StoreKey,
        slots: &SlotFile,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, UnlockError> {
        let lock = lock(dir)?;
        match std::fs::metadata(dir.join(files::STORE)) {
            Ok(found) if found.len() == 0 || found.len() % files::PAGE != 0 => {
                return Err(UnlockError::Damaged(Damage::Store));
            }
            Ok(_) => {}
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                return Err(UnlockError::Damaged(Damage::Missing));
            }
            Err(other) => return Err(other.into()),
        }
        let replica = Self::open_at(dir, files::STORE, member, key, slots, clock, lock)?;
        replica.check_small_store()?;
        // For recovery: the first page says where everything else is. An older copy serves as well.
        let page = files::read_start(&dir.join(files::STORE), files::PAGE)?;
        if files::read_bounded(&dir.join(files::HEAD), files::PAGE).ok().as_ref() != Some(&page)
            && let Err(error) = files::replace(&dir.join(files::HEAD), &page)
        {
            tracing::warn!(%error, "the first page of the store could not be copied");
        }
        Ok(replica)
    }

    /// Checks every page before anyone relies on them, unless that would keep the person waiting.
    fn check_small_store(&self) -> Result<(), UnlockError> {
        let length = std::fs::metadata(self.dir.join(files::STORE))?.len();
        let writer = self.writer();
        // The check reads the file alone: what is still in the log, perhaps of a page torn by a power cut, goes there first.
        let settled = writer.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        if matches!(settled, Ok(0)) && length <= CHECKED_AT_UNLOCK && !store::pages_are_sound(&writer.connection)? {
            return Err(UnlockError::Damaged(Damage::Store));
        }
        Ok(())
    }

    /// Opens the store of that name, which is made when it is missing.
    pub(crate) fn open_at(
        dir: &Path,
        store: &str,
        member: MemberId,
        key: StoreKey,
        slots: &SlotFile,
        clock: Arc<dyn Clock>,
        lock: File,
    ) -> Result<Self, UnlockError> {
        let vault = slots.vault(&key).map_err(slot_damage)?;
        let keys = DeviceKeys::from_secret_bytes(&vault.device).map_err(|_| UnlockError::Damaged(Damage::KeySlots))?;
        let bundle = EnrolmentBundle::from_bytes(&vault.bundle).map_err(|_| UnlockError::Damaged(Damage::KeySlots))?;
        let staff = slots.staff(member).ok_or(UnlockError::UnknownMember)?;

        let path = dir.join(store);
        let mut connection = store::open_writer(&path, &key)?;
        let reader = store::open_reader(&path, &key)?;
        let mut trust = TrustStore::new(bundle.region_public);
        for statement in statements::all(&connection)? {
            if trust.add(&statement).is_err() {
                tracing::warn!("a stored statement does not hold");
            }
        }
        let rng = SystemRandom::new();
        let guard = Guard::in_directory(dir);
        let incarnation = current_incarnation(&mut connection, &guard, &rng)?;
        let status = Status::read(&connection)?;
        let me = Me {
            member,
            name: staff.name.clone(),
            profession: staff.profession.clone(),
            facility: staff.facility.clone(),
            device: keys.device_id(),
        };
        let writer = Writer { connection, cache: Cache::new(CACHED_DOCUMENTS), incarnation, guard };
        let replica = Self {
            clock,
            rng,
            keys,
            bundle,
            trust: RwLock::new(trust),
            status: Mutex::new(status),
            departure: Notify::new(),
            me,
            dir: dir.to_owned(),
            store_key: key,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            events: broadcast::channel(EVENT_QUEUE).0,
            _lock: lock,
        };
        replica.renew_models()?;
        Ok(replica)
    }

    /// Gives a person of the region a secret on this tablet, or a new secret to one who has one.
    pub fn put_staff(&self, staff: &NewStaff, kdf: KdfParams) -> Result<(), EnrolError> {
        if self.trust().member(staff.member).is_none() {
            return Err(EnrolError::UnknownMember);
        }
        let mut slots = SlotFile::read(&self.dir)?.ok_or(EnrolError::NotPrepared)?;
        slots.put(&self.rng, &self.store_key, staff, kdf)?;
        Ok(slots.write(&self.dir)?)
    }
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

    fn renew_models(&self) -> Result<(), StoreError> {
        let form: Option<String> = meta::get(&self.reader(), name::MODELS)?;
        if form.as_deref() == Some(models::FORM) { Ok(()) } else { self.rebuild_read_models() }
    }
}

/// For the rooms of this crate.
impl Replica {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Begins a new life of this store: what is written from now on goes into new logs.
    pub(crate) fn mint_incarnation(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let Writer { connection, guard, .. } = writer;
        let minted = mint(connection, guard, &self.rng)?;
        tracing::warn!("this store goes on as a new incarnation");
        writer.incarnation = minted;
        // Every document in memory writes as the old one.
        writer.cache.clear();
        Ok(())
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

fn read_enrolling(dir: &Path) -> Result<Option<(DeviceKeys, String)>, EnrolError> {
    let bytes = match files::read_bounded(&dir.join(files::ENROLLING), MAX_ENROLLING) {
        Ok(bytes) => bytes,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let enrolling: Enrolling = store::decode(&bytes)?;
    Ok(Some((DeviceKeys::from_secret_bytes(&enrolling.device)?, enrolling.label)))
}

pub(crate) fn read_slots(dir: &Path) -> Result<Option<SlotFile>, UnlockError> {
    SlotFile::read(dir).map_err(slot_damage)
}

pub(crate) fn slot_damage(error: SlotError) -> UnlockError {
    match error {
        SlotError::Io(io) => UnlockError::Io(io),
        SlotError::UnknownMember => UnlockError::UnknownMember,
        SlotError::Damaged | SlotError::WrongSecret | SlotError::Random => UnlockError::Damaged(Damage::KeySlots),
    }
}

/// One try at a secret: counted on disk before it is answered.
pub(crate) fn try_secret(
    dir: &Path,
    member: MemberId,
    secret: &str,
    now: tendenko_crdt::Timestamp,
) -> Result<(StoreKey, SlotFile), UnlockError> {
    let slots = read_slots(dir)?.ok_or(UnlockError::NotEnrolled)?;
    if slots.staff(member).is_none() {
        return Err(UnlockError::UnknownMember);
    }
    let mut tries = Tries::read(dir)?;
    let wait = tries.wait(member, now)?;
    if !wait.is_zero() {
        return Err(UnlockError::TooEarly { wait });
    }
    let wait = tries.count(member, now)?;
    match slots.open(member, secret) {
        Ok(key) => {
            tries.clear(member)?;
            Ok((key, slots))
        }
        Err(SlotError::WrongSecret) => Err(UnlockError::WrongSecret { wait }),
        Err(other) => Err(slot_damage(other)),
    }
}

/// One process at a time: two would keep documents in memory that the other changes.
pub(crate) fn lock(dir: &Path) -> Result<File, UnlockError> {
    let file = File::options().create(true).truncate(false).write(true).open(dir.join(files::LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(UnlockError::AlreadyOpen),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The incarnation to write under: the store's own, or a new one if this store is not the newest of its line.
fn current_incarnation(
    connection: &mut Connection,
    guard: &Guard,
    rng: &SystemRandom,
) -> Result<Incarnation, UnlockError> {
    let known: Option<u64> = meta::get(connection, name::INCARNATION)?;
    let (counter, file): (u64, u64) = meta::get(connection, name::GUARD)?.unwrap_or_default();
    let remembered = Remembered { counter, file };
    if let (Some(known), Lineage::Continues) = (known, guard.lineage(remembered)) {
        return Ok(Incarnation(known));
    }
    if known.is_some() {
        tracing::warn!("this store was restored or copied: it goes on as a new incarnation");
    }
    Ok(mint(connection, guard, rng)?)
}

fn mint(connection: &mut Connection, guard: &Guard, rng: &SystemRandom) -> Result<Incarnation, StoreError> {
    let (counter, file): (u64, u64) = meta::get(connection, name::GUARD)?.unwrap_or_default();
    let minted = Incarnation::generate(rng).map_err(|_| StoreError::NoRandom)?;
    let counter = guard.highest(Remembered { counter, file }).saturating_add(1);
    guard.write(counter).map_err(StoreError::Guard)?;
    let step = connection.transaction()?;
    meta::set(&step, name::INCARNATION, &minted.0)?;
    meta::set(&step, name::GUARD, &(counter, guard.file_number()))?;
    step.commit()?;
    Ok(minted)
}
