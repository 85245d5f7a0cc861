//! Which of several statements holds now.
//!
//! A team goal, the rhythm of a day: there is one, it is written anew when it changes, and what it was stays readable. The
//! statements are events, and stand in the volumes of their years, so no register of one document can say which of them
//! holds. Instead each names the ones that its writer knew (`follows`), and **what nobody follows is current**. Two that
//! were written apart are both current: a disagreement that is shown, until somebody writes one that follows both.
//!
//! A new statement follows *every* one its writer knew ([`to_follow`]), not only the current ones: a tablet that has the
//! volumes of 2024 and 2026, and not yet the one between, must not take the goal of 2024 for current.
//!
//! Invariants: the rule is a function of the set of statements, so the order in which they came cannot matter. As long as
//! there is a statement, one is current: those that follow each other in a circle, which nobody who wrote honestly
//! can have written, all are. What was withdrawn is left out before ([`current`] is asked of what stands), and what it
//! followed is current again.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::ids::EntryId;

/// Statements that one follows at most: one a month for sixteen years.
pub const MAX_FOLLOWED: usize = 200;

/// Of events of one kind that stand, those that hold now, oldest first.
pub fn current(standing: &[Event]) -> Vec<&Event> {
    let known: BTreeMap<EntryId, &Event> = standing.iter().map(|event| (event.id, event)).collect();
    let follows = |event: &Event| event.body.follows().unwrap_or_default().to_vec();
    let followed: BTreeSet<EntryId> =
        standing.iter().flat_map(|event| follows(event).into_iter().filter(move |id| *id != event.id)).collect();
    let mut current: Vec<&Event> = standing.iter().filter(|event| !followed.contains(&event.id)).collect();
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<EntryId> = current.iter().map(|event| event.id).collect();
    while let Some(id) = ahead.pop() {
        if reached.insert(id)
            && let Some(event) = known.get(&id)
        {
            ahead.extend(follows(event));
        }
    }
    current.extend(standing.iter().filter(|event| !reached.contains(&event.id)));
    current.sort_by_key(|event| (event.stamp.at, event.id));
    current
}

/// What a new statement has to follow: those that hold now, then the newest of the others.
pub fn to_follow(standing: &[Event]) -> Vec<EntryId> {
    let mut ids: Vec<EntryId> = current(standing).iter().map(|event| event.id).collect();
    let mut others: Vec<&Event> = standing.iter().filter(|event| !ids.contains(&event.id)).collect();
    others.sort_by_key(|event| std::cmp::Reverse((event.stamp.at, event.id)));
    ids.extend(others.iter().map(|event| event.id));
    ids.truncate(MAX_FOLLOWED);
    ids
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::care_plan::TeamGoal;
    use crate::codec::Newer;
    use crate::event::EventBody;
    use crate::ids::Timestamp;
    use crate::stamp::{Author, Profession, Stamp};

    pub(crate) fn said_by(id: EntryId, at: i64, body: EventBody) -> Event {
        let author = Author {
            member: "00".repeat(16),
            name: "佐々木 恵".into(),
            profession: Profession::Nurse,
            facility: "はまなす".into(),
            device: "00".repeat(16),
            newer: Newer::default(),
        };
        let stamp = Stamp { author, at: Timestamp(at), clock_offset_ms: None, newer: Newer::default() };
        Event { id, occurred_at: stamp.at, stamp, corrects: None, reason: None, body, newer: Newer::default() }
    }

    fn id(number: usize) -> EntryId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        EntryId::new(bytes)
    }

    fn goal(number: usize, follows: &[EntryId]) -> Event {
        let goal =
            TeamGoal { description: format!("目標 {number}"), follows: follows.to_vec(), ..TeamGoal::default() };
        said_by(id(number), number as i64, EventBody::TeamGoal(goal))
    }

    fn ids(events: &[&Event]) -> Vec<EntryId> {
        events.iter().map(|event| event.id).collect()
    }

    #[test]
    fn two_written_apart_are_both_current_until_one_follows_both() {
        let (first, one, other) = (goal(1, &[]), goal(2, &[id(1)]), goal(3, &[id(1)]));
        let mut all = vec![first, one, other];
        assert_eq!(ids(&current(&all)), [id(2), id(3)]);
        let settled = goal(4, &to_follow(&all));
        all.push(settled);
        assert_eq!(ids(&current(&all)), [id(4)]);
        // Withdrawn, it leaves the disagreement as it was.
        all.pop();
        assert_eq!(ids(&current(&all)), [id(2), id(3)]);
    }

    #[test]
    fn a_year_that_has_not_come_yet_does_not_make_an_old_goal_current() {
        let old = goal(1, &[]);
        let between = goal(2, &to_follow(std::slice::from_ref(&old)));
        let new = goal(3, &to_follow(&[old.clone(), between]));
        assert_eq!(ids(&current(&[old, new])), [id(3)]);
    }

    #[test]
    fn what_follows_itself_or_goes_round_in_a_circle_is_not_hidden() {
        assert_eq!(ids(&current(&[goal(1, &[id(1)])])), [id(1)]);
        assert_eq!(ids(&current(&[goal(1, &[id(2)]), goal(2, &[id(1)]), goal(3, &[])])), [id(1), id(2), id(3)]);
    }

    #[test]
    fn more_than_can_be_followed_leaves_out_the_oldest() {
        let all: Vec<Event> = (0..MAX_FOLLOWED + 5).map(|number| goal(number, &[])).collect();
        assert_eq!(to_follow(&all).len(), MAX_FOLLOWED);
        let chain: Vec<Event> = (0..MAX_FOLLOWED + 5).map(|number| goal(number + 1, &[id(number)])).collect();
        assert_eq!(to_follow(&chain)[..2], [id(MAX_FOLLOWED + 5), id(MAX_FOLLOWED + 4)]);
    }

    proptest! {
        /// Several people who write knowing some of what the others wrote: what holds does not depend on the order in which
        /// it came, something always holds, and one who knows everything settles it.
        #[test]
        fn what_holds_is_a_function_of_the_set(
            known in prop::collection::vec(prop::collection::vec(any::<bool>(), 12), 1..12),
            seed in any::<u64>(),
        ) {
            let mut all: Vec<Event> = Vec::new();
            for (number, knows) in known.iter().enumerate() {
                let seen: Vec<Event> =
                    all.iter().zip(knows).filter(|(_, knows)| **knows).map(|(event, _)| event.clone()).collect();
                all.push(goal(number, &to_follow(&seen)));
            }
            let now = ids(&current(&all));
            prop_assert!(!now.is_empty());
            let mut shuffled = all.clone();
            shuffled.sort_by_key(|event| EntryId::derived(&seed.to_string(), event.id.as_bytes()));
            prop_assert_eq!(&ids(&current(&shuffled)), &now);
            for event in &all {
                let followed = all.iter().any(|other| other.body.follows().unwrap_or_default().contains(&event.id));
                prop_assert_eq!(now.contains(&event.id), !followed);
            }
            let last = goal(99, &to_follow(&all));
            all.push(last);
            prop_assert_eq!(ids(&current(&all)), [id(99)]);
        }
    }
}
