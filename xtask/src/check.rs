//! `cargo xtask check`: what must hold before the tests are worth running.

use std::process::{Command, Stdio};

use crate::failure::Outcome;
use crate::process::{cargo, succeed};
use crate::project::Project;
use crate::setup::{self, WasmToolchain};
use crate::step::step;
use crate::ui;

/// Formatting, lints on both targets, and the dependencies' licences, sources and known weaknesses.
pub fn check(project: &Project) -> Outcome {
    setup::for_checking(project)?;
    step("Formatting", || succeed(cargo().args(["fmt", "--all", "--check"])))?;
    step("Lints", || succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))?;
    match setup::wasm_toolchain()? {
        WasmToolchain::Own => step("Lints of the interface (WebAssembly)", || {
            succeed(ui::cargo(project, "clippy")?.args(["--", "-D", "warnings"]))
        })?,
        WasmToolchain::Debian => {
            println!("- The interface's lints need rustup's WebAssembly target; skipped")
        }
    }
    step("Licences, sources and versions of the dependencies", || {
        succeed(deny(project)?.args(["check", "licenses", "bans", "sources"]))
    })?;
    advisories(project)
}

/// The list of known weaknesses lives in a git repository, which not every network reaches.
fn advisories(project: &Project) -> Outcome {
    let fetched = deny(project)?.args(["fetch", "db"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if fetched.is_ok_and(|status| status.success()) {
        return step("Known weaknesses of the dependencies", || succeed(deny(project)?.args(["check", "advisories"])));
    }
    println!("- Known weaknesses of the dependencies: the RustSec database cannot be reached from here; skipped");
    Ok(())
}

fn deny(project: &Project) -> Outcome<Command> {
    let mut command = cargo();
    command.arg("deny").env("PATH", setup::path_with_tools(project)?);
    Ok(command)
}
