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
    // 1: arrivals are narrow, so that looking for what a device may have reads no record. Each lane is one stretch of the table.
    "
    CREATE TABLE lives (
        life        INTEGER PRIMARY KEY,
        incarnation BLOB NOT NULL UNIQUE CHECK (length(incarnation) = 8),
        last        INTEGER                                          -- newest arrival at its end; NULL: it is the present one
    ) STRICT;
    CREATE UNIQUE INDEX present_life ON lives (last IS NULL) WHERE last IS NULL;

    CREATE TABLE arrivals (
        lane    INTEGER NOT NULL CHECK (lane IN (0, 1, 2)),         -- cards and statements, charts, attachments
        arrival INTEGER NOT NULL,                                   -- one order over all lanes
        kind    INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),         -- statement, record, chunk
        subject BLOB CHECK (subject IS NULL OR length(subject) = 17), -- patient and scope; NULL: for everyone
        PRIMARY KEY (lane, arrival)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX arrivals_of_subject ON arrivals (subject, arrival) WHERE subject IS NOT NULL;

    -- The first arrival of each ten minutes in which anything arrived, by the relay's clock.
    CREATE TABLE marks (
        mark    INTEGER PRIMARY KEY,
        arrival INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE statements (
        arrival INTEGER PRIMARY KEY,
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
        arrival INTEGER PRIMARY KEY,
        log     INTEGER NOT NULL,
        seq     INTEGER NOT NULL CHECK (seq > 0),
        hash    BLOB NOT NULL CHECK (length(hash) = 32),
        bytes   BLOB NOT NULL,
        UNIQUE (log, seq)
    ) STRICT;

    CREATE TABLE chunks (                                            -- pieces of attachments
        arrival    INTEGER PRIMARY KEY,
        id         BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
        patient    BLOB NOT NULL CHECK (length(patient) = 16),
        device     BLOB NOT NULL CHECK (length(device) = 16),        -- who sealed it
        attachment BLOB NOT NULL CHECK (length(attachment) = 16),
        place      INTEGER NOT NULL,
        bytes      BLOB NOT NULL
    ) STRICT;
    CREATE INDEX chunks_in_place ON chunks (device, attachment, place);
    CREATE TABLE chunk_shares (                                      -- what each author's chunks take
        device BLOB PRIMARY KEY CHECK (length(device) = 16),
        chunks INTEGER NOT NULL,
        bytes  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoints (                                       -- parts; of one document at most one checkpoint is whole
        id         INTEGER PRIMARY KEY,
        document   BLOB NOT NULL CHECK (length(document) = 19),
        checkpoint BLOB NOT NULL CHECK (length(checkpoint) = 16),
        device     BLOB NOT NULL CHECK (length(device) = 16),        -- who made it
        covered    INTEGER NOT NULL,                                 -- how many records it stands for
        part       INTEGER NOT NULL,
        whole      INTEGER NOT NULL,
        bytes      BLOB NOT NULL,
        UNIQUE (document, checkpoint, part)
    ) STRICT;
    CREATE INDEX checkpoints_whole ON checkpoints (document, part) WHERE whole = 1;

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
    CREATE TABLE quarantine_shares (                                 -- what each pusher takes up of it
        pusher  BLOB PRIMARY KEY,                                    -- empty: nobody in particular
        entries INTEGER NOT NULL,
        bytes   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE refused (
        reason TEXT PRIMARY KEY,
        times  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE contacts (
        device   BLOB PRIMARY KEY CHECK (length(device) = 16),
        first_at INTEGER NOT NULL,
        last_at  INTEGER NOT NULL,
        records  INTEGER NOT NULL,
        refused  INTEGER NOT NULL,
        flooded_at INTEGER                                           -- when a flood of what is refused last began
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE loss (                                              -- at most one row: when data was last found lost
        one  INTEGER PRIMARY KEY CHECK (one = 1),
        at   INTEGER NOT NULL,
        held INTEGER NOT NULL                                        -- newest arrival then
    ) STRICT;

    CREATE TABLE upstream (                                          -- at most one row: there is or was an upstream
        one        INTEGER PRIMARY KEY CHECK (one = 1),
        cursor     BLOB,                                             -- as the session gave it
        relay      BLOB CHECK (relay IS NULL OR length(relay) = 16), -- last heard of
        contact_at INTEGER
    ) STRICT;
    CREATE TABLE outbox (                                            -- what the upstream is not known to have
        lane    INTEGER NOT NULL,
        arrival INTEGER NOT NULL,
        refused TEXT,                                                -- it was offered and not taken, for this reason
        PRIMARY KEY (lane, arrival)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE upstream_owed (                                     -- scopes to fill in (0), documents to compare (1)
        kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
        what BLOB NOT NULL,
        PRIMARY KEY (kind, what)
    ) STRICT, WITHOUT ROWID;
    ",
    // 2: what stands for all that is known of a log, when some of it is in quarantine as a fork.
    "
    ALTER TABLE logs ADD COLUMN contested INTEGER;
    CREATE INDEX quarantined_forks ON quarantine (document, device, incarnation, seq) WHERE reason = 'fork';
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
