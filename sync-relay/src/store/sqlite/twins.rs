//! Two histories of a log: the one that is stored, and forks of it in quarantine.
//!
//! `logs.contested` stands for both ([`Print::of_log`]). It is computed when a fork comes into quarantine or leaves it, and raised with each
//! record stored, so that reading vectors looks at one row a log. A fork counts also when its bytes had no room: that it exists is known.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tendenko_protocol::document::LogId;
use tendenko_protocol::ids::{LogSeq, Print, RecordHash};
use tendenko_protocol::limits::MAX_PRINTS;

use super::super::{MissingPage, StoreError};
use super::read::prepare;
use super::{failed, row};

type Place = (LogSeq, RecordHash);

/// What is known of the log has changed.
pub(super) fn recount(conn: &Connection, log: &LogId) -> Result<(), StoreError> {
    let aside = aside(conn, log)?;
    let print = match aside.first() {
        Some((first, _)) => Some(Print::of_log(&kept(conn, log, Print::counted_from(*first))?, &aside)),
        None => None,
    };
    let [document, device, incarnation] = named(log);
    prepare(conn, "UPDATE logs SET contested = ?4 WHERE document = ?1 AND device = ?2 AND incarnation = ?3")?
        .execute(params![document, device, incarnation, print.map(|print| print.0.cast_signed())])
        .map_err(failed)?;
    Ok(())
}

/// Is this record in quarantine as a fork of the log?
pub(super) fn is_aside(conn: &Connection, log: &LogId, hash: &RecordHash) -> Result<bool, StoreError> {
    let [document, device, incarnation] = named(log);
    let found = prepare(
        conn,
        "SELECT 1 FROM quarantine
         WHERE hash = ?1 AND document = ?2 AND device = ?3 AND incarnation = ?4 AND reason = 'fork'",
    )?
    .query_row(params![&hash.0[..], document, device, incarnation], |_| Ok(()))
    .optional()
    .map_err(failed)?;
    Ok(found.is_some())
}

pub(super) fn prints(conn: &Connection, log: &LogId) -> Result<Vec<Print>, StoreError> {
    let mut known = kept(conn, log, LogSeq::NONE)?;
    known.extend(aside(conn, log)?);
    known.sort();
    let first = known.len().saturating_sub(MAX_PRINTS);
    Ok(known[first..].iter().map(|(_, hash)| hash.print()).collect())
}

pub(super) fn with_prints(
    conn: &Connection,
    log: &LogId,
    prints: &[Print],
    limit_bytes: usize,
) -> Result<MissingPage, StoreError> {
    let mut known: Vec<_> = kept(conn, log, LogSeq::NONE)?.into_iter().map(|place| (place, true)).collect();
    known.extend(aside(conn, log)?.into_iter().map(|place| (place, false)));
    known.sort();
    let wanted: BTreeSet<_> = prints.iter().copied().collect();
    let mut page = MissingPage::default();
    let mut room = limit_bytes;
    for ((seq, hash), is_kept) in known.into_iter().filter(|((_, hash), _)| wanted.contains(&hash.print())) {
        let found: Option<Vec<u8>> = if is_kept {
            let [document, device, incarnation] = named(log);
            prepare(
                conn,
                "SELECT r.bytes FROM records r JOIN logs l USING (log)
                 WHERE l.document = ?1 AND l.device = ?2 AND l.incarnation = ?3 AND r.seq = ?4",
            )?
            .query_row(params![document, device, incarnation, row::column(seq.0)], |row| row.get(0))
            .optional()
            .map_err(failed)?
        } else {
            prepare(conn, "SELECT bytes FROM quarantine WHERE hash = ?1")?
                .query_row([&hash.0[..]], |row| row.get(0))
                .optional()
                .map_err(failed)?
                .flatten()
        };
        // Of a fork for which there was no room only the hash is here.
        let Some(bytes) = found else { continue };
        if !page.take(bytes, &mut room) {
            return Ok(page);
        }
    }
    Ok(page)
}

fn named(log: &LogId) -> [Vec<u8>; 3] {
    [log.document.to_bytes().to_vec(), log.device.0.to_vec(), log.incarnation.0.to_be_bytes().to_vec()]
}

fn place(found: &Row<'_>) -> Result<Place, StoreError> {
    Ok((row::seq(found.get(0).map_err(failed)?)?, row::hash(&found.get::<_, Vec<u8>>(1).map_err(failed)?)?))
}

fn kept(conn: &Connection, log: &LogId, from: LogSeq) -> Result<Vec<Place>, StoreError> {
    let [document, device, incarnation] = named(log);
    let mut statement = prepare(
        conn,
        "SELECT r.seq, r.hash FROM records r JOIN logs l USING (log)
         WHERE l.document = ?1 AND l.device = ?2 AND l.incarnation = ?3 AND r.seq >= ?4 ORDER BY r.seq",
    )?;
    let mut rows = statement.query(params![document, device, incarnation, row::column(from.0)]).map_err(failed)?;
    let mut places = Vec::new();
    while let Some(found) = rows.next().map_err(failed)? {
        places.push(place(found)?);
    }
    Ok(places)
}

fn aside(conn: &Connection, log: &LogId) -> Result<Vec<Place>, StoreError> {
    let [document, device, incarnation] = named(log);
    let mut statement = prepare(
        conn,
        "SELECT seq, hash FROM quarantine
         WHERE document = ?1 AND device = ?2 AND incarnation = ?3 AND reason = 'fork' ORDER BY seq",
    )?;
    let mut rows = statement.query(params![document, device, incarnation]).map_err(failed)?;
    let mut places = Vec::new();
    while let Some(found) = rows.next().map_err(failed)? {
        places.push(place(found)?);
    }
    Ok(places)
}
