//! Places that are nearer to each other than a finger is wide are one: a group, drawn where its first member is.
//!
//! A place joins the nearest group whose first member is within reach, or begins one. So nothing is lost, no two groups are nearer to
//! each other than the reach, and no member is farther than that from where its group is drawn. It depends on the places, their order and
//! the reach alone, and not on what part of the map is seen: moving the map changes no group.

use super::projection::Ground;

/// Places that are shown as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which places, in their order; the first is where the group is drawn.
    pub members: Vec<usize>,
}

/// Groups of what is nearer than `reach`, in the order of their first members. Those that come first keep their places.
pub fn groups(places: &[Ground], reach: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let apart = |group: &Group| group.members.first().map_or(f64::INFINITY, |first| places[*first].apart(*place));
        let nearest = groups.iter_mut().map(|group| (apart(group), group)).filter(|(apart, _)| *apart < reach);
        match nearest.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((_, group)) => group.members.push(number),
            None => groups.push(Group { members: vec![number] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::super::view::{Pane, View};
    use super::*;
    use proptest::prelude::*;

    /// Some of them in one building, some next door.
    fn places() -> impl Strategy<Value = Vec<Ground>> {
        let far = (-20_000i32..20_000, -20_000i32..20_000);
        let near = (0i32..40, 0i32..40);
        prop::collection::vec(prop_oneof![far, near], 0..80).prop_map(|all| {
            all.into_iter().map(|(east, south)| Ground { east: f64::from(east), south: f64::from(south) }).collect()
        })
    }

    proptest! {
        #[test]
        fn no_place_is_lost_and_none_is_shown_twice(all in places(), reach in 0.0..5_000.0f64) {
            let mut shown: Vec<usize> = groups(&all, reach).into_iter().flat_map(|group| group.members).collect();
            shown.sort_unstable();
            prop_assert_eq!(shown, (0..all.len()).collect::<Vec<_>>());
        }

        #[test]
        fn groups_are_never_nearer_than_a_finger_and_members_never_farther(all in places(), reach in 0.0..5_000.0f64) {
            let groups = groups(&all, reach);
            for (number, group) in groups.iter().enumerate() {
                let at = all[group.members[0]];
                prop_assert!(group.members.is_sorted());
                prop_assert!(group.members[1..].iter().all(|member| all[*member].apart(at) < reach));
                prop_assert!(groups[..number].iter().all(|other| all[other.members[0]].apart(at) >= reach));
            }
        }

        #[test]
        fn touched_again_and_again_a_group_parts_or_its_places_are_the_same(all in places(), member in 0usize..80) {
            prop_assume!(!all.is_empty());
            let member = member % all.len();
            let pane = Pane { width: 360.0, height: 300.0, touch: 44.0 };
            let mut view = View::whole(&all, pane).unwrap();
            for _ in 0..30 {
                let group = groups(&all, view.metres(pane.touch)).into_iter().find(|group| group.members.contains(&member)).unwrap();
                let members: Vec<Ground> = group.members.iter().map(|one| all[*one]).collect();
                if members.len() == 1 {
                    return Ok(());
                }
                match view.closer(&members, pane) {
                    Some(closer) => {
                        prop_assert!(members.iter().all(|one| pane.holds(closer.at(pane, *one))), "none of them leaves the screen");
                        view = closer;
                    }
                    // As close as it gets: they are no more than two fingers' width apart.
                    None => {
                        prop_assert!(members.iter().all(|one| one.apart(members[0]) < 11.0 || view.metres(1.0) < 0.26));
                        return Ok(());
                    }
                }
            }
            prop_assert!(false, "thirty touches, and no end");
        }
    }

    #[test]
    fn the_nearest_group_is_joined_and_the_first_keeps_its_place() {
        let at = |east: f64| Ground { east, south: 0.0 };
        let found = groups(&[at(0.0), at(10.0), at(6.0), at(15.0)], 8.0);
        assert_eq!(found, [Group { members: vec![0] }, Group { members: vec![1, 2, 3] }]);
        assert_eq!(groups(&[], 8.0), []);
        assert_eq!(groups(&[at(1.0), at(1.0)], 0.0).len(), 2);
    }
}
