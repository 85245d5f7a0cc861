//! A tablet's beginning, and every morning: device keys, the encrypted store, and opening it with a staff member's secret.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ring::rand::SystemRandom;
use rusqlite::Connection;
use serde_bytes::ByteBuf;
use tendenko_protocol::Random;
use tendenko_protocol::ids::{Incarnation, MemberId};
use tendenko_protocol::keys::DeviceKeys;
use tendenko_protocol::trust::{EnrolmentBundle, EnrolmentRequest, TrustStore};

use crate::clock::{Clock, SystemClock};
use crate::documents::Cache;
use crate::error::{Damage, EnrolError, UnlockError};
use crate::files;
use crate::guard::{Guard, Lineage, Remembered};
use crate::models;
use crate::renewal::mint;
use crate::replica::{Parts, Replica, Writer};
use crate::status::Status;
use crate::store::{self, StoreError, meta, meta::name, statements};
use crate::unlock::{KdfParams, NewStaff, SlotError, SlotFile, StaffTile, StoreKey, Tries, Vault};
use crate::views::Me;

/// Documents kept in memory.
const CACHED_DOCUMENTS: usize = 48;
/// Size of store up to which every page is checked when it is unlocked; beyond, the host calls [`Replica::is_sound`] later.
const CHECKED_AT_UNLOCK: u64 = 48 * 1024 * 1024;
/// Largest file of prepared device keys.
const MAX_ENROLLING: u64 = 4096;

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
    pub fn prepare(dir: &Path, label: &str, rng: &dyn Random) -> Result<EnrolmentRequest, EnrolError> {
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
        let length = std::fs::metadata(self.dir().join(files::STORE))?.len();
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
        let (incarnation, lineage) = current_incarnation(&mut connection, &guard, &rng)?;
        let status = Status::read(&connection, clock.now())?;
        let me = Me {
            member,
            name: staff.name.clone(),
            profession: staff.profession.clone(),
            facility: staff.facility.clone(),
            device: keys.device_id(),
        };
        let writer = Writer { connection, cache: Cache::new(CACHED_DOCUMENTS), incarnation, guard };
        let dir = dir.to_owned();
        let parts = Parts { clock, rng, keys, bundle, trust, status, me, dir, store_key: key, writer, reader, lock };
        let replica = Self::assemble(parts);
        if lineage != Lineage::Continues {
            replica.go_on_as_another()?;
        }
        replica.renew_models()?;
        replica.read_again()?;
        replica.count_patients()?;
        Ok(replica)
    }

    /// Gives a person of the region a secret on this tablet, or a new secret to one who has one.
    pub fn put_staff(&self, staff: &NewStaff, kdf: KdfParams) -> Result<(), EnrolError> {
        if self.trust().member(staff.member).is_none() {
            return Err(EnrolError::UnknownMember);
        }
        let mut slots = SlotFile::read(self.dir())?.ok_or(EnrolError::NotPrepared)?;
        slots.put(&self.rng, self.store_key(), staff, kdf)?;
        Ok(slots.write(self.dir())?)
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

/// The incarnation that this store wrote under, or its first; and whether it may go on under it. If it may not, because it is not the newest of
/// its line, it goes on as another before anything is written ([`Replica::go_on_as_another`]).
fn current_incarnation(
    connection: &mut Connection,
    guard: &Guard,
    rng: &SystemRandom,
) -> Result<(Incarnation, Lineage), UnlockError> {
    let known: Option<u64> = meta::get(connection, name::INCARNATION)?;
    let (counter, file): (u64, u64) = meta::get(connection, name::GUARD)?.unwrap_or_default();
    if let Some(known) = known {
        return Ok((Incarnation(known), guard.lineage(Remembered { counter, file })));
    }
    let step = connection.transaction().map_err(StoreError::from)?;
    let minted = mint(&step, guard, rng)?;
    step.commit().map_err(StoreError::from)?;
    Ok((minted, Lineage::Continues))
}
