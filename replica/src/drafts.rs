//! Drafts: what somebody is writing, kept at every keystroke, in the sealed store, until it is saved or thrown away.
//!
//! A draft belongs to the person at work and never leaves this tablet. What the form says is the host's business: bytes, bounded. Its photos lie
//! beside it. Saving turns all of it into entries of the chart and forgets the draft **in one transaction**: killed before, the draft is
//! there; killed after, the visit is; never both, never neither.
//!
//! Sentences that somebody writes again and again are counted with every save, so that they can be offered. They are that person's own.

use std::collections::BTreeMap;

use tendenko_crdt::{Attachment, Document as _, EntryId, EventBody, Timestamp};
use tendenko_protocol::ids::PatientId;

use crate::attachments::{AttachError, NewAttachment};
use crate::edit::Edit;
use crate::error::SaveError;
use crate::replica::Replica;
use crate::store::StoreError;
use crate::store::drafts::{self, Place};

/// Longest form of a draft, in bytes.
pub const MAX_FORM: usize = 64 * 1024;
/// Sentences of this many characters are worth offering.
const PHRASE: std::ops::RangeInclusive<usize> = 4..=60;
/// Sentences kept of each member.
const PHRASES_KEPT: u32 = 500;

/// Longest slot, in bytes: a word, and the key of an item.
pub const MAX_SLOT: usize = 256;

/// Which draft of the person at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftName {
    /// About whom.
    pub patient: PatientId,
    /// Which entry it corrects; none = a new one.
    pub corrects: Option<EntryId>,
    /// Which form it is, in the host's words: empty for a visit. Each form has a draft of its own. At most [`MAX_SLOT`] bytes.
    pub slot: String,
}

impl DraftName {
    /// The draft of a visit.
    pub fn visit(patient: PatientId, corrects: Option<EntryId>) -> Self {
        Self { patient, corrects, slot: String::new() }
    }
}

/// A draft as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What was typed, as the host wrote it; none when there are photos only.
    pub form: Option<Vec<u8>>,
    /// When it was last touched.
    pub at: Timestamp,
    /// Its photos, in order.
    pub photos: Vec<DraftPhoto>,
}

/// A photo of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPhoto {
    /// Its number.
    pub id: i64,
    /// Media type.
    pub media_type: String,
    /// A small picture of it; empty where there is none.
    pub thumbnail: Vec<u8>,
    /// Bytes of the whole.
    pub size: u64,
}

/// A photo to be kept with a draft.
#[derive(Debug, Clone)]
pub struct NewPhoto {
    /// Media type, for example `image/jpeg`.
    pub media_type: String,
    /// The picture, or another file.
    pub bytes: Vec<u8>,
    /// A small picture of it, at most [`tendenko_crdt::MAX_THUMBNAIL`] bytes; empty where there is none.
    pub thumbnail: Vec<u8>,
}

impl Replica {
    /// The draft as it was left; none if nothing was begun.
    pub fn draft(&self, name: &DraftName) -> Result<Option<Draft>, StoreError> {
        drafts::get(&self.reader(), &self.place(name))
    }

    /// What the person at work has begun, the newest first.
    pub fn drafts(&self) -> Result<Vec<(DraftName, Timestamp)>, StoreError> {
        drafts::all_of(&self.reader(), self.me().member)
    }

    /// Keeps a draft: on disk when this returns.
    pub fn put_draft(&self, name: &DraftName, form: &[u8]) -> Result<(), SaveError> {
        if name.slot.len() > MAX_SLOT {
            return Err(SaveError::TooLarge { bytes: name.slot.len(), limit: MAX_SLOT });
        }
        if form.len() > MAX_FORM {
            return Err(SaveError::TooLarge { bytes: form.len(), limit: MAX_FORM });
        }
        let at = self.clock.now();
        self.note(|connection| drafts::put(connection, &self.place(name), form, at))
    }

    /// Throws a draft away, with its photos.
    pub fn drop_draft(&self, name: &DraftName) -> Result<(), SaveError> {
        self.note(|connection| drafts::remove(connection, &self.place(name)))
    }

    /// Adds a photo to a draft: on disk when this returns. Returns its number.
    pub fn add_photo(&self, name: &DraftName, photo: &NewPhoto) -> Result<i64, SaveError> {
        let NewPhoto { media_type, bytes, thumbnail } = photo;
        self.note(|connection| drafts::add_photo(connection, &self.place(name), media_type, bytes, thumbnail))
    }

    /// Takes a photo out of a draft.
    pub fn remove_photo(&self, name: &DraftName, id: i64) -> Result<(), SaveError> {
        self.note(|connection| drafts::remove_photo(connection, &self.place(name), id))
    }

    /// Sentences that the person at work writes again and again, the most useful first.
    pub fn phrases(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        drafts::phrases(&self.reader(), self.me().member, limit)
    }

    /// Offers a sentence no more, until it is written twice again.
    pub fn forget_phrase(&self, text: &str) -> Result<(), SaveError> {
        self.note(|connection| drafts::forget_phrase(connection, self.me().member, text))
    }

    /// As [`Replica::edit`]; the draft that it came from is forgotten in the same step. For one without files.
    pub fn edit_from_draft<T>(
        &self,
        name: &DraftName,
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<T, SaveError>,
    ) -> Result<T, SaveError> {
        self.edit_with(name.patient, |connection| drafts::remove(connection, &self.place(name)), edit)
    }

    /// Saves what a draft became, in one durable step: the edit, its photos as attachments of the entry that the edit names, and the draft
    /// is forgotten. `written` are the texts in it, for the phrases.
    pub fn save_draft<T>(
        &self,
        name: &DraftName,
        written: &[&str],
        edit: impl FnOnce(&mut Edit<'_, '_>) -> Result<(T, EntryId, Timestamp), SaveError>,
    ) -> Result<T, AttachError> {
        self.save_draft_with_files(name, written, &BTreeMap::new(), |under_way, _| edit(under_way))
    }

    /// As [`Replica::save_draft`], for an entry that names its files itself: the edit is told under which entries they will be mentioned. `names` are
    /// the files' own, by their number in the draft.
    pub fn save_draft_with_files<T>(
        &self,
        name: &DraftName,
        written: &[&str],
        names: &BTreeMap<i64, String>,
        edit: impl FnOnce(&mut Edit<'_, '_>, &[EntryId]) -> Result<(T, EntryId, Timestamp), SaveError>,
    ) -> Result<T, AttachError> {
        let patient = name.patient;
        // Sealed before the store is locked.
        let photos = drafts::photos(&self.reader(), &self.place(name)).map_err(SaveError::from)?;
        let mut sealed = Vec::new();
        for (number, photo) in (1..).zip(photos) {
            let about = NewAttachment {
                file_name: names.get(&photo.id).cloned().unwrap_or_else(|| format!("photo-{number}")),
                media_type: photo.media_type,
                thumbnail: (!photo.thumbnail.is_empty()).then_some(photo.thumbnail),
                ..NewAttachment::default()
            };
            let size = photo.bytes.len() as u64;
            sealed.push(self.seal_attachment(patient, &mut photo.bytes.as_slice(), size, about)?);
        }
        let used = self.clock.now();
        let saved = self.edit_with(
            patient,
            |connection| {
                for photo in &sealed {
                    photo.keep_chunks(connection, used)?;
                }
                for phrase in sentences(written) {
                    drafts::wrote(connection, self.me().member, phrase, used)?;
                }
                drafts::trim_phrases(connection, self.me().member, PHRASES_KEPT)?;
                drafts::remove(connection, &self.place(name))
            },
            |under_way| {
                let ids = sealed.iter().map(|_| under_way.new_entry_id()).collect::<Result<Vec<_>, _>>()?;
                let (value, entry, at) = edit(under_way, &ids)?;
                for (photo, id) in sealed.iter().zip(ids) {
                    let mention = Attachment { part_of: Some(entry), ..photo.mention.clone() };
                    let mut event = under_way.event(EventBody::Attachment(mention))?;
                    event.id = id;
                    event.occurred_at = at;
                    under_way.volume_at(at)?.record(event)?;
                }
                Ok(value)
            },
        );
        Ok(saved?)
    }

    pub(crate) fn place<'a>(&self, name: &'a DraftName) -> Place<'a> {
        Place { member: self.me().member, name }
    }

    /// Writes own notes in a transaction of their own.
    fn note<T>(&self, write: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>) -> Result<T, SaveError> {
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        let value = write(&work)?;
        work.commit()?;
        Ok(value)
    }
}

/// Sentences worth counting, each once.
fn sentences<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let ends = |c: char| matches!(c, '。' | '\n' | '．' | '!' | '！' | '?' | '？');
    let mut found: Vec<&str> = Vec::new();
    for sentence in texts.iter().flat_map(|text| text.split(ends)).map(str::trim) {
        if PHRASE.contains(&sentence.chars().count()) && !found.contains(&sentence) {
            found.push(sentence);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn a_text_is_cut_into_sentences_worth_offering() {
        let long = "あ".repeat(61);
        let text = format!("食欲あり。食欲あり。変わりなくお過ごしです\n痛い。{long}。 発赤は見られない ");
        assert_eq!(sentences(&[&text, "食欲あり"]), ["食欲あり", "変わりなくお過ごしです", "発赤は見られない"]);
    }
}
