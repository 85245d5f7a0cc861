//! 同期: what is where. Offline is a normal state.

use crate::{EntryKind, Millis, PatientName};
use serde::{Deserialize, Serialize};

/// Asks for the state of sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSync {}

/// The state of sync, for the line that is always there. Also the payload of [`crate::EVENT_SYNC`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncView {
    /// What happens now.
    pub state: SyncState,
    /// Saved entries that the relay has not confirmed.
    pub unsent: u32,
    /// When the relay was last heard; none = never.
    pub last_contact: Option<Millis>,
    /// The relay's clock minus this tablet's; none = never measured.
    pub clock_offset_ms: Option<i64>,
    /// Name of the relay.
    pub relay: Option<String>,
    /// Records that the relay or this tablet refused; they are kept apart, not lost.
    pub rejected: u32,
    /// Why the last try failed, where it did.
    pub problem: Option<SyncProblem>,
    /// How the present link goes, or the last one went; none = never.
    pub path: Option<SyncPath>,
    /// How many patients are here with all their records.
    pub patients: PatientsHere,
    /// What this calendar month cost.
    pub month: Traffic,
    /// Photos and documents come only when asked for.
    pub data_saver: bool,
}

/// How this tablet reaches the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncPath {
    /// The region's relay.
    Hub,
    /// The relay of an evacuation site.
    Edge,
    /// A colleague's tablet.
    Tablet,
    /// A file on a USB stick.
    Courier,
}

/// "40人中12人の記録がそろいました": what is not here yet is never shown as if it did not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientsHere {
    /// With all their records.
    pub complete: u32,
    /// Shared with this tablet, as far as it knows.
    pub known: u32,
    /// Shown by what a colleague's tablet put together, until the records themselves are here and were compared.
    pub unproven: u32,
    /// Whether there may be more patients, because the first exchange has not come to its end.
    pub may_be_more: bool,
}

impl PatientsHere {
    /// Everything is here.
    pub fn all(&self) -> bool {
        self.complete == self.known && !self.may_be_more
    }
}

/// Bytes on the wire, as they are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// From this tablet.
    pub sent: u64,
    /// To this tablet.
    pub received: u64,
}

/// Turns the data saver on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDataSaver {
    /// On?
    pub on: bool,
}

/// Asks what the last months cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDataUse {}

/// One calendar month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthOfUse {
    /// Which: `2026-11`.
    pub month: String,
    /// What it cost, on all networks.
    pub traffic: Traffic,
}

/// What happens now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// No connection.
    Offline,
    /// Trying.
    Connecting,
    /// Sending records.
    Sending {
        /// Confirmed so far.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// Receiving records.
    Receiving {
        /// Received so far.
        done: u32,
        /// Of so many, where known.
        total: Option<u32>,
    },
    /// Connected, and both sides have the same.
    Idle,
}

/// Why a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncProblem {
    /// Nothing answers: no signal, or the relay is down.
    Unreachable,
    /// Who answers is not a relay of this region.
    UnknownRelay,
    /// The relay does not know this tablet.
    UnknownTablet,
    /// This tablet was revoked.
    Revoked,
    /// The relay speaks only newer or older versions.
    Version,
    /// The relay sends what no honest relay sends: broken, or bad. Nothing of that was taken.
    Misbehaves,
    /// Anything else.
    Other,
}

/// Asks for what waits, in detail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSyncDetail {}

/// What waits, in detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDetail {
    /// The state.
    pub sync: SyncView,
    /// What waits, oldest first; at most 200.
    pub waiting: Vec<Waiting>,
    /// How many more wait.
    pub more: u32,
}

/// One saved entry that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// About whom.
    pub patient: PatientName,
    /// What.
    pub kind: EntryKind,
    /// Since when.
    pub since: Millis,
    /// How many bytes it takes.
    pub bytes: u64,
}

/// Tries now instead of at the next chance; answers at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncNow {}
