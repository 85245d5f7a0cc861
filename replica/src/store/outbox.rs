//! What leaves next: sealed records and statements made here, in the order in which they must be taken.

use rusqlite::{Connection, params};

use super::{StoreError, signed, unsigned};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::DeviceId;
use tendenko_protocol::messages::{Item, Lane};
use tendenko_protocol::session::client::Departure;

/// Puts a sealed record at the end, on its lane: cards on the first, whatever else is of a chart on the second.
pub(crate) fn add_record(connection: &Connection, record: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (lane, record)
             SELECT CASE substr(document, 17, 1) WHEN x'00' THEN ?2 ELSE ?3 END, id FROM records WHERE id = ?1",
        )?
        .execute(params![record, Lane::Cards.byte(), Lane::Charts.byte()])?;
    Ok(())
}

/// Puts a statement at the end, once.
pub(crate) fn add_statement(connection: &Connection, statement: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO outbox (lane, statement) VALUES (?1, ?2)")?
        .execute(params![Lane::Cards.byte(), statement])?;
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

/// The statements that wait here.
pub(crate) fn statements(connection: &Connection) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT s.bytes FROM outbox o JOIN statements s ON s.id = o.statement ORDER BY o.position")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A lane's items after a position, within a budget of bytes (at least one), and whether there are more. Those of other lanes than cards
/// only as far as nothing of the cards lane that lies beyond `behind` must leave before.
pub(crate) fn page(
    connection: &Connection,
    lane: Lane,
    after: u64,
    behind: u64,
    budget: usize,
) -> Result<(Vec<Departure>, bool), StoreError> {
    let barrier: Option<i64> = match lane {
        Lane::Cards => None,
        Lane::Charts | Lane::Attachments => connection
            .prepare_cached("SELECT min(position) FROM outbox WHERE lane = 0 AND position > ?1")?
            .query_row([signed(behind)], |row| row.get(0))?,
    };
    let mut statement = connection.prepare_cached(
        "SELECT position, record IS NOT NULL, coalesce(r.bytes, s.bytes) FROM outbox
         LEFT JOIN records r ON r.id = record LEFT JOIN statements s ON s.id = statement
         WHERE lane = ?1 AND position > ?2 ORDER BY position",
    )?;
    let mut rows = statement.query(params![lane.byte(), signed(after)])?;
    let mut items: Vec<Departure> = Vec::new();
    let mut size = 0;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let bytes: Vec<u8> = row.get(2)?;
        size += bytes.len();
        if barrier.is_some_and(|barrier| position > barrier) || (size > budget && !items.is_empty()) {
            return Ok((items, true));
        }
        let item = if row.get(1)? { Item::Record(bytes) } else { Item::Statement(bytes) };
        items.push(Departure { position: unsigned(position), item });
    }
    Ok((items, false))
}
