//! Bounds on what a chunk unpacks to, checked before Automerge unpacks it.
//!
//! Automerge's columns are run-length encoded and may be deflated: a record of a few bytes can ask for 2⁶⁰ operations, and
//! the decoder would try. Here every run is counted first. Format: <https://automerge.org/automerge-binary-format-spec/>;
//! bundles (kind 3) as in Automerge 0.12.

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::document::DocumentError;

/// Most rows (changes, operations) in one chunk. A busy year of a chart has some ten thousand.
const MAX_ROWS: u64 = 1 << 18;
/// Most bytes one deflated column may inflate to.
const MAX_COLUMN: u64 = 64 * 1024 * 1024;

const OVERFULL: DocumentError = DocumentError::Damaged("unpacks to more than any tablet writes");
const CUT: DocumentError = DocumentError::Damaged("cut off");

/// Checks the content of a chunk of this kind: 0 a document, 1 a change, 3 a bundle.
pub(crate) fn check(kind: u8, content: &[u8]) -> Result<(), DocumentError> {
    let mut reader = Reader(content);
    match kind {
        0 => {
            reader.actors()?;
            reader.hashes()?;
            let (changes, operations) = (reader.columns()?, reader.columns()?);
            reader.runs(&changes)?;
            reader.runs(&operations)
        }
        1 => {
            reader.hashes()?;
            reader.text()?;
            // seq, first operation, time
            (0..3).try_for_each(|_| reader.skip_number())?;
            reader.text()?;
            reader.actors()?;
            let operations = reader.columns()?;
            reader.runs(&operations)
        }
        _ => {
            reader.hashes()?;
            reader.actors()?;
            let changes = reader.columns()?;
            reader.runs(&changes)?;
            let operations = reader.columns()?;
            reader.runs(&operations)
        }
    }
}

/// The content of a bundle with its columns as they are before deflating: a record is compressed as a whole, and by more than deflating
/// can see.
pub(crate) fn inflated(bundle: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let mut reader = Reader(bundle);
    reader.hashes()?;
    reader.actors()?;
    let mut content = bundle[..bundle.len() - reader.0.len()].to_vec();
    for _ in 0..2 {
        let columns = reader.columns()?;
        write_number(&mut content, columns.len() as u64);
        let mut data = Vec::new();
        for column in &columns {
            let start = data.len();
            let stored = reader.take(column.length)?;
            if column.is_deflated() {
                inflate(stored, &mut data)?;
            } else {
                data.extend_from_slice(stored);
            }
            write_number(&mut content, column.specification & !DEFLATED);
            write_number(&mut content, (data.len() - start) as u64);
        }
        content.append(&mut data);
    }
    Ok(content)
}

fn inflate(column: &[u8], into: &mut Vec<u8>) -> Result<(), DocumentError> {
    let before = into.len();
    let unreadable = |_| DocumentError::Damaged("unreadable column");
    DeflateDecoder::new(column).take(MAX_COLUMN + 1).read_to_end(into).map_err(unreadable)?;
    if (into.len() - before) as u64 > MAX_COLUMN { Err(OVERFULL) } else { Ok(()) }
}

/// An unsigned LEB128 number.
pub(crate) fn write_number(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// In the specification of a column: its data is deflated.
const DEFLATED: u64 = 0b1000;

/// A column: what it holds, and how many bytes of data.
struct Column {
    specification: u64,
    length: u64,
}

impl Column {
    fn is_deflated(&self) -> bool {
        self.specification & DEFLATED != 0
    }

    fn kind(&self) -> u64 {
        self.specification & 0b0111
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], DocumentError> {
        let length = usize::try_from(length).map_err(|_| CUT)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The bytes of a LEB128 number: at most ten, the last without the continuation bit.
    fn number_bytes(&mut self) -> Result<&'a [u8], DocumentError> {
        let length = self.0.iter().take(10).position(|byte| byte & 0x80 == 0).ok_or(CUT)? + 1;
        self.take(length as u64)
    }

    fn skip_number(&mut self) -> Result<(), DocumentError> {
        self.number_bytes().map(drop)
    }

    fn unsigned(&mut self) -> Result<u64, DocumentError> {
        let bytes = self.number_bytes()?;
        let value = bytes.iter().rev().fold(0u128, |value, byte| value << 7 | u128::from(byte & 0x7f));
        u64::try_from(value).map_err(|_| OVERFULL)
    }

    fn signed(&mut self) -> Result<i128, DocumentError> {
        let bytes = self.number_bytes()?;
        let value = bytes.iter().rev().fold(0i128, |value, byte| value << 7 | i128::from(byte & 0x7f));
        let negative = bytes.last().is_some_and(|last| last & 0x40 != 0);
        Ok(if negative { value - (1i128 << (7 * bytes.len())) } else { value })
    }

    fn text(&mut self) -> Result<(), DocumentError> {
        let length = self.unsigned()?;
        self.take(length).map(drop)
    }

    fn actors(&mut self) -> Result<(), DocumentError> {
        let count = self.unsigned()?;
        // Each takes a byte at least, so a false count ends at the end of the input.
        (0..count).try_for_each(|_| self.text())
    }

    fn hashes(&mut self) -> Result<(), DocumentError> {
        let count = self.unsigned()?;
        self.take(count.checked_mul(32).ok_or(CUT)?).map(drop)
    }

    fn columns(&mut self) -> Result<Vec<Column>, DocumentError> {
        let count = self.unsigned()?;
        (0..count).map(|_| Ok(Column { specification: self.unsigned()?, length: self.unsigned()? })).collect()
    }

    fn runs(&mut self, columns: &[Column]) -> Result<(), DocumentError> {
        for column in columns {
            let data = self.take(column.length)?;
            if column.is_deflated() {
                let mut inflated = Vec::new();
                inflate(data, &mut inflated)?;
                check_column(column.kind(), &inflated)?;
            } else {
                check_column(column.kind(), data)?;
            }
        }
        Ok(())
    }
}

/// Counts the rows of one column.
fn check_column(kind: u64, data: &[u8]) -> Result<(), DocumentError> {
    let mut reader = Reader(data);
    let mut rows: u64 = 0;
    while !reader.0.is_empty() {
        let run = match kind {
            // Booleans: the lengths of alternating runs.
            4 => reader.unsigned()?,
            // Raw bytes of values.
            7 => return Ok(()),
            _ => match reader.signed()? {
                0 => reader.unsigned()?,
                run @ 1.. => {
                    skip_value(&mut reader, kind)?;
                    u64::try_from(run).map_err(|_| OVERFULL)?
                }
                literals => {
                    let literals = u64::try_from(-literals).map_err(|_| OVERFULL)?;
                    // Each takes a byte at least, so a false count ends at the end of the column.
                    (0..literals).try_for_each(|_| skip_value(&mut reader, kind))?;
                    literals
                }
            },
        };
        rows = rows.saturating_add(run);
        if rows > MAX_ROWS {
            return Err(OVERFULL);
        }
    }
    Ok(())
}

fn skip_value(reader: &mut Reader<'_>, kind: u64) -> Result<(), DocumentError> {
    if kind == 5 { reader.text() } else { reader.skip_number() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// 2⁴⁰ as signed and as unsigned LEB128.
    const HUGE: [u8; 6] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x20];

    #[test]
    fn a_run_longer_than_any_record_is_refused() {
        let repeated = [HUGE.as_slice(), &[7]].concat();
        let nulls = [&[0], HUGE.as_slice()].concat();
        for (kind, data) in [(2, &repeated), (3, &nulls), (4, &HUGE.to_vec())] {
            assert_eq!(check_column(kind, data), Err(OVERFULL), "{kind}");
        }
        let many_runs = [0xff, 0xff, 0x0f, 0].repeat(2);
        assert_eq!(check_column(2, &many_runs), Err(OVERFULL));
        assert_eq!(check_column(2, &[3, 9, 0x7e, 1, 2, 0, 5]), Ok(()), "a run, two literals, five nulls");
        assert_eq!(check_column(5, &[0x7f, 2, b'a', b'b']), Ok(()));
        assert_eq!(check_column(5, &[0x7f, 3, b'a', b'b']), Err(CUT));
    }

    #[test]
    fn a_column_that_inflates_without_bound_is_refused() {
        let mut bomb = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..=MAX_COLUMN / (1 << 20) {
            bomb.write_all(&[0; 1 << 20]).unwrap();
        }
        let bomb = bomb.finish().unwrap();
        let columns = [Column { specification: 0b1111, length: bomb.len() as u64 }];
        assert_eq!(Reader(&bomb).runs(&columns), Err(OVERFULL));
    }
}
