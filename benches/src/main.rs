//! What Tendenko promises, measured: each figure with its unit, how it was taken, and beside it the limit it is held
//! against, taken in the same run on the same machine.
//!
//! | command | |
//! |---|---|
//! | (none) | single figures against their limits: saving, unlocking, edit to visible, nothing new, size |
//! | names | only these figures; `link` (QUIC over bad links) only so |
//! | `peers` | the comparison with other sync engines: see [`peers`] and `benches/peers/README.md` |
//! | `page` | writes `docs/benchmarks.md` and its plots from what was measured: see [`page`] |
//! | `workload` | writes the comparison's workload to a folder |
//! | `tablets` | our own side of the comparison: a process that holds tablets and takes orders; started by `peers` |
//!
//! Timings on a shared machine wander; what counts are the ratios to the limit, or to the peers, measured beside them.

mod figures;
mod latency;
mod link;
mod nothing;
mod ours;
mod page;
mod peers;
mod saving;
mod size;
mod unlock;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::{Parser, Subcommand};
use figures::Sheet;

/// Whatever stops a measurement.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// One of the measurements: it prints what it finds, and notes it on the sheet.
type Measurement = fn(&mut Sheet) -> Result<(), Failure>;

/// Where results are kept, below the project's folder.
const RESULTS: &str = "artefacts/bench";

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Write the workload of the comparison to a folder
    Workload {
        /// The folder
        #[arg(long)]
        out: PathBuf,
        /// 20, or 5 for growth
        #[arg(long, default_value_t = 20)]
        tablets: usize,
        /// Multiplies the history
        #[arg(long, default_value_t = 1)]
        growth: usize,
        /// The seed
        #[arg(long, default_value_t = 3)]
        seed: u64,
    },
    /// Only the figures of these names: saving, latency, unlock, nothing, size, link
    #[command(external_subcommand)]
    Named(Vec<String>),
    /// Compare with other sync engines
    Peers(peers::Options),
    /// Write docs/benchmarks.md from what was measured
    Page(page::Options),
    /// Hold our tablets for the comparison and take orders; `peers` starts this
    Tablets {
        /// The region's folder
        #[arg(long)]
        dir: PathBuf,
        /// The workload's folder
        #[arg(long)]
        workload: PathBuf,
        /// Compress records without the dictionary
        #[arg(long)]
        no_dictionary: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("✗ {why}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Option<Command>) -> Result<(), Failure> {
    match command {
        None => single_figures(&[]),
        Some(Command::Named(names)) => single_figures(&names),
        Some(Command::Workload { out, tablets, growth, seed }) => {
            tendenko_workload::write(&out, tendenko_workload::Size { tablets, growth, seed })?;
            Ok(())
        }
        Some(Command::Peers(options)) => peers::run(&options),
        Some(Command::Page(options)) => page::write(&options),
        Some(Command::Tablets { dir, workload, no_dictionary }) => {
            ours::DICTIONARY.store(!no_dictionary, Ordering::Relaxed);
            tokio::runtime::Runtime::new()?.block_on(tendenko_workload::tablets::run::<ours::Ours>(&dir, &workload))
        }
    }
}

/// The figures of these names; of no names, those that are always of interest.
fn single_figures(wanted: &[String]) -> Result<(), Failure> {
    println!("Tendenko, first figures ({} build)\n", if cfg!(debug_assertions) { "debug" } else { "release" });
    let measurements: [(&str, &str, Measurement); 5] = [
        ("saving", "Saving a visit, durable", saving::measure),
        ("latency", "From a save on one tablet to the other tablet's screen", latency::measure),
        ("unlock", "From a PIN to the patient list", unlock::measure),
        ("nothing", "A sync that finds nothing new", nothing::measure),
        ("size", "Size of a visit record", size::measure),
    ];
    // What the settings of links were chosen by: only when asked for.
    let on_demand: [(&str, &str, Measurement); 1] = [("link", "QUIC over bad links", link::measure)];
    let known: Vec<_> = measurements.into_iter().chain(on_demand).collect();
    if let Some(other) = wanted.iter().find(|wanted| !known.iter().any(|(name, ..)| name == wanted)) {
        return Err(format!("there is no figure named {other}").into());
    }
    let asked_for = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let always = if wanted.is_empty() { measurements.len() } else { 0 };
    for (place, (name, title, measure)) in known.iter().enumerate() {
        if place >= always && !asked_for(name) {
            continue;
        }
        println!("{title}");
        let mut sheet = Sheet::default();
        measure(&mut sheet)?;
        sheet.write(&Path::new(RESULTS).join(page::FIGURES))?;
        println!();
    }
    Ok(())
}
