//! 記録: a visit, written in the hallway.

use crate::{EntryId, MemberId, Millis, PatientId, Profession, Vitals};
use serde::{Deserialize, Serialize};

/// Records a visit, and a hand-over with it where there is one, in one durable step.
/// Errors: `nothing-to-save`, `out-of-range`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordVisit {
    /// Whom.
    pub patient: PatientId,
    /// What.
    pub visit: VisitDraft,
    /// For whoever comes next.
    pub hand_over: Option<HandOverDraft>,
}

/// A visit as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitDraft {
    /// When it happened; none = now.
    pub at: Option<Millis>,
    /// Why.
    pub purpose: Option<String>,
    /// What was measured.
    pub vitals: Vitals,
    /// Care given: codes of [`crate::CARE_CODES`], or words.
    pub care: Vec<String>,
    /// In the writer's words.
    pub note: String,
}

impl VisitDraft {
    /// Nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.vitals.is_empty() && self.care.is_empty() && self.note.trim().is_empty()
    }
}

/// A hand-over as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverDraft {
    /// To whom.
    pub to: Addressee,
    /// To be read before anything else.
    pub urgent: bool,
    /// The text.
    pub text: String,
}

/// To whom a hand-over is addressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// Everybody around the patient.
    Team,
    /// Everybody of one profession.
    Profession(Profession),
    /// One person.
    Member {
        /// Who.
        id: MemberId,
        /// Their name.
        name: String,
    },
}

/// Corrects a visit: a new entry that names the old one, which stays readable.
/// Errors: `reason-required`, `no-such-entry`, and those of [`RecordVisit`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectVisit {
    /// Whom.
    pub patient: PatientId,
    /// The version that is corrected, which must be the newest.
    pub entry: EntryId,
    /// What it should have said, in full.
    pub visit: VisitDraft,
    /// Why.
    pub reason: String,
}
