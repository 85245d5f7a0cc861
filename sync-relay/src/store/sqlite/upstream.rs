//! What is remembered about the upstream: the outbox, the cursor, what is still owed.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{ArrivalNo, Millis, RelayId};

use super::super::{ItemKind, ItemName, Lane, Mark, StoreError, Subject, Upstream, Waiting};
use super::failed;
use super::read::prepare;
use super::row::{self, Owed};

/// Does what arrives from elsewhere go into the outbox?
pub(super) fn exists(conn: &Connection) -> Result<bool, StoreError> {
    let found = prepare(conn, "SELECT 1 FROM upstream")?.query_row([], |_| Ok(())).optional().map_err(failed)?;
    Ok(found.is_some())
}

pub(super) fn begin(conn: &mut Connection) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if exists(&tx)? {
        tx.execute("UPDATE outbox SET refused = NULL WHERE refused IS NOT NULL", []).map_err(failed)?;
    } else {
        tx.execute("INSERT INTO upstream (one) VALUES (1)", []).map_err(failed)?;
        tx.execute("INSERT INTO outbox (lane, arrival) SELECT lane, arrival FROM arrivals", []).map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

pub(super) fn offer_again(conn: &mut Connection, seen: &dyn Fn(&Subject) -> bool) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let subjects = {
        let mut statement = prepare(&tx, "SELECT DISTINCT subject FROM arrivals WHERE subject IS NOT NULL")?;
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).map_err(failed)?;
        rows.collect::<Result<Vec<_>, _>>().map_err(failed)?
    };
    for subject in subjects {
        if !seen(&row::subject_of(&subject)?) {
            prepare(&tx, "INSERT OR IGNORE INTO outbox (lane, arrival) SELECT lane, arrival FROM arrivals WHERE subject = ?1 AND kind = ?2")?
                .execute(params![subject, row::kind_column(ItemKind::Record)])
                .map_err(failed)?;
        }
    }
    tx.commit().map_err(failed)
}

/// An item that arrived from elsewhere than the upstream.
pub(super) fn put(conn: &Connection, lane: Lane, arrival: ArrivalNo) -> Result<(), StoreError> {
    prepare(conn, "INSERT OR IGNORE INTO outbox (lane, arrival) VALUES (?1, ?2)")?
        .execute(params![row::lane_column(lane), row::column(arrival.0)])
        .map_err(failed)?;
    Ok(())
}

/// The upstream has it.
pub(super) fn take(conn: &Connection, lane: Lane, arrival: ArrivalNo) -> Result<(), StoreError> {
    prepare(conn, "DELETE FROM outbox WHERE lane = ?1 AND arrival = ?2")?
        .execute(params![row::lane_column(lane), row::column(arrival.0)])
        .map_err(failed)?;
    Ok(())
}

pub(super) fn mark(conn: &Connection, mark: &Mark, at: Millis) -> Result<(), StoreError> {
    match mark {
        Mark::Cursor(cursor) => {
            let bytes = serde_cbor::to_vec(cursor).map_err(|_| StoreError::Damaged("a cursor"))?;
            prepare(conn, "UPDATE upstream SET cursor = ?1")?.execute([bytes]).map_err(failed)?;
        }
        Mark::Contact(relay) => {
            prepare(conn, "UPDATE upstream SET relay = ?1, contact_at = ?2")?
                .execute(params![&relay.0[..], at.0])
                .map_err(failed)?;
        }
        Mark::Has(name) => {
            if let Some((lane, arrival)) = place(conn, name)? {
                take(conn, lane, arrival)?;
            }
        }
        Mark::Refused(name, reason) => {
            if let Some((lane, arrival)) = place(conn, name)? {
                prepare(conn, "UPDATE outbox SET refused = ?3 WHERE lane = ?1 AND arrival = ?2")?
                    .execute(params![row::lane_column(lane), row::column(arrival.0), reason.code()])
                    .map_err(failed)?;
            }
        }
        Mark::Owed(subject) => owe(conn, Owed::Subject(*subject))?,
        Mark::Suspect(document) => owe(conn, Owed::Document(*document))?,
        Mark::Filled(subject) => settle(conn, Owed::Subject(*subject))?,
        Mark::Compared(document) => settle(conn, Owed::Document(*document))?,
    }
    Ok(())
}

fn owe(conn: &Connection, owed: Owed) -> Result<(), StoreError> {
    prepare(conn, "INSERT OR IGNORE INTO upstream_owed (kind, what) VALUES (?1, ?2)")?
        .execute(row::owed(owed))
        .map_err(failed)?;
    Ok(())
}

fn settle(conn: &Connection, owed: Owed) -> Result<(), StoreError> {
    prepare(conn, "DELETE FROM upstream_owed WHERE kind = ?1 AND what = ?2")?
        .execute(row::owed(owed))
        .map_err(failed)?;
    Ok(())
}

/// Where a stored item lies.
fn place(conn: &Connection, name: &ItemName) -> Result<Option<(Lane, ArrivalNo)>, StoreError> {
    let (lane, found) = match name {
        ItemName::Record(log, seq) => (
            Lane::of(log.document.scope()),
            prepare(
                conn,
                "SELECT r.arrival FROM records r JOIN logs l USING (log)
                 WHERE l.document = ?1 AND l.device = ?2 AND l.incarnation = ?3 AND r.seq = ?4",
            )?
            .query_row(
                params![
                    &log.document.to_bytes()[..],
                    &log.device.0[..],
                    &log.incarnation.0.to_be_bytes()[..],
                    row::column(seq.0)
                ],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)?,
        ),
        ItemName::Chunk(id) => (Lane::Attachments, super::chunks::arrival_of(conn, id)?),
        ItemName::Statement(id) => (
            Lane::Cards,
            prepare(conn, "SELECT arrival FROM statements WHERE id = ?1")?
                .query_row([&id.0[..]], |row| row.get(0))
                .optional()
                .map_err(failed)?,
        ),
    };
    found.map(|arrival| Ok((lane, row::arrival(arrival)?))).transpose()
}

pub(super) fn read(conn: &Connection) -> Result<Option<Upstream>, StoreError> {
    type Row = (Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);
    let found: Option<Row> = prepare(conn, "SELECT cursor, relay, contact_at FROM upstream")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
        .map_err(failed)?;
    let Some((cursor, relay, at)) = found else { return Ok(None) };
    let cursor = cursor.map(|bytes| serde_cbor::from_slice(&bytes)).transpose();
    let relay = relay.map(|bytes| row::fixed(&bytes, "a relay")).transpose()?.map(RelayId);
    let mut upstream = Upstream {
        cursor: cursor.map_err(|_| StoreError::Damaged("a cursor"))?,
        contact: relay.zip(at.map(Millis)),
        ..Upstream::default()
    };
    let mut statement = prepare(conn, "SELECT kind, what FROM upstream_owed ORDER BY kind, what")?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(found) = rows.next().map_err(failed)? {
        let what: Vec<u8> = found.get(1).map_err(failed)?;
        match found.get(0).map_err(failed)? {
            0 => upstream.owed.push(row::subject_of(&what)?),
            _ => {
                let document = DocumentId::from_bytes(&what).ok_or(StoreError::Damaged("a document"))?;
                upstream.suspects.push(document);
            }
        }
    }
    Ok(Some(upstream))
}

pub(super) fn waiting(conn: &Connection) -> Result<Option<[Waiting; 3]>, StoreError> {
    if !exists(conn)? {
        return Ok(None);
    }
    let mut waiting = [Waiting::default(); 3];
    let mut statement = prepare(
        conn,
        "SELECT o.lane, count(*), coalesce(sum(length(coalesce(r.bytes, c.bytes))), 0), count(o.refused)
         FROM outbox o LEFT JOIN records r USING (arrival) LEFT JOIN chunks c USING (arrival) GROUP BY o.lane",
    )?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(found) = rows.next().map_err(failed)? {
        let count = |column: usize| row::count(found.get(column).map_err(failed)?);
        let lane = usize::try_from(found.get::<_, i64>(0).map_err(failed)?).unwrap_or(usize::MAX);
        let of_lane = waiting.get_mut(lane).ok_or(StoreError::Damaged("a lane"))?;
        *of_lane = Waiting { items: count(1)?, bytes: count(2)?, refused: count(3)? };
    }
    Ok(Some(waiting))
}
