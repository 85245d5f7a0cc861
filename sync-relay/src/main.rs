//! The relay program: `tendenko-relay init | enroll | ask | join | serve | status`.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tendenko-relay: {error}");
            ExitCode::FAILURE
        }
    }
}
