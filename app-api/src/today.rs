//! 今日: the round, and what waits.

use crate::{AuthorView, ClashView, EntryId, EntryKind, HandOverView, IsoDate, Millis, PatientName, PatientRow};
use serde::{Deserialize, Serialize};

/// Asks for the day's page of the person at work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetToday {
    /// Which day; none = today in Asia/Tokyo by the shell's clock.
    pub date: Option<IsoDate>,
}

/// The day's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    /// The day shown.
    pub date: IsoDate,
    /// The round, in order of time.
    pub round: Vec<RoundVisit>,
    /// What others wrote since I last looked, newest patient first.
    pub changes: Vec<PatientChanges>,
    /// Hand-overs to me, my profession or the team that I have not confirmed yet, urgent first.
    pub hand_overs: Vec<HandOverView>,
    /// Letters to my facility that nobody has answered yet, newest first.
    pub letters: Vec<crate::WaitingLetter>,
    /// Conflicts that wait for a person.
    pub conflicts: u32,
    /// Saved entries that the relay does not have yet.
    pub unsent: u32,
}

/// One stop of the round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundVisit {
    /// Planned time, `09:30`.
    pub time: String,
    /// When it ends.
    pub until: String,
    /// Names of the others who come along.
    pub with: Vec<String>,
    /// What gets in its way.
    pub clashes: Vec<ClashView>,
    /// It, or its plan, was changed by several people apart from each other.
    pub disputed: bool,
    /// Why, in one line.
    pub purpose: String,
    /// Whom.
    pub patient: PatientRow,
    /// I recorded a visit there that day.
    pub done: bool,
}

/// What changed about one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientChanges {
    /// Whom.
    pub patient: PatientName,
    /// The newest changes; at most five.
    pub lines: Vec<ChangeLine>,
    /// All changes, also those not listed.
    pub count: u32,
}

/// One change in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// The entry.
    pub entry: EntryId,
    /// When it happened.
    pub at: Millis,
    /// Who wrote it.
    pub author: AuthorView,
    /// What kind.
    pub kind: EntryKind,
    /// Its first words, in the writer's language; may be empty.
    pub summary: String,
}
