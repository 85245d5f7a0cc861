//! `cargo xtask bench`: the measurements, in a release build.

use std::process::Command;

use clap::Args;

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::step::step;
use crate::{setup, ui};

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Compare with other sync engines instead (benches/peers/README.md)
    #[arg(long)]
    peers: bool,
    /// With --peers: a small workload, each scenario once
    #[arg(long)]
    quick: bool,
    /// Measure everything, the comparison with growth and the single figures, and write docs/benchmarks.md
    #[arg(long, conflicts_with_all = ["peers", "quick", "page"])]
    whole: bool,
    /// Only write docs/benchmarks.md from what was measured before
    #[arg(long, conflicts_with = "peers")]
    page: bool,
    /// Measure the screen instead: touches, waiting and memory in the real window; writes docs/screen.md
    #[arg(long, conflicts_with_all = ["peers", "quick", "whole", "page"])]
    screen: bool,
    /// With --peers or --whole: what `tendenko-bench peers` takes, for example `-- --only samod --scenario recovery`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds and runs the measurements.
pub fn bench(project: &Project, options: &Options) -> Outcome {
    if options.screen {
        return screen(project);
    }
    setup::for_building(project)?;
    step("Build the measurements (release)", || {
        succeed(cargo().args(["build", "--release", "--package", "tendenko-benches", "--package", "tendenko-relay"]))
    })?;
    let measure = |arguments: &[&str]| {
        let mut command = Command::new(project.target("release/tendenko-bench"));
        command.args(arguments);
        command
    };
    if options.page {
        return succeed(&mut measure(&["page"]));
    }
    if options.peers || options.whole {
        setup::for_comparing()?;
        let mut peers = measure(&["peers"]);
        if options.quick {
            peers.arg("--quick");
        }
        if options.whole {
            peers.arg("--whole");
        }
        succeed(peers.args(&options.rest))?;
    }
    if !options.peers {
        succeed(&mut measure(&[]))?;
    }
    if options.whole { succeed(&mut measure(&["page"])) } else { Ok(()) }
}

/// The real window of an optimised build, on a virtual screen.
fn screen(project: &Project) -> Outcome {
    setup::for_driven_window(project)?;
    setup::for_ui(project)?;
    ui::build(project)?;
    step("Build the app (release)", || {
        let programs = ["tendenko", "tendenko-window"].into_iter().flat_map(|program| ["--bin", program]);
        succeed(cargo().args(["build", "--release", "--workspace", "--example", "empty_window"]).args(programs))
    })?;
    succeed(
        Command::new(project.target("release/tendenko-window"))
            .args(["measure", "--out"])
            .arg(project.path("docs/screen.md"))
            .env("PATH", setup::path_with_tools(project)?),
    )
}
