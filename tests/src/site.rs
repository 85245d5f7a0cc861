//! One relay of a region as a process in its own folder: the hub, or an edge relay at an evacuation site.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tendenko_relay::Directory;
use tendenko_relay::status::Status;

use crate::process::{PATIENCE, ProcessError, Program};
use crate::region::RegionFailure;

/// How often a relay's status is looked at while something is waited for. Another process's file rings no bell.
const LOOK: Duration = Duration::from_millis(25);

/// A relay's folder, and its process while it runs.
pub struct RelaySite {
    dir: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    upstream: Vec<String>,
    program: Option<Program>,
}

impl RelaySite {
    /// The relay in this folder; it does not run yet.
    pub fn new(dir: PathBuf, listen: SocketAddr) -> Self {
        Self { dir, listen, upstream: Vec::new(), program: None }
    }

    /// Names the address of the relay above it, instead of what its folder says.
    pub fn below(mut self, upstream: SocketAddr) -> Self {
        self.upstream = vec![upstream.to_string()];
        self
    }

    /// Starts it and waits until it listens.
    pub fn start(&mut self) -> Result<(), ProcessError> {
        let folder = self.dir.to_string_lossy().into_owned();
        let mut args = vec!["serve", "--dir", &folder];
        for address in &self.upstream {
            args.extend(["--upstream", address]);
        }
        let program = Program::start("tendenko-relay", &args, Some(&self.dir.with_extension("log")))?;
        let first = program.hear()?;
        if !first.starts_with("listening on") {
            return Err(ProcessError::Ended(first));
        }
        self.program = Some(program);
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store and what lies beside it.
    pub fn store_files(&self) -> [PathBuf; 4] {
        ["relay.db", "relay.db-wal", "relay.db-shm", "incarnation.guard"].map(|name| self.dir.join(name))
    }

    /// The disk is gone, and with it the store. Keys and certificate were kept elsewhere.
    pub fn lose_disk(&mut self) -> std::io::Result<()> {
        self.kill();
        for file in self.store_files().iter().filter(|file| file.exists()) {
            std::fs::remove_file(file)?;
        }
        Ok(())
    }

    /// What `tendenko-relay status` says.
    pub fn status(&self) -> Result<Status, RegionFailure> {
        Ok(Status::read(&Directory::new(&self.dir))?)
    }

    /// Waits until its status is as described.
    pub fn until(&self, holds: impl Fn(&Status) -> bool) -> Result<Status, RegionFailure> {
        let from = Instant::now();
        loop {
            let status = self.status()?;
            if holds(&status) {
                return Ok(status);
            }
            if from.elapsed() > PATIENCE {
                return Err(format!("still not so after {PATIENCE:?}: {status:?}").into());
            }
            std::thread::sleep(LOOK);
        }
    }
}
