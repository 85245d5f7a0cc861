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
    if cursor.relay != standing.relay {
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
