//! Builds the interface: Yew to WebAssembly, bound by the wasm-bindgen of this lock file, laid out in `ui/dist`.
//!
//! `ui/dist` is what the app embeds, so it holds exactly what belongs there: a file that left the sources leaves the
//! folder too, and a file that did not change is not written again, which keeps the app from being rebuilt for nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use wasm_bindgen_cli_support::Bindgen;

use crate::failure::{Failure, Outcome};
use crate::process::{self, succeed};
use crate::project::Project;
use crate::setup::{WasmToolchain, wasm_toolchain};
use crate::step::step;

const TARGET: &str = "wasm32-unknown-unknown";
/// Where the browser side looks for the compiled interface, in `ui/dist`.
const OUT_NAME: &str = "tendenko_ui";
/// The files and folders of `ui/` that go into `ui/dist` as they are.
const STATIC: &[&str] = &["index.html", "boot.js", "styles", "assets"];

/// Builds `ui/dist`, or finds it up to date.
pub fn build(project: &Project) -> Outcome {
    step("Build the interface (WebAssembly)", || {
        compile(project)?;
        lay_out(project)
    })
}

/// A cargo command for the interface's package on the WebAssembly target.
pub fn cargo(project: &Project, subcommand: &str) -> Outcome<Command> {
    let mut command = process::cargo();
    command
        .args([subcommand, "--package", "tendenko-ui", "--target", TARGET, "--target-dir"])
        .arg(project.target("ui"));
    if let WasmToolchain::Debian = wasm_toolchain()? {
        command
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
    }
    Ok(command)
}

fn compile(project: &Project) -> Outcome {
    succeed(&mut cargo(project, "build")?)
}

fn lay_out(project: &Project) -> Outcome {
    let wasm = project.target("ui").join(TARGET).join("debug/tendenko-ui.wasm");
    let dist = project.path("ui/dist");
    let mut sources = BTreeMap::new();
    for name in STATIC {
        collect(&project.path("ui"), Path::new(name), &mut sources)?;
    }
    let stamp_file = project.target("ui/dist.stamp");
    let inputs = stamp(sources.values().chain([&wasm]))?;
    if fs::read_to_string(&stamp_file)
        .is_ok_and(|earlier| earlier == format!("{inputs}{}", listing(&dist).unwrap_or_default()))
    {
        return Ok(());
    }

    let bound = project.target("ui/bound");
    if bound.exists() {
        fs::remove_dir_all(&bound).map_err(Failure::file("empty", &bound))?;
    }
    bind(&wasm, &bound)?;
    let mut contents = BTreeMap::new();
    collect(&bound, Path::new(""), &mut contents)?;
    let contents = contents.into_iter().map(|(name, path)| (Path::new("ui").join(name), path)).chain(sources).collect();
    mirror(&contents, &dist)?;
    fs::write(&stamp_file, format!("{inputs}{}", listing(&dist)?)).map_err(Failure::file("write", &stamp_file))
}

fn bind(wasm: &Path, out: &Path) -> Outcome {
    let failed = |error| Failure::new(format!("wasm-bindgen refused {}: {error:#}", wasm.display()));
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(OUT_NAME).typescript(false);
    bindgen.web(true).map_err(failed)?;
    bindgen.generate(out).map_err(failed)
}

/// Adds the files at and below `root/name` to `found`, by their path relative to `root`.
fn collect(root: &Path, name: &Path, found: &mut BTreeMap<PathBuf, PathBuf>) -> Outcome {
    let path = root.join(name);
    if path.is_file() {
        found.insert(name.to_owned(), path);
    } else if path.is_dir() {
        for entry in fs::read_dir(&path).map_err(Failure::file("read", &path))? {
            let entry = entry.map_err(Failure::file("read", &path))?;
            collect(root, &name.join(entry.file_name()), found)?;
        }
    }
    Ok(())
}

/// Makes `folder` hold exactly `contents`, touching only what differs.
fn mirror(contents: &BTreeMap<PathBuf, PathBuf>, folder: &Path) -> Outcome {
    let mut present = BTreeMap::new();
    collect(folder, Path::new(""), &mut present)?;
    for (name, path) in &present {
        if !contents.contains_key(name) {
            fs::remove_file(path).map_err(Failure::file("remove", path))?;
        }
    }
    for (name, source) in contents {
        let destination = folder.join(name);
        let wanted = fs::read(source).map_err(Failure::file("read", source))?;
        if fs::read(&destination).is_ok_and(|current| current == wanted) {
            continue;
        }
        let parent = destination.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(Failure::file("create", parent))?;
        fs::write(&destination, wanted).map_err(Failure::file("write", &destination))?;
    }
    Ok(())
}

/// Name, length and time of each file: what tells whether any of them changed.
fn stamp<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Outcome<String> {
    let mut text = String::new();
    for path in files {
        let metadata = fs::metadata(path).map_err(Failure::file("read", path))?;
        let changed = metadata.modified().map_err(Failure::file("read", path))?;
        let nanos = changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        text.push_str(&format!("{} {} {nanos}\n", path.display(), metadata.len()));
    }
    Ok(text)
}

fn listing(folder: &Path) -> Outcome<String> {
    let mut files = BTreeMap::new();
    collect(folder, Path::new(""), &mut files)?;
    stamp(files.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_removes_stale_files_and_leaves_equal_ones_alone() {
        let root = std::env::temp_dir().join(format!("tendenko-mirror-{}", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        fs::create_dir_all(from.join("styles")).unwrap();
        fs::create_dir_all(&to).unwrap();
        fs::write(from.join("styles/a.css"), "new").unwrap();
        fs::write(from.join("same.js"), "same").unwrap();
        fs::write(to.join("same.js"), "same").unwrap();
        fs::write(to.join("stale.js"), "old").unwrap();
        let untouched = fs::metadata(to.join("same.js")).unwrap().modified().unwrap();

        let mut contents = BTreeMap::new();
        collect(&from, Path::new(""), &mut contents).unwrap();
        mirror(&contents, &to).unwrap();

        assert!(!to.join("stale.js").exists());
        assert_eq!(fs::read_to_string(to.join("styles/a.css")).unwrap(), "new");
        assert_eq!(fs::metadata(to.join("same.js")).unwrap().modified().unwrap(), untouched);
        fs::remove_dir_all(root).unwrap();
    }
}
