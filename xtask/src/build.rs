//! Compiles the programs of the workspace, always as debug builds in one target folder.
//!
//! Cargo chooses the features of every dependency by what is built together. Running and testing therefore select the
//! same packages, with their test dependencies; otherwise each would compile most of the dependencies once more.

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::step::step;
use crate::ui;

/// The programs of a demonstration: the app, the relay, the headless tablet, and what prepares and plays scenes.
const PROGRAMS: &[&str] =
    &["tendenko", "tendenko-relay", "tendenko-tablet", "tendenko-demo", "tendenko-window", "tendenko-drill"];
/// Any one test target: with it, cargo counts test dependencies in.
const SAME_FEATURES_AS_TESTS: [&str; 2] = ["--test", "drills"];

/// The interface, then every program that embeds or accompanies it.
pub fn everything(project: &Project) -> Outcome {
    ui::build(project)?;
    step("Build the app, the relay and the headless tablet", || {
        let programs = PROGRAMS.iter().flat_map(|program| ["--bin", program]);
        succeed(cargo().args(["build", "--workspace"]).args(programs).args(SAME_FEATURES_AS_TESTS))
    })
}

/// As [`everything`], with the test programs of the whole workspace.
pub fn everything_with_tests(project: &Project) -> Outcome {
    ui::build(project)?;
    step("Build the programs and their tests", || succeed(cargo().args(["build", "--workspace", "--bins", "--tests"])))
}
