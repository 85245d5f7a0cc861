//! Two histories of a log: the one that is kept, and what is in quarantine because it contradicts that.
//!
//! A record in quarantine has a place while the kept records contradict it. What makes that untrue takes the place away: the record is
//! kept after all, or what it contradicts is let go of ([`cut`]); its bytes stay.
//! [`logs::Log::contested`] is computed from both whenever something comes into quarantine or leaves it, and raised with each kept record; so
//! reading vectors looks at one row a log.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{LogSeq, Print, RecordHash};
use tendenko_protocol::limits::MAX_PRINTS;

use super::logs::{self, Place};
use super::{StoreError, fixed, signed, unsigned};

/// A record that is in quarantine contradicts what is kept of its log.
pub(crate) fn set_aside(connection: &Connection, id: LogId, seq: LogSeq, hash: &RecordHash) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE quarantine SET document = ?2, device = ?3, incarnation = ?4, seq = ?5 WHERE hash = ?1")?
        .execute(params![hash.0, id.document.to_bytes(), id.device.0, signed(id.incarnation.0), signed(seq.0)])?;
    recount(connection, id)
}

/// A record is kept: it is in quarantine no longer, if it was.
pub(super) fn release(connection: &Connection, id: LogId, hash: &RecordHash) -> Result<(), StoreError> {
    let released = connection.prepare_cached("DELETE FROM quarantine WHERE hash = ?1")?.execute([hash.0])?;
    if released > 0 { recount(connection, id) } else { Ok(()) }
}

/// Kept records were let go of from here on: what contradicted them contradicts nothing now, and may be taken when it comes again.
pub(super) fn cut(connection: &Connection, id: LogId, from: LogSeq) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE quarantine SET document = NULL WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq >= ?4",
        )?
        .execute(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0), signed(from.0)])?;
    recount(connection, id)
}

/// Is this record in quarantine as a fork of the log?
pub(crate) fn is_aside(connection: &Connection, id: LogId, hash: &RecordHash) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM quarantine WHERE hash = ?1 AND document = ?2 AND device = ?3 AND incarnation = ?4",
        )?
        .query_row(params![hash.0, id.document.to_bytes(), id.device.0, signed(id.incarnation.0)], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The prints of all that is known of a log, by place; of very many the last.
pub(crate) fn prints(connection: &Connection, id: LogId) -> Result<Vec<Print>, StoreError> {
    let mut known = kept(connection, id, LogSeq::NONE)?;
    known.extend(aside(connection, id)?);
    known.sort();
    let first = known.len().saturating_sub(MAX_PRINTS);
    Ok(known[first..].iter().map(|(_, hash)| hash.print()).collect())
}

/// The records of a log with these prints, by place, within a budget of bytes (at least one record). Also says whether there are more.
pub(crate) fn with_prints(
    connection: &Connection,
    id: LogId,
    prints: &[Print],
    budget: usize,
) -> Result<(Vec<Vec<u8>>, bool), StoreError> {
    let mut known: Vec<_> = kept(connection, id, LogSeq::NONE)?.into_iter().map(|place| (place, "records")).collect();
    known.extend(aside(connection, id)?.into_iter().map(|place| (place, "quarantine")));
    known.sort();
    let wanted: BTreeSet<_> = prints.iter().copied().collect();
    let (mut found, mut size) = (Vec::new(), 0);
    for ((seq, hash), table) in known.into_iter().filter(|((_, hash), _)| wanted.contains(&hash.print())) {
        let bytes: Vec<u8> = connection
            .prepare_cached(&format!(
                "SELECT bytes FROM {table}
                 WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq = ?4 AND hash = ?5"
            ))?
            .query_row(
                params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0), signed(seq.0), hash.0],
                |row| row.get(0),
            )?;
        size += bytes.len();
        if size > budget && !found.is_empty() {
            return Ok((found, true));
        }
        found.push(bytes);
    }
    Ok((found, false))
}

/// What stands for all that is known of a log, when some of it is in quarantine.
pub(super) fn contested(connection: &Connection, id: LogId) -> Result<Option<Print>, StoreError> {
    let aside = aside(connection, id)?;
    let Some((first, _)) = aside.first() else { return Ok(None) };
    let from = Print::counted_from(*first);
    let mut known = kept(connection, id, from)?;
    // The record that a checkpoint names is known, also when it is not here.
    let base = logs::get(connection, id)?.map(|log| log.base).filter(|base| base.0 >= from);
    known.extend(base.filter(|base| !known.contains(base)));
    Ok(Some(Print::of_log(&known, &aside)))
}

/// What is known of a log, or in quarantine for it, has changed.
pub(super) fn recount(connection: &Connection, id: LogId) -> Result<(), StoreError> {
    let Some(mut log) = logs::get(connection, id)? else { return Ok(()) };
    log.contested = contested(connection, id)?;
    logs::put(connection, id, &log)
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok((LogSeq(unsigned(row.get(0)?)), RecordHash(fixed(row, 1)?)))
}

fn kept(connection: &Connection, id: LogId, from: LogSeq) -> Result<Vec<Place>, StoreError> {
    let places = connection
        .prepare_cached(
            "SELECT seq, hash FROM records WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND seq >= ?4 ORDER BY seq",
        )?
        .query_map(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0), signed(from.0)], place)?
        .collect::<Result<_, _>>()?;
    Ok(places)
}

fn aside(connection: &Connection, id: LogId) -> Result<Vec<Place>, StoreError> {
    let places = connection
        .prepare_cached(
            "SELECT seq, hash FROM quarantine WHERE document = ?1 AND device = ?2 AND incarnation = ?3 ORDER BY seq",
        )?
        .query_map(params![id.document.to_bytes(), id.device.0, signed(id.incarnation.0)], place)?
        .collect::<Result<_, _>>()?;
    Ok(places)
}
