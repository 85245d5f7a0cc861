//! Where things are in the checkout.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::failure::{Failure, Outcome};

/// The checkout this command belongs to.
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The project whose `xtask` this is, wherever it was called from.
    pub fn locate() -> Outcome<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .ok_or_else(|| Failure::new("the project's folder was not found; start this as `cargo xtask`"))?
            .to_owned();
        env::set_current_dir(&root).map_err(Failure::file("enter", &root))?;
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |chosen| root.join(chosen));
        fs::create_dir_all(&target).map_err(Failure::file("create", &target))?;
        Ok(Self { root, target })
    }

    /// A path inside the checkout.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A path inside the build folder.
    pub fn target(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.target.join(relative)
    }

    /// A program of this workspace, as the debug build leaves it.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// The demonstration's folder: region, relay and tablets.
    pub fn demo(&self) -> PathBuf {
        self.root.join(".demo")
    }

    /// A folder for screenshots and reports of one command, emptied of what an earlier run left.
    pub fn fresh_artefacts(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.root.join("artefacts").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::file("empty", &folder))?;
        }
        fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
        Ok(folder)
    }
}
