//! Documents on disk: a snapshot, then change rows since. Loading costs one snapshot and a few rows.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::document::DocumentId;

use super::packed::{pack, unpack};
use super::{StoreError, documents_in};

/// A document as stored.
pub(crate) struct StoredDocument {
    pub(crate) snapshot: Vec<u8>,
    /// Change rows, oldest first: each one or more Automerge chunks.
    pub(crate) changes: Vec<Vec<u8>>,
}

pub(crate) fn load(connection: &Connection, id: DocumentId) -> Result<Option<StoredDocument>, StoreError> {
    let name = id.to_bytes();
    let snapshot = connection
        .prepare_cached("SELECT snapshot FROM documents WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    let Some(snapshot) = snapshot else { return Ok(None) };
    let changes = connection
        .prepare_cached("SELECT bytes FROM changes WHERE document = ?1 ORDER BY id")?
        .query_map([name], |row| row.get::<_, Vec<u8>>(0))?
        .map(|packed| unpack(&packed?))
        .collect::<Result<_, _>>()?;
    Ok(Some(StoredDocument { snapshot, changes }))
}

/// Adds a change row, making the document when it is new (its snapshot is then empty).
pub(crate) fn append(connection: &Connection, id: DocumentId, changes: &[u8]) -> Result<(), StoreError> {
    let name = id.to_bytes();
    connection
        .prepare_cached(
            "INSERT INTO documents (name, patient, snapshot) VALUES (?1, ?2, x'') ON CONFLICT (name) DO NOTHING",
        )?
        .execute(params![name, id.patient.0])?;
    connection
        .prepare_cached("INSERT INTO changes (document, bytes) VALUES (?1, ?2)")?
        .execute(params![name, pack(changes)])?;
    Ok(())
}

/// Puts a snapshot in the place of the change rows, which it contains, if there are any.
pub(crate) fn compact(connection: &Connection, id: DocumentId, snapshot: &[u8]) -> Result<(), StoreError> {
    let name = id.to_bytes();
    connection
        .prepare_cached(
            "INSERT INTO documents (name, patient, snapshot) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET snapshot = excluded.snapshot",
        )?
        .execute(params![name, id.patient.0, snapshot])?;
    connection.prepare_cached("DELETE FROM changes WHERE document = ?1")?.execute([name])?;
    Ok(())
}

/// Every document, ordered by name.
pub(crate) fn all(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(connection, "SELECT name FROM documents ORDER BY name")
}
