//! Tablets and relays in one process, with everything going wrong that can go wrong between them.

mod support;

use proptest::prelude::*;
use support::Region;
use tendenko_protocol::document::{DocumentId, Scope};
use tendenko_protocol::messages::{Item, Lane};

#[test]
fn a_record_reaches_the_other_tablet() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.write(0, 0, 0);
    region.write(0, 0, 1);
    region.heal(0);
    region.check_converged(0);
    assert_eq!(region.tablets[1].logs.0.len(), 2);
}

#[test]
fn a_record_is_pushed_live_to_a_connected_tablet() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.heal(0);
    region.write(0, 0, 0);
    region.settle();
    region.check_converged(0);
    region.write(1, 0, 0);
    region.settle();
    region.check_converged(0);
}

#[test]
fn a_record_is_forwarded_before_it_is_committed_and_not_sent_again() {
    for live in [false, true] {
        let mut region = Region::new(2, 1);
        region.grant(0, 0, 1);
        region.write(0, 0, 0);
        region.write(0, 0, 1);
        region.heal(0);
        region.live = live;
        for which in [0, 1, 1] {
            let before = region.links[1].as_ref().unwrap().bytes_down;
            region.write(0, 0, which);
            let size = region.tablets[0].outbox.values().last().unwrap().bytes().len();
            region.settle();
            region.check_converged(0);
            let came = region.links[1].as_ref().unwrap().bytes_down - before;
            assert!((size..size + 200).contains(&came), "once: {came} for {size}");
        }
        assert!(region.tablets[1].suspects.is_empty());
    }
}

#[test]
fn a_sync_that_finds_nothing_is_one_small_round_trip() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.write(0, 0, 0);
    region.heal(0);
    for tablet in 0..2 {
        region.disconnect(tablet);
    }
    region.connect(0, 0);
    while region.work_tablet(0) {}
    let first_flight = region.links[0].as_ref().unwrap().bytes_up;
    region.settle();
    let link = region.links[0].as_ref().unwrap();
    assert!(link.client.is_idle());
    assert_eq!(link.bytes_up, first_flight, "nothing is said after the first flight");
    assert!(link.bytes_up < 250 && link.bytes_down < 200, "{} up, {} down", link.bytes_up, link.bytes_down);
}

#[test]
fn what_is_saved_offline_leaves_in_the_first_flight() {
    let mut region = Region::new(1, 1);
    region.write(0, 0, 0);
    region.connect(0, 0);
    while region.work_tablet(0) {}
    let said: usize = region.links[0].as_ref().unwrap().up.iter().map(|(_, up)| up.len()).sum();
    assert_eq!(said, 2, "hello and push, before anything came back");
    region.settle();
    assert!(region.links[0].as_ref().unwrap().client.is_idle());
    region.check_converged(0);
}

#[test]
fn what_was_written_before_a_grant_is_filled_in() {
    let mut region = Region::new(2, 1);
    for which in 0..9 {
        region.write(0, 0, which);
    }
    region.heal(0);
    region.grant(0, 0, 1);
    region.write(0, 0, 1);
    region.settle();
    region.check_converged(0);
    assert_eq!(region.tablets[1].logs.0.values().map(Vec::len).sum::<usize>(), 10);
    assert!(region.tablets[1].backfill.is_empty() && region.tablets[1].suspects.is_empty());
}

#[test]
fn a_relay_that_was_rolled_back_is_refilled_also_with_records_of_lost_tablets() {
    let mut region = Region::new(3, 1);
    region.grant(0, 0, 1);
    region.grant(0, 0, 2);
    region.heal(0);
    region.relays[0].keep_copy();
    for which in 0..6 {
        region.write(0, 0, which);
    }
    region.settle();
    region.roll_back_relay(0);
    // Tablet 0 is gone for good; 1 brings its records back to the relay, 2 gets on with its day.
    region.connect(1, 0);
    region.connect(2, 0);
    region.settle();
    assert_eq!(region.relays[0].minted, 1);
    assert_eq!(region.relays[0].logs.0.values().map(Vec::len).sum::<usize>(), 6);
    region.heal(0);
    region.check_converged(0);
}

#[test]
fn a_rolled_back_relay_that_has_grown_since_is_noticed() {
    let mut region = Region::new(3, 1);
    region.grant(0, 0, 1);
    region.heal(0);
    region.relays[0].keep_copy();
    for _ in 0..4 {
        region.write(0, 0, 0);
    }
    region.settle();
    region.roll_back_relay(0);
    for _ in 0..20 {
        region.write(2, 2, 0);
    }
    region.connect(2, 0);
    region.settle();
    region.heal(0);
    region.check_converged(0);
}

#[test]
fn another_relay_is_filled_from_the_tablets() {
    let mut region = Region::new(2, 2);
    region.grant(0, 0, 1);
    for which in 0..5 {
        region.write(0, 0, which);
        region.write(1, 0, which);
    }
    region.heal(0);
    region.heal(1);
    region.check_converged(1);
}

#[test]
fn a_bad_record_stops_nothing() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.write(0, 0, 0);
    let Some(Item::Record(good)) = region.tablets[0].outbox.values().last().cloned() else { panic!("a record") };
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    region.tablets[1].depart(Item::Record(flipped));
    region.tablets[1].depart(Item::Record(vec![0; 70_000]));
    region.tablets[1].depart(Item::Record(b"nonsense".to_vec()));
    region.tablets[1].depart(Item::Statement(b"nonsense".to_vec()));
    region.write(1, 1, 0);
    region.heal(0);
    region.check_converged(0);
    let mut rejected = region.tablets[1].rejected.clone();
    rejected.sort();
    rejected.dedup();
    assert!(
        rejected.contains(&"malformed") && rejected.contains(&"oversized") && rejected.contains(&"signature"),
        "{rejected:?}"
    );
}

/// A tablet with so many charts, and two relays that have all of them.
fn two_relays_with(charts: u16) -> Region {
    let mut region = Region::new(1, 2);
    (0..charts).for_each(|year| write_chart(&mut region, year));
    for relay in [0, 1] {
        region.disconnect(0);
        region.connect(0, relay);
        region.settle();
        region.check_converged(relay);
    }
    region
}

fn write_chart(region: &mut Region, year: u16) {
    let patient = &region.patients[0];
    let document = DocumentId::chart(patient.id(), year);
    region.tablets[0].write(&region.rng, document, patient.key(Scope::Chart));
}

/// Bytes up and down of a session with a relay, up to its rest.
fn reconcile(region: &mut Region, relay: usize) -> (usize, usize) {
    region.disconnect(0);
    region.connect(0, relay);
    region.settle();
    region.check_converged(relay);
    let link = region.links[0].as_ref().unwrap();
    assert!(link.client.is_idle() && link.closed.is_none());
    (link.bytes_up, link.bytes_down)
}

#[test]
fn a_reconcile_that_finds_nothing_is_one_small_round_trip() {
    let mut region = two_relays_with(1_000);
    region.disconnect(0);
    region.connect(0, 0);
    while region.work_tablet(0) {}
    let first_flight = region.links[0].as_ref().unwrap().bytes_up;
    let (up, down) = reconcile(&mut region, 1);
    assert!(down > 0 && up > 0);
    let (up, down) = reconcile(&mut region, 0);
    assert_eq!(up, first_flight, "nothing is said after the first flight");
    // Of which the certificate chain, for a relay that might not know the tablet, is more than half.
    assert!(up < 850 && down < 350, "{up} up, {down} down");
}

#[test]
fn a_reconcile_costs_what_differs_and_not_what_is_there() {
    let mut costs = Vec::new();
    for charts in [100, 1_000] {
        let mut region = two_relays_with(charts);
        for differing in [1, 10] {
            let before: usize = region.tablets[0].logs.0.values().flatten().map(Vec::len).sum();
            (0..differing).for_each(|year| write_chart(&mut region, year * 7));
            let written = region.tablets[0].logs.0.values().flatten().map(Vec::len).sum::<usize>() - before;
            reconcile(&mut region, 0);
            let (up, down) = reconcile(&mut region, 1);
            costs.push((charts, differing, up + down - written));
        }
    }
    let of = |charts, differing| costs.iter().find(|cost| (cost.0, cost.1) == (charts, differing)).unwrap().2;
    assert!(of(1_000, 1) < 4_500, "one of a thousand: {costs:?}");
    assert!(of(1_000, 10) < of(1_000, 1) + 10 * 700, "{costs:?}");
    assert!(of(1_000, 1) < of(100, 1) + 3_000, "ten times as much is there: {costs:?}");
}

#[derive(Debug, Clone)]
enum Op {
    Write(usize, usize, u8),
    Grant(usize, usize, usize),
    Connect(usize, usize),
    Disconnect(usize),
    WorkTablet(usize, usize),
    WorkRelay(usize, usize),
    RestartRelay(usize),
    KeepCopy(usize),
    RollBack(usize),
    Garbage(usize),
    Lanes(usize),
    Live(bool),
    First(usize, usize),
}

fn op(tablets: usize, relays: usize) -> impl Strategy<Value = Op> {
    let (t, r) = (0..tablets, 0..relays);
    prop_oneof![
        6 => (t.clone(), t.clone(), 0..3u8).prop_map(|(a, b, c)| Op::Write(a, b, c)),
        3 => (t.clone(), t.clone(), t.clone()).prop_map(|(a, b, c)| Op::Grant(a, b, c)),
        5 => (t.clone(), r.clone()).prop_map(|(a, b)| Op::Connect(a, b)),
        2 => t.clone().prop_map(Op::Disconnect),
        14 => (t.clone(), 1..12usize).prop_map(|(a, n)| Op::WorkTablet(a, n)),
        14 => (t.clone(), 1..12usize).prop_map(|(a, n)| Op::WorkRelay(a, n)),
        1 => r.clone().prop_map(Op::RestartRelay),
        1 => r.clone().prop_map(Op::KeepCopy),
        1 => r.prop_map(Op::RollBack),
        1 => t.clone().prop_map(Op::Garbage),
        4 => (0..6usize).prop_map(Op::Lanes),
        2 => any::<bool>().prop_map(Op::Live),
        1 => (t.clone(), t).prop_map(|(a, b)| Op::First(a, b)),
    ]
}

fn run(region: &mut Region, op: &Op) {
    match *op {
        Op::Write(tablet, patient, which) => region.write(tablet, patient, which),
        Op::Grant(from, patient, to) => region.grant(from, patient, to),
        Op::Connect(tablet, relay) => region.connect(tablet, relay),
        Op::Disconnect(tablet) => region.disconnect(tablet),
        Op::WorkTablet(tablet, steps) => while_busy(steps, || region.work_tablet(tablet)),
        Op::WorkRelay(tablet, steps) => while_busy(steps, || region.work_relay(tablet)),
        Op::RestartRelay(relay) => region.restart_relay(relay),
        Op::KeepCopy(relay) => region.relays[relay].keep_copy(),
        Op::RollBack(relay) => region.roll_back_relay(relay),
        Op::Lanes(order) => {
            use Lane::{Attachments, Cards, Charts};
            region.lanes = [
                [Cards, Charts, Attachments],
                [Cards, Attachments, Charts],
                [Charts, Cards, Attachments],
                [Charts, Attachments, Cards],
                [Attachments, Cards, Charts],
                [Attachments, Charts, Cards],
            ][order];
        }
        Op::Live(live) => region.live = live,
        Op::First(tablet, patient) => region.tablets[tablet].first = vec![region.patients[patient].id()],
        Op::Garbage(tablet) => region.tablets[tablet].depart(Item::Record(vec![0x83, 0x40, 0x40, 0x40])),
    }
}

fn while_busy(steps: usize, mut step: impl FnMut() -> bool) {
    for _ in 0..steps {
        if !step() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any interleaving, any loss by disconnection, any crash of tablets and relays between durable steps, relays rolled back:
    /// in the end everyone has what is granted to them, and nothing that was saved is lost.
    #[test]
    fn everything_converges(ops in prop::collection::vec(op(3, 2), 1..160)) {
        let mut region = Region::new(3, 2);
        for op in &ops {
            run(&mut region, op);
            region.check_cursors();
        }
        region.heal(0);
        region.check_cursors();
        region.check_converged(0);
    }
}
