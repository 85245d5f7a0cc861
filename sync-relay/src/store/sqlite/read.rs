//! Reading: pages in arrival order, vectors, figures.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tendenko_protocol::document::{DocumentId, LogId, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, DeviceId, Incarnation, LogSeq, Millis, Print, RecordHash, RelayIncarnation, StatementId,
};

use super::super::{
    Audience, Contact, Figures, Item, ItemKind, Lane, Life, Loss, MissingPage, Page, PageLimit, Quarantined,
    RefusalCount, StoreError, Subject, VectorPage,
};
use super::guard::Mark;
use super::{failed, row};

/// Contacts listed by [`figures`].
const CONTACTS: i64 = 10_000;

pub(super) fn newest(conn: &Connection) -> Result<ArrivalNo, StoreError> {
    // Three looks at the end of a lane each.
    let newest: i64 = prepare(
        conn,
        "SELECT max(coalesce((SELECT max(arrival) FROM arrivals WHERE lane = 0), 0),
                    coalesce((SELECT max(arrival) FROM arrivals WHERE lane = 1), 0),
                    coalesce((SELECT max(arrival) FROM arrivals WHERE lane = 2), 0))",
    )?
    .query_row([], |row| row.get(0))
    .map_err(failed)?;
    row::arrival(newest)
}

/// Of which ten minutes a time is.
pub(super) fn span_of(time: Millis) -> i64 {
    time.0.div_euclid(600_000)
}

pub(super) fn arrived_before(conn: &Connection, time: Millis) -> Result<ArrivalNo, StoreError> {
    // The earliest of all later marks: a clock that was set back must not hide what came before it was.
    let first: Option<i64> = prepare(conn, "SELECT min(arrival) FROM marks WHERE mark >= ?1")?
        .query_row([span_of(time)], |row| row.get(0))
        .map_err(failed)?;
    match first {
        Some(first) => row::arrival(first - 1),
        None => newest(conn),
    }
}

pub(super) fn life(conn: &Connection) -> Result<Life, StoreError> {
    // One transaction: a life that begins between two looks would be paired with the wrong number.
    let tx = conn.unchecked_transaction().map_err(failed)?;
    let mut statement = prepare(&tx, "SELECT incarnation, last FROM lives ORDER BY life DESC")?;
    let mut rows =
        statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?))).map_err(failed)?.map(|found| {
            let (incarnation, last): (_, Option<i64>) = found.map_err(failed)?;
            let incarnation = RelayIncarnation(row::incarnation(&incarnation)?.0);
            Ok::<_, StoreError>((incarnation, last))
        });
    let Some((incarnation, None)) = rows.next().transpose()? else {
        return Err(StoreError::Damaged("it has no present life"));
    };
    let past = rows
        .map(|found| {
            let (incarnation, last) = found?;
            let last = last.ok_or(StoreError::Damaged("a past life without an end"))?;
            Ok((incarnation, row::arrival(last)?))
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Life { incarnation, newest: newest(&tx)?, past })
}

/// What the guard is to remember.
pub(super) fn mark(conn: &Connection) -> Result<Mark, StoreError> {
    let present: Vec<u8> = prepare(conn, "SELECT incarnation FROM lives WHERE last IS NULL")?
        .query_row([], |row| row.get(0))
        .map_err(failed)?;
    Ok(Mark { incarnation: RelayIncarnation(row::incarnation(&present)?.0), newest: newest(conn)? })
}

/// An arrival without its bytes.
type Narrow = (i64, i64, Option<Vec<u8>>);

fn narrow(row: &Row<'_>) -> rusqlite::Result<Narrow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

pub(super) fn visible(
    conn: &Connection,
    lane: Option<Lane>,
    granted: &dyn Fn(&Subject) -> bool,
    kind: Option<ItemKind>,
    after: ArrivalNo,
    through: ArrivalNo,
    limit: PageLimit,
) -> Result<Page, StoreError> {
    let mut statement = prepare(
        conn,
        match lane {
            Some(_) => {
                "SELECT arrival, kind, subject FROM arrivals
                 WHERE lane = ?4 AND arrival > ?1 AND arrival <= ?2 ORDER BY arrival LIMIT ?3"
            }
            None => {
                "SELECT arrival, kind, subject FROM arrivals
                 WHERE lane IN (0, 1) AND ?4 AND arrival > ?1 AND arrival <= ?2 ORDER BY arrival LIMIT ?3"
            }
        },
    )?;
    let rows = statement
        .query_map(
            params![
                row::column(after.0),
                row::column(through.0),
                row::column(limit.looked_at.max(1) as u64),
                lane.map_or(1, row::lane_column)
            ],
            narrow,
        )
        .map_err(failed)?;
    let wanted = |found: ItemKind, audience: &Audience| {
        kind.is_none_or(|kind| kind == found)
            && match audience {
                Audience::Everyone => true,
                Audience::Granted(subject) => granted(subject),
            }
    };
    fill(conn, rows, wanted, after, through, limit)
}

pub(super) fn only(
    conn: &Connection,
    subject: Subject,
    after: ArrivalNo,
    through: ArrivalNo,
    limit: PageLimit,
) -> Result<Page, StoreError> {
    let mut statement = prepare(
        conn,
        "SELECT arrival, kind, subject FROM arrivals
         WHERE subject = ?1 AND lane < 2 AND arrival > ?2 AND arrival <= ?3 ORDER BY arrival LIMIT ?4",
    )?;
    let rows = statement
        .query_map(
            params![
                &row::subject(&subject)[..],
                row::column(after.0),
                row::column(through.0),
                row::column(limit.looked_at.max(1) as u64)
            ],
            narrow,
        )
        .map_err(failed)?;
    fill(conn, rows, |_, _| true, after, through, limit)
}

pub(super) fn outbox(
    conn: &Connection,
    lane: Lane,
    after: ArrivalNo,
    through: ArrivalNo,
    limit: PageLimit,
) -> Result<Page, StoreError> {
    let mut statement = prepare(
        conn,
        "SELECT a.arrival, a.kind, a.subject FROM outbox o JOIN arrivals a USING (lane, arrival)
         WHERE o.lane = ?4 AND o.arrival > ?1 AND o.arrival <= ?2 AND o.refused IS NULL
         ORDER BY o.arrival LIMIT ?3",
    )?;
    let rows = statement
        .query_map(
            params![
                row::column(after.0),
                row::column(through.0),
                row::column(limit.looked_at.max(1) as u64),
                row::lane_column(lane)
            ],
            narrow,
        )
        .map_err(failed)?;
    fill(conn, rows, |_, _| true, after, through, limit)
}

pub(super) fn statements(conn: &Connection, after: ArrivalNo, limit: PageLimit) -> Result<Page, StoreError> {
    // First, or a statement committed between two looks would be passed over.
    let through = newest(conn)?.max(after);
    let mut statement = prepare(
        conn,
        "SELECT a.arrival, a.kind, a.subject FROM statements s JOIN arrivals a ON a.lane = 0 AND a.arrival = s.arrival
         WHERE s.arrival > ?1 AND s.arrival <= ?2 ORDER BY s.arrival LIMIT ?3",
    )?;
    let rows = statement
        .query_map(
            params![row::column(after.0), row::column(through.0), row::column(limit.looked_at.max(1) as u64)],
            narrow,
        )
        .map_err(failed)?;
    fill(conn, rows, |_, _| true, after, through, limit)
}

/// Takes wanted rows with their bytes until a limit is reached.
fn fill(
    conn: &Connection,
    rows: impl Iterator<Item = rusqlite::Result<Narrow>>,
    wanted: impl Fn(ItemKind, &Audience) -> bool,
    after: ArrivalNo,
    through: ArrivalNo,
    limit: PageLimit,
) -> Result<Page, StoreError> {
    let mut page = Page { items: Vec::new(), through: after, complete: false };
    let mut room = limit.bytes;
    let mut looked_at = 0;
    for found in rows {
        let (arrival, kind, subject) = found.map_err(failed)?;
        let arrival = row::arrival(arrival)?;
        looked_at += 1;
        let (kind, audience) = (row::kind(kind)?, row::audience(subject)?);
        if wanted(kind, &audience) {
            let bytes = bytes(conn, arrival, kind)?;
            if bytes.len() > room && !page.items.is_empty() {
                return Ok(page);
            }
            room = room.saturating_sub(bytes.len());
            page.items.push(Item { arrival, kind, audience, bytes });
        }
        page.through = arrival;
    }
    if looked_at < limit.looked_at.max(1) {
        page.through = through.max(after);
        page.complete = true;
    }
    Ok(page)
}

fn bytes(conn: &Connection, arrival: ArrivalNo, kind: ItemKind) -> Result<Vec<u8>, StoreError> {
    let sql = match kind {
        ItemKind::Statement => "SELECT bytes FROM statements WHERE arrival = ?1",
        ItemKind::Record => "SELECT bytes FROM records WHERE arrival = ?1",
        ItemKind::Chunk => "SELECT bytes FROM chunks WHERE arrival = ?1",
    };
    prepare(conn, sql)?
        .query_row([row::column(arrival.0)], |row| row.get(0))
        .optional()
        .map_err(failed)?
        .ok_or(StoreError::Damaged("an arrival without its item"))
}

pub(super) fn span(
    conn: &Connection,
    after: Option<DocumentId>,
    through: Option<DocumentId>,
    readable: &dyn Fn(&DocumentId) -> bool,
    max_documents: usize,
    max_logs: usize,
) -> Result<VectorPage, StoreError> {
    /// Sorts after every document.
    const END: [u8; DocumentId::LEN + 1] = [0xff; DocumentId::LEN + 1];
    let mut statement = prepare(
        conn,
        "SELECT document, device, incarnation, head_seq, contested, head_hash FROM logs
         WHERE document > ?1 AND document <= ?2 ORDER BY document",
    )?;
    let mut rows = statement
        .query(params![
            after.map_or(Vec::new(), |document| document.to_bytes().to_vec()),
            through.map_or(END.to_vec(), |document| document.to_bytes().to_vec()),
        ])
        .map_err(failed)?;
    let mut page = VectorPage::default();
    let mut logs = 0;
    while let Some(found) = rows.next().map_err(failed)? {
        let blob = |column: usize| found.get::<_, Vec<u8>>(column).map_err(failed);
        let log = row::log(&blob(0)?, &blob(1)?, &blob(2)?)?;
        if !readable(&log.document) {
            continue;
        }
        let (seq, print) = (row::seq(found.get(3).map_err(failed)?)?, row::print(found, 4)?);
        let full = page.documents.len() >= max_documents || logs >= max_logs;
        match page.documents.last_mut() {
            Some((document, vector)) if *document == log.document => {
                vector.raise(log.device, log.incarnation, seq, print);
            }
            _ if full => {
                page.more = true;
                return Ok(page);
            }
            _ => {
                let mut vector = Vector::default();
                vector.raise(log.device, log.incarnation, seq, print);
                page.documents.push((log.document, vector));
            }
        }
        logs += 1;
    }
    Ok(page)
}

pub(super) fn listed(
    conn: &Connection,
    listed: &[DocumentId],
    readable: &dyn Fn(&DocumentId) -> bool,
    max_documents: usize,
    max_logs: usize,
) -> Result<VectorPage, StoreError> {
    let mut page = VectorPage::default();
    let mut logs = 0;
    for document in listed.iter().filter(|document| readable(document)) {
        if page.documents.len() >= max_documents || logs >= max_logs {
            page.more = true;
            break;
        }
        let mut vector = Vector::default();
        for head in heads(conn, *document)? {
            vector.raise(head.device, head.incarnation, head.seq, head.print);
            logs += 1;
        }
        page.documents.push((*document, vector));
    }
    Ok(page)
}

pub(super) fn head(conn: &Connection, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, StoreError> {
    let found =
        prepare(conn, "SELECT head_seq, head_hash FROM logs WHERE document = ?1 AND device = ?2 AND incarnation = ?3")?
            .query_row(
                params![&log.document.to_bytes()[..], &log.device.0[..], &log.incarnation.0.to_be_bytes()[..]],
                |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)),
            )
            .optional()
            .map_err(failed)?;
    found.map(|(seq, hash)| Ok((row::seq(seq)?, row::hash(&hash)?))).transpose()
}

struct LogHead {
    log: i64,
    device: DeviceId,
    incarnation: Incarnation,
    seq: LogSeq,
    print: Print,
}

fn heads(conn: &Connection, document: DocumentId) -> Result<Vec<LogHead>, StoreError> {
    let mut statement =
        prepare(conn, "SELECT log, device, incarnation, head_seq, contested, head_hash FROM logs WHERE document = ?1")?;
    let mut rows = statement.query([&document.to_bytes()[..]]).map_err(failed)?;
    let mut heads = Vec::new();
    while let Some(found) = rows.next().map_err(failed)? {
        let blob = |column: usize| found.get::<_, Vec<u8>>(column).map_err(failed);
        heads.push(LogHead {
            log: found.get(0).map_err(failed)?,
            device: row::device(&blob(1)?)?,
            incarnation: row::incarnation(&blob(2)?)?,
            seq: row::seq(found.get(3).map_err(failed)?)?,
            print: row::print(found, 4)?,
        });
    }
    Ok(heads)
}

pub(super) fn missing(
    conn: &Connection,
    documents: &[(DocumentId, Vector)],
    limit_bytes: usize,
) -> Result<MissingPage, StoreError> {
    let mut page = MissingPage::default();
    let mut room = limit_bytes;
    for (document, have) in documents {
        for arrival in arrivals_beyond(conn, *document, have)? {
            let bytes = bytes(conn, arrival, ItemKind::Record)?;
            if !page.take(bytes, &mut room) {
                return Ok(page);
            }
        }
    }
    Ok(page)
}

/// The numbers first: they are small, and the logs of one document are merged by arrival, so that causes come before effects.
fn arrivals_beyond(conn: &Connection, document: DocumentId, have: &Vector) -> Result<BTreeSet<ArrivalNo>, StoreError> {
    let mut arrivals = BTreeSet::new();
    for head in heads(conn, document)? {
        let from = have.get(head.device, head.incarnation);
        if from >= head.seq {
            continue;
        }
        let mut statement = prepare(conn, "SELECT arrival FROM records WHERE log = ?1 AND seq > ?2")?;
        let rows = statement.query_map(params![head.log, row::column(from.0)], |row| row.get(0)).map_err(failed)?;
        for found in rows {
            arrivals.insert(row::arrival(found.map_err(failed)?)?);
        }
    }
    Ok(arrivals)
}

pub(super) fn figures(conn: &Connection) -> Result<Figures, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        row::count(conn.query_row(sql, [], |row| row.get(0)).map_err(failed)?)
    };
    let mut statement = prepare(
        conn,
        "SELECT device, first_at, last_at, records, refused, flooded_at FROM contacts ORDER BY last_at DESC LIMIT ?1",
    )?;
    let contacts = statement
        .query_map([CONTACTS], |row| {
            let (records, refused) = (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?);
            Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?, records, refused, row.get::<_, Option<i64>>(5)?))
        })
        .map_err(failed)?
        .map(|found| {
            let (device, first, last, records, refused, flooded) = found.map_err(failed)?;
            Ok(Contact {
                device: row::device(&device)?,
                first: Millis(first),
                last: Millis(last),
                records: row::count(records)?,
                refused: row::count(refused)?,
                flooded: flooded.map(Millis),
            })
        })
        .collect::<Result<_, _>>()?;
    let mut statement = prepare(conn, "SELECT reason, times FROM refused ORDER BY reason")?;
    let refused = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .map_err(failed)?
        .map(|found| {
            let (reason, times) = found.map_err(failed)?;
            Ok(RefusalCount { reason, times: row::count(times)? })
        })
        .collect::<Result<_, _>>()?;
    Ok(Figures {
        life: life(conn)?,
        records: count("SELECT count(*) FROM records")?,
        record_bytes: count("SELECT coalesce(sum(length(bytes)), 0) FROM records")?,
        chunks: count("SELECT coalesce(sum(chunks), 0) FROM chunk_shares")?,
        chunk_bytes: count("SELECT coalesce(sum(bytes), 0) FROM chunk_shares")?,
        chunk_shares: super::chunks::shares(conn)?,
        statements: count("SELECT count(*) FROM statements")?,
        logs: count("SELECT count(*) FROM logs")?,
        quarantined: count("SELECT count(*) FROM quarantine")?,
        waiting: super::upstream::waiting(conn)?,
        lost: lost(conn)?,
        refused,
        contacts,
    })
}

fn lost(conn: &Connection) -> Result<Option<Loss>, StoreError> {
    let found = prepare(conn, "SELECT at, held FROM loss")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(failed)?;
    found.map(|(at, held)| Ok(Loss { at: Millis(at), held: row::arrival(held)? })).transpose()
}

pub(super) fn quarantine(conn: &Connection, limit: usize) -> Result<Vec<Quarantined>, StoreError> {
    let mut statement = prepare(
        conn,
        "SELECT hash, reason, document, device, incarnation, seq, pusher, first_at, times, bytes
         FROM quarantine ORDER BY last_at DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([row::column(limit as u64)]).map_err(failed)?;
    let mut entries = Vec::new();
    while let Some(found) = rows.next().map_err(failed)? {
        entries.push(quarantined(found)?);
    }
    Ok(entries)
}

fn quarantined(found: &Row<'_>) -> Result<Quarantined, StoreError> {
    let blob = |column: usize| found.get::<_, Option<Vec<u8>>>(column).map_err(failed);
    let claimed = match (blob(2)?, blob(3)?, blob(4)?) {
        (Some(document), Some(device), Some(incarnation)) => {
            Some((row::log(&document, &device, &incarnation)?, row::seq(found.get(5).map_err(failed)?)?))
        }
        _ => None,
    };
    let times: i64 = found.get(8).map_err(failed)?;
    Ok(Quarantined {
        hash: row::hash(&blob(0)?.unwrap_or_default())?,
        claimed,
        reason: found.get(1).map_err(failed)?,
        pusher: blob(6)?.as_deref().map(row::device).transpose()?,
        first: Millis(found.get(7).map_err(failed)?),
        times: row::count(times)?,
        bytes: blob(9)?,
    })
}

pub(super) fn every_head(conn: &Connection, each: &mut dyn FnMut(LogId, LogSeq)) -> Result<(), StoreError> {
    let mut statement = prepare(
        conn,
        "SELECT document, device, incarnation, head_seq FROM logs ORDER BY document, device, incarnation",
    )?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(found) = rows.next().map_err(failed)? {
        let blob = |column: usize| found.get_ref(column).and_then(|value| Ok(value.as_blob()?)).map_err(failed);
        each(row::log(blob(0)?, blob(1)?, blob(2)?)?, row::seq(found.get(3).map_err(failed)?)?);
    }
    Ok(())
}

pub(super) fn statement_ids(
    conn: &Connection,
    each: &mut dyn FnMut(ArrivalNo, StatementId, Audience),
) -> Result<(), StoreError> {
    let mut statement = prepare(
        conn,
        "SELECT s.arrival, s.id, a.subject FROM statements s JOIN arrivals a ON a.lane = 0 AND a.arrival = s.arrival
         ORDER BY s.arrival",
    )?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(found) = rows.next().map_err(failed)? {
        let id = found.get::<_, Vec<u8>>(1).map_err(failed)?;
        each(
            row::arrival(found.get(0).map_err(failed)?)?,
            StatementId(row::fixed(&id, "a statement's id")?),
            row::audience(found.get(2).map_err(failed)?)?,
        );
    }
    Ok(())
}

pub(super) fn prepare<'c>(conn: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
    conn.prepare_cached(sql).map_err(failed)
}
