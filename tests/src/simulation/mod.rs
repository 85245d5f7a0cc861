//! A region in virtual time: whole days of tablets, hubs and edge relays in one thread, from a seed, over the session cores themselves.
//!
//! **What is real**: both session cores, admission, the trust set, sealing, signatures, wrapped keys, messages (some of them also as bytes).
//! **What is a model**: stores and hosts. `tablet` and `relay` keep the durable rules of `replica/` and `sync-relay/` over maps; a document is a
//! set of registers that keep every concurrent value (`document`). Each durable transaction, reading, message and notice of a broken
//! connection is one event in one queue, so that a crash, a rollback or a clone can fall between any two. Decision 0012 says why, and
//! what this does not cover.
//!
//! | room | concern |
//! |---|---|
//! | here | running a script, and what comes of it |
//! | `world`, `operations`, [`script`], [`profile`] | time and the queue; what is done from outside; scripts and how they are made |
//! | `connection`, `client`, `server` | lanes, and the two ends as their hosts drive them |
//! | `checkpoints` | checkpoints made and lied about, and what must hold of them |
//! | `edge`, `edge_checks` | a relay as a client of the one above it, and what must hold of it |
//! | `tablet`, `relay`, `logs`, `document` | what is durable, and its rules |
//! | `oracle`, `checks`, `healing` | what is known from outside; what must hold at each step, and after everyone has met |
//! | `dice`, `trace` | chance from a seed; what happened |
//! | [`sabotage`], [`shrink`] | rules broken on purpose; the smallest script that still fails |
//!
//! # What is checked
//! At every step: an ack is of what is durable; a cursor, on each lane, covers only what is in the store or known to be missing; vectors are
//! not ahead; no number of a log is used twice (unless its device was copied so that nothing shows it), and what contradicts is in quarantine; what is sent was
//! sealed durably; nobody is sent, keeps, or holds a key of what was not granted to it; nobody says anything that breaks the protocol; going on as another loses no save.
//! After each storm: everything comes to rest within a bounded number of steps, sessions idle; everyone has all records that are theirs and no
//! others; every save and every record that a living node held is at the first relay; outboxes are empty; all see the same values in every register, and all
//! values that nothing replaced; of a log with two histories everyone who may read it knows both, and says the same of it.
//!
//! Of edge relays: the cursor covers what is here; nothing leaves the outbox, or is left out of it, that the relay above lacks; after a storm each has
//! what the first hub has, in a ring nothing goes around for ever, and what is saved when nothing is compared any more still comes everywhere.
//! Of checkpoints: a chart begins at one with all that it stands for; a relay keeps none that stands for more than it has; nobody passes on
//! what another invented; after a storm everyone has the records themselves, no chart is unproven, and no invention is shown.
//!
//! # How to use it
//! `cargo xtask drill simulate --steps 5000000` runs world after world; `tendenko-simulate --seed 7 --profile clones` one of them.
//! A failure prints the end of its trace, is shrunk, and is written as a script: replay it with `--script FILE`, mend the cause, and keep
//! the script in `tests/data/simulation/`, where the tests replay it.
//!
//! # Does it see anything?
//! Rules broken on purpose (`--sabotage`), with 8 tablets, 2 hubs and all profiles in turn from seed 1 (the last eleven with 2 edge relays and checkpoints, the others without); total of steps until one was caught:
//!
//! | sabotage | what is broken | caught as | steps |
//! |---|---|---|---|
//! | ack-before-commit | a relay reports a batch before it is written | acked-not-durable | 41 |
//! | send-before-seal | a tablet sends before the transaction that seals | sent-unsealed | 998 |
//! | show-everything | a relay does not look at grants | shown-without-grant | 1,116 |
//! | cursor-before-store | the cursor is written before its items | cursor-ahead | 4,512 |
//! | vector-ahead | a tablet says it has one record more | vector-ahead | 3,071 |
//! | forget-backfill | scopes to fill in are not remembered | cursor-ahead | 4,865 |
//! | skip-loss-check | a relay put back from a copy claims to have lost nothing | cursor-ahead | 30,741 |
//! | overwrite-fork | a contradicting record replaces the one there | cursor-ahead | 353,610 |
//! | forget-suspects | documents to compare are not remembered | cursor-ahead | 364,415 |
//! | ignore-guard | a restored tablet goes on in its old life | number-repeated | 484,883 |
//! | lose-saves-on-renewal | going on as another forgets what was not acked | save-lost | 851,439 |
//! | blind-to-twins | logs are told apart by their length only | save-lost | 1,193,456 |
//! | ack-without-cursor | what was acked leaves the outbox, the cursor is not written | cursor-ahead | not within 5,005,276: whatever is stored next writes it |
//! | forget-late-grants | a grant that comes to hold takes no new number | not-converged | by its script; by chance not within 5,124,413 |
//! | keep-to-itself | an edge relay does not put into its outbox what it takes | outbox-early | 787 |
//! | send-and-forget | it takes off what it has sent, not what was acked | outbox-early | 823 |
//! | upstream-cursor-first | it writes its cursor before the batch | cursor-ahead | 557 |
//! | forward-to-relays | a hub forwards to edge relays what is not durable yet | outbox-early | 34,467 |
//! | begin-at-once | a chart begins at a checkpoint with its first part | base-without-content | 40,964 |
//! | cover-anything | a relay keeps a checkpoint of records that it lacks | covers-too-much | 141,937 |
//! | ignore-useless-parts | records are not asked for where a part is of no use | cursor-ahead | 630,648 |
//! | believe-for-good | a checkpoint is not compared with the records | save-not-shown | 1,799,399 |
//! | pass-on-unproven | a checkpoint is made from one that is not proven | lie-passed-on | not within 1,100,913 |
//! | drop-what-was-built | what was written on top of a lie goes with it | save-lost | not within 649,850 |
//! | let-lies-stand-in-the-way | what does not fit into a lie keeps it from being proven | not-proven | not within 291,022; seed 30, hostile, before the rule |
mod checkpoints;
mod checks;
mod client;
mod connection;
mod dice;
mod document;
mod edge;
mod edge_checks;
mod healing;
mod logs;
mod operations;
mod oracle;
pub mod profile;
mod relay;
pub mod sabotage;
pub mod script;
mod server;
pub mod shrink;
mod tablet;
mod trace;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use sabotage::Sabotage;
use script::{Op, Script, Setting};
pub use world::Violation;
use world::World;

/// A run that broke a promise.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The promise.
    pub violation: Violation,
    /// What was done, up to there.
    pub script: Script,
    /// After how many steps.
    pub steps: u64,
    /// The last things that happened.
    pub trace: Vec<String>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Things that happened.
    pub steps: u64,
    /// Saves that people made.
    pub saves: usize,
    /// Records that were sealed.
    pub records: usize,
    /// Two runs with the same hash did the same.
    pub hash: u64,
    /// The broken promise, if one was.
    pub failure: Option<Failure>,
}

/// Runs a script from the beginning to its end, or to the first broken promise.
pub fn run_script(script: &Script, sabotage: Option<Sabotage>) -> Outcome {
    replay(script, sabotage, false)
}

/// The same, and on request keeps all of what happened, not only the last of it.
pub fn replay(script: &Script, sabotage: Option<Sabotage>, whole_trace: bool) -> Outcome {
    let mut world = World::new(script.setting, sabotage);
    world.trace.whole = whole_trace;
    let mut happened = 0;
    let mut base = 0;
    let ran = catch_unwind(AssertUnwindSafe(|| {
        for timed in &script.operations {
            world.run_until(base + timed.at * 1_000, u64::MAX / 2);
            if world.violation.is_some() {
                break;
            }
            happened += 1;
            world.operate(timed.op);
            if timed.op == Op::Heal {
                base = world.now;
            }
            if world.violation.is_some() {
                break;
            }
        }
    }));
    if let Err(panic) = ran {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| said.to_string()));
        world.violate("panic", said.unwrap_or_default());
    }
    let failure = world.violation.clone().map(|violation| Failure {
        violation,
        script: shrink::cut_after(script, happened),
        steps: world.steps,
        trace: world.trace.tail(),
    });
    Outcome {
        steps: world.steps,
        saves: world.oracle.saves(),
        records: world.oracle.records(),
        hash: world.trace.hash(),
        failure,
    }
}

/// A world with a script of its profile: three rounds of trouble, each ended by a healing.
pub fn run_world(setting: Setting, sabotage: Option<Sabotage>) -> Outcome {
    run_script(&profile::script(setting, 3, 12 * setting.tablets), sabotage)
}
