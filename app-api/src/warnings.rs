//! What the record itself proves against a medicine, with its basis. Shown, never in the way.

use crate::PatientId;
use serde::{Deserialize, Serialize};

/// Asks what the record says against a medicine that is not on the list yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckMedicine {
    /// Whose.
    pub patient: PatientId,
    /// Its name, as typed so far.
    pub name: String,
    /// Its 一般名, as typed so far.
    pub general_name: String,
}

/// Something to look at before a medicine is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningView {
    /// What is wrong.
    pub kind: WarningKind,
    /// The substance of the card, or the name of the other medicine.
    pub other: String,
    /// Why.
    pub basis: WarningBasis,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// アレルギー
    Allergy,
    /// 副作用
    AdverseReaction,
    /// 同じお薬
    SameProduct,
    /// 同じ成分
    SameIngredient,
}

/// What a warning rests on: words or a code that are on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningBasis {
    /// Where.
    pub place: BasisPlace,
    /// The words, or the code.
    pub shared: String,
}

/// Where the words or the code stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisPlace {
    /// Words of the card in the name.
    WordsInName,
    /// Words of the card in the 一般名.
    WordsInGeneralName,
    /// The product's code.
    ProductCode,
    /// The name.
    ProductName,
    /// The code of the 一般名.
    GeneralCode,
    /// The 一般名.
    GeneralName,
    /// The first seven characters of price-list or YJ code: route and ingredient.
    IngredientCode,
}
