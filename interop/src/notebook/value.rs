//! Printed values with a checked reading beside them: dates and amounts.
//!
//! What was printed is what is shown and stored. The reading is used for comparing and calculating, and is absent
//! whenever there is any doubt: half a date or half a number is never completed.

use jiff::civil::{Date, date};
use unicode_normalization::UnicodeNormalization;

/// A date as printed: `20260310`, `R080310`, or anything else somebody typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NotebookDate {
    /// As printed; empty when left out.
    pub text: String,
    /// The day, when the text is a date.
    pub date: Option<Date>,
}

/// How well a date text reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateReading {
    Left,
    Good,
    /// A day outside the era named with it, e.g. H310601. The day is clear, the writer's calendar is late.
    OutsideEra,
    Invalid,
}

impl NotebookDate {
    /// Reads a printed date: `YYYYMMDD`, or an era letter (M T S H R) with `YYMMDD`.
    pub fn read(text: &str) -> Self {
        let (date, _) = read_date(text);
        Self { text: text.to_owned(), date }
    }

    /// A date in the western form.
    pub fn western(date: Date) -> Self {
        Self { text: format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()), date: Some(date) }
    }

    /// `2026-03-10`, when the text is a date.
    pub fn iso(&self) -> Option<String> {
        self.date.map(|date| date.to_string())
    }

    /// Whether the field was left out.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn reading(text: &str) -> DateReading {
        read_date(text).1
    }
}

/// Letter, year before its year 1, first day, last day.
const ERAS: [(char, i16, Date, Date); 5] = [
    ('M', 1867, date(1868, 1, 25), date(1912, 7, 30)),
    ('T', 1911, date(1912, 7, 30), date(1926, 12, 25)),
    ('S', 1925, date(1926, 12, 25), date(1989, 1, 7)),
    ('H', 1988, date(1989, 1, 8), date(2019, 4, 30)),
    ('R', 2018, date(2019, 5, 1), date(2117, 12, 31)),
];

fn read_date(text: &str) -> (Option<Date>, DateReading) {
    if text.is_empty() {
        return (None, DateReading::Left);
    }
    let folded: String = text.nfkc().flat_map(char::to_uppercase).collect();
    let invalid = (None, DateReading::Invalid);
    if !folded.is_ascii() {
        return invalid;
    }
    let era = ERAS.iter().find(|era| folded.starts_with(era.0));
    let (digits, offset, year_digits) = match era {
        Some(era) => (&folded[1..], era.1, 2),
        None => (folded.as_str(), 0, 4),
    };
    if digits.len() != year_digits + 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return invalid;
    }
    let number = |range: &str| range.parse::<i16>().unwrap_or(0);
    let printed_year = number(&digits[..year_digits]);
    let month = number(&digits[year_digits..year_digits + 2]);
    let day = number(&digits[year_digits + 2..]);
    if printed_year == 0 {
        return invalid;
    }
    let Ok(found) = Date::new(printed_year + offset, month as i8, day as i8) else {
        return invalid;
    };
    if !(1868..=2117).contains(&found.year()) {
        return invalid;
    }
    match era {
        Some(era) if found < era.2 || found > era.3 => (Some(found), DateReading::OutsideEra),
        _ => (Some(found), DateReading::Good),
    }
}

/// An amount as printed, e.g. `1.5`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Amount {
    /// As printed; empty when left out. This is what is shown and stored.
    pub text: String,
    /// The number, when the text is one.
    pub number: Option<Number>,
}

impl Amount {
    /// Reads a printed amount. Full-width digits count as digits; signs, exponents and separators do not.
    pub fn read(text: &str) -> Self {
        Self { text: text.to_owned(), number: Number::read(text) }
    }

    /// Whether the field was left out.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The number, when it is a whole one that fits.
    pub fn whole(&self) -> Option<u32> {
        let number = self.number?;
        (number.scale == 0).then(|| u32::try_from(number.units).ok())?
    }
}

/// A non-negative decimal number, exactly as printed: `units` divided by ten to the power of `scale`. No trailing zeros,
/// so equal numbers are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// The digits.
    pub units: u64,
    /// How many of them are behind the point.
    pub scale: u8,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        let folded: String = text.nfkc().collect();
        let (whole, fraction) = folded.split_once('.').unwrap_or((&folded, "0"));
        let digits = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let units = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { units, scale: fraction.len() as u8 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn western_and_era_dates_read_to_the_same_day() {
        for text in ["19580303", "S330303", "s330303", "Ｓ３３０３０３"] {
            assert_eq!(NotebookDate::read(text).date, Some(date(1958, 3, 3)), "{text}");
        }
        assert_eq!(NotebookDate::read("R020410").iso().as_deref(), Some("2020-04-10"));
        assert_eq!(NotebookDate::read("M450729").date, Some(date(1912, 7, 29)));
        assert_eq!(NotebookDate::read("T011231").date, Some(date(1912, 12, 31)));
    }

    #[test]
    fn what_is_no_day_is_not_completed_to_one() {
        for text in [
            "2026",
            "202603",
            "20260230",
            "20261301",
            "R00101",
            "R000101",
            "X010101",
            "S33030",
            "4230110",
            "2026-03-10",
            "00000000",
            "昭和33年3月3日",
            "R08031",
        ] {
            assert_eq!(NotebookDate::reading(text), DateReading::Invalid, "{text}");
            assert_eq!(NotebookDate::read(text).date, None);
        }
        assert_eq!(NotebookDate::reading("H310601"), DateReading::OutsideEra);
        assert_eq!(NotebookDate::read("H310601").date, Some(date(2019, 6, 1)));
    }

    #[test]
    fn amounts_keep_their_text() {
        let amount = Amount::read("１．５０");
        assert_eq!(amount.text, "１．５０");
        assert_eq!(amount.number, Some(Number { units: 15, scale: 1 }));
        assert_eq!(Amount::read("6").whole(), Some(6));
        for text in ["", "1.", ".5", "-1", "1e3", "1/2", "2～3", "1 2", "9999999999"] {
            assert_eq!(Amount::read(text).number, None, "{text}");
        }
    }
}
