//! Attachments: photos and documents, sealed in chunks, mentioned in the chart, fetched when somebody looks.
//!
//! The reference (name, hash, ids of the chunks, thumbnail) is an event of the chart and travels as text does. The chunks lie in
//! the encrypted store as they left or came; nothing here looks into a photo, and nothing is ever written in clear.
//!
//! | room | concern |
//! |---|---|
//! | here | what screens ask: state, fetching, releasing |
//! | `attaching` | a file becomes chunks and an entry, in one durable step |
//! | `reading` | the whole, verified |
//! | `exchanging` | what a session asks of the store and brings to it |
//!
//! Invariants, and what breaks without them:
//! - A reference and its chunks become durable together. Otherwise a chart would mention a photo that nobody has.
//! - What no relay has acknowledged is never released. Otherwise the only copy would go.
//! - Nothing is fetched unasked. A chunk that comes is kept only if it is wanted, and is the piece it is wanted as.
//! - What is handed out has the hash that the chart says.

mod attaching;
mod exchanging;
mod reading;

pub(crate) use exchanging::{Taken, restore};

pub use attaching::{AttachError, NewAttachment};
pub use reading::AttachmentError;

use tendenko_crdt::{Attachment, EntryId, EventBody};
use tendenko_protocol::ids::{ChunkId, PatientId};

use crate::models;
use crate::replica::{Replica, ReplicaEvent};
use crate::store::{StoreError, chunks};

/// How much of an attachment is on this tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentPresence {
    /// All of it.
    Here,
    /// Some of it.
    Partly {
        /// Chunks here.
        here: u32,
        /// Chunks it has.
        of: u32,
    },
    /// Nothing of it.
    NotHere,
    /// Not all of it, and the relay that was asked does not have the rest either (yet).
    AbsentOnRelay {
        /// Chunks here.
        here: u32,
        /// Chunks it has.
        of: u32,
    },
}

/// Where an attachment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentState {
    /// How much of it is here.
    pub presence: AttachmentPresence,
    /// It was asked for and comes when there is a link.
    pub wanted: bool,
}

/// Local copies of attachments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttachmentStorage {
    /// Bytes they take.
    pub bytes: u64,
    /// Bytes that no relay has yet: these are never released.
    pub unsent_bytes: u64,
}

impl Replica {
    /// Where the attachment that this entry mentions stands.
    pub fn attachment_state(&self, patient: PatientId, entry: EntryId) -> Result<AttachmentState, AttachmentError> {
        let reader = self.reader();
        let attachment = mentioned(&reader, patient, entry)?;
        let of = attachment.chunks.as_slice().len() as u32;
        let mut here = 0;
        for id in ids(&attachment) {
            here += u32::from(chunks::has(&reader, &id)?);
        }
        let wanted = chunks::wanted_of(&reader, patient, entry)?;
        let presence = match here {
            here if here == of => AttachmentPresence::Here,
            here if wanted.iter().any(|wanted| wanted.absent) => AttachmentPresence::AbsentOnRelay { here, of },
            0 => AttachmentPresence::NotHere,
            here => AttachmentPresence::Partly { here, of },
        };
        Ok(AttachmentState { presence, wanted: !wanted.is_empty() })
    }

    /// Somebody wants to look: what is missing is asked for, now or when there is a link, and again after an answer that it was absent.
    /// [`ReplicaEvent::Attachment`] tells of every step. Survives a restart.
    pub fn fetch_attachment(&self, patient: PatientId, entry: EntryId) -> Result<AttachmentState, AttachmentError> {
        {
            let writer = self.writer();
            let work = writer.connection.unchecked_transaction().map_err(StoreError::from)?;
            let attachment = mentioned(&work, patient, entry)?;
            for (id, place) in ids(&attachment).zip(0..) {
                if !chunks::has(&work, &id)? {
                    chunks::want(&work, id, patient, entry, place)?;
                }
            }
            work.commit().map_err(StoreError::from)?;
        }
        self.attachments_wanted.notify_one();
        self.tell(ReplicaEvent::Attachment { patient, entry });
        self.attachment_state(patient, entry)
    }

    /// Nobody wants to look any more. What is here stays.
    pub fn stop_fetching(&self, patient: PatientId, entry: EntryId) -> Result<(), AttachmentError> {
        chunks::unwant_entry(&self.writer().connection, patient, entry)?;
        self.tell(ReplicaEvent::Attachment { patient, entry });
        Ok(())
    }

    /// How much room attachments take on this tablet.
    pub fn attachment_storage(&self) -> Result<AttachmentStorage, StoreError> {
        let held = chunks::held(&self.reader())?;
        Ok(AttachmentStorage { bytes: held.bytes, unsent_bytes: held.unsent_bytes })
    }

    /// Lets go of local copies that a relay has, those not looked at for longest first, until so many bytes are free for other
    /// things in the store. Returns how many bytes that made. They can be fetched again.
    pub fn release_local_copies(&self, bytes: u64) -> Result<u64, StoreError> {
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction()?;
        let freed = chunks::release(&work, bytes)?;
        work.commit()?;
        if freed > 0 {
            tracing::info!(bytes = freed, "local copies of attachments were released");
        }
        Ok(freed)
    }

    /// The disk is full: text comes before copies of photos. Nothing to say if that fails, too.
    pub(crate) fn make_room(&self) {
        /// More than any entry or batch of records takes.
        const ROOM: u64 = 8 << 20;
        if let Err(error) = self.release_local_copies(ROOM) {
            tracing::warn!(%error, "local copies of attachments could not be released");
        }
    }
}

/// What an entry mentions.
fn mentioned(
    connection: &rusqlite::Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Attachment, AttachmentError> {
    let event = models::read::entry(connection, patient, entry)?;
    match event.map(|event| event.body) {
        Some(EventBody::Attachment(attachment)) => Ok(attachment),
        _ => Err(AttachmentError::NoAttachment),
    }
}

/// The ids of an attachment's chunks, in order.
fn ids(attachment: &Attachment) -> impl Iterator<Item = ChunkId> + '_ {
    attachment.chunks.as_slice().iter().map(|digest| ChunkId(digest.0))
}
