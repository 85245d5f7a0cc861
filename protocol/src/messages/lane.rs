//! Lanes: a session runs over three streams of one connection, so that what matters first never waits behind what does not.
//!
//! The tablet opens all three; the first byte of a stream names its lane. QUIC sends the lanes in their order, on both sides.
//! Nothing is in order between lanes: what needs something of the cards lane says how far that must have come (`behind`).

use std::ops::{Index, IndexMut};

use crate::document::Scope;

/// One of a session's streams. Ordered by what matters first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Lane {
    /// Greetings, statements, cards.
    Cards = 0,
    /// Charts.
    Charts = 1,
    /// Chunks of photos and files, and whatever else can wait. Nothing of it comes by itself in order of arrival.
    Attachments = 2,
}

impl Lane {
    /// All lanes, the most urgent first.
    pub const ALL: [Lane; 3] = [Lane::Cards, Lane::Charts, Lane::Attachments];
    /// Lanes on which a relay sends by itself whatever arrives.
    pub const STREAMED: [Lane; 2] = [Lane::Cards, Lane::Charts];

    /// The lane of the records of a scope.
    pub fn of(scope: Scope) -> Self {
        match scope {
            Scope::Card => Lane::Cards,
            Scope::Chart => Lane::Charts,
        }
    }

    /// The first byte of its stream.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// The lane that a stream's first byte names.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.byte() == byte)
    }

    /// QUIC stream priority: greater goes first.
    pub fn priority(self) -> i32 {
        match self {
            Lane::Cards => 2,
            Lane::Charts => 1,
            Lane::Attachments => 0,
        }
    }
}

/// Something for each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerLane<T>([T; 3]);

impl<T> PerLane<T> {
    /// Made lane by lane.
    pub fn new(make: impl FnMut(Lane) -> T) -> Self {
        Self(Lane::ALL.map(make))
    }

    /// In the order of the lanes.
    pub fn into_array(self) -> [T; 3] {
        self.0
    }

    /// In the order of the lanes.
    pub fn each_mut(&mut self) -> [&mut T; 3] {
        self.0.each_mut()
    }

    /// Something else for each lane.
    pub fn map<U>(self, mut make: impl FnMut(Lane, T) -> U) -> PerLane<U> {
        let [cards, charts, attachments] = self.0;
        PerLane([make(Lane::Cards, cards), make(Lane::Charts, charts), make(Lane::Attachments, attachments)])
    }

    /// In the order of the lanes.
    pub fn iter(&self) -> impl Iterator<Item = (Lane, &T)> {
        Lane::ALL.into_iter().zip(&self.0)
    }

    /// In the order of the lanes.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Lane, &mut T)> {
        Lane::ALL.into_iter().zip(&mut self.0)
    }
}

impl<A, B> PerLane<(A, B)> {
    /// The two halves.
    pub fn unzip(self) -> (PerLane<A>, PerLane<B>) {
        let [(a, x), (b, y), (c, z)] = self.0;
        (PerLane([a, b, c]), PerLane([x, y, z]))
    }
}

impl<T> From<[T; 3]> for PerLane<T> {
    fn from(lanes: [T; 3]) -> Self {
        Self(lanes)
    }
}

impl<T> Index<Lane> for PerLane<T> {
    type Output = T;

    fn index(&self, lane: Lane) -> &T {
        &self.0[lane as usize]
    }
}

impl<T> IndexMut<Lane> for PerLane<T> {
    fn index_mut(&mut self, lane: Lane) -> &mut T {
        &mut self.0[lane as usize]
    }
}
