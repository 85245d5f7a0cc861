//! Documents that are addressed to a facility, over all patients.
//!
//! Who writes a letter types the addressee: `釜石中央病院 循環器内科` is meant for 釜石中央病院. So what is looked for is a folded beginning,
//! along the index of addressees.

use rusqlite::{Connection, params};
use tendenko_crdt::{CareDocument, EntryId, Timestamp};
use tendenko_protocol::ids::PatientId;

use super::timeline::STANDING;
use crate::search::fold_text;
use crate::store::{StoreError, fixed};
use crate::views::Me;

/// How a document to a facility is kept among the addressees; none where it names none.
pub(super) fn for_facility(document: &CareDocument) -> Option<String> {
    let to = document.to.as_ref().map(|to| fold_text(&to.facility))?;
    (!to.is_empty()).then(|| format!("f:{to}"))
}

/// Documents of others to the facility of the person at work that nothing corrects, newest first.
pub(crate) fn to_facility(
    connection: &Connection,
    me: &Me,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<(PatientId, EntryId)>, StoreError> {
    let facility = fold_text(&me.facility);
    if facility.is_empty() {
        return Ok(Vec::new());
    }
    let (first, last) = (format!("f:{facility}"), format!("f:{facility}\u{10ffff}"));
    let mut statement = connection.prepare_cached(&format!(
        "SELECT at, patient, entry FROM m_timeline t INDEXED BY m_timeline_addressee
         WHERE addressee >= ?1 AND addressee <= ?2 AND at >= ?3 AND member <> ?4 AND {STANDING}"
    ))?;
    let rows = statement.query_map(params![first, last, since.0, me.member.to_string()], |row| {
        Ok((row.get::<_, i64>(0)?, PatientId(fixed(row, 1)?), EntryId::new(fixed(row, 2)?)))
    })?;
    let mut found = rows.collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, patient, entry)| (patient, entry)).collect())
}
