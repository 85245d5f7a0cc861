//! Results: every single run as JSON, and a table of medians for the terminal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;
use serde_json::{Value, json};
use tendenko_workload::Size;

use super::contestant::Contestant;
use super::scenario::{Figures, Scenario};
use crate::Failure;

/// All results of a run of the comparison.
pub struct Report {
    machine: Value,
    versions: BTreeMap<&'static str, Value>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    contestant: &'static str,
    scenario: Scenario,
    size: Size,
    run: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    figures: Figures,
}

/// Median, least and greatest.
struct Summary {
    median: f64,
    least: f64,
    most: f64,
    runs: usize,
}

impl Report {
    /// Before the first result: what machine, which versions.
    pub fn begin(present: &[Contestant]) -> Result<Self, Failure> {
        let versions = present.iter().map(|c| Ok((c.name(), c.versions()?))).collect::<Result<_, Failure>>()?;
        Ok(Self { machine: machine(), versions, rows: Vec::new() })
    }

    /// One run's result.
    pub fn add(
        &mut self,
        contestant: Contestant,
        scenario: Scenario,
        size: Size,
        run: usize,
        result: Result<Figures, Failure>,
    ) {
        let (figures, failed) = match result {
            Ok(figures) => (figures, None),
            Err(why) => {
                eprintln!("  {} {}: {why}", contestant.name(), scenario.name());
                (Figures::new(), Some(why.to_string()))
            }
        };
        self.rows.push(Row { contestant: contestant.name(), scenario, size, run, failed, figures });
    }

    /// Prints the table of one scenario.
    pub fn print(&self, scenario: Scenario, size: Size) {
        println!("\n{} ({} tablets, history × {})", scenario.name(), size.tablets, size.growth);
        let columns = columns(scenario);
        let mut line = format!("  {:<16}", "");
        for (title, ..) in columns {
            line += &format!("{title:>22}");
        }
        println!("{line}");
        for name in self.versions.keys() {
            let mut line = format!("  {name:<16}");
            for (_, figure, unit) in columns {
                line += &format!(
                    "{:>22}",
                    self.summary(name, scenario, size, figure).map_or("–".to_owned(), |s| unit.show(&s))
                );
            }
            println!("{line}");
        }
    }

    /// Writes everything so far.
    pub fn write(&self, out: &Path) -> Result<(), Failure> {
        fs::create_dir_all(out)?;
        let all = json!({"machine": self.machine, "versions": self.versions, "rows": self.rows});
        Ok(fs::write(out.join("peers.json"), serde_json::to_vec_pretty(&all)?)?)
    }

    fn summary(&self, contestant: &str, scenario: Scenario, size: Size, figure: &str) -> Option<Summary> {
        let rows = self.rows.iter().filter(|row| {
            row.contestant == contestant && row.scenario == scenario && row.size == size && row.failed.is_none()
        });
        let mut values: Vec<f64> = rows.filter_map(|row| value(&row.figures, figure)).collect();
        values.sort_by(f64::total_cmp);
        Some(Summary {
            median: *values.get(values.len() / 2)?,
            least: *values.first()?,
            most: *values.last()?,
            runs: values.len(),
        })
    }
}

/// A figure by its name, or the sum of several.
fn value(figures: &Figures, name: &str) -> Option<f64> {
    name.split('+').map(|part| figures.get(part)).sum()
}

/// How figures are shown.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
    Megabytes,
    Bytes,
    Count,
}

impl Unit {
    fn show(self, summary: &Summary) -> String {
        let (scale, digits, unit) = match self {
            Self::Seconds => (1.0, 2, "s"),
            Self::Milliseconds => (1e3, 2, "ms"),
            Self::Megabytes => (1e-6, 2, "MB"),
            Self::Bytes => (1.0, 0, "B"),
            Self::Count => (1.0, 0, ""),
        };
        let shown = |value: f64| format!("{:.*}", digits, value * scale);
        if summary.runs < 2 {
            return format!("{} {unit}", shown(summary.median));
        }
        format!("{} ({}–{}) {unit}", shown(summary.median), shown(summary.least), shown(summary.most))
    }
}

type Column = (&'static str, &'static str, Unit);

fn columns(scenario: Scenario) -> &'static [Column] {
    match scenario {
        Scenario::Recovery => &[
            ("tablets have all", "held", Unit::Seconds),
            ("… and server's disk", "total", Unit::Seconds),
            ("wire", "up_bytes+down_bytes", Unit::Megabytes),
            ("server CPU", "server_cpu", Unit::Seconds),
            ("tablets CPU", "tablets_cpu", Unit::Seconds),
            ("server memory", "server_memory", Unit::Megabytes),
            ("tablets memory", "tablets_memory", Unit::Megabytes),
            ("lost (kill -9) tablets", "lost_on_tablets", Unit::Count),
            ("lost server", "lost_on_server", Unit::Count),
        ],
        Scenario::Provision20 | Scenario::ProvisionAll => &[
            ("first card", "card", Unit::Seconds),
            ("all cards", "usable", Unit::Seconds),
            ("everything", "held", Unit::Seconds),
            ("… on disk", "stored", Unit::Seconds),
            ("wire", "up_bytes+down_bytes", Unit::Megabytes),
            ("server CPU", "server_cpu", Unit::Seconds),
            ("tablet CPU", "tablets_cpu", Unit::Seconds),
        ],
        Scenario::Edits => &[
            ("median", "median", Unit::Milliseconds),
            ("p99", "p99", Unit::Milliseconds),
            ("wire", "up_bytes+down_bytes", Unit::Megabytes),
            ("server CPU", "server_cpu", Unit::Seconds),
            ("tablets CPU", "tablets_cpu", Unit::Seconds),
        ],
        Scenario::Nothing => &[
            ("up", "up_bytes", Unit::Bytes),
            ("down", "down_bytes", Unit::Bytes),
            ("packets", "up_packets+down_packets", Unit::Count),
            ("round trips", "round_trips", Unit::Count),
            ("its own word", "held", Unit::Seconds),
        ],
        Scenario::Thin => &[
            ("first card", "card", Unit::Seconds),
            ("all cards", "usable", Unit::Seconds),
            ("everything", "held", Unit::Seconds),
            ("wire", "up_bytes+down_bytes", Unit::Megabytes),
            ("not finished after", "unfinished_after", Unit::Seconds),
        ],
    }
}

fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let first = |text: String, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let output = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    json!({
        "processor": first(read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": first(read("/proc/meminfo"), "MemTotal"),
        "kernel": output("uname", "-sr"),
        "rustc": output("rustc", "--version"),
        "load_before": read("/proc/loadavg").trim(),
    })
}
