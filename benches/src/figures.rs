//! Series of durations and single numbers: printed as they come, and kept on a sheet for the page (`docs/benchmarks.md`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// Durations of one thing done many times.
#[derive(Default)]
pub struct Series(Vec<Duration>);

impl Series {
    /// Times one run.
    pub fn time<T, E>(&mut self, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let from = Instant::now();
        let value = run()?;
        self.add(from.elapsed());
        Ok(value)
    }

    /// Adds a duration measured elsewhere.
    pub fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// The median.
    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    fn at(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let place = (last as f64 * share).round() as usize;
        sorted.get(place).copied().unwrap_or_default()
    }
}

/// One figure: seconds or bytes. A single number is its own median.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured, in words.
    pub what: String,
    /// Median.
    pub median: f64,
    /// Least.
    pub least: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Greatest.
    pub most: f64,
    /// How often.
    pub count: usize,
}

/// Figures by name. Dots in a name separate what belongs together: `latency.visible`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sheet(BTreeMap<String, Figure>);

impl Sheet {
    /// Prints median and 99th percentile in milliseconds, and keeps the series in seconds.
    pub fn series(&mut self, name: &str, what: &str, series: &Series) {
        let at = |share| series.at(share).as_secs_f64();
        println!(
            "  {what:<74} median {:>8.2} ms   p99 {:>8.2} ms   n = {}",
            at(0.5) * 1e3,
            at(0.99) * 1e3,
            series.0.len()
        );
        let figure = Figure {
            what: what.to_owned(),
            median: at(0.5),
            least: at(0.0),
            p99: at(0.99),
            most: at(1.0),
            count: series.0.len(),
        };
        self.0.insert(name.to_owned(), figure);
    }

    /// Keeps one number; printing is the caller's.
    pub fn number(&mut self, name: &str, what: &str, value: f64) {
        let figure = Figure { what: what.to_owned(), median: value, least: value, p99: value, most: value, count: 1 };
        self.0.insert(name.to_owned(), figure);
    }

    /// The figure of this name.
    pub fn get(&self, name: &str) -> Option<&Figure> {
        self.0.get(name)
    }

    /// What was written by an earlier run; nothing if there was none.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes these figures over those of the same names.
    pub fn write(self, path: &Path) -> Result<(), Failure> {
        let mut all = Self::read(path)?;
        all.0.extend(self.0);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, serde_json::to_vec_pretty(&all)?)?)
    }
}

/// Prints how many times one median is the other.
pub fn print_ratio(what: &str, one: &Series, other: &Series) {
    println!("  {what:<74} {:>6.1} ×", one.median().as_secs_f64() / other.median().as_secs_f64());
}
