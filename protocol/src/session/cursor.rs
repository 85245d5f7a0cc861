//! Does a tablet's cursor still mean something to this relay?

use crate::ids::{ArrivalNo, RelayId, RelayIncarnation};
use crate::messages::{Cursor, PerLane};

/// Where a relay's store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The relay.
    pub relay: RelayId,
    /// Its present life.
    pub incarnation: RelayIncarnation,
    /// Its newest arrival.
    pub newest: ArrivalNo,
    /// Earlier lives whose arrival numbers still hold, each with its last arrival. A relay begins a new life at every start, and
    /// forgets all earlier ones when it finds that it lost data. So a store that was rolled back unnoticed and has grown since
    /// cannot pass for the one that gave out a cursor.
    pub past: Vec<(RelayIncarnation, ArrivalNo)>,
}

/// What a cursor means to a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorVerdict {
    /// Go on from here, lane by lane.
    Continue(PerLane<ArrivalNo>),
    /// It is about another relay, or a life of this one that does not count: compare vectors.
    Reconcile,
    /// This relay once had more than it has now: begin a new life, then compare vectors.
    Lost,
}

/// Judges a cursor. `None`: the tablet has never heard any relay, and starts from the first arrival.
pub fn judge(standing: &Standing, cursor: Option<&Cursor>) -> CursorVerdict {
    let Some(cursor) = cursor else {
        return CursorVerdict::Continue(PerLane::default());
    };
    if cursor.relay != standing.relay || cursor.incarnation == RelayIncarnation::NONE {
        return CursorVerdict::Reconcile;
    }
    let last = if cursor.incarnation == standing.incarnation {
        Some(standing.newest)
    } else {
        standing.past.iter().find(|(incarnation, _)| *incarnation == cursor.incarnation).map(|(_, last)| *last)
    };
    match last {
        Some(last) if cursor.after.max(cursor.charts).max(cursor.acked) <= last => {
            CursorVerdict::Continue(PerLane::new(|lane| cursor.on(lane)))
        }
        Some(_) => CursorVerdict::Lost,
        None => CursorVerdict::Reconcile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Lane;

    const RELAY: RelayId = RelayId([1; 16]);

    fn standing() -> Standing {
        let past = vec![(RelayIncarnation(1), ArrivalNo(50)), (RelayIncarnation(2), ArrivalNo(80))];
        Standing { relay: RELAY, incarnation: RelayIncarnation(3), newest: ArrivalNo(100), past }
    }

    fn cursor(incarnation: u64, after: u64, charts: u64, acked: u64) -> Cursor {
        let (incarnation, after, charts) = (RelayIncarnation(incarnation), ArrivalNo(after), ArrivalNo(charts));
        Cursor { relay: RELAY, incarnation, after, charts, acked: ArrivalNo(acked) }
    }

    fn judged(incarnation: u64, after: u64, acked: u64) -> CursorVerdict {
        judge(&standing(), Some(&cursor(incarnation, after, 0, acked)))
    }

    fn from(after: u64) -> CursorVerdict {
        CursorVerdict::Continue(PerLane::new(|lane| ArrivalNo(if lane == Lane::Cards { after } else { 0 })))
    }

    #[test]
    fn a_cursor_within_its_life_goes_on() {
        assert_eq!(judge(&standing(), None), from(0));
        assert_eq!(judged(3, 100, 90), from(100));
        assert_eq!(judged(1, 40, 50), from(40));
    }

    #[test]
    fn a_life_that_had_more_shows_a_loss_even_if_the_relay_has_grown_since() {
        assert_eq!(judged(2, 81, 0), CursorVerdict::Lost);
        assert_eq!(judged(3, 101, 0), CursorVerdict::Lost);
    }

    #[test]
    fn an_ack_alone_shows_a_loss() {
        assert_eq!(judged(2, 10, 81), CursorVerdict::Lost);
        assert_eq!(judge(&standing(), Some(&cursor(2, 10, 81, 0))), CursorVerdict::Lost, "so do charts alone");
    }

    #[test]
    fn another_relay_or_a_forgotten_life_compares_vectors() {
        assert_eq!(judged(9, 1, 1), CursorVerdict::Reconcile);
        let other = Cursor { relay: RelayId([2; 16]), ..cursor(3, 1, 1, 1) };
        assert_eq!(judge(&standing(), Some(&other)), CursorVerdict::Reconcile);
        assert_eq!(judge(&standing(), Some(&Cursor::unfinished(RELAY))), CursorVerdict::Reconcile);
    }
}
