//! The names of the files in a replica's directory, and how a small file is written so that it
//! survives a power cut: the old content or the new one is there afterwards, never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The encrypted store.
pub(crate) const STORE: &str = "store.db";
/// The wrapped store key of each staff member, and the device's sealed identity.
pub(crate) const SLOTS: &str = "keyslots.cbor";
/// Wrong tries per staff member, rewritten in place so that counting works on a full disk.
pub(crate) const TRIES: &str = "unlock.tries";
/// The counter that shows a restored or cloned store.
pub(crate) const GUARD: &str = "incarnation.guard";
/// A copy of the store's first page, as encrypted: without that page nothing of the store could be read.
pub(crate) const HEAD: &str = "store.head";
/// Size of a page of the store.
pub(crate) const PAGE: u64 = 4096;
/// Device keys between [`prepare`](crate::Replica::prepare) and [`enrol`](crate::Replica::enrol).
pub(crate) const ENROLLING: &str = "enrolling.cbor";
/// The folder of the relay inside this tablet, for when it serves.
pub(crate) const SERVING: &str = "serving";
/// Held while a process has the store open.
pub(crate) const LOCK: &str = "store.lock";

/// Replaces `path` with `bytes`, durably: temporary file, fsync, rename, fsync of the directory.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("new");
    let written = (|| {
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&staged)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&staged, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&staged);
    }
    written?;
    sync_directory(path)
}

/// Makes a file outside the replica's directory that is there whole or not at all: `<path>.part`, fsync, rename, fsync of the folder.
pub(crate) fn write_whole<T>(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let mut staged = path.as_os_str().to_owned();
    staged.push(".part");
    let written: io::Result<T> = (|| {
        let mut file = File::create(&staged)?;
        let filled = fill(&mut file)?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        Ok(filled)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&staged);
    }
    let filled = written?;
    sync_directory(path)?;
    Ok(filled)
}

/// Overwrites `bytes` at `offset` of a file that is made when missing, and waits for the disk. Needs no
/// free space when the bytes were there before.
pub(crate) fn overwrite(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let existed = path.exists();
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)?;
    if existed {
        // Its length, should it have changed, is written too; when it was written is nobody's concern.
        return file.sync_data();
    }
    file.sync_all()?;
    sync_directory(path)
}

/// Reads a file of at most `limit` bytes; a longer one is an error of kind `InvalidData`.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "file is longer than it can be"));
    }
    Ok(bytes)
}

/// Reads at most the first `length` bytes.
pub(crate) fn read_start(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a rename, creation or removal of `path` durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => {
            let here = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(here)?.sync_all()
        }
        _ => Ok(()),
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
