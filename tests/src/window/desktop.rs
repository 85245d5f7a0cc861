//! A virtual screen with the driver for the app's window. All of it ends when it is dropped: screen and driver each lead
//! a process group, so that a message bus, a browser engine or an app that hangs goes with them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Page, WindowError};
use crate::process::{PATIENCE, ProcessError, programs_dir};

/// The size the screens are made for, lying on its side.
pub const LANDSCAPE: (u32, u32) = (1280, 800);
/// A tablet held upright.
pub const PORTRAIT: (u32, u32) = (768, 1024);
/// A telephone.
pub const TELEPHONE: (u32, u32) = (400, 800);
/// As wide and as high as any of these.
pub const SCREEN: (u32, u32) = (1280, 1024);

/// Lines of the log that are shown when something went wrong.
const LAST_WORDS: usize = 40;
/// Pictures taken at most while waiting for the screen to stand still.
const STILLS: usize = 20;

/// A screen nobody sees, and the driver that opens the app on it.
pub struct Desktop {
    /// Stopped in this order: the driver first, then the screen it draws on.
    _driver: Stopped,
    _screen: Stopped,
    display: String,
    port: u16,
    log: PathBuf,
}

impl Desktop {
    /// Starts a screen of `size` and a driver whose app will work in `tablet`. Logs and the browser engine's own files
    /// go to `scratch`.
    pub fn start(size: (u32, u32), tablet: &Path, scratch: &Path) -> Result<Self, WindowError> {
        std::fs::create_dir_all(scratch).map_err(|source| WindowError::File { path: scratch.to_owned(), source })?;
        let (screen, display) = start_screen(size, scratch)?;
        let (port, native_port) = (free_port()?, free_port()?);
        let driver = Command::new("dbus-run-session")
            .args(["--", "tauri-driver", "--port", &port.to_string(), "--native-port", &native_port.to_string()])
            .env("DISPLAY", &display)
            .env("TENDENKO_DIR", tablet)
            .env("TENDENKO_LOG", "warn,tendenko=debug")
            .env("XDG_DATA_HOME", scratch.join("data"))
            .env("XDG_CACHE_HOME", scratch.join("cache"))
            // No folder for documents: what the app saves stays in its own.
            .env("XDG_CONFIG_HOME", scratch.join("config"))
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log(scratch, "driver.log")?)
            .stderr(log(scratch, "app.log")?)
            .spawn()
            .map_err(|source| WindowError::Tool { program: "dbus-run-session", source })?;
        let desktop =
            Self { _driver: Stopped(driver), _screen: Stopped(screen), display, port, log: scratch.join("app.log") };
        // tauri-driver passes everything on to WebKit's own driver, which is up a little later.
        await_port(native_port)?;
        await_port(port)?;
        Ok(desktop)
    }

    /// Opens the app's window and waits for its page.
    pub async fn open_app(&self) -> Result<Page, WindowError> {
        let app = programs_dir().join("tendenko");
        if !app.exists() {
            return Err(ProcessError::NotBuilt(app).into());
        }
        self.open(&app).await
    }

    /// Opens the window of another program of the same kind.
    pub async fn open(&self, app: &Path) -> Result<Page, WindowError> {
        Page::open(self.port, app).await
    }

    /// Opens the app's window again after it was killed, as soon as the driver has noticed that.
    pub async fn open_killed_app(&self) -> Result<Page, WindowError> {
        let from = Instant::now();
        loop {
            match self.open_app().await {
                Err(WindowError::NoWindow(_)) if from.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                opened => return opened,
            }
        }
    }

    /// Kills the app that works in this folder, as the system does when memory is short. The page of it is no more.
    pub fn kill_app(&self, tablet: &Path) -> Result<(), WindowError> {
        let app = processes(tablet)?.into_iter().find(|process| named(process) == "tendenko");
        let process = app.ok_or_else(|| WindowError::Unwanted("no app to be killed".to_owned()))?;
        let killed = Command::new("kill").arg("-KILL").args(process.file_name()).status();
        killed.map_err(|source| WindowError::Tool { program: "kill", source })?;
        let from = Instant::now();
        while process.join("exe").exists() && from.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Megabytes that the app and its web view use: what they share is divided among those who share it.
    pub fn memory(&self, tablet: &Path) -> Result<f64, WindowError> {
        let mut kib = 0.0;
        for process in processes(tablet)? {
            if !["tendenko", "empty_window", "WebKitWebProcess", "WebKitNetworkProcess"]
                .contains(&named(&process).as_str())
            {
                continue;
            }
            let path = process.join("smaps_rollup");
            let sizes = std::fs::read_to_string(&path).map_err(|source| WindowError::File { path, source })?;
            let own = sizes
                .lines()
                .find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
            kib += own.unwrap_or_default();
        }
        Ok(kib / 1024.0)
    }

    /// The last lines that the app and its driver wrote.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
    }

    /// Keeps a picture of the whole screen, once it stands still.
    pub fn picture(&self, path: &Path) -> Result<(), WindowError> {
        let mut before = Vec::new();
        for _ in 0..STILLS {
            self.import(path, &[])?;
            let now = std::fs::read(path).map_err(|source| WindowError::File { path: path.to_owned(), source })?;
            if now == before {
                break;
            }
            before = now;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Keeps a picture for a page of text: three quarters of the size, few colours.
    pub fn small_picture(&self, path: &Path) -> Result<(), WindowError> {
        self.picture(path)?;
        self.import(path, &["-resize", "75%", "-colors", "96", "-depth", "8"])
    }

    fn import(&self, path: &Path, more: &[&str]) -> Result<(), WindowError> {
        let tool = |source| WindowError::Tool { program: "import", source };
        let status = Command::new("import")
            // Without its date, so that two pictures of the same screen are the same bytes.
            .args(["-display", &self.display, "-window", "root", "-define", "png:exclude-chunks=date,time"])
            .args(more)
            .arg(path)
            .stdin(Stdio::null())
            .status()
            .map_err(tool)?;
        if status.success() { Ok(()) } else { Err(tool(std::io::Error::other(status.to_string()))) }
    }
}

/// The processes that work in a tablet's folder, as their folders in `/proc`.
fn processes(tablet: &Path) -> Result<Vec<PathBuf>, WindowError> {
    let folder = format!("TENDENKO_DIR={}", tablet.display());
    let all = std::fs::read_dir("/proc").map_err(|source| WindowError::File { path: "/proc".into(), source })?;
    let works_there = |process: &PathBuf| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == folder.as_bytes())
    };
    Ok(all.flatten().map(|process| process.path()).filter(works_there).collect())
}

/// The name of a process's program.
fn named(process: &Path) -> String {
    let exe = std::fs::read_link(process.join("exe")).unwrap_or_default();
    exe.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Xvfb chooses a free display by itself and says which.
fn start_screen((width, height): (u32, u32), scratch: &Path) -> Result<(Child, String), WindowError> {
    let mut screen = Command::new("Xvfb")
        .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{height}x24")])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log(scratch, "screen.log")?)
        .spawn()
        .map_err(|source| WindowError::Tool { program: "Xvfb", source })?;
    let mut number = String::new();
    let output = screen.stdout.take().ok_or(WindowError::NoScreen)?;
    let read = BufReader::new(output).read_line(&mut number);
    if !matches!(read, Ok(length) if length > 1) {
        drop(Stopped(screen));
        return Err(WindowError::NoScreen);
    }
    Ok((screen, format!(":{}", number.trim())))
}

fn await_port(port: u16) -> Result<(), WindowError> {
    let from = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if from.elapsed() > PATIENCE {
            return Err(WindowError::NoDriver(PATIENCE));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn free_port() -> Result<u16, WindowError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| WindowError::Tool { program: "the loopback network", source })
}

fn log(scratch: &Path, name: &str) -> Result<File, WindowError> {
    let path: PathBuf = scratch.join(name);
    File::create(&path).map_err(|source| WindowError::File { path, source })
}

/// A process group that is asked to end, and then made to.
struct Stopped(Child);

impl Stopped {
    fn signal(&self, signal: &str) {
        // It fails only if nothing of the group is left.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-TERM");
        let from = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && from.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.signal("-KILL");
        let _ = self.0.wait();
    }
}
