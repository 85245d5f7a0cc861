//! `cargo xtask test`: unit and property tests, drills with real processes, and the real window.

use std::fmt;
use std::fs;
use std::iter;
use std::ops::AddAssign;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::{Args, ValueEnum};

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, finish, finish_with_lines, succeed};
use crate::project::Project;
use crate::step::step;
use crate::{build, setup};

/// Which tests to run.
#[derive(Args)]
pub struct Options {
    /// Only this kind
    #[arg(long)]
    only: Option<Kind>,
}

/// The kinds of tests.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// Unit and property tests beside the code
    Unit,
    /// Whole scenarios with the relay and tablets as processes
    Drill,
    /// The real window, driven by WebDriver on a virtual screen
    Window,
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
struct Counts {
    passed: u32,
    failed: u32,
    /// How many of the passed ones failed once before. Only drills and walks in the window are tried twice (`.config/nextest.toml`): they race
    /// real processes on a machine that may be busy. Such a one is a fault to look into, so it is never silent.
    second_try: u32,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        match self.second_try {
            0 => Ok(()),
            unsteady => write!(formatter, " ({unsteady} only at the second try)"),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.second_try += other.second_try;
    }
}

/// Runs the tests; every kind runs even when an earlier one had failures.
pub fn test(project: &Project, options: &Options) -> Outcome {
    let wanted = |kind| options.only.is_none_or(|only| only == kind);
    let (unit, drill, window) = (wanted(Kind::Unit), wanted(Kind::Drill), wanted(Kind::Window));
    if unit || drill {
        setup::for_testing(project)?;
    }
    if window {
        setup::for_driven_window(project)?;
    }
    build::everything_with_tests(project)?;

    let mut results = Vec::new();
    if unit {
        results.push((
            "unit tests",
            step("Unit and property tests", || nextest(project, "not (package(tendenko-tests) and kind(test))"))?,
        ));
        results.push(("doc tests", step("Examples in the documentation", doc_tests)?));
    }
    if drill {
        results.push(("drills", step("Drills", || nextest(project, "package(tendenko-tests) and kind(test)"))?));
    }
    if window {
        results.push(("window steps", step("The real window", || window_test(project))?));
    }

    let mut total = Counts::default();
    println!();
    for (name, counts) in results {
        println!("{name}: {counts}");
        total += counts;
    }
    println!("{total}");
    if total.failed > 0 { Err(Failure::new("some tests failed; the first messages above say why")) } else { Ok(()) }
}

fn nextest(project: &Project, filter: &str) -> Outcome<Counts> {
    let report = project.target("nextest/default/junit.xml");
    if report.exists() {
        fs::remove_file(&report).map_err(Failure::file("remove", &report))?;
    }
    let status = finish(
        cargo()
            .args(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests", "pass", "--filterset", filter])
            .env("PATH", setup::path_with_tools(project)?),
    )?;
    let report = fs::read_to_string(&report).unwrap_or_default();
    let counts = junit_counts(&report).unwrap_or_default();
    if !status.success() && counts.failed == 0 {
        return Err(Failure::new("the tests could not be run; the messages above say why"));
    }
    Ok(counts)
}

/// The totals in the head of a JUnit report.
fn junit_counts(report: &str) -> Option<Counts> {
    let head = report.split("<testsuites ").nth(1)?.split('>').next()?;
    let number = |name: &str| head.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.parse::<u32>().ok();
    let failed = number("failures")? + number("errors")?;
    let second_try = report.matches("<flakyFailure").count().try_into().ok()?;
    Some(Counts { passed: number("tests")?.checked_sub(failed)?, failed, second_try })
}

fn doc_tests() -> Outcome<Counts> {
    let mut counts = Counts::default();
    let mut command = cargo();
    command.args(["test", "--doc", "--workspace", "--no-fail-fast", "--quiet"]);
    let status = finish_with_lines(&mut command, |line| match libtest_counts(line) {
        Some(found) => counts += found,
        None if line.is_empty() || line == "running 0 tests" => (),
        None => println!("{line}"),
    })?;
    if !status.success() && counts.failed == 0 {
        return Err(Failure::new("the examples could not be compiled; the messages above say why"));
    }
    Ok(counts)
}

/// The counts in libtest's `test result: ok. 3 passed; 0 failed; …`.
fn libtest_counts(line: &str) -> Option<Counts> {
    let mut parts = line.strip_prefix("test result: ")?.split(['.', ';']).skip(1);
    let mut number = |word: &str| parts.next()?.trim().strip_suffix(word)?.trim().parse().ok();
    Some(Counts { passed: number("passed")?, failed: number("failed")?, second_try: 0 })
}

/// A walk through the window, and the folder of its pictures.
struct Walk {
    play: &'static str,
    folder: &'static str,
}

/// The longest first.
const WALKS: [Walk; 4] = [
    Walk { play: "screens", folder: "screens" },
    Walk { play: "test", folder: "window" },
    Walk { play: "chart", folder: "chart" },
    Walk { play: "papers", folder: "papers" },
];

/// Each has a screen, a driver and a region of its own and mostly waits for its window, so two go on at once.
const WALKS_AT_ONCE: usize = 2;

/// A step of a walk stands on the one before: a walk that fails is taken once more, by itself and from a new region. What passed only then is
/// counted as such.
fn window_test(project: &Project) -> Outcome<Counts> {
    let waiting = Mutex::new(WALKS.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let walked = thread::scope(|scope| {
        let walkers: Vec<_> = (0..WALKS_AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    iter::from_fn(next).map(|walk| Ok((walk, walk.take(project)?))).collect::<Outcome<Vec<_>>>()
                })
            })
            .collect();
        walkers
            .into_iter()
            .map(|walker| walker.join().unwrap_or_else(|_| Err(Failure::new("a walk broke off"))))
            .collect::<Outcome<Vec<_>>>()
    })?;
    let mut total = Counts::default();
    for (walk, mut counts) in walked.into_iter().flatten() {
        if counts.failed > 0 {
            println!("once more: real windows and processes race with whatever else the machine does");
            counts = walk.take(project)?;
            counts.second_try = counts.passed;
        }
        total += counts;
    }
    Ok(total)
}

impl Walk {
    /// Takes it, and prints what it said when it is over: another may be on its way.
    fn take(&self, project: &Project) -> Outcome<Counts> {
        let pictures = project.fresh_artefacts(self.folder)?;
        let mut said = vec![format!("{}:", self.play)];
        let mut counts = None;
        let mut command = Command::new(project.program("tendenko-window"));
        command.args([self.play, "--pictures"]).arg(&pictures).env("PATH", setup::path_with_tools(project)?);
        finish_with_lines(&mut command, |line| {
            said.push(line.to_owned());
            counts = window_counts(line).or(counts);
        })?;
        said.push(format!("  screenshots: {}", pictures.display()));
        println!("{}", said.join("\n"));
        counts.ok_or_else(|| Failure::new("a window test ended without a result; the messages above say why"))
    }
}

/// The pictures of the user guide, as the window looks now.
pub fn guide(project: &Project) -> Outcome {
    setup::for_driven_window(project)?;
    build::everything(project)?;
    let mut command = Command::new(project.program("tendenko-window"));
    command.args(["guide", "--out"]).arg(project.path("docs/guide/images"));
    succeed(command.env("PATH", setup::path_with_tools(project)?))
}

/// The counts in the window test's own last line, `7 passed, 0 failed`.
fn window_counts(line: &str) -> Option<Counts> {
    let (passed, failed) = line.split_once(" passed, ")?;
    Some(Counts { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()?, second_try: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_junit_report_is_counted() {
        let report = r#"<?xml version="1.0"?><testsuites name="nextest-run" tests="12" failures="2" errors="1" time="3"><testsuite tests="1"><testcase><flakyFailure/></testcase></testsuite>"#;
        let counts = Counts { passed: 9, failed: 3, second_try: 1 };
        assert_eq!(junit_counts(report), Some(counts));
        assert_eq!(counts.to_string(), "9 passed, 3 failed (1 only at the second try)");
        assert_eq!(junit_counts(""), None);
    }

    #[test]
    fn other_summaries_are_counted() {
        let line = "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(libtest_counts(line), Some(Counts { passed: 3, failed: 1, second_try: 0 }));
        assert_eq!(window_counts("7 passed, 0 failed"), Some(Counts { passed: 7, failed: 0, second_try: 0 }));
        assert_eq!(window_counts("recorded a visit"), None);
    }
}
