//! Everything that looks like chance follows from a seed.

use std::cell::Cell;

use tendenko_protocol::{Random, RandomError};

/// One step of splitmix64: every bit of the seed matters to every bit of the result.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A sequence of numbers. Independent sequences come from one seed by naming what each is for, so that an operation taken
/// out of a script does not change what happens to all the others.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed for one purpose.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(mix(mix(seed) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93)))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// From 0 up to, not including, `end` (which is at least 1).
    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    /// From `low` up to and including `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.roll() % 1_000 < in_a_thousand
    }
}

/// Randomness of one tablet or relay, as keys and ids are made from it. For simulations only: whoever knows the seed knows
/// every key.
#[derive(Debug)]
pub struct Seeded(Cell<u64>);

impl Seeded {
    /// The bytes of a seed for one purpose.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(Cell::new(Dice::new(seed, purpose).roll()))
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for part in bytes.chunks_mut(8) {
            self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            part.copy_from_slice(&mix(self.0.get()).to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}
