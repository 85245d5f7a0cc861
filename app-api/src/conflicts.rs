//! 要確認: two people wrote different things without knowing of each other. A person decides, nobody else.

use crate::{
    AllergyView, ContactView, DiagnosisView, GoalDraft, IsoDate, MedicineView, PatientId, PatientName, PhysicianView,
    Regimen, RhythmDraft, Sex, SpecialNeedView, WishesDraft, WrittenView,
};
use serde::{Deserialize, Serialize};

/// Asks for what waits for a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetConflicts {
    /// Of one patient; none = of all.
    pub patient: Option<PatientId>,
}

/// One thing with more than one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Whose.
    pub patient: PatientName,
    /// Names it in [`ResolveConflict`].
    pub key: String,
    /// What it is about.
    pub subject: ConflictSubject,
    /// Which one, where the subject is one of many: the medicine's name, the substance.
    pub title: String,
    /// Two or more, in an order that does not depend on the tablet.
    pub values: Vec<ConflictValue>,
    /// The decision needs a reason (medicines and wishes).
    pub reason_required: bool,
}

/// What a conflict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictSubject {
    /// Who the patient is.
    Identity,
    /// A medicine.
    Medicine,
    /// An allergy or adverse reaction.
    Allergy,
    /// A diagnosis.
    Diagnosis,
    /// A special need.
    SpecialNeed,
    /// Wishes, DNAR among them.
    Wishes,
    /// Primary physician.
    Physician,
    /// A contact.
    Contact,
    /// The team's goal.
    TeamGoal,
    /// The rhythm of the day.
    DayRhythm,
    /// Something newer.
    Other,
}

/// One of the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictValue {
    /// Names it in [`Choice::Value`]; depends on the content only.
    pub id: String,
    /// What it says.
    pub value: ConflictContent,
    /// Who wrote it, when, why.
    pub written: WrittenView,
}

/// What one of the values says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictContent {
    /// A medicine as it should be taken.
    Medicine(Box<MedicineView>),
    /// An allergy.
    Allergy(AllergyView),
    /// A diagnosis.
    Diagnosis(DiagnosisView),
    /// A special need.
    SpecialNeed(SpecialNeedView),
    /// A contact.
    Contact(ContactView),
    /// A primary physician.
    Physician(PhysicianView),
    /// Wishes.
    Wishes(WishesDraft),
    /// Who the patient is.
    Identity(IdentityView),
    /// A goal of the team.
    TeamGoal(GoalDraft),
    /// A rhythm of the day.
    DayRhythm(RhythmDraft),
    /// It should not be there: a medicine stopped, an allergy removed.
    Removed,
    /// Anything else, as text.
    Text(String),
}

/// Who a patient is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityView {
    /// Name.
    pub name: String,
    /// In kana.
    pub kana: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth_date: Option<IsoDate>,
    /// Address.
    pub address: String,
    /// Telephone.
    pub phone: String,
}

/// Decides. Errors: `reason-required`, `changed-meanwhile` (the values are not those that were seen), `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolveConflict {
    /// Whose.
    pub patient: PatientId,
    /// [`Conflict::key`].
    pub key: String,
    /// The ids of all values that were on the screen: a decision follows what was seen, and nothing else.
    pub seen: Vec<String>,
    /// What holds from now on.
    pub choice: Choice,
    /// Why.
    pub reason: Option<String>,
}

/// What holds from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// One of the values.
    Value {
        /// [`ConflictValue::id`].
        id: String,
    },
    /// Another dose or usage of the medicine.
    Regimen(Regimen),
    /// Other wishes.
    Wishes(WishesDraft),
}
