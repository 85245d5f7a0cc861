//! One direction of a link, without sockets and without a clock: when does which datagram come out?

use std::time::{Duration, Instant};

use super::link::{Direction, HEADERS};

/// Held back at least so long when overtaken.
const OVERTAKEN: Duration = Duration::from_millis(1);

/// The state of one direction.
#[derive(Debug)]
pub struct Pipe {
    direction: Direction,
    chance: Chance,
    /// When the last datagram in the queue has been sent.
    free_at: Option<Instant>,
    /// When the last one that keeps its place arrives.
    last: Option<Instant>,
}

impl Pipe {
    /// A direction in which nothing is on its way.
    pub fn new(direction: Direction, seed: u64) -> Self {
        Self { direction, chance: Chance::new(seed), free_at: None, last: None }
    }

    /// A datagram with this payload is sent now: when it arrives, never, once, or twice.
    pub fn send(&mut self, now: Instant, payload: usize) -> [Option<Instant>; 2] {
        let bytes = payload as u64 + HEADERS;
        if self.direction.mtu.is_some_and(|mtu| bytes > mtu) {
            return [None, None];
        }
        let Some(sent) = self.transmit(now, bytes) else { return [None, None] };
        // The same draws whatever becomes of it, so that one setting more or less does not change the others' chances.
        let (lost, twice, overtaken) = (
            self.chance.happens(self.direction.loss),
            self.chance.happens(self.direction.duplicates),
            self.chance.happens(self.direction.overtaken),
        );
        let jitter = self.direction.jitter.mul_f64(self.chance.share());
        if lost {
            return [None, None];
        }
        let mut arrives = sent + self.direction.delay + jitter;
        if overtaken {
            arrives += self.direction.delay.max(OVERTAKEN);
        } else {
            arrives = self.last.map_or(arrives, |last| last.max(arrives));
            self.last = Some(arrives);
        }
        [Some(arrives), twice.then_some(arrives)]
    }

    /// When it has left the queue; nothing, when the queue is full.
    fn transmit(&mut self, now: Instant, bytes: u64) -> Option<Instant> {
        let Some(rate) = self.direction.bits_per_second else { return Some(now) };
        let begins = self.free_at.map_or(now, |free| free.max(now));
        let rate = rate.max(1) as f64;
        let waiting = (begins - now).as_secs_f64() * rate / 8.0;
        if waiting as u64 + bytes > self.direction.queue_bytes {
            return None;
        }
        let sent = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / rate);
        self.free_at = Some(sent);
        Some(sent)
    }
}

/// Chance that can be repeated: SplitMix64.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 up to, not including, 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }
}
