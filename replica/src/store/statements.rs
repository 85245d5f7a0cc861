//! Signed statements as received, and the epoch keys their grants opened.

use rusqlite::{Connection, OptionalExtension, params};
use tendenko_protocol::document::Scope;
use tendenko_protocol::ids::{KeyId, PatientId, StatementId};
use zeroize::Zeroizing;

use super::{StoreError, fixed, signed, unsigned};

/// Statements with their row ids, and whether there are more.
pub(crate) type Page = (Vec<(u64, Vec<u8>)>, bool);
/// An epoch key as held: its name and its secret.
type HeldKey = (KeyId, Zeroizing<Vec<u8>>);

/// Keeps a statement and returns its row id.
pub(crate) fn insert(connection: &Connection, bytes: &[u8]) -> Result<i64, StoreError> {
    let hash = StatementId::of(bytes).0;
    connection
        .prepare_cached("INSERT INTO statements (hash, bytes) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING")?
        .execute(params![hash, bytes])?;
    let id =
        connection.prepare_cached("SELECT id FROM statements WHERE hash = ?1")?.query_row([hash], |row| row.get(0))?;
    Ok(id)
}

/// Every statement, in the order they came.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM statements ORDER BY id")?;
    let all = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(all)
}

/// Statements after a row id, within a budget of bytes (at least one), and whether there are more.
pub(crate) fn page(connection: &Connection, after: u64, budget: usize) -> Result<Page, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, bytes FROM statements WHERE id > ?1 ORDER BY id")?;
    let mut rows = statement.query([signed(after)])?;
    let mut items: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut size = 0;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(1)?;
        size += bytes.len();
        if size > budget && !items.is_empty() {
            return Ok((items, true));
        }
        items.push((unsigned(row.get(0)?), bytes));
    }
    Ok((items, false))
}

fn scope_number(scope: Scope) -> i64 {
    match scope {
        Scope::Card => 0,
        Scope::Chart => 1,
    }
}

/// Keeps an unwrapped epoch key. Returns whether it was new.
pub(crate) fn insert_key(
    connection: &Connection,
    patient: PatientId,
    scope: Scope,
    key: KeyId,
    secret: &[u8],
) -> Result<bool, StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO epoch_keys (key, patient, scope, secret) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![key.0, patient.0, scope_number(scope), secret])?;
    Ok(inserted == 1)
}

/// The secret of an epoch key, if this tablet holds it for that patient and scope.
pub(crate) fn key(
    connection: &Connection,
    patient: PatientId,
    scope: Scope,
    key: KeyId,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let secret = connection
        .prepare_cached("SELECT secret FROM epoch_keys WHERE key = ?1 AND patient = ?2 AND scope = ?3")?
        .query_row(params![key.0, patient.0, scope_number(scope)], |row| row.get(0).map(Zeroizing::new))
        .optional()?;
    Ok(secret)
}

/// Whether this tablet holds the key already.
pub(crate) fn has_key(connection: &Connection, key: KeyId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM epoch_keys WHERE key = ?1")?.exists([key.0])?)
}

/// The key to seal with: the newest this tablet holds.
pub(crate) fn sealing_key(
    connection: &Connection,
    patient: PatientId,
    scope: Scope,
) -> Result<Option<HeldKey>, StoreError> {
    let newest = connection
        .prepare_cached(
            "SELECT key, secret FROM epoch_keys WHERE patient = ?1 AND scope = ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![patient.0, scope_number(scope)], |row| {
            Ok((KeyId(fixed(row, 0)?), row.get(1).map(Zeroizing::new)?))
        })
        .optional()?;
    Ok(newest)
}

/// Every key held for a patient's scope, oldest first.
pub(crate) fn keys(connection: &Connection, patient: PatientId, scope: Scope) -> Result<Vec<HeldKey>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT key, secret FROM epoch_keys WHERE patient = ?1 AND scope = ?2 ORDER BY id")?;
    let keys = statement
        .query_map(params![patient.0, scope_number(scope)], |row| {
            Ok((KeyId(fixed(row, 0)?), row.get(1).map(Zeroizing::new)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(keys)
}

/// Remembers that older records of a new grant are still to come.
pub(crate) fn owe_backfill(connection: &Connection, patient: PatientId, scope: Scope) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO backfills (patient, scope) VALUES (?1, ?2)")?
        .execute(params![patient.0, scope_number(scope)])?;
    Ok(())
}

/// All of it has come.
pub(crate) fn backfilled(connection: &Connection, patient: PatientId, scope: Scope) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM backfills WHERE patient = ?1 AND scope = ?2")?
        .execute(params![patient.0, scope_number(scope)])?;
    Ok(())
}

/// Is this backfill still owed?
pub(crate) fn owes(connection: &Connection, patient: PatientId, scope: Scope) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM backfills WHERE patient = ?1 AND scope = ?2")?
        .exists(params![patient.0, scope_number(scope)])?)
}

/// Backfills still owed.
pub(crate) fn owed_backfills(connection: &Connection) -> Result<Vec<(PatientId, Scope)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT patient, scope FROM backfills ORDER BY id")?;
    let owed = statement
        .query_map([], |row| {
            let scope = if row.get::<_, i64>(1)? == 0 { Scope::Card } else { Scope::Chart };
            Ok((PatientId(fixed(row, 0)?), scope))
        })?
        .collect::<Result<_, _>>()?;
    Ok(owed)
}

/// Puts back a key of a store that is being recovered, unless it is not one.
pub(crate) fn restore_key(
    connection: &Connection,
    key: [u8; 16],
    patient: [u8; 16],
    scope: i64,
    secret: &[u8],
) -> Result<(), StoreError> {
    let scope = if scope == 0 { Scope::Card } else { Scope::Chart };
    if secret.len() == 32 {
        insert_key(connection, PatientId(patient), scope, KeyId(key), secret)?;
    }
    Ok(())
}

/// Number of statements.
pub(crate) fn count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(unsigned(connection.query_row("SELECT count(*) FROM statements", [], |row| row.get(0))?))
}

/// Number of epoch keys.
pub(crate) fn count_keys(connection: &Connection) -> Result<u64, StoreError> {
    Ok(unsigned(connection.query_row("SELECT count(*) FROM epoch_keys", [], |row| row.get(0))?))
}
