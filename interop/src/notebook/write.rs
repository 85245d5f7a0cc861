//! Writing a notebook text. Strict where reading is tolerant: what the format cannot hold is refused, never changed.

use super::check::{cp932_bytes, value_problem};
use super::codes::Origin;
use super::model::{DispensingGroup, Doctor, Institution, NotebookDraft, Remark, Version};
use super::spec::{self, Kind, Need};
use super::text::Encoding;

/// How the lines are laid out. The meaning is the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Between the lines.
    pub line_end: LineEnd,
    /// Whether a line end follows the last record.
    pub final_line_end: bool,
    /// Whether an end-of-file character (0x1A) closes the text.
    pub end_mark: bool,
    /// Whether trailing empty fields are printed.
    pub trailing_fields: bool,
}

/// A line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// CR LF, as the format says.
    CrLf,
    /// LF alone.
    Lf,
    /// CR alone.
    Cr,
}

impl Default for Layout {
    /// CR LF after every record, trailing empty fields printed, no end mark.
    fn default() -> Self {
        Self { line_end: LineEnd::CrLf, final_line_end: true, end_mark: false, trailing_fields: true }
    }
}

/// A field the format cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Record {record}, field {field}: {problem}.")]
pub struct WriteError {
    /// Record number.
    pub record: &'static str,
    /// Field number, first is 1; 0 for the record as a whole.
    pub field: usize,
    /// What is wrong.
    pub problem: WriteProblem,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteProblem {
    /// A separator or a quote, for which the format has no escape.
    #[error("a half-width comma or quote cannot be written; use the full-width one")]
    Separator,
    /// A line end or another control character.
    #[error("a line end or control character cannot be written")]
    Control,
    /// Not in cp932, or a user-defined character.
    #[error("a character is not in Shift_JIS (cp932)")]
    Character,
    /// White space at the beginning or end, which no reader keeps.
    #[error("white space at the beginning or end cannot be kept")]
    Space,
    /// Too long.
    #[error("the text is longer than the format allows")]
    TooLong,
    /// Not what the field is for.
    #[error("the value is not of the kind this field holds")]
    Kind,
    /// Empty although it is required.
    #[error("the field is required")]
    Missing,
    /// Not in this edition.
    #[error("this edition of the format does not have it")]
    NotInVersion,
    /// Nothing may be left open.
    #[error("a dispensing needs drugs, and every group of drugs needs one usage")]
    Open,
}

/// Makes a text writable: commas and quotes become full-width ones, line ends and control characters a space.
pub fn fit(text: &str) -> String {
    let fitted: String = text
        .chars()
        .map(|c| match c {
            ',' => '，',
            '"' => '”',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    fitted.trim().to_owned()
}

/// Writes a notebook in the usual layout.
///
/// # Errors
/// When a field cannot be written as it is. Nothing is ever shortened or replaced; see [`fit`].
pub fn write(draft: &NotebookDraft, encoding: Encoding, version: Version) -> Result<Vec<u8>, WriteError> {
    write_with(draft, encoding, version, Layout::default())
}

/// Writes a notebook in a chosen layout.
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    draft: &NotebookDraft,
    encoding: Encoding,
    version: Version,
    layout: Layout,
) -> Result<Vec<u8>, WriteError> {
    let records = records(draft);
    check(draft, &records, version)?;
    let end = match layout.line_end {
        LineEnd::CrLf => "\r\n",
        LineEnd::Lf => "\n",
        LineEnd::Cr => "\r",
    };
    let mut lines = vec![header(draft, version)];
    lines.extend(records.iter().map(|record| record.line(layout.trailing_fields)));
    let mut text = lines.join(end);
    if layout.final_line_end {
        text.push_str(end);
    }
    let mut bytes = match encoding {
        Encoding::Utf8Bom => b"\xEF\xBB\xBF".to_vec(),
        Encoding::Cp932 | Encoding::Utf8 => Vec::new(),
    };
    bytes.extend_from_slice(&encoding.codec().encode(&text).0);
    if layout.end_mark {
        bytes.push(0x1A);
    }
    Ok(bytes)
}

fn header(draft: &NotebookDraft, version: Version) -> String {
    format!("JAHISTC{:02},{}", version.0, draft.origin.code())
}

/// The lines of a notebook without their ends, trailing empty fields left out.
pub(crate) fn text_lines(draft: &NotebookDraft, version: Version) -> Result<Vec<String>, WriteError> {
    let records = records(draft);
    check(draft, &records, version)?;
    let lines = records.iter().map(|record| record.line(false));
    Ok(std::iter::once(header(draft, version)).chain(lines).collect())
}

/// Why a notebook would not be written.
pub(crate) fn refusal(draft: &NotebookDraft, version: Version) -> Option<WriteError> {
    check(draft, &records(draft), version).err()
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub number: &'static str,
    pub fields: Vec<String>,
}

impl Record {
    fn line(&self, trailing_fields: bool) -> String {
        let filled = self.fields.iter().rposition(|field| !field.is_empty());
        let count = if trailing_fields { self.fields.len() } else { filled.map_or(0, |last| last + 1) };
        std::iter::once(self.number)
            .chain(self.fields[..count].iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(",")
    }
}

fn record<const N: usize>(number: &'static str, fields: [&str; N]) -> Record {
    Record { number, fields: fields.map(str::to_owned).to_vec() }
}

fn records(draft: &NotebookDraft) -> Vec<Record> {
    let mut records = Vec::new();
    if let Some(patient) = &draft.patient {
        records.push(record(
            "1",
            [
                &patient.name,
                patient.sex.code(),
                &patient.birth_date.text,
                &patient.postal_code,
                &patient.address,
                &patient.phone,
                &patient.emergency_contact,
                &patient.blood_type,
                &patient.weight.text,
                &patient.kana,
            ],
        ));
    }
    for remark in &draft.remarks {
        records.push(record("2", [remark.kind.code(), &remark.text, remark.creator.code()]));
    }
    for otc in &draft.otc {
        records.push(record(
            "3",
            [&otc.name, &otc.start.text, &otc.end.text, otc.creator.code(), &otc.sequence, &otc.jan],
        ));
        for ingredient in &otc.ingredients {
            records.push(record(
                "31",
                [
                    &otc.sequence,
                    &ingredient.name,
                    ingredient.code_kind.code(),
                    &ingredient.code,
                    ingredient.creator.code(),
                ],
            ));
        }
    }
    for memo in &draft.memos {
        records.push(record("4", [&memo.text, &memo.date.text, memo.creator.code()]));
    }
    for dispensing in &draft.dispensings {
        records.extend(dispensing_records(dispensing));
    }
    for pharmacist in &draft.family_pharmacists {
        records.push(record(
            "701",
            [
                &pharmacist.name,
                &pharmacist.pharmacy,
                &pharmacist.contact,
                &pharmacist.start.text,
                &pharmacist.end.text,
                pharmacist.creator.code(),
            ],
        ));
    }
    if let Some(split) = &draft.split {
        records.push(record("911", [&split.id, &split.parts.to_string(), &split.part.to_string()]));
    }
    records
}

/// The records of one dispensing. Also what its identity is computed from.
pub(crate) fn dispensing_records(dispensing: &DispensingGroup) -> Vec<Record> {
    let mut records = vec![record("5", [&dispensing.date.text, dispensing.creator.code()])];
    if let Some(Institution { name, prefecture, score_table, code, postal_code, address, phone, creator }) =
        &dispensing.institution
    {
        records.push(record(
            "11",
            [name, prefecture, score_table.code(), code, postal_code, address, phone, creator.code()],
        ));
    }
    if let Some(dispenser) = &dispensing.dispenser {
        records.push(record("15", [&dispenser.name, &dispenser.contact, dispenser.creator.code()]));
    }
    if let Some(Institution { name, prefecture, score_table, code, creator, .. }) = &dispensing.prescriber {
        records.push(record("51", [name, prefecture, score_table.code(), code, creator.code()]));
    }
    let mut doctor: Option<&Doctor> = None;
    for group in &dispensing.prescriptions {
        let number = group.number.to_string();
        if let Some(next) = group.doctor.as_ref().filter(|next| doctor != Some(*next)) {
            records.push(record("55", [&next.name, &next.department, next.creator.code()]));
            doctor = Some(next);
        }
        let remark = |kind, remark: &Remark| record(kind, [&number, &remark.text, remark.creator.code()]);
        for drug in &group.drugs {
            records.push(record(
                "201",
                [
                    &number,
                    &drug.name,
                    &drug.amount.text,
                    &drug.unit,
                    drug.code_kind.code(),
                    &drug.code,
                    drug.creator.code(),
                    &drug.general_name,
                    drug.general_code_kind.code(),
                    &drug.general_code,
                ],
            ));
            records.extend(drug.supplements.iter().map(|text| remark("281", text)));
            records.extend(drug.cautions.iter().map(|text| remark("291", text)));
        }
        for usage in group.usage.iter().chain(&group.other_usages) {
            records.push(record(
                "301",
                [
                    &number,
                    &usage.text,
                    &usage.quantity.text,
                    &usage.unit,
                    usage.form.code(),
                    usage.code_kind.code(),
                    &usage.code,
                    usage.creator.code(),
                ],
            ));
        }
        records.extend(group.supplements.iter().map(|text| remark("311", text)));
        records.extend(group.cautions.iter().map(|text| remark("391", text)));
    }
    let remark = |kind, remark: &Remark| record(kind, [&remark.text, remark.creator.code()]);
    records.extend(dispensing.cautions.iter().map(|text| remark("401", text)));
    for information in &dispensing.information {
        records.push(record("411", [&information.text, information.kind.code(), information.creator.code()]));
    }
    records.extend(dispensing.leftovers.iter().map(|text| remark("421", text)));
    records.extend(dispensing.remarks.iter().map(|text| remark("501", text)));
    for entry in &dispensing.patient_entries {
        records.push(record("601", [&entry.text, &entry.date.text]));
    }
    records
}

fn check(draft: &NotebookDraft, records: &[Record], version: Version) -> Result<(), WriteError> {
    let refuse = |record: &'static str, field, problem| Err(WriteError { record, field, problem });
    if version.edition().is_none() {
        return refuse("", 0, WriteProblem::NotInVersion);
    }
    if !Origin::CODES.contains(&draft.origin.code()) {
        return refuse("", 1, WriteProblem::Kind);
    }
    if draft.patient.is_none() && draft.split.is_none() {
        return refuse("1", 0, WriteProblem::Missing);
    }
    for dispensing in &draft.dispensings {
        let groups = &dispensing.prescriptions;
        let open = groups.iter().any(|group| group.usage.is_none() || group.drugs.is_empty());
        if groups.is_empty() || open {
            return refuse("5", 0, WriteProblem::Open);
        }
        let mut doctors = groups.iter().map(|group| group.doctor.is_some());
        // A doctor holds until the next one is named: it cannot be taken back.
        if doctors.by_ref().any(|named| named) && doctors.any(|named| !named) {
            return refuse("55", 0, WriteProblem::Open);
        }
        if groups.iter().any(|group| !group.other_usages.is_empty()) {
            return refuse("301", 0, WriteProblem::Open);
        }
        let mut numbers: Vec<u16> = groups.iter().map(|group| group.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() != groups.len() || !numbers.iter().all(|number| (1..=999).contains(number)) {
            return refuse("201", 1, WriteProblem::Kind);
        }
    }
    for record in records {
        let Some(table) = spec::record(record.number) else {
            continue;
        };
        if version.0 < table.since {
            return refuse(table.number, 0, WriteProblem::NotInVersion);
        }
        for (index, value) in record.fields.iter().enumerate() {
            let newer = matches!((table.number, index), ("201", 7..) | ("3", 4..));
            if newer && version.0 < 8 && !value.is_empty() {
                return refuse(table.number, index + 1, WriteProblem::NotInVersion);
            }
            if let Some(problem) = field_problem(&table.fields[index], value, &draft.origin) {
                return refuse(table.number, index + 1, problem);
            }
        }
    }
    Ok(())
}

fn field_problem(field: &spec::FieldSpec, value: &str, origin: &Origin) -> Option<WriteProblem> {
    if value.is_empty() {
        let required = field.need == Need::Always || (field.need == Need::ToPatient && *origin == Origin::ToPatient);
        return required.then_some(WriteProblem::Missing);
    }
    if value.contains([',', '"']) {
        return Some(WriteProblem::Separator);
    }
    if value.chars().any(char::is_control) {
        return Some(WriteProblem::Control);
    }
    if value.trim() != value {
        return Some(WriteProblem::Space);
    }
    // Written and read back: some characters are taken for their look-alikes by encoders.
    let codec = Encoding::Cp932.codec();
    let (bytes, _, unmappable) = codec.encode(value);
    let user_defined = value.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c));
    if unmappable || user_defined || codec.decode_without_bom_handling(&bytes).0 != value {
        return Some(WriteProblem::Character);
    }
    if matches!(field.kind, Kind::Text | Kind::Ascii | Kind::Number) && cp932_bytes(value) > field.bytes {
        return Some(WriteProblem::TooLong);
    }
    value_problem(field, value).map(|_| WriteProblem::Kind)
}
