//! A document that is being written: its draft, its files, and the one durable step in which it becomes an entry.

use tendenko_app_api::{self as api, ApiError, ErrorCode, MAX_CHECKLIST, MAX_FILES};
use tendenko_crdt::{CareDocument, Document as _, EntryId, Event, EventBody};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{DocumentFile, DraftName};

use super::{MOST_WORDS, id, version, written};
use crate::commands::{Answer, drafts, entry, files};
use crate::error::{attaching, internal, reading, reason, saving, storing, too_long};
use crate::tablet::Desk;
use crate::views::documents::document_of;
use crate::views::people::millis;

pub fn draft(desk: &Desk, args: api::GetDocumentDraft) -> Answer<api::GetDocumentDraft> {
    let name = name(&args.patient, &args.draft)?;
    let held = desk.replica.draft(&name).map_err(|error| storing(&error))?;
    let (mut before, mut beside) = (None, Vec::new());
    if let api::DocumentDraftName::Version(of) | api::DocumentDraftName::Reply(of) = &args.draft {
        let (file, event) = find(desk, name.patient, entry(of)?)?;
        before = version(desk, name.patient, &event)?;
        beside = file.current.iter().filter(|other| other.id != event.id).map(|other| id(other.id)).collect();
    }
    Ok(api::DocumentDraft {
        // One that an older version wrote and this one cannot read is as good as none.
        form: held.as_ref().and_then(|held| held.form.as_deref()).and_then(|form| serde_json::from_slice(form).ok()),
        files: held.map(files::of_draft).unwrap_or_default(),
        before,
        beside,
    })
}

pub fn put(desk: &Desk, args: api::PutDocumentDraft) -> Answer<api::PutDocumentDraft> {
    let form = serde_json::to_vec(&args.form).map_err(|_| internal("draft"))?;
    desk.replica.put_draft(&name(&args.patient, &args.draft)?, &form).map_err(|error| saving(&error))
}

pub fn discard(desk: &Desk, args: api::DropDocumentDraft) -> Answer<api::DropDocumentDraft> {
    desk.replica.drop_draft(&name(&args.patient, &args.draft)?).map_err(|error| saving(&error))
}

pub fn save(desk: &Desk, args: api::SaveDocument) -> Answer<api::SaveDocument> {
    let name = name(&args.patient, &args.draft)?;
    let form = args.form;
    let new_files = desk.replica.draft(&name).map_err(|error| storing(&error))?.map_or(0, |draft| draft.photos.len());
    let follows = Follows::of(desk, name.patient, &args.draft, &form)?;
    let kept = follows.kept(&form)?;
    let names = form.names.iter().cloned().collect();
    let written = document_of(form);
    check(&written, new_files, &kept)?;
    let texts: Vec<&str> = written.sections.iter().map(|section| section.text.as_str()).collect();
    let saved = desk.replica.save_draft_with_files(&name, &texts, &names, |edit, files| {
        let at = edit.stamp().at;
        let mut document = written.clone();
        document.attachments = kept.into_iter().chain(files.iter().copied()).collect();
        document.answers = follows.answers;
        let mut event = edit.event(EventBody::Document(document))?;
        event.corrects = follows.corrects;
        event.reason.clone_from(&follows.reason);
        let entry = edit.volume_at(at)?.record(event)?;
        for taken_up in follows.takes_up {
            edit.take_back(taken_up, at, follows.reason.as_deref())?;
        }
        Ok((api::Saved { entry: Some(id(entry)), at: millis(at) }, entry, at))
    });
    saved.map_err(|error| attaching(&error))
}

/// What a document that is saved follows, answers and takes up.
#[derive(Default)]
struct Follows {
    corrects: Option<EntryId>,
    reason: Option<String>,
    takes_up: Vec<EntryId>,
    answers: Option<EntryId>,
    files: Vec<EntryId>,
}

impl Follows {
    fn of(
        desk: &Desk,
        patient: PatientId,
        draft: &api::DocumentDraftName,
        form: &api::DocumentForm,
    ) -> Result<Self, ApiError> {
        match draft {
            api::DocumentDraftName::New(_) => Ok(Self::default()),
            api::DocumentDraftName::Reply(of) => {
                find(desk, patient, entry(of)?)?;
                Ok(Self { answers: Some(entry(of)?), ..Self::default() })
            }
            api::DocumentDraftName::Version(of) => {
                let reason = reason(&form.reason)?.to_owned();
                let (file, before) = find(desk, patient, entry(of)?)?;
                let beside =
                    |named: &EntryId| *named != before.id && file.current.iter().any(|version| version.id == *named);
                let takes_up = form.takes_up.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
                let body = written(&before);
                Ok(Self {
                    corrects: Some(before.id),
                    reason: Some(reason),
                    takes_up: takes_up.into_iter().filter(beside).collect(),
                    answers: body.and_then(|document| document.answers),
                    files: body.map(|document| document.attachments.clone()).unwrap_or_default(),
                })
            }
        }
    }

    /// The files that stay: only those that were there.
    fn kept(&self, form: &api::DocumentForm) -> Result<Vec<EntryId>, ApiError> {
        let kept = form.kept.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        Ok(kept.into_iter().filter(|file| self.files.contains(file)).collect())
    }
}

fn check(written: &CareDocument, new_files: usize, kept: &[EntryId]) -> Result<(), ApiError> {
    let files = new_files + kept.len();
    if written.title.is_empty() && written.sections.is_empty() && written.checklist.is_empty() && files == 0 {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    if files > MAX_FILES {
        return Err(files::too_many());
    }
    if written.checklist.len() > MAX_CHECKLIST
        || written.checklist.iter().any(|question| question.chars().count() > MOST_WORDS)
    {
        return Err(too_long("checklist"));
    }
    let names = written.to.iter().flat_map(|to| [&to.facility, &to.name]).chain([&written.title]);
    if names.into_iter().any(|name| name.chars().count() > MOST_WORDS) {
        return Err(too_long("name"));
    }
    Ok(())
}

/// Under which name a draft is kept.
fn name(of: &api::PatientId, draft: &api::DocumentDraftName) -> Result<DraftName, ApiError> {
    drafts::name(of, &api::DraftName::Document(draft.clone()))
}

/// The document that an entry is a version of, and that version.
fn find(desk: &Desk, patient: PatientId, entry: EntryId) -> Result<(DocumentFile, Event), ApiError> {
    let files = desk.replica.care_documents(patient).map_err(|error| reading(&error))?;
    let file = files.into_iter().find(|file| file.has(entry)).ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?;
    let version = file.current.iter().chain(&file.earlier).find(|version| version.id == entry).cloned();
    let version = version.ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?;
    Ok((file, version))
}
