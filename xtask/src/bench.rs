//! `cargo xtask bench`: the measurements, in a release build.

use std::process::Command;

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::setup;
use crate::step::step;

/// Builds and runs the measurements.
pub fn bench(project: &Project) -> Outcome {
    setup::for_building(project)?;
    step("Build the measurements (release)", || {
        succeed(cargo().args(["build", "--release", "--package", "tendenko-benches"]))
    })?;
    succeed(&mut Command::new(project.target("release/tendenko-bench")))
}
