//! Events: what was observed, done or said. Written once, never edited; a correction is another event.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_cbor::Value;

use crate::attachment::Attachment;
use crate::care_document::{CareDocument, ChecklistAnswer};
use crate::care_plan::{BehaviourEvent, DayRhythm, TeamGoal, WishesChange};
use crate::codec::Newer;
use crate::ids::{EntryId, Timestamp};
use crate::lab::{LabReport, TestRequest};
use crate::medicine::{Dispensing, Medicine};
use crate::observation::MedicineObservation;
use crate::plan::{VisitChange, VisitPlan};
use crate::stamp::{Profession, Stamp};
use crate::vocabulary::vocabulary;

/// One entry of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: EntryId,
    /// Who recorded it, and when.
    pub stamp: Stamp,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The entry this one corrects. The old entry stays readable (真正性).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<EntryId>,
    /// Why; required for a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it says.
    pub body: EventBody,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// 訪問記録
    Visit(Visit),
    /// A free note.
    Note(Note),
    /// 申し送り
    HandOver(HandOver),
    /// 調剤
    Dispensing(Dispensing),
    /// 処方・服薬の変更
    MedicationChange(MedicationChange),
    /// 残薬・服薬の様子
    MedicineObservation(MedicineObservation),
    /// 検査結果
    LabReport(LabReport),
    /// 検査の依頼
    TestRequest(TestRequest),
    /// 訪問予定
    VisitPlan(VisitPlan),
    /// 一回だけの変更
    VisitChange(VisitChange),
    /// チーム目標
    TeamGoal(TeamGoal),
    /// 1日のリズム
    DayRhythm(DayRhythm),
    /// BPSD
    Behaviour(BehaviourEvent),
    /// 意向の変更
    WishesChange(WishesChange),
    /// A notebook as it was imported.
    NotebookText(NotebookText),
    /// 災害時閲覧
    SiteAccess(SiteAccess),
    /// 取消: the corrected entry should not have been made (for example, on the wrong patient).
    Withdrawal(Withdrawal),
    /// 添付
    Attachment(Attachment),
    /// 書類
    Document(CareDocument),
    /// 確認事項への回答
    ChecklistAnswer(ChecklistAnswer),
    /// A kind of a newer version, or a body this version cannot read. Kept and shown as such.
    Unknown {
        /// The kind as stored.
        kind: String,
        /// The body as stored.
        raw: Value,
    },
}

impl EventBody {
    /// The kind as stored.
    pub fn kind(&self) -> &str {
        match self {
            Self::Visit(_) => "visit",
            Self::Note(_) => "note",
            Self::HandOver(_) => "hand-over",
            Self::Dispensing(_) => "dispensing",
            Self::MedicationChange(_) => "medication-change",
            Self::MedicineObservation(_) => "medicine-observation",
            Self::LabReport(_) => "lab-report",
            Self::TestRequest(_) => "test-request",
            Self::VisitPlan(_) => "visit-plan",
            Self::VisitChange(_) => "visit-change",
            Self::TeamGoal(_) => "team-goal",
            Self::DayRhythm(_) => "day-rhythm",
            Self::Behaviour(_) => "behaviour",
            Self::WishesChange(_) => "wishes-change",
            Self::NotebookText(_) => "notebook-text",
            Self::SiteAccess(_) => "site-access",
            Self::Withdrawal(_) => "withdrawal",
            Self::Attachment(_) => "attachment",
            Self::Document(_) => "document",
            Self::ChecklistAnswer(_) => "checklist-answer",
            Self::Unknown { kind, .. } => kind,
        }
    }

    /// The hand-over, where it is one.
    pub fn hand_over(&self) -> Option<&HandOver> {
        match self {
            Self::HandOver(hand_over) => Some(hand_over),
            _ => None,
        }
    }

    /// What it follows, where it is a statement of which one holds at a time ([`crate::current`]).
    pub fn follows(&self) -> Option<&[EntryId]> {
        match self {
            Self::TeamGoal(goal) => Some(&goal.follows),
            Self::DayRhythm(rhythm) => Some(&rhythm.follows),
            _ => None,
        }
    }
}

/// For every corrected entry, the entries that correct it, in the order of `events`. Two people who corrected one entry
/// apart from each other are both listed.
pub fn corrected_by(events: &[Event]) -> BTreeMap<EntryId, Vec<EntryId>> {
    let mut corrections: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
    for event in events {
        if let Some(corrected) = event.corrects {
            corrections.entry(corrected).or_default().push(event.id);
        }
    }
    corrections
}

/// 訪問記録: one visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// 目的
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// バイタルサイン
    #[serde(default)]
    pub vitals: Vitals,
    /// Care given, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub care: Vec<String>,
    /// 観察・記録
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// 項目別の記録, in the order of the writer's form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<NoteSection>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 項目別の記録: what a profession's form asks for under one heading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoteSection {
    /// A code that every language of the screen has a heading for, or a heading.
    pub name: String,
    /// The text.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// バイタルサイン. What was not measured is absent, never zero. Numbers that are hard to believe can be here too: who measured insisted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// 収縮期血圧, mmHg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systolic: Option<u16>,
    /// 拡張期血圧, mmHg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diastolic: Option<u16>,
    /// 脈拍, per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<u16>,
    /// SpO₂, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spo2: Option<u16>,
    /// 体温, 0.1 °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Tenths>,
    /// 体重, 0.1 kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Tenths>,
    /// 血糖, mg/dL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glucose: Option<u16>,
    /// 疼痛 (NRS), 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain: Option<u16>,
    /// 呼吸数, per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respiration: Option<u16>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

impl Vitals {
    /// True when nothing was measured.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A measurement in tenths: 365 is 36.5. Exact, unlike a floating-point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenths(pub i16);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{}", magnitude / 10, magnitude % 10)
    }
}

/// A free note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The text.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 申し送り: something the next person must know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    /// To whom.
    pub to: Addressee,
    /// 至急
    #[serde(default)]
    pub urgent: bool,
    /// The text.
    pub text: String,
    /// The hand-over that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// To whom a hand-over is addressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// Everybody around the patient.
    Team,
    /// Everybody of one profession.
    Profession(Profession),
    /// One person.
    Member {
        /// Member id, 32 hexadecimal digits.
        member: String,
        /// Name, as then known.
        name: String,
    },
}

vocabulary! {
    /// What happened to a medicine.
    pub enum MedicationChangeKind {
        /// 開始
        Started = "started",
        /// 変更
        Changed = "changed",
        /// 中止
        Stopped = "stopped",
        /// Two concurrent values were resolved into one.
        Resolved = "resolved",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// A change of the medicine list, told in the chart; the reason is the event's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MedicationChange {
    /// Item key of the medicine on the card.
    pub key: String,
    /// What happened.
    pub change: MedicationChangeKind,
    /// As it was; several when a conflict was resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Medicine>,
    /// As it is from now on; none when stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Medicine>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// The text of an imported notebook, kept as evidence. A long one takes several events (`part` of `parts`), because
/// one value is limited to [`crate::MAX_VALUE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotebookText {
    /// Name of the file.
    pub file_name: String,
    /// Encoding it was in, for example `shift_jis`.
    pub encoding: String,
    /// SHA-256 of the whole file as received, 64 hexadecimal digits.
    pub sha256: String,
    /// Which part this is, from 1.
    pub part: u16,
    /// How many parts there are.
    pub parts: u16,
    /// The text of this part, decoded.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 災害時閲覧: somebody at an evacuation site opened the card. Recorded on the card, the only part such a site holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteAccess {
    /// 閲覧理由
    pub reason: String,
    /// The site (救護所).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 取消. The reason is the event's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

#[cfg(test)]
mod tests {
    use super::Tenths;

    #[test]
    fn tenths_are_written_with_one_decimal() {
        assert_eq!([365, 0, -4, 1000].map(|n| Tenths(n).to_string()), ["36.5", "0.0", "-0.4", "100.0"]);
    }
}
