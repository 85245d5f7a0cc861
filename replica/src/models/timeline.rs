//! The timeline: one row per entry of any document of a patient; who has read which hand-over; and what is found in them.
//!
//! What a screenful costs must not depend on how long the patient is in care: twenty thousand entries of ten years are
//! read as twenty are. So nothing here is counted, skipped over or sorted as a whole:
//! - a **page** is a stretch of an index from a *place* (when an entry happened, then its id) up or down, never an offset.
//!   `m_timeline_at` serves all entries of a patient, `…_kind`, `…_profession` and `…_both` serve one kind, one
//!   profession, or a kind of one profession; several kinds are read one after the other, each as far as the page can
//!   reach, and merged. What a correction replaced is left out while walking, by `…_corrects`.
//! - **search** asks an inverted index ([`super::words`]) whose rows are numbered in order of time, and stops when the
//!   page is full.
//! - the **months** in which something happened are found by jumping along `m_timeline_at`, one step a month.
//! - **unread** is what came as news since the member looked; there are at most [`crate::edit::MAX_NEWS`] of it.
//! - **hand-overs** that wait are found by their addressee, not by patient.
//!
//! All of it is in the store's own tables, written when a document changes. No volume is opened for a screen, and only
//! the entries of the page are decoded.

use rusqlite::{Connection, OptionalExtension as _, params};
use tendenko_crdt::{Addressee, EntryId, Event, EventBody, Key, ReadMark};
use tendenko_protocol::document::DocumentId;

use super::{Changed, letters, words};
use crate::documents::Loaded;
use crate::store::packed::pack;
use crate::store::{StoreError, encode};

/// Brings the rows of one document up to date.
pub(super) fn update(
    connection: &Connection,
    document: DocumentId,
    loaded: &Loaded,
    changed: Changed<'_>,
) -> Result<(), StoreError> {
    match changed {
        Changed::Everything => {
            loaded.events().iter().try_for_each(|event| insert(connection, document, event))?;
            loaded.read_marks().iter().try_for_each(|mark| insert_mark(connection, document, mark))
        }
        Changed::Keys(keys) => keys.iter().try_for_each(|key| {
            if let Key::Event(id) = Key::parse(key)
                && let Some(event) = loaded.event(id)
            {
                insert(connection, document, &event)?;
            }
            loaded.read_mark(key).iter().try_for_each(|mark| insert_mark(connection, document, mark))
        }),
    }
}

/// Takes out what one document brought.
pub(super) fn forget(connection: &Connection, document: DocumentId) -> Result<(), StoreError> {
    words::forget(connection, document)?;
    for table in ["m_timeline", "m_read"] {
        connection.execute(&format!("DELETE FROM {table} WHERE document = ?1"), [document.to_bytes()])?;
    }
    Ok(())
}

fn insert(connection: &Connection, document: DocumentId, event: &Event) -> Result<(), StoreError> {
    let packed = pack(&encode(event));
    let there: Option<Vec<u8>> = connection
        .prepare_cached("SELECT event FROM m_timeline WHERE patient = ?1 AND entry = ?2")?
        .query_row(params![document.patient.0, event.id.as_bytes()], |row| row.get(0))
        .optional()?;
    // The same entry in two documents (an import on both sides of New Year) shows once: the first by name.
    let written = connection
        .prepare_cached(
            "INSERT INTO m_timeline (patient, entry, at, document, corrects, kind, profession, member, addressee, answers, event)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (patient, entry) DO UPDATE SET at = excluded.at, document = excluded.document,
                corrects = excluded.corrects, kind = excluded.kind, profession = excluded.profession,
                member = excluded.member, addressee = excluded.addressee, answers = excluded.answers, event = excluded.event
             WHERE excluded.document <= m_timeline.document",
        )?
        .execute(params![
            document.patient.0,
            event.id.as_bytes(),
            event.occurred_at.0,
            document.to_bytes(),
            event.corrects.as_ref().map(EntryId::as_bytes),
            event.body.kind(),
            event.stamp.author.profession.as_str(),
            event.stamp.author.member,
            addressee(event),
            event.body.hand_over().and_then(|said| said.answers.as_ref()).map(EntryId::as_bytes),
            packed
        ])?;
    if written > 0 && there.as_ref() != Some(&packed) {
        words::note(connection, document.patient, event.id)?;
    }
    Ok(())
}

fn insert_mark(connection: &Connection, document: DocumentId, mark: &ReadMark) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO m_read (patient, entry, member, document, stamp) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (patient, entry, member, document) DO UPDATE SET stamp = excluded.stamp",
        )?
        .execute(params![
            document.patient.0,
            mark.entry.as_bytes(),
            mark.stamp.author.member,
            document.to_bytes(),
            encode(&mark.stamp)
        ])?;
    Ok(())
}

fn addressee(event: &Event) -> Option<String> {
    match &event.body {
        EventBody::HandOver(hand_over) => Some(match &hand_over.to {
            Addressee::Team => FOR_TEAM.to_owned(),
            Addressee::Profession(profession) => for_profession(profession.as_str()),
            Addressee::Member { member, .. } => for_member(member),
        }),
        EventBody::Document(document) => letters::for_facility(document),
        _ => None,
    }
}

/// Of a row `t`: no other entry corrects it. What a correction replaced is not an entry of its own.
pub(super) const STANDING: &str =
    "NOT EXISTS (SELECT 1 FROM m_timeline c WHERE c.patient = t.patient AND c.corrects = t.entry)";

/// How a hand-over to everybody is kept.
pub(super) const FOR_TEAM: &str = "team";

/// How a hand-over to a profession is kept.
pub(super) fn for_profession(profession: &str) -> String {
    format!("p:{profession}")
}

/// How a hand-over to one member is kept.
pub(super) fn for_member(member: &str) -> String {
    format!("m:{member}")
}
