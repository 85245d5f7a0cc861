//! Statements of which more than one holds: they wait for a person like the registers of the card do.
//!
//! They stand in the volumes of several years, so they are read from the timeline of the whole patient, not from one document.

use rusqlite::{Connection, params};
use tendenko_crdt::{EventBody, current};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::PatientId;

use super::{Changed, read};
use crate::conflicts::{FOLLOWED, of_statements};
use crate::documents::Loaded;
use crate::store::{StoreError, encode};

/// Brings the conflicts of a patient's statements up to date, where what changed can have touched them.
pub(super) fn update(
    connection: &Connection,
    id: DocumentId,
    document: &Loaded,
    changed: Changed<'_>,
) -> Result<(), StoreError> {
    if !touches(document, changed) {
        return Ok(());
    }
    for kind in FOLLOWED {
        of_kind(connection, id.patient, kind)?;
    }
    Ok(())
}

fn touches(document: &Loaded, changed: Changed<'_>) -> bool {
    let Changed::Keys(keys) = changed else { return true };
    keys.iter().any(|key| match tendenko_crdt::Key::parse(key) {
        tendenko_crdt::Key::Event(entry) => document
            .event(entry)
            .is_some_and(|event| event.body.follows().is_some() || matches!(event.body, EventBody::Withdrawal(_))),
        _ => false,
    })
}

fn of_kind(connection: &Connection, patient: PatientId, kind: &str) -> Result<(), StoreError> {
    let standing: Vec<_> =
        read::standing(connection, kind, Some(patient))?.into_iter().map(|(_, event)| event).collect();
    let now = current(&standing);
    connection
        .prepare_cached("DELETE FROM m_conflicts WHERE patient = ?1 AND key = ?2")?
        .execute(params![patient.0, format!("f/{kind}")])?;
    let Some(newest) = now.last().filter(|_| now.len() > 1) else { return Ok(()) };
    let Some(document) = read::document_of(connection, patient, newest.id)? else { return Ok(()) };
    if let Some(conflict) = of_statements(document, kind, &now) {
        connection
            .prepare_cached("INSERT INTO m_conflicts (patient, document, key, conflict) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![patient.0, document.to_bytes(), conflict.key, encode(&conflict)])?;
    }
    Ok(())
}
