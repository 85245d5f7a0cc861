//! Tables, and the migrations that lead to them. A migration, once released, is never edited: add the next.
//!
//! *Truth*: `documents`, `changes`, `unsent`, `records`, `statements`, `outbox`, `epoch_keys`, `chunks`. *Own notes*: `meta`, `news`,
//! `checkpoints_due`, `parts_leaving`, `parts_taken`, `unproven`, `looked`, `backfills`, `suspects`, `quarantine`, `marks`, `data_use`, `wanted`, `drafts`,
//! `draft_photos`, `phrases`. *Computed with every record*: `logs`. *Read models* (`m_…`) can be dropped and rebuilt from the documents at any time.
//!
//! Every table of truth has an integer row id, so that a damaged store can be salvaged row by row.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// Migrations in order; the schema version is how many have run (`PRAGMA user_version`).
const MIGRATIONS: [&str; 6] = [FIRST, TWINS, DRAFTS, CHART, UNINDEXED, UNSENT_OF_PATIENT];

/// The newest schema this program knows.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

const FIRST: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Signed statements as received.
CREATE TABLE statements (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;

-- What no relay has acknowledged: a record, a statement or a part of a checkpoint, by row id, in the order in which they must be taken.
-- lane: 0 statements and cards, 1 charts, 2 attachments.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    lane INTEGER NOT NULL,
    record INTEGER UNIQUE,
    statement INTEGER UNIQUE,
    part INTEGER UNIQUE
) STRICT;

CREATE INDEX outbox_lane ON outbox (lane, position);

CREATE TABLE epoch_keys (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    patient BLOB NOT NULL,
    scope INTEGER NOT NULL,
    secret BLOB NOT NULL
) STRICT;
CREATE INDEX epoch_keys_patient ON epoch_keys (patient, scope);

-- A document is its snapshot, then its changes in order of id.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    patient BLOB NOT NULL,
    snapshot BLOB NOT NULL
) STRICT;
CREATE INDEX documents_patient ON documents (patient);
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    document BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX changes_document ON changes (document, id);

-- What was saved here and no relay has acknowledged yet. `record` is null until sealed.
CREATE TABLE unsent (
    id INTEGER PRIMARY KEY,
    save INTEGER NOT NULL,
    document BLOB NOT NULL,
    patient BLOB NOT NULL,
    saved_at INTEGER NOT NULL,
    changes BLOB NOT NULL,
    keys BLOB NOT NULL,
    record INTEGER
) STRICT;
CREATE INDEX unsent_record ON unsent (record);
CREATE INDEX unsent_document ON unsent (document, id) WHERE record IS NULL;
CREATE TABLE unsent_entries (
    entry BLOB NOT NULL,
    unsent INTEGER NOT NULL REFERENCES unsent (id) ON DELETE CASCADE,
    PRIMARY KEY (entry, unsent)
) STRICT, WITHOUT ROWID;

-- Sealed records as sent or received, byte for byte. state: 0 applied, 1 waits for its key, 2 cannot be applied.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    document BLOB NOT NULL,
    device BLOB NOT NULL,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    patient BLOB NOT NULL,
    key BLOB NOT NULL,
    state INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (document, device, incarnation, seq)
) STRICT;
CREATE INDEX records_state ON records (key) WHERE state <> 0;

-- How far each log is known and held: store/logs.rs. Computed from `records`.
CREATE TABLE logs (
    document BLOB NOT NULL,
    device BLOB NOT NULL,
    incarnation INTEGER NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    base_seq INTEGER NOT NULL,
    base_hash BLOB NOT NULL,
    filled_seq INTEGER NOT NULL,
    filled_hash BLOB NOT NULL,
    PRIMARY KEY (document, device, incarnation)
) STRICT, WITHOUT ROWID;
CREATE INDEX logs_based ON logs (document) WHERE base_seq > 0;

-- Documents of which somebody who was granted them needs a checkpoint.
CREATE TABLE checkpoints_due (
    document BLOB PRIMARY KEY
) STRICT;
-- Parts of checkpoints made here, until a relay has them.
CREATE TABLE parts_leaving (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;
-- Parts that were taken, until the records that they stand for are here: what their author said, signed.
CREATE TABLE parts_taken (
    document BLOB NOT NULL,
    checkpoint BLOB NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (document, checkpoint, part)
) STRICT, WITHOUT ROWID;
-- Documents that began at a checkpoint and are not proven by their records yet.
CREATE TABLE unproven (
    document BLOB PRIMARY KEY,
    checkpoint BLOB NOT NULL
) STRICT;

-- Sealed chunks of attachments. `unsent`: made here, and no relay has acknowledged it. `used`: when somebody last looked, ms.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk BLOB NOT NULL UNIQUE,
    patient BLOB NOT NULL,
    device BLOB NOT NULL,
    attachment BLOB NOT NULL,
    place INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    used INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE INDEX chunks_unsent ON chunks (id) WHERE unsent = 1;
CREATE INDEX chunks_used ON chunks (used, id) WHERE unsent = 0;
CREATE INDEX chunks_place ON chunks (device, attachment, place);

-- Chunks that somebody here wants to look at, and as which piece of what. `absent`: the relay that was asked does not have it.
CREATE TABLE wanted (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk BLOB NOT NULL UNIQUE,
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    place INTEGER NOT NULL,
    absent INTEGER NOT NULL
) STRICT;
CREATE INDEX wanted_entry ON wanted (patient, entry);

-- The last record held when each ten minutes in which records came began.
CREATE TABLE marks (
    mark INTEGER PRIMARY KEY,
    record INTEGER NOT NULL
) STRICT;

-- Records that contradict one already held, or that nobody vouches for; kept for a person to look at.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

-- Grants whose older records have not all arrived.
CREATE TABLE backfills (
    id INTEGER PRIMARY KEY,
    patient BLOB NOT NULL,
    scope INTEGER NOT NULL,
    UNIQUE (patient, scope)
) STRICT;

-- Documents of which a received record could not be taken yet: compare them with the relay.
CREATE TABLE suspects (
    document BLOB PRIMARY KEY
) STRICT;

-- What changed, in the order this tablet came to know it; and up to where each member has looked.
CREATE TABLE news (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient BLOB NOT NULL,
    document BLOB NOT NULL,
    key TEXT NOT NULL,
    member TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX news_patient ON news (patient, id);
CREATE INDEX news_key ON news (patient, key, id);
CREATE TABLE looked (
    member BLOB NOT NULL,
    patient BLOB NOT NULL,
    news INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (member, patient)
) STRICT;

-- Bytes on the wire by calendar month ('2026-11') and kind of network.
CREATE TABLE data_use (
    month TEXT NOT NULL,
    network TEXT NOT NULL,
    sent INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (month, network)
) STRICT, WITHOUT ROWID;

CREATE TABLE m_patients (
    patient BLOB PRIMARY KEY,
    summary BLOB NOT NULL,
    card BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- One row per concurrent identity of a patient.
CREATE TABLE m_search (
    patient BLOB NOT NULL,
    variant INTEGER NOT NULL,
    sort TEXT NOT NULL,
    same TEXT NOT NULL,
    birth TEXT NOT NULL,
    sex TEXT NOT NULL,
    haystack TEXT NOT NULL,
    numbers TEXT NOT NULL,
    PRIMARY KEY (patient, variant)
) STRICT, WITHOUT ROWID;
CREATE INDEX m_search_same ON m_search (same);
CREATE TABLE m_timeline (
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    at INTEGER NOT NULL,
    document BLOB NOT NULL,
    corrects BLOB,
    kind TEXT NOT NULL,
    member TEXT NOT NULL,
    addressee TEXT,
    event BLOB NOT NULL,
    PRIMARY KEY (patient, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX m_timeline_at ON m_timeline (patient, at, entry);
CREATE INDEX m_timeline_kind ON m_timeline (kind, patient, at);
CREATE INDEX m_timeline_document ON m_timeline (document);
CREATE INDEX m_timeline_corrects ON m_timeline (patient, corrects) WHERE corrects IS NOT NULL;
CREATE TABLE m_conflicts (
    patient BLOB NOT NULL,
    document BLOB NOT NULL,
    key TEXT NOT NULL,
    conflict BLOB NOT NULL,
    PRIMARY KEY (patient, document, key)
) STRICT, WITHOUT ROWID;
";

/// Two histories of a log: store/twins.rs. `contested`: what stands for all that is known of the log, when something of it is in quarantine.
/// `document` … `seq`: the place that a record in quarantine contradicts; NULL when it contradicts nothing (any more).
const TWINS: &str = "
ALTER TABLE logs ADD COLUMN contested INTEGER;
ALTER TABLE quarantine ADD COLUMN document BLOB;
ALTER TABLE quarantine ADD COLUMN device BLOB;
ALTER TABLE quarantine ADD COLUMN incarnation INTEGER;
ALTER TABLE quarantine ADD COLUMN seq INTEGER;
CREATE INDEX quarantine_place ON quarantine (document, device, incarnation, seq) WHERE document IS NOT NULL;
";

/// What is being written: store/drafts.rs. `corrects`: the entry that a draft corrects; empty for a new one.
const DRAFTS: &str = "
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY,
    member BLOB NOT NULL,
    patient BLOB NOT NULL,
    corrects BLOB NOT NULL,
    form BLOB NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (member, patient, corrects)
) STRICT;
CREATE TABLE draft_photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    member BLOB NOT NULL,
    patient BLOB NOT NULL,
    corrects BLOB NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    thumbnail BLOB NOT NULL
) STRICT;
CREATE INDEX draft_photos_of ON draft_photos (member, patient, corrects);
CREATE TABLE phrases (
    member BLOB NOT NULL,
    text TEXT NOT NULL,
    uses INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (member, text)
) STRICT, WITHOUT ROWID;
";

/// What the timeline, its search and the hand-overs are read from: models/timeline.rs, models/words.rs. Models are computed anew after this.
const CHART: &str = "
DROP TABLE m_timeline;
CREATE TABLE m_timeline (
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    at INTEGER NOT NULL,
    document BLOB NOT NULL,
    corrects BLOB,
    kind TEXT NOT NULL,
    profession TEXT NOT NULL,
    member TEXT NOT NULL,
    addressee TEXT,
    answers BLOB,
    event BLOB NOT NULL,
    PRIMARY KEY (patient, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX m_timeline_at ON m_timeline (patient, at, entry);
CREATE INDEX m_timeline_kind ON m_timeline (kind, patient, at, entry);
CREATE INDEX m_timeline_profession ON m_timeline (patient, profession, at, entry);
CREATE INDEX m_timeline_both ON m_timeline (patient, profession, kind, at, entry);
CREATE INDEX m_timeline_document ON m_timeline (document);
CREATE INDEX m_timeline_corrects ON m_timeline (patient, corrects) WHERE corrects IS NOT NULL;
CREATE INDEX m_timeline_answers ON m_timeline (patient, answers) WHERE answers IS NOT NULL;
CREATE INDEX m_timeline_addressee ON m_timeline (addressee, at, entry) WHERE addressee IS NOT NULL;
CREATE INDEX m_timeline_handed ON m_timeline (member, at, entry) WHERE addressee IS NOT NULL;

-- Who has read which hand-over.
CREATE TABLE m_read (
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    member TEXT NOT NULL,
    document BLOB NOT NULL,
    stamp BLOB NOT NULL,
    PRIMARY KEY (patient, entry, member, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX m_read_document ON m_read (document);

-- The words of entries, as pairs of characters; and which entry each row of them is.
CREATE TABLE m_places (
    place INTEGER PRIMARY KEY,
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (patient, entry)
) STRICT;
CREATE VIRTUAL TABLE m_words USING fts5(pairs, content='', contentless_delete=1, tokenize=\"ascii tokenchars '-'\");
";

/// Entries whose words are still to be taken: models/words.rs.
const UNINDEXED: &str = "
CREATE TABLE m_unindexed (
    patient BLOB NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (patient, entry)
) STRICT, WITHOUT ROWID;
";

/// A list of patients says of each how much waits to be sent: without reading everything that waits, for each of them.
const UNSENT_OF_PATIENT: &str = "CREATE INDEX unsent_patient ON unsent (patient, save);";

/// Brings the schema up to [`VERSION`], one transaction per step.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Err(StoreError::NewerSchema { found, known: VERSION });
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", index as u32 + 1)?;
        step.commit()?;
    }
    Ok(())
}
