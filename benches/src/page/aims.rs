//! The aims that were set before anything was measured, against the figures of the run: met, or missed by how much.

use tendenko_workload::Size;

use crate::figures::Sheet;
use crate::peers::GROWTH;
use crate::peers::report::Report;
use crate::peers::scenario::Scenario;

const OURS: &str = "tendenko";
const PEERS: [&str; 4] = ["samod", "hocuspocus", "automerge-repo", "pouchdb"];
/// So much more may a sync cost with many times the history before that counts as growing: noise.
const LEVEL: f64 = 1.25;

/// One aim.
pub struct Aim {
    /// What was aimed at.
    pub aim: String,
    /// What was measured.
    pub figure: String,
    /// Met, missed by how much, or not measured.
    pub verdict: String,
}

/// All aims.
pub fn all(report: &Report, sheet: &Sheet, size: Size) -> Vec<Aim> {
    let median = |name: &str, scenario, figure: &str| report.summary(name, scenario, size, figure).map(|s| s.median);
    let best = |scenario, figure: &str| {
        let figures = PEERS.into_iter().filter_map(|peer| Some((peer, median(peer, scenario, figure)?)));
        figures.min_by(|one, other| one.1.total_cmp(&other.1))
    };
    let mut aims = Vec::new();
    for (aim, figure, factor, unit, scale) in [
        (
            "Outage recovery, everywhere and on the relay's disk: at least 3× faster than the best peer",
            "total",
            3.0,
            "s",
            1.0,
        ),
        ("Outage recovery, relay CPU: at least 5× less", "server_cpu", 5.0, "s", 1.0),
        ("Outage recovery, bytes on the wire: at least 3× fewer", WIRE, 3.0, "MB", 1e-6),
    ] {
        let pair = median(OURS, Scenario::Recovery, figure).zip(best(Scenario::Recovery, figure));
        aims.push(match pair {
            Some((ours, (peer, theirs))) => Aim {
                aim: aim.to_owned(),
                figure: format!(
                    "{:.2} {unit}; {peer} {:.2} {unit}: {:.1}×",
                    ours * scale,
                    theirs * scale,
                    theirs / ours
                ),
                verdict: at_least(theirs / ours, factor),
            },
            None => missing(aim),
        });
    }
    for (scenario, patients) in [(Scenario::Provision20, "20 patients"), (Scenario::ProvisionAll, "all patients")] {
        for (what, figure, of, share, unit, scale) in [
            ("as fast as samod", "held", "held", 1.0, "s", 1.0),
            ("as small as samod", WIRE, WIRE, 1.0, "MB", 1e-6),
            ("usable (lists, cards) in half of samod's time", "usable", "held", 0.5, "s", 1.0),
        ] {
            let aim = format!("Provisioning, {patients}: {what}");
            aims.push(match median(OURS, scenario, figure).zip(median("samod", scenario, of)) {
                Some((ours, theirs)) => Aim {
                    aim,
                    figure: format!(
                        "{:.2} {unit}; samod {:.2} {unit}: {:.2}× of it",
                        ours * scale,
                        theirs * scale,
                        ours / theirs
                    ),
                    verdict: at_most(ours / theirs, share, "×"),
                },
                None => missing(&aim),
            });
        }
    }
    let aim = "Edit to visible: within 2 ms of a bare QUIC round trip and the durable commits beside it";
    aims.push(match sheet.get("latency.excess") {
        Some(excess) => Aim {
            aim: aim.to_owned(),
            figure: format!("{:.2} ms more", excess.median * 1e3),
            verdict: at_most(excess.median * 1e3, 2.0, " ms"),
        },
        None => missing(aim),
    });
    for (how, name) in [("on a resumed connection", "resumed"), ("with a full handshake", "full")] {
        let aim = format!("Nothing new, {how}: one round trip");
        aims.push(match sheet.get(&format!("nothing.{name}.round_trips")) {
            Some(trips) => {
                Aim { aim, figure: format!("{:.0}", trips.median), verdict: at_most(trips.median, 1.0, " round trips") }
            }
            None => missing(&aim),
        });
    }
    for (what, name) in [
        ("said by the session", "said"),
        ("UDP payload, resumed connection", "resumed.udp"),
        ("UDP payload, full handshake", "full.udp"),
    ] {
        let aim = format!("Nothing new, {what}: under 400 bytes each way");
        let get = |way: &str| sheet.get(&format!("nothing.{name}.{way}")).map(|figure| figure.median);
        aims.push(match get("up").zip(get("down")) {
            Some((up, down)) => Aim {
                aim,
                figure: format!("{up:.0} up, {down:.0} down"),
                verdict: at_most(up.max(down), 400.0, " bytes"),
            },
            None => missing(&aim),
        });
    }
    aims.extend(growth(report));
    aims
}

/// Bytes both ways.
pub const WIRE: &str = "up_bytes+down_bytes";

/// What a sync costs with the most history that was measured, against what it costs with the least.
fn growth(report: &Report) -> Vec<Aim> {
    let size = |growth| Size { tablets: 5, growth, seed: 3 };
    let [least, more @ ..] = GROWTH;
    let rows = [
        (Scenario::Recovery, "total", "Outage recovery, seconds"),
        (Scenario::Recovery, "server_cpu", "Outage recovery, relay CPU"),
        (Scenario::Recovery, WIRE, "Outage recovery, bytes"),
        (Scenario::Edits, "median", "Edit to visible, median"),
        (Scenario::Nothing, WIRE, "Nothing new, bytes"),
    ];
    rows.into_iter()
        .map(|(scenario, figure, what)| {
            let of = |growth| report.summary(OURS, scenario, size(growth), figure).map(|s| s.median);
            let aim = format!("{what}: does not grow with the history");
            let most = more.into_iter().rev().find_map(|growth| Some((growth, of(growth)?)));
            match of(least).zip(most) {
                Some((small, (most, large))) => Aim {
                    aim,
                    figure: format!("{:.2}× at {most} times the history", large / small),
                    verdict: at_most(large / small, LEVEL, "×"),
                },
                None => missing(&aim),
            }
        })
        .collect()
}

fn missing(aim: &str) -> Aim {
    Aim { aim: aim.to_owned(), figure: "–".to_owned(), verdict: "not measured".to_owned() }
}

fn at_least(figure: f64, aim: f64) -> String {
    if figure >= aim { "met".to_owned() } else { format!("**missed**: {figure:.1}× instead of {aim:.0}×") }
}

fn at_most(figure: f64, aim: f64, unit: &str) -> String {
    if figure <= aim { "met".to_owned() } else { format!("**missed** by {:.2}{unit}", figure - aim) }
}
