//! A tablet that sends what is refused, over and over: broken, or bad. It is slowed and named; its own link is all that waits.
//!
//! What one tablet can have under way is bounded anyhow (one commit, the session's window); this bounds the work of refusing.

use std::time::Duration;

use tendenko_protocol::ids::DeviceId;
use tendenko_protocol::session::relay::Outcome;

/// For each refused item.
const EACH: Duration = Duration::from_millis(4);
/// The longest pause between two batches.
const LONGEST: Duration = Duration::from_secs(5);
/// A pause from which on it is a flood.
const NAMED: Duration = Duration::from_secs(1);

/// How much of what a session pushed was refused of late.
#[derive(Debug, Default)]
pub(super) struct Flood {
    pause: Duration,
    named: bool,
}

impl Flood {
    /// Takes note of what became of a batch. True: from now on it counts as a flood.
    pub(super) fn answered(&mut self, device: DeviceId, outcomes: &[Outcome]) -> bool {
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Rejected(_))).count();
        let more = EACH.saturating_mul(u32::try_from(refused).unwrap_or(u32::MAX));
        // What was good since makes up for it.
        self.pause = (self.pause / 2).saturating_add(more).min(LONGEST);
        let begins = self.pause >= NAMED && !self.named;
        if begins {
            tracing::warn!(%device, refused, "a tablet floods the relay with what it refuses: it is slowed");
            self.named = true;
        }
        begins
    }

    /// How long its next batch waits.
    pub(super) fn pause(&self) -> Duration {
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use tendenko_protocol::ids::ArrivalNo;
    use tendenko_protocol::record::RejectReason;

    use super::*;

    #[test]
    fn refusals_slow_down_and_good_items_make_up_for_them() {
        let device = DeviceId([7; 16]);
        let mut flood = Flood::default();
        assert!(!flood.answered(device, &[Outcome::Stored(ArrivalNo(1)), Outcome::Duplicate]));
        assert_eq!(flood.pause(), Duration::ZERO);
        let named = (0..9).filter(|_| flood.answered(device, &[Outcome::Rejected(RejectReason::Malformed); 1000]));
        assert_eq!(named.count(), 1, "once");
        assert_eq!(flood.pause(), LONGEST);
        assert!(flood.named);
        for _ in 0..40 {
            flood.answered(device, &[Outcome::Duplicate]);
        }
        assert_eq!(flood.pause(), Duration::ZERO);
    }
}
