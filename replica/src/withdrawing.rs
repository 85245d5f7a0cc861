//! Taking an entry back (取り消し): a new entry says so, and why. What was written stays readable.
//!
//! Whoever takes back a visit that was written into the wrong person's record must not leave that visit's photos there. So an entry
//! takes with it the files that it names, and those that belong to it or to a version before it ([`tendenko_crdt::Attachment::part_of`]), in
//! the same durable step. A file that somebody took back before stays as it is.

use tendenko_crdt::{Document as _, EntryId, Event, EventBody, Thumbnail, Timestamp, Withdrawal};
use tendenko_protocol::ids::PatientId;

use crate::attachments::AttachmentError;
use crate::drafts::DraftName;
use crate::edit::Edit;
use crate::error::SaveError;
use crate::models::{pages, read};
use crate::replica::Replica;
use crate::store::drafts;

/// What was saved could not be made a draft again: everything is as before.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// It could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// A photo of it cannot be read.
    #[error(transparent)]
    Photo(#[from] AttachmentError),
    /// The next record of this patient has been begun: its draft is not overwritten.
    #[error("the next record of this patient has been begun")]
    DraftBegun,
}

impl Edit<'_, '_> {
    /// Takes an entry back by a new one at this moment of the timeline, in the same step as the rest of the edit.
    pub fn take_back(&mut self, entry: EntryId, at: Timestamp, reason: Option<&str>) -> Result<EntryId, SaveError> {
        let mut event = self.event(EventBody::Withdrawal(Withdrawal::default()))?;
        event.occurred_at = at;
        event.corrects = Some(entry);
        event.reason = reason.map(str::to_owned);
        Ok(self.volume_at(at)?.record(event)?)
    }
}

impl Replica {
    /// Takes an entry back, with the files that belong to it. It stands at the entry's own place in the timeline. What somebody corrected or
    /// took back meanwhile is not taken back: whoever does that has not seen what stands there now. Returns the new entry and its place.
    pub fn withdraw(
        &self,
        patient: PatientId,
        entry: EntryId,
        reason: &str,
    ) -> Result<(EntryId, Timestamp), SaveError> {
        let (at, files) = {
            let reader = self.reader();
            let newest = read::entry(&reader, patient, entry)?.ok_or(SaveError::NoSuchEntry)?;
            if !pages::corrections(&reader, patient, entry)?.is_empty() {
                return Err(SaveError::ChangedMeanwhile);
            }
            let mut versions = vec![entry];
            let mut older = newest.corrects;
            // The record of others may go in circles.
            while let Some(id) = older.filter(|id| !versions.contains(id)) {
                versions.push(id);
                older = read::entry(&reader, patient, id)?.and_then(|event| event.corrects);
            }
            let named = match &newest.body {
                EventBody::Document(document) => document.attachments.as_slice(),
                EventBody::LabReport(report) => report.attachments.as_slice(),
                _ => &[],
            };
            let belongs = |event: &Event| match &event.body {
                EventBody::Attachment(file) => {
                    named.contains(&event.id) || file.part_of.is_some_and(|part_of| versions.contains(&part_of))
                }
                _ => false,
            };
            let files = read::standing(&reader, "attachment", Some(patient))?;
            let files: Vec<_> =
                files.into_iter().filter(|(_, event)| belongs(event)).map(|(_, event)| event.id).collect();
            (newest.occurred_at, files)
        };
        self.edit(patient, |edit| {
            let id = edit.take_back(entry, at, Some(reason))?;
            files.into_iter().try_for_each(|file| edit.take_back(file, at, Some(reason)).map(drop))?;
            Ok((id, at))
        })
    }

    /// Takes back what was saved in one step with this entry (a visit, its photos, the hand-over written with it), and makes a draft of it again:
    /// the form as it was typed, and the photos. One durable step.
    pub fn undo(
        &self,
        patient: PatientId,
        entry: EntryId,
        reason: &str,
        draft: &DraftName,
        form: &[u8],
    ) -> Result<(), UndoError> {
        let place = self.place(draft);
        let saved = {
            let reader = self.reader();
            if drafts::get(&reader, &place).map_err(SaveError::from)?.is_some() {
                return Err(UndoError::DraftBegun);
            }
            let event = read::entry(&reader, patient, entry).map_err(SaveError::from)?.ok_or(SaveError::NoSuchEntry)?;
            read::saved_with(&reader, patient, &event).map_err(SaveError::from)?
        };
        // Somebody else's, or taken back or corrected meanwhile.
        let author = self.stamp().author;
        if !saved.iter().any(|event| event.id == entry && event.stamp.author == author) {
            return Err(SaveError::NoSuchEntry.into());
        }
        let mut photos = Vec::new();
        for event in &saved {
            if let EventBody::Attachment(file) = &event.body {
                let bytes = self.read_attachment(patient, event.id)?;
                let thumbnail = file.thumbnail.as_ref().map_or(&[][..], Thumbnail::as_bytes);
                photos.push((file.file_name.as_str(), file.media_type.as_str(), bytes, thumbnail));
            }
        }
        // Saving numbered them.
        photos.sort_by_key(|photo| photo.0);
        let now = self.clock.now();
        let written = self.edit_with(
            patient,
            |connection| {
                drafts::put(connection, &place, form, now)?;
                photos.iter().try_for_each(|(_, media_type, bytes, thumbnail)| {
                    drafts::add_photo(connection, &place, media_type, bytes, thumbnail).map(drop)
                })
            },
            |edit| {
                saved.iter().try_for_each(|event| edit.take_back(event.id, event.occurred_at, Some(reason)).map(drop))
            },
        );
        Ok(written?)
    }
}
