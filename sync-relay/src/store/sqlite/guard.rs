//! A small file beside the database that remembers how far it had come.
//!
//! A database that was put back from a copy looks perfectly healthy. The guard still holds the newest arrival number from
//! before, sees that the database is behind it, and the store starts a new incarnation: tablets then compare everything with
//! it instead of trusting cursors into a past that no longer exists.
//!
//! The guard is written after each commit without forcing it to disk: after a power cut it may lag behind the
//! database, and then only notices less. It is never ahead of what was durably committed. When it is missing or unreadable beside
//! a database that holds something, that counts as noticed: a needless new incarnation costs one reconcile, a missed one costs records.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use tendenko_protocol::ids::{ArrivalNo, RelayIncarnation};

const MAGIC: &[u8; 8] = b"TDKguard";
const LENGTH: usize = 8 + 8 + 8 + 32;

/// What the guard last heard of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) incarnation: RelayIncarnation,
    pub(super) newest: ArrivalNo,
}

/// The open guard file.
pub(super) struct Guard(Mutex<File>);

impl Guard {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// The last mark, or `None` when there is none that can be believed.
    pub(super) fn read(&self) -> io::Result<Option<Mark>> {
        let mut file = self.file();
        let mut bytes = Vec::with_capacity(LENGTH);
        file.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut *file).take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
        Ok(decode(&bytes))
    }

    pub(super) fn write(&self, mark: Mark) -> io::Result<()> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&encode(mark))
    }

    fn file(&self) -> std::sync::MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn encode(mark: Mark) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&mark.incarnation.0.to_be_bytes());
    bytes.extend_from_slice(&mark.newest.0.to_be_bytes());
    let sum = ring::digest::digest(&ring::digest::SHA256, &bytes);
    bytes.extend_from_slice(sum.as_ref());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Mark> {
    if bytes.len() != LENGTH || !bytes.starts_with(MAGIC) {
        return None;
    }
    let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_be_bytes).ok();
    let mark = Mark { incarnation: RelayIncarnation(number(8)?), newest: ArrivalNo(number(16)?) };
    (encode(mark) == bytes).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_a_torn_one_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("guard");
        let guard = Guard::open(&path).unwrap();
        assert_eq!(guard.read().unwrap(), None);
        let mark = Mark { incarnation: RelayIncarnation(7), newest: ArrivalNo(9) };
        guard.write(mark).unwrap();
        assert_eq!(Guard::open(&path).unwrap().read().unwrap(), Some(mark));

        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Guard::open(&path).unwrap().read().unwrap(), None);
    }
}
