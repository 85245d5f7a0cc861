//! The comparison: the same workload through Tendenko's own sync and through other sync engines, on the same machine, in the same
//! run, taking turns (A B A B …) so that what else the machine does falls on all alike.
//!
//! | room | concern |
//! |---|---|
//! | [`lab`] | the network: namespaces, a fast link, links as bad as they are told to be |
//! | [`contestant`] | who takes part, how each is installed, started, addressed |
//! | [`process`] | a running program: orders, processor time, memory |
//! | [`stores`] | the history, made once and copied for each run |
//! | [`scenario`] | what is measured |
//! | [`report`] | results as JSON and as a table |

mod contestant;
mod lab;
mod process;
pub mod report;
pub mod scenario;
mod stores;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use contestant::Contestant;
use lab::Lab;
use report::Report;
use scenario::{Place, Scenario};
use stores::Stores;
use tendenko_workload::Size;

use crate::Failure;

/// Histories that growth is looked at with, as multiples.
pub const GROWTH: [usize; 3] = [1, 4, 16];

/// What to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these contestants
    #[arg(long, value_delimiter = ',')]
    only: Vec<Contestant>,
    /// Only these scenarios
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<Scenario>,
    /// How often each
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// A small workload, each scenario once: does everything work?
    #[arg(long)]
    quick: bool,
    /// Everything that docs/benchmarks.md shows: all scenarios, then growth, once each
    #[arg(long, conflicts_with_all = ["quick", "growth", "scenario"])]
    whole: bool,
    /// Also with 1, 4 and 16 times the history (5 tablets)
    #[arg(long, value_delimiter = ',', num_args = 0.., default_missing_value = "1,4,16")]
    growth: Vec<usize>,
    /// Add to what was measured before: each table that is measured now takes the place of the one before, whole
    #[arg(long)]
    add: bool,
    /// Seconds that the thin link is given
    #[arg(long, default_value_t = 300)]
    thin_patience: u64,
    /// Where prepared stores are kept
    #[arg(long, default_value = "target/bench")]
    stores: PathBuf,
    /// Where results go
    #[arg(long, default_value = crate::RESULTS)]
    out: PathBuf,
}

/// Scenarios that are run at one size of the workload, and how often.
struct Part {
    size: Size,
    scenarios: Vec<Scenario>,
    runs: usize,
}

impl Options {
    fn parts(&self) -> Vec<Part> {
        let chosen = |scenario: &Scenario| self.scenario.is_empty() || self.scenario.contains(scenario);
        let part = |tablets, growth, runs, scenarios: &[Scenario]| Part {
            size: Size { tablets, growth, seed: 3 },
            scenarios: scenarios.iter().copied().filter(chosen).collect(),
            runs,
        };
        let all = &Scenario::ALL[..];
        let growing = GROWTH.map(|growth| part(5, growth, 1, &Scenario::GROWING));
        match (self.whole, self.quick, &self.growth[..]) {
            (true, ..) => std::iter::once(part(20, 1, self.runs, all)).chain(growing).collect(),
            (_, true, []) => vec![part(5, 1, 1, all)],
            (_, false, []) => vec![part(20, 1, self.runs, all)],
            (_, quick, some) => {
                some.iter().map(|&growth| part(5, growth, if quick { 1 } else { self.runs }, all)).collect()
            }
        }
    }
}

/// Runs the comparison.
pub fn run(options: &Options) -> Result<(), Failure> {
    let chosen: Vec<Contestant> =
        Contestant::ALL.into_iter().filter(|c| options.only.is_empty() || options.only.contains(c)).collect();
    let mut present = Vec::new();
    for contestant in chosen {
        match contestant.install() {
            Ok(()) => present.push(contestant),
            Err(why) => println!("{} is left out: {why}", contestant.name()),
        }
    }
    lab::enter()?;
    std::fs::create_dir_all(&options.stores)?;
    let stores = Stores::new(std::path::absolute(&options.stores)?);
    let lab = Lab::make(present.len())?;
    let before = if options.add { Some(Report::read(&options.out)?) } else { None };
    let mut report = Report::begin(&present, before)?;
    // Who did not come to an end is not waited for again, nor with more history.
    let mut gave_up = Vec::new();
    for Part { size, scenarios, runs } in options.parts() {
        for scenario in scenarios {
            let taking_part: Vec<Contestant> =
                present.iter().copied().filter(|contestant| contestant.takes_part(scenario, size)).collect();
            let place = |link| Place {
                lab: &lab,
                link,
                stores: &stores,
                size,
                edits: if options.quick { 20 } else { tendenko_workload::EDITS },
                thin_patience: Duration::from_secs(options.thin_patience),
            };
            if scenario == Scenario::Thin {
                // A thin link leaves the machine idle: all at once, each on a link of its own.
                together(&taking_part, size, &place, &mut report);
            } else {
                for run in 0..runs {
                    for (link, &contestant) in taking_part.iter().enumerate() {
                        if gave_up.contains(&(contestant, scenario)) {
                            continue;
                        }
                        let result = scenario.run(contestant, &place(link));
                        if result.is_err() {
                            gave_up.push((contestant, scenario));
                        }
                        report.add(contestant, scenario, size, run, result);
                    }
                }
            }
            report.print(scenario, size);
            report.write(&options.out)?;
        }
    }
    println!("results: {}", options.out.display());
    Ok(())
}

fn together<'a>(present: &[Contestant], size: Size, place: &(impl Fn(usize) -> Place<'a> + Sync), report: &mut Report) {
    let finished: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = present
            .iter()
            .enumerate()
            .map(|(link, &contestant)| (contestant, scope.spawn(move || Scenario::Thin.run(contestant, &place(link)))))
            .collect();
        running
            .into_iter()
            .map(|(contestant, run)| (contestant, run.join().unwrap_or_else(|_| Err("a panic, reported above".into()))))
            .collect()
    });
    for (contestant, result) in finished {
        report.add(contestant, Scenario::Thin, size, 0, result);
    }
}
