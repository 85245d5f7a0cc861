//! Times of day out of Japanese usage texts (用法), for grouping medicines on the screen.
//!
//! The text itself is always shown beside what is read here, and is what counts. So this errs to the side of saying less:
//! how often is not when (`1日2回` alone gives nothing), and a text with a negation (`昼は服用しない`) gives nothing at all.
//! Intervals longer than a day come as [`Timing::Other`] in their own words, beside the time of day: a weekly medicine
//! taken in the morning must not look like a daily one.

use tendenko_crdt::Timing;
use unicode_normalization::UnicodeNormalization;

/// Longest text looked at, in characters; the format allows fifty full-width ones.
const MAX_CHARS: usize = 400;

/// Words that turn a time into its opposite, or into an exception.
const NEGATIONS: [&str; 12] =
    ["なし", "無し", "抜き", "抜く", "しない", "飲まない", "のまない", "除く", "除き", "休薬", "中止", "以外"];

const AS_NEEDED: [&str; 44] = [
    "頓",
    "屯服",
    "屯用",
    "必要時",
    "適宜",
    "疼痛時",
    "頭痛時",
    "腹痛時",
    "胸痛時",
    "歯痛時",
    "腰痛時",
    "痛い時",
    "痛む時",
    "痛みがある時",
    "痛いとき",
    "痛むとき",
    "発熱時",
    "高熱時",
    "熱のある時",
    "38度以上",
    "38.5度以上",
    "37.5度以上",
    "不眠時",
    "眠れない時",
    "便秘時",
    "下痢時",
    "嘔吐時",
    "嘔気時",
    "悪心時",
    "吐き気時",
    "吐き気がある時",
    "発作時",
    "呼吸苦時",
    "息苦しい時",
    "掻痒時",
    "かゆい時",
    "不安時",
    "不穏時",
    "興奮時",
    "咳嗽時",
    "めまい時",
    "動悸時",
    "血圧上昇時",
    "症状時",
];

const BEDTIME: [&str; 9] = ["就寝", "寝る前", "ねる前", "眠前", "睡前", "入眠前", "就眠", "vds", "v.d.s"];

const EXTERNAL: [&str; 26] = [
    "貼",
    "塗",
    "点眼",
    "点鼻",
    "点耳",
    "吸入",
    "うがい",
    "含嗽",
    "含そう",
    "外用",
    "患部",
    "湿布",
    "坐薬",
    "坐剤",
    "座薬",
    "挿入",
    "噴霧",
    "洗眼",
    "浣腸",
    "膣",
    "直腸",
    "散布",
    "消毒",
    "右眼",
    "左眼",
    "両眼",
];

const INJECTION: [&str; 5] = ["注射", "皮下注", "筋注", "静注", "自己注"];

/// The times a usage text names, in the order of the day, then as needed, external, injection, and intervals in their own
/// words. Empty when it names none: then only the text itself can be shown.
pub fn timings(text: &str) -> Vec<Timing> {
    let text = folded(text);
    if text.is_empty() || contains_any(&text, &NEGATIONS) {
        return Vec::new();
    }
    let as_needed = contains_any(&text, &AS_NEEDED);
    let bedtime = contains_any(&text, &BEDTIME);
    let external = contains_any(&text, &EXTERNAL);
    let injection = contains_any(&text, &INJECTION);
    // Words of which a part names a time of day, and the word as a whole does not.
    let rest = ["夕張", "朝鮮", "夜間透析", "昼夜"].iter().fold(text.clone(), |rest, word| rest.replace(word, ""));
    let hours = hours(&rest);
    let every_meal = ["毎食", "毎回食", "3食", "各食"].iter().any(|word| rest.contains(word));
    let mut morning = every_meal || contains_any(&rest, &["朝", "起床"]) || hours.iter().any(|h| (4..=10).contains(h));
    let mut noon = every_meal || rest.contains('昼') || hours.iter().any(|h| (11..=14).contains(h));
    let mut evening = every_meal || rest.contains(['夕', '晩']) || hours.iter().any(|h| (15..=23).contains(h));
    if !(morning || noon || evening || bedtime || as_needed) && three_a_day(&rest) {
        (morning, noon, evening) = (true, true, true);
    }
    let mut found = Vec::new();
    for (named, timing) in [
        (morning, Timing::Morning),
        (noon, Timing::Noon),
        (evening, Timing::Evening),
        (bedtime, Timing::Bedtime),
        (as_needed, Timing::AsNeeded),
        (external, Timing::External),
        (injection, Timing::Injection),
    ] {
        if named {
            found.push(timing);
        }
    }
    found.extend(intervals(&text).into_iter().map(Timing::Other));
    found
}

/// NFKC without spaces; the many dashes, brackets and dots of printed usages are left out.
fn folded(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && !"・、，,。【】[]()「」".contains(*c))
        .flat_map(char::to_lowercase)
        .take(MAX_CHARS)
        .collect()
}

fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// `分3` and `1日3回` have one meaning for the time of day; two and four times a day have several.
fn three_a_day(text: &str) -> bool {
    let at_end_of_number = |word: &str| {
        text.match_indices(word)
            .any(|(start, _)| !text[start + word.len()..].starts_with(|c: char| c.is_ascii_digit() || c == '~'))
    };
    at_end_of_number("分3") || text.contains("1日3回")
}

/// Hours of the clock: `8時`, `20:00`, but not `8時間`.
fn hours(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for (index, mark) in text.match_indices(['時', ':']) {
        let after = &text[index + mark.len()..];
        if after.starts_with('間') || (mark == ":" && !after.starts_with(|c: char| c.is_ascii_digit())) {
            continue;
        }
        let digits = text[..index].bytes().rev().take_while(u8::is_ascii_digit).count();
        if (1..=2).contains(&digits)
            && let Ok(hour @ 0..=23) = text[index - digits..index].parse::<u32>()
        {
            found.push(hour);
        }
    }
    found
}

/// What is not daily, in its own words: `週1回`, `隔日`, `月曜日`, `2日に1回`, `8時間毎`, `透析日`.
fn intervals(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !found.iter().any(|known| known.contains(&word)) {
            found.push(word);
        }
    };
    for word in ["隔日", "隔週", "非透析日", "透析日", "透析後", "毎週", "毎月"] {
        if text.contains(word) {
            add(word.to_owned());
        }
    }
    for index in 0..chars.len() {
        let rest: String = chars[index..].iter().take(12).collect();
        let digits = rest.chars().skip(1).take_while(char::is_ascii_digit).count();
        if (rest.starts_with('週') || rest.starts_with('月'))
            && digits > 0
            && rest.chars().nth(1 + digits) == Some('回')
        {
            add(rest.chars().take(digits + 2).collect());
        }
        if "月火水木金土日".contains(chars[index]) && rest.chars().nth(1) == Some('曜') {
            let start = (0..index).rev().take_while(|i| "月火水木金土日".contains(chars[*i])).count();
            add(chars[index - start..=index + 1].iter().collect::<String>() + "日");
        }
        if chars[index].is_ascii_digit() && !(index > 0 && chars[index - 1].is_ascii_digit()) {
            let digits = rest.chars().take_while(char::is_ascii_digit).count();
            let unit: String = rest.chars().skip(digits).collect();
            for word in [
                "日に1回",
                "日おき",
                "日ごと",
                "日毎",
                "日間隔",
                "時間ごと",
                "時間毎",
                "時間おき",
                "週間ごと",
                "週毎",
                "週ごと",
                "週に1回",
                "か月ごと",
                "ヶ月毎",
                "ヶ月ごと",
            ] {
                // Every one day is daily.
                let daily = &rest[..digits] == "1" && word.starts_with("日に");
                if unit.starts_with(word) && !daily {
                    add(format!("{}{word}", &rest[..digits]));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use Timing::{AsNeeded, Bedtime, Evening, External, Injection, Morning, Noon};

    fn other(word: &str) -> Timing {
        Timing::Other(word.to_owned())
    }

    #[test]
    fn usages_as_pharmacies_print_them() {
        for (text, expected) in [
            ("１日３回毎食後", vec![Morning, Noon, Evening]),
            ("【分３ 毎食後服用】", vec![Morning, Noon, Evening]),
            ("分３", vec![Morning, Noon, Evening]),
            ("分3 食前", vec![Morning, Noon, Evening]),
            ("【分２ 朝夕食後服用】", vec![Morning, Evening]),
            ("1日2回朝・夕食後", vec![Morning, Evening]),
            ("1日2回朝昼食後", vec![Morning, Noon]),
            ("１日１回朝食前", vec![Morning]),
            ("1日1回 就寝前", vec![Bedtime]),
            ("ﾈﾙ前 1日1回 寝る前", vec![Bedtime]),
            ("１日１回就寝時", vec![Bedtime]),
            ("1日4回毎食後と就寝前", vec![Morning, Noon, Evening, Bedtime]),
            ("頓用 疼痛時", vec![AsNeeded]),
            ("疼痛時 1日3回まで", vec![AsNeeded]),
            ("不眠時 就寝前", vec![Bedtime, AsNeeded]),
            ("【１日３～４回 うがい】", vec![External]),
            ("【患部に塗布】", vec![External]),
            ("1日1回 腰に貼付", vec![External]),
            ("1日1回朝 両眼 点眼", vec![Morning, External]),
            ("【１日２回 朝14単位 夕6単位】", vec![Morning, Evening]),
            ("1日1回 朝 皮下注射", vec![Morning, Injection]),
            ("週１回 月曜日 起床時", vec![Morning, other("週1回"), other("月曜日")]),
            ("週３回(月水金曜日)朝食後", vec![Morning, other("週3回"), other("月水金曜日")]),
            ("隔日 朝食後", vec![Morning, other("隔日")]),
            ("８時間ごと", vec![other("8時間ごと")]),
            ("2日に1回 夕食後", vec![Evening, other("2日に1回")]),
            ("8時、20時", vec![Morning, Evening]),
            ("午前 8:00", vec![Morning]),
        ] {
            assert_eq!(timings(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        for text in [
            "",
            "医師の指示どおり",
            "１日２回",
            "分２ 食後",
            "1日1回食後",
            "1日4回",
            "朝夕食後（昼は服用しない）",
            "分30",
            "1日1回",
        ] {
            assert_eq!(timings(text), Vec::new(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,60}", digits in "[0-9時:週月火曜日回分に毎～１２３]{0,24}") {
            timings(&text);
            timings(&digits);
        }
    }
}
