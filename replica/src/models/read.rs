//! Reading the models: plain SQL on the reading connection.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use tendenko_crdt::{CardView, EntryId, Event, Timestamp};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::PatientId;

use super::card::StoredSummary;
use crate::search::{EDGE, Query, Term};
use crate::store::packed::unpack;
use crate::store::{StoreError, decode, fixed};
use crate::views::{Conflict, Me, PatientSummary};

/// Columns of a summary row; `?1` is the member's id as bytes, `?2` as text.
const SUMMARY: &str = "
    SELECT p.patient, p.summary,
        (SELECT count(*) FROM m_conflicts c WHERE c.patient = p.patient),
        EXISTS (SELECT 1 FROM m_search a JOIN m_search b ON a.same = b.same AND b.patient <> a.patient
                WHERE a.patient = p.patient AND a.same <> ''),
        EXISTS (SELECT 1 FROM epoch_keys k WHERE k.patient = p.patient AND k.scope = 1),
        (SELECT count(*) FROM news n WHERE n.patient = p.patient AND n.member <> ?2
            AND n.id > coalesce((SELECT news FROM looked l WHERE l.member = ?1 AND l.patient = p.patient), 0)),
        (SELECT count(DISTINCT save) FROM unsent u WHERE u.patient = p.patient),
        (SELECT max(at) FROM m_timeline t WHERE t.patient = p.patient)
    FROM m_patients p";

/// Of a patient whose row in `m_search` is `s`: the key of the chart is here.
const CHART_HELD: &str = "EXISTS (SELECT 1 FROM epoch_keys k WHERE k.patient = s.patient AND k.scope = 1)";

fn summary(row: &Row<'_>) -> Result<PatientSummary, StoreError> {
    let stored: StoredSummary = decode(&row.get::<_, Vec<u8>>(1)?)?;
    Ok(PatientSummary {
        patient: PatientId(fixed(row, 0)?),
        name: stored.name,
        kana: stored.kana,
        sex: stored.sex,
        birth_date: stored.birth_date,
        address: stored.address,
        allergies: stored.allergies,
        special_needs: stored.special_needs,
        dnar: stored.dnar,
        conflicts: row.get(2)?,
        same_name: row.get(3)?,
        chart: row.get(4)?,
        news: row.get(5)?,
        unsent: row.get(6)?,
        last_entry: row.get::<_, Option<i64>>(7)?.map(Timestamp),
    })
}

/// The summary of one patient.
pub(crate) fn patient(
    connection: &Connection,
    me: &Me,
    patient: PatientId,
) -> Result<Option<PatientSummary>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SUMMARY} WHERE p.patient = ?3"))?;
    let mut rows = statement.query(params![me.member.0, me.member.to_string(), patient.0])?;
    rows.next()?.map(summary).transpose()
}

/// Every patient whose chart this tablet holds, by kana.
pub(crate) fn patients(connection: &Connection, me: &Me) -> Result<Vec<PatientSummary>, StoreError> {
    let sql = format!(
        "{SUMMARY} JOIN m_search s ON s.patient = p.patient AND s.variant = 0 WHERE {CHART_HELD} ORDER BY s.sort, p.patient"
    );
    summaries(connection, &sql, params![me.member.0, me.member.to_string()])
}

/// The first of them by the moment of their last entry, then by kana, and how many there are. Whoever is not among the first costs no more
/// than a look at the index: most of a row is counted for it alone.
pub(crate) fn recent(
    connection: &Connection,
    me: &Me,
    limit: usize,
) -> Result<(Vec<PatientSummary>, usize), StoreError> {
    let held = format!("FROM m_search s WHERE s.variant = 0 AND {CHART_HELD}");
    let all: i64 = connection.prepare_cached(&format!("SELECT count(*) {held}"))?.query_row([], |row| row.get(0))?;
    let sql = format!(
        "{SUMMARY} JOIN (SELECT s.patient, s.sort, (SELECT max(at) FROM m_timeline t WHERE t.patient = s.patient) AS last
                {held} ORDER BY last DESC, s.sort, s.patient LIMIT ?3) r ON r.patient = p.patient
         ORDER BY r.last DESC, r.sort, p.patient"
    );
    let first = summaries(connection, &sql, params![me.member.0, me.member.to_string(), limit as i64])?;
    Ok((first, usize::try_from(all).unwrap_or_default()))
}

fn summaries(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<PatientSummary>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(summary(row)?);
    }
    Ok(found)
}

/// The patients that every term of the query matches, best first: those whose name begins with it, then by kana.
pub(crate) fn search(
    connection: &Connection,
    query: &Query,
    chart_only: bool,
    limit: usize,
) -> Result<Vec<PatientId>, StoreError> {
    let mut sql = String::from("SELECT patient, min(rank) FROM (SELECT patient, sort, ");
    let mut values: Vec<rusqlite::types::Value> = Vec::new();
    let first = query.terms.iter().flat_map(|term| &term.texts).next().cloned().unwrap_or_default();
    sql.push_str(&format!(
        "instr(haystack, {}) = 0 AS rank FROM m_search WHERE 1",
        bind(&mut values, format!("{EDGE}{first}"))
    ));
    for term in &query.terms {
        sql.push_str(&format!(" AND ({})", condition(term, &mut values)));
    }
    if chart_only {
        sql.push_str(" AND EXISTS (SELECT 1 FROM epoch_keys k WHERE k.patient = m_search.patient AND k.scope = 1)");
    }
    let limit = bind(&mut values, limit as i64);
    sql.push_str(&format!(") GROUP BY patient ORDER BY min(rank), min(sort), patient LIMIT {limit}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement
        .query_map(rusqlite::params_from_iter(values), |row| Ok(PatientId(fixed(row, 0)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

fn bind(values: &mut Vec<rusqlite::types::Value>, value: impl Into<rusqlite::types::Value>) -> String {
    values.push(value.into());
    format!("?{}", values.len())
}

fn condition(term: &Term, values: &mut Vec<rusqlite::types::Value>) -> String {
    let mut any = Vec::new();
    for text in &term.texts {
        any.push(format!("instr(haystack, {}) > 0", bind(values, text.clone())));
    }
    if let Some(digits) = &term.digits {
        any.push(format!("instr(numbers, {}) > 0", bind(values, digits.clone())));
    }
    if let Some(birth) = &term.birth {
        // A birth date on the card may be only a year or a month: compare as far as it goes.
        let (from, to) = (bind(values, birth.from.clone()), bind(values, birth.to.clone()));
        any.push(format!("(birth <> '' AND birth >= substr({from}, 1, length(birth)) AND birth <= {to})"));
    }
    if let Some(sex) = term.sex {
        any.push(format!("sex = {}", bind(values, sex.to_owned())));
    }
    any.join(" OR ")
}

/// The card as last merged, with its events.
pub(crate) fn card(connection: &Connection, patient: PatientId) -> Result<Option<CardView>, StoreError> {
    let stored: Option<Vec<u8>> = connection
        .prepare_cached("SELECT card FROM m_patients WHERE patient = ?1")?
        .query_row([patient.0], |row| row.get(0))
        .optional()?;
    let Some(stored) = stored else { return Ok(None) };
    let mut view: CardView = decode(&stored)?;
    let mut statement = connection.prepare_cached("SELECT event FROM m_timeline WHERE document = ?1")?;
    let events = statement
        .query_map([DocumentId::card(patient).to_bytes()], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    view.events = events.iter().map(|event| unpacked(event)).collect::<Result<_, _>>()?;
    view.events.sort_by_key(|event| (event.occurred_at, event.stamp.at, event.id));
    Ok(Some(view))
}

/// One entry of a patient.
pub(crate) fn entry(connection: &Connection, patient: PatientId, entry: EntryId) -> Result<Option<Event>, StoreError> {
    let event: Option<Vec<u8>> = connection
        .prepare_cached("SELECT event FROM m_timeline WHERE patient = ?1 AND entry = ?2")?
        .query_row(params![patient.0, entry.as_bytes()], |row| row.get(0))
        .optional()?;
    event.map(|event| unpacked(&event)).transpose()
}

/// What was saved in one step with an entry, and nothing corrects: by the same hand at the same moment, about the same moment.
pub(crate) fn saved_with(connection: &Connection, patient: PatientId, saved: &Event) -> Result<Vec<Event>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT event FROM m_timeline t WHERE patient = ?1 AND at = ?2
            AND NOT EXISTS (SELECT 1 FROM m_timeline c WHERE c.patient = t.patient AND c.corrects = t.entry)
         ORDER BY entry",
    )?;
    let events = statement
        .query_map(params![patient.0, saved.occurred_at.0], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let events = events.iter().map(|event| unpacked(event)).collect::<Result<Vec<_>, _>>()?;
    Ok(events.into_iter().filter(|event| event.stamp == saved.stamp).collect())
}

/// The document an entry stands in.
pub(crate) fn document_of(
    connection: &Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Option<DocumentId>, StoreError> {
    let document: Option<Vec<u8>> = connection
        .prepare_cached("SELECT document FROM m_timeline WHERE patient = ?1 AND entry = ?2")?
        .query_row(params![patient.0, entry.as_bytes()], |row| row.get(0))
        .optional()?;
    document.map(|bytes| DocumentId::from_bytes(&bytes).ok_or(StoreError::Damaged)).transpose()
}

/// Every entry of a patient that is of one of these kinds, also what was corrected.
pub(crate) fn of_kinds(connection: &Connection, patient: PatientId, kinds: &[&str]) -> Result<Vec<Event>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT event FROM m_timeline INDEXED BY m_timeline_kind WHERE kind = ?1 AND patient = ?2")?;
    let mut events = Vec::new();
    for kind in kinds {
        let rows = statement.query_map(params![kind, patient.0], |row| row.get::<_, Vec<u8>>(0))?;
        for event in rows {
            events.push(unpacked(&event?)?);
        }
    }
    Ok(events)
}

/// Entries of one kind that nothing corrects or withdraws; of one patient, or of all.
pub(crate) fn standing(
    connection: &Connection,
    kind: &str,
    patient: Option<PatientId>,
) -> Result<Vec<(PatientId, Event)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT patient, event FROM m_timeline t WHERE kind = ?1 AND (?2 IS NULL OR patient = ?2)
            AND NOT EXISTS (SELECT 1 FROM m_timeline c WHERE c.patient = t.patient AND c.corrects = t.entry)
         ORDER BY at, entry",
    )?;
    let rows = statement
        .query_map(params![kind, patient.map(|patient| patient.0)], |row| {
            Ok((fixed(row, 0)?, row.get::<_, Vec<u8>>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|(patient, event)| Ok((PatientId(patient), unpacked(&event)?))).collect()
}

/// Whether a member recorded a visit of a patient within a span of time.
pub(crate) fn visited(
    connection: &Connection,
    patient: PatientId,
    member: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM m_timeline WHERE kind = 'visit' AND patient = ?1 AND at >= ?2 AND at < ?3 AND member = ?4",
        )?
        .exists(params![patient.0, from.0, to.0, member])?)
}

/// Every conflict, of one patient or of all.
pub(crate) fn conflicts(connection: &Connection, patient: Option<PatientId>) -> Result<Vec<Conflict>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT conflict FROM m_conflicts WHERE ?1 IS NULL OR patient = ?1 ORDER BY patient, document, key",
    )?;
    let rows = statement
        .query_map([patient.map(|patient| patient.0)], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.iter().map(|conflict| decode(conflict)).collect()
}

/// An entry as the timeline keeps it.
pub(super) fn unpacked(event: &[u8]) -> Result<Event, StoreError> {
    decode(&unpack(event)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::migrate;

    /// Hundreds of patients, and days of work that waits for a link: a row must cost what is that patient's own.
    #[test]
    fn a_row_of_the_list_scans_no_table() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {SUMMARY} WHERE p.patient = ?3");
        let mut plan = connection.prepare(&sql).unwrap();
        let steps: Vec<String> = plan
            .query_map(params![[0u8; 16], "", [0u8; 16]], |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(steps.iter().all(|step| !step.starts_with("SCAN") || step == "SCAN CONSTANT ROW"), "{steps:#?}");
    }
}
