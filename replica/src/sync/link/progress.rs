//! The session's progress as the screen knows it.

use tendenko_protocol::messages::Lane;
use tendenko_protocol::session::client::Progress;

use crate::status::{LaneProgress, Lanes, SyncState};

/// Before the first exchange came to its end, nobody is told that all is here: the loop does, once that is written down.
pub(super) fn state_of(progress: Progress, has_synced: bool) -> SyncState {
    if progress.in_flight() > 0 {
        SyncState::Sending { done: progress.sent(), total: progress.sent() + progress.in_flight() }
    } else if progress.caught_up && has_synced {
        SyncState::Idle
    } else {
        SyncState::Receiving { done: progress.received(), total: progress.received() + progress.to_receive() }
    }
}

/// Lane by lane.
pub(super) fn lanes_of(progress: Progress) -> Lanes {
    let of = |lane: Lane| {
        let lane = progress.lanes[lane];
        LaneProgress {
            received: lane.received,
            to_receive: lane.to_receive,
            sent: lane.sent,
            in_flight: lane.in_flight,
            caught_up: lane.caught_up,
        }
    };
    Lanes { cards: of(Lane::Cards), charts: of(Lane::Charts), attachments: of(Lane::Attachments) }
}
