//! The relay's directory: which file is what, and how each is read and written.
//!
//! | file | what | who needs it |
//! |---|---|---|
//! | `relay.toml` | names, addresses, the region's public key | every command |
//! | `relay.key` | the relay's own key, readable by its user only | `serve` |
//! | `relay.cert` | the region's statement that this key is a relay | kept outside the database, so that an emptied relay is still one |
//! | `region.key` | the region's root key, sealed by a passphrase | `enroll`; may be moved elsewhere between enrolments |
//! | `joining.toml` | what an edge relay asked to be certified as | between `ask` and `join` |
//! | `relay.db` | the store | `serve`, `status`, `enroll` |
//! | `incarnation.guard` | see the store's guard | `serve`, `enroll` |

use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// No file read here is longer.
const MAX_FILE: u64 = 256 * 1024;

/// The contents of `relay.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The region's root public key, 64 hex digits. Everything is trusted or not by this key.
    pub region: String,
    /// The region's name, as enrolled tablets show it.
    pub region_name: String,
    /// The relay's name.
    pub name: String,
    /// Where `serve` listens when not told otherwise.
    pub listen: SocketAddr,
    /// Where tablets are told to find the relay: `host:port`, the first that answers is taken.
    pub addresses: Vec<String>,
    /// Where the relay above this one is, `host:port`; empty: this is the region's hub.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    /// The size the database may grow to, in MiB; absent is as far as the disk goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_store_mib: Option<u64>,
    /// What photos and documents may take of it, in MiB; absent is 200 GB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attachments_mib: Option<u64>,
    /// What the photos and documents of one device may take, in MiB; absent is 8 GB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attachments_mib_per_device: Option<u64>,
    /// Connections served at once.
    #[serde(default = "default_connections")]
    pub max_connections: usize,
}

pub(crate) const fn default_connections() -> usize {
    512
}

/// Why the directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is a relay here already.
    #[error("{0} exists already: a relay's keys are never overwritten, choose another directory")]
    Exists(PathBuf),
    /// No relay here.
    #[error("there is no relay at {0}: run `tendenko-relay init` first")]
    Missing(PathBuf),
    /// An edge relay that has asked and was not answered.
    #[error("the relay at {0} waits for the region's answer: run `tendenko-relay join` with the bundle first")]
    Waiting(PathBuf),
    /// A file is not what it should be.
    #[error("{path} cannot be used: {problem}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A relay's directory.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// The directory at `path`, whether or not it is there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the directory, readable by this user only. Fails when a relay is there.
    pub fn create(&self) -> Result<(), DirectoryError> {
        for name in [CONFIG, RELAY_KEY, REGION_KEY] {
            let path = self.0.join(name);
            if path.exists() {
                return Err(DirectoryError::Exists(path));
            }
        }
        self.make()
    }

    /// Makes the directory, readable by this user only, unless it is there.
    pub(crate) fn make(&self) -> Result<(), DirectoryError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder.create(&self.0).map_err(|source| DirectoryError::File { path: self.0.clone(), source })
    }

    /// Reads `relay.toml`.
    pub fn config(&self) -> Result<Config, DirectoryError> {
        let path = self.0.join(CONFIG);
        if !path.exists() && self.0.join(JOINING).exists() {
            return Err(DirectoryError::Waiting(self.0.clone()));
        }
        if !path.exists() {
            return Err(DirectoryError::Missing(self.0.clone()));
        }
        let bytes = self.read(CONFIG)?;
        let unusable = |problem: String| DirectoryError::Unusable { path: path.clone(), problem };
        let text = String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8".into()))?;
        toml::from_str(&text).map_err(|error| unusable(error.to_string()))
    }

    /// Writes `relay.toml`.
    pub(crate) fn write_config(&self, config: &Config) -> Result<(), DirectoryError> {
        let text = toml::to_string_pretty(config)
            .map_err(|error| DirectoryError::Unusable { path: self.0.join(CONFIG), problem: error.to_string() })?;
        self.write(CONFIG, text.as_bytes())
    }

    /// Reads one of the directory's files, bounded.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, DirectoryError> {
        read_bounded(&self.0.join(name))
    }

    /// Writes a file durably, in the place of one that may be there. Not for keys.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DirectoryError> {
        self.remove(name)?;
        self.write(name, bytes)
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), DirectoryError> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DirectoryError::File { path, source }),
            _ => Ok(()),
        }
    }

    /// Writes a new file, readable by this user only, durably. Never overwrites.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DirectoryError> {
        let path = self.0.join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options
            .open(&path)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => DirectoryError::Exists(path.clone()),
                _ => DirectoryError::File { path, source },
            })
    }
}

/// Reads a file of at most 256 KiB.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, DirectoryError> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|source| DirectoryError::File { path: path.into(), source })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(DirectoryError::Unusable { path: path.into(), problem: "it is too long".into() });
    }
    Ok(bytes)
}

pub(crate) const CONFIG: &str = "relay.toml";
pub(crate) const RELAY_KEY: &str = "relay.key";
pub(crate) const RELAY_CERTIFICATE: &str = "relay.cert";
pub(crate) const REGION_KEY: &str = "region.key";
pub(crate) const JOINING: &str = "joining.toml";

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            region: "00".repeat(32),
            region_name: "釜石・大槌".into(),
            name: "県立病院".into(),
            listen: "127.0.0.1:4433".parse().unwrap(),
            addresses: vec!["127.0.0.1:4433".into()],
            upstream: Vec::new(),
            max_store_mib: None,
            max_attachments_mib: None,
            max_attachments_mib_per_device: None,
            max_connections: 512,
        }
    }

    #[test]
    fn config_is_read_back_and_keys_are_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().join("relay"));
        assert!(matches!(directory.config(), Err(DirectoryError::Missing(_))));
        directory.create().unwrap();
        directory.write_config(&config()).unwrap();
        assert_eq!(directory.config().unwrap(), config());
        assert!(matches!(directory.create(), Err(DirectoryError::Exists(_))));
        assert!(matches!(directory.write_config(&config()), Err(DirectoryError::Exists(_))));
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(CONFIG), "regoin = 1").unwrap();
        let error = Directory::new(dir.path()).config().unwrap_err().to_string();
        assert!(error.contains("regoin"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_readable_by_their_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path());
        directory.write(RELAY_KEY, b"key").unwrap();
        let mode = fs::metadata(dir.path().join(RELAY_KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
