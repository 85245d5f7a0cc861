//! Real programs as child processes: started, spoken to line by line, and always gone at the end.
//!
//! Drills run the relay and the tablets as the separate processes they are in the field, so that `kill -9` means what it
//! means there. A [`Program`] owns its child: dropping it kills the child, whatever the test did before.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a drill waits for something that must happen before it says that it did not.
///
/// Not a measurement: on a busy machine everything takes longer, and nothing in a drill depends on how long.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How long a drill waits for a program's answer: longer than the program itself waits, which knows better what did not happen.
const ANSWER: Duration = Duration::from_secs(120);

/// What can go wrong between a drill and its programs.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program's file is not there: it has to be built first.
    #[error("{0} is not built; `cargo xtask build` makes it")]
    NotBuilt(PathBuf),
    /// The program could not be started or spoken to.
    #[error("{program}: {source}")]
    Io {
        /// Which program.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program ended while something was still expected of it.
    #[error("{0} ended before it answered")]
    Ended(String),
    /// The program did not say what was waited for in time.
    #[error("{program} did not answer within {waited:?}")]
    Silent {
        /// Which program.
        program: String,
        /// How long was waited.
        waited: Duration,
    },
}

/// The folder that holds the built programs: the one this program itself was built into.
pub fn programs_dir() -> PathBuf {
    let me = std::env::current_exe().expect("a running program has a path");
    let dir = me.parent().expect("a program lies in a folder");
    if dir.ends_with("deps") { dir.parent().expect("deps lies in a folder").to_path_buf() } else { dir.to_path_buf() }
}

/// A child process whose standard output is read line by line.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    /// Starts `name` from [`programs_dir`]; its log goes to `log`, or to nowhere.
    pub fn start(name: &str, args: &[&str], log: Option<&Path>) -> Result<Self, ProcessError> {
        Self::start_under(&[], name, args, log, &[])
    }

    /// As [`Program::start`], with extra environment variables.
    pub fn start_with_env(
        name: &str,
        args: &[&str],
        log: Option<&Path>,
        env: &[(&str, &str)],
    ) -> Result<Self, ProcessError> {
        Self::start_under(&[], name, args, log, env)
    }

    /// As [`Program::start_with_env`], by a program that becomes it.
    pub fn start_under(
        launcher: &[&str],
        name: &str,
        args: &[&str],
        log: Option<&Path>,
        env: &[(&str, &str)],
    ) -> Result<Self, ProcessError> {
        let path = programs_dir().join(name);
        if !path.exists() {
            return Err(ProcessError::NotBuilt(path));
        }
        let io = |source| ProcessError::Io { program: name.to_owned(), source };
        let stderr = match log {
            Some(path) => {
                let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
                Stdio::from(file.map_err(io)?)
            }
            None => Stdio::null(),
        };
        let mut command = match launcher.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&path);
                command
            }
            None => Command::new(&path),
        };
        let mut child = command
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(io)?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("standard output was asked for");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { name: name.to_owned(), child, stdin, lines })
    }

    /// Writes one line to the program's standard input.
    pub fn say(&mut self, line: &str) -> Result<(), ProcessError> {
        let stdin = self.stdin.as_mut().ok_or_else(|| ProcessError::Ended(self.name.clone()))?;
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .map_err(|source| ProcessError::Io { program: self.name.clone(), source })
    }

    /// The next line the program prints.
    pub fn hear(&self) -> Result<String, ProcessError> {
        match self.lines.recv_timeout(ANSWER) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Disconnected) => Err(ProcessError::Ended(self.name.clone())),
            Err(RecvTimeoutError::Timeout) => Err(ProcessError::Silent { program: self.name.clone(), waited: ANSWER }),
        }
    }

    /// Every line printed so far and not heard yet; after a kill, every line that got out.
    pub fn heard_so_far(&self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(50)) {
            lines.push(line);
        }
        lines
    }

    /// `kill -9`: no goodbye, no flush, as when a battery falls out.
    pub fn kill(&mut self) {
        // Both fail only if the child is gone already, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.stdin = None;
    }

    /// Asks politely (standard input closes, then SIGTERM) and waits for the end.
    pub fn stop(&mut self) -> Result<std::process::ExitStatus, ProcessError> {
        self.stdin = None;
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        let from = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if from.elapsed() > PATIENCE => {
                    return Err(ProcessError::Silent { program: self.name.clone(), waited: PATIENCE });
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Err(source) => return Err(ProcessError::Io { program: self.name.clone(), source }),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
