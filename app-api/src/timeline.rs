//! 時系列: everything every profession wrote, newest first.

use crate::{
    Addressee, AuthorView, DispensingView, EntryId, IsoDate, MedicineChangeView, Millis, PatientId, Sent, Vitals,
};
use serde::{Deserialize, Serialize};

/// Asks for a page of a patient's timeline, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTimeline {
    /// Whose.
    pub patient: PatientId,
    /// Only what is older than this place; none = from the newest.
    pub before: Option<TimelineCursor>,
    /// At most so many entries.
    pub limit: u16,
}

/// A place in a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineCursor {
    /// When the last entry of the page happened.
    pub at: Millis,
    /// That entry.
    pub entry: EntryId,
}

/// A page of a timeline. A corrected entry is not listed by itself: it stands in [`TimelineEntry::earlier`] of
/// what corrected it, so that both versions are one tap apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Newest first.
    pub entries: Vec<TimelineEntry>,
    /// Where the next page starts; none = that was all.
    pub next: Option<TimelineCursor>,
    /// I have seen everything up to here; none = nothing yet.
    pub seen_until: Option<Millis>,
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
    /// Why it was corrected, where it was.
    pub reason: Option<String>,
    /// The versions before it, newest first; empty = never corrected.
    pub earlier: Vec<EarlierVersion>,
    /// What it says.
    pub body: EntryBody,
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
    },
    /// 調剤
    Dispensing(DispensingView),
    /// お薬の変更
    MedicineChange(MedicineChangeView),
    /// 訪問予定
    VisitPlan {
        /// Who comes.
        member_name: String,
        /// 1 = Monday … 7 = Sunday.
        weekdays: Vec<u8>,
        /// `09:30`.
        time: String,
        /// Why.
        purpose: String,
        /// First day.
        from: IsoDate,
        /// Last day.
        until: Option<IsoDate>,
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
    /// 訪問予定
    VisitPlan,
    /// お薬手帳
    NotebookImport,
    /// 救護所での閲覧
    SiteAccess,
    /// 写真・書類
    Attachment,
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
            EntryBody::VisitPlan { .. } => EntryKind::VisitPlan,
            EntryBody::NotebookImport { .. } => EntryKind::NotebookImport,
            EntryBody::SiteAccess { .. } => EntryKind::SiteAccess,
            EntryBody::Attachment(_) => EntryKind::Attachment,
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
