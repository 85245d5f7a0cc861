//! 残薬・服薬の様子: what somebody near the patient saw of a medicine: how much is left over, and what it did.
//!
//! A helper who finds twelve tablets in a drawer and a daughter's word about dizziness are facts of the record like a
//! pressure that was measured: an entry each, with author and time, corrected by another entry. They never change the list
//! of medicines, and a suspected adverse reaction never becomes one of the card by itself: a person decides that.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What whoever wrote it made of the medicine's effect.
    pub enum Effect {
        /// 効いている
        Worked = "worked",
        /// 変わりなし
        NoChange = "no-change",
        /// 悪くなった
        Worse = "worse",
        /// 副作用の疑い
        SuspectedReaction = "suspected-reaction",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// 残薬・服薬の様子: one medicine, as it was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MedicineObservation {
    /// Item key of the medicine on the card.
    pub key: String,
    /// Name of the medicine, as then known.
    pub name: String,
    /// 残薬
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leftover: Option<Leftover>,
    /// What came of it, where whoever wrote it judges that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// 効果・様子, in the writer's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 残薬: what was left, as counted. Amounts stay text, like those that were dispensed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leftover {
    /// How much.
    pub amount: String,
    /// Unit of the amount, and of what should be there.
    pub unit: String,
    /// How much should be left by the prescription, where somebody worked that out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
