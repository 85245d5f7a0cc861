//! Compiles the programs of the workspace, always as debug builds in one target folder.

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::step::step;
use crate::ui;

/// The packages whose programs a demonstration needs: the app, the relay, and the headless tablet with its helpers.
const PROGRAMS: &[&str] = &["tendenko", "tendenko-relay", "tendenko-tests"];

/// The interface, then every program that embeds or accompanies it.
pub fn everything(project: &Project) -> Outcome {
    ui::build(project)?;
    step("Build the app, the relay and the headless tablet", || {
        let packages = PROGRAMS.iter().flat_map(|package| ["--package", package]);
        succeed(cargo().args(["build", "--bins"]).args(packages))
    })
}

/// As [`everything`], with the test programs of the whole workspace; in one selection, so that nothing is compiled
/// twice with different features.
pub fn everything_with_tests(project: &Project) -> Outcome {
    ui::build(project)?;
    step("Build the programs and their tests", || succeed(cargo().args(["build", "--workspace", "--bins", "--tests"])))
}
