//! チーム: the facilities around a patient, what their access rests on, and adding one.

use crate::{Millis, PatientId, TeamMember};
use serde::{Deserialize, Serialize};

/// Asks for the facilities around a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCareTeam {
    /// Whose.
    pub patient: PatientId,
}

/// The facilities around a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareTeam {
    /// By when they joined.
    pub facilities: Vec<TeamFacility>,
    /// This tablet can add others.
    pub may_add: bool,
}

/// A facility in a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamFacility {
    /// Names it in [`AddToTeam`].
    pub facility: String,
    /// Its name.
    pub name: String,
    /// Its kind, as the region names it.
    pub kind: String,
    /// Who works there.
    pub members: Vec<TeamMember>,
    /// Its tablets.
    pub tablets: u32,
    /// Those of them that have no access yet: they were enrolled later.
    pub tablets_without: u32,
    /// Since when.
    pub since: Millis,
    /// The consent it rests on, in the words of whoever added it; none where the patient was registered here.
    pub consent: Option<String>,
    /// The facility that added it.
    pub added_by: Option<String>,
}

/// Asks for the facilities of the region that are not in a patient's team yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetColleagues {
    /// Whose team.
    pub patient: PatientId,
}

/// A facility that could be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColleagueFacility {
    /// Names it in [`AddToTeam`].
    pub facility: String,
    /// Its name.
    pub name: String,
    /// Its kind, as the region names it.
    pub kind: String,
    /// Who works there.
    pub members: Vec<TeamMember>,
    /// Its tablets that would be given access; none = it cannot be added yet.
    pub tablets: u32,
}

/// Adds a facility: each of its tablets may read and write the card and the chart from now on.
/// Errors: `field-required` (the consent), `no-tablet`, `not-granted`, `disk-full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddToTeam {
    /// Whose team.
    pub patient: PatientId,
    /// Which.
    pub facility: String,
    /// The consent it rests on: how, when, with whom.
    pub consent: String,
}
