//! `cargo xtask run`: from a bare checkout to the nurse's window, with a relay and two colleagues beside it.

use std::env;
use std::process::Command;

use clap::Args;

use crate::demo;
use crate::failure::{Failure, Outcome};
use crate::process::Background;
use crate::project::Project;
use crate::{build, setup};

/// How to run the demonstration.
#[derive(Args)]
pub struct Options {
    /// Throw the demonstration's data away and start afresh
    #[arg(long)]
    reset: bool,
    /// Use a virtual screen even where there is a display: take the tour, keep the pictures, and end
    #[arg(long)]
    no_window: bool,
}

/// Sets up, builds, prepares, and opens the window, real or virtual.
pub fn run(project: &Project, options: &Options) -> Outcome {
    let _claim = demo::claim(project)?;
    let display =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let virtual_screen = options.no_window || !display;
    if virtual_screen {
        setup::for_driven_window(project)?;
    } else {
        setup::for_building(project)?;
    }
    build::everything(project)?;
    demo::prepare(project, options.reset)?;
    let _neighbours = demo::start_neighbours(project)?;
    if virtual_screen { tour(project) } else { window(project) }
}

/// The nurse's tablet as a window on this desktop, until it is closed.
fn window(project: &Project) -> Outcome {
    println!(
        "▸ The nurse's window is open; close it (or press ctrl-c) to end. The data stay in {}",
        project.demo().display()
    );
    let status = Background::start(
        Command::new(project.program("tendenko")).env("TENDENKO_DIR", project.demo().join("tablets/nurse")),
    )?
    .wait()?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("the window ended with an error ({status})"))) }
}

/// The same window on a virtual screen, driven from outside.
fn tour(project: &Project) -> Outcome {
    println!("▸ No display here: the same window on a virtual screen");
    let pictures = project.fresh_artefacts("run")?;
    let status = Background::start(
        Command::new(project.program("tendenko-window"))
            .args(["tour", "--demo"])
            .arg(project.demo())
            .arg("--pictures")
            .arg(&pictures)
            .env("PATH", setup::path_with_tools(project)?),
    )?
    .wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("the tour did not reach its end ({status}); pictures: {}", pictures.display())))
    }
}
