//! Results: every single run as JSON, and tables of medians for the terminal and for the page.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tendenko_workload::Size;

use super::contestant::Contestant;
use super::scenario::{Figures, Scenario};
use crate::Failure;

/// Name of the file that a report is written to.
pub const FILE: &str = "peers.json";

/// All results of a run of the comparison.
#[derive(Serialize, Deserialize)]
pub struct Report {
    /// When the newest part of it began.
    pub begun: String,
    /// On what.
    pub machine: Value,
    /// What was compared, by contestant.
    pub versions: BTreeMap<String, Value>,
    /// Every single run.
    rows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    contestant: String,
    scenario: Scenario,
    size: Size,
    run: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    figures: Figures,
    /// When the measuring that this is part of began. All that stands in one table was measured together.
    begun: String,
}

/// Median, least and greatest.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    /// Median.
    pub median: f64,
    /// Least.
    pub least: f64,
    /// Greatest.
    pub most: f64,
    /// How many runs it is of.
    pub runs: usize,
}

impl Report {
    /// Before the first result: what machine, which versions. `before`: what was measured earlier and is added to.
    pub fn begin(present: &[Contestant], before: Option<Self>) -> Result<Self, Failure> {
        let (mut versions, rows) = before.map(|before| (before.versions, before.rows)).unwrap_or_default();
        for contestant in present {
            versions.insert(contestant.name().to_owned(), contestant.versions()?);
        }
        let begun = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string();
        Ok(Self { begun, machine: machine(), versions, rows })
    }

    /// One run's result. It takes the place of what was measured of this earlier, of all contestants.
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
        self.rows.retain(|row| row.begun == self.begun || row.scenario != scenario || row.size != size);
        let (contestant, begun) = (contestant.name().to_owned(), self.begun.clone());
        self.rows.push(Row { contestant, scenario, size, run, failed, figures, begun });
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
        for name in self.contestants(scenario, size) {
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
        Ok(fs::write(out.join(FILE), serde_json::to_vec_pretty(self)?)?)
    }

    /// Reads what a run has written.
    pub fn read(from: &Path) -> Result<Self, Failure> {
        Ok(serde_json::from_slice(&fs::read(from.join(FILE))?)?)
    }

    /// Who took part, ours first.
    pub fn contestants(&self, scenario: Scenario, size: Size) -> Vec<&'static str> {
        let took_part = |name: &&str| {
            self.rows.iter().any(|row| row.contestant == *name && row.scenario == scenario && row.size == size)
        };
        Contestant::ALL.into_iter().map(Contestant::name).filter(took_part).collect()
    }

    /// Runs of this that did not come to their end, and why.
    pub fn failures(&self, scenario: Scenario, size: Size) -> Vec<(&str, &str)> {
        let rows = self.rows.iter().filter(|row| row.scenario == scenario && row.size == size);
        rows.filter_map(|row| Some((row.contestant.as_str(), row.failed.as_deref()?))).collect()
    }

    /// When this was measured, where that was earlier than the newest part.
    pub fn earlier(&self, scenario: Scenario, size: Size) -> Option<&str> {
        let row = self.rows.iter().find(|row| row.scenario == scenario && row.size == size)?;
        (row.begun != self.begun).then_some(row.begun.as_str())
    }

    /// Whether anything was run at this size.
    pub fn has(&self, size: Size) -> bool {
        self.rows.iter().any(|row| row.size == size)
    }

    /// One figure of one contestant over all runs; `None` if it has none.
    pub fn summary(&self, contestant: &str, scenario: Scenario, size: Size, figure: &str) -> Option<Summary> {
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
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Seconds, shown as thousandths.
    Milliseconds,
    /// Bytes, shown as millions.
    Megabytes,
    /// Bytes.
    Bytes,
    /// A number of something.
    Count,
}

impl Unit {
    /// Factor, decimal places and name.
    pub fn scale(self) -> (f64, usize, &'static str) {
        match self {
            Self::Seconds => (1.0, 2, "s"),
            Self::Milliseconds => (1e3, 2, "ms"),
            Self::Megabytes => (1e-6, 2, "MB"),
            Self::Bytes => (1.0, 0, "B"),
            Self::Count => (1.0, 0, ""),
        }
    }

    /// Median, least and greatest.
    pub fn show(self, summary: &Summary) -> String {
        let (scale, digits, unit) = self.scale();
        let shown = |value: f64| format!("{:.*}", digits, value * scale);
        if summary.runs < 2 {
            return format!("{} {unit}", shown(summary.median));
        }
        format!("{} ({}–{}) {unit}", shown(summary.median), shown(summary.least), shown(summary.most))
    }
}

/// Title, figure, unit.
pub type Column = (&'static str, &'static str, Unit);

/// What is shown of a scenario.
pub fn columns(scenario: Scenario) -> &'static [Column] {
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
            ("proven", "proven", Unit::Seconds),
            ("wire by then", "proven_bytes", Unit::Megabytes),
            ("tablet CPU by then", "proven_cpu", Unit::Seconds),
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
