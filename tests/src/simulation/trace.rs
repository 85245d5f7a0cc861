//! What happened, in order: a hash of all of it, and the last of it in words.

use std::collections::VecDeque;
use std::fmt;

/// Entries kept for the end of a failure.
const KEPT: usize = 300;

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A tablet.
    Tablet(usize),
    /// A relay.
    Relay(usize),
    /// The world outside.
    World,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Tablet(tablet) => write!(f, "t{tablet}"),
            Who::Relay(relay) => write!(f, "r{relay}"),
            Who::World => f.write_str("--"),
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
struct Entry {
    step: u64,
    at: u64,
    who: Who,
    what: &'static str,
    numbers: [u64; 3],
}

/// The record of a run.
#[derive(Debug, Default)]
pub struct Trace {
    hash: u64,
    last: VecDeque<Entry>,
    /// Keep all of it.
    pub whole: bool,
}

impl Trace {
    /// Notes something. The numbers say which: what they mean depends on `what`.
    pub fn note(&mut self, step: u64, at: u64, who: Who, what: &'static str, numbers: [u64; 3]) {
        let place = match who {
            Who::Tablet(tablet) => tablet as u64,
            Who::Relay(relay) => 1_000 + relay as u64,
            Who::World => 2_000,
        };
        let said = what.bytes().fold(0u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        for number in [at, place, said].into_iter().chain(numbers) {
            self.hash = (self.hash ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
        if self.last.len() == KEPT && !self.whole {
            self.last.pop_front();
        }
        self.last.push_back(Entry { step, at, who, what, numbers });
    }

    /// Two runs with the same hash did the same.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last of what happened, a line each.
    pub fn tail(&self) -> Vec<String> {
        let line = |entry: &Entry| {
            let numbers: Vec<String> =
                entry.numbers.iter().filter(|number| **number != u64::MAX).map(u64::to_string).collect();
            format!(
                "{:>8} {:>12.3}s {:>4} {} {}",
                entry.step,
                entry.at as f64 / 1e6,
                entry.who.to_string(),
                entry.what,
                numbers.join(" ")
            )
        };
        self.last.iter().map(line).collect()
    }
}

/// No number.
pub const NONE: u64 = u64::MAX;
