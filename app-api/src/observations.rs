//! 残薬・服薬の様子: what anybody near the patient sees of a medicine.

use crate::{AuthorView, EntryId, Millis, PatientId, Sent};
use serde::{Deserialize, Serialize};

/// Longest text of an observation, in bytes.
pub const MAX_OBSERVATION: usize = 4_000;
/// Longest amount or unit, in bytes.
pub const MAX_AMOUNT: usize = 60;

/// Records what was seen of a medicine. It changes nothing on the list and nothing on the card.
/// Errors: `nothing-to-save`, `field-required` (`amount`, `unit`), `too-long`, `no-such-entry`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObserveMedicine {
    /// Whose.
    pub patient: PatientId,
    /// [`crate::MedicineView::key`], also of a stopped one.
    pub key: String,
    /// What was seen.
    pub observation: ObservationDraft,
}

/// What was seen of a medicine, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationDraft {
    /// 残薬
    pub leftover: Option<LeftoverView>,
    /// What came of it, where whoever writes judges that.
    pub effect: Option<Effect>,
    /// 効果・様子
    pub text: String,
}

/// 残薬: amount and unit exactly as they were counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverView {
    /// How much.
    pub amount: String,
    /// Of what.
    pub unit: String,
    /// How much should be left, where it was worked out.
    pub expected: Option<String>,
}

/// What came of a medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 効いている
    Worked,
    /// 変わりなし
    NoChange,
    /// 悪くなった
    Worse,
    /// 副作用の疑い
    SuspectedReaction,
}

impl Effect {
    /// In the order of the form.
    pub const ALL: [Effect; 4] = [Effect::Worked, Effect::NoChange, Effect::Worse, Effect::SuspectedReaction];
}

/// What was seen of a medicine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationView {
    /// Which medicine.
    pub key: String,
    /// Its name, as then known.
    pub name: String,
    /// 残薬
    pub leftover: Option<LeftoverView>,
    /// What came of it; none also where this version does not know the word.
    pub effect: Option<Effect>,
    /// 効果・様子
    pub text: String,
}

/// An observation in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationEntry {
    /// The entry.
    pub entry: EntryId,
    /// When it was seen.
    pub at: Millis,
    /// By whom.
    pub author: AuthorView,
    /// How far it has come.
    pub sent: Sent,
    /// What.
    pub observation: ObservationView,
    /// A suspected adverse reaction to something that the card does not name yet: a person can add it there.
    pub not_on_card: bool,
}
