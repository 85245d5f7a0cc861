//! From bytes to numbered lines: encoding, line ends, bounds, and whether the last line was ended.
//!
//! The standard says Shift_JIS (cp932 in practice); apps and tools also hand out UTF-8. Lines are split as bytes (no
//! second byte of cp932 or UTF-8 is ever CR, LF or a comma) and decoded one by one, so an unreadable byte is the problem
//! of one line and cannot swallow the next one.

use encoding_rs::{Encoding as Codec, SHIFT_JIS, UTF_8};

use super::NotebookError;

/// Largest text read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most lines read.
pub const MAX_LINES: usize = 10_000;
/// Longest line read, in bytes.
pub const MAX_LINE_BYTES: usize = 8_192;
/// Most fields read in one line.
pub const MAX_FIELDS: usize = 128;

/// The encoding a notebook text was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Windows code page 932, what "Shift_JIS" means in practice. Plain ASCII counts as this.
    Cp932,
    /// UTF-8 without a mark.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8Bom,
}

impl Encoding {
    /// A name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cp932 => "Shift_JIS (cp932)",
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 (BOM)",
        }
    }

    pub(crate) fn codec(self) -> &'static Codec {
        match self {
            Self::Cp932 => SHIFT_JIS,
            Self::Utf8 | Self::Utf8Bom => UTF_8,
        }
    }
}

/// One record as it stands in the text: nothing is lost, known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Line number in its file, first is 1. Lines of a joined set count on from part to part.
    pub number: u32,
    /// The record number, e.g. `201`.
    pub record: String,
    /// The fields behind it, as printed, trailing empty ones included. The first is field 1.
    pub fields: Vec<String>,
}

impl Line {
    /// The field with this number (first is 1), empty when it is left out.
    pub fn field(&self, number: usize) -> &str {
        number.checked_sub(1).and_then(|index| self.fields.get(index)).map_or("", String::as_str)
    }

    /// Whether both say the same: trailing empty fields mean nothing.
    pub fn same_content(&self, other: &Self) -> bool {
        self.record == other.record && self.content() == other.content()
    }

    /// The fields without trailing empty ones.
    pub fn content(&self) -> &[String] {
        let filled = self.fields.iter().rposition(|field| !field.is_empty());
        &self.fields[..filled.map_or(0, |last| last + 1)]
    }

    /// Whether a byte of this line could not be read.
    pub fn is_damaged(&self) -> bool {
        self.fields.iter().any(|field| field.contains('\u{FFFD}'))
    }
}

/// A text taken apart into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    pub encoding: Encoding,
    pub lines: Vec<Line>,
    /// The last line has a line end, or an end mark (0x1A) behind it.
    pub ended: bool,
    /// The last bytes are the beginning of a character.
    pub half_character: bool,
}

/// Takes a text apart. Empty lines are left out, but counted.
pub(crate) fn lines(bytes: &[u8]) -> Result<Lines, NotebookError> {
    if bytes.len() > MAX_BYTES {
        return Err(NotebookError::TooLarge { bytes: bytes.len() });
    }
    let (bytes, marked) = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let (bytes, end_mark) = without_end_mark(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(NotebookError::Empty);
    }
    if bytes.contains(&0) || bytes.contains(&0x1A) {
        return Err(NotebookError::NotANotebook);
    }
    let encoding = if marked { Encoding::Utf8Bom } else { detect(bytes) };
    let mut lines = Vec::new();
    let mut half_character = false;
    let mut rest = bytes;
    let mut number = 0;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
        let (line, after) = match end {
            Some(end) if rest[end..].starts_with(b"\r\n") => (&rest[..end], &rest[end + 2..]),
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        number += 1;
        if number as usize > MAX_LINES {
            return Err(NotebookError::TooManyLines);
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(NotebookError::LineTooLong { line: number });
        }
        if end.is_none() {
            half_character = ends_within_character(line, encoding);
        }
        let (text, _) = encoding.codec().decode_without_bom_handling(line);
        if !text.trim().is_empty() {
            lines.push(fields(number, &text)?);
        }
        rest = after;
    }
    let ended = end_mark || bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
    Ok(Lines { encoding, lines, ended, half_character })
}

fn fields(number: u32, text: &str) -> Result<Line, NotebookError> {
    if text.bytes().filter(|b| *b == b',').count() > MAX_FIELDS {
        return Err(NotebookError::LineTooLong { line: number });
    }
    let mut fields = text.split(',').map(|field| field.trim().to_owned());
    let record = fields.next().unwrap_or_default();
    Ok(Line { number, record, fields: fields.collect() })
}

/// Removes the end-of-file character (0x1A) some media add, with what may follow it: more of them, and line ends.
fn without_end_mark(bytes: &[u8]) -> (&[u8], bool) {
    let mut end = bytes.len();
    let mut seen = false;
    let mut keep = end;
    while end > 0 && matches!(bytes[end - 1], 0x1A | b'\r' | b'\n') {
        end -= 1;
        if bytes[end] == 0x1A {
            seen = true;
            keep = end;
        }
    }
    (&bytes[..keep], seen)
}

/// UTF-8 if it reads as such and holds a character that needs three bytes there, as every kana and kanji does; cp932
/// otherwise. (A pair of half-width kana of cp932 can look like one two-byte letter of UTF-8.)
fn detect(bytes: &[u8]) -> Encoding {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Cut within a character: what stands before it decides.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        // Damaged somewhere: the reading with less damage.
        Err(_) => {
            let damage = |codec: &'static Codec| {
                codec.decode_without_bom_handling(bytes).0.chars().filter(|c| *c == '\u{FFFD}').count()
            };
            return if damage(UTF_8) < damage(SHIFT_JIS) { Encoding::Utf8 } else { Encoding::Cp932 };
        }
    };
    if text.chars().any(|c| c >= '\u{800}') { Encoding::Utf8 } else { Encoding::Cp932 }
}

fn ends_within_character(line: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Cp932 => {
            let mut index = 0;
            while index < line.len() {
                let lead = matches!(line[index], 0x81..=0x9F | 0xE0..=0xFC);
                if lead && index + 1 == line.len() {
                    return true;
                }
                let pair = lead && matches!(line[index + 1], 0x40..=0x7E | 0x80..=0xFC);
                index += if pair { 2 } else { 1 };
            }
            false
        }
        Encoding::Utf8 | Encoding::Utf8Bom => std::str::from_utf8(line).is_err_and(|error| error.error_len().is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Lines {
        lines(bytes).expect("lines")
    }

    #[test]
    fn every_line_end_and_end_mark() {
        for text in ["a,1\r\nb,2", "a,1\nb,2", "a,1\rb,2"] {
            let found = read(text.as_bytes());
            assert_eq!(found.lines.len(), 2);
            assert_eq!(found.lines[1].field(1), "2");
            assert!(!found.ended);
        }
        let found = read(b"a,1\r\nb,2\r\n\x1A");
        assert!(found.ended);
        assert_eq!(found.lines.len(), 2);
        assert!(read(b"a,1\x1A\r\n").ended);
        assert!(lines(b"a,1\x1Ab").is_err());
    }

    #[test]
    fn cp932_is_told_from_utf8() {
        let (bytes, _, _) = SHIFT_JIS.encode("1,鈴木 太郎,ｽｽﾞｷ ﾀﾛｳ～");
        assert_eq!(read(&bytes).encoding, Encoding::Cp932);
        assert_eq!(read(&bytes).lines[0].field(2), "ｽｽﾞｷ ﾀﾛｳ～");
        assert_eq!(read("1,鈴木".as_bytes()).encoding, Encoding::Utf8);
        assert_eq!(read("\u{FEFF}1,鈴木".as_bytes()).encoding, Encoding::Utf8Bom);
        // Two half-width kana whose bytes are also one Latin letter in UTF-8.
        let (bytes, _, _) = SHIFT_JIS.encode("1,ﾃｱ");
        assert_eq!(read(&bytes).lines[0].field(1), "ﾃｱ");
    }

    #[test]
    fn one_bad_byte_does_not_change_the_encoding() {
        for codec in [SHIFT_JIS, UTF_8] {
            let (bytes, _, _) = codec.encode("1,鈴木 太郎\n201,1,アムロジピン錠,1,錠\n301,1,朝食後\n");
            let mut bytes = bytes.into_owned();
            let at = bytes.iter().position(|b| *b == b'\n').expect("a line end") - 1;
            bytes[at] = 0xFF;
            let found = read(&bytes);
            assert!(found.lines[0].is_damaged());
            assert_eq!(found.lines[1].field(2), "アムロジピン錠");
        }
    }

    #[test]
    fn half_a_character_at_the_end_is_noticed() {
        for codec in [SHIFT_JIS, UTF_8] {
            let (bytes, _, _) = codec.encode("1,鈴木,2,本");
            assert!(read(&bytes[..bytes.len() - 1]).half_character);
            assert!(!read(&bytes).half_character);
        }
    }

    #[test]
    fn bounds_are_kept() {
        assert!(matches!(lines(&[b'1'; MAX_BYTES + 1]), Err(NotebookError::TooLarge { .. })));
        assert!(matches!(lines(&[b','; MAX_FIELDS + 1]), Err(NotebookError::LineTooLong { line: 1 })));
        assert!(matches!(lines(&b"1\n".repeat(MAX_LINES + 1)), Err(NotebookError::TooManyLines)));
        assert!(matches!(lines(b" \r\n"), Err(NotebookError::Empty)));
    }
}
