//! What can go wrong, and what to do about it. No message holds personal data.

use std::time::Duration;

use tendenko_crdt::DocumentError;
use tendenko_protocol::document::Scope;
use tendenko_protocol::keys::KeyError;

use crate::conflicts::ResolveError;
use crate::store::StoreError;
use crate::unlock::SlotError;

/// The tablet could not be prepared or enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The directory holds an enrolled replica.
    #[error("this tablet is enrolled already: use another directory")]
    AlreadyEnrolled,
    /// `enrol` without `prepare`.
    #[error("no enrolment was prepared here: make a request first")]
    NotPrepared,
    /// The bundle does not certify this device's keys.
    #[error("the bundle is not for this tablet, or its certificates do not hold: ask for a new one")]
    NotForThisDevice,
    /// A staff member is not certified in the bundle.
    #[error("a staff member is not certified in this region")]
    UnknownMember,
    /// Nobody could unlock the tablet.
    #[error("name at least one staff member")]
    NoStaff,
    /// The request could not be made.
    #[error(transparent)]
    Request(#[from] tendenko_protocol::trust::EnrolmentError),
    /// Keys could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key slots could not be made.
    #[error("the key slots could not be written: {0}")]
    Slots(String),
    /// A file could not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<SlotError> for EnrolError {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::Io(io) => Self::Io(io),
            other => Self::Slots(other.to_string()),
        }
    }
}

/// The replica was not opened.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// Nothing was enrolled in this directory.
    #[error("this tablet is not enrolled")]
    NotEnrolled,
    /// The member has no slot on this tablet.
    #[error("this person cannot unlock this tablet")]
    UnknownMember,
    /// Wrong PIN or passphrase. Nothing is destroyed.
    #[error("wrong secret: wait {} s before the next try", wait.as_secs())]
    WrongSecret {
        /// How long the next try must wait.
        wait: Duration,
    },
    /// Tried again too early; the try was not counted and not checked.
    #[error("too early: wait {} s", wait.as_secs())]
    TooEarly {
        /// How long.
        wait: Duration,
    },
    /// The store cannot be read.
    #[error("the store is damaged: recover it, a copy is kept")]
    Damaged(Damage),
    /// Written by a newer version.
    #[error("the store is of version {found}, this app knows up to {known}: update the app")]
    NewerSchema {
        /// Version of the file.
        found: u32,
        /// Newest known here.
        known: u32,
    },
    /// Another process, or another part of this one, has the store open.
    #[error("the store is open already")]
    AlreadyOpen,
    /// The store failed otherwise.
    #[error(transparent)]
    Store(StoreError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What of the store is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The database.
    Store,
    /// The file of key slots: nobody can be let in. Enrol the tablet again.
    KeySlots,
    /// The database file is missing.
    Missing,
}

impl From<StoreError> for UnlockError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::Damaged(Damage::Store),
            StoreError::NewerSchema { found, known } => Self::NewerSchema { found, known },
            other => Self::Store(other),
        }
    }
}

/// Nothing was saved: memory and disk are as before.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No room on the disk. Keep the entry on the screen and try again when there is room.
    #[error("the disk is full: nothing was saved; make room and save again")]
    DiskFull,
    /// The store is damaged.
    #[error("the store is damaged: nothing was saved; recover the store")]
    Damaged,
    /// This tablet holds no key for that part of the patient's record.
    #[error("this tablet has no access to that part of the record ({scope:?})")]
    NotGranted {
        /// Card or chart.
        scope: Scope,
    },
    /// There is no such entry, or not where something can be said about it.
    #[error("this entry is not in the record")]
    NoSuchEntry,
    /// Somebody corrected the entry or took it back.
    #[error("this entry was corrected or taken back meanwhile")]
    ChangedMeanwhile,
    /// The device to grant to is not known, or revoked.
    #[error("the device is not certified in this region, or no longer trusted")]
    UnknownDevice,
    /// One step of the edit is too large to travel.
    #[error("the entry takes {bytes} bytes at once, more than {limit}: record it in parts")]
    TooLarge {
        /// Size.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// The document refused the edit.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The choice does not resolve the conflict.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A statement could not be made.
    #[error(transparent)]
    Trust(#[from] tendenko_protocol::trust::TrustError),
    /// The store failed otherwise.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SaveError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Damaged => Self::Damaged,
            other => Self::Store(other),
        }
    }
}

impl From<rusqlite::Error> for SaveError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<tendenko_protocol::RandomError> for SaveError {
    fn from(error: tendenko_protocol::RandomError) -> Self {
        Self::Key(error.into())
    }
}

/// Something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The patient is not on this tablet.
    #[error("this patient is not on this tablet")]
    UnknownPatient,
    /// The date is not one.
    #[error("not a date: write it as 2026-11-20")]
    BadDate,
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
