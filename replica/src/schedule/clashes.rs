//! Which visits get in each other's way: pure, and no more than words on a screen. Nothing is moved because of a clash.
//!
//! Two visits clash when they overlap in time and either somebody is expected in two houses, or two visits to one patient
//! were planned without knowing of each other. People who come together are one visit, so they never clash. A visit that
//! ends when the next begins does not overlap it: the way between two houses is the planner's to know.

use std::collections::BTreeSet;

use tendenko_protocol::ids::PatientId;

/// What of a visit matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot<'a> {
    /// To whom.
    pub patient: PatientId,
    /// Who comes.
    pub members: BTreeSet<&'a str>,
    /// When it begins and ends, in minutes of one count for all days.
    pub span: (i64, i64),
}

/// Two visits that get in each other's way, by their places in the list, the earlier place first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair<'a> {
    /// The first.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// Who is expected in both houses; empty: both visits are to the same patient.
    pub members: Vec<&'a str>,
}

/// Every pair of visits that get in each other's way.
pub fn clashes<'a>(slots: &[Slot<'a>]) -> Vec<Pair<'a>> {
    let mut by_start: Vec<usize> = (0..slots.len()).collect();
    by_start.sort_by_key(|place| slots[*place].span);
    let mut pairs = Vec::new();
    for (rank, &place) in by_start.iter().enumerate() {
        let (_, end) = slots[place].span;
        let later = by_start[rank + 1..].iter().take_while(|later| slots[**later].span.0 < end);
        pairs.extend(later.filter_map(|&later| pair(slots, place.min(later), place.max(later))));
    }
    pairs.sort_unstable();
    pairs
}

fn pair<'a>(slots: &[Slot<'a>], one: usize, other: usize) -> Option<Pair<'a>> {
    let (a, b) = (&slots[one], &slots[other]);
    if a.patient == b.patient {
        return Some(Pair { one, other, members: Vec::new() });
    }
    let members: Vec<&str> = a.members.intersection(&b.members).copied().collect();
    (!members.is_empty()).then_some(Pair { one, other, members })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn slot(patient: u8, members: &[&'static str], from: i64, to: i64) -> Slot<'static> {
        Slot { patient: PatientId([patient; 16]), members: members.iter().copied().collect(), span: (from, to) }
    }

    fn found(slots: &[Slot<'static>]) -> Vec<(usize, usize, Vec<&'static str>)> {
        clashes(slots).into_iter().map(|pair| (pair.one, pair.other, pair.members)).collect()
    }

    #[test]
    fn somebody_in_two_houses_and_two_visits_to_one() {
        assert_eq!(found(&[slot(1, &["a"], 0, 60), slot(2, &["a"], 59, 90)]), [(0, 1, vec!["a"])]);
        assert_eq!(found(&[slot(1, &["a"], 0, 60), slot(1, &["b"], 30, 90)]), [(0, 1, vec![])]);
        // One after the other; two people in two houses; two together in one visit.
        assert_eq!(found(&[slot(1, &["a"], 0, 60), slot(2, &["a"], 60, 90)]), []);
        assert_eq!(found(&[slot(1, &["a"], 0, 60), slot(2, &["b"], 0, 60)]), []);
        assert_eq!(found(&[slot(1, &["a", "b"], 0, 60)]), []);
        // The one who comes along is expected elsewhere.
        assert_eq!(found(&[slot(1, &["a", "b"], 0, 60), slot(2, &["c", "b"], 30, 40)]), [(0, 1, vec!["b"])]);
    }

    #[test]
    fn a_visit_inside_another_is_found_behind_a_short_one() {
        assert_eq!(
            found(&[slot(1, &["a"], 0, 100), slot(2, &["b"], 10, 20), slot(3, &["a"], 50, 60)]),
            [(0, 2, vec!["a"])]
        );
    }

    proptest! {
        /// As if every pair had been looked at, in whatever order the visits are listed.
        #[test]
        fn the_sweep_finds_what_every_pair_says(
            visits in prop::collection::vec((0_u8..4, prop::collection::btree_set(0_usize..4, 1..3), 0_i64..40, 1_i64..20), 0..14),
        ) {
            let slots: Vec<Slot<'static>> = visits
                .iter()
                .map(|(patient, members, from, minutes)| Slot {
                    patient: PatientId([*patient; 16]),
                    members: members.iter().map(|member| NAMES[*member]).collect(),
                    span: (*from, from + minutes),
                })
                .collect();
            let mut every = Vec::new();
            for one in 0..slots.len() {
                for other in one + 1..slots.len() {
                    let (a, b) = (&slots[one], &slots[other]);
                    let overlap = a.span.0 < b.span.1 && b.span.0 < a.span.1;
                    let shared: Vec<&str> = a.members.intersection(&b.members).copied().collect();
                    if overlap && a.patient == b.patient {
                        every.push((one, other, Vec::new()));
                    } else if overlap && !shared.is_empty() {
                        every.push((one, other, shared));
                    }
                }
            }
            prop_assert_eq!(found(&slots), every);
        }
    }
}
