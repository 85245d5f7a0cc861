//! How ids and subjects look in a column, and back.

use rusqlite::Row;
use tendenko_protocol::document::{DocumentId, LogId, Scope};
use tendenko_protocol::ids::{ArrivalNo, DeviceId, Incarnation, LogSeq, PatientId, Print, RecordHash};

use super::super::{Audience, ItemKind, Lane, StoreError, Subject};

/// What stands for a log: from its `contested` column or, where that is empty, from the hash of its head in the column behind it.
pub(super) fn print(found: &Row<'_>, column: usize) -> Result<Print, StoreError> {
    match found.get::<_, Option<i64>>(column).map_err(super::failed)? {
        Some(contested) => Ok(Print(contested.cast_unsigned())),
        None => Ok(hash(&found.get::<_, Vec<u8>>(column + 1).map_err(super::failed)?)?.print()),
    }
}

pub(super) const SUBJECT: usize = 17;

pub(super) fn subject(&(patient, scope): &Subject) -> [u8; SUBJECT] {
    let mut bytes = [0; SUBJECT];
    bytes[..16].copy_from_slice(&patient.0);
    bytes[16] = match scope {
        Scope::Card => 0,
        Scope::Chart => 1,
    };
    bytes
}

pub(super) fn audience(column: Option<Vec<u8>>) -> Result<Audience, StoreError> {
    column.as_deref().map_or(Ok(Audience::Everyone), |bytes| subject_of(bytes).map(Audience::Granted))
}

pub(super) fn subject_of(bytes: &[u8]) -> Result<Subject, StoreError> {
    let damaged = || StoreError::Damaged("a subject");
    let (patient, scope) = bytes.split_at_checked(16).ok_or_else(damaged)?;
    let scope = match scope {
        [0] => Scope::Card,
        [1] => Scope::Chart,
        _ => return Err(damaged()),
    };
    Ok((PatientId(fixed(patient, "a subject")?), scope))
}

pub(super) fn kind(column: i64) -> Result<ItemKind, StoreError> {
    match column {
        0 => Ok(ItemKind::Statement),
        1 => Ok(ItemKind::Record),
        2 => Ok(ItemKind::Chunk),
        _ => Err(StoreError::Damaged("a kind")),
    }
}

pub(super) fn kind_column(kind: ItemKind) -> i64 {
    match kind {
        ItemKind::Statement => 0,
        ItemKind::Record => 1,
        ItemKind::Chunk => 2,
    }
}

pub(super) fn lane_column(lane: Lane) -> i64 {
    lane as i64
}

pub(super) fn owed(owed: Owed) -> (i64, Vec<u8>) {
    match owed {
        Owed::Subject(subject) => (0, self::subject(&subject).to_vec()),
        Owed::Document(document) => (1, document.to_bytes().to_vec()),
    }
}

/// What is still owed to a store that has an upstream.
#[derive(Clone, Copy)]
pub(super) enum Owed {
    Subject(Subject),
    Document(DocumentId),
}

pub(super) fn fixed<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged(what))
}

pub(super) fn hash(bytes: &[u8]) -> Result<RecordHash, StoreError> {
    Ok(RecordHash(fixed(bytes, "a hash")?))
}

pub(super) fn device(bytes: &[u8]) -> Result<DeviceId, StoreError> {
    Ok(DeviceId(fixed(bytes, "a device")?))
}

pub(super) fn incarnation(bytes: &[u8]) -> Result<Incarnation, StoreError> {
    Ok(Incarnation(u64::from_be_bytes(fixed(bytes, "an incarnation")?)))
}

pub(super) fn log(document: &[u8], device: &[u8], incarnation: &[u8]) -> Result<LogId, StoreError> {
    Ok(LogId {
        document: DocumentId::from_bytes(document).ok_or(StoreError::Damaged("a document"))?,
        device: self::device(device)?,
        incarnation: self::incarnation(incarnation)?,
    })
}

/// Numbers given by the store or by a log; SQLite's integers are signed and these never come near the end of either.
pub(super) fn arrival(column: i64) -> Result<ArrivalNo, StoreError> {
    u64::try_from(column).map(ArrivalNo).map_err(|_| StoreError::Damaged("an arrival"))
}

pub(super) fn seq(column: i64) -> Result<LogSeq, StoreError> {
    u64::try_from(column).map(LogSeq).map_err(|_| StoreError::Damaged("a seq"))
}

/// A number as a column. One beyond SQLite's range is larger than anything stored, and so is the result.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn count(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(|_| StoreError::Damaged("a count"))
}
