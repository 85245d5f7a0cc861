//! The scenarios. Each begins with a fresh copy of the prepared stores and fresh processes, measures one thing, looks at
//! the result by content, and returns named figures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use tendenko_tests::forwarder::{Direction, Link};
use tendenko_workload::{Holding, Size, expected, patients};

use super::contestant::Contestant;
use super::lab::{Lab, Passed};
use super::process::Process;
use super::stores::{Spare, Stores};
use crate::Failure;

/// How long anything may take before it counts as not finished.
const PATIENCE: Duration = Duration::from_secs(600);
/// On the link on which round trips are counted.
const ROUND_TRIP: Duration = Duration::from_millis(200);
/// A link on which nothing was sent for so long is silent.
const SILENCE: Duration = Duration::from_millis(1500);
/// samod writes without telling when it has: so long it is left alone before its process is killed, everyone else too.
const SETTLE: Duration = Duration::from_secs(1);
/// The patient whose medication list is waited for.
const FIRST: usize = 7;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// 50 new records on each tablet; the server is back; all return at once.
    Recovery,
    /// A new tablet with 20 patients.
    Provision20,
    /// A new tablet with all patients.
    ProvisionAll,
    /// Single edits, written on one tablet, readable on another.
    Edits,
    /// A tablet connects and finds nothing.
    Nothing,
    /// A new tablet with 20 patients on a link of 64 kbit/s, 10 % loss and 800 ms.
    Thin,
}

/// Named figures: seconds, bytes, counts, as their names say.
pub type Figures = BTreeMap<String, f64>;

/// Where a scenario is run.
pub struct Place<'a> {
    /// The network.
    pub lab: &'a Lab,
    /// The shaped link of this contestant.
    pub link: usize,
    /// Prepared stores.
    pub stores: &'a Stores,
    /// Size of the workload.
    pub size: Size,
    /// How many single edits.
    pub edits: usize,
    /// How long the thin link is given.
    pub thin_patience: Duration,
}

impl Scenario {
    /// All, in the order in which they are run.
    pub const ALL: [Self; 6] =
        [Self::Recovery, Self::Provision20, Self::ProvisionAll, Self::Edits, Self::Nothing, Self::Thin];

    /// Those that are run with more history, too. On a thin link only the time would grow.
    pub const GROWING: [Self; 4] = [Self::Recovery, Self::Provision20, Self::Edits, Self::Nothing];

    /// As on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Provision20 => "provision-20",
            Self::ProvisionAll => "provision-all",
            Self::Edits => "edits",
            Self::Nothing => "nothing",
            Self::Thin => "thin",
        }
    }

    /// What it measures is above all how many bytes pass.
    pub fn is_about_bytes(self) -> bool {
        matches!(self, Self::Recovery | Self::Provision20 | Self::ProvisionAll | Self::Thin)
    }

    /// Runs it once.
    pub fn run(self, contestant: Contestant, place: &Place<'_>) -> Result<Figures, Failure> {
        let mut stage = Stage::set(contestant, place)?;
        match self {
            Self::Recovery => stage.recovery(),
            Self::Provision20 => stage.provision(Spare::Some),
            Self::ProvisionAll => stage.provision(Spare::All),
            Self::Edits => stage.edits(),
            Self::Nothing => stage.nothing(),
            Self::Thin => stage.thin(),
        }
    }
}

/// A copy of the stores, and what runs over it.
struct Stage<'a> {
    contestant: Contestant,
    place: &'a Place<'a>,
    workload: PathBuf,
    dir: TempDir,
}

impl<'a> Stage<'a> {
    fn set(contestant: Contestant, place: &'a Place<'a>) -> Result<Self, Failure> {
        let workload = place.stores.workload(place.size)?;
        let dir = place.stores.copy(contestant, place.lab, place.size)?;
        Ok(Self { contestant, place, workload, dir })
    }

    fn server(&self, host: &str) -> Result<(Process, String), Failure> {
        let (process, port) = self.contestant.start_server(self.place.lab, self.dir.path(), host)?;
        Ok((process, self.contestant.url(host, port)))
    }

    fn fast_server(&self) -> Result<(Process, String), Failure> {
        self.server(self.place.lab.fast_host())
    }

    fn tablets(&self) -> Result<Process, Failure> {
        self.contestant.start_tablets(self.place.lab, self.dir.path(), &self.workload)
    }

    fn all_tablets(&self) -> Result<Process, Failure> {
        let mut tablets = self.tablets()?;
        let indexes: Vec<usize> = (0..self.place.size.tablets).collect();
        tablets.order(&json!({"do": "open", "tablets": indexes}), PATIENCE)?;
        Ok(tablets)
    }

    fn recovery(&mut self) -> Result<Figures, Failure> {
        let mut tablets = self.all_tablets()?;
        tablets.order(&json!({"do": "write", "set": "outage"}), PATIENCE)?;
        let (mut server, url) = self.fast_server()?;
        let before = Before::take(&server, &tablets, self.place.lab.fast_passed()?)?;
        let answer = tablets.order(&json!({"do": "recover", "url": url, "set": "outage"}), PATIENCE)?;
        self.contestant.durable(&mut server, PATIENCE)?;
        let mut figures = before.until_now(&server, &tablets, self.place.lab.fast_passed()?)?;
        copy_seconds(&mut figures, &answer, &["held", "stored"]);
        self.look_at_tablets(&mut tablets, &["history", "outage"])?;
        std::thread::sleep(SETTLE);
        server.kill();
        tablets.kill();
        self.audit(&mut figures)?;
        Ok(figures)
    }

    /// After `kill -9` of everything: what do the tablets hold, and what does the server give to a new one?
    fn audit(&self, figures: &mut Figures) -> Result<(), Failure> {
        let mut tablets = self.all_tablets()?;
        let lost = self.missing_on_tablets(&mut tablets, &["history", "outage"])?;
        figures.insert("lost_on_tablets".to_owned(), lost);
        tablets.kill();
        let (_server, url) = self.fast_server()?;
        let mut tablets = self.tablets()?;
        let audit = Spare::Audit.tablet(self.place.size);
        let patience = Duration::from_secs(180);
        let order = self.provision_order(Spare::Audit, &url, &["history", "outage"], patience);
        // What was lost never arrives: then the digest says how much.
        tablets.order(&order, PATIENCE)?;
        let found = tablets.order(&json!({"do": "digest"}), PATIENCE)?;
        let all = expected(&self.workload, &["history", "outage"], |_| true)?;
        let lost = difference(&all, &found["tablets"][audit.to_string()]);
        figures.insert("lost_on_server".to_owned(), lost);
        Ok(())
    }

    fn look_at_tablets(&self, tablets: &mut Process, sets: &[&str]) -> Result<(), Failure> {
        let missing = self.missing_on_tablets(tablets, sets)?;
        if missing == 0.0 { Ok(()) } else { Err(format!("{missing} records are not what was written").into()) }
    }

    fn missing_on_tablets(&self, tablets: &mut Process, sets: &[&str]) -> Result<f64, Failure> {
        let found = tablets.order(&json!({"do": "digest"}), PATIENCE)?;
        let patients = patients(&self.workload)?;
        let mut missing = 0.0;
        for index in 0..self.place.size.tablets {
            let all = expected(&self.workload, sets, |patient| patients[patient].tablets.contains(&index))?;
            missing += difference(&all, &found["tablets"][index.to_string()]);
        }
        Ok(missing)
    }

    fn provision_order(&self, spare: Spare, url: &str, sets: &[&str], patience: Duration) -> Value {
        let size = self.place.size;
        json!({
            "do": "provision", "tablet": spare.tablet(size), "patients": spare.patients(size), "url": url, "first": FIRST,
            "sets": sets, "patience": patience.as_secs_f64(),
        })
    }

    fn provision(&mut self, spare: Spare) -> Result<Figures, Failure> {
        let (server, url) = self.fast_server()?;
        let mut tablets = self.tablets()?;
        let before = Before::take(&server, &tablets, self.place.lab.fast_passed()?)?;
        let order = self.provision_order(spare, &url, &["history"], PATIENCE);
        let answer = tablets.order(&order, 2 * PATIENCE)?;
        let mut figures = before.until_now(&server, &tablets, self.place.lab.fast_passed()?)?;
        copy_seconds(&mut figures, &answer, &["card", "usable", "held", "stored"]);
        if self.contestant.is_ours() {
            // Nobody waits for the records that prove a checkpoint, but they are paid for.
            tablets.order(&json!({"do": "settle"}), PATIENCE)?;
            let proven = before.until_now(&server, &tablets, self.place.lab.fast_passed()?)?;
            figures.insert("proven".to_owned(), proven["total"]);
            figures.insert("proven_bytes".to_owned(), proven["up_bytes"] + proven["down_bytes"]);
            figures.insert("proven_cpu".to_owned(), proven["tablets_cpu"]);
        }
        let found = tablets.order(&json!({"do": "digest"}), PATIENCE)?;
        let chosen = spare.patients(self.place.size);
        let all = expected(&self.workload, &["history"], |patient| chosen.contains(&patient))?;
        let wrong = difference(&all, &found["tablets"][spare.tablet(self.place.size).to_string()]);
        if wrong == 0.0 { Ok(figures) } else { Err(format!("{wrong} records are not what was written").into()) }
    }

    fn edits(&mut self) -> Result<Figures, Failure> {
        let mut tablets = self.all_tablets()?;
        let (server, url) = self.fast_server()?;
        tablets.order(&json!({"do": "nothing", "url": url}), PATIENCE)?;
        std::thread::sleep(3 * SETTLE);
        // The first ones warm compilers and caches up, and are not counted.
        let warm = self.place.edits / 10;
        let before = Before::take(&server, &tablets, self.place.lab.fast_passed()?)?;
        let answer = tablets.order(&json!({"do": "edits", "count": self.place.edits}), PATIENCE)?;
        let mut figures = before.until_now(&server, &tablets, self.place.lab.fast_passed()?)?;
        let seconds = answer["seconds"].as_array().ok_or("no seconds")?;
        let mut seconds: Vec<f64> = seconds.iter().skip(warm).filter_map(Value::as_f64).collect();
        seconds.sort_by(f64::total_cmp);
        figures.insert("median".to_owned(), quantile(&seconds, 0.5));
        figures.insert("p99".to_owned(), quantile(&seconds, 0.99));
        Ok(figures)
    }

    fn nothing(&mut self) -> Result<Figures, Failure> {
        let link = self.place.lab.shaped(self.place.link);
        let far = Direction { delay: ROUND_TRIP / 2, ..Direction::clear() };
        link.set(&Link::both(far));
        let (server, url) = self.server(&link.host())?;
        let mut tablets = self.tablets()?;
        tablets.order(&json!({"do": "open", "tablets": [0]}), PATIENCE)?;
        let before = Before::take(&server, &tablets, link.passed())?;
        let begin = Instant::now();
        let answer = tablets.order(&json!({"do": "nothing", "url": url}), PATIENCE)?;
        let last = link.until_silent(SILENCE, Duration::from_secs(20));
        let mut figures = before.until_now(&server, &tablets, link.passed())?;
        copy_seconds(&mut figures, &answer, &["held"]);
        let silent = last.saturating_duration_since(begin).as_secs_f64();
        figures.insert("round_trips".to_owned(), (silent / ROUND_TRIP.as_secs_f64()).ceil());
        link.set(&Link::clear());
        Ok(figures)
    }

    fn thin(&mut self) -> Result<Figures, Failure> {
        let link = self.place.lab.shaped(self.place.link);
        link.set(&Link::thin());
        let (server, url) = self.server(&link.host())?;
        let mut tablets = self.tablets()?;
        let before = Before::take(&server, &tablets, link.passed())?;
        let patience = self.place.thin_patience;
        let answer = tablets.order(&self.provision_order(Spare::Thin, &url, &["history"], patience), 2 * patience)?;
        let mut figures = before.until_now(&server, &tablets, link.passed())?;
        link.set(&Link::clear());
        copy_seconds(&mut figures, &answer, &["card", "usable", "held", "stored"]);
        if !figures.contains_key("held") {
            figures.insert("unfinished_after".to_owned(), patience.as_secs_f64());
        }
        Ok(figures)
    }
}

/// What was used before a measurement.
struct Before {
    at: Instant,
    server: f64,
    tablets: f64,
    passed: Passed,
}

impl Before {
    fn take(server: &Process, tablets: &Process, passed: Passed) -> Result<Self, Failure> {
        Ok(Self { at: Instant::now(), server: server.cpu()?, tablets: tablets.cpu()?, passed })
    }

    fn until_now(&self, server: &Process, tablets: &Process, passed: Passed) -> Result<Figures, Failure> {
        let total = self.at.elapsed().as_secs_f64();
        let passed = passed.since(self.passed);
        let mut figures = Figures::new();
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("total", total);
        put("server_cpu", server.cpu()? - self.server);
        put("tablets_cpu", tablets.cpu()? - self.tablets);
        #[allow(clippy::cast_precision_loss)]
        for (name, value) in [
            ("server_memory", server.peak_memory()?),
            ("tablets_memory", tablets.peak_memory()?),
            ("up_bytes", passed.up),
            ("down_bytes", passed.down),
            ("up_packets", passed.up_packets),
            ("down_packets", passed.down_packets),
        ] {
            put(name, value as f64);
        }
        Ok(figures)
    }
}

fn copy_seconds(figures: &mut Figures, answer: &Value, names: &[&str]) {
    for name in names {
        if let Some(seconds) = answer[name].as_f64() {
            figures.insert((*name).to_owned(), seconds);
        }
    }
}

/// How many records are missing or too many; at least one if the digest differs.
#[allow(clippy::cast_precision_loss)]
fn difference(all: &Holding, found: &Value) -> f64 {
    let Ok(found) = serde_json::from_value::<Holding>(found.clone()) else { return all.count as f64 };
    if found == *all { 0.0 } else { (all.count.abs_diff(found.count)).max(1) as f64 }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let place = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
