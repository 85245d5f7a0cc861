//! Pages of a timeline: first where, then what.
//!
//! A page is found as *places* (when an entry happened, and its id) along one of the indices that [`super::timeline`] speaks of;
//! then those entries, and only those, are read with all that is shown beside them.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, params_from_iter};
use tendenko_crdt::{EntryId, Stamp, Timestamp};
use tendenko_protocol::ids::PatientId;

use super::read::unpacked;
use super::timeline::STANDING;
use super::words;
use crate::store::{StoreError, decode, fixed};
use crate::views::{Me, Place, Sent, TimelineEntry, TimelineFilter, TimelineStart};

/// Before and behind everything.
const FIRST: (i64, [u8; 16]) = (i64::MIN, [0; 16]);
const LAST: (i64, [u8; 16]) = (i64::MAX, [0xff; 16]);

/// From where, and which way.
#[derive(Clone, Copy)]
struct Walk {
    older: bool,
    from: (i64, [u8; 16]),
    including: bool,
}

impl Walk {
    fn of(start: &TimelineStart) -> Self {
        let at = |place: &Place| (place.0.0, *place.1.as_bytes());
        match start {
            TimelineStart::Newest => Self { older: true, from: LAST, including: true },
            TimelineStart::Before(moment) => Self { older: true, from: (moment.0, FIRST.1), including: false },
            TimelineStart::At(place) => Self { older: true, from: at(place), including: true },
            TimelineStart::Older(place) => Self { older: true, from: at(place), including: false },
            TimelineStart::Newer(place) => Self { older: false, from: at(place), including: false },
        }
    }

    fn compare(&self) -> &'static str {
        match (self.older, self.including) {
            (true, true) => "<=",
            (true, false) => "<",
            (false, _) => ">",
        }
    }

    fn order(&self) -> &'static str {
        if self.older { "DESC" } else { "ASC" }
    }

    fn reaches(&self, (at, entry): (i64, [u8; 16])) -> bool {
        match (self.older, self.including) {
            (true, true) => (at, entry) <= self.from,
            (true, false) => (at, entry) < self.from,
            (false, _) => (at, entry) > self.from,
        }
    }

    /// In the order of the walk, and no more than asked for.
    fn sorted(&self, mut found: Vec<(i64, [u8; 16])>, limit: usize) -> Vec<(i64, [u8; 16])> {
        found.sort_unstable();
        if self.older {
            found.reverse();
        }
        found.truncate(limit);
        found
    }
}

/// The places of a page, newest first, at most `limit`; and whether there are more the same way.
pub(crate) fn places(
    connection: &Connection,
    patient: PatientId,
    filter: &TimelineFilter,
    start: &TimelineStart,
    limit: usize,
) -> Result<(Vec<Place>, bool), StoreError> {
    let walk = Walk::of(start);
    let mut found = match words::query(patient, &filter.words, &filter.care) {
        Some(query) => searched(connection, patient, filter, &query, walk, limit + 1)?,
        None if filter.kinds.is_empty() => {
            along(connection, patient, filter.profession.as_deref(), None, walk, limit + 1)?
        }
        None => {
            let mut all = Vec::new();
            for kind in &filter.kinds {
                all.extend(along(connection, patient, filter.profession.as_deref(), Some(kind), walk, limit + 1)?);
            }
            walk.sorted(all, limit + 1)
        }
    };
    let more = found.len() > limit;
    found.truncate(limit);
    if !walk.older {
        found.reverse();
    }
    Ok((found.into_iter().map(|(at, entry)| (Timestamp(at), EntryId::new(entry))).collect(), more))
}

/// Along the index that has just these entries in order.
fn along(
    connection: &Connection,
    patient: PatientId,
    profession: Option<&str>,
    kind: Option<&str>,
    walk: Walk,
    limit: usize,
) -> Result<Vec<(i64, [u8; 16])>, StoreError> {
    let mut statement = connection.prepare_cached(&along_sql(profession.is_some(), kind.is_some(), walk))?;
    let limit = limit as i64;
    let mut values: Vec<&dyn ToSql> = vec![&patient.0, &walk.from.0, &walk.from.1, &limit];
    values.extend(profession.iter().map(|value| value as &dyn ToSql));
    values.extend(kind.iter().map(|value| value as &dyn ToSql));
    let rows = statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, fixed(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn along_sql(profession: bool, kind: bool, walk: Walk) -> String {
    let (index, wanted) = match (profession, kind) {
        (false, false) => ("m_timeline_at", ""),
        (false, true) => ("m_timeline_kind", "AND kind = ?5"),
        (true, false) => ("m_timeline_profession", "AND profession = ?5"),
        (true, true) => ("m_timeline_both", "AND profession = ?5 AND kind = ?6"),
    };
    let (compare, order) = (walk.compare(), walk.order());
    format!(
        "SELECT at, entry FROM m_timeline t INDEXED BY {index}
         WHERE patient = ?1 {wanted} AND (at, entry) {compare} (?2, ?3) AND {STANDING}
         ORDER BY at {order}, entry {order} LIMIT ?4"
    )
}

/// Along the rows of the words that were typed: day by day, so that a page ends with the day that fills it.
fn searched(
    connection: &Connection,
    patient: PatientId,
    filter: &TimelineFilter,
    query: &str,
    walk: Walk,
    limit: usize,
) -> Result<Vec<(i64, [u8; 16])>, StoreError> {
    let (compare, order) = if walk.older { ("<=", "DESC") } else { (">=", "ASC") };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT t.at, t.entry, w.rowid, t.kind, t.profession FROM m_words w
         JOIN m_places p ON p.place = w.rowid AND p.patient = ?1
         JOIN m_timeline t ON t.patient = p.patient AND t.entry = p.entry AND {STANDING}
         WHERE m_words MATCH ?2 AND w.rowid {compare} ?3 ORDER BY w.rowid {order}"
    ))?;
    let (first, last) = words::rows_around(Timestamp(walk.from.0));
    let mut rows = statement.query(params![patient.0, query, if walk.older { last } else { first }])?;
    let mut found: Vec<(i64, [u8; 16])> = Vec::new();
    let mut day = None;
    while let Some(row) = rows.next()? {
        let place: (i64, [u8; 16]) = (row.get(0)?, fixed(row, 1)?);
        let here = words::rows_around(Timestamp(place.0)).0;
        if found.len() >= limit && day != Some(here) {
            break;
        }
        let (kind, profession): (String, String) = (row.get(3)?, row.get(4)?);
        let wanted = (filter.kinds.is_empty() || filter.kinds.contains(&kind))
            && filter.profession.as_ref().is_none_or(|wanted| *wanted == profession);
        if wanted && walk.reaches(place) {
            found.push(place);
            day = Some(here);
        }
    }
    Ok(walk.sorted(found, limit))
}

/// The months of a patient in which something happened, newest first: any moment of each. One step of the index a month.
pub(crate) fn months(
    connection: &Connection,
    patient: PatientId,
    start_of_month: impl Fn(Timestamp) -> Timestamp,
    limit: usize,
) -> Result<Vec<Timestamp>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT max(at) FROM m_timeline INDEXED BY m_timeline_at WHERE patient = ?1 AND at < ?2")?;
    let mut months = Vec::new();
    let mut before = i64::MAX;
    while months.len() < limit {
        let newest: Option<i64> = statement.query_row(params![patient.0, before], |row| row.get(0))?;
        let Some(newest) = newest else { break };
        months.push(Timestamp(newest));
        before = start_of_month(Timestamp(newest)).0.min(newest);
    }
    Ok(months)
}

/// What others wrote that came after the news numbered `since`, newest first: the entries that stand. What this member has confirmed was
/// read.
pub(crate) fn unread(
    connection: &Connection,
    me: &Me,
    patient: PatientId,
    since: i64,
) -> Result<Vec<Place>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT DISTINCT t.at, t.entry FROM news n
         JOIN m_timeline t ON t.patient = n.patient AND n.key LIKE 'e/%' AND t.entry = unhex(substr(n.key, 3))
         WHERE n.patient = ?1 AND n.id > ?2 AND n.member <> ?3 AND {STANDING}
            AND NOT EXISTS (SELECT 1 FROM m_read r WHERE r.patient = t.patient AND r.entry = t.entry AND r.member = ?3)
         ORDER BY t.at DESC, t.entry DESC"
    ))?;
    let rows = statement.query_map(params![patient.0, since, me.member.to_string()], |row| {
        Ok((Timestamp(row.get(0)?), EntryId::new(fixed(row, 1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const SHOWN: &str = "SELECT event,
        (SELECT min(CASE WHEN u.record IS NULL THEN 0 ELSE 1 END)
            FROM unsent_entries e JOIN unsent u ON u.id = e.unsent WHERE e.entry = t.entry),
        EXISTS (SELECT 1 FROM news n WHERE n.patient = t.patient AND n.member <> ?3 AND n.key = 'e/' || lower(hex(t.entry)) AND n.id > ?4)
        AND NOT EXISTS (SELECT 1 FROM m_read r WHERE r.patient = t.patient AND r.entry = t.entry AND r.member = ?3)
     FROM m_timeline t WHERE patient = ?1 AND entry = ?2";

/// An entry with what is shown beside it. `since`: what came as later news is new.
pub(crate) fn shown(
    connection: &Connection,
    me: &Me,
    patient: PatientId,
    entry: EntryId,
    since: i64,
) -> Result<TimelineEntry, StoreError> {
    let mut statement = connection.prepare_cached(SHOWN)?;
    let (event, sent, new) = statement
        .query_row(params![patient.0, entry.as_bytes(), me.member.to_string(), since], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, bool>(2)?))
        })?;
    let sent = match sent {
        Some(0) => Sent::Pending,
        Some(_) => Sent::Sealed,
        None => Sent::Acked,
    };
    Ok(TimelineEntry {
        event: unpacked(&event)?,
        sent,
        corrected_by: corrections(connection, patient, entry)?,
        new,
        read_by: readers(connection, patient, entry)?,
    })
}

/// Entries of a patient, newest first, older than `before`; also those that were corrected.
pub(crate) fn everything(
    connection: &Connection,
    me: &Me,
    patient: PatientId,
    before: Option<Place>,
    limit: usize,
    since: i64,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let (at, entry) = before.map_or(LAST, |(at, entry)| (at.0, *entry.as_bytes()));
    let mut statement = connection.prepare_cached(
        "SELECT entry FROM m_timeline INDEXED BY m_timeline_at WHERE patient = ?1 AND (at, entry) < (?2, ?3)
         ORDER BY at DESC, entry DESC LIMIT ?4",
    )?;
    let entries = statement
        .query_map(params![patient.0, at, entry, limit as i64], |row| Ok(EntryId::new(fixed(row, 0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    entries.into_iter().map(|entry| shown(connection, me, patient, entry, since)).collect()
}

/// The entries that correct one or take it back, oldest first.
pub(crate) fn corrections(
    connection: &Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Vec<EntryId>, StoreError> {
    // By itself SQLite would rather walk through the whole timeline in its order than sort the one or two it looks for.
    let mut statement = connection.prepare_cached(
        "SELECT entry FROM m_timeline INDEXED BY m_timeline_corrects WHERE patient = ?1 AND corrects = ?2 ORDER BY at, entry",
    )?;
    let found = statement
        .query_map(params![patient.0, entry.as_bytes()], |row| Ok(EntryId::new(fixed(row, 0)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Who has read an entry, in the order in which they did.
pub(crate) fn readers(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<Vec<Stamp>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT member, stamp FROM m_read WHERE patient = ?1 AND entry = ?2 ORDER BY member")?;
    let rows = statement
        .query_map(params![patient.0, entry.as_bytes()], |row| row.get::<_, Vec<u8>>(1))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut readers = rows.iter().map(|stamp| decode(stamp)).collect::<Result<Vec<Stamp>, _>>()?;
    readers.sort_by_key(|stamp| stamp.at);
    readers.dedup_by(|later, earlier| later.author.member == earlier.author.member);
    Ok(readers)
}

/// The newest news of a patient, and up to where a member has looked.
pub(crate) fn looked(connection: &Connection, me: &Me, patient: PatientId) -> Result<(i64, i64), StoreError> {
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(id) FROM news WHERE patient = ?1")?
        .query_row([patient.0], |row| row.get(0))?;
    let looked = connection
        .prepare_cached("SELECT news FROM looked WHERE member = ?1 AND patient = ?2")?
        .query_row(params![me.member.0, patient.0], |row| row.get(0))
        .optional()?;
    Ok((newest.unwrap_or(0), looked.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(connection: &Connection, sql: &str) -> Vec<String> {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let none = vec![rusqlite::types::Value::Null; plan.parameter_count()];
        plan.query_map(params_from_iter(none), |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::schema::migrate(&mut connection).unwrap();
        connection
    }

    /// What an entry costs must not depend on how many there are: each subquery finds its rows by an index that ends at the entry.
    #[test]
    fn an_entry_is_not_looked_for_among_all_others() {
        let steps = steps(&store(), SHOWN);
        assert!(steps.iter().any(|step| step.contains("news_key (patient=? AND key=?")), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
    }

    /// A page is a stretch of an index: nothing is sorted and nothing is skipped over.
    #[test]
    fn a_page_is_read_along_an_index_whatever_is_filtered() {
        let connection = store();
        for (profession, kind) in [(false, false), (true, false), (false, true), (true, true)] {
            for start in [TimelineStart::Newest, TimelineStart::Newer((Timestamp(0), EntryId::new([0; 16])))] {
                let steps = steps(&connection, &along_sql(profession, kind, Walk::of(&start)));
                assert!(
                    !steps.iter().any(|step| step.contains("TEMP B-TREE") || step.starts_with("SCAN")),
                    "{steps:?}"
                );
                assert!(steps[0].contains("COVERING INDEX"), "{steps:?}");
            }
        }
    }
}
