//! A script: what is done to the world, and when. With the seed it is a whole run, and can be kept in a file.
//!
//! The first line of the file is the world, each further line one operation. An operation that makes no sense when its time comes (its
//! tablet is gone, its connection was broken before) does nothing: so operations can be taken out of a script, to find the few that matter.

use serde::{Deserialize, Serialize};

use super::profile::Profile;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// Fields are places in the world's lists of tablets, relays and patients, or say what their names say.
#[allow(missing_docs)]
pub enum Op {
    /// Someone saves a register of a document of the nth patient the tablet has a key of.
    Save { tablet: usize, patient: usize, document: u8, register: u8 },
    /// A tablet takes on a new patient.
    NewPatient { tablet: usize },
    /// A tablet gives the key of the nth of its patients to another.
    Grant { from: usize, patient: usize, to: usize, card_only: bool },
    /// A tablet that may not says that it gives one.
    ForgeGrant { from: usize, patient: usize, to: usize },
    /// A tablet begins a new epoch of a patient, for everyone who is granted and not revoked.
    NewEpoch { tablet: usize, patient: usize },
    /// The operator of a relay revokes a tablet.
    Revoke { tablet: usize, relay: usize },
    /// A tablet turns to a relay, or goes where there is none.
    Target { tablet: usize, relay: Option<usize> },
    /// A tablet's connection breaks.
    Break { tablet: usize },
    /// There is no way between the two any more, or again.
    Link { tablet: usize, relay: usize, up: bool },
    /// There is no way to a relay any more, or again.
    Isolate { relay: usize, up: bool },
    /// A tablet is killed, and started again so many milliseconds later.
    CrashTablet { tablet: usize, ms: u64 },
    /// A relay is killed, and started again so many milliseconds later.
    CrashRelay { relay: usize, ms: u64 },
    /// A tablet's store is copied away.
    BackupTablet { tablet: usize },
    /// A tablet's store is put back from its copy; the guard with it, or not.
    RestoreTablet { tablet: usize, guard: bool },
    /// A relay's store is copied away.
    BackupRelay { relay: usize },
    /// A relay's store is put back from its copy.
    RestoreRelay { relay: usize },
    /// A relay's store is deleted.
    WipeRelay { relay: usize },
    /// A tablet's store is copied into another tablet; `whole`: with the very disk, so that no guard shows it.
    CloneTablet { tablet: usize, whole: bool },
    /// A tablet is gone for good.
    Destroy { tablet: usize },
    /// A tablet's clock jumps.
    TabletClock { tablet: usize, ms: i64 },
    /// A relay's disk has no room for so many batches.
    FullRelay { relay: usize, batches: u32 },
    /// A courier file goes from one tablet to another.
    Courier { from: usize, to: usize },
    /// A relay's clock jumps.
    RelayClock { relay: usize, ms: i64 },
    /// A tablet has something in its outbox that no relay can take.
    Garbage { tablet: usize, kind: u8 },
    /// Everything that is broken is mended, everyone meets, and everything is checked.
    Heal,
}

/// An operation and its time, in milliseconds from the start or from the end of the last healing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// When.
    pub at: u64,
    /// What.
    pub op: Op,
}

/// The world a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Seed of everything that looks like chance.
    pub seed: u64,
    /// Tablets at the start.
    pub tablets: usize,
    /// Relays.
    pub relays: usize,
    /// What the script was made for.
    pub profile: Profile,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The world.
    pub setting: Setting,
    /// What is done, in order of time within each part between healings.
    pub operations: Vec<Timed>,
}

/// A file that is not a script.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not part of a script: {problem}")]
pub struct NotAScript {
    line: usize,
    problem: String,
}

impl Script {
    /// As a file.
    pub fn to_text(&self) -> String {
        let mut text = String::from("# A script of tendenko-simulate: replay with `--script FILE`.\n");
        let lines = std::iter::once(serde_json::to_string(&self.setting))
            .chain(self.operations.iter().map(serde_json::to_string));
        for line in lines.map_while(Result::ok) {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// From a file.
    pub fn from_text(text: &str) -> Result<Self, NotAScript> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (line, first) = lines.next().ok_or(NotAScript { line: 1, problem: "there is nothing".into() })?;
        let wrong = |line, error: serde_json::Error| NotAScript { line, problem: error.to_string() };
        let setting = serde_json::from_str(first).map_err(|error| wrong(line, error))?;
        let operations = lines
            .map(|(line, text)| serde_json::from_str(text).map_err(|error| wrong(line, error)))
            .collect::<Result<_, _>>()?;
        Ok(Self { setting, operations })
    }
}
