//! The encrypted store: one SQLCipher database in WAL mode, every commit durable (`synchronous = FULL`).
//!
//! Two connections: one writes (behind the engine's lock), one reads (screens never wait for a running sync).
//! The key is a raw 256-bit key; a file that does not open with it is damaged or not ours, never guessed at.

pub(crate) mod checkpoints;
pub(crate) mod chunks;
pub(crate) mod data_use;
pub(crate) mod documents;
pub(crate) mod drafts;
pub(crate) mod logs;
pub(crate) mod marks;
pub(crate) mod meta;
pub(crate) mod outbox;
pub(crate) mod packed;
pub(crate) mod records;
pub(crate) mod schema;
pub(crate) mod statements;
pub(crate) mod twins;
pub(crate) mod unsent;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tendenko_protocol::document::DocumentId;

use crate::unlock::StoreKey;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room left on the disk. Nothing was written.
    #[error("the disk is full: make room, then try again; nothing was written")]
    DiskFull,
    /// Bytes on the disk are not what was written.
    #[error("the store is damaged: recover it")]
    Damaged,
    /// Written by a newer version of the app.
    #[error("the store has schema version {found}, this app knows up to {known}: update the app")]
    NewerSchema {
        /// Version of the file.
        found: u32,
        /// Newest version this program knows.
        known: u32,
    },
    /// The guard file beside the database could not be written.
    #[error("the guard file could not be written: {0}")]
    Guard(std::io::Error),
    /// The operating system gave no random numbers.
    #[error("no random numbers: try again")]
    NoRandom,
    /// Anything else SQLite reports.
    #[error("the store failed: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            // A WAL that cannot grow under a file-size limit or quota reports a failed write, not a full disk.
            Some(ErrorCode::SystemIoFailure) if is_failed_write(&error) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(ErrorCode::SystemIoFailure) if is_short_read(&error) => Self::Damaged,
            _ => match error {
                // A column that does not hold what was written there.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..) => Self::Damaged,
                other => Self::Sqlite(other),
            },
        }
    }
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |e| e.extended_code)
}

fn is_failed_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE].contains(&extended(error))
}

fn is_short_read(error: &rusqlite::Error) -> bool {
    extended(error) == rusqlite::ffi::SQLITE_IOERR_SHORT_READ
}

/// Opens the writing connection, making and migrating the schema.
pub(crate) fn open_writer(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let mut connection = open(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path, key: &StoreKey) -> Result<Connection, StoreError> {
    let connection = open(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(path: &Path, key: &StoreKey, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Every failed page would be a line on the standard error; what matters comes back as an error.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    connection.pragma_update(None, "key", key.pragma().as_str())?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(128);
    // The first read of the file: a wrong key or a spoiled first page shows here.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

/// Checks the authentication tag of every page. Returns whether all are as written.
pub(crate) fn pages_are_sound(connection: &Connection) -> Result<bool, StoreError> {
    let mut statement = connection.prepare("PRAGMA cipher_integrity_check")?;
    let sound = statement.query([])?.next()?.is_none();
    Ok(sound)
}

/// CBOR of a value of ours.
pub(crate) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("our own types have no map keys or numbers CBOR cannot hold")
}

/// Reads back what [`encode`] wrote.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_cbor::from_slice(bytes).map_err(|_| StoreError::Damaged)
}

/// The documents that a query without parameters names in its only column.
fn documents_in(connection: &Connection, sql: &str) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| DocumentId::from_bytes(name).ok_or(StoreError::Damaged)).collect()
}

/// A fixed-size id from a column.
pub(crate) fn fixed<const N: usize>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<[u8; N]> {
    row.get(column)
}

/// SQLite holds signed integers; the bits are what counts.
pub(crate) fn signed(n: u64) -> i64 {
    n.cast_signed()
}

/// The inverse of [`signed`].
pub(crate) fn unsigned(n: i64) -> u64 {
    n.cast_unsigned()
}
