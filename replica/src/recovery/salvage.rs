//! Reading around damage: rows by row id, in ever smaller ranges where a range cannot be read.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params};

use crate::files;
use crate::store::{self, StoreError};
use crate::unlock::StoreKey;

/// Failed reads of one table after which its rest is given up. Each costs opening the file again.
const PATIENCE: u32 = 2_000;
/// Beyond the last row found, how far apart to look for more.
const LEAPS: u32 = 24;

/// A damaged store, opened for reading as often as needed.
pub(super) struct Salvage {
    path: PathBuf,
    key: StoreKey,
    connection: Option<Connection>,
    unreadable: u64,
}

impl Salvage {
    /// Opens what is there. A store whose first page is damaged is read through a copy of that page kept beside it.
    pub(super) fn open(path: &Path, head: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        let mut salvage = Self { path: path.to_owned(), key: key.clone(), connection: None, unreadable: 0 };
        if salvage.connect().is_none() {
            match with_head(path, head) {
                Ok(()) => tracing::warn!("the first page of the store is damaged: its copy is used"),
                Err(error) => tracing::warn!(%error, "the first page of the store is damaged and has no copy"),
            }
        }
        Ok(salvage)
    }

    /// Ranges of rows that were given up.
    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// SQLCipher does not go on after a page that failed: every failure needs a new connection.
    fn connect(&mut self) -> Option<&Connection> {
        if self.connection.is_none() && self.path.exists() {
            self.connection = store::open_reader(&self.path, &self.key).ok();
        }
        self.connection.as_ref()
    }

    /// Hands over every readable row of a table: column 0 is the row id, then `columns`. Returns whether all could be read.
    pub(super) fn rows(
        &mut self,
        table: &str,
        columns: &str,
        mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> bool {
        let sql = format!("SELECT rowid, {columns} FROM {table} WHERE rowid >= ?1 AND rowid <= ?2 ORDER BY rowid");
        let mut patience = PATIENCE;
        let before = self.unreadable;
        let mut ranges = vec![(i64::MIN, i64::MAX)];
        while let Some((from, to)) = ranges.pop() {
            let mut last = None;
            let read = self.read(&sql, from, to, &mut |row| {
                last = Some(row.get::<_, i64>(0)?);
                take(row)
            });
            if read.is_ok() {
                continue;
            }
            self.connection = None;
            if patience == 0 {
                self.unreadable += 1;
                break;
            }
            patience -= 1;
            let rest = last.map_or(from, |last: i64| last.saturating_add(1));
            self.split(rest, to, &mut ranges);
        }
        self.unreadable == before
    }

    /// A range that failed at its beginning: two halves, or given up when it is a single row.
    fn split(&mut self, from: i64, to: i64, ranges: &mut Vec<(i64, i64)>) {
        if from >= to {
            self.unreadable += u64::from(from == to);
            return;
        }
        if to == i64::MAX {
            // Nobody knows where the rows end: leap ahead in growing steps.
            let from = from.max(0);
            let mut edges: Vec<i64> = (0..LEAPS).map(|leap| from.saturating_add(1 << leap)).collect();
            edges.insert(0, from);
            let last = edges.last().copied().unwrap_or(from);
            ranges.push((last, i64::MAX - 1));
            for pair in edges.windows(2).rev() {
                ranges.push((pair[0], pair[1] - 1));
            }
            return;
        }
        let middle = from.midpoint(to);
        ranges.push((middle.saturating_add(1), to));
        ranges.push((from, middle));
    }

    fn read(
        &mut self,
        sql: &str,
        from: i64,
        to: i64,
        take: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let connection = self.connect().ok_or(StoreError::Damaged)?;
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, to])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }

    /// The `bytes` of one row.
    pub(super) fn bytes(&mut self, table: &str, id: i64) -> Option<Vec<u8>> {
        let sql = format!("SELECT bytes FROM {table} WHERE rowid = ?1");
        let read = self.connect()?.query_row(&sql, [id], |row| row.get(0));
        if read.is_err() {
            self.connection = None;
            self.unreadable += 1;
        }
        read.ok()
    }
}

/// Puts the kept copy of the first page where the damaged one is. The damaged bytes are kept beside it.
fn with_head(path: &Path, head: &Path) -> std::io::Result<()> {
    let page = files::read_bounded(head, files::PAGE)?;
    let damaged = files::read_start(path, files::PAGE)?;
    files::replace(&path.with_extension("db-head"), &damaged)?;
    files::overwrite(path, 0, &page)
}
