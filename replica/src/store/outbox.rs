//! What leaves next: sealed records and statements made here, in the order in which they must be taken.

use rusqlite::{Connection, params};

use super::{StoreError, signed, unsigned};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::DeviceId;
use tendenko_protocol::messages::Item;
use tendenko_protocol::session::client::Departure;

/// Puts a sealed record at the end.
pub(crate) fn add_record(connection: &Connection, record: i64) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT INTO outbox (record) VALUES (?1)")?.execute([record])?;
    Ok(())
}

/// Puts a statement at the end, once.
pub(crate) fn add_statement(connection: &Connection, statement: i64) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT OR IGNORE INTO outbox (statement) VALUES (?1)")?.execute([statement])?;
    Ok(())
}

/// Takes a record off.
pub(crate) fn remove_record(connection: &Connection, record: i64) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM outbox WHERE record = ?1")?.execute([record])?;
    Ok(())
}

/// Whether a record waits here.
pub(crate) fn has_record(connection: &Connection, record: i64) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM outbox WHERE record = ?1")?.exists([record])?)
}

/// The records of a document that wait here and were sealed by a device.
pub(crate) fn own_records(
    connection: &Connection,
    document: DocumentId,
    device: DeviceId,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id FROM outbox o JOIN records r ON r.id = o.record WHERE r.document = ?1 AND r.device = ?2",
    )?;
    let rows = statement.query_map(params![document.to_bytes(), device.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes a statement off, by its hash.
pub(crate) fn remove_statement(connection: &Connection, hash: &[u8; 32]) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM outbox WHERE statement IN (SELECT id FROM statements WHERE hash = ?1)")?
        .execute(params![hash])?;
    Ok(())
}

/// The items after a position, within a budget of bytes (at least one), and whether there are more.
pub(crate) fn page(connection: &Connection, after: u64, budget: usize) -> Result<(Vec<Departure>, bool), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, record IS NOT NULL, coalesce(r.bytes, s.bytes) FROM outbox
         LEFT JOIN records r ON r.id = record LEFT JOIN statements s ON s.id = statement
         WHERE position > ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([signed(after)])?;
    let mut items: Vec<Departure> = Vec::new();
    let mut size = 0;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(2)?;
        size += bytes.len();
        if size > budget && !items.is_empty() {
            return Ok((items, true));
        }
        let item = if row.get(1)? { Item::Record(bytes) } else { Item::Statement(bytes) };
        items.push(Departure { position: unsigned(row.get(0)?), item });
    }
    Ok((items, false))
}
