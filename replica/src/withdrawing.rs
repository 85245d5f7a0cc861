//! Taking an entry back (取り消し): a new entry says so, and why. What was written stays readable.
//!
//! Whoever takes back a visit that was written into the wrong person's record must not leave that visit's photos there. So an entry
//! takes with it the files that it names, and those that belong to it or to a version before it ([`tendenko_crdt::Attachment::part_of`]), in
//! the same durable step. A file that somebody took back before stays as it is.

use tendenko_crdt::{Document as _, EntryId, Event, EventBody, Withdrawal};
use tendenko_protocol::ids::PatientId;

use crate::error::SaveError;
use crate::models::read;
use crate::replica::Replica;

impl Replica {
    /// Takes an entry back, with the files that belong to it. It stands at the entry's own place in the timeline.
    pub fn withdraw(&self, patient: PatientId, entry: EntryId, reason: &str) -> Result<EntryId, SaveError> {
        let (at, files) = {
            let reader = self.reader();
            let newest = read::entry(&reader, patient, entry)?.ok_or(SaveError::NoSuchEntry)?;
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
            let mut take_back = |entry: EntryId| {
                let mut event = edit.event(EventBody::Withdrawal(Withdrawal::default()))?;
                event.occurred_at = at;
                event.corrects = Some(entry);
                event.reason = Some(reason.to_owned());
                Ok::<_, SaveError>(edit.volume_at(at)?.record(event)?)
            };
            let id = take_back(entry)?;
            files.into_iter().try_for_each(|file| take_back(file).map(drop))?;
            Ok(id)
        })
    }
}
