//! Days and moments as people here read them: Asia/Tokyo, with the Japanese era beside the Western year.
//!
//! Japan has had no daylight saving time since 1951, so Asia/Tokyo is UTC+9 for every moment a record can carry.
//! Wrong here means a wrong age or a wrong day of dispensing on the screen; nothing here is ever stored.

use crate::i18n::Lang;
use tendenko_app_api::Millis;

const DAY_MS: i64 = 86_400_000;
/// Japan is nine hours ahead of UTC, all year.
pub const TOKYO_MS: i64 = 9 * 3_600_000;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Western year.
    pub year: i32,
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
}

/// The first day of each era, newest first, with its kanji and its letter.
const ERAS: [(Day, &str, &str); 5] = [
    (Day { year: 2019, month: 5, day: 1 }, "令和", "R"),
    (Day { year: 1989, month: 1, day: 8 }, "平成", "H"),
    (Day { year: 1926, month: 12, day: 25 }, "昭和", "S"),
    (Day { year: 1912, month: 7, day: 30 }, "大正", "T"),
    (Day { year: 1868, month: 1, day: 25 }, "明治", "M"),
];

const WEEKDAYS_JA: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
const WEEKDAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Day {
    /// Reads `2026-11-20`; none when it is not a day that exists.
    pub fn parse(iso: &str) -> Option<Day> {
        let mut parts = iso.splitn(3, '-');
        let day = Day {
            year: parts.next()?.parse().ok()?,
            month: parts.next()?.parse().ok()?,
            day: parts.next()?.parse().ok()?,
        };
        (Day::from_number(day.number()) == day).then_some(day)
    }

    /// The day of a moment in Asia/Tokyo.
    pub fn of(at: Millis) -> Day {
        Day::from_number((at.0 + TOKYO_MS).div_euclid(DAY_MS))
    }

    /// The last day of a month given as `2026-11`.
    pub fn last_of_month(iso: &str) -> Option<Day> {
        let first = Day::parse(&format!("{iso}-01"))?;
        let (year, month) = if first.month == 12 { (first.year + 1, 1) } else { (first.year, first.month + 1) };
        Some(Day::from_number(Day { year, month, day: 1 }.number() - 1))
    }

    /// So many days later.
    pub fn plus(self, days: i64) -> Day {
        Day::from_number(self.number() + days)
    }

    /// The year of its era: `令和8年`; none before the eras of the modern calendar.
    pub fn era_year(self) -> Option<String> {
        self.era().map(|(kanji, _, year)| if year == 1 { format!("{kanji}元年") } else { format!("{kanji}{year}年") })
    }

    /// `2026-11-20`.
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// 0 = Monday.
    fn weekday(self) -> usize {
        (self.number() + 3).rem_euclid(7) as usize
    }

    /// Days since 1970-01-01, in the proleptic Gregorian calendar (Howard Hinnant, days_from_civil).
    fn number(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let century = year.div_euclid(400);
        let year_of_century = year - century * 400;
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_century = year_of_century * 365 + year_of_century / 4 - year_of_century / 100 + day_of_year;
        century * 146_097 + day_of_century - 719_468
    }

    /// Days from this one to another; negative where that one is earlier.
    pub fn days_until(self, other: Day) -> i64 {
        other.number() - self.number()
    }

    fn from_number(number: i64) -> Day {
        let number = number + 719_468;
        let century = number.div_euclid(146_097);
        let day_of_century = number - century * 146_097;
        let year_of_century =
            (day_of_century - day_of_century / 1_460 + day_of_century / 36_524 - day_of_century / 146_096) / 365;
        let day_of_year = day_of_century - (365 * year_of_century + year_of_century / 4 - year_of_century / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let month = (month_index + 2) % 12 + 1;
        Day {
            year: (year_of_century + century * 400 + i64::from(month <= 2)) as i32,
            month: month as u8,
            day: (day_of_year - (153 * month_index + 2) / 5 + 1) as u8,
        }
    }

    fn era(self) -> Option<(&'static str, &'static str, i32)> {
        let (first, kanji, letter) = ERAS.into_iter().find(|(first, ..)| self >= *first)?;
        Some((kanji, letter, self.year - first.year + 1))
    }

    /// `令和8年11月20日`, or `20 Nov 2026`.
    pub fn long(self, lang: Lang) -> String {
        match lang {
            Lang::Ja => match self.era() {
                Some((kanji, _, 1)) => format!("{kanji}元年{}月{}日", self.month, self.day),
                Some((kanji, _, year)) => format!("{kanji}{year}年{}月{}日", self.month, self.day),
                None => format!("{}年{}月{}日", self.year, self.month, self.day),
            },
            Lang::En => format!("{} {} {}", self.day, MONTHS_EN[usize::from(self.month) - 1], self.year),
        }
    }

    /// A birth date with both calendars: `昭和12年3月3日（1937年）`, or `3 Mar 1937 (S12)`.
    pub fn birth(self, lang: Lang) -> String {
        match (lang, self.era()) {
            (Lang::Ja, _) => format!("{}（{}年）", self.long(lang), self.year),
            (Lang::En, Some((_, letter, year))) => format!("{} ({letter}{year})", self.long(lang)),
            (Lang::En, None) => self.long(lang),
        }
    }

    /// The month: `令和8年11月`, or `Nov 2026`.
    pub fn month(self, lang: Lang) -> String {
        match (lang, self.era()) {
            (Lang::Ja, Some((kanji, _, 1))) => format!("{kanji}元年{}月", self.month),
            (Lang::Ja, Some((kanji, _, year))) => format!("{kanji}{year}年{}月", self.month),
            (Lang::Ja, None) => format!("{}年{}月", self.year, self.month),
            (Lang::En, _) => format!("{} {}", MONTHS_EN[usize::from(self.month) - 1], self.year),
        }
    }

    /// A heading of a day: `11月20日（金）` within the same year, else with the era year.
    pub fn heading(self, today: Day, lang: Lang) -> String {
        match lang {
            Lang::Ja => {
                let date =
                    if self.year == today.year { format!("{}月{}日", self.month, self.day) } else { self.long(lang) };
                format!("{date}（{}）", WEEKDAYS_JA[self.weekday()])
            }
            Lang::En => {
                let date = format!("{} {}", self.day, MONTHS_EN[usize::from(self.month) - 1]);
                let year = if self.year == today.year { String::new() } else { format!(" {}", self.year) };
                format!("{} {date}{year}", WEEKDAYS_EN[self.weekday()])
            }
        }
    }

    /// A short day for tables and lists: `11/20` within the same year, else `2025/11/20`.
    pub fn short(self, today: Day) -> String {
        if self.year == today.year {
            format!("{}/{}", self.month, self.day)
        } else {
            format!("{}/{}/{}", self.year, self.month, self.day)
        }
    }
}

/// The name of a weekday, 1 = Monday … 7 = Sunday.
pub fn weekday_name(number: u8, lang: Lang) -> &'static str {
    let names = match lang {
        Lang::Ja => &WEEKDAYS_JA,
        Lang::En => &WEEKDAYS_EN,
    };
    names.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("")
}

/// A month given as `2026-11`, in words; as it is where it is none.
pub fn month(iso: &str, lang: Lang) -> String {
    Day::parse(&format!("{iso}-01")).map_or_else(|| iso.to_owned(), |day| day.month(lang))
}

/// An ISO day as [`Day::long`], or as it came when it is not one.
pub fn long(iso: &str, lang: Lang) -> String {
    Day::parse(iso).map_or_else(|| iso.to_owned(), |day| day.long(lang))
}

/// The time of a moment in Asia/Tokyo, `10:42`.
pub fn clock(at: Millis) -> String {
    let minutes = (at.0 + TOKYO_MS).rem_euclid(DAY_MS) / 60_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A moment in one line: only the time when it is today, else with the day.
pub fn moment(at: Millis, now: Millis) -> String {
    let (day, today) = (Day::of(at), Day::of(now));
    if day == today { clock(at) } else { format!("{} {}", day.short(today), clock(at)) }
}

/// Minutes since midnight of a time as it is typed: `930`, `9:30`, `14：05`.
pub fn minutes_of(text: &str) -> Option<i64> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | '：' | ' '))
        .map(|c| if ('０'..='９').contains(&c) { char::from(b'0' + (c as u32 - '０' as u32) as u8) } else { c })
        .collect();
    if !(3..=4).contains(&digits.len()) || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len() - 2);
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// A time as it is typed, in the form in which it is kept: `9:30` is `09:30`. None when it is no time of day.
pub fn time_of(text: &str) -> Option<String> {
    minutes_of(text).map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

/// A time of day so many minutes later; past midnight on the next day's clock.
pub fn later(time: &str, minutes: u16) -> String {
    let end = minutes_of(time).map_or(0, |start| (start + i64::from(minutes)).rem_euclid(24 * 60));
    format!("{:02}:{:02}", end / 60, end % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(iso: &str) -> Day {
        Day::parse(iso).expect("a day that exists")
    }

    #[test]
    fn eras_change_on_their_first_day() {
        for (iso, text) in [
            ("2026-11-20", "令和8年11月20日"),
            ("2019-05-01", "令和元年5月1日"),
            ("2019-04-30", "平成31年4月30日"),
            ("1989-01-08", "平成元年1月8日"),
            ("1989-01-07", "昭和64年1月7日"),
            ("1937-03-03", "昭和12年3月3日"),
            ("1926-12-25", "昭和元年12月25日"),
            ("1926-12-24", "大正15年12月24日"),
            ("1912-07-29", "明治45年7月29日"),
        ] {
            assert_eq!(day(iso).long(Lang::Ja), text);
        }
    }

    #[test]
    fn a_time_is_read_however_it_is_typed() {
        for (text, minutes) in [
            ("930", Some(570)),
            ("9:30", Some(570)),
            ("0930", Some(570)),
            ("14：05", Some(845)),
            ("０９３０", Some(570)),
            ("2400", None),
            ("1260", None),
            ("93", None),
            ("9:3x", None),
        ] {
            assert_eq!(minutes_of(text), minutes, "{text}");
        }
    }

    #[test]
    fn a_time_is_kept_in_one_form_and_ends_later() {
        assert_eq!(time_of("930").as_deref(), Some("09:30"));
        assert_eq!(time_of("9時半"), None);
        assert_eq!((later("09:30", 45), later("23:30", 45)), ("10:15".to_owned(), "00:15".to_owned()));
    }

    #[test]
    fn every_day_of_two_centuries_is_read_back() {
        let mut previous = Day::from_number(-40_000);
        for number in -39_999..40_000 {
            let day = Day::from_number(number);
            assert!(day > previous);
            assert_eq!(day.number(), number);
            assert_eq!(Day::parse(&day.iso()), Some(day));
            previous = day;
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_none() {
        for iso in ["2026-02-29", "2026-13-01", "2026-00-10", "", "2026-11", "S12.3.3", "2026-11-20-1"] {
            assert_eq!(Day::parse(iso), None, "{iso}");
        }
    }

    #[test]
    fn a_moment_is_read_in_tokyo() {
        // 2026-11-19T15:30:00Z is half past midnight of the 20th in Tokyo.
        let at = Millis(1_795_102_200_000);
        assert_eq!(Day::of(at).iso(), "2026-11-20");
        assert_eq!(clock(at), "00:30");
        assert_eq!(moment(at, Millis(at.0 + 3_600_000)), "00:30");
        assert_eq!(moment(at, Millis(at.0 + DAY_MS)), "11/20 00:30");
        assert_eq!(clock(Millis(-1)), "08:59");
    }

    #[test]
    fn headings_name_the_weekday() {
        let today = day("2026-11-20");
        assert_eq!(today.heading(today, Lang::Ja), "11月20日（金）");
        assert_eq!(day("2025-12-31").heading(today, Lang::Ja), "令和7年12月31日（水）");
        assert_eq!(today.heading(today, Lang::En), "Fri 20 Nov");
        assert_eq!(day("1937-03-03").birth(Lang::Ja), "昭和12年3月3日（1937年）");
        assert_eq!(day("1937-03-03").birth(Lang::En), "3 Mar 1937 (S12)");
    }
}
