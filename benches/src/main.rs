//! What Tendenko promises, measured: each figure with its unit, how it was taken, and beside it the limit it is held
//! against, taken in the same run on the same machine.
//!
//! Timings on a shared machine wander; what counts are the ratios to the limit measured beside them.

mod figures;
mod latency;
mod link;
mod saving;
mod size;
mod unlock;

use std::process::ExitCode;

/// Whatever stops a measurement.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// One of the measurements: it prints what it finds.
type Measurement = fn() -> Result<(), Failure>;

fn main() -> ExitCode {
    println!("Tendenko, first figures ({} build)\n", if cfg!(debug_assertions) { "debug" } else { "release" });
    let measurements: [(&str, &str, Measurement); 4] = [
        ("saving", "Saving a visit, durable", saving::measure),
        ("latency", "From a save on one tablet to the other tablet's screen", latency::measure),
        ("unlock", "From a PIN to the patient list", unlock::measure),
        ("size", "Size of a visit record", size::measure),
    ];
    // What the settings of links were chosen by: only when asked for.
    let on_demand: [(&str, &str, Measurement); 1] = [("link", "QUIC over bad links", link::measure)];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<_> = if wanted.is_empty() {
        measurements.to_vec()
    } else {
        let all = measurements.into_iter().chain(on_demand);
        all.filter(|(name, ..)| wanted.iter().any(|wanted| wanted == name)).collect()
    };
    for (_, title, measure) in chosen {
        println!("{title}");
        if let Err(why) = measure() {
            eprintln!("  could not be measured: {why}");
            return ExitCode::FAILURE;
        }
        println!();
    }
    ExitCode::SUCCESS
}
