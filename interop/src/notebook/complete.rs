//! Was the text cut? Decided from the records alone, before anything is made of them.
//!
//! The format has no count and no checksum, but it closes what it opens: nearly every record ends with its required creator,
//! every group of drugs ends with a usage, every dispensing has drugs, every part of a set ends with its split control. A
//! text that leaves one of these open at its end was cut. A lenient writer leaves things out in the middle too, and then
//! with a line end behind them; so a last record without line end is judged more strictly than others.

use super::check::{self, rp_number};
use super::spec;
use super::text::Line;

/// Records that open something which must be followed by drugs.
const OPENING: [&str; 5] = ["5", "11", "15", "51", "55"];
/// Records that belong to a group of drugs.
const GROUP: [&str; 6] = ["201", "281", "291", "301", "311", "391"];
/// Records that cannot stand before record 5, let alone without a patient.
const INSIDE: [&str; 15] =
    ["11", "15", "51", "55", "201", "281", "291", "301", "311", "391", "401", "411", "421", "501", "601"];

/// The last line that is there, if the text was cut. `lines` are those behind the header.
pub(crate) fn cut(lines: &[Line], header: u32, ended: bool, half_character: bool) -> Option<u32> {
    let Some(last) = lines.last() else {
        return Some(header);
    };
    if half_character || (!ended && is_open(last)) || breaks_off(lines, last) {
        return Some(last.number);
    }
    let split = lines.iter().any(|line| line.record == "911");
    if split { None } else { unclosed(lines) }
}

/// Whether records that must follow are missing from a text that stands for itself: not one part of a set.
pub(crate) fn unclosed(lines: &[Line]) -> Option<u32> {
    let (first, last) = (lines.first()?, lines.last()?);
    let headless =
        INSIDE.contains(&first.record.as_str()) && !lines.iter().any(|line| line.record == "1" || line.record == "5");
    if headless {
        return Some(first.number);
    }
    if OPENING.contains(&last.record.as_str()) {
        return Some(last.number);
    }
    if GROUP.contains(&last.record.as_str()) && has_open_group(lines) {
        return Some(last.number);
    }
    None
}

/// A last record without line end that lacks something it must have, or ends in something that is not what it must be.
fn is_open(line: &Line) -> bool {
    if line.fields.is_empty() || line.record == "1" {
        return true;
    }
    let Some(record) = spec::record(&line.record) else {
        return false;
    };
    let count = line.fields.len();
    let lacks = |index: usize| record.fields[index].need == spec::Need::Always && line.field(index + 1).is_empty();
    if (0..record.fields.len()).any(lacks) {
        return true;
    }
    record
        .fields
        .get(count - 1)
        .is_some_and(|field| check::value_problem(field, line.field(count)).is_some_and(|problem| problem.may_be_cut()))
}

/// A last record that is too short even though a line end follows: some scanners add one to whatever they read. Only
/// where half a record would be dangerous, and not when the same record is as short elsewhere, which shows a writer's habit.
fn breaks_off(lines: &[Line], last: &Line) -> bool {
    let Some(record) = spec::record(&last.record) else {
        return false;
    };
    let short = last.content().len() < record.last_required();
    match last.record.as_str() {
        "911" => short,
        "301" => {
            short
                && !lines[..lines.len() - 1]
                    .iter()
                    .any(|line| line.record == "301" && line.content().len() <= last.content().len())
        }
        _ => false,
    }
}

/// Whether the group of the last drug has no usage. (A group before it without one is an oddity, not a cut.)
fn has_open_group(lines: &[Line]) -> bool {
    let Some(drug) = lines.iter().rposition(|line| line.record == "201") else {
        return false;
    };
    let number = rp_number(lines[drug].field(1));
    !lines[drug..].iter().any(|line| line.record == "301" && rp_number(line.field(1)) == number)
}
