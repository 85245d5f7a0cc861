//! Is this store the newest of its line? The counter outside the database answers.
//!
//! Each sealing writes the next number into the database (same transaction) and then, durably, into
//! `incarnation.guard`, and only then may the record leave. So:
//! - file ahead of the database: the database was restored from a backup;
//! - file missing, or not the very file the database knows: the store was copied to another place;
//! - file behind: the tablet stopped between the two writes; nothing had left, so nothing is wrong.
//!
//! In the first two cases a new incarnation is minted before anything is written or sealed, or two different records
//! would carry one log and sequence number. A whole disk cloned with its file numbers is caught by the relay instead,
//! as a fork.

use std::path::{Path, PathBuf};

use crate::files;

const SIZE: u64 = 8;

/// What the database remembers about the guard file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// Last number written.
    pub(crate) counter: u64,
    /// File number (inode) of the guard, 0 where there is none.
    pub(crate) file: u64,
}

/// What comparing the two says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lineage {
    /// This store continues its incarnation.
    Continues,
    /// Restored or copied: mint a new incarnation first.
    Broken,
}

/// The counter file of one directory.
#[derive(Debug)]
pub(crate) struct Guard {
    path: PathBuf,
}

impl Guard {
    pub(crate) fn in_directory(dir: &Path) -> Self {
        Self { path: dir.join(files::GUARD) }
    }

    /// Compares the file with what the database remembers.
    pub(crate) fn lineage(&self, remembered: Remembered) -> Lineage {
        let counter = files::read_bounded(&self.path, SIZE).ok().and_then(|bytes| bytes.try_into().ok());
        match counter.map(u64::from_be_bytes) {
            Some(counter) if counter <= remembered.counter && self.file_number() == remembered.file => {
                Lineage::Continues
            }
            _ => Lineage::Broken,
        }
    }

    /// Writes `counter` durably, in place.
    pub(crate) fn write(&self, counter: u64) -> std::io::Result<()> {
        files::overwrite(&self.path, 0, &counter.to_be_bytes())
    }

    /// The highest counter either side has seen; the next must be above it.
    pub(crate) fn highest(&self, remembered: Remembered) -> u64 {
        let counter = files::read_bounded(&self.path, SIZE).ok().and_then(|bytes| bytes.try_into().ok());
        counter.map_or(0, u64::from_be_bytes).max(remembered.counter)
    }

    /// The number the file system knows the file by: a copy has another.
    pub(crate) fn file_number(&self) -> u64 {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata(&self.path).map_or(0, |meta| meta.ino())
        }
        #[cfg(not(unix))]
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restored_or_copied_store_is_noticed_and_a_stopped_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let guard = Guard::in_directory(dir.path());
        guard.write(5).unwrap();
        let file = guard.file_number();
        assert_eq!(guard.lineage(Remembered { counter: 5, file }), Lineage::Continues);
        assert_eq!(guard.lineage(Remembered { counter: 6, file }), Lineage::Continues, "stopped between the writes");
        assert_eq!(guard.lineage(Remembered { counter: 4, file }), Lineage::Broken, "restored");
        assert_eq!(guard.highest(Remembered { counter: 4, file }), 5);

        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(dir.path().join(files::GUARD), copy.path().join(files::GUARD)).unwrap();
        let copied = Guard::in_directory(copy.path());
        assert_eq!(copied.lineage(Remembered { counter: 5, file }), Lineage::Broken, "copied");
        std::fs::remove_file(copy.path().join(files::GUARD)).unwrap();
        assert_eq!(copied.lineage(Remembered { counter: 5, file }), Lineage::Broken, "gone");
    }
}
