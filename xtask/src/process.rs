//! Child processes that never outlive the command that started them.
//!
//! A *foreground* child (cargo, a test runner) shares our process group, so that ctrl-c at the terminal reaches it
//! directly; we wait for it. A *background* child (a relay, a tablet, a virtual screen) leads a process group of its
//! own, which is stopped as a whole when its [`Background`] is dropped, so that what it started goes with it.
//! Signals only set a flag and stop children: the waiting code then fails, and unwinding cleans up as usual.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::failure::{Failure, Outcome};

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CHILDREN: Mutex<Vec<Started>> = Mutex::new(Vec::new());

#[derive(Clone, Copy, PartialEq)]
enum Started {
    Foreground(Pid),
    Group(Pid),
}

/// Stops all children when this process is interrupted or terminated.
pub fn watch_signals() -> Outcome {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        signal_children(Signal::SIGTERM);
        thread::spawn(|| {
            thread::sleep(GRACE + Duration::from_secs(1));
            signal_children(Signal::SIGKILL);
            std::process::exit(130);
        });
    })
    .map_err(|error| Failure::new(format!("signals cannot be watched: {error}")))
}

/// Whether this process was asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

fn signal_children(signal: Signal) {
    for child in CHILDREN.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // A child that has already ended is no error.
        let _ = match child {
            Started::Foreground(pid) => kill(*pid, signal),
            Started::Group(pid) => killpg(*pid, signal),
        };
    }
}

fn register(child: Started) {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner).push(child);
}

fn forget(child: Started) {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != child);
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("process ids fit in pid_t on every Unix"))
}

/// Runs a program in the foreground and fails unless it succeeds.
pub fn succeed(command: &mut Command) -> Outcome {
    let status = finish(command)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` failed ({status})", shown(command)))) }
}

/// Runs a program in the foreground and returns how it ended.
pub fn finish(command: &mut Command) -> Outcome<ExitStatus> {
    let mut child = spawn(command)?;
    let started = Started::Foreground(pid_of(&child));
    register(started);
    let status = child.wait();
    forget(started);
    if interrupted() {
        return Err(Failure::new("interrupted"));
    }
    status.map_err(|error| Failure::new(format!("`{}` could not be waited for: {error}", shown(command))))
}

/// Runs a program in the foreground, hands each line of its output to `line`, and returns how it ended.
pub fn finish_with_lines(command: &mut Command, mut line: impl FnMut(&str)) -> Outcome<ExitStatus> {
    let mut background = Background::start(command.stdout(Stdio::piped()))?;
    let output = background.take_output()?;
    for text in BufReader::new(output).lines().map_while(Result::ok) {
        line(&text);
    }
    background.wait()
}

/// The build tool, for the project's own packages.
///
/// `cargo xtask` told this program about itself in variables such as `CARGO_PKG_NAME`. Some build scripts (ring's) run
/// again when these change, and everything above them is compiled again: so they stop here.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| about_us.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

/// What a quick question printed, or nothing if it could not be asked.
pub fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether `program` is found on the search path.
pub fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A program that runs beside us, with everything it starts, until this value is dropped.
pub struct Background {
    child: Child,
    group: Pid,
    name: String,
}

impl Background {
    /// Starts a program in a process group of its own.
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let child = spawn(command.stdin(Stdio::null()).process_group(0))?;
        let group = pid_of(&child);
        register(Started::Group(group));
        let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { child, group, name })
    }

    /// Reads its output up to the first line that contains `sign`, and keeps the pipe drained from then on.
    pub fn wait_for_line(&mut self, sign: &str) -> Outcome<String> {
        let mut lines = BufReader::new(self.take_output()?).lines();
        let found = lines.by_ref().map_while(Result::ok).find(|line| line.contains(sign));
        thread::spawn(move || lines.for_each(drop));
        found.ok_or_else(|| Failure::new(format!("{} ended before it was ready; its messages are above", self.name)))
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> Outcome<ExitStatus> {
        let status = self.child.wait();
        if interrupted() {
            return Err(Failure::new("interrupted"));
        }
        status.map_err(|error| Failure::new(format!("{} could not be waited for: {error}", self.name)))
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn take_output(&mut self) -> Outcome<impl Read + Send + use<>> {
        self.child.stdout.take().ok_or_else(|| Failure::new(format!("the output of {} is not piped", self.name)))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The group outlives its leader when the leader left children behind, so it is signalled in any case.
        let _ = killpg(self.group, Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while !self.ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = killpg(self.group, Signal::SIGKILL);
        let _ = self.child.wait();
        forget(Started::Group(self.group));
    }
}

fn spawn(command: &mut Command) -> Outcome<Child> {
    command.spawn().map_err(|error| Failure::new(format!("`{}` could not be started: {error}", shown(command))))
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_background_takes_its_children_along() {
        let mut shell =
            Background::start(Command::new("sh").args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped()))
                .unwrap();
        let grandchild = Pid::from_raw(shell.wait_for_line("").unwrap().trim().parse().unwrap());
        assert!(kill(grandchild, None).is_ok());
        drop(shell);
        let deadline = Instant::now() + GRACE;
        while is_running(grandchild) {
            assert!(Instant::now() < deadline, "the grandchild is still running");
            thread::yield_now();
        }
    }

    /// A killed process without a parent may stay as a zombie where nothing reaps it.
    fn is_running(pid: Pid) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn a_failed_program_is_named_with_its_arguments() {
        let failure = succeed(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(failure.to_string().contains("`sh -c exit 3` failed"), "{failure}");
    }
}
