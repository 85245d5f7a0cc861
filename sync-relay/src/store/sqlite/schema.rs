//! The tables, and how a store of an older version becomes one of this version.
//!
//! A migration, once released, is never edited: a store in the field has already run it. Change the tables by
//! adding the next one.

use rusqlite::{Connection, TransactionBehavior};

use super::super::StoreError;
use super::failed;

/// Marks the file as a Tendenko relay store ("TDKr"), so that another database in its place is noticed.
const APPLICATION_ID: i64 = 0x5444_4b72;

/// Step `n` takes a store from version `n` to `n + 1`.
const MIGRATIONS: &[&str] = &[
    // 1: arrivals are narrow, so that looking for what a device may have reads no record.
    "
    CREATE TABLE lives (
        life        INTEGER PRIMARY KEY,
        incarnation BLOB NOT NULL UNIQUE CHECK (length(incarnation) = 8),
        last        INTEGER                                          -- newest arrival at its end; NULL: it is the present one
    ) STRICT;
    CREATE UNIQUE INDEX present_life ON lives (last IS NULL) WHERE last IS NULL;

    CREATE TABLE arrivals (
        arrival INTEGER PRIMARY KEY,
        kind    INTEGER NOT NULL CHECK (kind IN (0, 1)),            -- statement, record
        subject BLOB CHECK (subject IS NULL OR length(subject) = 17) -- patient and scope; NULL: for everyone
    ) STRICT;
    CREATE INDEX arrivals_of_subject ON arrivals (subject, arrival) WHERE subject IS NOT NULL;

    CREATE TABLE statements (
        arrival INTEGER PRIMARY KEY REFERENCES arrivals (arrival),
        id      BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
        bytes   BLOB NOT NULL
    ) STRICT;

    CREATE TABLE logs (
        log         INTEGER PRIMARY KEY,
        document    BLOB NOT NULL CHECK (length(document) = 19),
        device      BLOB NOT NULL CHECK (length(device) = 16),
        incarnation BLOB NOT NULL CHECK (length(incarnation) = 8),
        head_seq    INTEGER NOT NULL CHECK (head_seq > 0),
        head_hash   BLOB NOT NULL CHECK (length(head_hash) = 32),
        UNIQUE (document, device, incarnation)
    ) STRICT;

    CREATE TABLE records (
        arrival INTEGER PRIMARY KEY REFERENCES arrivals (arrival),
        log     INTEGER NOT NULL REFERENCES logs (log),
        seq     INTEGER NOT NULL CHECK (seq > 0),
        hash    BLOB NOT NULL CHECK (length(hash) = 32),
        bytes   BLOB NOT NULL,
        UNIQUE (log, seq)
    ) STRICT;

    CREATE TABLE quarantine (
        hash        BLOB PRIMARY KEY CHECK (length(hash) = 32),
        reason      TEXT NOT NULL,
        document    BLOB,
        device      BLOB,
        incarnation BLOB,
        seq         INTEGER,
        pusher      BLOB CHECK (pusher IS NULL OR length(pusher) = 16),
        first_at    INTEGER NOT NULL,
        last_at     INTEGER NOT NULL,
        times       INTEGER NOT NULL,
        bytes       BLOB
    ) STRICT;
    CREATE INDEX quarantine_of_pusher ON quarantine (pusher);

    CREATE TABLE refused (
        reason TEXT PRIMARY KEY,
        times  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE contacts (
        device   BLOB PRIMARY KEY CHECK (length(device) = 16),
        first_at INTEGER NOT NULL,
        last_at  INTEGER NOT NULL,
        records  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    ",
];

/// The version this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the store to [`VERSION`], each step in its own transaction.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    loop {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let version = check(&tx)?;
        let Some(step) = MIGRATIONS.get(version as usize) else {
            return Ok(());
        };
        tx.execute_batch(step).map_err(failed)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        tx.pragma_update(None, "user_version", version + 1).map_err(failed)?;
        tx.commit().map_err(failed)?;
    }
}

/// The store's version, when it is a relay store this program can read.
pub(super) fn check(conn: &Connection) -> Result<i64, StoreError> {
    let pragma = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).map_err(failed);
    let version = pragma("user_version")?;
    if version > VERSION {
        return Err(StoreError::Newer { found: version, known: VERSION });
    }
    if version < 0 || (version > 0 && pragma("application_id")? != APPLICATION_ID) {
        return Err(StoreError::Damaged("it is not a relay store"));
    }
    Ok(version)
}
