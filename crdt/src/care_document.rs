//! 書類: what is written for somebody else to read, as a whole: a discharge summary, a letter of referral, its answer.
//!
//! A document is an entry like any other: written once, corrected by another entry that names it and says why. So its **versions** are a
//! chain of corrections, and two people who made the next version apart from each other made two, which both stand until somebody follows
//! them. Names of fields are those of FHIR's Composition where it has them (`title`, `section`; its `type` is [`CareDocument::kind`], its
//! `author` and `date` are the entry's stamp, its `relatesTo` the entry's `corrects`).
//!
//! **Questions to be settled before a conference** (確認事項) stand in the document; each **answer** is an entry of its own
//! ([`ChecklistAnswer`]), so answers of several people, given at the same time, never meet in one value. An answer quotes the question that
//! it answers: where a later version asks the same words, it still holds; where the words have changed, nobody has answered them yet.
//!
//! **Files** (the PDF of a hospital's system, a picture) are attachments, entries of their own, named by [`CareDocument::attachments`]. They are
//! recorded in the same step, before the document.
//!
//! **What is signed**, when a document goes on paper, is a hash of its *printed text* ([`CareDocument::digest`]): a fixed list of what the
//! paper shows, so that every version of this program makes the same hash of the same entry, whatever fields it knows besides.
//!
//! What breaks it: an answer longer than it is allowed, or a list of hundreds of files, would make a value too large to be recorded; so all
//! lists have bounds, which whoever writes keeps and whoever reads does not rely on.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::attachment::Digest;
use crate::codec::Newer;
use crate::event::{Event, EventBody, NoteSection};
use crate::ids::EntryId;
use crate::vocabulary::vocabulary;

/// Most questions of one document.
pub const MAX_CHECKLIST: usize = 40;
/// Most files of one document.
pub const MAX_DOCUMENT_FILES: usize = 8;
/// What keeps this hash apart from all others.
const PRINTED: &[u8] = b"tendenko printed document v1\0";

vocabulary! {
    /// What kind of document it is.
    pub enum DocumentKind {
        /// 退院時サマリ
        DischargeSummary = "discharge-summary",
        /// 退院時カンファレンス資料
        Conference = "discharge-conference",
        /// 入院中の様子
        HospitalStay = "hospital-stay",
        /// 紹介状 (診療情報提供書)
        Referral = "referral",
        /// 返書
        Reply = "reply",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// 書類
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CareDocument {
    /// Which kind.
    pub kind: DocumentKind,
    /// 表題
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// 宛先
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Recipient>,
    /// What it says, under the headings of its kind, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<NoteSection>,
    /// 確認事項: questions, at most [`MAX_CHECKLIST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<String>,
    /// The attachments that belong to it, at most [`MAX_DOCUMENT_FILES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<EntryId>,
    /// The document that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 宛先
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// 医療機関・事業所
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub facility: String,
    /// 医師・担当者
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// What an answer comes to.
    pub enum Verdict {
        /// はい
        Yes = "yes",
        /// いいえ
        No = "no",
        /// わからない
        Unclear = "unclear",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// 確認事項への回答
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChecklistAnswer {
    /// The version of the document that asks.
    pub document: EntryId,
    /// The question, as it was asked.
    pub question: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// In the writer's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// What paper shows of a document, in this order.
#[derive(Serialize)]
struct Printed<'a> {
    entry: &'a EntryId,
    written_at: i64,
    author: [&'a str; 4],
    kind: &'a str,
    title: &'a str,
    to: [&'a str; 2],
    sections: Vec<[&'a str; 2]>,
    checklist: &'a [String],
    attachments: &'a [EntryId],
    answers: &'a Option<EntryId>,
}

impl CareDocument {
    /// The hash of what paper shows of the document that this event records; none where it records none.
    pub fn digest(event: &Event) -> Option<Digest> {
        let EventBody::Document(document) = &event.body else { return None };
        let author = &event.stamp.author;
        let to = document.to.as_ref();
        let printed = Printed {
            entry: &event.id,
            written_at: event.stamp.at.0,
            author: [&author.member, &author.name, author.profession.as_str(), &author.facility],
            kind: document.kind.as_str(),
            title: &document.title,
            to: [to.map_or("", |to| &to.facility), to.map_or("", |to| &to.name)],
            sections: document.sections.iter().map(|section| [section.name.as_str(), &section.text]).collect(),
            checklist: &document.checklist,
            attachments: &document.attachments,
            answers: &document.answers,
        };
        let bytes = serde_cbor::ser::to_vec_packed(&printed).ok()?;
        Some(Digest(Sha256::new().chain_update(PRINTED).chain_update(bytes).finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Timestamp;
    use crate::stamp::{Author, Profession, Stamp};

    fn letter() -> Event {
        let author = Author {
            member: "ab".repeat(16),
            name: "菊池 洋".into(),
            profession: Profession::Physician,
            facility: "菊池内科クリニック".into(),
            device: "cd".repeat(16),
            newer: Newer::default(),
        };
        let section =
            |name: &str, text: &str| NoteSection { name: name.into(), text: text.into(), ..NoteSection::default() };
        let document = CareDocument {
            kind: DocumentKind::Referral,
            title: "循環器内科への紹介".into(),
            to: Some(Recipient {
                facility: "釜石中央病院".into(), name: "及川 徹".into(), ..Recipient::default()
            }),
            sections: vec![section("purpose", "心不全の精査"), section("course", "先週から下腿浮腫")],
            checklist: vec!["在宅酸素は必要か".into()],
            attachments: vec![EntryId::new([7; 16])],
            answers: None,
            newer: Newer::default(),
        };
        Event {
            id: EntryId::new([1; 16]),
            stamp: Stamp { author, at: Timestamp(1_795_132_800_000), clock_offset_ms: None, newer: Newer::default() },
            occurred_at: Timestamp(1_795_132_800_000),
            corrects: None,
            reason: None,
            body: EventBody::Document(document),
            newer: Newer::default(),
        }
    }

    fn document(event: &mut Event) -> &mut CareDocument {
        match &mut event.body {
            EventBody::Document(document) => document,
            _ => unreachable!("a letter"),
        }
    }

    #[test]
    fn a_document_comes_back_from_its_stored_bytes_with_the_same_hash() {
        let written = letter();
        let (read, unread) = Event::from_stored(written.id, &written.to_stored().unwrap()).unwrap();
        assert!(!unread);
        assert_eq!(read, written);
        assert_eq!(CareDocument::digest(&read), CareDocument::digest(&written));
        let answer = ChecklistAnswer {
            document: written.id,
            question: "在宅酸素は必要か".into(),
            verdict: Verdict::Unclear,
            text: "夜間のSpO₂を確認中".into(),
            newer: Newer::default(),
        };
        let event = Event { body: EventBody::ChecklistAnswer(answer), ..written };
        assert_eq!(Event::from_stored(event.id, &event.to_stored().unwrap()).unwrap().0, event);
        assert_eq!(CareDocument::digest(&event), None);
    }

    #[test]
    fn whatever_paper_shows_changes_the_hash_and_nothing_else_does() {
        type Change = fn(&mut Event);
        let changes: [Change; 11] = [
            |event| event.id = EntryId::new([2; 16]),
            |event| event.stamp.at = Timestamp(0),
            |event| event.stamp.author.name.push('二'),
            |event| document(event).kind = DocumentKind::Reply,
            |event| document(event).title.clear(),
            |event| document(event).to = None,
            |event| document(event).sections[0].text.push('。'),
            |event| document(event).sections.swap(0, 1),
            |event| document(event).checklist.clear(),
            |event| document(event).attachments.clear(),
            |event| document(event).answers = Some(EntryId::new([9; 16])),
        ];
        let hash = CareDocument::digest(&letter());
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = letter();
            change(&mut changed);
            assert_ne!(CareDocument::digest(&changed), hash, "change {number}");
        }
        let mut same = letter();
        same.stamp.clock_offset_ms = Some(5);
        same.reason = Some("誤字".into());
        assert_eq!(CareDocument::digest(&same), hash);
        // What one field says cannot be moved into the next.
        let mut moved = letter();
        document(&mut moved).sections[0] =
            NoteSection { name: "purpose心".into(), text: "不全の精査".into(), ..NoteSection::default() };
        assert_ne!(CareDocument::digest(&moved), hash);
    }

    #[test]
    fn the_hash_is_the_same_in_every_version_of_this_program() {
        let Digest(hash) = CareDocument::digest(&letter()).unwrap();
        let text: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, "0ed7f3c0a8159f2f0d92a5419a7814e7b3ffbc1dfd8de0a28d9a73c9e07659fc");
    }
}
