//! The timeline: one row per entry of any document of a patient.

use rusqlite::{Connection, params};
use tendenko_crdt::{Addressee, EntryId, Event, EventBody, Key};
use tendenko_protocol::document::DocumentId;

use super::Changed;
use crate::store::packed::pack;
use crate::store::{StoreError, encode};

pub(super) fn update(
    connection: &Connection,
    document: DocumentId,
    changed: Changed<'_>,
    all: impl FnOnce() -> Vec<Event>,
    one: impl Fn(EntryId) -> Option<Event>,
) -> Result<(), StoreError> {
    let events = match changed {
        Changed::Everything => all(),
        Changed::Keys(keys) => keys
            .iter()
            .filter_map(|key| match Key::parse(key) {
                Key::Event(id) => one(id),
                _ => None,
            })
            .collect(),
    };
    events.iter().try_for_each(|event| insert(connection, document, event))
}

fn insert(connection: &Connection, document: DocumentId, event: &Event) -> Result<(), StoreError> {
    // The same entry in two documents (an import on both sides of New Year) shows once: the first by name.
    connection
        .prepare_cached(
            "INSERT INTO m_timeline (patient, entry, at, document, corrects, kind, member, addressee, event)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (patient, entry) DO UPDATE SET at = excluded.at, document = excluded.document,
                corrects = excluded.corrects, kind = excluded.kind, member = excluded.member,
                addressee = excluded.addressee, event = excluded.event
             WHERE excluded.document <= m_timeline.document",
        )?
        .execute(params![
            document.patient.0,
            event.id.as_bytes(),
            event.occurred_at.0,
            document.to_bytes(),
            event.corrects.as_ref().map(EntryId::as_bytes),
            event.body.kind(),
            event.stamp.author.member,
            addressee(event),
            pack(&encode(event))
        ])?;
    Ok(())
}

fn addressee(event: &Event) -> Option<String> {
    match &event.body {
        EventBody::HandOver(hand_over) => Some(match &hand_over.to {
            Addressee::Team => "team".to_owned(),
            Addressee::Profession(profession) => for_profession(profession.as_str()),
            Addressee::Member { member, .. } => for_member(member),
        }),
        _ => None,
    }
}

/// How a hand-over to a profession is kept.
pub(super) fn for_profession(profession: &str) -> String {
    format!("p:{profession}")
}

/// How a hand-over to one member is kept.
pub(super) fn for_member(member: &str) -> String {
    format!("m:{member}")
}
