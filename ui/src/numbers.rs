//! Numbers as they are typed with one thumb: what a key does to a field, when a field is full, what it means.
//!
//! A value is full when no further digit would be plausible (`78` for a diastolic pressure: `780` is not), and the pad then moves on by
//! itself; who means it goes back and types on. Temperature is typed without its point: `365` is 36.5.

use tendenko_app_api::{LARGEST, Measure};

/// A key of the pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// 0–9.
    Digit(u8),
    /// The decimal point.
    Point,
    /// Removes the last character.
    Back,
}

/// What a key makes of a field's text.
pub fn press(measure: Measure, text: &str, key: Key) -> String {
    let mut text = text.to_owned();
    match key {
        Key::Back => {
            text.pop();
        }
        Key::Point if measure.decimals() > 0 && !text.contains('.') && !text.is_empty() => text.push('.'),
        Key::Point => {}
        Key::Digit(digit) => {
            let after_point = text.split_once('.').map_or(0, |(_, tenths)| tenths.len());
            if after_point == 0 && text.len() < 4 {
                text.push(char::from(b'0' + digit.min(9)));
            }
        }
    }
    text
}

/// The number a text means, in the scale of [`Measure`]; `Err` when it is none or does not fit, `Ok(None)` when empty.
pub fn value(measure: Measure, text: &str) -> Result<Option<i32>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let ascii: String = text
        .chars()
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            '．' | '。' => '.',
            other => other,
        })
        .collect();
    let (whole, tenths) = ascii.split_once('.').unwrap_or((&ascii, ""));
    if whole.is_empty() || whole.len() > 4 || tenths.len() > usize::from(measure.decimals()) {
        return Err(());
    }
    if !whole.chars().chain(tenths.chars()).all(|c| c.is_ascii_digit()) {
        return Err(());
    }
    let whole: i32 = whole.parse().map_err(|_| ())?;
    let value = match measure {
        // Three digits without a point: the point stands before the last.
        Measure::Temperature if whole >= 100 && tenths.is_empty() => whole,
        _ if measure.decimals() == 1 => whole * 10 + tenths.parse::<i32>().unwrap_or(0),
        _ => whole,
    };
    if value <= LARGEST { Ok(Some(value)) } else { Err(()) }
}

/// No further digit could still be a measurement.
pub fn is_full(measure: Measure, text: &str) -> bool {
    match value(measure, text) {
        Ok(Some(value)) => match measure {
            Measure::Weight => text.contains('.') && !text.ends_with('.'),
            Measure::Temperature => text.len() >= 3 && !text.ends_with('.'),
            _ => value * 10 > *measure.plausible().end() && value != 0,
        },
        _ => false,
    }
}

/// The text of a field that is left: a temperature typed without its point gets it. Nothing is added to a text that is
/// not full: a touch on the pad leaves the field too, and `36` may still become 36.8.
pub fn tidy(measure: Measure, text: &str) -> String {
    match value(measure, text) {
        Ok(Some(value)) if measure == Measure::Temperature && is_full(measure, text) => show(measure, value),
        _ => text.to_owned(),
    }
}

/// A measurement as it is shown, without its unit.
pub fn show(measure: Measure, value: i32) -> String {
    if measure.decimals() == 1 { format!("{}.{}", value / 10, value % 10) } else { value.to_string() }
}

/// Bytes as they are shown: `840 B`, `12 KB`, `3.4 MB`, `7.2 GB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} KB", count.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", count / 1_000_000_000, count % 1_000_000_000 / 100_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(measure: Measure, digits: &str) -> (String, usize) {
        let mut text = String::new();
        for (count, digit) in digits.chars().enumerate() {
            let key = digit.to_digit(10).map_or(Key::Point, |digit| Key::Digit(digit as u8));
            text = press(measure, &text, key);
            if is_full(measure, &text) {
                return (text, count + 1);
            }
        }
        (text, digits.len())
    }

    #[test]
    fn a_field_is_full_when_nothing_can_follow() {
        for (measure, digits, taken) in [
            (Measure::Systolic, "1284", 3),
            (Measure::Systolic, "981", 2),
            (Measure::Diastolic, "780", 2),
            (Measure::Diastolic, "110", 3),
            (Measure::Pulse, "720", 2),
            (Measure::Spo2, "970", 2),
            (Measure::Spo2, "100", 3),
            (Measure::Temperature, "3655", 3),
            (Measure::Weight, "48.25", 4),
        ] {
            assert_eq!(typed(measure, digits).1, taken, "{measure:?} {digits}");
        }
    }

    #[test]
    fn temperature_needs_no_point() {
        assert_eq!(value(Measure::Temperature, "365"), Ok(Some(365)));
        assert_eq!(value(Measure::Temperature, "36.5"), Ok(Some(365)));
        assert_eq!(value(Measure::Temperature, "36"), Ok(Some(360)));
        assert_eq!(value(Measure::Temperature, "３６．５"), Ok(Some(365)));
        assert_eq!(tidy(Measure::Temperature, "365"), "36.5");
        for unfinished in ["3", "36", "36."] {
            assert_eq!(tidy(Measure::Temperature, unfinished), unfinished, "digits may follow");
        }
        assert_eq!(tidy(Measure::Pulse, "72"), "72");
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_refused() {
        for (measure, text) in [
            (Measure::Temperature, "36.55"),
            (Measure::Temperature, "9999.9"),
            (Measure::Systolic, "12.5"),
            (Measure::Pulse, "-60"),
            (Measure::Pulse, "abc"),
            (Measure::Pulse, "99999999999"),
        ] {
            assert_eq!(value(measure, text), Err(()), "{measure:?} {text}");
        }
        assert_eq!(value(Measure::Pulse, " "), Ok(None));
    }

    #[test]
    fn what_is_hard_to_believe_can_be_typed() {
        assert_eq!(value(Measure::Spo2, "101"), Ok(Some(101)));
        assert_eq!(value(Measure::Temperature, "3650"), Ok(Some(3650)));
        assert_eq!(press(Measure::Systolic, "31", Key::Digit(0)), "310");
    }

    #[test]
    fn weight_keeps_its_tenths() {
        assert_eq!(value(Measure::Weight, "48"), Ok(Some(480)));
        assert_eq!(value(Measure::Weight, "48.2"), Ok(Some(482)));
        assert_eq!(show(Measure::Weight, 482), "48.2");
    }

    #[test]
    fn sizes_are_never_rounded_down_to_nothing() {
        assert_eq!(bytes(840), "840 B");
        assert_eq!(bytes(1_001), "2 KB");
        assert_eq!(bytes(3_450_000), "3.4 MB");
        assert_eq!(bytes(7_250_000_000), "7.2 GB");
    }
}
