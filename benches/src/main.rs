//! What Tendenko promises, measured: each figure with its unit, how it was taken, and beside it the limit it is held
//! against, taken in the same run on the same machine.
//!
//! Timings on a shared machine wander; what counts are the ratios to the limit measured beside them.

mod figures;
mod latency;
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
    let measurements: [(&str, Measurement); 4] = [
        ("Saving a visit, durable", saving::measure),
        ("From a save on one tablet to the other tablet's screen", latency::measure),
        ("From a PIN to the patient list", unlock::measure),
        ("Size of a visit record", size::measure),
    ];
    for (title, measure) in measurements {
        println!("{title}");
        if let Err(why) = measure() {
            eprintln!("  could not be measured: {why}");
            return ExitCode::FAILURE;
        }
        println!();
    }
    ExitCode::SUCCESS
}
