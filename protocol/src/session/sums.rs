//! Sums over what a side holds: equal sums, equal holdings, without naming one of them.
//!
//! Each statement and each document with its vector is an *entry*: a place, which depends on its name alone, and 16 bytes, which depend on
//! all of it. A sum adds entries up modulo 2^128, so order does not matter. The places are divided evenly among buckets; both sides can
//! do so for any number of buckets.
//!
//! Whoever could choose entries at will could make two different holdings add up alike, with much work, and hide its own records
//! from reconciling. They would still go by the outbox and in order of arrival. The same is true of a device that makes two records of its
//! own with one print, which takes some four thousand million tries.

use crate::document::{DocumentId, Scope, Vector};
use crate::domains;
use crate::ids::{StatementId, sha256};
use crate::limits::MAX_BUCKETS;
use crate::messages::{Buckets, Set, Summary};

/// Entries in one bucket, as a goal.
const PER_BUCKET: u64 = 4;

/// What a side holds of one set.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries(Vec<(u64, u128)>);

impl Entries {
    pub(super) fn add(&mut self, entry: (u64, u128)) {
        self.0.push(entry);
    }

    pub(super) fn summary(&self, set: Set) -> Summary {
        let total = self.0.iter().fold(0u128, |sum, (_, entry)| sum.wrapping_add(*entry));
        Summary { set, count: self.0.len() as u64, sum: total.to_be_bytes() }
    }

    /// The first 8 bytes of the sum of each of so many buckets.
    pub(super) fn buckets(&self, count: usize) -> Vec<u64> {
        let mut sums = vec![0u128; count];
        for (place, entry) in self.0.iter().filter(|_| count > 0) {
            let sum = &mut sums[bucket(*place, count)];
            *sum = sum.wrapping_add(*entry);
        }
        sums.into_iter().map(|sum| (sum >> 64) as u64).collect()
    }

    /// Which buckets are not as on the other side.
    pub(super) fn differing(&self, theirs: &[u64]) -> Buckets {
        let ours = self.buckets(theirs.len());
        let differing = (0..theirs.len()).filter(|bucket| ours[*bucket] != theirs[*bucket]).map(|bucket| bucket as u32);
        Buckets { count: theirs.len() as u32, buckets: differing.collect() }
    }
}

impl Buckets {
    pub(super) fn has(&self, place: u64) -> bool {
        self.count > 0 && self.buckets.binary_search(&(bucket(place, self.count as usize) as u32)).is_ok()
    }

    pub(super) fn has_document(&self, document: &DocumentId) -> bool {
        self.has(place_of(document))
    }

    pub(super) fn has_statement(&self, bytes: &[u8]) -> bool {
        self.has(statement(&StatementId::of(bytes)).0)
    }
}

/// How many buckets for a side that holds so many entries.
pub(super) fn buckets_for(entries: u64) -> usize {
    (entries / PER_BUCKET).clamp(1, MAX_BUCKETS as u64) as usize
}

pub(super) fn set_of(document: &DocumentId) -> Set {
    match document.scope() {
        Scope::Card => Set::Cards,
        Scope::Chart => Set::Charts,
    }
}

pub(super) fn statement(id: &StatementId) -> (u64, u128) {
    let entry = first(&id.0);
    ((entry >> 64) as u64, entry)
}

pub(super) fn document(document: &DocumentId, vector: &Vector) -> (u64, u128) {
    let mut logs = Vec::with_capacity(32 * vector.0.len());
    // Not how far: of two histories of one log each side may keep the one of another length.
    for ((device, incarnation), known) in &vector.0 {
        logs.extend_from_slice(&device.0);
        logs.extend_from_slice(&incarnation.0.to_be_bytes());
        logs.extend_from_slice(&known.print.0.to_be_bytes());
    }
    (place_of(document), first(&sha256(&[domains::SUM, &document.to_bytes(), &logs])))
}

fn place_of(document: &DocumentId) -> u64 {
    (first(&sha256(&[domains::SUM, &document.to_bytes()])) >> 64) as u64
}

fn first(hash: &[u8; 32]) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(bytes)
}

fn bucket(place: u64, count: usize) -> usize {
    ((u128::from(place) * count as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DeviceId, Incarnation, LogSeq, PatientId, Print};

    fn of(patients: std::ops::Range<u16>, print: impl Fn(u16) -> u64) -> Entries {
        let mut entries = Entries::default();
        for n in patients {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&n.to_be_bytes());
            let mut vector = Vector::default();
            vector.raise(DeviceId([1; 16]), Incarnation(1), LogSeq(5), Print(print(n)));
            entries.add(document(&DocumentId::card(PatientId(id)), &vector));
        }
        entries
    }

    #[test]
    fn order_does_not_matter_and_every_change_shows() {
        let ours = of(0..1_000, |_| 5);
        let mut turned = ours.clone();
        turned.0.reverse();
        assert_eq!(ours.summary(Set::Cards), turned.summary(Set::Cards));
        for other in [of(0..999, |_| 5), of(0..1_000, |n| if n == 17 { 6 } else { 5 })] {
            assert_ne!(ours.summary(Set::Cards).sum, other.summary(Set::Cards).sum);
            let differing = ours.differing(&other.buckets(buckets_for(1_000)));
            assert_eq!((differing.count, differing.buckets.len()), (250, 1));
        }
        assert_eq!(ours.differing(&ours.buckets(250)).buckets, []);
    }

    #[test]
    fn buckets_share_the_places_evenly() {
        for (place, count, expected) in [(0, 4, 0), (u64::MAX, 4, 3), (u64::MAX / 2 + 1, 4, 2), (7, 1, 0)] {
            assert_eq!(bucket(place, count), expected);
        }
        assert_eq!((buckets_for(0), buckets_for(1_000), buckets_for(u64::MAX)), (1, 250, 4_096));
    }
}
