//! What is kept of checkpoints: which are to be made, parts on their way to a relay, and what this tablet began at.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{PatientId, RecordHash};
use tendenko_protocol::messages::Lane;

use super::{StoreError, documents_in};

/// Somebody was granted a patient's charts: they are due.
pub(crate) fn due(connection: &Connection, patient: PatientId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO checkpoints_due (document)
             SELECT name FROM documents WHERE patient = ?1 AND substr(name, 17, 1) <> x'00'",
        )?
        .execute([patient.0])?;
    Ok(())
}

/// Documents of a lane that are due.
pub(crate) fn all_due(connection: &Connection, lane: Lane) -> Result<Vec<DocumentId>, StoreError> {
    let mut documents = documents_in(connection, "SELECT document FROM checkpoints_due ORDER BY document")?;
    documents.retain(|document| Lane::of(document.scope()) == lane);
    Ok(documents)
}

/// It is not due any more.
pub(crate) fn done(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM checkpoints_due WHERE document = ?1")?.execute([document.to_bytes()])?;
    Ok(())
}

/// Keeps a part that is to leave; its row.
pub(crate) fn leaving(connection: &Connection, bytes: &[u8]) -> Result<i64, StoreError> {
    connection
        .prepare_cached("INSERT INTO parts_leaving (hash, bytes) VALUES (?1, ?2)")?
        .execute(params![RecordHash::of(bytes).0, bytes])?;
    Ok(connection.last_insert_rowid())
}

/// A relay has it, or never will.
pub(crate) fn left(connection: &Connection, part: &RecordHash) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE part IN (SELECT id FROM parts_leaving WHERE hash = ?1)")?
        .execute([part.0])?;
    connection.prepare_cached("DELETE FROM parts_leaving WHERE hash = ?1")?.execute([part.0])?;
    Ok(())
}

/// Keeps a part that was taken. Returns how many of its checkpoint are here.
pub(crate) fn take(
    connection: &Connection,
    document: DocumentId,
    checkpoint: &[u8; 16],
    part: u16,
    bytes: &[u8],
) -> Result<u64, StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO parts_taken (document, checkpoint, part, bytes) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![document.to_bytes(), checkpoint, part, bytes])?;
    let count = connection
        .prepare_cached("SELECT count(*) FROM parts_taken WHERE document = ?1 AND checkpoint = ?2")?
        .query_row(params![document.to_bytes(), checkpoint], |row| row.get(0))?;
    Ok(super::unsigned(count))
}

/// The parts of a checkpoint that are here, in their order.
pub(crate) fn parts(
    connection: &Connection,
    document: DocumentId,
    checkpoint: &[u8; 16],
) -> Result<Vec<Vec<u8>>, StoreError> {
    let parts = connection
        .prepare_cached("SELECT bytes FROM parts_taken WHERE document = ?1 AND checkpoint = ?2 ORDER BY part")?
        .query_map(params![document.to_bytes(), checkpoint], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(parts)
}

/// The parts of a checkpoint are of no use.
pub(crate) fn let_go(connection: &Connection, document: DocumentId, checkpoint: &[u8; 16]) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM parts_taken WHERE document = ?1 AND checkpoint = ?2")?
        .execute(params![document.to_bytes(), checkpoint])?;
    Ok(())
}

/// A document begins at a checkpoint whose parts are all here. What there was of another is let go.
pub(crate) fn begin(connection: &Connection, document: DocumentId, checkpoint: &[u8; 16]) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO unproven (document, checkpoint) VALUES (?1, ?2)")?
        .execute(params![document.to_bytes(), checkpoint])?;
    connection
        .prepare_cached("DELETE FROM parts_taken WHERE document = ?1 AND checkpoint <> ?2")?
        .execute(params![document.to_bytes(), checkpoint])?;
    Ok(())
}

/// The checkpoint a document began at, while it is not proven.
pub(crate) fn began_at(connection: &Connection, document: DocumentId) -> Result<Option<[u8; 16]>, StoreError> {
    let found = connection
        .prepare_cached("SELECT checkpoint FROM unproven WHERE document = ?1")?
        .query_row([document.to_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Whether any document is unproven.
pub(crate) fn any_unproven(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM unproven LIMIT 1")?.exists([])?)
}

/// Unproven documents.
pub(crate) fn unproven(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(connection, "SELECT document FROM unproven ORDER BY document")
}

/// Unproven documents that some record is missing of.
pub(crate) fn lacking(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(connection, "SELECT DISTINCT document FROM logs WHERE base_seq > 0 ORDER BY document")
}

/// Unproven documents of which every record is here.
pub(crate) fn provable(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(
        connection,
        "SELECT document FROM unproven u
         WHERE NOT EXISTS (SELECT 1 FROM logs WHERE document = u.document AND base_seq > 0) ORDER BY document",
    )
}

/// A document is what its records say: the parts it began at, to be looked at or let go.
pub(crate) fn settle(connection: &Connection, document: DocumentId) -> Result<Vec<Vec<u8>>, StoreError> {
    let parts = connection
        .prepare_cached("SELECT bytes FROM parts_taken WHERE document = ?1 ORDER BY part")?
        .query_map([document.to_bytes()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    connection.prepare_cached("DELETE FROM parts_taken WHERE document = ?1")?.execute([document.to_bytes()])?;
    connection.prepare_cached("DELETE FROM unproven WHERE document = ?1")?.execute([document.to_bytes()])?;
    Ok(parts)
}
