//! 確認: marks only grow, and merge to the same set in whatever order they arrive.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use support::*;
use tendenko_crdt::*;

fn entry(n: u8) -> EntryId {
    EntryId::new([n; 16])
}

/// Who has read what, as it is shown.
fn shown(volume: &Volume) -> BTreeSet<(EntryId, String)> {
    volume.read_marks().into_iter().map(|mark| (mark.entry, mark.stamp.author.member)).collect()
}

#[test]
fn one_person_reads_one_hand_over_once() {
    let mut tablet = Volume::new(actor(1));
    assert!(tablet.mark_read(entry(7), &stamp(1, 10)).unwrap());
    assert!(!tablet.mark_read(entry(7), &stamp(1, 20)).unwrap(), "a second tap writes nothing");
    assert!(tablet.mark_read(entry(8), &stamp(1, 30)).unwrap());
    assert_eq!(tablet.take_changes().len(), 1);
    assert_eq!(tablet.read_marks().iter().map(|mark| mark.stamp.at.0).collect::<Vec<_>>(), [10, 30]);
}

#[test]
fn the_same_person_on_two_tablets_is_one_mark_and_no_conflict() {
    let (mut one, mut other) = (Volume::new(actor(1)), Volume::new(actor(2)));
    one.mark_read(entry(7), &stamp(1, 20)).unwrap();
    let mut elsewhere = stamp(1, 10);
    elsewhere.author.device = stamp(2, 0).author.device;
    other.mark_read(entry(7), &elsewhere).unwrap();
    exchange(&mut one, &mut other);
    for tablet in [&one, &other] {
        assert_eq!(tablet.read_marks().iter().map(|mark| mark.stamp.at.0).collect::<Vec<_>>(), [10]);
        assert_eq!(tablet.conflicts(), []);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn marks_are_the_same_set_on_every_tablet_whatever_the_order(
        marks in prop::collection::vec((0..3usize, 1..4u8, 1..4u8), 1..24),
        order in prop::collection::vec((any::<Index>(), any::<Index>()), 0..60),
    ) {
        let mut tablets: Vec<Volume> = (1..=3).map(|n| Volume::new(actor(n))).collect();
        let mut expected = BTreeSet::new();
        let mut sent = Vec::new();
        for (at, (tablet, person, hand_over)) in marks.into_iter().enumerate() {
            let mut who = stamp(person, at as i64);
            who.author.device = stamp(tablet as u8 + 1, 0).author.device;
            tablets[tablet].mark_read(entry(hand_over), &who).unwrap();
            sent.extend(tablets[tablet].take_changes());
            expected.insert((entry(hand_over), who.author.member));
        }
        // Some arrive early, twice, before what they follow; then everything arrives everywhere, backwards.
        for (to, which) in order {
            if !sent.is_empty() {
                let message = which.get(&sent).clone();
                let to = to.index(tablets.len());
                tablets[to].apply(&message).unwrap();
            }
        }
        for tablet in &mut tablets {
            for message in sent.iter().rev() {
                tablet.apply(message).unwrap();
            }
        }
        for tablet in &tablets {
            prop_assert_eq!(&shown(tablet), &expected);
            prop_assert_eq!(tablet.read_marks(), tablets[0].read_marks());
        }
    }
}
