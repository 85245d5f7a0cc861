//! 書類: the list, one document with its versions and the answers to its questions. Writing one is in `writing`, its signature on paper in `paper`.

pub mod paper;
pub mod writing;

use std::collections::BTreeMap;

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{CareDocument, ChecklistAnswer, Document as _, EntryId, Event, EventBody};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::DocumentFile;

use super::patients::Rows;
use super::{Answer, entry, files, patient};
use crate::error::{reading, saving, too_long};
use crate::tablet::Desk;
use crate::views::documents::{document, kind, verdict, verdict_of};
use crate::views::entries::sent;
use crate::views::people::millis;

/// Longest question and longest answer, in characters.
const MOST_WORDS: usize = 2_000;

pub fn all(desk: &Desk, args: api::GetDocuments) -> Answer<api::GetDocuments> {
    let files = desk.replica.care_documents(patient(&args.patient)?).map_err(|error| reading(&error))?;
    let line = |file: &DocumentFile| {
        let newest = file.current.first()?;
        let written = written(newest)?;
        let shown = document(written);
        Some(api::DocumentLine {
            entry: id(newest.id),
            kind: shown.kind,
            title: shown.title,
            author: desk.viewer.author(&newest.stamp.author),
            at: millis(newest.stamp.at),
            to: (shown.to_facility, shown.to_name),
            current: small(file.current.len()),
            open_questions: small(file.open_questions()),
            questions: small(file.checklist().len()),
            awaits_reply: file.awaits_reply(),
            files: small(written.attachments.len()),
        })
    };
    Ok(files.iter().filter_map(line).collect())
}

pub fn one(desk: &Desk, args: api::GetDocument) -> Answer<api::GetDocument> {
    let (patient, entry) = (patient(&args.patient)?, entry(&args.entry)?);
    let files = desk.replica.care_documents(patient).map_err(|error| reading(&error))?;
    let file = files.iter().find(|file| file.has(entry)).ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?;
    let versions = |events: &[Event]| {
        events.iter().filter_map(|event| version(desk, patient, event).transpose()).collect::<Result<Vec<_>, _>>()
    };
    let questions = file.checklist().into_iter().map(|(text, answers)| api::Question {
        text: text.to_owned(),
        answers: answers.into_iter().filter_map(|event| answered(desk, event)).collect(),
    });
    let links: BTreeMap<EntryId, api::DocumentLink> = files
        .iter()
        .filter_map(|file| Some((file, link(desk, file.current.first()?)?)))
        .flat_map(|(file, newest)| {
            let versions = file.current.iter().chain(&file.earlier);
            versions.map(move |version| (version.id, newest.clone()))
        })
        .collect();
    Ok(api::DocumentPage {
        current: versions(&file.current)?,
        earlier: versions(&file.earlier)?,
        checklist: questions.collect(),
        answered: file.answered.and_then(|entry| links.get(&entry).cloned()),
        replies: file.replies.iter().filter_map(|entry| links.get(entry).cloned()).collect(),
        awaits_reply: file.awaits_reply(),
    })
}

/// Letters to the facility of the person at work that nobody has answered.
pub fn waiting(desk: &Desk, rows: &Rows<'_>, limit: usize) -> Result<Vec<api::WaitingLetter>, ApiError> {
    let letters = desk.replica.waiting_letters(limit).map_err(|error| reading(&error))?;
    let mut waiting = Vec::new();
    for (patient, event) in letters {
        let summary = desk.replica.patient(patient).map_err(|error| reading(&error))?;
        waiting.extend(link(desk, &event).map(|letter| api::WaitingLetter { patient: rows.name(&summary), letter }));
    }
    Ok(waiting)
}

pub fn answer(desk: &Desk, args: api::AnswerQuestion) -> Answer<api::AnswerQuestion> {
    let (patient, asked) = (patient(&args.patient)?, entry(&args.document)?);
    let held = desk.replica.entry(patient, asked).map_err(|error| reading(&error))?;
    let asks = held.as_ref().and_then(written).is_some_and(|document| document.checklist.contains(&args.question));
    if !asks {
        return Err(ApiError::new(ErrorCode::NoSuchEntry));
    }
    let text = args.text.trim().to_owned();
    if text.chars().count() > MOST_WORDS {
        return Err(too_long("note"));
    }
    let said = ChecklistAnswer {
        document: asked,
        question: args.question,
        verdict: verdict_of(&args.verdict),
        text,
        newer: Default::default(),
    };
    let saved = desk.replica.edit(patient, |edit| {
        let at = edit.stamp().at;
        let event = edit.event(EventBody::ChecklistAnswer(said))?;
        let entry = edit.volume_at(at)?.record(event)?;
        Ok(api::Saved { entry: Some(id(entry)), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

/// One version, with the files that are here.
fn version(desk: &Desk, patient: PatientId, event: &Event) -> Result<Option<api::DocumentVersion>, ApiError> {
    let Some(written) = written(event) else { return Ok(None) };
    let shown = desk.replica.timeline_entry(patient, event.id).map_err(|error| reading(&error))?;
    Ok(Some(api::DocumentVersion {
        entry: id(event.id),
        author: desk.viewer.author(&event.stamp.author),
        at: millis(event.stamp.at),
        sent: sent(shown.sent),
        reason: event.reason.clone(),
        body: document(written),
        files: files::named(desk, patient, &written.attachments)?,
    }))
}

fn link(desk: &Desk, event: &Event) -> Option<api::DocumentLink> {
    let written = written(event)?;
    Some(api::DocumentLink {
        entry: id(event.id),
        kind: kind(&written.kind),
        title: written.title.clone(),
        author: desk.viewer.author(&event.stamp.author),
        at: millis(event.stamp.at),
    })
}

fn answered(desk: &Desk, event: &Event) -> Option<api::AnswerView> {
    let EventBody::ChecklistAnswer(answer) = &event.body else { return None };
    Some(api::AnswerView {
        author: desk.viewer.author(&event.stamp.author),
        at: millis(event.stamp.at),
        verdict: verdict(&answer.verdict),
        text: answer.text.clone(),
    })
}

/// What an entry says, where it is a document.
fn written(event: &Event) -> Option<&CareDocument> {
    match &event.body {
        EventBody::Document(document) => Some(document),
        _ => None,
    }
}

fn id(entry: EntryId) -> api::EntryId {
    api::EntryId(entry.to_string())
}

fn small(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use tendenko_crdt::Timestamp;

    use crate::commands::testing::{NOON, Office, admit};

    fn form(kind: api::DocumentKind, title: &str) -> api::DocumentForm {
        api::DocumentForm { title: title.to_owned(), ..api::DocumentForm::of(kind) }
    }

    fn save(
        desk: &Desk,
        patient: &api::PatientId,
        draft: api::DocumentDraftName,
        form: api::DocumentForm,
    ) -> api::EntryId {
        let command = api::SaveDocument { patient: patient.clone(), draft, form };
        writing::save(desk, command).unwrap().entry.unwrap()
    }

    fn page(desk: &Desk, patient: &api::PatientId, entry: &api::EntryId) -> api::DocumentPage {
        one(desk, api::GetDocument { patient: patient.clone(), entry: entry.clone() }).unwrap()
    }

    #[test]
    fn questions_are_answered_by_everybody_and_counted_until_they_are() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let new = api::DocumentDraftName::New(api::NewDocument::Conference);
        let mut asking = form(api::DocumentKind::Conference, "退院前カンファレンス");
        asking.checklist = vec!["酸素の流量は".into(), "一包化は".into()];
        let entry = save(&desk, &patient, new, asking);
        let lines = || all(&desk, api::GetDocuments { patient: patient.clone() }).unwrap();
        assert_eq!((lines()[0].questions, lines()[0].open_questions), (2, 2));
        let answer_with = |desk: &Desk, question: &str, text: &str| {
            let (patient, document) = (patient.clone(), entry.clone());
            let command = api::AnswerQuestion {
                patient,
                document,
                question: question.into(),
                verdict: api::Verdict::Yes,
                text: text.into(),
            };
            answer(desk, command)
        };
        answer_with(&desk, "酸素の流量は", "2 L/分").unwrap();
        assert_eq!(answer_with(&desk, "ほかの質問", "").unwrap_err().code, ErrorCode::NoSuchEntry);
        assert_eq!(answer_with(&desk, "一包化は", &"長".repeat(2_001)).unwrap_err().code, ErrorCode::TooLong);
        assert_eq!(lines()[0].open_questions, 1);
        drop(desk);
        office.clock.set(Timestamp(NOON + 60_000));
        let desk = office.at_work(office.pharmacist);
        answer_with(&desk, "酸素の流量は", "夜間は 1.5 L/分").unwrap();
        let shown = page(&desk, &patient, &entry);
        let told: Vec<_> =
            shown.checklist[0].answers.iter().map(|one| (one.author.name.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [("佐々木 恵", "2 L/分"), ("千葉 浩二", "夜間は 1.5 L/分")]);
        assert!(shown.checklist[1].answers.is_empty());
    }

    #[test]
    fn a_letter_is_followed_by_a_version_answered_and_linked_both_ways() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let new = api::DocumentDraftName::New(api::NewDocument::Referral);
        let refused = |draft: &api::DocumentDraftName, form: api::DocumentForm| {
            let command = api::SaveDocument { patient: patient.clone(), draft: draft.clone(), form };
            writing::save(&desk, command).unwrap_err().code
        };
        assert_eq!(refused(&new, form(api::DocumentKind::Referral, " ")), ErrorCode::NothingToSave);
        let first = save(&desk, &patient, new, form(api::DocumentKind::Referral, "心不全の精査"));
        assert!(page(&desk, &patient, &first).awaits_reply);

        let version = api::DocumentDraftName::Version(first.clone());
        assert_eq!(refused(&version, form(api::DocumentKind::Referral, "x")), ErrorCode::ReasonRequired);
        let mut next = form(api::DocumentKind::Referral, "心不全の精査（追記）");
        next.reason = "検査値を追記".into();
        let second = save(&desk, &patient, version, next.clone());
        // Somebody who had not seen that follows the first, too: both stand.
        let third = save(&desk, &patient, api::DocumentDraftName::Version(first.clone()), next.clone());
        let shown = page(&desk, &patient, &first);
        assert_eq!((shown.current.len(), shown.earlier.len()), (2, 1));
        next.takes_up = vec![second];
        let fourth = save(&desk, &patient, api::DocumentDraftName::Version(third), next);
        let shown = page(&desk, &patient, &first);
        assert_eq!(shown.current.iter().map(|version| &version.entry).collect::<Vec<_>>(), [&fourth]);
        assert_eq!(shown.current[0].reason.as_deref(), Some("検査値を追記"));

        let reply = save(
            &desk,
            &patient,
            api::DocumentDraftName::Reply(fourth.clone()),
            form(api::DocumentKind::Reply, "返書"),
        );
        let shown = page(&desk, &patient, &fourth);
        assert_eq!(
            (shown.replies.iter().map(|link| &link.entry).collect::<Vec<_>>(), shown.awaits_reply),
            (vec![&reply], false)
        );
        assert_eq!(page(&desk, &patient, &reply).answered.unwrap().entry, fourth);
    }

    #[test]
    fn a_draft_holds_pdfs_and_pictures_and_becomes_a_document_with_them() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let draft = api::DocumentDraftName::New(api::NewDocument::DischargeSummary);
        let add = |bytes: &[u8]| {
            let data = BASE64_STANDARD.encode(bytes);
            let draft = api::DraftName::Document(draft.clone());
            files::add(&desk, api::AddFile { patient: patient.clone(), draft, data })
        };
        let pdf = add(b"%PDF-1.7 the hospital's own").unwrap();
        assert_eq!((pdf.media_type.as_str(), pdf.thumbnail.is_some()), ("application/pdf", false));
        assert_eq!(add(b"not a document").unwrap_err().code, ErrorCode::FileUnreadable);
        let mut written = form(api::DocumentKind::DischargeSummary, "退院時サマリ");
        written.names.push((pdf.id, "サマリ.pdf".into()));
        let put = api::PutDocumentDraft { patient: patient.clone(), draft: draft.clone(), form: written.clone() };
        writing::put(&desk, put).unwrap();
        let held =
            writing::draft(&desk, api::GetDocumentDraft { patient: patient.clone(), draft: draft.clone() }).unwrap();
        assert_eq!((held.form, held.files.len()), (Some(written.clone()), 1));
        // The visit's draft is another one, and the list of drafts tells them apart.
        let drafts = crate::commands::drafts::all(&desk, api::GetDrafts {}).unwrap();
        let document = api::DraftName::Document(draft.clone());
        assert_eq!(drafts.into_iter().map(|line| line.draft).collect::<Vec<_>>(), [document]);

        let entry = save(&desk, &patient, draft.clone(), written.clone());
        let shown = page(&desk, &patient, &entry);
        let files: Vec<_> = shown.current[0].files.iter().map(|file| file.file.file_name.as_str()).collect();
        assert_eq!(files, ["サマリ.pdf"]);
        let held = writing::draft(&desk, api::GetDocumentDraft { patient: patient.clone(), draft }).unwrap();
        assert_eq!((held.form, held.files.len()), (None, 0));

        // The next version keeps the file, or leaves it.
        let version = api::DocumentDraftName::Version(entry.clone());
        written.names.clear();
        written.reason = "追記".into();
        written.kept = vec![shown.current[0].files[0].entry.clone(), api::EntryId("00".repeat(16))];
        let next = save(&desk, &patient, version, written);
        assert_eq!(page(&desk, &patient, &next).current[0].files, shown.current[0].files);
    }
}
