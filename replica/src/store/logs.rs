//! How far each log is known and held: one row per log, kept in the transaction that keeps the record.
//!
//! ```text
//! originals held      1 … filled          base+1 … head
//! known               └── by a checkpoint ──┘ base ─ head
//! ```
//! A log without a base has every record from 1 to `head`. A log that began at a checkpoint has a `base`: the records after it
//! chain onto its hash, and those up to it come later, from 1 on, as far as `filled`. When they reach the base with its hash,
//! the log has no base any more.
//!
//! Rows are computed from `records` and the checkpoints; a log whose rows were taken away is computed again by [`shrink`].

use rusqlite::{Connection, OptionalExtension, Row, params};
use tendenko_protocol::document::{DocumentId, LogId, Scope, Vector};
use tendenko_protocol::ids::{DeviceId, Incarnation, LogSeq, PatientId, Print, RecordHash};
use tendenko_protocol::limits::MAX_DOCUMENTS;
use tendenko_protocol::messages::Backfill;

use super::{StoreError, fixed, records, signed, unsigned};

/// A place in a log and the hash of the record there.
pub(crate) type Place = (LogSeq, RecordHash);

/// Before the first record of a log.
pub(crate) const START: Place = (LogSeq::NONE, RecordHash::ZERO);

/// How far one log is known and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    /// The last record known: from `base` (or 1) up to here every record is held.
    pub(crate) head: Place,
    /// Where the log begins here, when it came from a checkpoint; [`START`] otherwise.
    pub(crate) base: Place,
    /// With a base: the last of the records from 1 on that are held, below it.
    pub(crate) filled: Place,
    /// What stands for all that is known of it, when some of it is in quarantine: [`super::twins`] computes it.
    pub(crate) contested: Option<Print>,
}

impl Log {
    /// Nothing of it is here.
    pub(crate) const NONE: Self = Self { head: START, base: START, filled: START, contested: None };

    /// What stands for all that is known of it.
    pub(crate) fn print(&self) -> Print {
        self.contested.unwrap_or_else(|| self.head.1.print())
    }
}

const COLUMNS: &str = "head_seq, head_hash, base_seq, base_hash, filled_seq, filled_hash, contested";

fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<Place> {
    Ok((LogSeq(unsigned(row.get(column)?)), RecordHash(fixed(row, column + 1)?)))
}

fn log(row: &Row<'_>, column: usize) -> rusqlite::Result<Log> {
    Ok(Log {
        head: place(row, column)?,
        base: place(row, column + 2)?,
        filled: place(row, column + 4)?,
        contested: row.get::<_, Option<i64>>(column + 6)?.map(|print| Print(unsigned(print))),
    })
}

/// One log; none when nothing of it is known.
pub(crate) fn get(connection: &Connection, id: LogId) -> Result<Option<Log>, StoreError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM logs WHERE document = ?1 AND device = ?2 AND incarnation = ?3"
        ))?
        .query_row(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0)], |row| log(row, 0))
        .optional()?;
    Ok(found)
}

/// Writes one log as it is now.
pub(crate) fn put(connection: &Connection, id: LogId, log: &Log) -> Result<(), StoreError> {
    connection
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO logs (document, device, incarnation, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        ))?
        .execute(params![
            id.document.to_bytes(),
            id.device.0,
            signed(id.incarnation.0),
            signed(log.head.0.0),
            log.head.1.0,
            signed(log.base.0.0),
            log.base.1.0,
            signed(log.filled.0.0),
            log.filled.1.0,
            log.contested.map(|print| signed(print.0)),
        ])?;
    Ok(())
}

/// Every log of a document.
pub(crate) fn of_document(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<(DeviceId, Incarnation, Log)>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT device, incarnation, {COLUMNS} FROM logs WHERE document = ?1 ORDER BY device, incarnation"
    ))?;
    let rows = statement.query_map([document.to_bytes()], |row| {
        Ok((DeviceId(fixed(row, 0)?), Incarnation(unsigned(row.get(1)?)), log(row, 2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How far each log of a document is known here: what is not asked for any more.
pub(crate) fn vector(connection: &Connection, document: DocumentId) -> Result<Vector, StoreError> {
    let mut vector = Vector::default();
    for (device, incarnation, log) in of_document(connection, document)? {
        vector.raise(device, incarnation, log.head.0, log.print());
    }
    Ok(vector)
}

/// How far each log of a document is held from its first record on: what is asked for when originals are wanted.
pub(crate) fn held(connection: &Connection, document: DocumentId) -> Result<Vector, StoreError> {
    let mut vector = Vector::default();
    for (device, incarnation, log) in of_document(connection, document)? {
        match (log.base == START, log.filled) {
            (true, _) => vector.raise(device, incarnation, log.head.0, log.print()),
            (false, START) => {}
            (false, (seq, hash)) => vector.raise(device, incarnation, seq, hash.print()),
        }
    }
    Ok(vector)
}

/// Documents of which anything is known, in order, after `after`, at most `limit`.
pub(crate) fn documents_after(
    connection: &Connection,
    after: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<DocumentId>, StoreError> {
    let after = after.map_or_else(Vec::new, |id| id.to_bytes().to_vec());
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT document FROM logs WHERE document > ?1 ORDER BY document LIMIT ?2")?;
    let names = statement
        .query_map(params![after, limit as i64], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| DocumentId::from_bytes(name).ok_or(StoreError::Damaged)).collect()
}

/// A scope to be filled in, and how far its documents are known.
pub(crate) fn owed(connection: &Connection, patient: PatientId, scope: Scope) -> Result<Backfill, StoreError> {
    let (card, last) = DocumentId::bounds_of_chart(patient);
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT document FROM logs WHERE document >= ?1 AND document <= ?2 ORDER BY document LIMIT ?3",
    )?;
    let names = statement
        .query_map(params![card.to_bytes(), last.to_bytes(), MAX_DOCUMENTS as i64], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut has = Vec::new();
    for name in names {
        let document = DocumentId::from_bytes(&name).ok_or(StoreError::Damaged)?;
        if document.scope() == scope {
            has.push((document, vector(connection, document)?));
        }
    }
    Ok(Backfill { patient, scope, has })
}

/// A record was kept that follows what was held of its log.
pub(crate) fn advance(connection: &Connection, id: LogId, to: Place) -> Result<(), StoreError> {
    let mut log = get(connection, id)?.unwrap_or(Log::NONE);
    if to.0 == log.filled.0.next() && to.0 <= log.base.0 {
        // An earlier base may have left records above.
        log.filled = match held_from(connection, id, to)? {
            held if held.0 < log.base.0 => held,
            _ => (log.base.0, records::hash_at(connection, id, log.base.0)?.unwrap_or(to.1)),
        };
        if log.filled.0 == log.base.0 {
            if log.filled.1 != log.base.1 {
                // The checkpoint named a record that is none of this log: what chained onto it was none either.
                log.head = log.filled;
            }
            (log.base, log.filled) = (START, START);
        }
        put(connection, id, &log)?;
        return if log.contested.is_some() { super::twins::recount(connection, id) } else { Ok(()) };
    } else if to.0 == log.head.0.next() {
        log.head = to;
        log.contested = log.contested.map(|known| known.and(to.1.print()));
    } else {
        return Ok(());
    }
    put(connection, id, &log)
}

/// A checkpoint stands for a log up to `base`.
pub(crate) fn begin_at(connection: &Connection, id: LogId, base: Place) -> Result<(), StoreError> {
    let mut log = get(connection, id)?.unwrap_or(Log::NONE);
    if base.0 <= log.head.0 {
        return Ok(());
    }
    if log.base == START {
        log.filled = log.head;
    }
    (log.base, log.head) = (base, base);
    put(connection, id, &log)?;
    if log.contested.is_some() { super::twins::recount(connection, id) } else { Ok(()) }
}

/// Records of a log were taken away: what is held is counted again.
pub(crate) fn shrink(connection: &Connection, id: LogId) -> Result<(), StoreError> {
    let Some(mut log) = get(connection, id)? else { return Ok(()) };
    log.head = held_from(connection, id, log.base)?;
    if log.base != START {
        log.filled = held_from(connection, id, START)?;
    } else if log.head == START {
        connection
            .prepare_cached("DELETE FROM logs WHERE document = ?1 AND device = ?2 AND incarnation = ?3")?
            .execute(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0)])?;
        return Ok(());
    }
    put(connection, id, &log)
}

/// The last of the records that follow a place without a hole.
fn held_from(connection: &Connection, id: LogId, from: Place) -> Result<Place, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash FROM records WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq > ?4 ORDER BY seq",
    )?;
    let mut rows =
        statement.query(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0), signed(from.0.0)])?;
    let mut last = from;
    while let Some(row) = rows.next()? {
        let next = place(row, 0)?;
        if next.0 != last.0.next() {
            break;
        }
        last = next;
    }
    Ok(last)
}

/// Every log whose row says something else than its records do.
#[cfg(test)]
pub(crate) fn untrue(connection: &Connection) -> Vec<LogId> {
    let mut ids = Vec::new();
    for table in ["logs", "records"] {
        let mut statement =
            connection.prepare(&format!("SELECT DISTINCT document, device, incarnation FROM {table}")).unwrap();
        let rows = statement
            .query_map([], |row| {
                let document = DocumentId::from_bytes(&fixed::<19>(row, 0)?).unwrap();
                let (device, incarnation) = (DeviceId(fixed(row, 1)?), Incarnation(unsigned(row.get(2)?)));
                Ok(LogId { document, device, incarnation })
            })
            .unwrap();
        ids.extend(rows.map(Result::unwrap));
    }
    ids.retain(|id| {
        let Some(log) = get(connection, *id).unwrap() else { return true };
        let head = held_from(connection, *id, log.base).unwrap();
        let filled = if log.base == START { START } else { held_from(connection, *id, START).unwrap() };
        let contested = super::twins::contested(connection, *id).unwrap();
        (head, filled, contested) != (log.head, log.filled, log.contested)
    });
    ids
}
