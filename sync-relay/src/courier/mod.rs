//! Courier files at a relay: written from its store, and taken into it, whether or not the relay serves meanwhile.
//!
//! A relay takes everything that verifies, for whomever it is; so a stick that went from tablet to tablet fills it like a tablet
//! that came back. Items are admitted as if a carrier had pushed them: whoever brings a record need not be able to read it.
//! A file is imported in transactions of a few hundred items. What was taken stays when the stick is pulled out; imported again, it is
//! known already.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tendenko_protocol::courier::{ForWhom, Maker, ReaderError, Report, Totals};
use tendenko_protocol::ids::{Millis, RegionId, RelayId, RelayIncarnation};
use tendenko_protocol::{Random, RandomError};

use crate::directory::{self, Directory, DirectoryError};
use crate::host::unhex;
use crate::store::{SqliteOptions, SqliteStore, StoreError};
use crate::trust::Trust;

mod export;
mod import;

/// Why a courier file was not written, or not taken.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The relay's directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The relay's store. What was taken before stays.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `relay.toml` names no key.
    #[error("relay.toml: `region` must be 64 hexadecimal digits")]
    Region,
    /// Randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The relay's own certificate is not one.
    #[error("relay.cert cannot be read")]
    Certificate,
    /// The courier file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Not a courier file, or a header that cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReaderError),
    /// It ends before it says what it is.
    #[error("the courier file ends before it says what it is")]
    Empty,
    /// Another region's.
    #[error("the courier file is of region {file}, this relay serves {ours}: nothing was taken")]
    OtherRegion {
        /// Region of the file.
        file: RegionId,
        /// Region of this relay.
        ours: RegionId,
    },
    /// Called off while it was written: there is no file.
    #[error("the export was called off; no file was written")]
    CalledOff,
}

/// Is told how far it is, and may call it off.
pub type Progress<'a> = &'a mut dyn FnMut(Totals) -> ControlFlow<()>;

/// What a file is to hold.
#[derive(Clone, Debug)]
pub struct Request {
    /// For whom.
    pub for_whom: ForWhom,
    /// Only what came since then; certificates are always in it. `None`: from the beginning.
    pub since: Option<Millis>,
    /// Also pieces of photos and documents. They come last in the file.
    pub attachments: bool,
}

/// A relay's store, opened beside a relay that serves or one that does not.
struct Opened {
    store: SqliteStore,
    trust: Trust,
    region: RegionId,
}

fn open(dir: &Directory, rng: &dyn Random) -> Result<Opened, CourierError> {
    let config = dir.config()?;
    let region = unhex(&config.region).ok_or(CourierError::Region)?;
    let incarnation = RelayIncarnation::generate(rng)?;
    let (store, _) = SqliteStore::open(dir.path(), &SqliteOptions::default(), || incarnation)?;
    let trust = Trust::load(region, &store)?;
    Ok(Opened { store, trust, region: RegionId::of_key(&region) })
}

/// Writes a courier file from the relay in `dir`: first beside `path`, as `….part`, and renamed once it is durable.
pub fn export(
    dir: &Directory,
    path: &Path,
    request: &Request,
    rng: &dyn Random,
    now: Millis,
    progress: Progress<'_>,
) -> Result<Totals, CourierError> {
    let opened = open(dir, rng)?;
    let maker = Maker::Relay(own_id(dir)?);
    let Opened { store, trust, region } = &opened;
    write_to(path, |file| {
        let source = export::Source { store, trust, region: *region, maker };
        source.write(request, now, path, file, progress)
    })
}

/// Takes what verifies of a courier file into the store of the relay in `dir`.
pub fn import(
    dir: &Directory,
    path: &Path,
    rng: &dyn Random,
    now: Millis,
    progress: Progress<'_>,
) -> Result<Report, CourierError> {
    let Opened { store, trust, region } = open(dir, rng)?;
    let file = File::open(path).map_err(|source| CourierError::File { path: path.into(), source })?;
    import::take(&store, &trust, region, file, now, progress)
}

fn own_id(dir: &Directory) -> Result<RelayId, CourierError> {
    use tendenko_protocol::trust::{Claim, UnverifiedStatement};
    let certificate = dir.read(directory::RELAY_CERTIFICATE)?;
    match UnverifiedStatement::parse(&certificate).map(|statement| statement.claim().clone()) {
        Ok(Claim::Relay(relay)) => Ok(relay.id),
        _ => Err(CourierError::Certificate),
    }
}

/// Makes a file that is there whole or not at all.
fn write_to(path: &Path, fill: impl FnOnce(&mut File) -> Result<Totals, CourierError>) -> Result<Totals, CourierError> {
    let failed = |source| CourierError::File { path: path.into(), source };
    let mut staged = path.as_os_str().to_owned();
    staged.push(".part");
    let staged = PathBuf::from(staged);
    let mut file = File::create(&staged).map_err(failed)?;
    let written = fill(&mut file).and_then(|totals| {
        file.sync_all().and_then(|()| fs::rename(&staged, path)).map_err(failed)?;
        Ok(totals)
    });
    if written.is_err() {
        // It may be gone with the stick already.
        let _ = fs::remove_file(&staged);
        return written;
    }
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    written
}

/// What the progress function said.
fn go_on(said: ControlFlow<()>) -> Result<(), CourierError> {
    match said {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(CourierError::CalledOff),
    }
}
