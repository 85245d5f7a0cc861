//! The simulator, a short while of it: `cargo xtask drill simulate` goes on for longer.

use std::path::Path;

use tendenko_tests::simulation::profile::Profile;
use tendenko_tests::simulation::sabotage::Sabotage;
use tendenko_tests::simulation::script::{Script, Setting};
use tendenko_tests::simulation::{Outcome, run_script, run_world};

fn expect_kept(outcome: &Outcome, what: &str) {
    if let Some(failure) = &outcome.failure {
        panic!(
            "{what}: {} after {} steps: {}\n{}\n{}",
            failure.violation.kind,
            failure.steps,
            failure.violation.what,
            failure.trace.join("\n"),
            failure.script.to_text()
        );
    }
}

/// A small world: without edge relays, with one, with two; with checkpoints in every other.
fn world(seed: u64, profile: Profile) -> Setting {
    Setting { seed, tablets: 6, relays: 2, edges: (seed % 3) as usize, checkpoints: 3 * (seed % 2) as usize, profile }
}

fn some_worlds(profile: Profile) {
    for seed in 1..=3 {
        expect_kept(&run_world(world(seed, profile), None), &format!("seed {seed} {profile}"));
    }
}

#[test]
fn every_promise_is_kept_on_calm_days() {
    some_worlds(Profile::Calm);
}

#[test]
fn every_promise_is_kept_through_a_tsunami() {
    some_worlds(Profile::Tsunami);
}

#[test]
fn every_promise_is_kept_among_the_hostile() {
    some_worlds(Profile::Hostile);
}

#[test]
fn every_promise_is_kept_by_clones() {
    some_worlds(Profile::Clones);
}

#[test]
fn a_seed_is_a_whole_run() {
    let run = |seed| run_world(world(seed, Profile::Tsunami), None);
    let (first, again, other) = (run(7), run(7), run(8));
    assert_eq!((first.hash, first.steps), (again.hash, again.steps));
    assert_ne!(first.hash, other.hash);
}

#[test]
fn what_once_failed_does_not_fail_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/simulation");
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "script")).collect();
    scripts.sort();
    for path in scripts {
        let script = Script::from_text(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(Script::from_text(&script.to_text()).unwrap(), script);
        expect_kept(&run_script(&script, None), &path.display().to_string());
    }
}

/// Each of these is seen within a few worlds; those that need an unlikely order of events are for the long run.
#[test]
fn a_rule_broken_on_purpose_is_seen() {
    let quick = [
        (Sabotage::AckBeforeCommit, "acked-not-durable"),
        (Sabotage::CursorBeforeStore, "cursor-ahead"),
        (Sabotage::ForgetBackfill, "cursor-ahead"),
        (Sabotage::ShowEverything, "shown-without-grant"),
        (Sabotage::VectorAhead, "vector-ahead"),
        (Sabotage::SendBeforeSeal, "sent-unsealed"),
        (Sabotage::KeepToItself, "outbox-early"),
        (Sabotage::SendAndForget, "outbox-early"),
        (Sabotage::UpstreamCursorFirst, "cursor-ahead"),
    ];
    for (sabotage, kind) in quick {
        let seen = (1..=4)
            .find_map(|seed| run_world(world(seed, Profile::Tsunami), Some(sabotage)).failure)
            .map(|failure| failure.violation.kind);
        assert_eq!(seen, Some(kind), "{sabotage}");
    }
}

/// Too unlikely to be met by chance: a relay is put back from a copy that lacks a grant, and hears of those given on by it first.
#[test]
fn a_grant_that_was_late_is_missed_where_it_takes_no_new_number() {
    let text = include_str!("../data/simulation/grant-before-what-makes-it-hold.script");
    let failure = run_script(&Script::from_text(text).unwrap(), Some(Sabotage::ForgetLateGrants)).failure;
    assert_eq!(failure.map(|failure| failure.violation.kind), Some("not-converged"));
}

/// Both twins must be acked, at different relays, with logs of one length.
#[test]
fn twins_that_are_told_apart_by_their_length_only_are_missed() {
    let text = include_str!("../data/simulation/twins-of-one-length.script");
    let failure = run_script(&Script::from_text(text).unwrap(), Some(Sabotage::BlindToTwins)).failure;
    assert_eq!(failure.map(|failure| failure.violation.kind), Some("save-lost"));
}
