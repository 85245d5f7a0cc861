//! A disk of a few megabytes under the folder of a tablet or a relay: storage that can really be full.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SIZE: &str = "size=16m";

/// A small file system in memory, mounted over a folder for as long as this value lives.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it over `folder`, with what is in the folder on it. `None` where this user may not mount anything.
    pub fn under(folder: &Path) -> io::Result<Option<Self>> {
        let aside = folder.with_extension("aside");
        run(Command::new("cp").arg("-a").arg(folder).arg(&aside))?;
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(folder)).is_ok();
        let disk = mounted.then(|| Self(folder.to_owned()));
        if mounted {
            run(Command::new("cp").arg("-a").arg(aside.join(".")).arg(folder))?;
        }
        std::fs::remove_dir_all(aside)?;
        Ok(disk)
    }

    /// Fills it to the last byte.
    pub fn fill(&self) -> io::Result<()> {
        let mut filler = std::fs::File::create(self.filler())?;
        for piece in [1 << 16, 1 << 10, 1] {
            let piece = vec![0; piece];
            while filler.write_all(&piece).is_ok() {}
        }
        Ok(())
    }

    /// Makes room again.
    pub fn make_room(&self) -> io::Result<()> {
        std::fs::remove_file(self.filler())
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open there keeps it until it is closed.
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {status}"))) }
}
