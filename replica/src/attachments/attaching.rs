//! A file becomes sealed chunks and an entry of the chart, in one durable step.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ring::digest;
use rusqlite::Connection;
use tendenko_crdt::{
    Attachment, AttachmentName, ChunkNames, Digest, Document as _, EntryId, EventBody, FileName, MediaType, Thumbnail,
    Timestamp, TooLong,
};
use tendenko_protocol::chunk::{ChunkPlace, ChunkSealError, SealedChunk};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{AttachmentId, PatientId};
use tendenko_protocol::keys::EpochKey;
use tendenko_protocol::limits::{MAX_ATTACHMENT, MAX_CHUNK_CONTENT};

use crate::error::SaveError;
use crate::replica::Replica;
use crate::store::chunks::{self, NewChunk};
use crate::store::{StoreError, statements};

/// What is said about a file that is to be attached.
#[derive(Debug, Clone, Default)]
pub struct NewAttachment {
    /// Media type, for example `image/jpeg`. Empty: unknown.
    pub media_type: String,
    /// File name; of a path only the last part is kept.
    pub file_name: String,
    /// A small picture, at most [`tendenko_crdt::MAX_THUMBNAIL`] bytes.
    pub thumbnail: Option<Vec<u8>>,
    /// When it was taken or written, if known: the entry stands at that moment in the timeline.
    pub taken_at: Option<Timestamp>,
    /// In the writer's words.
    pub caption: String,
}

/// Nothing was attached: memory and disk are as before.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Larger than an attachment may be. It was not read.
    #[error("the file has {bytes} bytes, an attachment at most {limit}: make it smaller or cut it in parts")]
    TooLarge {
        /// Bytes of the file.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It grew or shrank while it was read.
    #[error("the file changed while it was being read: try again")]
    Changed,
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Read(#[from] io::Error),
    /// Name, type or thumbnail are too long.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// No randomness.
    #[error("the file could not be sealed: {0}")]
    Seal(#[from] ChunkSealError),
    /// The entry could not be saved.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl AttachError {
    /// A short stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "attachment-too-large",
            Self::Empty => "attachment-empty",
            Self::Changed => "attachment-changed",
            Self::Read(_) => "attachment-unreadable",
            Self::TooLong(_) => "attachment-name-too-long",
            Self::Seal(_) => "attachment-not-sealed",
            Self::Save(SaveError::DiskFull) => "disk-full",
            Self::Save(_) => "not-saved",
        }
    }
}

/// A file, cut and sealed.
struct Sealed {
    chunks: Vec<SealedChunk>,
    sha256: [u8; 32],
}

impl Replica {
    /// Attaches a file to a patient's chart. See [`Replica::attach`].
    pub fn attach_file(&self, patient: PatientId, path: &Path, about: NewAttachment) -> Result<EntryId, AttachError> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        self.attach(patient, &mut file, size, about)
    }

    /// Attaches `size` bytes to a patient's chart: sealed, stored and mentioned in one durable step. They leave when there is a link and
    /// nothing more urgent to send. What is in them is not looked at.
    ///
    /// More than [`MAX_ATTACHMENT`] bytes are refused before anything is read.
    pub fn attach(
        &self,
        patient: PatientId,
        from: &mut dyn Read,
        size: u64,
        about: NewAttachment,
    ) -> Result<EntryId, AttachError> {
        let taken_at = about.taken_at;
        let sealed = self.seal_attachment(patient, from, size, about)?;
        let used = self.clock.now();
        let saved = self.edit_with(
            patient,
            |connection| sealed.keep_chunks(connection, used),
            |edit| {
                let mut event = edit.event(EventBody::Attachment(sealed.mention.clone()))?;
                event.occurred_at = taken_at.unwrap_or(event.occurred_at);
                let entry = event.id;
                edit.volume_at(event.occurred_at)?.record(event)?;
                Ok(entry)
            },
        );
        Ok(saved?)
    }

    /// Cuts and seals a file, before the store is locked: it may come from a slow card. Nothing is stored.
    pub(crate) fn seal_attachment(
        &self,
        patient: PatientId,
        from: &mut dyn Read,
        size: u64,
        about: NewAttachment,
    ) -> Result<SealedAttachment, AttachError> {
        let limit = MAX_ATTACHMENT as u64;
        match size {
            0 => return Err(AttachError::Empty),
            bytes if bytes > limit => return Err(AttachError::TooLarge { bytes, limit }),
            _ => {}
        }
        let media_type = MediaType::try_from(about.media_type)?;
        let file_name = FileName::try_from(last_part(&about.file_name))?;
        let thumbnail = about.thumbnail.map(Thumbnail::new).transpose()?;
        let attachment = AttachmentId::generate(&self.rng).map_err(SaveError::from)?;
        let sealed = self.seal_file(patient, attachment, from, size)?;
        let names = sealed.chunks.iter().map(|chunk| Digest(chunk.id().0)).collect();
        let mention = Attachment {
            attachment: AttachmentName(attachment.0),
            media_type,
            file_name,
            size,
            sha256: Digest(sealed.sha256),
            chunks: ChunkNames::new(names).ok_or(AttachError::TooLarge { bytes: size, limit })?,
            thumbnail,
            taken_at: about.taken_at,
            caption: about.caption,
            part_of: None,
            newer: Default::default(),
        };
        Ok(SealedAttachment { mention, chunks: sealed.chunks })
    }

    fn seal_file(
        &self,
        patient: PatientId,
        attachment: AttachmentId,
        from: &mut dyn Read,
        size: u64,
    ) -> Result<Sealed, AttachError> {
        let held = statements::sealing_key(&self.reader(), patient, Scope::Chart).map_err(SaveError::from)?;
        let (id, secret) = held.ok_or(SaveError::NotGranted { scope: Scope::Chart })?;
        let key = EpochKey::from_secret_bytes(id, &secret).map_err(SaveError::from)?;
        let total = size.div_ceil(MAX_CHUNK_CONTENT as u64) as u32;
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut chunks = Vec::with_capacity(total as usize);
        let mut left = size;
        for index in 0..total {
            let mut content = vec![0; left.min(MAX_CHUNK_CONTENT as u64) as usize];
            from.read_exact(&mut content).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => AttachError::Changed,
                _ => AttachError::Read(error),
            })?;
            left -= content.len() as u64;
            hash.update(&content);
            let place = ChunkPlace { patient, attachment, index, total };
            chunks.push(SealedChunk::seal(&self.rng, &self.keys, &key, place, &content)?);
        }
        if from.read(&mut [0])? != 0 {
            return Err(AttachError::Changed);
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(Sealed { chunks, sha256 })
    }
}

/// A file, cut and sealed, and how the chart mentions it.
pub(crate) struct SealedAttachment {
    pub(crate) mention: Attachment,
    chunks: Vec<SealedChunk>,
}

impl SealedAttachment {
    /// Puts the chunks into the store: in the transaction that mentions them.
    pub(crate) fn keep_chunks(&self, connection: &Connection, used: Timestamp) -> Result<(), StoreError> {
        for chunk in &self.chunks {
            let (id, header, bytes) = (chunk.id(), chunk.header(), chunk.bytes());
            chunks::insert(connection, &NewChunk { id, header, bytes, unsent: true, used: used.0 })?;
        }
        Ok(())
    }
}

/// A file name without its folders, as any system writes them.
fn last_part(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}
