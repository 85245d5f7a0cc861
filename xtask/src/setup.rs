//! Installs what is missing on this machine, and asks nothing.
//!
//! Every need is first looked up, which is quick, so that a complete machine passes here in a fraction of a second.
//! System packages come from apt, as root or by `sudo -n`; where neither works, the message names the one command that
//! an administrator has to run. Rust tools go to `target/tools`, never into the user's own folders.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{answer, cargo, on_path, succeed};
use crate::project::Project;
use crate::step::{quiet_step, step};

/// What the window and the store are compiled against.
const BUILD_PACKAGES: &[&str] = &[
    "gcc",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
    "libxdo-dev",
    "pkg-config",
];

/// What drives and photographs the real window without a display.
const WINDOW_PACKAGES: &[&str] = &["dbus", "dbus-x11", "fonts-noto-cjk", "imagemagick", "webkit2gtk-driver", "xvfb"];

/// What the peers written in JavaScript are run with, and their native parts compiled with.
const NODE_PACKAGES: &[&str] = &["g++", "make", "nodejs", "npm", "python3"];

/// Debian's own Rust for WebAssembly, for machines whose rustup cannot add a target.
const WASM_PACKAGES: &[&str] = &["lld", "rustc-web", "rust-web-src"];

/// A Rust program the tests or checks need.
struct Tool {
    program: &'static str,
    version: &'static str,
    purpose: &'static str,
}

const TAURI_DRIVER: Tool = Tool { program: "tauri-driver", version: "2.1.0", purpose: "drives the real window" };
const NEXTEST: Tool = Tool { program: "cargo-nextest", version: "0.9.143", purpose: "runs the tests" };
const DENY: Tool = Tool { program: "cargo-deny", version: "0.20.2", purpose: "checks the dependencies' licences" };

/// How the interface can be compiled for WebAssembly on this machine.
pub enum WasmToolchain {
    /// The Rust that compiles everything else has the target.
    Own,
    /// Debian's `rustc-web` compiles it, with the standard library from `rust-web-src`.
    Debian,
}

/// Everything any command needs.
pub fn everything(project: &Project) -> Outcome {
    quiet_step("Everything is installed", || {
        packages(&[BUILD_PACKAGES, WINDOW_PACKAGES])?;
        wasm_toolchain()?;
        tools(project, &[TAURI_DRIVER, NEXTEST, DENY])
    })?;
    println!("✓ Everything needed is installed");
    Ok(())
}

/// What `cargo xtask ui` needs.
pub fn for_ui(_project: &Project) -> Outcome {
    wasm_toolchain().map(drop)
}

/// What compiling needs.
pub fn for_building(_project: &Project) -> Outcome {
    packages(&[BUILD_PACKAGES])?;
    wasm_toolchain().map(drop)
}

/// What the real window needs when a program drives it.
pub fn for_driven_window(project: &Project) -> Outcome {
    packages(&[BUILD_PACKAGES, WINDOW_PACKAGES])?;
    wasm_toolchain()?;
    tools(project, &[TAURI_DRIVER])
}

/// What the unit tests and drills need.
pub fn for_testing(project: &Project) -> Outcome {
    for_building(project)?;
    tools(project, &[NEXTEST])
}

/// What the comparison with other sync engines needs. Whoever cannot be installed is left out of it, with the reason.
pub fn for_comparing() -> Outcome {
    if !on_path("ip") {
        packages(&[&["iproute2"]])?;
    }
    // A newer node than Debian's is as good; Debian's packages would be in its way.
    if !(on_path("node") && on_path("npm"))
        && let Err(failure) = packages(&[NODE_PACKAGES])
    {
        println!("  without node: {failure}");
    }
    Ok(())
}

/// What `cargo xtask check` needs.
pub fn for_checking(project: &Project) -> Outcome {
    for_building(project)?;
    tools(project, &[DENY])
}

/// The search path with our own tools in it.
pub fn path_with_tools(project: &Project) -> Outcome<std::ffi::OsString> {
    let ours = std::iter::once(project.target("tools/bin"));
    let theirs = env::var_os("PATH").unwrap_or_default();
    env::join_paths(env::split_paths(&theirs).chain(ours))
        .map_err(|error| Failure::new(format!("PATH cannot be used: {error}")))
}

/// Finds the compiler for WebAssembly, and installs one where there is none.
pub fn wasm_toolchain() -> Outcome<WasmToolchain> {
    if own_wasm_target() {
        return Ok(WasmToolchain::Own);
    }
    if missing_packages(&[WASM_PACKAGES]).is_some_and(|missing| missing.is_empty()) {
        return Ok(WasmToolchain::Debian);
    }
    let added = on_path("rustup")
        && step("Add the WebAssembly target to Rust", || {
            succeed(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        })
        .is_ok();
    if added && own_wasm_target() {
        return Ok(WasmToolchain::Own);
    }
    println!("  rustup has no WebAssembly target here; using Debian's rustc-web instead");
    packages(&[WASM_PACKAGES])?;
    Ok(WasmToolchain::Debian)
}

fn own_wasm_target() -> bool {
    answer("rustc", &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
        .is_some_and(|folder| PathBuf::from(folder.trim()).is_dir())
}

/// Installs the packages that are missing from `wanted`.
fn packages(wanted: &[&[&'static str]]) -> Outcome {
    let Some(missing) = missing_packages(wanted) else {
        return without_dpkg();
    };
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install --yes --no-install-recommends {}", missing.join(" "));
    let apt = apt_get().ok_or_else(|| {
        Failure::new(format!(
            "these system packages are missing, and this user may not install them: {}\n  as an administrator, run: {by_hand}\n  then start this command again",
            missing.join(" ")
        ))
    })?;
    step(&format!("Install system packages: {}", missing.join(" ")), || {
        succeed(apt().args(["update", "--quiet"])).or_else(|failure| {
            // The lists may be good enough as they are; if not, the installation says so.
            println!("  {failure}");
            Ok(())
        })?;
        succeed(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&missing))
            .map_err(|failure| Failure::new(format!("{failure}\n  by hand: {by_hand}")))
    })
}

/// Those of `wanted` that dpkg does not know as installed; nothing where there is no dpkg.
fn missing_packages(wanted: &[&[&'static str]]) -> Option<Vec<&'static str>> {
    let wanted = wanted.concat();
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status} ${Package}\n"])
        .args(&wanted)
        .output()
        .ok()?;
    Some(missing_from(&wanted, &String::from_utf8_lossy(&output.stdout)))
}

fn missing_from(wanted: &[&'static str], listing: &str) -> Vec<&'static str> {
    let installed: Vec<&str> = listing.lines().filter_map(|line| line.strip_prefix("installed ")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

/// On other systems the libraries' names differ; what counts is that they can be compiled against.
fn without_dpkg() -> Outcome {
    if answer("pkg-config", &["--exists", "webkit2gtk-4.1", "openssl"]).is_some() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "this system has no apt; install what these Debian packages hold, then start this command again: {}",
        [BUILD_PACKAGES, WINDOW_PACKAGES].concat().join(" ")
    )))
}

/// A way to call apt-get with the rights it needs, without being asked for a password.
fn apt_get() -> Option<impl Fn() -> Command> {
    if !on_path("apt-get") {
        return None;
    }
    let root = answer("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root && answer("sudo", &["-n", "true"]).is_none() {
        return None;
    }
    Some(move || {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.args(["-n", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    })
}

/// Builds the tools that are missing; a debug build is enough for them and takes half the time.
fn tools(project: &Project, wanted: &[Tool]) -> Outcome {
    for tool in wanted {
        if on_path(tool.program) || project.target("tools/bin").join(tool.program).is_file() {
            continue;
        }
        step(&format!("Build {} {}, which {} (minutes, once)", tool.program, tool.version, tool.purpose), || {
            succeed(
                cargo()
                    .args(["install", "--locked", "--debug", "--quiet", "--root"])
                    .arg(project.target("tools"))
                    .arg(format!("{}@{}", tool.program, tool.version)),
            )
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_only_when_fully_installed() {
        let listing = "installed xvfb\nconfig-files imagemagick\nnot-installed lld\n";
        assert_eq!(missing_from(&["xvfb", "imagemagick", "lld", "dbus"], listing), ["imagemagick", "lld", "dbus"]);
    }
}
