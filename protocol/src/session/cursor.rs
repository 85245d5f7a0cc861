//! Does a tablet's cursor still mean something to this relay?

use crate::ids::{ArrivalNo, RelayId, RelayIncarnation};
use crate::messages::Cursor;

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
    /// Go on from here.
    Continue(ArrivalNo),
    /// It is about another relay, or a life of this one that does not count: compare vectors.
    Reconcile,
    /// This relay once had more than it has now: begin a new life, then compare vectors.
    Lost,
}

/// Judges a cursor. `None`: the tablet has never heard any relay, and starts from the first arrival.
pub fn judge(standing: &Standing, cursor: Option<&Cursor>) -> CursorVerdict {
    let Some(cursor) = cursor else {
        return CursorVerdict::Continue(ArrivalNo::NONE);
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
        Some(last) if cursor.after.max(cursor.acked) <= last => CursorVerdict::Continue(cursor.after),
        Some(_) => CursorVerdict::Lost,
        None => CursorVerdict::Reconcile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: RelayId = RelayId([1; 16]);

    fn standing() -> Standing {
        let past = vec![(RelayIncarnation(1), ArrivalNo(50)), (RelayIncarnation(2), ArrivalNo(80))];
        Standing { relay: RELAY, incarnation: RelayIncarnation(3), newest: ArrivalNo(100), past }
    }

    fn judged(incarnation: u64, after: u64, acked: u64) -> CursorVerdict {
        let incarnation = RelayIncarnation(incarnation);
        judge(
            &standing(),
            Some(&Cursor { relay: RELAY, incarnation, after: ArrivalNo(after), acked: ArrivalNo(acked) }),
        )
    }

    #[test]
    fn a_cursor_within_its_life_goes_on() {
        assert_eq!(judge(&standing(), None), CursorVerdict::Continue(ArrivalNo(0)));
        assert_eq!(judged(3, 100, 90), CursorVerdict::Continue(ArrivalNo(100)));
        assert_eq!(judged(1, 40, 50), CursorVerdict::Continue(ArrivalNo(40)));
    }

    #[test]
    fn a_life_that_had_more_shows_a_loss_even_if_the_relay_has_grown_since() {
        assert_eq!(judged(2, 81, 0), CursorVerdict::Lost);
        assert_eq!(judged(3, 101, 0), CursorVerdict::Lost);
    }

    #[test]
    fn an_ack_alone_shows_a_loss() {
        assert_eq!(judged(2, 10, 81), CursorVerdict::Lost);
    }

    #[test]
    fn another_relay_or_a_forgotten_life_compares_vectors() {
        assert_eq!(judged(9, 1, 1), CursorVerdict::Reconcile);
        let other = Cursor {
            relay: RelayId([2; 16]),
            incarnation: RelayIncarnation(3),
            after: ArrivalNo(1),
            acked: ArrivalNo(1),
        };
        assert_eq!(judge(&standing(), Some(&other)), CursorVerdict::Reconcile);
        assert_eq!(judge(&standing(), Some(&Cursor::unfinished(RELAY))), CursorVerdict::Reconcile);
    }
}
