//! 記録: a visit, written in the hallway.

use crate::{EntryId, Measure, MemberId, Millis, PatientId, Profession, VisitForm, Vitals};
use serde::{Deserialize, Serialize};

/// Records a visit, the photos of its draft, and a hand-over with it where there is one, in one durable step that also forgets the draft.
/// Errors: `nothing-to-save`, `implausible`, `out-of-range`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordVisit {
    /// Whom.
    pub patient: PatientId,
    /// What.
    pub visit: VisitDraft,
    /// Numbers that are hard to believe, and which the writer has looked at again.
    pub insisted: Vec<Measure>,
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
    /// What the profession's form asks for ([`crate::sections_for`]); those without text are left out.
    pub sections: Vec<NoteSection>,
}

/// What stands under one heading of a profession's form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteSection {
    /// A code of [`crate::SECTION_CODES`], or a heading.
    pub name: String,
    /// The text.
    pub text: String,
}

impl VisitDraft {
    /// Nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.vitals.is_empty()
            && self.care.is_empty()
            && self.note.trim().is_empty()
            && self.sections.iter().all(|section| section.text.trim().is_empty())
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

/// Takes a visit back that was saved a moment ago, with its photos and the hand-over written with it: the record says so, and all of it is a draft
/// again. One durable step. Errors: `no-such-entry`, `draft-begun`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoVisit {
    /// Whom it is about.
    pub patient: PatientId,
    /// What was saved.
    pub entry: EntryId,
    /// What stood in its form.
    pub form: VisitForm,
    /// Why it is taken back.
    pub reason: String,
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
    /// As in [`RecordVisit`].
    pub insisted: Vec<Measure>,
    /// Why.
    pub reason: String,
}

/// Takes an entry back that should not have been made: a new entry says so, and the old one stays readable.
/// Errors: `reason-required`, `no-such-entry`, `changed-meanwhile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawEntry {
    /// Whom it is about.
    pub patient: PatientId,
    /// The version that is taken back, which must be the newest.
    pub entry: EntryId,
    /// Why.
    pub reason: String,
}
