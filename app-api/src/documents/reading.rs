//! Documents as they are read: in a list, whole, with their versions, questions and links.

use crate::{AuthorView, DocumentKind, EntryFile, EntryId, Millis, PatientId, PatientName, Sent};
use serde::{Deserialize, Serialize};

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
