//! A table as a spreadsheet saves it: CSV in UTF-8 or Shift_JIS, whose first line names the columns, in any order.
//!
//! Nothing is guessed: a column nobody knows, a line with too many cells and a byte that is no letter are errors, and each says where.
//! What an error repeats of the file is cut short, and no more lines are read than asked for.

use std::rc::Rc;

use tendenko_protocol::limits::MAX_TEXT;

use super::{LARGEST, ListingError};

/// The names of a column, Japanese and English.
pub(super) type Column = [&'static str; 2];

/// Letters of the file that an error repeats.
const REPEATED: usize = 30;
/// A mark at the beginning of UTF-8, as spreadsheets write it.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line of the table.
pub(super) struct Row {
    line: u64,
    /// The Japanese names of the columns, in the table's order.
    columns: Rc<[&'static str]>,
    cells: Vec<String>,
}

impl Row {
    /// What stands in a column, without space around it; nothing where the table has no such column.
    pub(super) fn cell(&self, name: &'static str) -> &str {
        let place = self.columns.iter().position(|column| *column == name);
        place.and_then(|place| self.cells.get(place)).map_or("", |text| text.trim())
    }

    /// As [`Row::cell`], on one line and within its bounds.
    pub(super) fn text(&self, name: &'static str) -> Result<String, ListingError> {
        let cell = self.cell(name);
        if cell.len() > MAX_TEXT {
            return Err(self.wrong(
                name,
                if cell.contains('\n') {
                    "too long, over several lines: a closing quotation mark may be missing"
                } else {
                    "too long (170 Japanese characters at most)"
                },
            ));
        }
        Ok(cell.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// That a cell of this line cannot be right.
    pub(super) fn wrong(&self, name: &'static str, what: &'static str) -> ListingError {
        let column = self.columns.iter().position(|column| *column == name).map_or(0, |place| place + 1);
        ListingError::Cell { line: self.line, column, name, what }
    }

    /// Where it is in the file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }
}

/// Reads at most so many lines below the names of the columns. The first of `columns` is needed; empty lines are passed over.
pub(super) fn rows(bytes: &[u8], columns: &'static [Column], most: usize) -> Result<Vec<Row>, ListingError> {
    if bytes.len() > LARGEST {
        return Err(ListingError::TooLarge);
    }
    let text = decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| not_csv(&error))?.clone();
    let mut names: Vec<&'static str> = Vec::new();
    for (place, name) in header.iter().enumerate() {
        let known = columns.iter().find(|known| known.contains(&name.trim())).map(|known| known[0]);
        match known.filter(|known| !names.contains(known)) {
            Some(known) => names.push(known),
            None => return Err(ListingError::Column { column: place + 1, name: short(name) }),
        }
    }
    if let Some([needed, _]) = columns.first().filter(|column| !names.contains(&column[0])) {
        return Err(ListingError::Missing { name: needed });
    }
    let columns: Rc<[&'static str]> = names.into();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| not_csv(&error))?;
        let line = record.position().map_or(0, |at| line_of(&text, at));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > columns.len() {
            let what = format!("{} cells, and the first line names {} columns", record.len(), columns.len());
            return Err(ListingError::Csv { line, what });
        }
        if rows.len() == most {
            return Err(ListingError::TooMany { line, most });
        }
        let cells = record.iter().map(str::to_owned).collect();
        rows.push(Row { line, columns: Rc::clone(&columns), cells });
    }
    if rows.is_empty() { Err(ListingError::Empty) } else { Ok(rows) }
}

/// The line a record begins on: the reader counts the empty lines before it among its own.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|byte| text.as_bytes().get(byte..)).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + empty.filter(|byte| **byte == b'\n').count() as u64
}

/// What the file says: UTF-8 with or without a mark, or Shift_JIS as spreadsheets in Japan save it.
fn decoded(bytes: &[u8]) -> Result<String, ListingError> {
    let marked = bytes.strip_prefix(MARK);
    let error = match std::str::from_utf8(marked.unwrap_or(bytes)) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    // In neither encoding a line break is part of a letter.
    let line_at = |until: &[u8]| until.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    if let Some(marked) = marked {
        return Err(ListingError::Encoding { line: line_at(&marked[..error.valid_up_to()]) });
    }
    let shift_jis = encoding_rs::SHIFT_JIS;
    if let Some(text) = shift_jis.decode_without_bom_handling_and_without_replacement(bytes) {
        return Ok(text.into_owned());
    }
    let broken = |line: &[u8]| shift_jis.decode_without_bom_handling_and_without_replacement(line).is_none();
    let line = bytes.split(|byte| *byte == b'\n').position(broken).unwrap_or(0) as u64 + 1;
    Err(ListingError::Encoding { line })
}

fn not_csv(error: &csv::Error) -> ListingError {
    ListingError::Csv { line: error.position().map_or(0, csv::Position::line), what: short(&error.to_string()) }
}

fn short(text: &str) -> String {
    let mut letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let begin: String = letters.by_ref().take(REPEATED).collect();
    if letters.next().is_some() { begin + "…" } else { begin }
}
