//! Chunks of attachments over sessions: fetched when asked for, resumed where they stopped, after text, and given back to a relay that
//! lost them.

mod support;

use proptest::prelude::*;
use support::Region;
use tendenko_protocol::ids::ChunkId;
use tendenko_protocol::limits::WANT_WINDOW;

/// Two tablets that share a patient, a relay that has a photo of the first, and its chunks.
fn shared(total: u32) -> (Region, Vec<ChunkId>) {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.heal(0);
    let photo = region.attach(0, 0, total);
    region.settle();
    (region, photo)
}

#[test]
fn a_photo_goes_to_the_relay_and_to_nobody_who_did_not_ask() {
    let (mut region, photo) = shared(5);
    region.check_converged(0);
    assert!(photo.iter().all(|id| region.relays[0].chunks.held.contains_key(id)));
    assert!(region.tablets[0].chunks.unsent.is_empty());
    region.heal(0);
    assert!(region.tablets[1].chunks.came.is_empty());
}

#[test]
fn what_is_wanted_comes_once_also_when_it_is_wanted_again_meanwhile() {
    let (mut region, photo) = shared(20);
    region.want(1, &photo);
    for _ in 0..40 {
        region.work_tablet(1);
        region.work_relay(1);
        region.want(1, &photo);
    }
    region.settle();
    assert_eq!(region.came(1, &photo), vec![1; 20]);
    assert!(region.links[1].as_ref().unwrap().client.is_idle());
}

#[test]
fn a_cut_link_costs_no_more_than_the_window() {
    let (mut region, photo) = shared(30);
    region.want(1, &photo);
    let mut cuts = 0;
    while !region.tablets[1].chunks.wanted.is_empty() {
        region.disconnect(1);
        region.connect(1, 0);
        cuts += 1;
        assert!(cuts < 100, "it does not get on");
        let before = region.tablets[1].chunks.held.len();
        for _ in 0..10_000 {
            let busy = region.work_tablet(1) | region.work_relay(1);
            if !busy || region.tablets[1].chunks.held.len() > before + 2 {
                break;
            }
        }
    }
    assert!(cuts > 5, "{cuts} cuts");
    // What came is stored, and nothing that is stored is asked for again.
    assert_eq!(region.came(1, &photo), vec![1; 30]);
    let fetched: usize = region.links[1].as_ref().unwrap().bytes_down;
    assert!(fetched < (3 + WANT_WINDOW) * 41_000, "{fetched} bytes in the last session");
}

#[test]
fn nothing_of_a_photo_is_asked_for_before_text_is_here() {
    let (mut region, photo) = shared(10);
    region.disconnect(1);
    (0..30).for_each(|which| region.write(0, 0, which));
    region.settle();
    region.want(1, &photo);
    region.connect(1, 0);
    let all = region.tablets[0].logs.0.values().map(Vec::len).sum::<usize>();
    while region.work_tablet(1) | region.work_relay(1) {
        let text: usize = region.tablets[1].logs.0.values().map(Vec::len).sum();
        assert!(text == all || region.tablets[1].chunks.came.is_empty(), "a photo came before text");
    }
    assert_eq!(region.came(1, &photo), vec![1; 10]);
}

#[test]
fn text_saved_meanwhile_leaves_before_the_rest_of_a_photo() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.heal(0);
    let photo = region.attach(0, 0, 20);
    while region.relays[0].chunks.held.len() < 3 {
        region.work_tablet(0);
        region.work_relay(0);
    }
    region.write(0, 0, 2);
    let records = |region: &Region| region.relays[0].logs.0.values().map(Vec::len).sum::<usize>();
    let before = records(&region);
    while records(&region) == before {
        assert!(region.work_tablet(0) | region.work_relay(0));
    }
    let sent = region.relays[0].chunks.held.len();
    assert!(sent <= 3 + 2, "{sent} chunks went before the text");
    region.settle();
    assert_eq!(region.relays[0].chunks.held.len(), photo.len());
}

#[test]
fn an_absent_photo_is_said_to_be_and_comes_once_it_is_there() {
    let mut region = Region::new(2, 1);
    region.grant(0, 0, 1);
    region.heal(0);
    region.disconnect(0);
    let photo = region.attach(0, 0, 3);
    region.want(1, &photo);
    region.settle();
    assert!(region.tablets[1].chunks.wanted.iter().all(|(_, absent)| *absent));
    assert!(region.links[1].as_ref().unwrap().client.is_idle());
    region.connect(0, 0);
    region.settle();
    region.want(1, &photo);
    region.settle();
    assert_eq!(region.came(1, &photo), [1; 3]);
}

#[test]
fn who_is_not_granted_on_the_chart_gets_no_chunk() {
    let mut region = Region::new(2, 1);
    region.heal(0);
    let photo = region.attach(0, 0, 3);
    region.settle();
    region.want(1, &photo);
    region.settle();
    assert!(region.tablets[1].chunks.came.is_empty());
    assert!(region.tablets[1].chunks.wanted.iter().all(|(_, absent)| *absent), "as if it was not there");
}

#[test]
fn an_emptied_relay_gets_photos_back_from_whoever_holds_them() {
    let (mut region, photo) = shared(6);
    let second = region.attach(0, 0, 2);
    region.settle();
    region.want(1, &photo);
    region.settle();
    region.roll_back_relay(0);
    assert!(region.relays[0].chunks.held.is_empty());
    // The author's tablet is gone; the other holds one of the two photos.
    region.connect(1, 0);
    region.settle();
    assert!(photo.iter().all(|id| region.relays[0].chunks.held.contains_key(id)));
    assert!(second.iter().all(|id| !region.relays[0].chunks.held.contains_key(id)));
    let came = |region: &Region| region.relays[0].chunks.came.values().sum::<usize>();
    let before = came(&region);
    region.connect(0, 0);
    region.settle();
    assert!(second.iter().all(|id| region.relays[0].chunks.held.contains_key(id)));
    assert_eq!(came(&region) - before, 2, "only what it lacks is given");
}

#[derive(Debug, Clone)]
enum Op {
    Attach(usize, u32),
    Write(usize, u8),
    Want(usize, usize),
    Connect(usize, usize),
    Disconnect(usize),
    WorkTablet(usize, usize),
    WorkRelay(usize, usize),
    RestartRelay(usize),
    RollBack(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0..3usize, 1..7u32).prop_map(|(tablet, chunks)| Op::Attach(tablet, chunks)),
        2 => (0..3usize, 0..3u8).prop_map(|(tablet, which)| Op::Write(tablet, which)),
        3 => (0..3usize, 0..8usize).prop_map(|(tablet, photo)| Op::Want(tablet, photo)),
        4 => (0..3usize, 0..2usize).prop_map(|(tablet, relay)| Op::Connect(tablet, relay)),
        2 => (0..3usize).prop_map(Op::Disconnect),
        12 => (0..3usize, 1..30usize).prop_map(|(tablet, steps)| Op::WorkTablet(tablet, steps)),
        12 => (0..3usize, 1..30usize).prop_map(|(tablet, steps)| Op::WorkRelay(tablet, steps)),
        1 => (0..2usize).prop_map(Op::RestartRelay),
        1 => (0..2usize).prop_map(Op::RollBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever breaks on the way, what was attached is nowhere lost while somebody holds it, what is wanted comes when it is to be had,
    /// and no tablet is sent a chunk that it holds.
    #[test]
    fn photos_converge(ops in prop::collection::vec(op(), 1..120)) {
        let mut region = Region::new(3, 2);
        region.grant(0, 0, 1);
        region.grant(0, 0, 2);
        region.heal(0);
        region.heal(1);
        region.relays.iter_mut().for_each(support::relay::Relay::keep_copy);
        let mut photos: Vec<Vec<ChunkId>> = Vec::new();
        for op in ops {
            match op {
                Op::Attach(tablet, chunks) => photos.push(region.attach(tablet, 0, chunks)),
                Op::Write(tablet, which) => region.write(tablet, 0, which),
                Op::Want(tablet, photo) => {
                    if let Some(photo) = photos.get(photo) {
                        region.want(tablet, photo);
                    }
                }
                Op::Connect(tablet, relay) => region.connect(tablet, relay),
                Op::Disconnect(tablet) => region.disconnect(tablet),
                Op::WorkTablet(tablet, steps) => (0..steps).for_each(|_| { region.work_tablet(tablet); }),
                Op::WorkRelay(tablet, steps) => (0..steps).for_each(|_| { region.work_relay(tablet); }),
                Op::RestartRelay(relay) => region.restart_relay(relay),
                Op::RollBack(relay) => region.roll_back_relay(relay),
            }
        }
        region.heal(0);
        region.check_converged(0);
        for photo in &photos {
            prop_assert!(photo.iter().all(|id| region.relays[0].chunks.held.contains_key(id)), "the relay has all photos");
            for tablet in 0..3 {
                region.want(tablet, photo);
            }
        }
        region.settle();
        for photo in &photos {
            for tablet in 0..3 {
                prop_assert!(photo.iter().all(|id| region.tablets[tablet].chunks.held.contains_key(id)));
                prop_assert!(region.came(tablet, photo).iter().all(|times| *times <= 1), "sent twice");
            }
        }
    }
}
