//! What is on the card besides medicines: ミニマム連携診療情報項目.
//!
//! Dates are ISO 8601 text (`1937-03-03`, or only `1937-03`, `1937` when no more is known); conversion from and to the
//! Japanese calendar belongs to the screen.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::medicine::Code;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Administrative sex, the four words of HL7 FHIR.
    #[derive(Default)]
    pub enum Sex {
        /// 男
        Male = "male",
        /// 女
        Female = "female",
        /// その他
        Other = "other",
        /// 不明
        #[default]
        Unknown = "unknown",
        ;
        /// A word of a newer version.
        Unrecognised(String)
    }
}

/// Who the patient is. One atomic value: name, birth date and address always come from one hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// 氏名
    pub name: String,
    /// 氏名カナ, as written by the author; folding for search is the reader's work.
    pub kana: String,
    /// 性別
    pub sex: Sex,
    /// 生年月日, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// 郵便番号
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    /// 住所
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// 電話
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// 血液型, as stated; never used for transfusion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_type: Option<String>,
    /// Patient numbers given by facilities (名寄せ).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<LocalNumber>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// The number one facility knows the patient by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LocalNumber {
    /// Name of the facility.
    pub facility: String,
    /// The number, leading zeros kept.
    pub number: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 緊急連絡先
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// 氏名
    pub name: String,
    /// 続柄
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    /// 電話
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// 備考
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// What kind of reaction to be kept from.
    #[derive(Default)]
    pub enum AllergyKind {
        /// アレルギー
        #[default]
        Allergy = "allergy",
        /// 副作用
        AdverseReaction = "adverse-reaction",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// アレルギー・副作用
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Allergy {
    /// Substance, food or medicine, as named by the author.
    pub substance: String,
    /// Allergy or adverse reaction.
    pub kind: AllergyKind,
    /// 症状
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<String>,
    /// 重症度
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When it was noticed, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 傷病名
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Name as written by the author.
    pub name: String,
    /// Code, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Since when, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// Needs that cannot wait in a disaster.
    pub enum SpecialNeedKind {
        /// 在宅酸素
        Oxygen = "oxygen",
        /// 透析
        Dialysis = "dialysis",
        /// 人工呼吸器
        Ventilator = "ventilator",
        /// 体内植込み(ペースメーカー等)
        Implant = "implant",
        ;
        /// Any other, in its own words.
        Other(String)
    }
}

/// A need that cannot wait: what it is, and the detail somebody must know to meet it (flow, schedule, model).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpecialNeed {
    /// What it is.
    pub kind: SpecialNeedKind,
    /// Detail, for example `2 L/分、夜間のみ` or `月水金 県立釜石病院`.
    pub detail: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 本人の意思. Never deduced, only recorded: there is no default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wishes {
    /// True: do not attempt resuscitation (DNAR).
    pub dnar: bool,
    /// The wishes in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When decided, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<String>,
    /// With whom: patient, family, physician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_with: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// かかりつけ医
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Physician {
    /// 氏名
    pub name: String,
    /// 医療機関
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub facility: String,
    /// 電話
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
