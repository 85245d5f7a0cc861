//! Sealed records as sent or received, byte for byte, and what was set aside. How far each log goes is in [`super::logs`].

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_crdt::Timestamp;
use tendenko_protocol::document::{DocumentId, LogId, Vector};
use tendenko_protocol::ids::{DeviceId, Incarnation, KeyId, LogSeq, RecordHash};

use super::{StoreError, documents_in, fixed, logs, signed, twins, unsigned};

/// Whether a record's content is in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Applied = 0,
    WaitsForKey = 1,
    Unreadable = 2,
}

/// A record to keep.
pub(crate) struct Kept<'a> {
    pub(crate) log: LogId,
    pub(crate) seq: LogSeq,
    pub(crate) hash: RecordHash,
    pub(crate) key: KeyId,
    pub(crate) state: State,
    pub(crate) bytes: &'a [u8],
}

/// Keeps a record that follows what is held of its log.
pub(crate) fn insert(connection: &Connection, record: &Kept<'_>) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO records (document, device, incarnation, seq, hash, patient, key, state, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            record.log.document.to_bytes(),
            record.log.device.0,
            signed(record.log.incarnation.0),
            signed(record.seq.0),
            record.hash.0,
            record.log.document.patient.0,
            record.key.0,
            record.state as i64,
            record.bytes
        ])?;
    let row = connection.last_insert_rowid();
    logs::advance(connection, record.log, (record.seq, record.hash))?;
    twins::release(connection, record.log, &record.hash)?;
    Ok(row)
}

/// The hash of the record at a position of a log.
pub(crate) fn hash_at(connection: &Connection, log: LogId, seq: LogSeq) -> Result<Option<RecordHash>, StoreError> {
    let hash = connection
        .prepare_cached(
            "SELECT hash FROM records WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq = ?4",
        )?
        .query_row(params![log.document.to_bytes(), log.device.0, signed(log.incarnation.0), signed(seq.0)], |row| {
            Ok(RecordHash(fixed(row, 0)?))
        })
        .optional()?;
    Ok(hash)
}

/// The row of the record at a position of a log.
pub(crate) fn row_at(connection: &Connection, log: LogId, seq: LogSeq) -> Result<Option<i64>, StoreError> {
    let row = connection
        .prepare_cached("SELECT id FROM records WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq = ?4")?
        .query_row(params![log.document.to_bytes(), log.device.0, signed(log.incarnation.0), signed(seq.0)], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(row)
}

/// Records kept for later that are sealed with `key`.
pub(crate) fn waiting_for(connection: &Connection, key: KeyId) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, bytes FROM records WHERE key = ?1 AND state = 1 ORDER BY id")?;
    let rows = statement.query_map([key.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A record whose content could not be read.
pub(crate) struct Unreadable {
    pub(crate) row: i64,
    pub(crate) document: DocumentId,
    /// The key to try with.
    pub(crate) key: KeyId,
    pub(crate) bytes: Vec<u8>,
}

/// Records whose content could not be read, oldest first.
pub(crate) fn unreadable(connection: &Connection) -> Result<Vec<Unreadable>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, document, key, bytes FROM records WHERE state = 2 ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let document = DocumentId::from_bytes(&row.get::<_, Vec<u8>>(1)?).ok_or(StoreError::Damaged)?;
        found.push(Unreadable { row: row.get(0)?, document, key: KeyId(fixed(row, 2)?), bytes: row.get(3)? });
    }
    Ok(found)
}

pub(crate) fn set_state(connection: &Connection, id: i64, state: State) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE records SET state = ?2 WHERE id = ?1")?.execute(params![id, state as i64])?;
    Ok(())
}

/// Lets go of a record and of those that follow it in its log: their places are free again.
pub(crate) fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    let place = connection
        .prepare_cached("SELECT document, device, incarnation, seq FROM records WHERE id = ?1")?
        .query_row([id], |row| {
            Ok((row.get::<_, [u8; 19]>(0)?, DeviceId(fixed(row, 1)?), row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
        })
        .optional()?;
    let Some((name, device, incarnation, seq)) = place else { return Ok(()) };
    connection
        .prepare_cached("DELETE FROM records WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq >= ?4")?
        .execute(params![name, device.0, incarnation, seq])?;
    let document = DocumentId::from_bytes(&name).ok_or(StoreError::Damaged)?;
    let log = LogId { document, device, incarnation: Incarnation(unsigned(incarnation)) };
    logs::shrink(connection, log)?;
    twins::cut(connection, log, LogSeq(unsigned(seq)))
}

/// The records a document was made of: who sealed each, with which key, and its bytes.
pub(crate) fn applied_in(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<(DeviceId, KeyId, Vec<u8>)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT device, key, bytes FROM records WHERE document = ?1 AND state = 0 ORDER BY id")?;
    let rows = statement
        .query_map([document.to_bytes()], |row| Ok((DeviceId(fixed(row, 0)?), KeyId(fixed(row, 1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A record of a document, merged or not.
pub(crate) struct Said {
    pub(crate) row: i64,
    pub(crate) device: DeviceId,
    pub(crate) key: KeyId,
    pub(crate) merged: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Every record of a document.
pub(crate) fn all_in(connection: &Connection, document: DocumentId) -> Result<Vec<Said>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, device, key, state = 0, bytes FROM records WHERE document = ?1 ORDER BY id")?;
    let rows = statement.query_map([document.to_bytes()], |row| {
        let (device, key) = (DeviceId(fixed(row, 1)?), KeyId(fixed(row, 2)?));
        Ok(Said { row: row.get(0)?, device, key, merged: row.get(3)?, bytes: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether what every record of a document says is in it.
pub(crate) fn all_applied(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    let waits = connection
        .prepare_cached("SELECT 1 FROM records WHERE document = ?1 AND state <> 0 LIMIT 1")?
        .exists([document.to_bytes()])?;
    Ok(!waits)
}

/// Sets a record aside, once.
pub(crate) fn quarantine(connection: &Connection, bytes: &[u8], reason: &str, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO quarantine (hash, reason, at, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hash) DO NOTHING",
        )?
        .execute(params![RecordHash::of(bytes).0, reason, at.0, bytes])?;
    Ok(())
}

/// Remembers that a record of this document could not be taken.
pub(crate) fn suspect(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO suspects (document) VALUES (?1)")?
        .execute([document.to_bytes()])?;
    Ok(())
}

/// Documents to compare with a relay.
pub(crate) fn suspects(connection: &Connection) -> Result<Vec<DocumentId>, StoreError> {
    documents_in(connection, "SELECT document FROM suspects ORDER BY document")
}

/// They were compared.
pub(crate) fn unsuspect(connection: &Connection, documents: &[DocumentId]) -> Result<(), StoreError> {
    for document in documents {
        connection.prepare_cached("DELETE FROM suspects WHERE document = ?1")?.execute([document.to_bytes()])?;
    }
    Ok(())
}

/// Records of these documents beyond these vectors, whoever wrote them: each log without holes, within a budget of bytes
/// (at least one record). Also says whether there are more.
pub(crate) fn missing(
    connection: &Connection,
    documents: &[(DocumentId, Vector)],
    budget: usize,
) -> Result<(Vec<Vec<u8>>, bool), StoreError> {
    let mut items: Vec<Vec<u8>> = Vec::new();
    let mut size = 0;
    for (document, known) in documents {
        for (device, incarnation, log) in logs::of_document(connection, *document)? {
            let after = known.get(device, incarnation);
            // Where originals below the base are missing, only who knows the base can be given what follows it.
            let upto = if after >= log.base.0 { log.head.0 } else { log.filled.0 };
            if upto <= after {
                continue;
            }
            let mut statement = connection.prepare_cached(
                "SELECT bytes FROM records
                 WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq > ?4 AND seq <= ?5 ORDER BY seq",
            )?;
            let mut rows = statement.query(params![
                document.to_bytes(),
                device.0,
                signed(incarnation.0),
                signed(after.0),
                signed(upto.0)
            ])?;
            while let Some(row) = rows.next()? {
                let bytes: Vec<u8> = row.get(0)?;
                size += bytes.len();
                if size > budget && !items.is_empty() {
                    return Ok((items, true));
                }
                items.push(bytes);
            }
        }
    }
    Ok((items, false))
}

/// (waiting for a key, unreadable, quarantined).
pub(crate) fn troubles(connection: &Connection) -> Result<(u64, u64, u64), StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        Ok(unsigned(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
    };
    Ok((
        count("SELECT count(*) FROM records WHERE state = 1")?,
        count("SELECT count(*) FROM records WHERE state = 2")?,
        count("SELECT count(*) FROM quarantine")?,
    ))
}

/// The row at a place given as stored.
pub(crate) fn row_of(
    connection: &Connection,
    document: &[u8; 19],
    device: &DeviceId,
    incarnation: i64,
    seq: i64,
) -> Result<Option<i64>, StoreError> {
    let Some(document) = DocumentId::from_bytes(document) else { return Ok(None) };
    let log = LogId { document, device: *device, incarnation: Incarnation(unsigned(incarnation)) };
    row_at(connection, log, LogSeq(unsigned(seq)))
}

/// Number of records held.
pub(crate) fn count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(unsigned(connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?))
}
