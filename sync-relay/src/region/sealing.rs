//! A secret at rest under a passphrase: Argon2id (RFC 9106) makes the key, AES-256-GCM seals.
//!
//! The file names the cost it was made with, so that the cost can rise later. The header is authenticated together
//! with the secret, and its cost is bounded before any memory is taken, so that a swapped file cannot make the program
//! work for hours.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tendenko_protocol::Random;
use zeroize::Zeroizing;

/// A passphrase: wiped when dropped, never printed.
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// The shortest passphrase accepted for the region's root key, in characters. The sealed file may fall into anyone's hands.
pub const MIN_PASSPHRASE: usize = 12;
const MAX_PASSPHRASE: usize = 1024;

impl Passphrase {
    /// Takes a passphrase as typed or read from a file; a line ending at its end is not part of it.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, SealingError> {
        let mut text = Zeroizing::new(text.into());
        while matches!(text.last(), Some(b'\n' | b'\r')) {
            text.pop();
        }
        let length = std::str::from_utf8(&text).map_err(|_| SealingError::NotText)?.chars().count();
        if length < MIN_PASSPHRASE {
            return Err(SealingError::TooShort);
        }
        if text.len() > MAX_PASSPHRASE {
            return Err(SealingError::TooLong);
        }
        Ok(Self(text))
    }
}

/// How hard guessing is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for Cost {
    /// About a third of a second on a small server.
    fn default() -> Self {
        Self { memory_kib: 128 * 1024, passes: 3 }
    }
}

const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_FILE: usize = 4096;
const VERSION: u8 = 1;
const SALT: usize = 16;

/// Why a sealed secret could not be made or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealingError {
    /// Wrong passphrase, or the file was changed: the two cannot be told apart.
    #[error("the passphrase does not open this key: check it, and that the file is the one `init` wrote")]
    WrongPassphrase,
    /// Under [`MIN_PASSPHRASE`].
    #[error("the passphrase is too short: use at least {MIN_PASSPHRASE} characters")]
    TooShort,
    /// Over 1024 bytes.
    #[error("the passphrase is too long: use at most 1024 bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the passphrase is not text: write it as UTF-8")]
    NotText,
    /// The file is not a sealed key.
    #[error("the file is not a sealed key of this program")]
    NotASealedKey,
    /// No randomness or no memory.
    #[error("the system could not provide randomness or {0} KiB of memory")]
    System(u32),
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    version: u8,
    memory_kib: u32,
    passes: u32,
    salt: ByteBuf,
    nonce: ByteBuf,
    sealed: ByteBuf,
}

/// Seals `secret`; `purpose` must be given again to open it.
pub fn seal(
    rng: &dyn Random,
    passphrase: &Passphrase,
    purpose: &str,
    cost: Cost,
    secret: &[u8],
) -> Result<Vec<u8>, SealingError> {
    let system = SealingError::System(cost.memory_kib);
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE_LEN]);
    rng.fill(&mut salt).and_then(|()| rng.fill(&mut nonce)).map_err(|_| SealingError::System(cost.memory_kib))?;
    let key = derive(passphrase, &salt, cost)?;
    let mut sealed = secret.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(header(purpose, cost, &salt)),
        &mut sealed,
    )
    .map_err(|_| system)?;
    serde_cbor::to_vec(&Sealed {
        version: VERSION,
        memory_kib: cost.memory_kib,
        passes: cost.passes,
        salt: ByteBuf::from(salt),
        nonce: ByteBuf::from(nonce),
        sealed: ByteBuf::from(sealed),
    })
    .map_err(|_| SealingError::NotASealedKey)
}

/// Opens what [`seal`] made.
pub fn open(passphrase: &Passphrase, purpose: &str, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealingError> {
    if file.len() > MAX_FILE {
        return Err(SealingError::NotASealedKey);
    }
    let sealed: Sealed = serde_cbor::from_slice(file).map_err(|_| SealingError::NotASealedKey)?;
    let cost = Cost { memory_kib: sealed.memory_kib, passes: sealed.passes };
    let nonce: [u8; NONCE_LEN] = sealed.nonce.as_slice().try_into().map_err(|_| SealingError::NotASealedKey)?;
    if sealed.version != VERSION
        || sealed.salt.len() != SALT
        || cost.memory_kib > MAX_MEMORY_KIB
        || cost.passes > MAX_PASSES
    {
        return Err(SealingError::NotASealedKey);
    }
    let key = derive(passphrase, &sealed.salt, cost)?;
    let mut secret = Zeroizing::new(sealed.sealed.into_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(header(purpose, cost, &sealed.salt)), &mut secret)
        .map_err(|_| SealingError::WrongPassphrase)?
        .len();
    secret.truncate(length);
    Ok(secret)
}

fn derive(passphrase: &Passphrase, salt: &[u8], cost: Cost) -> Result<LessSafeKey, SealingError> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(|_| SealingError::NotASealedKey)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(&passphrase.0, salt, &mut *key)
        .map_err(|_| SealingError::System(cost.memory_kib))?;
    UnboundKey::new(&AES_256_GCM, &*key).map(LessSafeKey::new).map_err(|_| SealingError::NotASealedKey)
}

/// What is authenticated beside the secret.
fn header(purpose: &str, cost: Cost, salt: &[u8]) -> Vec<u8> {
    let mut header = b"tendenko sealed key\0".to_vec();
    header.push(VERSION);
    header.extend_from_slice(&cost.memory_kib.to_be_bytes());
    header.extend_from_slice(&cost.passes.to_be_bytes());
    header.extend_from_slice(salt);
    header.extend_from_slice(purpose.as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    #[test]
    fn opens_with_the_passphrase_and_with_no_other() {
        let right = passphrase("津波てんでんこ、高台へ逃げろ\n");
        let file = seal(&SystemRandom::new(), &right, "region", CHEAP, b"secret").unwrap();
        assert!(!file.windows(6).any(|window| window == b"secret"));
        assert_eq!(*open(&right, "region", &file).unwrap(), b"secret");
        let same = passphrase("津波てんでんこ、高台へ逃げろ");
        assert_eq!(*open(&same, "region", &file).unwrap(), b"secret");
        let wrong = passphrase("津波てんでんこ、高台へ逃げる");
        assert_eq!(open(&wrong, "region", &file), Err(SealingError::WrongPassphrase));
        assert_eq!(open(&right, "relay", &file), Err(SealingError::WrongPassphrase));
    }

    #[test]
    fn a_changed_or_costly_file_is_refused() {
        let passphrase = passphrase("correct horse battery");
        let file = seal(&SystemRandom::new(), &passphrase, "region", CHEAP, b"secret").unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            // Field names and lengths may make it unreadable; nothing may make it open.
            assert!(open(&passphrase, "region", &changed).is_err(), "byte {at}");
        }
        let mut sealed: Sealed = serde_cbor::from_slice(&file).unwrap();
        sealed.memory_kib = u32::MAX;
        let costly = serde_cbor::to_vec(&sealed).unwrap();
        assert_eq!(open(&passphrase, "region", &costly), Err(SealingError::NotASealedKey));
        assert_eq!(open(&passphrase, "region", b"junk"), Err(SealingError::NotASealedKey));
    }

    #[test]
    fn short_long_and_binary_passphrases_are_refused() {
        assert_eq!(Passphrase::new("short").err(), Some(SealingError::TooShort));
        assert_eq!(Passphrase::new(vec![b'x'; 2000]).err(), Some(SealingError::TooLong));
        assert_eq!(Passphrase::new(vec![0xff; 20]).err(), Some(SealingError::NotText));
    }
}
