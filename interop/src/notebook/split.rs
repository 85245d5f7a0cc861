//! A notebook that does not fit into one code, as several: each begins with the first line and ends with the record that says which part
//! of how many it is (911). Nothing else is repeated, as in the standard's own example; [`join`](super::join) puts them together.

use super::model::{NotebookDraft, Version};
use super::text::Encoding;
use super::write::{WriteError, WriteProblem, text_lines};

/// Bytes of the record that names a part, with its line end.
const CONTROL_BYTES: usize = "911,00000000000000,999,999\r\n".len();

/// Writes a notebook as one text of at most `most` bytes, or as the parts of a set. `id`: fourteen digits that no other set
/// has, such as the moment. A single record larger than `most` makes a part that is larger, too.
///
/// # Errors
/// As [`write()`](super::write()), and when there would be more parts than can be counted.
pub fn write_split(
    draft: &NotebookDraft,
    encoding: Encoding,
    version: Version,
    id: &str,
    most: usize,
) -> Result<Vec<Vec<u8>>, WriteError> {
    let whole = NotebookDraft { split: None, ..draft.clone() };
    let mut lines = text_lines(&whole, version)?.into_iter().map(|line| encoded(&line, encoding));
    let header = lines.next().unwrap_or_default();
    let lines: Vec<Vec<u8>> = lines.collect();
    let size: usize = header.len() + lines.iter().map(Vec::len).sum::<usize>();
    if size <= most {
        return Ok(vec![[vec![header], lines].concat().concat()]);
    }
    let room = most.saturating_sub(header.len() + CONTROL_BYTES);
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for line in lines {
        match parts.last_mut() {
            Some(part) if part.len() + line.len() <= room => part.extend(line),
            _ => parts.push(line),
        }
    }
    let count = u16::try_from(parts.len()).ok().filter(|count| usize::from(*count) <= super::MAX_PARTS);
    let too_many = || WriteError { record: "911", field: 2, problem: WriteProblem::TooLong };
    let count = count.ok_or_else(too_many)?;
    let named = (1_u16..).zip(parts).map(|(part, body)| {
        let control = encoded(&format!("911,{id},{count},{part}"), encoding);
        [header.clone(), body, control].concat()
    });
    Ok(named.collect())
}

fn encoded(line: &str, encoding: Encoding) -> Vec<u8> {
    encoding.codec().encode(&format!("{line}\r\n")).0.into_owned()
}
