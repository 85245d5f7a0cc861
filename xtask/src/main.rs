//! The project's own commands, for people and for CI: `cargo xtask run`, `cargo xtask test` and their parts.
//!
//! A machine with nothing but Rust gets everything else from here: [`setup`] installs what is missing, [`ui`] and
//! [`build`] compile, and the other commands run what was built. Every command starts with the steps it needs, and a
//! step that has nothing to do costs next to nothing, so there is no order to remember.

mod bench;
mod build;
mod check;
mod demo;
mod failure;
mod process;
mod project;
mod run;
mod setup;
mod step;
mod test;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::Outcome;
use project::Project;

/// Tendenko's own commands. `run` shows the system with demonstration data, `test` tests all of it.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing on this machine: system packages, the WebAssembly target, test tools
    Setup,
    /// Build the interface (WebAssembly) into ui/dist
    Ui,
    /// Build everything: interface, app, relay, headless tablet, demonstration
    Build,
    /// Start the demonstration: a relay, two colleagues' tablets and the nurse's window
    Run(run::Options),
    /// Run the tests: unit and property tests, drills, and the real window
    Test(test::Options),
    /// Play one drill as a story in the terminal, for example `cargo xtask drill tsunami`
    Drill(demo::DrillOptions),
    /// Measure, and print each figure with its unit and how it was taken; `--peers` compares with other sync engines
    Bench(bench::Options),
    /// Make the pictures of the user guide, docs/guide/images/, in the real window
    Guide,
    /// Check formatting, lints and dependencies, as CI does
    Check,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    match process::watch_signals().and_then(|()| perform(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if process::interrupted() {
                eprintln!("\ninterrupted; everything that was started has been stopped");
                return ExitCode::from(130);
            }
            eprintln!("\n✗ {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Command) -> Outcome {
    let project = Project::locate()?;
    match command {
        Command::Setup => setup::everything(&project),
        Command::Ui => {
            setup::for_ui(&project)?;
            ui::build(&project)
        }
        Command::Build => {
            setup::for_building(&project)?;
            build::everything(&project)
        }
        Command::Run(options) => run::run(&project, &options),
        Command::Test(options) => test::test(&project, &options),
        Command::Drill(options) => demo::drill(&project, &options),
        Command::Bench(options) => bench::bench(&project, &options),
        Command::Guide => test::guide(&project),
        Command::Check => check::check(&project),
    }
}
