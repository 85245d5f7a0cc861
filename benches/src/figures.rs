//! Series of durations, and how they are printed.

use std::time::{Duration, Instant};

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

    /// Prints median, 99th percentile and largest, in milliseconds.
    pub fn print(&self, what: &str) {
        println!(
            "  {what:<62} median {:>8.2} ms   p99 {:>8.2} ms   n = {}",
            ms(self.median()),
            ms(self.at(0.99)),
            self.0.len()
        );
    }
}

/// Milliseconds, for printing.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Prints how many times one median is the other.
pub fn print_ratio(what: &str, one: &Series, other: &Series) {
    println!("  {what:<62} {:>6.1} ×", one.median().as_secs_f64() / other.median().as_secs_f64());
}
