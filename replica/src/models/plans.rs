//! Plans of visits and the changes of their days, as they stand.

use rusqlite::{Connection, params};
use tendenko_crdt::{EntryId, Event, EventBody, earlier, rivals};
use tendenko_protocol::ids::PatientId;

use super::read;
use crate::schedule::StandingPlan;
use crate::store::StoreError;

/// The kind of a visit plan.
pub(crate) const PLAN: &str = "visit-plan";
/// The kind of a change of one day.
const CHANGE: &str = "visit-change";

/// Every plan that stands, of one patient or of all.
pub(crate) fn standing(connection: &Connection, patient: Option<PatientId>) -> Result<Vec<StandingPlan>, StoreError> {
    let mut plans = Vec::new();
    for (patient, event) in read::standing(connection, PLAN, patient)? {
        let EventBody::VisitPlan(plan) = &event.body else { continue };
        let plan = plan.clone();
        // Of most plans there is one version, and nothing is looked up.
        let (first, rivals) = match event.corrects {
            None => (event.id, Vec::new()),
            Some(_) => {
                let entry = |id: EntryId| read::entry(connection, patient, id);
                let corrections = |id: EntryId| corrections(connection, patient, id);
                let first = earlier(&event, &entry)?.last().map_or(event.id, |first| first.id);
                (first, rivals(&event, &entry, &corrections)?)
            }
        };
        plans.push(StandingPlan { patient, event, plan, first, rivals });
    }
    Ok(plans)
}

/// Every change of one day that stands, of one patient or of all.
pub(crate) fn changes(
    connection: &Connection,
    patient: Option<PatientId>,
) -> Result<Vec<(PatientId, Event)>, StoreError> {
    read::standing(connection, CHANGE, patient)
}

/// The entries that correct one, oldest first.
pub(crate) fn corrections(
    connection: &Connection,
    patient: PatientId,
    entry: EntryId,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT event FROM m_timeline INDEXED BY m_timeline_corrects WHERE patient = ?1 AND corrects = ?2 ORDER BY at, entry",
    )?;
    let rows = statement
        .query_map(params![patient.0, entry.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.iter().map(|event| read::unpacked(event)).collect()
}

/// Whether a visit of this patient was ever planned.
pub(crate) fn any(connection: &Connection, patient: PatientId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM m_timeline WHERE kind = ?1 AND patient = ?2")?;
    Ok(statement.exists(params![PLAN, patient.0])?)
}
