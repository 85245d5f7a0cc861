//! 申し送り: those that wait for somebody, those somebody has written, those somebody has confirmed.

use rusqlite::{Connection, params};
use tendenko_crdt::{EntryId, Timestamp};
use tendenko_protocol::ids::PatientId;

use super::timeline::{FOR_TEAM, STANDING, for_member, for_profession};
use crate::store::{StoreError, fixed};
use crate::views::Me;

/// A hand-over, by when it was said.
pub(crate) type Said = (Timestamp, PatientId, EntryId);

const READ_BY_ME: &str =
    "EXISTS (SELECT 1 FROM m_read r WHERE r.patient = t.patient AND r.entry = t.entry AND r.member = ?3)";

/// Hand-overs of others that this member has not confirmed, newest first: to the member at any time, to the profession and the
/// team since `since`.
pub(crate) fn waiting(
    connection: &Connection,
    me: &Me,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<Said>, StoreError> {
    addressed(connection, me, since, false, limit)
}

/// Hand-overs of others that this member has confirmed, newest first.
pub(crate) fn confirmed(connection: &Connection, me: &Me, limit: usize) -> Result<Vec<Said>, StoreError> {
    addressed(connection, me, Timestamp(i64::MIN), true, limit)
}

fn addressed(
    connection: &Connection,
    me: &Me,
    since: Timestamp,
    read: bool,
    limit: usize,
) -> Result<Vec<Said>, StoreError> {
    let member = me.member.to_string();
    let not = if read { "" } else { "NOT" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT at, patient, entry FROM m_timeline t INDEXED BY m_timeline_addressee
         WHERE addressee = ?1 AND at >= ?2 AND member <> ?3 AND {not} {READ_BY_ME} AND {STANDING}
         ORDER BY at DESC, entry DESC LIMIT ?4"
    ))?;
    let mine = (for_member(&member), i64::MIN);
    let shared = [FOR_TEAM.to_owned(), for_profession(me.profession.as_str())].map(|to| (to, since.0));
    let mut found = Vec::new();
    for (addressee, from) in std::iter::once(mine).chain(shared) {
        let rows = statement.query_map(params![addressee, from, member, limit as i64], said)?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(limit);
    Ok(found)
}

/// Hand-overs that this member has written, newest first.
pub(crate) fn written(connection: &Connection, me: &Me, limit: usize) -> Result<Vec<Said>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT at, patient, entry FROM m_timeline t INDEXED BY m_timeline_handed
         WHERE member = ?1 AND addressee IS NOT NULL AND kind = 'hand-over' AND {STANDING} ORDER BY at DESC, entry DESC LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![me.member.to_string(), limit as i64], said)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The entries that answer a hand-over and stand, oldest first.
pub(crate) fn answers(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<Vec<EntryId>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT entry FROM m_timeline t INDEXED BY m_timeline_answers
         WHERE patient = ?1 AND answers = ?2 AND {STANDING} ORDER BY at, entry"
    ))?;
    let rows = statement.query_map(params![patient.0, entry.as_bytes()], |row| Ok(EntryId::new(fixed(row, 0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn said(row: &rusqlite::Row<'_>) -> rusqlite::Result<Said> {
    Ok((Timestamp(row.get(0)?), PatientId(fixed(row, 1)?), EntryId::new(fixed(row, 2)?)))
}
