//! Simulates regions, world after world, until something breaks or enough has happened; finds the smallest script that still breaks it.
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tendenko_tests::simulation::profile::Profile;
use tendenko_tests::simulation::sabotage::Sabotage;
use tendenko_tests::simulation::script::{Script, Setting};
use tendenko_tests::simulation::{self, Failure, run_world, shrink};

/// Runs of smaller scripts that looking for the smallest may take.
const TRIES: usize = 2_000;

/// Whole regions in virtual time, from a seed.
#[derive(Parser)]
struct Options {
    /// First seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worlds are run, seed after seed, until so many things have happened
    #[arg(long, default_value_t = 100_000)]
    steps: u64,
    /// Tablets of a world
    #[arg(long, default_value_t = 16)]
    tablets: usize,
    /// Hubs of a world
    #[arg(long, default_value_t = 2)]
    relays: usize,
    /// Edge relays of a world
    #[arg(long, default_value_t = 2)]
    edges: usize,
    /// Records from which on a chart is worth a checkpoint; 0: none are made
    #[arg(long, default_value_t = 3)]
    checkpoints: usize,
    /// calm, tsunami, hostile or clones; all in turn if left out
    #[arg(long)]
    profile: Option<Profile>,
    /// Go on, seed after seed, until a promise is broken
    #[arg(long)]
    until_failure: bool,
    /// Break a rule on purpose
    #[arg(long)]
    sabotage: Option<Sabotage>,
    /// Run this script instead
    #[arg(long)]
    script: Option<PathBuf>,
    /// With a script: show all of what happened, not only the last of it
    #[arg(long, requires = "script")]
    whole_trace: bool,
    /// Do not look for a smaller script
    #[arg(long)]
    no_shrink: bool,
    /// Where to write the smallest script found
    #[arg(long, default_value = "simulation-failure.script")]
    write: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match &options.script {
        Some(path) => replay(path, &options),
        None => explore(&options),
    }
}

/// Runs one script.
fn replay(path: &Path, options: &Options) -> ExitCode {
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let script = match read.and_then(|text| Script::from_text(&text).map_err(|error| error.to_string())) {
        Ok(script) => script,
        Err(problem) => {
            eprintln!("{}: {problem}", path.display());
            return ExitCode::FAILURE;
        }
    };
    let outcome = simulation::replay(&script, options.sabotage, options.whole_trace);
    println!("{} steps, trace {:016x}", outcome.steps, outcome.hash);
    match outcome.failure {
        Some(failure) => {
            report(&failure);
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

/// Runs world after world.
fn explore(options: &Options) -> ExitCode {
    let began = Instant::now();
    let (mut steps, mut saves, mut records, mut worlds) = (0, 0, 0, 0);
    let mut seed = options.seed;
    while options.until_failure || steps < options.steps {
        let profile = options.profile.unwrap_or(Profile::ALL[(seed % 4) as usize]);
        let &Options { tablets, relays, edges, checkpoints, .. } = options;
        let outcome = run_world(Setting { seed, tablets, relays, edges, checkpoints, profile }, options.sabotage);
        steps += outcome.steps;
        saves += outcome.saves;
        records += outcome.records;
        worlds += 1;
        println!(
            "seed {seed} {profile}: {} steps, {} saves, {} records, trace {:016x}",
            outcome.steps, outcome.saves, outcome.records, outcome.hash
        );
        if let Some(failure) = outcome.failure {
            eprintln!("seed {seed} {profile} after {} steps: {}", failure.steps, failure.violation.kind);
            found(failure, options);
            return ExitCode::FAILURE;
        }
        seed += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{worlds} worlds, {steps} steps, {saves} saves, {records} records in {seconds:.1} s: {:.0} steps a second",
        steps as f64 / seconds
    );
    ExitCode::SUCCESS
}

/// Makes a failure as small as it gets, shows it and keeps it.
fn found(failure: Failure, options: &Options) {
    let failure = if options.no_shrink {
        failure
    } else {
        shrink::shrink(&failure, options.sabotage, TRIES, |left| eprint!("\r{left} operations left   "))
    };
    eprintln!();
    report(&failure);
    match std::fs::write(&options.write, failure.script.to_text()) {
        Ok(()) => eprintln!("replay with: tendenko-simulate --script {}", options.write.display()),
        Err(error) => eprintln!("{}: {error}", options.write.display()),
    }
}

fn report(failure: &Failure) {
    for line in &failure.trace {
        eprintln!("{line}");
    }
    eprintln!("{}: {}", failure.violation.kind, failure.violation.what);
    eprintln!("after {} steps, seed {}", failure.steps, failure.script.setting.seed);
    eprint!("{}", failure.script.to_text());
}
