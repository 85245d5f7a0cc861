//! Forwarding what others push, verified and not yet committed, to a tablet that has everything else.
//!
//! It saves the tablet the wait for the disk; nothing depends on it. Only a session with nothing else to say forwards, so that what it
//! forwards follows what the tablet has. Where that goes wrong all the same (a commit that failed, a fork decided by the store), the
//! tablet notes a record that does not fit and compares that document. The stream skips what was forwarded when its arrival is read;
//! cursors move by the stream alone.

use super::{Phase, Session};
use crate::ids::RecordHash;
use crate::messages::{Item, Lane, PerLane, RelayMessage};
use crate::record::ReceivedBytes;

/// Items forwarded and not yet seen in the stream, remembered on one lane. Beyond that nothing is forwarded.
const MAX_LIVE: usize = 1_024;

impl Session {
    pub(super) fn verified(&mut self, items: Vec<Item>) {
        if self.phase != Phase::Open {
            return;
        }
        let mut forwarded: PerLane<Vec<Item>> = PerLane::default();
        for item in items {
            let Some(lane) = lane_of(&item) else { continue };
            let live = self.is_live(lane);
            let state = &mut self.lanes[lane];
            if live {
                state.live.insert(RecordHash::of(item.bytes()).0);
                forwarded[lane].push(item);
            } else {
                state.missed = true;
            }
        }
        for (lane, items) in Lane::ALL.into_iter().zip(forwarded.into_array()) {
            if !items.is_empty() {
                self.send(lane, RelayMessage::Live { items });
            }
        }
    }

    /// The tablet may have refused what was forwarded to it, and asks for what it lacks before that is stored here: then it comes in its turn.
    pub(super) fn forget_live(&mut self) {
        self.lanes.iter_mut().for_each(|(_, lane)| lane.live.clear());
    }

    /// The tablet has been sent all there is of the lane, and its stream has taken it. A chart may need a grant: while something of the
    /// cards lane is live, charts wait for the stream.
    fn is_live(&self, lane: Lane) -> bool {
        let quiet = |lane: Lane| {
            let state = &self.lanes[lane];
            state.sent_through >= self.newest && state.jobs.is_empty() && state.reading.is_none()
        };
        let state = &self.lanes[lane];
        let cards = lane == Lane::Cards || (quiet(Lane::Cards) && self.lanes[Lane::Cards].live.is_empty());
        quiet(lane) && cards && state.unwritten == 0 && !state.missed && state.live.len() < MAX_LIVE
    }
}

fn lane_of(item: &Item) -> Option<Lane> {
    match item {
        Item::Statement(_) => Some(Lane::Cards),
        // Nobody gets one unasked.
        Item::Chunk(_) | Item::Checkpoint(_) => None,
        Item::Record(bytes) => {
            let parsed = ReceivedBytes::new(bytes.clone()).and_then(ReceivedBytes::parse).ok()?;
            Some(Lane::of(parsed.header().document.scope()))
        }
    }
}
