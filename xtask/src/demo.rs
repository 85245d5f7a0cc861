//! The demonstration: a made-up region of Kamaishi in `.demo/`, its relay, and the colleagues' tablets.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::process::{Background, cargo, succeed};
use crate::project::Project;
use crate::step::step;
use crate::{build, setup};

/// The tablets that play the nurse's colleagues.
const COLLEAGUES: &[&str] = &["pharmacist", "site"];

/// Which drill to play.
#[derive(Args)]
pub struct DrillOptions {
    /// The drill's name, for example `tsunami`; `simulate` runs whole regions in virtual time
    name: String,
    /// For `simulate`: worlds are run until so many things have happened
    #[arg(long, default_value_t = 5_000_000)]
    steps: u64,
    /// For `simulate`: the first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Plays one drill as a story in the terminal.
pub fn drill(project: &Project, options: &DrillOptions) -> Outcome {
    if options.name == "simulate" {
        return simulate(options);
    }
    setup::for_building(project)?;
    build::everything(project)?;
    succeed(Command::new(project.program("tendenko-drill")).arg(&options.name))
}

/// The simulator, optimised: it lives on how many steps it makes.
fn simulate(options: &DrillOptions) -> Outcome {
    let mut run = cargo();
    run.args([
        "run",
        "--release",
        "--package",
        "tendenko-tests",
        "--no-default-features",
        "--bin",
        "tendenko-simulate",
    ]);
    run.args(["--", "--steps", &options.steps.to_string(), "--seed", &options.seed.to_string()]);
    succeed(&mut run)
}

/// Holds the demonstration's folder for one command at a time.
pub struct Claim {
    _lock: File,
}

/// Takes the demonstration's folder, or says who has it.
pub fn claim(project: &Project) -> Outcome<Claim> {
    let path = project.target("demo.lock");
    let lock = File::create(&path).map_err(Failure::file("create", &path))?;
    lock.try_lock()
        .map_err(|_| Failure::new("the demonstration is already running in this checkout; close its window first"))?;
    Ok(Claim { _lock: lock })
}

/// Creates the demonstration region where there is none; what was recorded in it earlier is kept unless `reset`.
pub fn prepare(project: &Project, reset: bool) -> Outcome {
    let folder = project.demo();
    if reset && folder.exists() {
        step("Remove the earlier demonstration", || {
            fs::remove_dir_all(&folder).map_err(Failure::file("remove", &folder))
        })?;
    }
    step("Prepare the demonstration region", || {
        succeed(Command::new(project.program("tendenko-demo")).args(["prepare", "--dir"]).arg(&folder))
    })
}

/// The programs that run beside the nurse's window; they end with this value.
pub struct Neighbours {
    _colleagues: Vec<Background>,
    _relay: Background,
}

/// Starts the relay and the colleagues' tablets.
pub fn start_neighbours(project: &Project) -> Outcome<Neighbours> {
    step("Start the relay and the colleagues' tablets", || {
        let logs = project.demo().join("logs");
        fs::create_dir_all(&logs).map_err(Failure::file("create", &logs))?;
        let mut relay = Background::start(
            Command::new(project.program("tendenko-relay"))
                .args(["serve", "--dir"])
                .arg(project.demo().join("relay"))
                .stdout(Stdio::piped())
                .stderr(log(&logs.join("relay.log"))?),
        )?;
        let ready = relay
            .wait_for_line("listening on")
            .map_err(|failure| Failure::new(format!("{failure}\n  its log: {}", logs.join("relay.log").display())))?;
        println!("  relay: {ready}");
        let mut colleagues = Vec::new();
        for name in COLLEAGUES {
            let path = logs.join(format!("{name}.log"));
            colleagues.push(Background::start(
                Command::new(project.program("tendenko-tablet"))
                    .arg("--dir")
                    .arg(project.demo().join("tablets").join(name))
                    .arg("--demo-colleague")
                    .stdout(log(&path)?)
                    .stderr(log(&path)?),
            )?);
        }
        println!("  tablets: {}; logs in {}", COLLEAGUES.join(", "), logs.display());
        Ok(Neighbours { _colleagues: colleagues, _relay: relay })
    })
}

fn log(path: &PathBuf) -> Outcome<File> {
    File::options().create(true).append(true).open(path).map_err(Failure::file("write", path))
}
