//! Documents as they are written: drafts, versions, and answers to their questions.

use std::collections::BTreeMap;

use crate::{DocumentKind, DocumentVersion, DraftFile, EntryId, PatientId, Verdict};
use serde::{Deserialize, Serialize};

/// Which document is being written. Each has a draft of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentDraftName {
    /// A new one.
    New(NewDocument),
    /// The next version of this one.
    Version(EntryId),
    /// The answer to this one.
    Reply(EntryId),
}

/// A kind that can be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewDocument {
    /// 退院時サマリ
    DischargeSummary,
    /// 退院時カンファレンス資料
    Conference,
    /// 入院中の様子
    HospitalStay,
    /// 紹介状
    Referral,
}

impl NewDocument {
    /// Every kind, in the order of the screen.
    pub const ALL: [NewDocument; 4] = [Self::Referral, Self::DischargeSummary, Self::Conference, Self::HospitalStay];

    /// The kind of document that it becomes.
    pub fn kind(self) -> DocumentKind {
        match self {
            Self::DischargeSummary => DocumentKind::DischargeSummary,
            Self::Conference => DocumentKind::Conference,
            Self::HospitalStay => DocumentKind::HospitalStay,
            Self::Referral => DocumentKind::Referral,
        }
    }
}

/// A document as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentForm {
    /// Which kind.
    pub kind: DocumentKind,
    /// 表題
    pub title: String,
    /// To which facility.
    pub to_facility: String,
    /// To whom there.
    pub to_name: String,
    /// What stands under each heading, by name.
    pub sections: BTreeMap<String, String>,
    /// 確認事項, as typed: empty ones are left out when it is saved.
    pub checklist: Vec<String>,
    /// Files of the version before that stay in it.
    pub kept: Vec<EntryId>,
    /// The names of its new files, by their number in the draft.
    pub names: Vec<(i64, String)>,
    /// Versions beside the one that it follows which it takes up, too: they are withdrawn with the same reason.
    pub takes_up: Vec<EntryId>,
    /// Why there is another version.
    pub reason: String,
}

impl DocumentForm {
    /// An empty one.
    pub fn of(kind: DocumentKind) -> Self {
        Self {
            kind,
            title: String::new(),
            to_facility: String::new(),
            to_name: String::new(),
            sections: BTreeMap::new(),
            checklist: Vec::new(),
            kept: Vec::new(),
            names: Vec::new(),
            takes_up: Vec::new(),
            reason: String::new(),
        }
    }

    /// What stands under a heading.
    pub fn section(&self, name: &str) -> &str {
        self.sections.get(name).map_or("", String::as_str)
    }
}

/// Asks for a draft as it was left, and for what it follows or answers. Errors: `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDocumentDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub draft: DocumentDraftName,
}

/// A document that is being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDraft {
    /// As it was left; none = nothing yet.
    pub form: Option<DocumentForm>,
    /// Its new files.
    pub files: Vec<DraftFile>,
    /// The version that it follows, or the document that it answers.
    pub before: Option<DocumentVersion>,
    /// Versions that were made apart from the one that it follows, and stand beside it.
    pub beside: Vec<EntryId>,
}

/// Keeps a draft, durably.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutDocumentDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub draft: DocumentDraftName,
    /// All of it.
    pub form: DocumentForm,
}

/// Throws a draft away, with its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropDocumentDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which.
    pub draft: DocumentDraftName,
}

/// Records a document, its files with it, in one durable step that also forgets the draft. A version names the one that it follows.
/// Errors: `nothing-to-save`, `reason-required`, `too-long`, `changed-meanwhile` (somebody withdrew it), `disk-full`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveDocument {
    /// About whom.
    pub patient: PatientId,
    /// Which draft.
    pub draft: DocumentDraftName,
    /// All of it.
    pub form: DocumentForm,
}

/// Answers a question of a document. Errors: `no-such-entry`, `too-long`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerQuestion {
    /// About whom.
    pub patient: PatientId,
    /// The version that asks.
    pub document: EntryId,
    /// The question, as it is asked.
    pub question: String,
    /// What the answer comes to.
    pub verdict: Verdict,
    /// In the writer's words.
    pub text: String,
}
