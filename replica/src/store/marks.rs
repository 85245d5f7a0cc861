//! When records came, to ten minutes: what answers "since the day before yesterday" without a time beside every record.

use rusqlite::{Connection, params};
use tendenko_crdt::Timestamp;
use tendenko_protocol::document::{DocumentId, Vector};
use tendenko_protocol::ids::{DeviceId, Incarnation, LogSeq, RecordHash};

use super::{StoreError, fixed, unsigned};

const SPAN_MS: i64 = 600_000;

/// Records are about to be kept at this time.
pub(crate) fn note(connection: &Connection, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO marks (mark, record) VALUES (?1, (SELECT coalesce(max(id), 0) FROM records))",
        )?
        .execute([at.0.div_euclid(SPAN_MS)])?;
    Ok(())
}

/// A record that came before this time: all that came since have greater row ids. `None` when nothing came since.
///
/// Of all later marks the earliest counts, so that a clock that was set back hides nothing.
pub(crate) fn before(connection: &Connection, time: i64) -> Result<Option<i64>, StoreError> {
    let record = connection
        .prepare_cached("SELECT min(record) FROM marks WHERE mark >= ?1")?
        .query_row([time.div_euclid(SPAN_MS)], |row| row.get(0))?;
    Ok(record)
}

/// Documents of which a record came after this one, in order.
pub(crate) fn documents_since(connection: &Connection, record: i64) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT document FROM records WHERE id > ?1 ORDER BY document")?;
    let names = statement.query_map([record], |row| row.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| DocumentId::from_bytes(name).ok_or(StoreError::Damaged)).collect()
}

/// How far a document was held when this record was the last.
pub(crate) fn vector_at(connection: &Connection, document: DocumentId, record: i64) -> Result<Vector, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device, incarnation, max(seq), hash FROM records WHERE document = ?1 AND id <= ?2 GROUP BY device, incarnation",
    )?;
    let mut vector = Vector::default();
    let mut rows = statement.query(params![document.to_bytes(), record])?;
    while let Some(row) = rows.next()? {
        let (device, incarnation) = (DeviceId(fixed(row, 0)?), Incarnation(unsigned(row.get(1)?)));
        // SQLite takes the hash from the row with the greatest number.
        vector.raise(device, incarnation, LogSeq(unsigned(row.get(2)?)), RecordHash(fixed(row, 3)?).print());
    }
    Ok(vector)
}
