//! A contestant's program: spoken to line by line, measured from `/proc`, killed at the end.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Failure;

/// The kernel counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;

/// A running program.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a program. What it writes to standard error goes to a file.
    pub fn start(mut command: Command, name: &str, log: &Path) -> Result<Self, Failure> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|why| format!("{name} could not be started: {why}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Ok(Self { name: name.to_owned(), child, stdin, lines })
    }

    /// Waits for a line that satisfies a condition; others are passed over.
    pub fn hear<T>(&mut self, patience: Duration, wanted: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        let deadline = Instant::now() + patience;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("{}: no answer within {} s", self.name, patience.as_secs()).into());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let how = self.child.wait().map_or_else(|why| why.to_string(), |status| status.to_string());
                    return Err(format!("{} ended: {how}", self.name).into());
                }
            }
        }
    }

    /// Gives an order and waits for its answer.
    pub fn order(&mut self, order: &Value, patience: Duration) -> Result<Value, Failure> {
        self.begin(order)?;
        self.answer(patience)
    }

    /// Gives an order.
    pub fn begin(&mut self, order: &Value) -> Result<(), Failure> {
        let stdin = self.stdin.as_mut().ok_or("standard input is closed")?;
        writeln!(stdin, "{order}").and_then(|()| stdin.flush()).map_err(|why| format!("{}: {why}", self.name).into())
    }

    /// Waits for the answer to an order.
    pub fn answer(&mut self, patience: Duration) -> Result<Value, Failure> {
        let answer = self.hear(patience, |line| {
            serde_json::from_str::<Value>(line).ok().filter(|answer| answer["ok"].is_boolean())
        })?;
        if answer["ok"] == true { Ok(answer) } else { Err(format!("{}: {}", self.name, answer["error"]).into()) }
    }

    /// Processor seconds used so far, all threads, user and system.
    pub fn cpu(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after = stat.rsplit_once(')').ok_or("unreadable /proc")?.1;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).ok_or("unreadable /proc");
        Ok((ticks(11)? + ticks(12)?) / TICKS)
    }

    /// Most memory it ever held, in bytes.
    pub fn peak_memory(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("unreadable /proc")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kibibytes * 1024)
    }

    /// Asks a program to end and waits until it has.
    pub fn stop(mut self, patience: Duration) -> Result<(), Failure> {
        self.begin(&serde_json::json!({"do": "stop"}))?;
        let answered = self.answer(patience);
        self.stdin = None;
        self.wait(patience);
        answered.map(drop)
    }

    /// SIGTERM, and waits until it has ended.
    pub fn terminate(mut self, patience: Duration) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        self.wait(patience);
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(self) {
        drop(self);
    }

    fn wait(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
