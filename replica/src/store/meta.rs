//! Single values: identity of the store, incarnation, cursors, measured offset.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// Names of the values. The type of each is that of its only reader and writer.
pub(crate) mod name {
    /// `u64`: this store's incarnation.
    pub(crate) const INCARNATION: &str = "incarnation";
    /// `(u64, u64)`: guard counter and file number.
    pub(crate) const GUARD: &str = "guard";
    /// `Cursor`: of the relay last heard.
    pub(crate) const CURSOR: &str = "cursor";
    /// `i64`: relay clock minus tablet clock, ms.
    pub(crate) const CLOCK_OFFSET: &str = "clock_offset";
    /// `i64`: tablet time of the last message from a relay.
    pub(crate) const LAST_CONTACT: &str = "last_contact";
    /// `u64`: number of the last save.
    pub(crate) const SAVE: &str = "save";
    /// `u64`: records the relay refused.
    pub(crate) const REJECTED: &str = "rejected";
    /// `bool`: an exchange with a relay came to its end once.
    pub(crate) const FIRST_SYNC: &str = "first_sync";
    /// `bool`: photos, documents and originals come only when asked for.
    pub(crate) const DATA_SAVER: &str = "data_saver";
    /// `u8`: the newest dictionary of the app that last read the records.
    pub(crate) const DICTIONARY: &str = "dictionary";
    /// `String`: the way read models are computed; another value means rebuild.
    pub(crate) const MODELS: &str = "models";
}

pub(crate) fn get<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| super::decode(&bytes)).transpose()
}

pub(crate) fn set<T: Serialize>(connection: &Connection, key: &str, value: &T) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key, super::encode(value)])?;
    Ok(())
}

/// Adds to a counter and returns the new value.
pub(crate) fn add(connection: &Connection, key: &str, by: u64) -> Result<u64, StoreError> {
    let value = get::<u64>(connection, key)?.unwrap_or(0).saturating_add(by);
    set(connection, key, &value)?;
    Ok(value)
}
