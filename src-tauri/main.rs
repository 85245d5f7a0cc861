//! The tablet app.

// On Windows, no console beside the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    tendenko_app::run()
}
