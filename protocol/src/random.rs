//! Where keys, ids, salts and ephemeral secrets come from: handed in, never fetched.
//!
//! ring's `SecureRandom` is sealed, so a region that takes it can never be lived through twice. [`Random`] is this crate's own
//! door: whoever makes a key says from what. Programs hand in [`ring::rand::SystemRandom`], the only source implemented outside
//! tests; the simulator (`tests/src/simulation/`) hands in one that follows from its seed.

use ring::rand::{SecureRandom, SystemRandom};

/// A source of random bytes.
///
/// All secrecy rests on it: an implementation whose bytes anybody could foretell belongs in tests only.
pub trait Random {
    /// Fills `bytes`, wholly or not at all.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        SecureRandom::fill(self, bytes).map_err(|_| RandomError)
    }
}

/// The random source failed: no key, nonce or id can be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed; try again")]
pub struct RandomError;

/// `N` random bytes.
pub fn random<const N: usize>(rng: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    rng.fill(&mut bytes)?;
    Ok(bytes)
}
