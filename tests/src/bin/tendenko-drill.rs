//! Plays a drill as a story in the terminal.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tendenko_tests::tsunami;

/// Which drill.
#[derive(Clone, Copy, ValueEnum)]
enum Drill {
    /// The wave takes the relay; three tablets go on alone
    Tsunami,
}

#[derive(Parser)]
#[command(about = "Plays a drill with real processes, and ends with a check of every promise it made")]
struct Options {
    /// Which drill
    drill: Drill,
}

fn main() -> ExitCode {
    let played = match Options::parse().drill {
        Drill::Tsunami => tsunami::play(),
    };
    match played {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("the drill could not be played to its end: {why}");
            ExitCode::FAILURE
        }
    }
}
