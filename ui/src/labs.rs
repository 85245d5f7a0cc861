//! Results over time: which columns a table has, what line a test draws, and when something was measured last.

use crate::{chart::Sample, dates::Day};
use tendenko_app_api::{Decimal, LabReportEntry, Millis, TestResult, TestRow};

/// Most digits behind the point that a line is drawn with.
const MOST_DECIMALS: u8 = 3;

/// A test as a line: its points, and how many digits stand behind the point of each value.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// When, and how much; oldest first.
    pub samples: Vec<Sample>,
    /// Digits behind the point.
    pub decimals: u8,
    /// The reference range of the newest result, where it has both ends, in the scale of the samples.
    pub range: Option<std::ops::RangeInclusive<i32>>,
    /// Results that are not drawn: no number, or in another unit than the newest.
    pub left_out: usize,
}

impl Trend {
    /// The line of a test; none without a number.
    pub fn of(results: &[TestResult]) -> Option<Trend> {
        let unit = &results.first()?.result.unit;
        let numbers: Vec<(i64, Decimal)> = results
            .iter()
            .filter(|one| one.result.unit == *unit)
            .filter_map(|one| Some((one.at.0, Decimal::read(&one.result.value)?)))
            .collect();
        let decimals = numbers.iter().map(|(_, number)| number.decimals).max()?.min(MOST_DECIMALS);
        let scaled = |number: Decimal| i32::try_from(number.with_decimals(decimals)?).ok();
        let mut samples: Vec<Sample> =
            numbers.into_iter().filter_map(|(at, number)| Some((at, scaled(number)?))).collect();
        samples.sort_unstable();
        let end = |text: &str| scaled(Decimal::read(text)?);
        let newest = &results.first()?.result;
        let range = end(&newest.low).zip(end(&newest.high)).map(|(low, high)| low..=high);
        let left_out = results.len() - samples.len();
        (!samples.is_empty()).then_some(Trend { samples, decimals, range, left_out })
    }

    /// The ends of the reference range as points, so that a drawing has room for it too.
    pub fn ends(&self, at: i64) -> impl Iterator<Item = Sample> + Clone {
        self.range.clone().into_iter().flat_map(|range| [*range.start(), *range.end()]).map(move |value| (at, value))
    }

    /// A value of the line as it is shown.
    pub fn show(&self, value: i32) -> String {
        if self.decimals == 0 {
            return value.to_string();
        }
        let scale = 10_i32.pow(u32::from(self.decimals));
        let sign = if value < 0 { "-" } else { "" };
        let (whole, behind) =
            (value.unsigned_abs() / scale.unsigned_abs(), value.unsigned_abs() % scale.unsigned_abs());
        format!("{sign}{whole}.{behind:0width$}", width = usize::from(self.decimals))
    }
}

/// The newest reports, of which each is a column.
pub fn columns(reports: &[LabReportEntry], most: usize) -> Vec<&LabReportEntry> {
    reports.iter().filter(|entry| !entry.report.results.is_empty()).take(most).collect()
}

/// The last result of a test, however its name is typed: width and case make no difference.
pub fn last<'a>(tests: &'a [TestRow], name: &str) -> Option<&'a TestResult> {
    let folded = fold(name);
    tests.iter().find(|row| fold(&row.name) == folded).and_then(|row| row.results.first())
}

/// Whole days between the day of a moment and today.
pub fn days_ago(at: Millis, now: Millis) -> u64 {
    u64::try_from(Day::of(at).days_until(Day::of(now))).unwrap_or(0)
}

fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendenko_app_api::{EntryId, LabResultView};

    const DAY: i64 = 86_400_000;

    fn result(day: i64, value: &str, unit: &str) -> TestResult {
        let result = LabResultView {
            name: "HbA1c".into(),
            value: value.into(),
            unit: unit.into(),
            low: "4.9".into(),
            high: "6.0".into(),
            ..Default::default()
        };
        TestResult { at: Millis(day * DAY), entry: EntryId(String::new()), result }
    }

    #[test]
    fn a_line_has_what_are_numbers_in_the_newest_unit() {
        let results =
            [result(9, "7.25", "%"), result(8, "<4", "%"), result(7, "55", "mmol/mol"), result(1, "6.9", "%")];
        let trend = Trend::of(&results).expect("numbers");
        assert_eq!((trend.samples.as_slice(), trend.decimals), (&[(DAY, 690), (9 * DAY, 725)][..], 2));
        assert_eq!((trend.range.clone(), trend.left_out), (Some(490..=600), 2));
        assert_eq!(trend.ends(7).collect::<Vec<_>>(), [(7, 490), (7, 600)]);
        assert_eq!([725, -5, 600].map(|value| trend.show(value)), ["7.25", "-0.05", "6.00"]);
        assert_eq!(Trend::of(&[result(1, "陰性", "")]), None);
        assert_eq!(Trend::of(&[]), None);
    }

    #[test]
    fn a_test_is_found_however_it_is_typed() {
        let row = TestRow { name: "HbA1c".into(), results: vec![result(3, "7.2", "%")] };
        let tests = [row];
        assert!(last(&tests, "ｈｂＡ１ｃ ").is_some());
        assert!(last(&tests, "HbA1").is_none());
    }

    #[test]
    fn days_are_those_of_the_calendar_in_japan() {
        // 23:30 and 00:30 in Tokyo.
        let (late, early) = (Millis(14 * 3_600_000 + 1_800_000), Millis(15 * 3_600_000 + 1_800_000));
        assert_eq!((days_ago(late, early), days_ago(late, late), days_ago(early, late)), (1, 0, 0));
    }
}
