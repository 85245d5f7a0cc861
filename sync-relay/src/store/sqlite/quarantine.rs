//! What was refused: counted always, listed while there is room for it and until it is stored after all.
//!
//! Nobody can push out what the quarantine keeps for others: each pusher has a share, and beyond it refusals are only counted.
//! All shares together are bounded too, in case many tablets are in wrong hands.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::ids::Millis;
use tendenko_protocol::record::RejectReason;

use super::super::{Refused, Source, StoreError};
use super::read::prepare;
use super::{failed, row};

/// Entries and bytes.
#[derive(Clone, Copy)]
struct Share {
    entries: i64,
    bytes: i64,
}

/// What one pusher may take up.
const EACH: Share = Share { entries: 4_096, bytes: 8 << 20 };
/// What all may take up together.
const ALL: Share = Share { entries: 65_536, bytes: 128 << 20 };

/// Counts a refusal by its reason.
pub(super) fn count(conn: &Connection, reason: RejectReason) -> Result<(), StoreError> {
    prepare(
        conn,
        "INSERT INTO refused (reason, times) VALUES (?1, 1)
         ON CONFLICT (reason) DO UPDATE SET times = times + 1",
    )?
    .execute([reason.code()])
    .map_err(failed)?;
    Ok(())
}

/// Counts a refusal and lists it; its bytes are kept while they fit.
pub(super) fn refused(conn: &Connection, refused: &Refused, from: Source, at: Millis) -> Result<(), StoreError> {
    count(conn, refused.reason)?;
    let again = prepare(
        conn,
        "UPDATE quarantine SET times = times + 1, last_at = ?2 WHERE hash = ?1 AND (reason = 'fork' OR ?3 <> 'fork')",
    )?
    .execute(params![&refused.hash.0[..], at.0, refused.reason.code()])
    .map_err(failed)?;
    if again > 0 {
        return Ok(());
    }
    // A fork counts as one, also if it was refused for another reason before, perhaps without its bytes.
    release(conn, &refused.hash.0)?;
    let pusher = match &from {
        Source::Peer(device) => Some(&device.0[..]),
        Source::Operator | Source::Upstream | Source::Forwarded => None,
    };
    let share = pusher.unwrap_or_default();
    let (own, all) = (taken(conn, Some(share))?, taken(conn, None)?);
    if own.entries >= EACH.entries || all.entries >= ALL.entries {
        return Ok(());
    }
    let bytes = refused.bytes.as_ref().filter(|bytes| {
        let bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        own.bytes.saturating_add(bytes) <= EACH.bytes && all.bytes.saturating_add(bytes) <= ALL.bytes
    });
    let (document, device, incarnation, seq) = match &refused.claimed {
        Some((log, seq)) => (
            Some(log.document.to_bytes().to_vec()),
            Some(log.device.0.to_vec()),
            Some(log.incarnation.0.to_be_bytes().to_vec()),
            Some(row::column(seq.0)),
        ),
        None => (None, None, None, None),
    };
    prepare(
        conn,
        "INSERT INTO quarantine
         (hash, reason, document, device, incarnation, seq, pusher, first_at, last_at, times, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1, ?9)",
    )?
    .execute(params![
        &refused.hash.0[..],
        refused.reason.code(),
        document,
        device,
        incarnation,
        seq,
        pusher,
        at.0,
        bytes
    ])
    .map_err(failed)?;
    prepare(
        conn,
        "INSERT INTO quarantine_shares (pusher, entries, bytes) VALUES (?1, 1, ?2)
         ON CONFLICT (pusher) DO UPDATE SET entries = entries + 1, bytes = bytes + excluded.bytes",
    )?
    .execute(params![share, row::column(bytes.map_or(0, Vec::len) as u64)])
    .map_err(failed)?;
    Ok(())
}

/// Is anything in it?
pub(super) fn holds_any(conn: &Connection) -> Result<bool, StoreError> {
    let found = prepare(conn, "SELECT 1 FROM quarantine LIMIT 1")?.query_row([], |_| Ok(())).optional();
    Ok(found.map_err(failed)?.is_some())
}

/// What was refused at first (for want of a grant that came later, say) is stored now. True if it was.
pub(super) fn release(conn: &Connection, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let released = prepare(
        conn,
        "DELETE FROM quarantine WHERE hash = ?1 RETURNING coalesce(pusher, x''), coalesce(length(bytes), 0)",
    )?
    .query_row([&hash[..]], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))
    .optional()
    .map_err(failed)?;
    let was_refused = released.is_some();
    if let Some((share, bytes)) = released {
        prepare(conn, "UPDATE quarantine_shares SET entries = entries - 1, bytes = bytes - ?2 WHERE pusher = ?1")?
            .execute(params![share, bytes])
            .map_err(failed)?;
    }
    Ok(was_refused)
}

/// What one pusher, or all, take up.
fn taken(conn: &Connection, pusher: Option<&[u8]>) -> Result<Share, StoreError> {
    let sql = match pusher {
        Some(_) => "SELECT entries, bytes FROM quarantine_shares WHERE pusher = ?1",
        None => "SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0) FROM quarantine_shares WHERE ?1 IS NULL",
    };
    let found = prepare(conn, sql)?
        .query_row([pusher], |row| Ok(Share { entries: row.get(0)?, bytes: row.get(1)? }))
        .optional()
        .map_err(failed)?;
    Ok(found.unwrap_or(Share { entries: 0, bytes: 0 }))
}
