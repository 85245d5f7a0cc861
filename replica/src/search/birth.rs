//! Birth dates as people say them: the Western calendar or the Japanese era, whole or in part.

use jiff::civil::{Date, date};
use unicode_normalization::UnicodeNormalization;

/// A Japanese era since the Gregorian calendar came (1873) and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 明治, from 1868.
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

const ERAS: [(Era, &str, char, char, Date); 5] = [
    (Era::Reiwa, "令和", '令', 'r', date(2019, 5, 1)),
    (Era::Heisei, "平成", '平', 'h', date(1989, 1, 8)),
    (Era::Showa, "昭和", '昭', 's', date(1926, 12, 25)),
    (Era::Taisho, "大正", '大', 't', date(1912, 7, 30)),
    (Era::Meiji, "明治", '明', 'm', date(1868, 1, 25)),
];

/// How many years past its end an era is still understood: people go on counting.
const GRACE_YEARS: i16 = 10;

impl Era {
    /// 昭和 …
    pub fn name(self) -> &'static str {
        ERAS.iter().find(|era| era.0 == self).map_or("", |era| era.1)
    }
}

/// The era and year of an ISO date (昭和12 is `(Showa, 12)`); `None` before 明治 or when it is no date.
pub fn era_year(iso: &str) -> Option<(Era, i16)> {
    let day: Date = iso.parse().ok()?;
    let era = ERAS.iter().find(|era| day >= era.4)?;
    Some((era.0, day.year() - era.4.year() + 1))
}

/// The days a typed birth date may mean, first and last, as ISO dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BirthRange {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// Reads a whole birth date in any form (S12.3.3, 昭和12年3月3日, 1937/3/3, 19370303) as an ISO date.
pub fn parse_birth_date(text: &str) -> Option<String> {
    let range = parse_birth_range(text)?;
    (range.from == range.to).then_some(range.from)
}

/// Reads a birth date, or the beginning of one (昭和12年, S12.3, 1937), as the days it may mean.
pub fn parse_birth_range(text: &str) -> Option<BirthRange> {
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).take(24).collect();
    let (era, rest) = split_era(&text);
    let parts = numbers(rest)?;
    let (year, month, day) = match (parts.as_slice(), era) {
        ([compact], _) if compact.len() >= 6 && parts.len() == 1 => split_compact(compact, era.is_some())?,
        ([year], _) => (number(year)?, None, None),
        ([year, month], _) => (number(year)?, Some(number(month)?), None),
        ([year, month, day], _) => (number(year)?, Some(number(month)?), Some(number(day)?)),
        _ => return None,
    };
    let year = match era {
        Some(index) => western(index, year)?,
        None if (1850..=2199).contains(&year) => year,
        None => return None,
    };
    range(year, month, day)
}

fn split_era(text: &str) -> (Option<usize>, &str) {
    for (index, (_, name, kanji, letter, _)) in ERAS.iter().enumerate() {
        if let Some(rest) =
            text.strip_prefix(name).or_else(|| text.strip_prefix(*kanji)).or_else(|| text.strip_prefix(*letter))
        {
            return (Some(index), rest);
        }
    }
    (None, text)
}

/// The groups of digits, separated by . / - or 年 月 日; `None` when anything else stands there.
fn numbers(text: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = vec![String::new()];
    for c in text.chars() {
        match c {
            '0'..='9' => parts.last_mut()?.push(c),
            '元' if parts.last()?.is_empty() => parts.last_mut()?.push('1'),
            '〇' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' => {
                parts.last_mut()?.push(c)
            }
            '年' | '月' | '.' | '/' | '-' | '日' | '生' if !parts.last()?.is_empty() => parts.push(String::new()),
            '生' | 'ま' | 'れ' => {}
            _ => return None,
        }
    }
    if parts.last()?.is_empty() {
        parts.pop();
    }
    (!parts.is_empty() && parts.len() <= 3).then_some(parts)
}

/// Arabic digits, or kanji up to 九十九 (also 一九三七).
fn number(text: &str) -> Option<i16> {
    if let Ok(plain) = text.parse() {
        return Some(plain);
    }
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|d| d == c).and_then(|d| i16::try_from(d).ok());
    if let Some((tens, ones)) = text.split_once('十') {
        let tens = if tens.is_empty() {
            1
        } else {
            tens.chars().next().filter(|_| tens.chars().count() == 1).and_then(digit)?
        };
        let ones = if ones.is_empty() {
            0
        } else {
            ones.chars().next().filter(|_| ones.chars().count() == 1).and_then(digit)?
        };
        return Some(tens * 10 + ones);
    }
    let mut value: i16 = 0;
    for c in text.chars().take(5) {
        value = value.checked_mul(10)?.checked_add(digit(c)?)?;
    }
    Some(value)
}

type Parts = (i16, Option<i16>, Option<i16>);

/// 19370303, or 120303 after an era letter. Six digits without an era are a year and a month (193703).
fn split_compact(digits: &str, era: bool) -> Option<Parts> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some((number(digits)?, None, None));
    }
    let (year, rest) = digits.split_at(if era { 2 } else { 4 });
    let (month, day) = rest.split_at(2);
    let day = match day.len() {
        0 => None,
        2 => Some(number(day)?),
        _ => return None,
    };
    Some((number(year)?, Some(number(month)?), day))
}

fn western(index: usize, year: i16) -> Option<i16> {
    let first = ERAS[index].4.year();
    let last = index.checked_sub(1).map_or(2199, |next| ERAS[next].4.year());
    let western = first.checked_add(year)?.checked_sub(1)?;
    (year >= 1 && western <= last + GRACE_YEARS).then_some(western)
}

fn range(year: i16, month: Option<i16>, day: Option<i16>) -> Option<BirthRange> {
    let narrow = |n: i16| i8::try_from(n).ok();
    let (from, to) = match (month, day) {
        (None, _) => (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?),
        (Some(month), None) => {
            let first = Date::new(year, narrow(month)?, 1).ok()?;
            (first, first.last_of_month())
        }
        (Some(month), Some(day)) => {
            let day = Date::new(year, narrow(month)?, narrow(day)?).ok()?;
            (day, day)
        }
    };
    Some(BirthRange { from: from.to_string(), to: to.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_of_saying_one_day() {
        for typed in [
            "S12.3.3",
            "s12/3/3",
            "Ｓ１２．３．３",
            "S12-03-03",
            "昭和12年3月3日",
            "昭和１２年３月３日",
            "昭12.3.3",
            "1937/3/3",
            "1937-03-03",
            "1937.3.3",
            "19370303",
            "1937年3月3日",
            "S120303",
            "昭和十二年三月三日",
            "㍼12年3月3日",
            "昭和12年3月3日生",
            "一九三七年三月三日",
        ] {
            assert_eq!(parse_birth_date(typed).as_deref(), Some("1937-03-03"), "{typed}");
        }
        assert_eq!(parse_birth_date("昭和元年12月25日").as_deref(), Some("1926-12-25"));
        assert_eq!(parse_birth_date("平成元年1月8日").as_deref(), Some("1989-01-08"));
        assert_eq!(parse_birth_date("T1.7.30").as_deref(), Some("1912-07-30"));
        assert_eq!(parse_birth_date("S65.1.1").as_deref(), Some("1990-01-01"));
    }

    #[test]
    fn part_of_a_date_is_a_range() {
        let range = |typed| parse_birth_range(typed).map(|r| (r.from, r.to));
        let year = Some(("1937-01-01".into(), "1937-12-31".into()));
        for typed in ["昭和12年", "S12", "昭12", "1937", "1937年"] {
            assert_eq!(range(typed), year, "{typed}");
        }
        assert_eq!(range("S12.2"), Some(("1937-02-01".into(), "1937-02-28".into())));
        assert_eq!(range("193702"), Some(("1937-02-01".into(), "1937-02-28".into())));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for typed in [
            "",
            "佐藤",
            "12",
            "S",
            "昭和",
            "S99",
            "1937/13/1",
            "1937/2/30",
            "さとう",
            "090-1234-5678",
            "1-2-3",
            "m",
            "sato",
            "昭和12年3月3日4",
        ] {
            assert_eq!(parse_birth_range(typed), None, "{typed}");
        }
    }

    #[test]
    fn eras_change_on_their_day() {
        assert_eq!(era_year("1937-03-03"), Some((Era::Showa, 12)));
        assert_eq!(era_year("1989-01-07"), Some((Era::Showa, 64)));
        assert_eq!(era_year("1989-01-08"), Some((Era::Heisei, 1)));
        assert_eq!(era_year("2026-11-20"), Some((Era::Reiwa, 8)));
        assert_eq!(era_year("x"), None);
    }

    proptest! {
        #[test]
        fn a_day_said_in_its_era_is_that_day(days in 0i64..55_000) {
            let day = date(1873, 1, 1).saturating_add(jiff::Span::new().days(days));
            let iso = day.to_string();
            let (era, year) = era_year(&iso).unwrap();
            let said = format!("{}{}年{}月{}日", era.name(), year, day.month(), day.day());
            prop_assert_eq!(parse_birth_date(&said), Some(iso.clone()));
            prop_assert_eq!(parse_birth_date(&iso.replace('-', "")), Some(iso));
        }

        #[test]
        fn anything_typed_is_survived(text in "\\PC{0,30}") {
            let _ = parse_birth_range(&text);
        }
    }
}
