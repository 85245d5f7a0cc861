//! 時系列: everything every profession wrote, newest first, in pages both ways.

use crate::{
    Addressee, AuthorView, DispensingView, EntryId, IsoDate, LabReportView, MedicineChangeView, Millis,
    ObservationView, PatientId, Profession, ReadBy, Sent, TestRequestView, Vitals,
};
use serde::{Deserialize, Serialize};

/// Asks for a page of a patient's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTimeline {
    /// Whose.
    pub patient: PatientId,
    /// Where the page begins, and which way it goes on.
    pub start: TimelineStart,
    /// Which entries.
    pub filter: TimelineFilter,
    /// At most so many entries.
    pub limit: u16,
    /// What came as later news is new; none = what came after I last looked.
    pub since: Option<i64>,
}

/// Where a page of a timeline begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineStart {
    /// At the newest entry, back in time.
    Newest,
    /// With the last entry of this day, or of the last day before it, back in time.
    Day(IsoDate),
    /// At this place and with it, back in time.
    At(TimelineCursor),
    /// Behind this place, back in time.
    Older(TimelineCursor),
    /// Before this place, forward in time.
    Newer(TimelineCursor),
}

/// Which entries of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineFilter {
    /// Of this profession; none = of all.
    pub profession: Option<Profession>,
    /// Of these kinds; none = of all.
    pub kinds: Vec<EntryKind>,
    /// That say this, in whatever kana and width.
    pub words: String,
    /// Or that tell of this care: the codes whose words on the screen say what was typed.
    pub care: Vec<String>,
}

impl TimelineFilter {
    /// Everything is shown.
    pub fn is_empty(&self) -> bool {
        self.profession.is_none() && self.kinds.is_empty() && self.words.trim().is_empty()
    }
}

/// A place in a timeline. Places are in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimelineCursor {
    /// When the entry happened.
    pub at: Millis,
    /// Which one.
    pub entry: EntryId,
}

/// A page of a timeline. A corrected entry is not listed by itself: it stands in [`TimelineEntry::earlier`] of
/// what corrected it, so that both versions are one tap apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Newest first, whichever way the page went.
    pub entries: Vec<TimelineEntry>,
    /// There are more, the way the page went.
    pub more: bool,
}

/// Asks what is above and around a patient's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTimelineHead {
    /// Whose.
    pub patient: PatientId,
    /// As of these news, as [`GetTimeline::since`].
    pub since: Option<i64>,
}

/// Where I stand with a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineHead {
    /// The newest news: what [`MarkSeen`] takes.
    pub news: i64,
    /// What came later is new.
    pub since: i64,
    /// What is new, newest first.
    pub unread: Vec<TimelineCursor>,
    /// The months in which something happened, newest first, as ISO (`2026-11`).
    pub months: Vec<String>,
}

/// Marks what others wrote about a patient as seen by the person at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkSeen {
    /// Whom.
    pub patient: PatientId,
    /// The newest of the news that were on the screen, as [`TimelineHead::news`].
    pub news: i64,
}

/// Asks which day is meant by what was typed: `S12.3.3`, `昭和12年3月3日`, `2026/11/20`, `11/20`. None = no day that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadDate {
    /// As it was typed.
    pub typed: String,
}

/// One entry, in its newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Identifier of the newest version.
    pub id: EntryId,
    /// When it happened.
    pub at: Millis,
    /// When it was written.
    pub recorded_at: Millis,
    /// The relay's clock minus the writer's clock; none = never measured.
    pub clock_offset_ms: Option<i64>,
    /// Who wrote it.
    pub author: AuthorView,
    /// How far it has come.
    pub sent: Sent,
    /// Written by others since I last looked.
    pub new: bool,
    /// Who has confirmed it, in the order in which they did.
    pub read_by: Vec<ReadBy>,
    /// Why it was corrected, where it was.
    pub reason: Option<String>,
    /// The versions before it, newest first; empty = never corrected.
    pub earlier: Vec<EarlierVersion>,
    /// What it says.
    pub body: EntryBody,
    /// Its files, where they are looked at in it: a report's.
    pub files: Vec<crate::EntryFile>,
}

/// What an entry said before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierVersion {
    /// Its identifier.
    pub id: EntryId,
    /// When it was written.
    pub recorded_at: Millis,
    /// Who wrote it.
    pub author: AuthorView,
    /// What it said.
    pub body: EntryBody,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryBody {
    /// 訪問
    Visit(VisitView),
    /// 記録
    Note {
        /// The text.
        text: String,
    },
    /// 申し送り
    HandOver {
        /// To whom.
        to: Addressee,
        /// To be read before anything else.
        urgent: bool,
        /// The text.
        text: String,
        /// The hand-over that this one answers.
        answers: Option<EntryId>,
    },
    /// 調剤
    Dispensing(DispensingView),
    /// お薬の変更
    MedicineChange(MedicineChangeView),
    /// 残薬・服薬の様子
    MedicineObservation(ObservationView),
    /// 検査結果
    LabReport(LabReportView),
    /// 検査の依頼
    TestRequest(TestRequestView),
    /// 訪問予定
    VisitPlan(crate::PlanText),
    /// 一回だけの変更
    VisitChange(crate::VisitChangeView),
    /// チーム目標
    TeamGoal(crate::GoalDraft),
    /// 1日のリズム
    DayRhythm(crate::RhythmDraft),
    /// BPSD
    Behaviour(crate::BehaviourDraft),
    /// 意向の変更
    WishesChange {
        /// As they were.
        before: Vec<crate::WishesDraft>,
        /// As they are from then on.
        after: crate::WishesDraft,
    },
    /// お薬手帳の取り込み
    NotebookImport {
        /// Name of the file.
        file_name: String,
        /// The text as it came, kept whole.
        text: String,
    },
    /// 救護所での閲覧
    SiteAccess {
        /// Why the card was opened, as chosen.
        reason: String,
    },
    /// 写真・書類
    Attachment(crate::AttachmentView),
    /// 書類
    Document(crate::DocumentView),
    /// 確認事項への回答
    ChecklistAnswer {
        /// The version of the document that asks.
        document: EntryId,
        /// The question, as it was asked.
        question: String,
        /// What the answer comes to.
        verdict: crate::Verdict,
        /// In the writer's words.
        text: String,
    },
    /// 取消: the version before should not have been made.
    Withdrawal,
    /// Written by a newer version of the program: kept, shown by its name.
    Unknown {
        /// Its own name for itself.
        kind: String,
    },
}

/// The kind of an entry, where its content is not needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// 訪問
    Visit,
    /// 記録
    Note,
    /// 申し送り
    HandOver,
    /// 調剤
    Dispensing,
    /// お薬の変更
    MedicineChange,
    /// 残薬・服薬の様子
    MedicineObservation,
    /// 検査結果
    LabReport,
    /// 検査の依頼
    TestRequest,
    /// 訪問予定
    VisitPlan,
    /// 一回だけの変更
    VisitChange,
    /// チーム目標
    TeamGoal,
    /// 1日のリズム
    DayRhythm,
    /// BPSD
    Behaviour,
    /// 意向の変更
    WishesChange,
    /// お薬手帳
    NotebookImport,
    /// 救護所での閲覧
    SiteAccess,
    /// 写真・書類
    Attachment,
    /// 書類
    Document,
    /// 確認事項への回答
    ChecklistAnswer,
    /// 取消
    Withdrawal,
    /// The card: identity, allergies, wishes and so on.
    Card,
    /// Something newer.
    Unknown,
}

impl EntryBody {
    /// Its kind.
    pub fn kind(&self) -> EntryKind {
        match self {
            EntryBody::Visit(_) => EntryKind::Visit,
            EntryBody::Note { .. } => EntryKind::Note,
            EntryBody::HandOver { .. } => EntryKind::HandOver,
            EntryBody::Dispensing(_) => EntryKind::Dispensing,
            EntryBody::MedicineChange(_) => EntryKind::MedicineChange,
            EntryBody::MedicineObservation(_) => EntryKind::MedicineObservation,
            EntryBody::LabReport(_) => EntryKind::LabReport,
            EntryBody::TestRequest(_) => EntryKind::TestRequest,
            EntryBody::VisitPlan(_) => EntryKind::VisitPlan,
            EntryBody::VisitChange(_) => EntryKind::VisitChange,
            EntryBody::TeamGoal(_) => EntryKind::TeamGoal,
            EntryBody::DayRhythm(_) => EntryKind::DayRhythm,
            EntryBody::Behaviour(_) => EntryKind::Behaviour,
            EntryBody::WishesChange { .. } => EntryKind::WishesChange,
            EntryBody::NotebookImport { .. } => EntryKind::NotebookImport,
            EntryBody::SiteAccess { .. } => EntryKind::SiteAccess,
            EntryBody::Attachment(_) => EntryKind::Attachment,
            EntryBody::Document(_) => EntryKind::Document,
            EntryBody::ChecklistAnswer { .. } => EntryKind::ChecklistAnswer,
            EntryBody::Withdrawal => EntryKind::Withdrawal,
            EntryBody::Unknown { .. } => EntryKind::Unknown,
        }
    }
}

/// A visit as it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitView {
    /// Why somebody came.
    pub purpose: Option<String>,
    /// What was measured.
    pub vitals: Vitals,
    /// Care given: codes of [`crate::CARE_CODES`], or words.
    pub care: Vec<String>,
    /// In the writer's words.
    pub note: String,
    /// What stands under the headings of the writer's form.
    pub sections: Vec<crate::NoteSection>,
}
