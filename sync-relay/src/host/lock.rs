//! One relay per directory: two would each begin a life of the same store.

use std::fs::{File, TryLockError};

use super::RelayError;
use crate::directory::{Directory, DirectoryError};

const LOCK: &str = "relay.lock";

/// Held while a relay is open; the system lets go of it when the process ends, however it ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    pub(super) fn take(directory: &Directory) -> Result<Self, RelayError> {
        let path = directory.path().join(LOCK);
        let unusable = |source| DirectoryError::File { path: path.clone(), source };
        let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(RelayError::InUse(directory.path().into())),
            Err(TryLockError::Error(source)) => Err(unusable(source).into()),
        }
    }
}
