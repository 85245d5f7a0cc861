//! Who may look: state of the tablet, unlock, lock.

use crate::{MemberId, Millis, Profession};
use serde::{Deserialize, Serialize};

/// Asks what state the tablet is in. Allowed at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus {}

/// What may be known before anybody unlocked: nothing about patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppStatus {
    /// Which screen comes first.
    pub state: AppState,
    /// Staff of this tablet, in the order of enrolment.
    pub staff: Vec<StaffTile>,
    /// Who is at work; only when unlocked.
    pub me: Option<Me>,
    /// True for a demonstration region with invented people: the screen says so permanently.
    pub demo: bool,
    /// The demonstration's secret, shown on its unlock screen; never set otherwise.
    pub demo_secret: Option<String>,
    /// The region's name, where enrolled.
    pub region: Option<String>,
    /// The tablet's own label, where enrolled.
    pub tablet: Option<String>,
    /// The shell's clock now. The screen counts from this one, so that demonstrations and tests can fix it.
    pub now: Millis,
    /// The program's version.
    pub version: String,
}

/// State of the tablet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// Belongs to no region yet.
    NotEnrolled,
    /// Enrolled, waiting for a secret.
    Locked {
        /// Seconds until the next try is accepted; 0 = now.
        wait_seconds: u32,
    },
    /// Open for [`AppStatus::me`].
    Unlocked,
    /// The store cannot be opened.
    Damaged {
        /// A copy of the damaged store was kept.
        copy_kept: bool,
        /// What could be read was brought over, and the rest can be fetched again by sync.
        recovered: bool,
    },
}

/// One member of staff on the unlock screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffTile {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Their profession.
    pub profession: Profession,
}

/// Opens the store. Errors: `wrong-secret`, `too-early` (both with `wait_seconds`), `store-damaged`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// Whose tile was touched.
    pub member: MemberId,
    /// Their PIN or passphrase.
    pub secret: String,
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unlock").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Closes the store; keys leave memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {}

/// The person at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Their profession.
    pub profession: Profession,
    /// Their facility's name.
    pub facility: String,
    /// This tablet was enrolled for an evacuation site: it starts on that screen.
    pub evacuation_site: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_reaches_a_log() {
        let unlock = Unlock { member: MemberId("00".into()), secret: "482913".into() };
        assert!(!format!("{unlock:?}").contains("482913"));
    }
}
