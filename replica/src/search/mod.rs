//! Finding a person by whatever is at hand: kana in any form, romaji, kanji, a birth date in any
//! form, sex, address, telephone or a local number.
//!
//! Both sides are *folded* to a plain form that forgives what people forgive (width, katakana or hiragana, voiced
//! marks, small kana, long vowels, old characters), then looked for as a substring. Everything typed must match
//! somewhere. Folding only ever looks at what stands before a character, so that results while typing are
//! the results of the whole word narrowed down.

mod birth;
mod fold;
mod query;

pub use birth::{BirthRange, Era, era_year, parse_birth_date, parse_birth_range};
pub use fold::{fold, fold_text, fold_variants};
pub(crate) use query::{EDGE, Query, Term, haystack, numbers, sex_code};
