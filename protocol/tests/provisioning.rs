//! A new tablet is sent each record once: counted at the wire, whatever breaks in the middle.

mod support;

use std::collections::BTreeSet;

use support::Region;
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::RecordHash;
use tendenko_protocol::messages::Lane;

const NEW: usize = 1;
/// Records of the patients that the new tablet is granted.
const RECORDS: usize = 2 * 3 * 3;

/// A relay with two patients' records, written by two tablets in turn, and of a third patient that is nobody else's business.
fn history() -> Region {
    let mut region = Region::new(3, 2);
    let shared = region.create_patient(0);
    for patient in [0, shared] {
        region.grant(0, patient, 2);
    }
    for tablet in [0, 2] {
        region.connect(tablet, 0);
    }
    region.settle();
    for round in 0..3 {
        for which in 0..3 {
            for patient in [0, shared] {
                region.write(2 * (round % 2), patient, which);
            }
            region.write(2, 2, which);
        }
    }
    region.settle();
    region
}

/// The new tablet is granted both patients, and the relay knows.
fn grant_all(region: &mut Region) {
    for patient in [0, 3] {
        region.grant(0, patient, NEW);
    }
    region.settle();
}

fn records(region: &Region) -> BTreeSet<RecordHash> {
    region.tablets[NEW].logs.0.values().flatten().map(|bytes| RecordHash::of(bytes)).collect()
}

fn check_once(region: &Region) {
    assert_eq!(region.sent[NEW].len(), RECORDS);
    assert!(region.sent[NEW].values().all(|times| *times == 1), "{:?}", region.sent[NEW]);
    assert_eq!(records(region).len(), RECORDS);
    region.check_converged(0);
}

fn orders() -> [[Lane; 3]; 3] {
    use Lane::{Attachments, Cards, Charts};
    [[Cards, Charts, Attachments], [Charts, Cards, Attachments], [Attachments, Charts, Cards]]
}

#[test]
fn a_tablet_that_was_granted_before_it_came_gets_each_record_once() {
    for lanes in orders() {
        let mut region = history();
        region.lanes = lanes;
        grant_all(&mut region);
        region.connect(NEW, 0);
        region.settle();
        check_once(&region);
        assert!(region.tablets[NEW].backfill.is_empty() && region.tablets[NEW].suspects.is_empty());
    }
}

#[test]
fn a_tablet_that_is_granted_while_it_listens_gets_each_record_once() {
    for lanes in orders() {
        let mut region = history();
        region.lanes = lanes;
        region.connect(NEW, 0);
        region.settle();
        assert!(region.sent[NEW].is_empty());
        grant_all(&mut region);
        check_once(&region);
    }
}

/// It had one patient, heard nothing for a while, and is granted another.
#[test]
fn a_tablet_that_comes_back_to_a_new_grant_gets_each_record_once() {
    let mut region = history();
    region.grant(0, 0, NEW);
    region.settle();
    region.connect(NEW, 0);
    region.settle();
    region.disconnect(NEW);
    region.grant(0, 3, NEW);
    region.settle();
    region.connect(NEW, 0);
    region.settle();
    check_once(&region);
}

/// Today's visits go ahead of the stream, and not in it again.
#[test]
fn what_is_wanted_first_comes_once() {
    let mut region = history();
    grant_all(&mut region);
    region.tablets[NEW].first = vec![region.patients[3].id()];
    region.connect(NEW, 0);
    region.settle();
    check_once(&region);
}

/// A record that was written before the grant, by somebody of whom the tablet knows nothing yet, comes in the same page.
#[test]
fn what_comes_before_the_own_grant_is_not_missed() {
    for scope_first in [false, true] {
        let mut region = history();
        region.connect(NEW, 0);
        region.settle();
        region.disconnect(NEW);
        if scope_first {
            region.tablets[NEW].first = vec![region.patients[0].id()];
        }
        for which in 0..3 {
            region.write(2, 0, which);
        }
        region.settle();
        grant_all(&mut region);
        region.write(0, 0, 0);
        region.settle();
        region.connect(NEW, 0);
        region.settle();
        assert_eq!(records(&region).len(), RECORDS + 4);
        region.check_converged(0);
    }
}

/// The grants came by courier file: the relay hears of them from the tablet that asks for what they open.
#[test]
fn a_grant_that_the_tablet_brings_itself_is_filled_in_once() {
    for (lanes, connected) in orders().into_iter().flat_map(|lanes| [(lanes, false), (lanes, true)]) {
        let mut region = history();
        region.lanes = lanes;
        region.disconnect(0);
        if connected {
            region.connect(NEW, 0);
            region.settle();
        }
        for patient in [0, 3] {
            region.grant(0, patient, NEW);
        }
        let carried = region.tablets[0].statements.clone();
        region.tablets[NEW].take_carried(&carried);
        region.disconnect(NEW);
        region.connect(NEW, 0);
        region.settle();
        assert!(region.tablets[NEW].backfill.is_empty() && region.tablets[NEW].outbox.is_empty());
        assert!(region.sent[NEW].values().all(|times| *times == 1), "{:?}", region.sent[NEW]);
        assert_eq!(records(&region).len(), RECORDS);
    }
}

/// The relay does not see the grant: it shows nothing, and does not say that this was all. When the grant comes, all of it does.
#[test]
fn what_is_withheld_stays_owed_until_the_grant_is_there() {
    for lanes in orders() {
        let mut region = history();
        region.lanes = lanes;
        let owed: BTreeSet<_> = [0, 3]
            .into_iter()
            .flat_map(|patient| Scope::ALL.map(|scope| (region.patients[patient].id(), scope)))
            .collect();
        region.tablets[NEW].backfill = owed.clone();
        region.connect(NEW, 0);
        region.settle();
        assert!(region.links[NEW].as_ref().unwrap().client.is_idle(), "it waits for nothing");
        assert_eq!((region.sent[NEW].len(), &region.tablets[NEW].backfill), (0, &owed));
        grant_all(&mut region);
        assert!(region.tablets[NEW].backfill.is_empty());
        check_once(&region);
    }
}

/// The link breaks after any step, or the relay starts anew, or the tablet goes on with another relay: what is stored never comes again.
#[test]
fn what_is_stored_is_not_sent_again_wherever_the_link_breaks() {
    for (granted_first, other) in [(true, 1), (true, 0), (false, 0)] {
        // Every step would take minutes.
        for steps in (1..).step_by(14) {
            let mut region = history();
            region.connect(0, 0);
            if granted_first {
                grant_all(&mut region);
                if other == 1 {
                    // The other relay knows of the grants, too.
                    region.disconnect(0);
                    region.connect(0, 1);
                    region.settle();
                    region.disconnect(0);
                    region.connect(0, 0);
                    region.settle();
                }
            } else {
                region.connect(NEW, 0);
                region.settle();
                for patient in [0, 3] {
                    region.grant(0, patient, NEW);
                }
                while region.work_tablet(0) || region.work_relay(0) {}
            }
            region.connect(NEW, 0);
            let whole = (0..steps).find(|_| !(region.work_relay(NEW) || region.work_tablet(NEW)));
            region.restart_relay(0);
            let stored = records(&region);
            region.sent[NEW].clear();
            region.connect(NEW, other);
            region.settle();
            let again: Vec<_> = region.sent[NEW].keys().filter(|sent| stored.contains(sent)).collect();
            assert_eq!(again, Vec::<&RecordHash>::new(), "after {steps} steps, granted first: {granted_first}");
            // Charts on their way when the own grant comes: the relay cannot know whether they were refused.
            let twice = region.sent[NEW].values().filter(|times| **times > 1).count();
            assert!(
                twice <= 30 && region.sent[NEW].values().all(|times| *times <= 2),
                "{steps} {:?}",
                region.sent[NEW]
            );
            assert_eq!(
                records(&region).len(),
                RECORDS,
                "after {steps} steps, granted first: {granted_first}, then relay {other}: had {} records and {} statements",
                stored.len(),
                region.tablets[NEW].statements.len()
            );
            region.heal(0);
            region.check_converged(0);
            if whole.is_some() {
                break;
            }
        }
    }
}
