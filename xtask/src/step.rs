//! Named steps with their seconds, so that a long command shows where it is.

use std::time::{Duration, Instant};

use crate::failure::Outcome;

/// Steps shorter than this are not worth a line of their own when nothing was done.
const WORTH_A_LINE: Duration = Duration::from_millis(1500);

/// Announces `name`, does `work`, and says how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    println!("▸ {name}");
    let started = Instant::now();
    let value = work()?;
    println!("✓ {name}  {}", seconds(started.elapsed()));
    Ok(value)
}

/// Does `work` that usually finds nothing to do, and prints one line only if it took noticeable time.
pub fn quiet_step<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let started = Instant::now();
    let value = work()?;
    if started.elapsed() > WORTH_A_LINE {
        println!("✓ {name}  {}", seconds(started.elapsed()));
    }
    Ok(value)
}

/// A duration as people read it: `0.4 s`, `3 min 12 s`.
pub fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 { format!("{:.1} s", duration.as_secs_f64()) } else { format!("{} min {} s", whole / 60, whole % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(192)), "3 min 12 s");
    }
}
