//! What is odd about one line on its own, by the record table.

use unicode_normalization::UnicodeNormalization;

use super::codes::Origin;
use super::problem::{Problem, ProblemCode};
use super::spec::{self, FieldSpec, Kind, Need, RecordSpec};
use super::text::Line;
use super::value::{Amount, DateReading, NotebookDate};

impl ProblemCode {
    /// Whether a value with this problem may be the beginning of a good one.
    pub(crate) fn may_be_cut(self) -> bool {
        matches!(
            self,
            Self::InvalidDate | Self::NotDigits | Self::UnlistedCode | Self::NotANumber | Self::UnreadableText
        )
    }
}

/// The RP number, 0 when the text is none.
pub(crate) fn rp_number(text: &str) -> u16 {
    let digits: String = text.nfkc().collect();
    if digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().unwrap_or(0) } else { 0 }
}

/// What does not fit the kind of a filled field.
pub(crate) fn value_problem(field: &FieldSpec, value: &str) -> Option<ProblemCode> {
    if value.is_empty() {
        return None;
    }
    if value.contains('\u{FFFD}') {
        return Some(ProblemCode::UnreadableText);
    }
    let digits = || {
        let folded: String = value.nfkc().collect();
        folded.bytes().all(|b| b.is_ascii_digit()).then_some(folded.len())
    };
    let wrong = |wrong: bool, code| wrong.then_some(code);
    match field.kind {
        Kind::Text => None,
        Kind::Ascii => wrong(!value.is_ascii(), ProblemCode::NotAscii),
        Kind::Digits => wrong(digits().is_none_or(|count| count > field.bytes), ProblemCode::NotDigits),
        Kind::FixedDigits(count) => wrong(digits() != Some(count), ProblemCode::NotDigits),
        Kind::Number => wrong(Amount::read(value).number.is_none(), ProblemCode::NotANumber),
        Kind::Date => match NotebookDate::reading(value) {
            DateReading::Invalid => Some(ProblemCode::InvalidDate),
            DateReading::OutsideEra => Some(ProblemCode::DateOutsideEra),
            DateReading::Left | DateReading::Good => None,
        },
        Kind::Code(codes) => wrong(!codes.contains(&value), ProblemCode::UnlistedCode),
    }
}

/// How many bytes a text takes in cp932.
pub(crate) fn cp932_bytes(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() || ('\u{FF61}'..='\u{FF9F}').contains(&c) { 1 } else { 2 }).sum()
}

/// Everything odd about one line.
pub(crate) fn line(line: &Line, origin: &Origin) -> Vec<Problem> {
    let problem = |field: Option<usize>, code| Problem {
        line: line.number,
        record: line.record.clone(),
        field: field.map(|number| number.min(255) as u8),
        code,
    };
    let mut problems = Vec::new();
    for (index, value) in line.fields.iter().enumerate() {
        if value.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) {
            problems.push(problem(Some(index + 1), ProblemCode::UserDefinedCharacter));
        }
        if value.chars().any(char::is_control) {
            problems.push(problem(Some(index + 1), ProblemCode::ControlCharacter));
        }
    }
    let Some(record) = spec::record(&line.record) else {
        problems.push(problem(None, ProblemCode::UnknownRecord));
        return problems;
    };
    for (index, field) in record.fields.iter().enumerate() {
        let value = line.field(index + 1);
        if value.is_empty() {
            if let Some(code) = missing(record, field, origin) {
                problems.push(problem(Some(index + 1), code));
            }
            continue;
        }
        if let Some(code) = value_problem(field, value) {
            problems.push(problem(Some(index + 1), code));
        }
        if matches!(field.kind, Kind::Text | Kind::Ascii) && cp932_bytes(value) > field.bytes {
            problems.push(problem(Some(index + 1), ProblemCode::FieldTooLong));
        }
    }
    if line.content().len() > record.fields.len() {
        problems.push(problem(Some(record.fields.len() + 1), ProblemCode::ExtraFields));
    }
    for (kind, code) in code_fields(&line.record) {
        match (line.field(*kind), line.field(*code)) {
            ("" | "1", "") => {}
            ("1", _) => problems.push(problem(Some(*code), ProblemCode::CodeWithoutKind)),
            (_, "") => problems.push(problem(Some(*code), ProblemCode::CodeMissing)),
            _ => {}
        }
    }
    problems
}

/// Fields of code type and code.
fn code_fields(record: &str) -> &'static [(usize, usize)] {
    match record {
        "201" => &[(5, 6), (9, 10)],
        "301" => &[(6, 7)],
        "31" => &[(3, 4)],
        _ => &[],
    }
}

fn missing(record: &RecordSpec, field: &FieldSpec, origin: &Origin) -> Option<ProblemCode> {
    let people_and_places = matches!(record.number, "1" | "11" | "15" | "51" | "55" | "701");
    match field.need {
        Need::Free => None,
        Need::ToPatient => (*origin == Origin::ToPatient).then_some(ProblemCode::FieldMissing),
        Need::Always if people_and_places || matches!(field.kind, Kind::Code(_)) => Some(ProblemCode::FieldMissing),
        Need::Always => Some(ProblemCode::EssentialMissing),
    }
}
