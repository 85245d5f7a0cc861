//! 検査: results over time, and what is to be tested.

use crate::{AuthorView, EntryFile, EntryId, Millis, PatientId, Sent};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Results that one report takes.
pub const MAX_RESULTS: usize = 100;
/// Tests that one request takes.
pub const MAX_TESTS: usize = 50;
/// Longest name, value, unit or end of a range, in bytes.
pub const MAX_LAB_TEXT: usize = 200;
/// Longest comment or reason, in bytes.
pub const MAX_LAB_COMMENT: usize = 4_000;

/// Reports that are looked at first, and more of each time older ones are asked for: two years, where a sample is taken every month.
pub const LABS_PAGE: u16 = 24;
/// Reports that are looked at together at most.
pub const MAX_LABS: u16 = 480;

/// Asks for a patient's newest results and requests: as many of each as are wanted, so that what opening costs does not grow with the years.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetLabs {
    /// Whose.
    pub patient: PatientId,
    /// How many reports, and how many requests, at most [`MAX_LABS`].
    pub newest: u16,
}

/// Results of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labs {
    /// Every test in these reports, those measured last first.
    pub tests: Vec<TestRow>,
    /// Reports, newest first.
    pub reports: Vec<LabReportEntry>,
    /// Requests, newest first.
    pub requests: Vec<TestRequestEntry>,
    /// There are older ones.
    pub more: bool,
}

/// One test over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRow {
    /// Its name, as it was written last.
    pub name: String,
    /// Its results, newest first; at least one.
    pub results: Vec<TestResult>,
}

/// One result in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// When the sample was taken.
    pub at: Millis,
    /// The report.
    pub entry: EntryId,
    /// What was found.
    pub result: LabResultView,
}

/// One result, everything as the laboratory wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabResultView {
    /// Name of the test.
    pub name: String,
    /// Its code; empty = none.
    pub code: String,
    /// The value.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// Lower end of the reference range; empty = none.
    pub low: String,
    /// Upper end of the reference range; empty = none.
    pub high: String,
}

/// On which side of its reference range a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// H
    High,
    /// L
    Low,
}

impl LabResultView {
    /// Where the value lies outside its range, computed from what is written: only where both are plain numbers.
    pub fn outside(&self) -> Option<Outside> {
        let value = Decimal::read(&self.value)?;
        if Decimal::read(&self.high).is_some_and(|high| value.compare(high) == Ordering::Greater) {
            return Some(Outside::High);
        }
        let low = Decimal::read(&self.low).is_some_and(|low| value.compare(low) == Ordering::Less);
        low.then_some(Outside::Low)
    }
}

/// A plain decimal number, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All its digits.
    pub units: i64,
    /// How many of them stand behind the point.
    pub decimals: u8,
}

impl Decimal {
    /// Reads digits with at most one point and a sign, in full width too. Anything else (`<0.5`, `1+`, `1,200`) is no number here:
    /// what it means has to be read by a person.
    pub fn read(text: &str) -> Option<Self> {
        let ascii: String = text
            .trim()
            .chars()
            .map(|c| match c {
                '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
                '．' => '.',
                '－' | '−' => '-',
                other => other,
            })
            .collect();
        let (sign, digits) = match ascii.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, ascii.as_str()),
        };
        let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(behind) || digits.ends_with('.') {
            return None;
        }
        let units: i64 = format!("{whole}{behind}").parse().ok()?;
        Some(Self { units: sign * units, decimals: behind.len() as u8 })
    }

    /// The number with so many digits behind the point, where none of its own is lost.
    pub fn with_decimals(self, decimals: u8) -> Option<i64> {
        let more = decimals.checked_sub(self.decimals)?;
        self.units.checked_mul(10_i64.checked_pow(u32::from(more))?)
    }

    fn compare(self, other: Self) -> Ordering {
        let scaled = |number: Self| i128::from(number.units) * 10_i128.pow(u32::from(9 - number.decimals.min(9)));
        scaled(self).cmp(&scaled(other))
    }
}

/// A report in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabReportEntry {
    /// The entry.
    pub entry: EntryId,
    /// When the sample was taken.
    pub at: Millis,
    /// Who recorded it.
    pub author: AuthorView,
    /// How far it has come.
    pub sent: Sent,
    /// What it says.
    pub report: LabReportView,
    /// Its files; one that is not here yet is left out.
    pub files: Vec<EntryFile>,
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabReportView {
    /// The laboratory or institution.
    pub performer: String,
    /// What was measured, in the order of the report.
    pub results: Vec<LabResultView>,
    /// Comment.
    pub conclusion: String,
}

/// A request in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRequestEntry {
    /// The entry.
    pub entry: EntryId,
    /// When it was asked for.
    pub at: Millis,
    /// By whom.
    pub author: AuthorView,
    /// How far it has come.
    pub sent: Sent,
    /// What.
    pub request: TestRequestView,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRequestView {
    /// What is to be tested.
    pub tests: Vec<String>,
    /// Why.
    pub reason: String,
}

/// Records a report, the files of its draft with it, in one durable step that also forgets the draft. Results without a value are left out; a file
/// alone is a report, too.
/// Errors: `nothing-to-save`, `field-required` (`test`), `date-unreadable`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLabs {
    /// Whose.
    pub patient: PatientId,
    /// The day on which the sample was taken, in any form a day is written; empty = today.
    pub taken_on: String,
    /// What it says.
    pub report: LabReportView,
    /// The names of the files in its draft, by their number there.
    pub names: Vec<(i64, String)>,
}

/// Asks for tests.
/// Errors: `nothing-to-save`, `reason-required`, `too-long`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTests {
    /// Whose.
    pub patient: PatientId,
    /// What, and why.
    pub request: TestRequestView,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(value: &str, low: &str, high: &str) -> LabResultView {
        LabResultView { value: value.into(), low: low.into(), high: high.into(), ..Default::default() }
    }

    #[test]
    fn outside_is_said_only_of_numbers() {
        for (value, low, high, outside) in [
            ("7.2", "4.9", "6.0", Some(Outside::High)),
            ("6.00", "4.9", "6.0", None),
            ("３．２", "3.5", "", Some(Outside::Low)),
            ("3.50", "3.5", "4.8", None),
            ("-1", "0", "", Some(Outside::Low)),
            ("10", "", "9.99", Some(Outside::High)),
            ("<0.5", "1", "2", None),
            ("3+", "0", "1", None),
            ("1,200", "0", "10", None),
            ("陰性", "", "", None),
            ("7.", "", "1", None),
            ("7.2", "低", "高", None),
            ("", "1", "2", None),
        ] {
            assert_eq!(result(value, low, high).outside(), outside, "{value} in {low}–{high}");
        }
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let read = |text: &str| Decimal::read(text).unwrap();
        assert_eq!(read("7.20"), Decimal { units: 720, decimals: 2 });
        assert_eq!((read("7.2").with_decimals(3), read("7.25").with_decimals(1)), (Some(7_200), None));
        assert_eq!(Decimal::read("1234567890"), None);
        assert_eq!(Decimal::read("1.2.3"), None);
    }
}
