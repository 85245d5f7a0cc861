//! The embedded store: one SQLite database in write-ahead mode, fully synchronous.
//!
//! One connection writes, a few read; readers never wait for the writer. Another process (`enroll`, `status`) may have the
//! same store open: numbers are taken inside the writing transaction, never from memory.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use tendenko_protocol::chunk::Holding;
use tendenko_protocol::document::{DocumentId, LogId, Vector};
use tendenko_protocol::ids::{
    ArrivalNo, AttachmentId, ChunkId, DeviceId, LogSeq, Millis, Print, RecordHash, RelayIncarnation, StatementId,
};
use zeroize::Zeroizing;

use super::{
    Audience, CheckpointPart, ChunkQuota, Committed, Documents, Figures, ItemKind, Lane, Life, MissingPage, Page,
    PageLimit, PartName, Quarantined, RelayStore, Selection, StoreError, StoredChunk, Subject, Submission, Upstream,
    VectorPage,
};
use guard::{Guard, Mark};

mod checkpoints;
mod chunks;
mod guard;
mod quarantine;
mod read;
mod room;
mod row;
mod schema;
mod twins;
mod upstream;
mod write;

/// The database's file name inside the relay's directory.
pub(crate) const DATABASE: &str = "relay.db";
/// The guard's file name inside the relay's directory.
const GUARD: &str = "incarnation.guard";
/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);
/// SQLite's page size here.
const PAGE_BYTES: u64 = 4096;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Reading connections.
    pub readers: usize,
    /// The size the database may grow to, in bytes; `None` is as far as the disk goes.
    pub max_bytes: Option<u64>,
    /// How much of it chunks of attachments may take.
    pub chunks: ChunkQuota,
    /// Encrypts the whole database: for a relay in a tablet, which may be lost. `None`: what is in it is sealed record by record.
    pub key: Option<Zeroizing<[u8; 32]>>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 3, max_bytes: None, chunks: ChunkQuota::default(), key: None }
    }
}

/// A [`super::RelayStore`] in one directory.
pub struct SqliteStore {
    writer: Mutex<Connection>,
    readers: Pool,
    guard: Option<Guard>,
    chunks: ChunkQuota,
}

impl SqliteStore {
    /// Makes a new store in `dir`, with a first incarnation.
    ///
    /// A store that is already there is opened as it is.
    pub fn create(dir: &Path, incarnation: RelayIncarnation, options: &SqliteOptions) -> Result<Self, StoreError> {
        let path = dir.join(DATABASE);
        let fresh = !path.exists();
        let mut conn = connect(&path, OpenFlags::default(), options.key.as_ref())?;
        write_pragmas(&conn, options)?;
        schema::migrate(&mut conn)?;
        let guard = Guard::open(&dir.join(GUARD)).map_err(StoreError::Guard)?;
        if fresh {
            write::forget_past(&mut conn, incarnation, None)?;
            let mark = Mark { incarnation, newest: ArrivalNo::NONE };
            guard.write(mark).map_err(StoreError::Guard)?;
        }
        drop((conn, guard));
        Ok(Self::open(dir, options, || incarnation)?.0)
    }

    /// Opens the store in `dir`. When the guard shows that the database lost something, a new incarnation is begun with
    /// the number `mint` gives; the second value says so.
    pub fn open(
        dir: &Path,
        options: &SqliteOptions,
        mint: impl FnOnce() -> RelayIncarnation,
    ) -> Result<(Self, bool), StoreError> {
        let path = existing(dir)?;
        let guard = Guard::open(&dir.join(GUARD)).map_err(StoreError::Guard)?;
        // The guard is read before the database: another process may be writing, and the guard must not look ahead of it.
        let marked = guard.read().map_err(StoreError::Guard)?;

        let mut conn = connect(&path, OpenFlags::default(), options.key.as_ref())?;
        write_pragmas(&conn, options)?;
        schema::migrate(&mut conn)?;
        let store = Self {
            writer: Mutex::new(conn),
            readers: Pool::new(&path, options.readers.max(1), options.key.as_ref())?,
            guard: Some(guard),
            chunks: options.chunks,
        };
        let life = store.life()?;
        let lost = match marked {
            Some(mark) => mark.incarnation != life.incarnation || mark.newest > life.newest,
            None => life.newest > ArrivalNo::NONE,
        };
        if lost {
            store.forget_past(mint())?;
        } else if let Some(guard) = &store.guard {
            guard.write(Mark { incarnation: life.incarnation, newest: life.newest }).map_err(StoreError::Guard)?;
        }
        Ok((store, lost))
    }

    /// Opens the store in `dir` for reading only: for `status`, beside a relay that serves or one that is stopped.
    pub fn read_only(dir: &Path) -> Result<Self, StoreError> {
        let path = existing(dir)?;
        // Not SQLITE_OPEN_READ_ONLY: a reader of a write-ahead database must be able to make its shared-memory file.
        let conn = connect(&path, OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE, None)?;
        if schema::check(&conn)? < schema::VERSION {
            return Err(StoreError::Damaged("it is of an older version; let `serve` update it once"));
        }
        conn.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Self {
            writer: Mutex::new(conn),
            readers: Pool::new(&path, 1, None)?,
            guard: None,
            chunks: ChunkQuota::default(),
        })
    }

    /// Raises or lowers the size limit while open; `None` lifts it.
    pub fn set_max_bytes(&self, max_bytes: Option<u64>) -> Result<(), StoreError> {
        limit_size(&self.writer(), max_bytes)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The guard after a durable change. A guard that cannot be written must not turn the change into a failure.
    fn mark_after(&self, conn: &Connection) {
        let Some(guard) = &self.guard else { return };
        let marked = read::mark(conn).and_then(|mark| guard.write(mark).map_err(StoreError::Guard));
        if let Err(error) = marked {
            tracing::warn!(%error, "the guard file could not be updated");
        }
    }
}

impl RelayStore for SqliteStore {
    fn life(&self) -> Result<Life, StoreError> {
        self.readers.with(read::life)
    }

    fn begin(&self, incarnation: RelayIncarnation) -> Result<(), StoreError> {
        let mut conn = self.writer();
        write::begin(&mut conn, incarnation)?;
        self.mark_after(&conn);
        Ok(())
    }

    fn forget_past(&self, incarnation: RelayIncarnation) -> Result<(), StoreError> {
        let mut conn = self.writer();
        write::forget_past(&mut conn, incarnation, Some(crate::clock::now()))?;
        self.mark_after(&conn);
        Ok(())
    }

    fn newest(&self) -> Result<ArrivalNo, StoreError> {
        self.readers.with(read::newest)
    }

    fn arrived_before(&self, time: Millis) -> Result<ArrivalNo, StoreError> {
        self.readers.with(|conn| read::arrived_before(conn, time))
    }

    fn commit(&self, submissions: &[Submission]) -> Result<Committed, StoreError> {
        let mut conn = self.writer();
        let committed = write::commit(&mut conn, submissions, self.chunks)?;
        self.mark_after(&conn);
        Ok(committed)
    }

    fn page(
        &self,
        selection: Selection<'_>,
        after: ArrivalNo,
        through: ArrivalNo,
        limit: PageLimit,
    ) -> Result<Page, StoreError> {
        self.readers.with(|conn| match selection {
            Selection::Granted(lane, granted) => read::visible(conn, lane, granted, None, after, through, limit),
            Selection::GrantedStatements(granted) => {
                let (lane, only) = (Some(Lane::Cards), Some(ItemKind::Statement));
                read::visible(conn, lane, granted, only, after, through, limit)
            }
            Selection::Only(subject) => read::only(conn, subject, after, through, limit),
            Selection::Outbox(lane) => read::outbox(conn, lane, after, through, limit),
        })
    }

    fn vectors(
        &self,
        documents: Documents<'_>,
        readable: &dyn Fn(&DocumentId) -> bool,
        max_documents: usize,
        max_logs: usize,
    ) -> Result<VectorPage, StoreError> {
        self.readers.with(|conn| match documents {
            Documents::Span { after, through } => read::span(conn, after, through, readable, max_documents, max_logs),
            Documents::Listed(listed) => read::listed(conn, listed, readable, max_documents, max_logs),
        })
    }

    fn missing(&self, documents: &[(DocumentId, Vector)], limit_bytes: usize) -> Result<MissingPage, StoreError> {
        self.readers.with(|conn| read::missing(conn, documents, limit_bytes))
    }

    fn prints(&self, log: &LogId) -> Result<Vec<Print>, StoreError> {
        self.readers.with(|conn| twins::prints(conn, log))
    }

    fn with_prints(&self, log: &LogId, prints: &[Print], limit_bytes: usize) -> Result<MissingPage, StoreError> {
        self.readers.with(|conn| twins::with_prints(conn, log, prints, limit_bytes))
    }

    fn checkpoint_parts(
        &self,
        documents: (DocumentId, DocumentId),
        after: Option<PartName>,
        limit_bytes: usize,
    ) -> Result<Vec<CheckpointPart>, StoreError> {
        self.readers.with(|conn| checkpoints::parts(conn, documents, after, limit_bytes))
    }

    fn chunk(&self, id: &ChunkId) -> Result<Option<StoredChunk>, StoreError> {
        self.readers.with(|conn| chunks::chunk(conn, id))
    }

    fn chunk_holdings(
        &self,
        after: Option<(DeviceId, AttachmentId)>,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreError> {
        self.readers.with(|conn| chunks::holdings(conn, after, limit))
    }

    fn chunk_in_place(
        &self,
        device: DeviceId,
        attachment: AttachmentId,
        place: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.with(|conn| chunks::in_place(conn, device, attachment, place))
    }

    fn lacking_chunks(&self, offered: &[Holding]) -> Result<Vec<Holding>, StoreError> {
        self.readers.with(|conn| chunks::lacking(conn, offered))
    }

    fn statements(&self, after: ArrivalNo, limit: PageLimit) -> Result<Page, StoreError> {
        self.readers.with(|conn| read::statements(conn, after, limit))
    }

    fn upstream(&self) -> Result<Option<Upstream>, StoreError> {
        self.readers.with(upstream::read)
    }

    fn begin_upstream(&self) -> Result<(), StoreError> {
        upstream::begin(&mut self.writer())
    }

    fn offer_again(&self, seen: &dyn Fn(&Subject) -> bool) -> Result<(), StoreError> {
        upstream::offer_again(&mut self.writer(), seen)
    }

    fn head(&self, log: &LogId) -> Result<Option<(LogSeq, RecordHash)>, StoreError> {
        self.readers.with(|conn| read::head(conn, log))
    }

    fn heads(&self, each: &mut dyn FnMut(LogId, LogSeq)) -> Result<(), StoreError> {
        self.readers.with(|conn| read::every_head(conn, each))
    }

    fn statement_ids(&self, each: &mut dyn FnMut(ArrivalNo, StatementId, Audience)) -> Result<(), StoreError> {
        self.readers.with(|conn| read::statement_ids(conn, each))
    }

    fn figures(&self) -> Result<Figures, StoreError> {
        self.readers.with(read::figures)
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>, StoreError> {
        self.readers.with(|conn| read::quarantine(conn, limit))
    }
}

/// A few reading connections, lent one at a time.
struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Pool {
    fn new(path: &Path, size: usize, key: Option<&Zeroizing<[u8; 32]>>) -> Result<Self, StoreError> {
        let idle = (0..size)
            .map(|_| {
                let conn = connect(path, OpenFlags::default(), key)?;
                conn.pragma_update(None, "query_only", true).map_err(failed)?;
                Ok(conn)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let lock = || self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut idle = lock();
        let conn = loop {
            match idle.pop() {
                Some(conn) => break conn,
                None => {
                    idle = self.returned.wait(idle).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
            }
        };
        drop(idle);
        let result = read(&conn);
        lock().push(conn);
        self.returned.notify_one();
        result
    }
}

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(DATABASE);
    if path.exists() { Ok(path) } else { Err(StoreError::Missing(path)) }
}

fn connect(path: &Path, flags: OpenFlags, key: Option<&Zeroizing<[u8; 32]>>) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    if let Some(key) = key {
        // Every failed page would be a line on the standard error; what matters comes back as an error.
        conn.pragma_update(None, "cipher_log_level", "NONE").map_err(failed)?;
        let raw = Zeroizing::new(format!("x'{}'", crate::region::hex(&**key)));
        conn.pragma_update(None, "key", raw.as_str()).map_err(failed)?;
    }
    conn.busy_timeout(BUSY).map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(64);
    for (name, on) in [("foreign_keys", true), ("cell_size_check", true), ("trusted_schema", false)] {
        conn.pragma_update(None, name, on).map_err(failed)?;
    }
    Ok(conn)
}

fn write_pragmas(conn: &Connection, options: &SqliteOptions) -> Result<(), StoreError> {
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(StoreError::Damaged("its file system does not allow write-ahead logging"));
    }
    conn.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    conn.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024).map_err(failed)?;
    limit_size(conn, options.max_bytes)
}

fn limit_size(conn: &Connection, max_bytes: Option<u64>) -> Result<(), StoreError> {
    // 0 would ask for the limit instead of setting it.
    let pages = max_bytes.map_or(u64::from(u32::MAX - 1), |bytes| (bytes / PAGE_BYTES).max(1));
    conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).optional().map_err(failed)?;
    Ok(())
}

/// SQLite's errors in this crate's words.
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged("SQLite cannot read it"),
        _ => StoreError::Sqlite(error),
    }
}

#[cfg(test)]
mod tests;
