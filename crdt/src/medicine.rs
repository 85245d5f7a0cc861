//! Medicines: the current list, and what a pharmacy dispensed.
//!
//! Names and fields follow 電子版お薬手帳 (JAHIS). Amounts stay text (`1`, `0.5`, `1〜2`): they are shown as the pharmacy
//! wrote them and never computed with.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::ids::EntryId;
use crate::vocabulary::vocabulary;

/// A code in a named system (`yj`, `receipt`, `hot`, `icd10` …).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Code {
    /// The coding system.
    pub system: String,
    /// The code itself.
    pub value: String,
}

/// A medicine as a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drug {
    /// Name as dispensed.
    pub name: String,
    /// Product code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// 一般名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub general_name: Option<String>,
    /// Code of the 一般名.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub general_code: Option<Code>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// What an amount counts. Confusing these is a threefold overdose: no default, always shown beside the amount.
    pub enum DoseBasis {
        /// 1日量
        PerDay = "per-day",
        /// 1回量
        PerDose = "per-dose",
        /// 全量
        Total = "total",
        ;
        /// A word of a newer version: show the word itself.
        Unrecognised(String)
    }
}

vocabulary! {
    /// When in the day.
    pub enum Timing {
        /// 朝
        Morning = "morning",
        /// 昼
        Noon = "noon",
        /// 夕
        Evening = "evening",
        /// 就寝前
        Bedtime = "bedtime",
        /// 頓服
        AsNeeded = "as-needed",
        /// 外用
        External = "external",
        /// 注射
        Injection = "injection",
        ;
        /// Any other, in its own words.
        Other(String)
    }
}

vocabulary! {
    /// Where a statement about a medicine comes from.
    pub enum Source {
        /// お薬手帳
        Notebook = "notebook",
        /// 処方
        Prescription = "prescription",
        /// 聞き取り
        Interview = "interview",
        /// 市販薬
        Otc = "otc",
        ;
        /// Any other, in its own words.
        Other(String)
    }
}

/// One medicine the patient takes. Dose, unit, basis, usage and dates are one atomic value: half of them is dangerous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Medicine {
    /// The product.
    pub drug: Drug,
    /// 用量, as written.
    pub amount: String,
    /// Unit of the amount.
    pub unit: String,
    /// What the amount counts.
    pub basis: DoseBasis,
    /// 用法, as written.
    pub usage: String,
    /// The usage as times of the day, for the screen. Empty when it could not be read from the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timings: Vec<Timing>,
    /// 剤形: 内服, 頓服, 外用 …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// First day, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Last day, ISO 8601; none means no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Prescribing doctor and institution, as one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescriber: Option<String>,
    /// Where this statement comes from.
    pub source: Source,
    /// 備考
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The dispensing event it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispensing: Option<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// A pharmacy, clinic or hospital as named in a notebook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Institution {
    /// 名称
    pub name: String,
    /// 都道府県番号, two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefecture: Option<String>,
    /// 点数表: 1 医科, 3 歯科, 4 調剤.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_table: Option<String>,
    /// 医療機関コード, seven digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 郵便番号
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// 住所
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// 電話
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// Who prescribed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prescriber {
    /// The institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Institution>,
    /// 診療科
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// 医師氏名
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 調剤: what a pharmacy handed out on one day. Belongs on the card: it is what an evacuation site needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dispensing {
    /// 調剤年月日, ISO 8601.
    pub dispensed_on: String,
    /// The pharmacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pharmacy: Option<Institution>,
    /// The pharmacist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pharmacist: Option<String>,
    /// Who prescribed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescriber: Option<Prescriber>,
    /// The medicines, in the order of the notebook.
    pub drugs: Vec<DispensedDrug>,
    /// Where this statement comes from.
    pub source: Source,
    /// Remarks about the whole dispensing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// One medicine of a dispensing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DispensedDrug {
    /// RP番号: medicines with one number share one usage.
    pub rp: u16,
    /// The product.
    pub drug: Drug,
    /// 用量, as written.
    pub amount: String,
    /// Unit of the amount.
    pub unit: String,
    /// What the amount counts.
    pub basis: DoseBasis,
    /// 用法, as written.
    pub usage: String,
    /// 調剤数量: number of days or times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// Unit of the quantity: 日分, 回分 …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub quantity_unit: String,
    /// 剤形: 内服, 頓服, 外用 …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// Remarks about this medicine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
