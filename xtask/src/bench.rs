//! `cargo xtask bench`: the measurements, in a release build.

use std::process::Command;

use clap::Args;

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::setup;
use crate::step::step;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Compare with other sync engines instead (benches/peers/README.md)
    #[arg(long)]
    peers: bool,
    /// With --peers: a small workload, each scenario once
    #[arg(long)]
    quick: bool,
    /// With --peers: what `tendenko-bench peers` takes, for example `-- --only samod --scenario recovery`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds and runs the measurements.
pub fn bench(project: &Project, options: &Options) -> Outcome {
    setup::for_building(project)?;
    step("Build the measurements (release)", || {
        succeed(cargo().args(["build", "--release", "--package", "tendenko-benches", "--package", "tendenko-relay"]))
    })?;
    let mut command = Command::new(project.target("release/tendenko-bench"));
    if options.peers {
        command.arg("peers").args(&options.rest);
        if options.quick {
            command.arg("--quick");
        }
    }
    succeed(&mut command)
}
