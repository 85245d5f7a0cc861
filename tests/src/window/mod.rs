//! The real window on a virtual screen, driven by WebDriver as a person would use it.
//!
//! [`Desktop`] is the screen and the driver, [`Page`] finds and touches what is on it, and a [`Walk`] names each step,
//! keeps its picture and counts. What is played is in [`tour`], [`scenario`], [`chart`], [`papers`] and [`screens`].

pub mod chart;
mod desktop;
mod directory;
pub mod guide;
mod lab_files;
pub mod measuring;
mod medicines;
mod page;
pub mod papers;
pub mod scenario;
pub mod screens;
mod steps;
mod team;
mod timing;
mod together;
pub mod tour;
mod walk;
mod writing;

pub use desktop::Desktop;
pub use page::Page;
pub use walk::Walk;

use std::path::PathBuf;
use std::time::Duration;

use crate::process::ProcessError;
use crate::tablet::RemoteError;

/// What keeps a window from being driven to the end.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// One of our own programs.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// A program of the system or of the test tools.
    #[error("{program} could not be used: {source}; `cargo xtask setup` installs it")]
    Tool {
        /// Which.
        program: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The virtual screen gave no number.
    #[error("the virtual screen did not start")]
    NoScreen,
    /// The driver did not open its port.
    #[error("tauri-driver did not answer within {0:?}")]
    NoDriver(Duration),
    /// The driver could not start the app.
    #[error("the app's window did not open: {0}")]
    NoWindow(#[from] fantoccini::error::NewSessionError),
    /// The driver refused a command.
    #[error("the driver said: {0}")]
    Driver(#[from] fantoccini::error::CmdError),
    /// Something did not appear.
    #[error("{what} did not appear within {waited:?}; on the screen was: {seen}")]
    Missing {
        /// What was looked for.
        what: String,
        /// For how long.
        waited: Duration,
        /// The text of the page at the end.
        seen: String,
    },
    /// Something is shown that must not be.
    #[error("“{0}” is on the screen, and must not be")]
    Unwanted(String),
    /// What is played in could not be made, or behaved otherwise.
    #[error("{0}")]
    Scene(crate::region::RegionFailure),
    /// The tablet at the other end.
    #[error(transparent)]
    Colleague(#[from] RemoteError),
    /// A file of the scenario.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
