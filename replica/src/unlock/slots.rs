//! The slot file: one wrapped store key per staff member, and the vault.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};
use tendenko_crdt::Profession;
use tendenko_protocol::Random;
use tendenko_protocol::ids::MemberId;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::files;

const VERSION: u16 = 1;
const MAX_FILE: u64 = 4 * 1024 * 1024;
const MAX_SLOTS: usize = 64;

/// A person who may unlock this tablet, as given at enrolment.
pub struct NewStaff {
    /// The member's id, from the region's certificates.
    pub member: MemberId,
    /// Name on the unlock tile and in the author line of every entry.
    pub name: String,
    /// Profession, as certified.
    pub profession: Profession,
    /// Name of the facility.
    pub facility: String,
    /// PIN or passphrase. Wiped when dropped.
    pub secret: Zeroizing<String>,
}

/// What the unlock screen shows of one staff member. Nothing about patients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffTile {
    /// Whom to unlock as.
    pub member: MemberId,
    /// Name.
    pub name: String,
    /// Profession.
    pub profession: Profession,
}

/// The cost of one try at a secret (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfParams {
    m: u32,
    t: u32,
    p: u32,
}

impl KdfParams {
    /// 64 MiB, 3 passes, 1 lane: the second recommended choice of RFC 9106 with one lane, which
    /// takes a fraction of a second on a current tablet and leaves its memory to the app.
    pub const fn tablet() -> Self {
        Self { m: 64 * 1024, t: 3, p: 1 }
    }

    /// So cheap that it protects nothing: for tests only.
    pub const fn weak_for_tests() -> Self {
        Self { m: 8, t: 1, p: 1 }
    }

    fn derive(self, secret: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, SlotError> {
        // Bounds before allocation: a spoiled file must not ask for all memory.
        if self.m > 1024 * 1024 || self.t > 64 || self.p > 16 {
            return Err(SlotError::Damaged);
        }
        let params = Params::new(self.m, self.t, self.p, Some(32)).map_err(|_| SlotError::Damaged)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(secret.as_bytes(), salt, key.as_mut())
            .map_err(|_| SlotError::Damaged)?;
        Ok(key)
    }
}

/// The key of the encrypted store. Random; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct StoreKey([u8; 32]);

impl StoreKey {
    pub(crate) fn generate(rng: &dyn Random) -> Result<Self, SlotError> {
        let mut key = [0; 32];
        rng.fill(&mut key).map_err(|_| SlotError::Random)?;
        Ok(Self(key))
    }

    /// As SQLCipher takes a raw key: `x'…'`.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        use std::fmt::Write;
        let mut text = Zeroizing::new(String::with_capacity(67));
        text.push_str("x'");
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\'');
        text
    }

    /// The key of the store of the relay inside this tablet.
    pub(crate) fn for_serving(&self) -> Zeroizing<[u8; 32]> {
        let tag =
            ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.0), b"tendenko serving store v1");
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(tag.as_ref());
        key
    }

    fn vault_key(&self) -> [u8; 32] {
        let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.0), b"tendenko vault v1");
        let mut key = [0; 32];
        key.copy_from_slice(tag.as_ref());
        key
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// Why a slot could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotError {
    #[error("the slot file is damaged")]
    Damaged,
    #[error("no such staff member on this tablet")]
    UnknownMember,
    #[error("the secret is wrong")]
    WrongSecret,
    #[error("the operating system gave no random numbers")]
    Random,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What the device must keep even when its database is lost.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Vault {
    /// `DeviceKeys::to_secret_bytes`.
    pub(crate) device: ByteBuf,
    /// The enrolment bundle as received.
    pub(crate) bundle: ByteBuf,
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.device.zeroize();
    }
}

/// One staff member, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Staff {
    pub(crate) member: MemberId,
    pub(crate) name: String,
    pub(crate) profession: Profession,
    pub(crate) facility: String,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    staff: Staff,
    kdf: KdfParams,
    salt: ByteArray<16>,
    wrapped: ByteBuf,
}

/// The slot file.
#[derive(Serialize, Deserialize)]
pub(crate) struct SlotFile {
    version: u16,
    slots: Vec<Slot>,
    vault: ByteBuf,
}

impl SlotFile {
    /// Wraps `key` for each of `staff` and seals the vault.
    pub(crate) fn create(
        rng: &dyn Random,
        key: &StoreKey,
        staff: &[NewStaff],
        vault: &Vault,
        kdf: KdfParams,
    ) -> Result<Self, SlotError> {
        let slots = staff.iter().map(|one| Slot::wrap(rng, key, one, kdf)).collect::<Result<_, _>>()?;
        let plain = Zeroizing::new(serde_cbor::to_vec(vault).map_err(|_| SlotError::Damaged)?);
        let vault = ByteBuf::from(seal(rng, &key.vault_key(), b"vault", &plain)?);
        Ok(Self { version: VERSION, slots, vault })
    }

    /// Reads the file; `None` when this directory was never enrolled.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, SlotError> {
        let bytes = match files::read_bounded(&dir.join(files::SLOTS), MAX_FILE) {
            Ok(bytes) => bytes,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(long) if long.kind() == std::io::ErrorKind::InvalidData => return Err(SlotError::Damaged),
            Err(other) => return Err(other.into()),
        };
        let file: Self = serde_cbor::from_slice(&bytes).map_err(|_| SlotError::Damaged)?;
        if file.version != VERSION || file.slots.len() > MAX_SLOTS {
            return Err(SlotError::Damaged);
        }
        Ok(Some(file))
    }

    /// Writes the file durably.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), SlotError> {
        let bytes = serde_cbor::to_vec(self).map_err(|_| SlotError::Damaged)?;
        Ok(files::replace(&dir.join(files::SLOTS), &bytes)?)
    }

    /// The staff of this tablet, in the order of enrolment.
    pub(crate) fn tiles(&self) -> Vec<StaffTile> {
        self.slots
            .iter()
            .map(|slot| StaffTile {
                member: slot.staff.member,
                name: slot.staff.name.clone(),
                profession: slot.staff.profession.clone(),
            })
            .collect()
    }

    pub(crate) fn staff(&self, member: MemberId) -> Option<&Staff> {
        self.slots.iter().map(|slot| &slot.staff).find(|staff| staff.member == member)
    }

    /// The store key, if `secret` is the member's. Does not count tries: see [`Tries`](super::Tries).
    pub(crate) fn open(&self, member: MemberId, secret: &str) -> Result<StoreKey, SlotError> {
        let slot = self.slots.iter().find(|s| s.staff.member == member).ok_or(SlotError::UnknownMember)?;
        let wrapping = slot.kdf.derive(secret, slot.salt.as_slice())?;
        let plain = unseal(&wrapping, member.as_bytes(), &slot.wrapped).ok_or(SlotError::WrongSecret)?;
        let key = <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| SlotError::Damaged)?;
        Ok(StoreKey(key))
    }

    /// The device's identity.
    pub(crate) fn vault(&self, key: &StoreKey) -> Result<Vault, SlotError> {
        let plain = unseal(&key.vault_key(), b"vault", &self.vault).ok_or(SlotError::Damaged)?;
        serde_cbor::from_slice(&plain).map_err(|_| SlotError::Damaged)
    }

    /// Adds a person, or gives one who is here a new secret.
    pub(crate) fn put(
        &mut self,
        rng: &dyn Random,
        key: &StoreKey,
        staff: &NewStaff,
        kdf: KdfParams,
    ) -> Result<(), SlotError> {
        let slot = Slot::wrap(rng, key, staff, kdf)?;
        match self.slots.iter().position(|s| s.staff.member == staff.member) {
            Some(index) => self.slots[index] = slot,
            None => self.slots.push(slot),
        }
        Ok(())
    }
}

impl Slot {
    fn wrap(rng: &dyn Random, key: &StoreKey, staff: &NewStaff, kdf: KdfParams) -> Result<Self, SlotError> {
        let mut salt = [0; 16];
        rng.fill(&mut salt).map_err(|_| SlotError::Random)?;
        let wrapping = kdf.derive(&staff.secret, &salt)?;
        let wrapped = seal(rng, &wrapping, staff.member.as_bytes(), &key.0)?;
        let staff = Staff {
            member: staff.member,
            name: staff.name.clone(),
            profession: staff.profession.clone(),
            facility: staff.facility.clone(),
        };
        Ok(Self { staff, kdf, salt: ByteArray::new(salt), wrapped: ByteBuf::from(wrapped) })
    }
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
}

fn seal(rng: &dyn Random, key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SlotError> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill(&mut nonce).map_err(|_| SlotError::Random)?;
    let mut body = plain.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .map_err(|_| SlotError::Damaged)?;
    Ok([nonce.as_slice(), &body].concat())
}

fn unseal(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), body.as_mut_slice())
        .ok()?
        .len();
    body.truncate(length);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(id: u8, secret: &str) -> NewStaff {
        NewStaff {
            member: MemberId([id; 16]),
            name: "佐藤 花子".into(),
            profession: Profession::Nurse,
            facility: "訪問看護ステーションはまゆり".into(),
            secret: Zeroizing::new(secret.into()),
        }
    }

    fn file() -> (SlotFile, StoreKey) {
        let rng = ring::rand::SystemRandom::new();
        let key = StoreKey::generate(&rng).unwrap();
        let vault = Vault { device: ByteBuf::from(vec![1; 64]), bundle: ByteBuf::from(vec![2; 9]) };
        let people = [staff(1, "4821"), staff(2, "海がきれい")];
        (SlotFile::create(&rng, &key, &people, &vault, KdfParams::weak_for_tests()).unwrap(), key)
    }

    #[test]
    fn each_member_opens_with_their_own_secret_only() {
        let (file, key) = file();
        let dir = tempfile::tempdir().unwrap();
        file.write(dir.path()).unwrap();
        let file = SlotFile::read(dir.path()).unwrap().unwrap();
        let (one, two) = (MemberId([1; 16]), MemberId([2; 16]));
        assert_eq!(*file.open(one, "4821").unwrap().pragma(), *key.pragma());
        assert_eq!(*file.open(two, "海がきれい").unwrap().pragma(), *key.pragma());
        assert!(matches!(file.open(two, "4821"), Err(SlotError::WrongSecret)));
        assert!(matches!(file.open(MemberId([3; 16]), "4821"), Err(SlotError::UnknownMember)));
        assert_eq!(file.vault(&key).unwrap().device.as_slice(), [1; 64]);
    }

    #[test]
    fn a_changed_byte_is_refused() {
        let (file, key) = file();
        let bytes = serde_cbor::to_vec(&file).unwrap();
        let dir = tempfile::tempdir().unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut spoiled = bytes.clone();
            spoiled[at] ^= 0x41;
            std::fs::write(dir.path().join(files::SLOTS), &spoiled).unwrap();
            if let Ok(Some(file)) = SlotFile::read(dir.path()) {
                for tile in file.tiles() {
                    if let Ok(opened) = file.open(tile.member, "4821") {
                        assert_eq!(*opened.pragma(), *key.pragma());
                    }
                }
            }
        }
    }

    #[test]
    fn a_new_secret_replaces_the_old_one() {
        let (mut file, key) = file();
        let rng = ring::rand::SystemRandom::new();
        file.put(&rng, &key, &staff(1, "9999"), KdfParams::weak_for_tests()).unwrap();
        assert_eq!(file.tiles().len(), 2);
        assert!(file.open(MemberId([1; 16]), "9999").is_ok());
        assert!(file.open(MemberId([1; 16]), "4821").is_err());
    }

    #[test]
    fn tablets_pay_the_full_price() {
        let params = KdfParams::tablet();
        assert!(params.m >= 19 * 1024 && params.t >= 2, "below the OWASP minimum");
    }
}
