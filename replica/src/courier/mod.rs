//! Courier files at a tablet: written for others, and taken from others, when there is no network.
//!
//! What leaves in a file leaves as it would to a relay: sealed first, in the bytes that any relay gets. But a file is no ack: nothing is
//! taken off the outbox for it, and what is unsent stays unsent until a relay says that it has it. Pieces of photos and documents go along, behind
//! all text, if that is wanted.
//!
//! What comes in a file is admitted like what a relay sends, by a stricter door, because anybody can write a file. What was new is
//! remembered for the next relay (statements in the outbox, documents to be compared, pieces unsent): the tablet that wrote the file may never come back.

mod export;
mod import;

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use tendenko_crdt::Timestamp;
use tendenko_protocol::courier::ReaderError;
pub use tendenko_protocol::courier::{EXTENSION, End, ForWhom, Header, Maker, Report, Totals};
use tendenko_protocol::ids::RegionId;

use crate::store::StoreError;

/// What a file is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierRequest {
    /// For whom.
    pub for_whom: ForWhom,
    /// Only what came to, or was written on, this tablet since then (to ten minutes, rather more than less); `None`: everything.
    pub since: Option<Timestamp>,
    /// Also the pieces of photos and documents that are here. They come last in the file.
    pub attachments: bool,
}

/// Is told what was written or read so far, and may call it off.
pub type CourierProgress<'a> = &'a mut dyn FnMut(Totals) -> ControlFlow<()>;

/// Why a courier file was not written, or not taken.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The stick cannot be read or written, or is full.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Not a courier file, or a header that cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReaderError),
    /// It ends before it says what it is.
    #[error("the courier file ends before it says what it is: copy it again")]
    Empty,
    /// Another region's.
    #[error("the courier file is of another region: nothing was taken")]
    OtherRegion {
        /// Region of the file.
        file: RegionId,
    },
    /// The export was called off: there is no file.
    #[error("the export was called off: no file was written")]
    CalledOff,
    /// The tablet's store failed. What was taken before stays.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CourierError {
    /// A short stable code for screens and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => "stick-full",
            Self::File { .. } => "stick",
            Self::Unreadable(ReaderError::NotACourierFile) => "not-a-courier-file",
            Self::Unreadable(ReaderError::Version(_)) => "courier-version",
            Self::Unreadable(_) | Self::Empty => "courier-damaged",
            Self::OtherRegion { .. } => "other-region",
            Self::CalledOff => "called-off",
            Self::Store(StoreError::DiskFull) => "disk-full",
            Self::Store(StoreError::Damaged) => "store-damaged",
            Self::Store(_) => "store",
        }
    }
}
