//! What a session asks of the store about chunks, and what it brings.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tendenko_crdt::{EntryId, EventBody};
use tendenko_protocol::chunk::{ChunkVerdict, Holding, ReceivedChunk, SealedChunk, admit_chunk};
use tendenko_protocol::ids::{AttachmentId, ChunkId, DeviceId, PatientId};
use tendenko_protocol::messages::Item;
use tendenko_protocol::record::RejectReason;
use tendenko_protocol::session::client::Departure;

use super::{mentioned, reading};
use crate::models;
use crate::receive::Door;
use crate::replica::{Replica, ReplicaEvent};
use crate::store::StoreError;
use crate::store::chunks::{self, NewChunk, Wanted};

/// What became of a chunk that came.
pub(crate) enum Taken {
    /// It is a piece of what this entry mentions.
    Kept(PatientId, EntryId),
    /// It was here.
    Known,
    /// It was not taken.
    Refused(RejectReason),
}

/// For sessions.
impl Replica {
    /// What is wanted and not known to be absent, in the order of asking. At the beginning of a session (`probing`) also one chunk of
    /// every attachment that was absent: should it be there now, the others are asked for again.
    pub(crate) fn wanted_chunks(&self, probing: bool) -> Result<Vec<ChunkId>, StoreError> {
        let mut probed = BTreeSet::new();
        let wanted = chunks::wanted(&self.reader())?;
        let asked = wanted.into_iter().filter(|w| !w.absent || (probing && probed.insert((w.patient, w.entry))));
        Ok(asked.map(|wanted| wanted.chunk).collect())
    }

    /// A chunk has come: kept, if somebody here wants it, or a chart here mentions what a file brought, and it is what it is wanted as.
    pub(crate) fn take_chunk(&self, connection: &Connection, bytes: Vec<u8>, door: Door) -> Result<Taken, StoreError> {
        let verdict = admit_chunk(bytes, &self.trust(), |id| chunks::has(connection, id))?;
        let chunk = match verdict {
            ChunkVerdict::Accept(chunk) => *chunk,
            ChunkVerdict::Known(id) => {
                chunks::unwant(connection, &id)?;
                return Ok(Taken::Known);
            }
            ChunkVerdict::Reject(reason) => return Ok(Taken::Refused(reason)),
        };
        let id = chunk.id();
        let wanted = match chunks::wanted_as(connection, &id)? {
            None if door == Door::Courier => mentioned_as(connection, &chunk)?,
            wanted => wanted,
        };
        let Some(wanted) = wanted else { return Ok(Taken::Refused(RejectReason::Unwanted)) };
        chunks::unwant(connection, &id)?;
        if !self.is_piece(connection, &wanted, &chunk)? {
            return Ok(Taken::Refused(RejectReason::Misplaced));
        }
        let used = self.clock.now().0;
        // No relay may have what came in a file: the tablet that wrote it may be gone for good.
        let unsent = door == Door::Courier;
        chunks::insert(connection, &NewChunk { id, header: chunk.header(), bytes: chunk.bytes(), unsent, used })?;
        if !chunks::ask_again(connection, wanted.patient, wanted.entry)?.is_empty() {
            self.attachments_wanted.notify_one();
        }
        Ok(Taken::Kept(wanted.patient, wanted.entry))
    }

    fn is_piece(&self, connection: &Connection, wanted: &Wanted, chunk: &SealedChunk) -> Result<bool, StoreError> {
        let attachment = match mentioned(connection, wanted.patient, wanted.entry) {
            Ok(attachment) => attachment,
            Err(super::AttachmentError::Store(error)) => return Err(error),
            Err(_) => return Ok(false),
        };
        let bytes = chunk.bytes().to_vec();
        Ok(reading::piece(wanted.patient, &attachment, wanted.place, chunk.id(), bytes).is_some())
    }

    /// The relay does not have these.
    pub(crate) fn chunks_absent(&self, absent: &[ChunkId]) -> Result<(), StoreError> {
        let mut entries = BTreeSet::new();
        {
            let writer = self.writer();
            let work = writer.connection.unchecked_transaction()?;
            for id in absent {
                if let Some(wanted) = chunks::wanted_as(&work, id)? {
                    chunks::set_absent(&work, id, true)?;
                    entries.insert((wanted.patient, wanted.entry));
                }
            }
            work.commit()?;
        }
        self.tell_attachments(entries);
        Ok(())
    }

    pub(crate) fn tell_attachments(&self, entries: impl IntoIterator<Item = (PatientId, EntryId)>) {
        for (patient, entry) in entries {
            self.tell(ReplicaEvent::Attachment { patient, entry });
        }
    }

    /// Unsent chunks behind a place, in the order in which they were made.
    pub(crate) fn departing_chunks(&self, after: u64, budget: usize) -> Result<(Vec<Departure>, bool), StoreError> {
        let (chunks, more) = chunks::departing(&self.reader(), after, budget)?;
        let departure = |(position, bytes)| Departure { position, item: Item::Chunk(bytes) };
        Ok((chunks.into_iter().map(departure).collect(), more))
    }

    /// Which pieces of which attachments are here, behind one of them.
    pub(crate) fn holdings(
        &self,
        after: Option<(DeviceId, AttachmentId)>,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreError> {
        let held = chunks::held_places(&self.reader(), after, limit)?;
        Ok(held.into_iter().map(|held| Holding::new(held.device, held.attachment, &held.places)).collect())
    }

    /// The pieces that somebody lacks, as far as they are here, within a budget (at least one); the places given are taken off `lacking`.
    pub(crate) fn chunks_for(&self, lacking: &mut Vec<Holding>, budget: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let reader = self.reader();
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        while let Some(holding) = lacking.first_mut() {
            let Some(place) = holding.first() else {
                lacking.remove(0);
                continue;
            };
            if let Some(bytes) = chunks::at_places(&reader, holding.device, holding.attachment, place)? {
                size += bytes.len();
                if size > budget && !found.is_empty() {
                    return Ok(found);
                }
                found.push(bytes);
            }
            holding.remove(place);
        }
        Ok(found)
    }
}

/// The piece that some entry of the patient's chart names this chunk as.
fn mentioned_as(connection: &Connection, chunk: &SealedChunk) -> Result<Option<Wanted>, StoreError> {
    let place = chunk.header().place;
    for (_, event) in models::read::standing(connection, "attachment", Some(place.patient))? {
        let EventBody::Attachment(attachment) = event.body else { continue };
        if attachment.attachment.0 == place.attachment.0 {
            let named = super::ids(&attachment).nth(place.index as usize);
            let (patient, entry, place) = (place.patient, event.id, place.index);
            let wanted = Wanted { chunk: chunk.id(), patient, entry, place, absent: false };
            return Ok(named.filter(|id| *id == wanted.chunk).map(|_| wanted));
        }
    }
    Ok(None)
}

/// Puts back a chunk of a store that is being recovered, if it is one.
pub(crate) fn restore(connection: &Connection, bytes: Vec<u8>, unsent: bool, used: i64) -> Result<bool, StoreError> {
    let Ok(parsed) = ReceivedChunk::new(bytes).and_then(ReceivedChunk::parse) else { return Ok(false) };
    chunks::insert(
        connection,
        &NewChunk { id: parsed.id(), header: parsed.header(), bytes: parsed.bytes(), unsent, used },
    )
}
