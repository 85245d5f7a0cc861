//! The small values that many commands share: identifiers, moments, people, doses.

use serde::{Deserialize, Serialize};

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

hex_id!(
    /// A patient: 32 lower-case hex digits.
    PatientId
);
hex_id!(
    /// An entry of a card or chart: 32 lower-case hex digits.
    EntryId
);
hex_id!(
    /// A member of staff: 32 lower-case hex digits.
    MemberId
);

/// A moment: milliseconds since the Unix epoch, UTC. The screen shows it in Asia/Tokyo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// A calendar day as an ISO string, `2026-11-20`. The screen adds the Japanese era.
pub type IsoDate = String;

/// What somebody does in the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profession {
    /// 医師
    Physician,
    /// 歯科医師
    Dentist,
    /// 薬剤師
    Pharmacist,
    /// 訪問看護師
    Nurse,
    /// 介護支援専門員
    CareManager,
    /// 訪問介護員
    Helper,
    /// 理学・作業療法士
    Therapist,
    /// 管理栄養士
    Dietitian,
    /// 医療ソーシャルワーカー・連携室
    Liaison,
    /// 行政・地域包括支援センター
    Municipality,
    /// 事務局
    Secretariat,
    /// Anything else, in the person's own words.
    Other(String),
}

/// Who wrote something, as it was known when they wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorView {
    /// Their identifier.
    pub member: MemberId,
    /// Their name as certified.
    pub name: String,
    /// Their profession as certified.
    pub profession: Profession,
    /// The name of their facility.
    pub facility: String,
    /// True when it is the person who is looking.
    pub mine: bool,
}

/// Who wrote something, when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenView {
    /// Who.
    pub author: AuthorView,
    /// When, by the clock of the writer's tablet.
    pub at: Millis,
    /// The relay's clock minus the writer's clock, as last measured by the writer's tablet. Shown when it is large.
    pub clock_offset_ms: Option<i64>,
    /// Why, in the writer's words.
    pub reason: Option<String>,
}

/// How far a saved entry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// Saved on this tablet only.
    Pending,
    /// Packed for sending; the relay has not confirmed it.
    Sealed,
    /// The relay has it, or it came from there.
    Acked,
}

/// Sex as recorded on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// その他
    Other,
    /// 不明
    Unknown,
}

/// What the amount of a dose counts. Confusing these is how people are harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoseBasis {
    /// For one day (1日量): internal medicines.
    PerDay,
    /// For one time (1回量): as-needed medicines, injections.
    PerDose,
    /// All that was handed over (全量): external medicines.
    Total,
    /// Not said, or in words that this version does not know. Never guessed: the source has to be asked.
    Unstated,
}

/// A dose, which is never shown without its unit and basis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dose {
    /// The amount, exactly as dispensed or typed: `0.5`.
    pub amount: String,
    /// The unit, exactly as dispensed or typed: `錠`.
    pub unit: String,
    /// What the amount counts.
    pub basis: DoseBasis,
}

/// When a medicine is taken. One medicine may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// 朝
    Morning,
    /// 昼
    Noon,
    /// 夕
    Evening,
    /// 寝る前
    Bedtime,
    /// 頓用
    AsNeeded,
    /// 外用
    External,
    /// 注射
    Injection,
    /// Anything else.
    Other,
}

/// Where a medicine came to be known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// お薬手帳
    Notebook,
    /// 処方
    Prescription,
    /// 聞き取り
    Interview,
    /// 市販薬
    Otc,
}

/// Something was saved: durable on this tablet before the answer was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The entry that was made, where one was.
    pub entry: Option<EntryId>,
    /// The moment it carries.
    pub at: Millis,
}

/// Payload of [`crate::EVENT_CHANGED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose records changed. Empty means: more than one page, read everything again.
    pub patients: Vec<PatientId>,
}
