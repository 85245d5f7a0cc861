//! The whole attachment, when all of it is here: opened piece by piece, and compared with what the chart says.

use ring::digest;
use tendenko_crdt::{Attachment, EntryId};
use tendenko_protocol::chunk::{ChunkPlace, ParsedChunk, ReceivedChunk};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{AttachmentId, ChunkId, PatientId};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::limits::MAX_ATTACHMENT;

use super::{ids, mentioned};
use crate::replica::Replica;
use crate::store::{StoreError, chunks, statements};

/// An attachment cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The entry mentions none, or is not here.
    #[error("this entry has no attachment")]
    NoAttachment,
    /// Not all of it is on this tablet: fetch it.
    #[error("{here} of {of} parts are on this tablet: fetch the rest")]
    NotHere {
        /// Chunks here.
        here: u32,
        /// Chunks it has.
        of: u32,
    },
    /// This tablet holds no key for it.
    #[error("this tablet has no access to it")]
    NoKey,
    /// What is here is not what was attached. Damaged parts were dropped: fetch it again.
    #[error("what is here is not what was attached: fetch it again, or ask whoever attached it")]
    Broken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AttachmentError {
    /// A short stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAttachment => "no-attachment",
            Self::NotHere { .. } => "attachment-not-here",
            Self::NoKey => "not-granted",
            Self::Broken => "attachment-broken",
            Self::Store(_) => "store",
        }
    }
}

impl Replica {
    /// The attachment that this entry mentions: its bytes, which have the size and hash that the chart says.
    pub fn read_attachment(&self, patient: PatientId, entry: EntryId) -> Result<Vec<u8>, AttachmentError> {
        let (attachment, sealed) = {
            let reader = self.reader();
            let attachment = mentioned(&reader, patient, entry)?;
            let sealed: Vec<_> =
                ids(&attachment).map(|id| chunks::bytes(&reader, &id)).collect::<Result<_, StoreError>>()?;
            (attachment, sealed)
        };
        let of = sealed.len() as u32;
        let here = sealed.iter().flatten().count() as u32;
        if here < of || attachment.size > MAX_ATTACHMENT as u64 {
            return Err(AttachmentError::NotHere { here, of });
        }
        let mut whole = Vec::with_capacity(attachment.size as usize);
        for ((id, index), bytes) in ids(&attachment).zip(0..).zip(sealed.into_iter().flatten()) {
            let Some(chunk) = piece(patient, &attachment, index, id, bytes) else {
                chunks::drop_damaged(&self.writer().connection, &id)?;
                return Err(AttachmentError::Broken);
            };
            let key = self.chart_key(patient, &chunk)?.ok_or(AttachmentError::NoKey)?;
            let content = chunk.open(&key).map_err(|_| AttachmentError::Broken)?;
            if whole.len() + content.len() > MAX_ATTACHMENT {
                return Err(AttachmentError::Broken);
            }
            whole.extend(content);
        }
        let hash = digest::digest(&digest::SHA256, &whole);
        if hash.as_ref() != attachment.sha256.0 || whole.len() as u64 != attachment.size {
            return Err(AttachmentError::Broken);
        }
        let now = self.clock.now().0;
        let writer = self.writer();
        let work = writer.connection.unchecked_transaction().map_err(StoreError::from)?;
        ids(&attachment).try_for_each(|id| chunks::touch(&work, &id, now))?;
        work.commit().map_err(StoreError::from)?;
        Ok(whole)
    }

    fn chart_key(&self, patient: PatientId, chunk: &ParsedChunk) -> Result<Option<EpochKey>, StoreError> {
        let key = chunk.header().key;
        let secret = statements::key(&self.reader(), patient, Scope::Chart, key)?;
        Ok(secret.and_then(|secret| EpochKey::from_secret_bytes(key, &secret).ok()))
    }
}

/// The chunk, if these bytes are the piece of that attachment that the chart names.
pub(super) fn piece(
    patient: PatientId,
    attachment: &Attachment,
    index: u32,
    id: ChunkId,
    bytes: Vec<u8>,
) -> Option<ParsedChunk> {
    let chunk = ReceivedChunk::new(bytes).and_then(ReceivedChunk::parse).ok()?;
    let place = ChunkPlace {
        patient,
        attachment: AttachmentId(attachment.attachment.0),
        index,
        total: attachment.chunks.as_slice().len() as u32,
    };
    (chunk.id() == id && chunk.header().place == place).then_some(chunk)
}
