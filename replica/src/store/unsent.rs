//! What was saved here and has not been acknowledged: pending until sealed, then tied to its record.

use rusqlite::{Connection, params};
use serde_bytes::ByteBuf;
use tendenko_crdt::{EntryId, Timestamp};
use tendenko_protocol::document::DocumentId;

use super::{StoreError, documents_in};

/// One save's part in one document, not sealed yet.
pub(crate) struct Pending {
    pub(crate) id: i64,
    /// Automerge changes, in order.
    pub(crate) changes: Vec<ByteBuf>,
}

pub(crate) fn insert(
    connection: &Connection,
    save: u64,
    document: DocumentId,
    at: Timestamp,
    changes: &[Vec<u8>],
    keys: &[String],
    entries: &[EntryId],
) -> Result<i64, StoreError> {
    let changes: Vec<&serde_bytes::Bytes> = changes.iter().map(|change| serde_bytes::Bytes::new(change)).collect();
    connection
        .prepare_cached(
            "INSERT INTO unsent (save, document, patient, saved_at, changes, keys) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            super::signed(save),
            document.to_bytes(),
            document.patient.0,
            at.0,
            super::encode(&changes),
            super::encode(&keys)
        ])?;
    let id = connection.last_insert_rowid();
    for entry in entries {
        connection
            .prepare_cached("INSERT OR IGNORE INTO unsent_entries (entry, unsent) VALUES (?1, ?2)")?
            .execute(params![entry.as_bytes(), id])?;
    }
    Ok(id)
}

/// Documents with something to seal: cards first, then by when it was saved.
pub(crate) fn documents_to_seal(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(
        connection,
        "SELECT document FROM unsent WHERE record IS NULL GROUP BY document ORDER BY substr(document, 17, 1), min(id)",
    )
}

/// What is pending in one document, oldest first, at most `limit` rows.
pub(crate) fn pending(connection: &Connection, document: DocumentId, limit: usize) -> Result<Vec<Pending>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, changes FROM unsent WHERE document = ?1 AND record IS NULL ORDER BY id LIMIT ?2")?;
    let rows = statement
        .query_map(params![document.to_bytes(), limit as i64], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|(id, changes)| Ok(Pending { id, changes: super::decode(&changes)? })).collect()
}

/// Every document with a save that is not acknowledged.
pub(crate) fn documents(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(connection, "SELECT DISTINCT document FROM unsent ORDER BY document")
}

/// Everything of one document that is not acknowledged, sealed or not, oldest first.
pub(crate) fn all_of(connection: &Connection, document: DocumentId) -> Result<Vec<Pending>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, changes FROM unsent WHERE document = ?1 ORDER BY id")?;
    let rows = statement
        .query_map([document.to_bytes()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|(id, changes)| Ok(Pending { id, changes: super::decode(&changes)? })).collect()
}

/// The save is to be sealed again, with these changes.
pub(crate) fn unseal(connection: &Connection, id: i64, changes: &[Vec<u8>]) -> Result<(), StoreError> {
    let changes: Vec<&serde_bytes::Bytes> = changes.iter().map(|change| serde_bytes::Bytes::new(change)).collect();
    connection
        .prepare_cached("UPDATE unsent SET record = NULL, changes = ?2 WHERE id = ?1")?
        .execute(params![id, super::encode(&changes)])?;
    Ok(())
}

/// The save is not to be sealed any more: what it wrote was written again.
pub(crate) fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM unsent WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Ties a save to the record that carries the last of it.
pub(crate) fn sealed(connection: &Connection, id: i64, record: i64) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE unsent SET record = ?2 WHERE id = ?1")?.execute(params![id, record])?;
    Ok(())
}

/// The record is durable at a relay: what it carried is no longer unsent.
pub(crate) fn acked(connection: &Connection, record: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM unsent_entries WHERE unsent IN (SELECT id FROM unsent WHERE record = ?1)")?
        .execute([record])?;
    connection.prepare_cached("DELETE FROM unsent WHERE record = ?1")?.execute([record])?;
    Ok(())
}

/// Number of saves not acknowledged.
pub(crate) fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 =
        connection.prepare_cached("SELECT count(DISTINCT save) FROM unsent")?.query_row([], |row| row.get(0))?;
    Ok(super::unsigned(count))
}
