//! 書類: what is written for somebody else to read as a whole, its versions, the questions in it, and the paper that it goes on.

use std::collections::BTreeMap;

use crate::{AuthorView, DraftFile, EntryFile, EntryId, Millis, PatientId, PatientName, Sent};
use serde::{Deserialize, Serialize};

/// Questions one document asks at most.
pub const MAX_CHECKLIST: usize = 40;

/// What kind of document it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 退院時サマリ
    DischargeSummary,
    /// 退院時カンファレンス資料
    Conference,
    /// 入院中の様子
    HospitalStay,
    /// 紹介状
    Referral,
    /// 返書
    Reply,
    /// Of a newer version, in its own word.
    Other(String),
}

/// Every heading of a document. What is not one of these in [`crate::NoteSection::name`] is shown as it was written.
pub const PART_CODES: &[&str] = &[
    "diagnoses",
    "purpose",
    "history",
    "course",
    "treatment",
    "prescription",
    "allergies",
    "remarks",
    "state",
    "instructions",
    "next-visit",
    "home-issues",
    "support",
    "requests",
    "meals",
    "taking",
    "daily-living",
    "sleep",
    "mind",
    "family",
    "findings",
    "judgement",
    "plan",
];

/// The headings of a kind of document, in order.
pub fn parts_for(kind: &DocumentKind) -> &'static [&'static str] {
    match kind {
        DocumentKind::DischargeSummary => {
            &["diagnoses", "course", "state", "prescription", "allergies", "instructions", "next-visit"]
        }
        DocumentKind::Conference => &["course", "state", "prescription", "home-issues", "support", "requests"],
        DocumentKind::HospitalStay => &["meals", "taking", "daily-living", "sleep", "mind", "family"],
        DocumentKind::Referral => {
            &["diagnoses", "purpose", "history", "course", "treatment", "prescription", "allergies", "remarks"]
        }
        DocumentKind::Reply => &["findings", "judgement", "treatment", "prescription", "plan", "requests"],
        DocumentKind::Other(_) => &["remarks"],
    }
}

/// Whether a kind of document is addressed to somebody, who answers it.
pub fn is_letter(kind: &DocumentKind) -> bool {
    matches!(kind, DocumentKind::Referral | DocumentKind::Reply)
}

/// Whether a kind of document asks questions.
pub fn asks(kind: &DocumentKind) -> bool {
    matches!(kind, DocumentKind::DischargeSummary | DocumentKind::Conference | DocumentKind::HospitalStay)
}

/// Asks for a patient's documents, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDocuments {
    /// Whose.
    pub patient: PatientId,
}

/// What a list of documents shows of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// Its newest version.
    pub entry: EntryId,
    /// Which kind.
    pub kind: DocumentKind,
    /// 表題
    pub title: String,
    /// Who wrote it.
    pub author: AuthorView,
    /// When.
    pub at: Millis,
    /// To whom: facility and name, either may be empty.
    pub to: (String, String),
    /// Versions that stand beside each other; more than one were made apart.
    pub current: u16,
    /// Questions that nobody has answered.
    pub open_questions: u16,
    /// Questions that it asks.
    pub questions: u16,
    /// A letter that nobody has answered yet.
    pub awaits_reply: bool,
    /// Files in it.
    pub files: u16,
}

/// Asks for one document, with all its versions. Errors: `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDocument {
    /// Whose.
    pub patient: PatientId,
    /// Any version of it.
    pub entry: EntryId,
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentPage {
    /// The versions that stand, newest first; more than one were made apart.
    pub current: Vec<DocumentVersion>,
    /// The versions before, newest first.
    pub earlier: Vec<DocumentVersion>,
    /// The questions, with every answer.
    pub checklist: Vec<Question>,
    /// The document that this one answers, where it is here.
    pub answered: Option<DocumentLink>,
    /// The documents that answer this one.
    pub replies: Vec<DocumentLink>,
    /// A letter to somebody else that nobody has answered yet.
    pub awaits_reply: bool,
}

/// One version of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVersion {
    /// Its entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: AuthorView,
    /// When.
    pub at: Millis,
    /// How far it has come.
    pub sent: Sent,
    /// Why it was made, where it follows another.
    pub reason: Option<String>,
    /// What it says.
    pub body: DocumentView,
    /// Its files; one that is not here yet is left out.
    pub files: Vec<EntryFile>,
}

/// What a document says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentView {
    /// Which kind.
    pub kind: DocumentKind,
    /// 表題
    pub title: String,
    /// To which facility.
    pub to_facility: String,
    /// To whom there.
    pub to_name: String,
    /// What stands under its headings: codes of [`PART_CODES`], or words.
    pub sections: Vec<crate::NoteSection>,
    /// 確認事項
    pub checklist: Vec<String>,
}

/// A question with its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// As it is asked.
    pub text: String,
    /// Every answer, oldest first.
    pub answers: Vec<AnswerView>,
}

/// Somebody's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerView {
    /// Who.
    pub author: AuthorView,
    /// When.
    pub at: Millis,
    /// What it comes to.
    pub verdict: Verdict,
    /// In the writer's words.
    pub text: String,
}

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// はい
    Yes,
    /// いいえ
    No,
    /// わからない
    Unclear,
    /// Of a newer version, in its own word.
    Other(String),
}

/// Another document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLink {
    /// Its newest version.
    pub entry: EntryId,
    /// Which kind.
    pub kind: DocumentKind,
    /// 表題
    pub title: String,
    /// Who wrote it.
    pub author: AuthorView,
    /// When.
    pub at: Millis,
}

/// A letter that waits for an answer, or to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingLetter {
    /// About whom.
    pub patient: PatientName,
    /// The letter.
    pub letter: DocumentLink,
}

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

/// Has this tablet sign the printed text of a document: what stands on the paper as a code. Errors: `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignPaper {
    /// Whose.
    pub patient: PatientId,
    /// Which version.
    pub entry: EntryId,
}

/// A signature on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSigned {
    /// What the QR code says.
    pub code: String,
    /// The tablet that signs, in words.
    pub tablet: String,
    /// When.
    pub at: Millis,
}

/// Looks at a picture of a paper's code. Errors: `no-qr-code`, `not-a-paper`, `paper-forged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPaper {
    /// The picture file, at most [`crate::MAX_QR_PICTURE`] bytes.
    pub picture: Vec<u8>,
}

/// What a signature comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperChecked {
    /// The tablet that signed.
    pub tablet: String,
    /// Its facility, where that is known here.
    pub facility: Option<String>,
    /// It is no longer trusted.
    pub revoked: bool,
    /// When it was signed, by that tablet's clock.
    pub at: Millis,
    /// The document on this tablet; none = this tablet does not hold it.
    pub held: Option<HeldPaper>,
}

/// The document that a paper shows, as this tablet holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPaper {
    /// About whom.
    pub patient: PatientName,
    /// Which.
    pub document: DocumentLink,
    /// The text here is the very one that was signed.
    pub same: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_of_a_form_has_a_code() {
        let kinds = NewDocument::ALL.map(NewDocument::kind);
        for kind in kinds.iter().chain([&DocumentKind::Reply, &DocumentKind::Other(String::new())]) {
            assert!(!parts_for(kind).is_empty());
            assert!(parts_for(kind).iter().all(|part| PART_CODES.contains(part)), "{kind:?}");
        }
        assert!(
            PART_CODES
                .iter()
                .all(|code| kinds.iter().chain([&DocumentKind::Reply]).any(|kind| parts_for(kind).contains(code)))
        );
    }
}
