//! Why a command stopped, in words for the person at the terminal.

use std::fmt;
use std::io;
use std::path::Path;

/// The result of a step.
pub type Outcome<T = ()> = Result<T, Failure>;

/// What went wrong, and where there is something to do about it, what.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure described by `what`.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Turns an I/O error on `path` into a failure; for `map_err`.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self(format!("cannot {action} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
