//! Two histories of one log: a disk is cloned, both twins write, and two relays ack it.

mod support;

use support::{Logs, Region};
use tendenko_protocol::document::LogId;
use tendenko_protocol::messages::Cursor;

/// What a meeting took: comparisons, and items pushed.
type Cost = (usize, usize);

/// The log that was cloned, after so many records that both twins have and everyone knows: a tablet, a colleague, its twin, two relays.
fn cloned(common: usize) -> (Region, LogId) {
    let mut region = Region::new(2, 2);
    region.grant(0, 0, 1);
    (0..common).for_each(|_| region.write(0, 0, 0));
    region.heal(0);
    region.heal(1);
    assert_eq!(region.clone_tablet(0), TWIN);
    let document = region.patients[0].document(0);
    let device = region.tablets[0].device();
    let log = region.tablets[0].logs.of(document).map(|(log, _)| *log).find(|log| log.device == device);
    (region, log.unwrap())
}

const TABLET: usize = 0;
const COLLEAGUE: usize = 1;
const TWIN: usize = 2;

/// Each twin writes so many records, and gets them acked by a relay of its own.
fn go_separate_ways(region: &mut Region, tablet: usize, twin: usize) {
    (0..tablet).for_each(|_| region.write(TABLET, 0, 0));
    (0..twin).for_each(|_| region.write(TWIN, 0, 0));
    meet(region, TABLET, 0);
    meet(region, TWIN, 1);
    assert!(region.tablets.iter().all(|tablet| tablet.outbox.is_empty() && tablet.rejected.is_empty()));
}

/// A tablet connects to a relay and stays until nothing is left to do.
fn meet(region: &mut Region, tablet: usize, relay: usize) -> Cost {
    (0..region.links.len()).for_each(|tablet| region.disconnect(tablet));
    region.connect(tablet, relay);
    region.settle();
    let link = region.links[tablet].as_ref().unwrap();
    assert_eq!(link.closed, None);
    assert!(link.client.is_idle(), "{:?}", link.client);
    (link.compared, link.pushed)
}

/// Both know both histories, and say the same of them.
fn agree(one: &Logs, other: &Logs, log: &LogId, records: usize) {
    let places = |logs: &Logs| logs.known(log).into_keys().collect::<Vec<_>>();
    assert_eq!(places(one), places(other));
    assert_eq!(places(one).len(), records);
    let said = |logs: &Logs| logs.vector(log.document).0[&(log.device, log.incarnation)].print;
    assert_eq!(said(one), said(other));
}

/// Meets a relay as if it came from elsewhere: everything is summed up.
fn meet_again(region: &mut Region, tablet: usize, relay: usize) -> Cost {
    region.tablets[tablet].cursor = Some(Cursor::unfinished(region.relays[relay].id()));
    meet(region, tablet, relay)
}

#[test]
fn twins_of_one_length_are_noticed_at_both_ends() {
    let (mut region, log) = cloned(2);
    go_separate_ways(&mut region, 1, 1);
    let mine = region.tablets[TWIN].logs.0[&log].clone();
    assert_eq!(meet(&mut region, TWIN, 0), (2, 1), "vectors, twins, and the one record");
    agree(&region.tablets[TWIN].logs, &region.relays[0].logs, &log, 4);
    assert_eq!(region.tablets[TWIN].logs.0[&log], mine, "nothing is overwritten");
    assert_eq!(region.tablets[TWIN].logs.1[&log].len(), 1);
    assert_eq!(region.relays[0].logs.1[&log].len(), 1);
    assert_eq!(meet_again(&mut region, TWIN, 0), (0, 0), "the sums agree");
    // The first tablet keeps the other history, and knows both from here on.
    assert_eq!(meet_again(&mut region, TABLET, 0), (2, 0));
    agree(&region.tablets[TABLET].logs, &region.tablets[TWIN].logs, &log, 4);
    assert_eq!(meet_again(&mut region, TABLET, 0), (0, 0));
}

#[test]
fn a_third_tablet_carries_one_history_to_the_relay_of_the_other() {
    let (mut region, log) = cloned(2);
    go_separate_ways(&mut region, 1, 1);
    meet(&mut region, COLLEAGUE, 0);
    assert_eq!(meet(&mut region, COLLEAGUE, 1), (2, 1));
    agree(&region.tablets[COLLEAGUE].logs, &region.relays[1].logs, &log, 4);
    // And back, with both.
    assert_eq!(meet(&mut region, COLLEAGUE, 0), (2, 1));
    agree(&region.relays[0].logs, &region.relays[1].logs, &log, 4);
    for relay in [1, 0] {
        assert_eq!(meet(&mut region, COLLEAGUE, relay), (0, 0), "nothing is compared again");
    }
}

#[test]
fn who_has_neither_gets_both() {
    let (mut region, log) = cloned(1);
    go_separate_ways(&mut region, 2, 2);
    meet(&mut region, TWIN, 0);
    region.tablets[COLLEAGUE].logs = Logs::default();
    assert_eq!(meet_again(&mut region, COLLEAGUE, 0).1, 0);
    assert_eq!(region.tablets[COLLEAGUE].logs.0[&log], region.relays[0].logs.0[&log]);
    assert_eq!(meet_again(&mut region, COLLEAGUE, 0), (2, 0));
    agree(&region.tablets[COLLEAGUE].logs, &region.relays[0].logs, &log, 5);
    assert_eq!(meet_again(&mut region, COLLEAGUE, 0), (0, 0));
}

#[test]
fn a_fork_may_lie_deep_and_what_is_common_goes_neither_way() {
    let (mut region, log) = cloned(20);
    go_separate_ways(&mut region, 7, 7);
    assert_eq!(meet(&mut region, TWIN, 0), (2, 7));
    agree(&region.tablets[TWIN].logs, &region.relays[0].logs, &log, 34);
    assert_eq!(meet_again(&mut region, TWIN, 0), (0, 0));
}

#[test]
fn twins_of_different_lengths_agree_as_well() {
    for (tablet, twin) in [(1, 4), (4, 1), (5, 3)] {
        let (mut region, log) = cloned(3);
        go_separate_ways(&mut region, tablet, twin);
        meet(&mut region, TWIN, 0);
        agree(&region.tablets[TWIN].logs, &region.relays[0].logs, &log, 3 + tablet + twin);
        assert!(region.tablets[TWIN].suspects.is_empty(), "what follows a fork is one, and no gap");
        assert_eq!(meet_again(&mut region, TWIN, 0), (0, 0), "{tablet} and {twin}");
        // One of them goes on.
        region.write(TABLET, 0, 0);
        meet(&mut region, TABLET, 0);
        meet_again(&mut region, TABLET, 0);
        meet_again(&mut region, TWIN, 0);
        agree(&region.tablets[TWIN].logs, &region.tablets[TABLET].logs, &log, 4 + tablet + twin);
        assert_eq!(meet_again(&mut region, TWIN, 0), (0, 0));
    }
}

#[test]
fn a_relay_without_room_for_forks_is_asked_once_in_a_session() {
    let (mut region, log) = cloned(2);
    go_separate_ways(&mut region, 3, 3);
    region.relays[0].quarantine_full = true;
    for _ in 0..3 {
        assert_eq!(meet_again(&mut region, TWIN, 0), (2, 3), "vectors, twins, and the three records");
        assert_eq!(region.tablets[TWIN].logs.known(&log).len(), 8);
        assert_eq!(region.relays[0].logs.known(&log).len(), 5);
    }
    region.relays[0].quarantine_full = false;
    meet_again(&mut region, TWIN, 0);
    agree(&region.tablets[TWIN].logs, &region.relays[0].logs, &log, 8);
}
