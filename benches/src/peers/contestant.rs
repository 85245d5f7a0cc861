//! Who takes part: how each is installed, started and addressed, and what it does not do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};
use tendenko_workload::Size;

use super::lab::{Lab, Side};
use super::process::Process;
use super::scenario::Scenario;
use crate::Failure;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

/// One of those that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Contestant {
    /// Tendenko.
    Ours,
    /// Tendenko whose records are compressed without the dictionary.
    Plain,
    /// samod.
    Samod,
    /// Yjs with y-leveldb, and Hocuspocus.
    Hocuspocus,
    /// automerge-repo.
    AutomergeRepo,
    /// PouchDB and express-pouchdb.
    Pouchdb,
}

impl Contestant {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ours, Self::Plain, Self::Samod, Self::Hocuspocus, Self::AutomergeRepo, Self::Pouchdb];

    /// As in tables, and the folder below `benches/peers`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "tendenko",
            Self::Plain => "tendenko-plain",
            Self::Samod => "samod",
            Self::Hocuspocus => "hocuspocus",
            Self::AutomergeRepo => "automerge-repo",
            Self::Pouchdb => "pouchdb",
        }
    }

    /// Tendenko, either way.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Plain)
    }

    /// Without the dictionary only bytes differ: it is shown where bytes are the question.
    pub fn takes_part(self, scenario: Scenario, size: Size) -> bool {
        self != Self::Plain || (size.growth == 1 && scenario.is_about_bytes())
    }

    /// Makes its programs, or says why that is not possible here.
    pub fn install(self) -> Result<(), Failure> {
        let folder = peers_dir().join(self.name());
        match self {
            Self::Ours | Self::Plain => {
                let relay = programs_dir().join("tendenko-relay");
                if relay.exists() { Ok(()) } else { Err(format!("{} is not built", relay.display()).into()) }
            }
            Self::Samod => {
                let mut cargo = Command::new("cargo");
                cargo.args(["build", "--release", "--locked", "--quiet", "--target-dir"]).arg(samod_target());
                succeed(cargo.current_dir(folder), "samod could not be built")
            }
            Self::Hocuspocus | Self::AutomergeRepo | Self::Pouchdb => {
                if !Command::new("node").arg("--version").output().is_ok_and(|node| node.status.success()) {
                    return Err("node is not installed".into());
                }
                let lock = fs::read(folder.join("package-lock.json"))?;
                let installed = folder.join("node_modules/.installed-from");
                if fs::read(&installed).is_ok_and(|from| from == lock) {
                    return Ok(());
                }
                let mut npm = Command::new("npm");
                npm.args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]).current_dir(&folder);
                succeed(&mut npm, "npm ci failed")?;
                Ok(fs::write(installed, lock)?)
            }
        }
    }

    /// Versions of what is compared.
    pub fn versions(self) -> Result<Value, Failure> {
        let folder = peers_dir().join(self.name());
        match self {
            Self::Ours | Self::Plain => Ok(json!({"tendenko": env!("CARGO_PKG_VERSION")})),
            Self::Samod => {
                let lock: toml::Table = fs::read_to_string(folder.join("Cargo.lock"))?.parse()?;
                let packages =
                    lock.get("package").and_then(toml::Value::as_array).ok_or("no packages in Cargo.lock")?;
                let of = |name: &str| {
                    let found =
                        packages.iter().find(|package| package.get("name").and_then(|n| n.as_str()) == Some(name));
                    found.and_then(|package| package.get("version")).and_then(|v| v.as_str()).map(str::to_owned)
                };
                Ok(json!({"samod": of("samod"), "automerge": of("automerge")}))
            }
            Self::Hocuspocus | Self::AutomergeRepo | Self::Pouchdb => {
                let package: Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
                let mut versions = package["dependencies"].clone();
                let node = Command::new("node").arg("--version").output()?.stdout;
                versions["node"] = String::from_utf8_lossy(&node).trim().trim_start_matches('v').into();
                Ok(versions)
            }
        }
    }

    /// Where its tablets find its server.
    pub fn url(self, host: &str, port: u64) -> String {
        match self {
            Self::Ours | Self::Plain => format!("{host}:{port}"),
            Self::Samod => format!("tcp://{host}:{port}"),
            Self::Hocuspocus | Self::AutomergeRepo => format!("ws://{host}:{port}"),
            Self::Pouchdb => format!("http://{host}:{port}/region"),
        }
    }

    /// Starts its server over the store in `dir`; returns its port.
    pub fn start_server(self, lab: &Lab, dir: &Path, host: &str) -> Result<(Process, u64), Failure> {
        let mut command = self.program(lab, Side::Server);
        match self {
            Self::Ours | Self::Plain => {
                let relay = tendenko_tests::region::relay_dir(dir);
                command.args(["serve", "--listen", &format!("{host}:0"), "--dir"]).arg(relay);
            }
            Self::Samod => {
                command.args(["server", "--host", host, "--port", "0", "--dir"]).arg(dir);
            }
            Self::Hocuspocus | Self::AutomergeRepo | Self::Pouchdb => {
                command.arg(self.script("server")).args(["--host", host, "--port", "0", "--dir"]).arg(dir);
            }
        }
        let mut process = Process::start(command, &format!("{} server", self.name()), &dir.join("server.log"))?;
        let port = process.hear(START, |line| match self {
            Self::Ours | Self::Plain => line.strip_prefix("listening on ")?.rsplit_once(':')?.1.trim().parse().ok(),
            _ => serde_json::from_str::<Value>(line).ok()?["listening"].as_u64(),
        })?;
        Ok((process, port))
    }

    /// Starts the process that holds its tablets.
    pub fn start_tablets(self, lab: &Lab, dir: &Path, workload: &Path) -> Result<Process, Failure> {
        let mut command = self.program(lab, Side::Tablets);
        match self {
            Self::Ours | Self::Plain | Self::Samod => command.arg("tablets"),
            _ => command.arg(self.script("tablets")),
        };
        command.arg("--dir").arg(dir).arg("--workload").arg(workload);
        if self == Self::Plain {
            command.arg("--no-dictionary");
        }
        Process::start(command, &format!("{} tablets", self.name()), &dir.join("tablets.log"))
    }

    /// Waits until the server has written everything it was told. Ours acknowledges only what is committed, and tablets wait for
    /// that; samod can only be asked by stopping it.
    pub fn durable(self, server: &mut Process, patience: Duration) -> Result<(), Failure> {
        if !self.is_ours() {
            server.order(&json!({"do": "durable"}), patience)?;
        }
        Ok(())
    }

    /// Ends the server in good order.
    pub fn stop_server(self, server: Process, patience: Duration) -> Result<(), Failure> {
        if self.is_ours() {
            server.terminate(patience);
            return Ok(());
        }
        server.stop(patience)
    }

    fn program(self, lab: &Lab, side: Side) -> Command {
        match (self, side) {
            (Self::Ours | Self::Plain, Side::Server) => lab.command(side, &programs_dir().join("tendenko-relay")),
            (Self::Ours | Self::Plain, Side::Tablets) => lab.command(side, &programs_dir().join("tendenko-bench")),
            (Self::Samod, _) => lab.command(side, &samod_target().join("release/tendenko-peer-samod")),
            _ => lab.command(side, Path::new("node")),
        }
    }

    fn script(self, role: &str) -> PathBuf {
        peers_dir().join(self.name()).join(format!("{role}.mjs"))
    }
}

fn succeed(command: &mut Command, otherwise: &str) -> Result<(), Failure> {
    let status = command.status().map_err(|why| format!("{otherwise}: {why}"))?;
    if status.success() { Ok(()) } else { Err(otherwise.into()) }
}

fn programs_dir() -> PathBuf {
    tendenko_tests::process::programs_dir()
}

fn peers_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn samod_target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers")
}
