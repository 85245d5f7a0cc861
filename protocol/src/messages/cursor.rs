//! How far a tablet has heard a relay.

use serde::{Deserialize, Serialize};

use super::Lane;
use crate::ids::{ArrivalNo, RelayId, RelayIncarnation};

/// How far a tablet has heard a relay. The tablet keeps one, of the relay it last heard, in its store, as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which relay.
    pub relay: RelayId,
    /// Which life of that relay; arrival numbers of another mean nothing.
    pub incarnation: RelayIncarnation,
    /// Every statement and card visible to the tablet up to here is in the tablet's store.
    pub after: ArrivalNo,
    /// Every chart visible to the tablet up to here is in the tablet's store.
    pub charts: ArrivalNo,
    /// The highest arrival number the relay ever acked to this tablet. A relay whose newest is lower has lost data.
    pub acked: ArrivalNo,
}

impl Cursor {
    /// Something was acked by this relay before vectors were compared to the end: to be compared again, with any relay.
    pub fn unfinished(relay: RelayId) -> Self {
        let none = ArrivalNo::NONE;
        Self { relay, incarnation: RelayIncarnation::NONE, after: none, charts: none, acked: none }
    }

    /// How far a lane has come. Nothing comes by itself on the attachments lane.
    pub fn on(&self, lane: Lane) -> ArrivalNo {
        match lane {
            Lane::Cards => self.after,
            Lane::Charts => self.charts,
            Lane::Attachments => ArrivalNo::NONE,
        }
    }

    /// Moves a lane on; never back.
    pub fn reach(&mut self, lane: Lane, arrival: ArrivalNo) {
        let place = match lane {
            Lane::Cards => &mut self.after,
            Lane::Charts => &mut self.charts,
            Lane::Attachments => return,
        };
        *place = arrival.max(*place);
    }
}
