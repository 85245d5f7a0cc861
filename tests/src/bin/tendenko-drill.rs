//! Plays a drill as a story in the terminal.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tendenko_tests::region::RegionFailure;
use tendenko_tests::{storm, tsunami};

/// Which drill.
#[derive(Clone, Copy, ValueEnum)]
enum Drill {
    /// The wave takes the relay; three tablets go on alone
    Tsunami,
    /// Tablets and relays are killed again and again while both sides save
    Storm,
}

#[derive(Parser)]
#[command(about = "Plays a drill with real processes, and ends with a check of every promise it made")]
struct Options {
    /// Which drill
    drill: Drill,
    /// Of the storm: kills.
    #[arg(long, default_value_t = 60)]
    rounds: u32,
    /// Of the storm: what its moments are drawn from.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let played = match options.drill {
        Drill::Tsunami => tsunami::play(),
        Drill::Storm => play_storm(options.seed.unwrap_or_else(|| u64::from(std::process::id())), options.rounds),
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

/// Plays a storm; none of its promises may fail.
fn play_storm(seed: u64, rounds: u32) -> Result<usize, RegionFailure> {
    println!("storm of {rounds} rounds, --seed {seed}");
    let saved = storm::play(seed, rounds)?;
    println!("✓ all {saved} saved entries are on both tablets, and both relays hold the same");
    Ok(0)
}
