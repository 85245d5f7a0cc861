//! 書類 as the screens read them: each document with all its versions, the answers to its questions, and the documents that answer it.
//!
//! A *file* of documents is what one first version and its corrections are. Whatever of it nothing corrects is a *current* version: one as a rule; two
//! when two people made the next one apart from each other, and then both are shown, until somebody follows them. A file of which every
//! version was withdrawn is not listed; the timeline still has it.
//!
//! All of it is put together from the entries of one patient of three kinds, found along the index of kinds: tens in ten years, never the
//! timeline.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tendenko_crdt::{CareDocument, ChecklistAnswer, DocumentKind, EntryId, Event, EventBody, Timestamp};
use tendenko_protocol::ids::{Millis, PatientId};
use tendenko_protocol::paper::{PaperError, PaperSignature, Printed};
use tendenko_protocol::trust::DeviceCert;

use crate::error::{ReadError, SaveError};
use crate::models::{letters, pages, read};
use crate::replica::Replica;

/// How long a letter waits for its answer on the first page.
pub const LETTER_WAITS: i64 = 180 * 24 * 60 * 60 * 1000;

/// The kinds of entries that documents are made of.
const KINDS: [&str; 3] = ["document", "checklist-answer", "withdrawal"];

/// One document, with all its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFile {
    /// The versions that nothing corrects, newest first; at least one.
    pub current: Vec<Event>,
    /// The versions before, newest first.
    pub earlier: Vec<Event>,
    /// The answers to its questions, oldest first; also to questions that no current version asks any more.
    pub answers: Vec<Event>,
    /// The first version of the document that this one answers, where it is here.
    pub answered: Option<EntryId>,
    /// The newest version of each document that answers this one, oldest first.
    pub replies: Vec<EntryId>,
}

impl DocumentFile {
    /// Whether an entry is one of its versions.
    pub fn has(&self, entry: EntryId) -> bool {
        self.current.iter().chain(&self.earlier).any(|version| version.id == entry)
    }

    /// The questions that its current versions ask, each with its answers; in the order of the newest version.
    pub fn checklist(&self) -> Vec<(&str, Vec<&Event>)> {
        let mut asked: Vec<&str> = Vec::new();
        for question in self.current.iter().filter_map(document).flat_map(|document| &document.checklist) {
            if !asked.contains(&question.as_str()) {
                asked.push(question);
            }
        }
        let answers = |question: &str| {
            let about = |event: &&Event| answer(event).is_some_and(|answer| answer.question == question);
            self.answers.iter().filter(about).collect()
        };
        asked.into_iter().map(|question| (question, answers(question))).collect()
    }

    /// A letter of referral that nobody has answered.
    pub fn awaits_reply(&self) -> bool {
        let referral = |event: &Event| document(event).is_some_and(|document| document.kind == DocumentKind::Referral);
        self.replies.is_empty() && self.current.first().is_some_and(referral)
    }

    /// A letter that somebody has to do something about, or at least to read.
    fn waits_for_reader(&self) -> bool {
        let reply = |event: &Event| document(event).is_some_and(|document| document.kind == DocumentKind::Reply);
        self.awaits_reply() || self.current.first().is_some_and(reply)
    }

    /// How many questions nobody has answered.
    pub fn open_questions(&self) -> usize {
        self.checklist().iter().filter(|(_, answers)| answers.is_empty()).count()
    }
}

/// What a signature on paper comes to on this tablet.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedPaper {
    /// What was signed.
    pub printed: Printed,
    /// By which device.
    pub device: DeviceCert,
    /// The entry, where this tablet holds it.
    pub held: Option<Event>,
    /// The text that this tablet holds is the very one that was signed.
    pub same: bool,
}

impl Replica {
    /// The documents of a patient, the newest first.
    pub fn care_documents(&self, patient: PatientId) -> Result<Vec<DocumentFile>, ReadError> {
        Ok(files(read::of_kinds(&self.reader(), patient, &KINDS)?))
    }

    /// Letters to the facility of the person at work, newest first, of the last [`LETTER_WAITS`]: a referral until somebody answers it, an answer, and
    /// each of them until somebody of that facility has said that it was read.
    pub fn waiting_letters(&self, limit: usize) -> Result<Vec<(PatientId, Event)>, ReadError> {
        let since = Timestamp(self.clock.now().0 - LETTER_WAITS);
        let addressed = letters::to_facility(&self.reader(), self.me(), since, limit)?;
        let mut files: BTreeMap<PatientId, Vec<DocumentFile>> = BTreeMap::new();
        let mut waiting = Vec::new();
        for (patient, entry) in addressed {
            if let Entry::Vacant(place) = files.entry(patient) {
                place.insert(self.care_documents(patient)?);
            }
            let held = files.get(&patient).into_iter().flatten();
            let file = held
                .into_iter()
                .find(|file| file.waits_for_reader() && file.current.iter().any(|event| event.id == entry));
            let read_by = pages::readers(&self.reader(), patient, entry)?;
            if read_by.iter().any(|reader| reader.author.facility == self.me().facility) {
                continue;
            }
            let letter = file.and_then(|file| file.current.iter().find(|event| event.id == entry));
            // What a colleague of one's own facility sends to it waits for nobody else.
            waiting.extend(
                letter
                    .filter(|event| event.stamp.author.facility != self.me().facility)
                    .map(|event| (patient, event.clone())),
            );
        }
        Ok(waiting)
    }

    /// This device signs the printed text of a document, as it stands in the record.
    pub fn sign_paper(&self, patient: PatientId, entry: EntryId) -> Result<PaperSignature, SaveError> {
        let held = read::entry(&self.reader(), patient, entry)?.ok_or(SaveError::NoSuchEntry)?;
        let text = CareDocument::digest(&held).ok_or(SaveError::NoSuchEntry)?;
        let at = Millis(self.clock.now().0);
        Ok(PaperSignature::sign(&self.keys, &self.trust(), patient, *entry.as_bytes(), text.0, at))
    }

    /// Verifies a signature that was read off a paper, and compares the text with what this tablet holds.
    pub fn check_paper(&self, text: &str) -> Result<CheckedPaper, CheckPaperError> {
        let (printed, device) = PaperSignature::from_text(text)?.verify(&self.trust())?;
        let held =
            read::entry(&self.reader(), printed.patient, EntryId::new(printed.entry)).map_err(ReadError::from)?;
        let held = held.filter(|event| document(event).is_some());
        let same = held.as_ref().and_then(CareDocument::digest).is_some_and(|digest| digest.0 == printed.text);
        Ok(CheckedPaper { printed, device, held, same })
    }
}

/// A paper cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckPaperError {
    /// It is none, or does not hold.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The store failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Whether an entry is a letter to somebody.
pub(crate) fn is_letter(event: &Event) -> bool {
    document(event).is_some_and(|document| matches!(document.kind, DocumentKind::Referral | DocumentKind::Reply))
}

fn document(event: &Event) -> Option<&CareDocument> {
    match &event.body {
        EventBody::Document(document) => Some(document),
        _ => None,
    }
}

fn answer(event: &Event) -> Option<&ChecklistAnswer> {
    match &event.body {
        EventBody::ChecklistAnswer(answer) => Some(answer),
        _ => None,
    }
}

/// Puts the entries of one patient together.
fn files(events: Vec<Event>) -> Vec<DocumentFile> {
    let corrected: BTreeSet<EntryId> = events.iter().filter_map(|event| event.corrects).collect();
    let before: BTreeMap<EntryId, Option<EntryId>> =
        events.iter().filter(|event| document(event).is_some()).map(|event| (event.id, event.corrects)).collect();
    let mut found: BTreeMap<EntryId, DocumentFile> = BTreeMap::new();
    let mut answers = Vec::new();
    for event in events {
        if let Some(document) = document(&event) {
            let answered = document.answers.and_then(|entry| first(&before, entry));
            let Some(first) = first(&before, event.id) else { continue };
            let file = found.entry(first).or_insert_with(|| DocumentFile {
                current: Vec::new(),
                earlier: Vec::new(),
                answers: Vec::new(),
                answered: None,
                replies: Vec::new(),
            });
            file.answered = file.answered.or(answered);
            let stands = !corrected.contains(&event.id);
            if stands { file.current.push(event) } else { file.earlier.push(event) }
        } else if answer(&event).is_some() && !corrected.contains(&event.id) {
            answers.push(event);
        }
    }
    for event in answers {
        let first = answer(&event).and_then(|answer| first(&before, answer.document));
        if let Some(file) = first.and_then(|first| found.get_mut(&first)) {
            file.answers.push(event);
        }
    }
    found.retain(|_, file| !file.current.is_empty());
    for file in found.values_mut() {
        file.current.sort_by_key(|event| std::cmp::Reverse((event.stamp.at, event.id)));
        file.earlier.sort_by_key(|event| std::cmp::Reverse((event.stamp.at, event.id)));
        file.answers.sort_by_key(|event| (event.stamp.at, event.id));
    }
    let replies: Vec<(EntryId, EntryId)> =
        found.values().filter_map(|file| Some((file.answered?, file.current.first()?.id))).collect();
    for (answered, reply) in replies {
        if let Some(file) = found.get_mut(&answered) {
            file.replies.push(reply);
        }
    }
    let mut files: Vec<DocumentFile> = found.into_values().collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.current.first().map(|event| (event.occurred_at, event.id))));
    files
}

/// The first version of the document that an entry is a version of; none where it is none, or where somebody made a ring of corrections.
fn first(before: &BTreeMap<EntryId, Option<EntryId>>, entry: EntryId) -> Option<EntryId> {
    let mut version = entry;
    for _ in 0..=before.len() {
        match before.get(&version)? {
            Some(earlier) if before.contains_key(earlier) => version = *earlier,
            // The first, or the first that is here.
            _ => return Some(version),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use tendenko_crdt::{Author, Newer, Profession, Stamp, Verdict, Withdrawal};

    use super::*;

    fn event(id: u8, corrects: Option<u8>, body: EventBody) -> Event {
        let author = Author {
            member: "ab".repeat(16),
            name: "菊池 洋".into(),
            profession: Profession::Physician,
            facility: "菊池内科クリニック".into(),
            device: "cd".repeat(16),
            newer: Newer::default(),
        };
        let at = Timestamp(i64::from(id));
        Event {
            id: EntryId::new([id; 16]),
            stamp: Stamp { author, at, clock_offset_ms: None, newer: Newer::default() },
            occurred_at: at,
            corrects: corrects.map(|id| EntryId::new([id; 16])),
            reason: corrects.map(|_| "訂正".into()),
            body,
            newer: Newer::default(),
        }
    }

    fn letter(id: u8, corrects: Option<u8>, checklist: &[&str], answers: Option<u8>) -> Event {
        let document = CareDocument {
            kind: DocumentKind::Referral,
            title: format!("{id}"),
            to: None,
            sections: Vec::new(),
            checklist: checklist.iter().map(|question| (*question).to_owned()).collect(),
            attachments: Vec::new(),
            answers: answers.map(|id| EntryId::new([id; 16])),
            newer: Newer::default(),
        };
        event(id, corrects, EventBody::Document(document))
    }

    fn answered(id: u8, document: u8, question: &str) -> Event {
        let answer = ChecklistAnswer {
            document: EntryId::new([document; 16]),
            question: question.into(),
            verdict: Verdict::Yes,
            text: String::new(),
            newer: Newer::default(),
        };
        event(id, None, EventBody::ChecklistAnswer(answer))
    }

    fn one(events: Vec<Event>) -> DocumentFile {
        let mut files = files(events);
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    fn ids(events: &[Event]) -> Vec<u8> {
        events.iter().map(|event| event.id.as_bytes()[0]).collect()
    }

    #[test]
    fn versions_made_apart_both_stand_until_one_follows_them() {
        let mut events = vec![letter(1, None, &[], None), letter(2, Some(1), &[], None), letter(3, Some(1), &[], None)];
        let file = one(events.clone());
        assert_eq!((ids(&file.current), ids(&file.earlier)), (vec![3, 2], vec![1]));
        events.extend([letter(4, Some(3), &[], None), event(5, Some(2), EventBody::Withdrawal(Withdrawal::default()))]);
        let file = one(events.clone());
        assert_eq!((ids(&file.current), ids(&file.earlier)), (vec![4], vec![3, 2, 1]));
        events.push(event(6, Some(4), EventBody::Withdrawal(Withdrawal::default())));
        assert_eq!(files(events), []);
    }

    #[test]
    fn an_answer_holds_for_the_same_question_of_any_version() {
        let events = vec![
            letter(1, None, &["酸素は", "食形態は"], None),
            answered(2, 1, "酸素は"),
            answered(3, 1, "食形態は"),
            letter(4, Some(1), &["食形態は", "酸素の流量は"], None),
            answered(5, 4, "食形態は"),
            answered(6, 9, "食形態は"),
        ];
        let file = one(events);
        let told: Vec<_> = file.checklist().into_iter().map(|(question, answers)| (question, answers.len())).collect();
        assert_eq!(told, [("食形態は", 2), ("酸素の流量は", 0)]);
        assert_eq!((file.open_questions(), file.answers.len()), (1, 3));
    }

    #[test]
    fn an_answer_that_was_taken_back_is_none() {
        let withdrawn = |id, answer| event(id, Some(answer), EventBody::Withdrawal(Withdrawal::default()));
        let events = vec![letter(1, None, &["酸素は"], None), answered(2, 1, "酸素は"), withdrawn(3, 2)];
        let file = one(events);
        assert_eq!((file.open_questions(), file.answers.len()), (1, 0));
    }

    #[test]
    fn a_letter_and_its_answer_know_each_other_whatever_version_was_answered() {
        let events = vec![
            letter(1, None, &[], None),
            letter(2, None, &[], Some(1)),
            letter(3, Some(1), &[], None),
            letter(4, Some(2), &[], Some(1)),
        ];
        let files = files(events);
        assert_eq!(files.iter().map(|file| ids(&file.current)).collect::<Vec<_>>(), [[4], [3]]);
        assert_eq!((files[0].answered, files[0].replies.len()), (Some(EntryId::new([1; 16])), 0));
        assert_eq!((files[1].answered, &files[1].replies[..]), (None, &[EntryId::new([4; 16])][..]));
        assert!(files[1].has(EntryId::new([1; 16])) && !files[1].has(EntryId::new([2; 16])));
    }

    #[test]
    fn a_ring_of_corrections_is_no_document_and_a_missing_first_version_hides_nothing() {
        assert_eq!(files(vec![letter(1, Some(2), &[], None), letter(2, Some(1), &[], None)]), []);
        let file = one(vec![letter(5, Some(4), &[], None), letter(6, Some(5), &[], None)]);
        assert_eq!((ids(&file.current), ids(&file.earlier)), (vec![6], vec![5]));
    }
}
