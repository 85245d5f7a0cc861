//! What a link is like, and what is counted on it.

use std::time::Duration;

/// Bytes of IPv4 and UDP header, counted with every datagram.
pub const HEADERS: u64 = 28;

/// Both directions of a link, and when it is there at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// From the tablets to the relay.
    pub up: Direction,
    /// From the relay to the tablets.
    pub down: Direction,
    /// When the link is there.
    pub schedule: Schedule,
    /// Seed of everything left to chance.
    pub seed: u64,
}

impl Link {
    /// Loses nothing, delays nothing.
    pub fn clear() -> Self {
        Self { up: Direction::clear(), down: Direction::clear(), schedule: Schedule::Always, seed: 1 }
    }

    /// The same in both directions.
    pub fn both(direction: Direction) -> Self {
        Self { up: direction.clone(), down: direction, ..Self::clear() }
    }

    /// The thin link this is built for: 64 kbit/s, 10 % loss, 800 ms there and back.
    pub fn thin() -> Self {
        Self::both(Direction {
            bits_per_second: Some(64_000),
            delay: Duration::from_millis(400),
            loss: 0.1,
            ..Direction::clear()
        })
    }

    /// No link at all.
    pub fn gone() -> Self {
        Self { schedule: Schedule::Never, ..Self::clear() }
    }

    /// This link, there and gone in turn.
    pub fn flapping(self, up: Duration, down: Duration) -> Self {
        Self { schedule: Schedule::Flapping { up, down }, ..self }
    }

    /// This link with another seed.
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }
}

/// One direction of a link. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// Rate; without one, as fast as the machine.
    pub bits_per_second: Option<u64>,
    /// Bytes that may wait for their turn on a link with a rate; what comes on top is dropped.
    pub queue_bytes: u64,
    /// Time on the way, after the rate.
    pub delay: Duration,
    /// Up to so much more, evenly; the order is kept.
    pub jitter: Duration,
    /// Share of datagrams that vanish.
    pub loss: f64,
    /// Share of datagrams that arrive twice.
    pub duplicates: f64,
    /// Share of datagrams that are overtaken: held back by another [`Direction::delay`], at least a millisecond.
    pub overtaken: f64,
    /// Largest datagram that passes, headers included.
    pub mtu: Option<u64>,
}

impl Direction {
    /// Loses nothing, delays nothing.
    pub fn clear() -> Self {
        Self {
            bits_per_second: None,
            queue_bytes: 64 * 1024,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            duplicates: 0.0,
            overtaken: 0.0,
            mtu: None,
        }
    }
}

/// When a link is there. While it is not, what is sent or would arrive is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Always.
    Always,
    /// Never.
    Never,
    /// There, then gone, then there again; it begins by being there.
    Flapping {
        /// How long it is there.
        up: Duration,
        /// How long it is gone.
        down: Duration,
    },
}

impl Schedule {
    /// Is the link there, so long after the schedule began?
    pub fn is_up(&self, elapsed: Duration) -> bool {
        match *self {
            Self::Always => true,
            Self::Never => false,
            Self::Flapping { up, down } => {
                let round = (up + down).as_nanos().max(1);
                elapsed.as_nanos() % round < up.as_nanos()
            }
        }
    }
}

/// Datagrams and their bytes, headers included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Datagrams.
    pub packets: u64,
    /// Bytes: payload and 28 bytes of headers each.
    pub bytes: u64,
}

impl Traffic {
    /// One more datagram with this payload.
    pub fn add(&mut self, payload: usize) {
        self.packets += 1;
        self.bytes += payload as u64 + HEADERS;
    }

    /// What came since an earlier count.
    pub fn since(&self, earlier: &Self) -> Self {
        Self { packets: self.packets - earlier.packets, bytes: self.bytes - earlier.bytes }
    }
}

/// What a link carried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sent by tablets.
    pub up: Traffic,
    /// Of these, arrived at the relay (duplicates count).
    pub up_arrived: Traffic,
    /// Sent by the relay.
    pub down: Traffic,
    /// Of these, arrived at tablets.
    pub down_arrived: Traffic,
    /// Datagrams with which a tablet opens a QUIC connection (RFC 9000, 17.2.2: Initial), each try counted.
    pub openings: u64,
}

impl Counts {
    /// Counts what a tablet sends.
    pub(super) fn sent_up(&mut self, bytes: &[u8]) {
        self.up.add(bytes.len());
        if bytes.first().is_some_and(|first| first & 0xb0 == 0x80) {
            self.openings += 1;
        }
    }

    /// What came since an earlier count.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            up: self.up.since(&earlier.up),
            up_arrived: self.up_arrived.since(&earlier.up_arrived),
            down: self.down.since(&earlier.down),
            down_arrived: self.down_arrived.since(&earlier.down_arrived),
            openings: self.openings - earlier.openings,
        }
    }
}
