//! `docs/benchmarks.md`: everything that was measured, written from the files that the measurements left, so that the page never says
//! what was not measured.
//!
//! What a program cannot know is written by hand and taken over as it is: what is unfair (`benches/peers/README.md`), and what the
//! profile shows where an aim is missed (`benches/profile.md`).

mod aims;
mod plot;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use tendenko_workload::Size;

use crate::Failure;
use crate::figures::Sheet;
use crate::peers::GROWTH;
use crate::peers::report::{Report, Summary, Unit, columns};
use crate::peers::scenario::Scenario;
use aims::WIRE;
use plot::{Bars, Lines};

/// Name of the file of the single figures.
pub const FIGURES: &str = "figures.json";

const WHOLE: Size = Size { tablets: 20, growth: 1, seed: 3 };
const PROFILE: &str = include_str!("../../profile.md");
const README: &str = include_str!("../../peers/README.md");

/// From where to where.
#[derive(Debug, Args)]
pub struct Options {
    /// Where results are
    #[arg(long, default_value = crate::RESULTS)]
    from: PathBuf,
    /// The folder of the page; plots go to `images` in it
    #[arg(long, default_value = "docs")]
    to: PathBuf,
}

/// Writes the page and its plots.
pub fn write(options: &Options) -> Result<(), Failure> {
    let report = Report::read(&options.from)?;
    let sheet = Sheet::read(&options.from.join(FIGURES))?;
    let page = page(&report, &sheet)?;
    let images = options.to.join("images");
    fs::create_dir_all(&images)?;
    for (name, svg) in plots(&report) {
        fs::write(images.join(name), svg)?;
    }
    let to = options.to.join("benchmarks.md");
    fs::write(&to, page)?;
    println!("written: {}", to.display());
    Ok(())
}

fn page(report: &Report, sheet: &Sheet) -> Result<String, Failure> {
    let mut page = String::from(
        "# Benchmarks\n\n<!-- Written by `cargo xtask bench --page`; change benches/, not this. -->\n\n\
         Tendenko and other sync engines, one workload, one machine, each table one run; then single figures against their limits. \
         Everything again: `cargo xtask bench --whole`. Who takes part, what is done and how it is counted: \
         [the comparison](../benches/peers/README.md).\n\n",
    );
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let machine = &report.machine;
    writeln!(
        page,
        "Measured {}, where nothing else is said. {}, {} cores, {}, {}, {}; load before: {}.\n",
        report.begun,
        text(&machine["processor"]),
        text(&machine["cores"]),
        text(&machine["memory"]),
        text(&machine["kernel"]),
        text(&machine["rustc"]),
        text(&machine["load_before"]),
    )?;
    page += "| | versions |\n|---|---|\n";
    for (name, versions) in &report.versions {
        let versions: Vec<String> = versions
            .as_object()
            .into_iter()
            .flatten()
            .map(|(package, version)| format!("{package} {}", text(version)))
            .collect();
        writeln!(page, "| {name} | {} |", versions.join(", "))?;
    }
    page += "\n## Aims\n\nSet before anything was measured; ours sealed, signed and durable all the while. Medians.\n\n\
             | aim | figure | |\n|---|---|---|\n";
    for aim in aims::all(report, sheet, WHOLE) {
        writeln!(page, "| {} | {} | {} |", aim.aim, aim.figure, aim.verdict)?;
    }
    page += "\nWhere an aim is missed, [what the profile shows](#what-the-profile-shows).\n\n";
    page += "## The comparison\n\n100 patients, 20 tablets, 4 tablets per patient, 200 records of history each. \
             Median (least–greatest). *tendenko-plain* is ours with records compressed without the dictionary.\n";
    for (scenario, title, image) in [
        (Scenario::Recovery, "Outage recovery: 50 new records on each of 20 tablets, all return at once", "recovery"),
        (Scenario::Provision20, "A new tablet with 20 patients", "provision-20"),
        (Scenario::ProvisionAll, "A new tablet with all 100 patients", "provision-all"),
        (Scenario::Edits, "Edit to visible", "edits"),
        (Scenario::Nothing, "Nothing new, 200 ms round trip, bytes of IP packets", "nothing"),
        (Scenario::Thin, "A new tablet at 64 kbit/s, 10 % loss, 800 ms", "thin"),
    ] {
        writeln!(page, "\n### {title}\n\n![{title}](images/bench-{image}.svg)\n")?;
        table(&mut page, report, scenario, WHOLE)?;
    }
    page += "\n### Growth: 5 tablets, 25 patients, many times the history\n\n";
    page += match grows(report) {
        true => "![Growth](images/bench-growth.svg)\n\nOne run each.\n",
        false => "Not measured in this run.\n",
    };
    for growth in GROWTH {
        let size = Size { tablets: 5, growth, seed: 3 };
        for scenario in Scenario::GROWING.into_iter().filter(|_| report.has(size)) {
            writeln!(page, "\n{} at × {growth}\n", scenario.name())?;
            table(&mut page, report, scenario, size)?;
        }
    }
    single(&mut page, sheet)?;
    writeln!(page, "\n## What is unfair\n{}", section(README, "## What is unfair").unwrap_or_default())?;
    writeln!(page, "## What the profile shows\n{}", section(PROFILE, "# What the profile shows").unwrap_or_default())?;
    Ok(page.trim_end().to_owned() + "\n")
}

/// Whether more than one size of history was measured.
fn grows(report: &Report) -> bool {
    GROWTH.into_iter().filter(|&growth| report.has(Size { tablets: 5, growth, seed: 3 })).count() > 1
}

/// A table of everything that is shown of a scenario.
fn table(page: &mut String, report: &Report, scenario: Scenario, size: Size) -> std::fmt::Result {
    let columns = columns(scenario);
    let titles: Vec<&str> = columns.iter().map(|column| column.0).collect();
    writeln!(page, "| | {} |", titles.join(" | "))?;
    writeln!(page, "|---|{}", "---|".repeat(columns.len()))?;
    for name in report.contestants(scenario, size) {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, figure, unit)| {
                report.summary(name, scenario, size, figure).map_or("–".to_owned(), |summary| unit.show(&summary))
            })
            .collect();
        writeln!(page, "| {name} | {} |", cells.join(" | "))?;
    }
    if let Some(begun) = report.earlier(scenario, size) {
        writeln!(page, "\nMeasured {begun}.")?;
    }
    for (name, why) in report.failures(scenario, size) {
        writeln!(page, "\n{name} failed once: {}", why.lines().next().unwrap_or_default())?;
    }
    Ok(())
}

/// The figures that are taken against limits, not against peers.
fn single(page: &mut String, sheet: &Sheet) -> std::fmt::Result {
    *page += "\n## Against limits\n\n| | median | p99 | greatest | n |\n|---|---|---|---|---|\n";
    for name in [
        "latency.visible",
        "latency.saved",
        "latency.round_trip",
        "latency.commits",
        "saving.save",
        "saving.insert",
        "unlock.list",
        "unlock.cheap",
    ] {
        if let Some(figure) = sheet.get(name) {
            let ms = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
            writeln!(
                page,
                "| {} | {} | {} | {} | {} |",
                figure.what,
                ms(figure.median),
                ms(figure.p99),
                ms(figure.most),
                figure.count
            )?;
        }
    }
    *page += "\n### Nothing new, layer by layer\n\nOne tablet, one relay, 200 ms apart; until the link is silent again. \
              A QUIC connection begins with datagrams padded to 1,200 bytes, both ways (RFC 9000, 14.1): no new connection \
              can be smaller. A link that is still open needs nothing at all: news is pushed.\n\n\
              | | up | down | datagrams | round trips |\n|---|---|---|---|---|\n";
    let number = |name: String| sheet.get(&name).map_or("–".to_owned(), |figure| format!("{:.0}", figure.median));
    writeln!(
        page,
        "| said by the session: frames on its streams | {} B | {} B | | |",
        number("nothing.said.up".into()),
        number("nothing.said.down".into())
    )?;
    for (how, title) in [("resumed", "resumed connection, early data"), ("full", "full handshake")] {
        for (layer, what) in [("udp", "UDP payload"), ("ip", "IP packets")] {
            writeln!(
                page,
                "| {title}: {what} | {} B | {} B | {} + {} | {} |",
                number(format!("nothing.{how}.{layer}.up")),
                number(format!("nothing.{how}.{layer}.down")),
                number(format!("nothing.{how}.packets.up")),
                number(format!("nothing.{how}.packets.down")),
                number(format!("nothing.{how}.round_trips")),
            )?;
        }
    }
    *page += "\n### A visit's record, with the dictionary and without\n\nBytes a visit. The text is the demonstration's, of which \
              nothing is in the dictionary ([decision 0010](decisions/0010-dictionary.md)). zstd-19 of the same entries as JSON is neither \
              encrypted nor signed nor mergeable.\n\n\
              | leaving together | | sealed | wire | relay's disk | zstd-19 JSON |\n|---|---|---|---|---|---|\n";
    for batch in [1, 10, 100] {
        for with in ["with", "without"] {
            let cell = |what: &str| number(format!("size.{with}.{batch}.{what}"));
            writeln!(
                page,
                "| {batch} | {with} | {} | {} | {} | {} |",
                cell("sealed"),
                cell("wire"),
                cell("relay"),
                cell("json")
            )?;
        }
    }
    Ok(())
}

/// What stands below a heading, up to the next of the same rank.
fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let (_, below) = text.split_once(&format!("{heading}\n"))?;
    let rank = heading.split(' ').next().unwrap_or("#");
    Some(below.split(&format!("\n{rank} ")).next().unwrap_or(below))
}

/// A figure in a plot: its title, its name in the report, its unit.
type Panel = (&'static str, &'static str, Unit);

fn plots(report: &Report) -> Vec<(String, String)> {
    let panels: [(&str, Scenario, &[Panel]); 6] = [
        (
            "recovery",
            Scenario::Recovery,
            &[
                ("everywhere and on disk", "total", Unit::Seconds),
                ("server CPU", "server_cpu", Unit::Seconds),
                ("tablets CPU", "tablets_cpu", Unit::Seconds),
                ("wire", WIRE, Unit::Megabytes),
            ],
        ),
        ("provision-20", Scenario::Provision20, &PROVISION),
        ("provision-all", Scenario::ProvisionAll, &PROVISION),
        (
            "edits",
            Scenario::Edits,
            &[
                ("median", "median", Unit::Milliseconds),
                ("p99", "p99", Unit::Milliseconds),
                ("server CPU", "server_cpu", Unit::Seconds),
            ],
        ),
        (
            "nothing",
            Scenario::Nothing,
            &[
                ("up", "up_bytes", Unit::Bytes),
                ("down", "down_bytes", Unit::Bytes),
                ("round trips", "round_trips", Unit::Count),
            ],
        ),
        (
            "thin",
            Scenario::Thin,
            &[
                ("first card", "card", Unit::Seconds),
                ("all cards", "usable", Unit::Seconds),
                ("everything", "held", Unit::Seconds),
                ("wire", WIRE, Unit::Megabytes),
            ],
        ),
    ];
    let mut plots: Vec<(String, String)> = panels
        .into_iter()
        .map(|(name, scenario, figures)| {
            let bars: Vec<Bars> = figures
                .iter()
                .map(|(title, figure, unit)| {
                    let (scale, digits, unit) = unit.scale();
                    let of = |name| report.summary(name, scenario, WHOLE, figure).map(|s| scaled(s, scale));
                    let names = report.contestants(scenario, WHOLE);
                    Bars {
                        title: if unit.is_empty() { (*title).to_owned() } else { format!("{title}, {unit}") },
                        bars: names.into_iter().map(|name| (name, of(name))).collect(),
                        digits,
                    }
                })
                .collect();
            (format!("bench-{name}.svg"), plot::bars(&bars))
        })
        .collect();
    if grows(report) {
        plots.push(("bench-growth.svg".to_owned(), plot::lines(&growth(report))));
    }
    plots
}

const PROVISION: [Panel; 4] = [
    ("all cards", "usable", Unit::Seconds),
    ("everything", "held", Unit::Seconds),
    ("server CPU", "server_cpu", Unit::Seconds),
    ("wire", WIRE, Unit::Megabytes),
];

fn scaled(summary: Summary, scale: f64) -> Summary {
    Summary {
        median: summary.median * scale,
        least: summary.least * scale,
        most: summary.most * scale,
        runs: summary.runs,
    }
}

fn growth(report: &Report) -> Vec<Lines> {
    let size = |growth| Size { tablets: 5, growth, seed: 3 };
    [
        ("recovery, s", Scenario::Recovery, "total", 1.0),
        ("recovery, server CPU s", Scenario::Recovery, "server_cpu", 1.0),
        ("20 patients anew, s", Scenario::Provision20, "held", 1.0),
        ("edit to visible, ms", Scenario::Edits, "median", 1e3),
        ("nothing new, kB", Scenario::Nothing, WIRE, 1e-3),
    ]
    .into_iter()
    .map(|(title, scenario, figure, scale)| {
        let names = report.contestants(scenario, size(1));
        let points = |name: &str| {
            let of = |growth| report.summary(name, scenario, size(growth), figure).map(|s| s.median * scale);
            GROWTH.into_iter().filter_map(|growth| Some((growth as f64, of(growth)?))).collect::<Vec<_>>()
        };
        let lines = names.into_iter().map(|name| (name, points(name))).filter(|(_, points)| !points.is_empty());
        Lines { title: title.to_owned(), lines: lines.collect() }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_hand_is_found() {
        assert!(section(README, "## What is unfair").is_some_and(|text| text.contains("fsync")));
        assert!(section(PROFILE, "# What the profile shows").is_some());
        assert_eq!(section("a\n## b\nc\n## d\ne", "## b"), Some("c"));
    }
}
