//! What was typed, as conditions, and what a patient is looked up by.

use wana_kana::ConvertJapanese;

use tendenko_crdt::{Identity, Sex};

use super::birth::{BirthRange, parse_birth_range};
use super::fold::{fold, fold_variants};

const MAX_TYPED: usize = 200;
const MAX_TERMS: usize = 8;
/// Between the parts of a haystack, so that no match runs across two of them. Folding removes it from what is typed.
pub(crate) const EDGE: char = '\u{1f}';

/// What was typed: every term must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) terms: Vec<Term>,
}

/// One word of a query: it matches when any of these does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Term {
    /// Folded text to find as a substring of the haystack.
    pub(crate) texts: Vec<String>,
    /// Digits to find as a substring of the numbers.
    pub(crate) digits: Option<String>,
    /// A birth date, or part of one.
    pub(crate) birth: Option<BirthRange>,
    /// A sex.
    pub(crate) sex: Option<&'static str>,
}

impl Query {
    /// `None` until there are two characters to look for.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let typed: String = typed.chars().take(MAX_TYPED).collect();
        // A date with spaces in it (昭和12年 3月 3日) is one term.
        if let Some(birth) = parse_birth_range(&typed).filter(|_| typed.contains(char::is_whitespace)) {
            return Some(Self { terms: vec![Term { birth: Some(birth), ..Term::default() }] });
        }
        let terms: Vec<Term> = typed
            .split(|c: char| c.is_whitespace() || matches!(c, '、' | ',' | '，'))
            .filter(|word| !word.is_empty())
            .take(MAX_TERMS)
            .filter_map(Term::parse)
            .collect();
        let short = matches!(terms.as_slice(), [only] if typed.trim().chars().count() < 2 && only.birth.is_none());
        (!terms.is_empty() && !short).then_some(Self { terms })
    }
}

impl Term {
    fn parse(word: &str) -> Option<Self> {
        let mut texts = fold_variants(word);
        if let Some(kana) = kana_of(word) {
            texts.extend(fold_variants(&kana));
        }
        texts.retain(|text| !text.is_empty());
        texts.dedup();
        let digits: String = fold(word).chars().filter(char::is_ascii_digit).collect();
        let numeric = fold(word).chars().all(|c| c.is_ascii_digit() || c == '-');
        let term = Self {
            digits: (numeric && digits.len() >= 2).then_some(digits),
            birth: parse_birth_range(word),
            sex: sex_of(word),
            texts,
        };
        (term != Self::default()).then_some(term)
    }
}

/// Romaji as kana, also while it is being typed ("sat" is さ so far). `None` when there is no romaji in it.
fn kana_of(word: &str) -> Option<String> {
    let folded = fold(word);
    if folded.len() < 2 || !folded.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let kana = plain_romaji(&folded).to_hiragana();
    let typed = kana.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    (!typed.is_empty() && !typed.contains(|c: char| c.is_ascii_alphabetic())).then(|| typed.to_owned())
}

/// Passport and old spellings as plain Hepburn: Shimpei, Ohno, Matchan.
fn plain_romaji(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut plain = String::with_capacity(word.len());
    for (index, &letter) in letters.iter().enumerate() {
        let next = letters.get(index + 1).copied();
        let before = index.checked_sub(1).map(|i| letters[i]);
        match (before, letter, next) {
            (_, 'm', Some('b' | 'p' | 'm')) => plain.push('n'),
            (_, 't', Some('c')) => plain.push('c'),
            // "oh" is a long o, unless the h begins a syllable (Ohara).
            (Some('o'), 'h', None) => {}
            (Some('o'), 'h', Some(c)) if !"aiueoy".contains(c) => {}
            _ => plain.push(letter),
        }
    }
    plain
}

fn sex_of(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "男" | "男性" | "おとこ" | "male" => Some(sex_code(&Sex::Male)),
        "女" | "女性" | "おんな" | "female" => Some(sex_code(&Sex::Female)),
        _ => None,
    }
}

/// A sex as the read model keeps it.
pub(crate) fn sex_code(sex: &Sex) -> &'static str {
    match sex {
        Sex::Male => "m",
        Sex::Female => "f",
        Sex::Other => "o",
        Sex::Unknown | Sex::Unrecognised(_) => "u",
    }
}

/// Everything textual a patient is found by, folded. Names both joined and word by word, because
/// a long vowel at the start of a given name is only dropped when the words run together.
pub(crate) fn haystack(identity: &Identity) -> String {
    let mut parts: Vec<String> = Vec::new();
    for name in [&identity.name, &identity.kana] {
        parts.extend(fold_variants(name));
        for word in name.split_whitespace() {
            parts.extend(fold_variants(word));
        }
    }
    parts.push(fold(&identity.address));
    parts.extend(identity.numbers.iter().map(|number| fold(&number.number)));
    let mut kept: Vec<String> = Vec::new();
    for part in parts {
        if !part.is_empty() && !kept.iter().any(|longer| longer.contains(&part)) {
            kept.push(part);
        }
    }
    let mut text = String::new();
    for part in kept {
        text.push(EDGE);
        text.push_str(&part);
    }
    text
}

/// The digits a patient is found by: telephone, postal code, local numbers.
pub(crate) fn numbers(identity: &Identity) -> String {
    let mut text = String::new();
    let local = identity.numbers.iter().map(|number| &number.number);
    for number in [&identity.phone, &identity.postal_code].into_iter().chain(local) {
        text.push(EDGE);
        text.extend(fold(number).chars().filter(char::is_ascii_digit));
    }
    text
}
