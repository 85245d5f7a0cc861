//! The stores that a run begins with: made once per contestant and size, kept below `target/bench`, copied for every run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tendenko_workload::{PATIENTS_PER_TABLET, Size};

use super::contestant::Contestant;
use super::lab::Lab;
use crate::{Failure, ours};

/// How long making the history may take.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

/// Tablets that are enrolled beside the teams', for provisioning; ours must be given their patients beforehand.
#[derive(Debug, Clone, Copy)]
pub enum Spare {
    /// New tablet with 20 patients.
    Some,
    /// New tablet with all patients.
    All,
    /// New tablet with all patients, for looking at what the server has after it was killed.
    Audit,
    /// New tablet with 20 patients, on a thin link.
    Thin,
}

impl Spare {
    const ALL: [Self; 4] = [Self::Some, Self::All, Self::Audit, Self::Thin];

    /// Number of the tablet.
    pub fn tablet(self, size: Size) -> usize {
        size.tablets + self as usize
    }

    /// Numbers of its patients.
    pub fn patients(self, size: Size) -> Vec<usize> {
        match self {
            Self::Some | Self::Thin => (0..PATIENTS_PER_TABLET).collect(),
            Self::All | Self::Audit => (0..size.patients()).collect(),
        }
    }
}

/// Where workloads and prepared stores are kept.
pub struct Stores {
    root: PathBuf,
}

impl Stores {
    /// Below a folder.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The workload of a size; written if it is not there yet.
    pub fn workload(&self, size: Size) -> Result<PathBuf, Failure> {
        let dir = self.root.join(format!("workload-{}x{}", size.tablets, size.growth));
        tendenko_workload::write(&dir, size)?;
        Ok(dir)
    }

    /// A copy of a contestant's stores with the history of a size, made if they are not there yet.
    pub fn copy(&self, contestant: Contestant, lab: &Lab, size: Size) -> Result<TempDir, Failure> {
        let made = self.made(contestant, lab, size)?;
        let copy = tempfile::Builder::new().prefix("run-").tempdir_in(&self.root)?;
        let status = Command::new("cp").arg("-a").arg(made.join(".")).arg(copy.path()).status()?;
        if status.success() { Ok(copy) } else { Err("the prepared stores could not be copied".into()) }
    }

    fn made(&self, contestant: Contestant, lab: &Lab, size: Size) -> Result<PathBuf, Failure> {
        let dir = self.root.join(format!("{}-{}x{}", contestant.name(), size.tablets, size.growth));
        let done = dir.join("made-by");
        let by = format!("{} {}", serde_json::to_string(&size)?, identity(contestant)?);
        if fs::read_to_string(&done).is_ok_and(|known| known == by) {
            return Ok(dir);
        }
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let workload = self.workload(size)?;
        println!("  {}: making the history of {} × {} …", contestant.name(), size.tablets, size.growth);
        let begin = Instant::now();
        if contestant == Contestant::AutomergeRepo && Contestant::Samod.install().is_ok() {
            // Same documents, same files: samod's storage is automerge-repo's, and makes the history in a fraction of the time.
            let other = self.made(Contestant::Samod, lab, size)?;
            let status = Command::new("cp").arg("-a").arg(other.join(".")).arg(&dir).status()?;
            if !status.success() {
                return Err("samod's stores could not be copied".into());
            }
        } else {
            make(contestant, lab, size, &dir, &workload)?;
        }
        fs::write(done, by)?;
        println!("  {}: made in {} s", contestant.name(), begin.elapsed().as_secs());
        Ok(dir)
    }
}

fn make(contestant: Contestant, lab: &Lab, size: Size, dir: &Path, workload: &Path) -> Result<(), Failure> {
    if contestant.is_ours() {
        let spare: Vec<_> = Spare::ALL.iter().map(|spare| spare.patients(size)).collect();
        ours::make_region(dir, size.tablets, &spare)?;
    }
    let (server, port) = contestant.start_server(lab, dir, lab.fast_host())?;
    let mut tablets = contestant.start_tablets(lab, dir, workload)?;
    let url = contestant.url(lab.fast_host(), port);
    tablets.order(&json!({"do": "prepare", "url": url}), PATIENCE)?;
    tablets.stop(PATIENCE)?;
    contestant.stop_server(server, PATIENCE)
}

/// What made a store: our formats change with our programs, those of the peers with their versions.
fn identity(contestant: Contestant) -> Result<String, Failure> {
    if !contestant.is_ours() {
        return Ok(contestant.versions()?.to_string());
    }
    let mut hash = Sha256::new();
    for program in ["tendenko-relay", "tendenko-bench"] {
        hash.update(fs::read(tendenko_tests::process::programs_dir().join(program))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
