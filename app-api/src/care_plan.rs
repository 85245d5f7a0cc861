//! What the team agrees on and learns: goal, rhythm of the day, troubled moments and what helped, how the wishes came about.

use crate::{EntryId, IsoDate, Millis, PatientId, WishesDraft, WishesView, WrittenView};
use serde::{Deserialize, Serialize};

/// Asks for what the team agrees on and has learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCarePlan {
    /// About whom.
    pub patient: PatientId,
}

/// What the team agrees on and has learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarePlan {
    /// チーム目標
    pub goals: Stated<GoalDraft>,
    /// 1日のリズム
    pub rhythms: Stated<RhythmDraft>,
    /// The wishes as they stand on the card.
    pub wishes: Option<WishesView>,
    /// More than one person wrote them apart from each other.
    pub wishes_conflict: bool,
    /// How they came about, newest first.
    pub wishes_past: Vec<WishesStep>,
    /// Troubled moments, newest first.
    pub behaviours: Vec<BehaviourView>,
    /// What helped, the behaviour that was seen most often first.
    pub helped: Vec<HelpedView>,
}

/// Statements of which one holds at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated<T> {
    /// Those that hold, oldest first; two or more were written apart from each other, and wait for a person.
    pub current: Vec<StatedView<T>>,
    /// Those before, newest first.
    pub past: Vec<StatedView<T>>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedView<T> {
    /// The entry.
    pub entry: EntryId,
    /// What it says.
    pub said: T,
    /// Who, when and why.
    pub written: WrittenView,
}

/// A goal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalDraft {
    /// 目標
    pub description: String,
    /// 方針
    pub note: String,
    /// Until when; in [`SetGoal`] as typed, in any form.
    pub due_date: Option<IsoDate>,
}

/// A day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RhythmDraft {
    /// In the order of the day.
    pub items: Vec<RhythmLine>,
}

/// One thing of the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RhythmLine {
    /// `07:00`.
    pub time: String,
    /// A code of [`ACTIVITY_CODES`], or words.
    pub activity: String,
    /// How, in words.
    pub note: String,
}

/// What is done at a time of day.
pub const ACTIVITY_CODES: &[&str] =
    &["get-up", "meal", "medicine", "toilet", "bath", "outing", "nap", "day-care", "bed"];

/// How the wishes came about: one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishesStep {
    /// The entry.
    pub entry: EntryId,
    /// As they were; several where two people had written apart from each other.
    pub before: Vec<WishesDraft>,
    /// As they were from then on.
    pub after: WishesDraft,
    /// Who, when and why.
    pub written: WrittenView,
}

/// A troubled moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourView {
    /// The entry.
    pub entry: EntryId,
    /// When it happened.
    pub at: Millis,
    /// What happened, and what was done.
    pub said: BehaviourDraft,
    /// Who recorded it.
    pub written: WrittenView,
}

/// A troubled moment, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourDraft {
    /// Codes of [`BEHAVIOUR_CODES`], or words.
    pub behaviours: Vec<String>,
    /// What happened.
    pub description: String,
    /// What may have led to it.
    pub antecedent: String,
    /// What was done.
    pub response: String,
    /// Whether it helped: a code of [`OUTCOME_CODES`].
    pub outcome: Option<String>,
}

/// What is seen when somebody is troubled.
pub const BEHAVIOUR_CODES: &[&str] = &[
    "going-home",
    "wandering",
    "refusal",
    "agitation",
    "aggression",
    "irritability",
    "anxiety",
    "delusion",
    "hallucination",
    "depression",
    "apathy",
    "night",
    "eating",
    "disinhibition",
    "euphoria",
];

/// Whether something helped.
pub const OUTCOME_CODES: &[&str] = &["helped", "partly", "not-helped"];

/// What was tried when one behaviour was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelpedView {
    /// A code of [`BEHAVIOUR_CODES`], or words.
    pub behaviour: String,
    /// How often it was seen.
    pub seen: u32,
    /// What helped, or helped a little, the newest first.
    pub helped: Vec<TriedView>,
    /// What did not, the newest first.
    pub not_helped: Vec<TriedView>,
}

/// Something that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedView {
    /// What.
    pub response: String,
    /// It helped a little only.
    pub partly: bool,
    /// When.
    pub at: Millis,
    /// Who told it.
    pub name: String,
}

/// Writes a goal: it takes the place of those that were on the screen. Errors: `field-required`, `date-unreadable`,
/// `changed-meanwhile` (somebody else wrote one that was not on the screen), `too-long`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetGoal {
    /// About whom.
    pub patient: PatientId,
    /// The goal.
    pub goal: GoalDraft,
    /// Those that held on the screen.
    pub seen: Vec<EntryId>,
    /// Why; may be empty.
    pub reason: String,
}

/// Writes the rhythm of the day: as [`SetGoal`]. Errors: as there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRhythm {
    /// About whom.
    pub patient: PatientId,
    /// The day.
    pub rhythm: RhythmDraft,
    /// Those that held on the screen.
    pub seen: Vec<EntryId>,
    /// Why; may be empty.
    pub reason: String,
}

/// Records a troubled moment. Errors: `nothing-to-save`, `out-of-range`, `too-long`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordBehaviour {
    /// About whom.
    pub patient: PatientId,
    /// What happened.
    pub behaviour: BehaviourDraft,
    /// How long ago, in minutes.
    pub minutes_ago: u32,
}
