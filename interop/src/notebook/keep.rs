//! Keeping a notebook text as it came, as evidence of what was imported.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use tendenko_crdt::{EntryId, Newer, NotebookText};

use super::RawText;

/// Most bytes of text in one entry; an entry as a whole may hold 32 KiB.
const PART_BYTES: usize = 24 * 1024;

impl RawText {
    /// The text.
    pub fn text(&self) -> String {
        self.encoding.codec().decode_with_bom_removal(&self.bytes).0.into_owned()
    }

    /// The entries that keep this text. Their ids come from the bytes and the part: keeping it again adds nothing.
    pub fn evidence(&self, file_name: &str) -> Vec<(EntryId, NotebookText)> {
        let digest = Sha256::digest(&self.bytes);
        let mut sha256 = String::with_capacity(64);
        for byte in &digest {
            // Writing into a String cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        let text = self.text();
        let pieces = pieces(&text);
        let parts = pieces.len() as u16;
        let file_name: String = file_name.chars().take(200).collect();
        (1..)
            .zip(pieces)
            .map(|(part, piece): (u16, &str)| {
                let content = [digest.as_slice(), &part.to_be_bytes()].concat();
                let kept = NotebookText {
                    file_name: file_name.clone(),
                    encoding: self.encoding.name().to_owned(),
                    sha256: sha256.clone(),
                    part,
                    parts,
                    text: piece.to_owned(),
                    newer: Newer::default(),
                };
                (EntryId::derived("jahis text", &content), kept)
            })
            .collect()
    }
}

fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > PART_BYTES {
        let mut end = PART_BYTES;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::Encoding;

    #[test]
    fn a_long_text_is_kept_whole_in_parts() {
        let text = "服用注意，".repeat(10_000);
        let raw = RawText { bytes: Encoding::Cp932.codec().encode(&text).0.into_owned(), encoding: Encoding::Cp932 };
        let kept = raw.evidence("手帳.txt");
        assert!(kept.len() > 1 && kept.iter().all(|(_, part)| part.text.len() <= PART_BYTES));
        assert_eq!(kept.iter().map(|(_, part)| part.text.as_str()).collect::<String>(), text);
        let ids: std::collections::BTreeSet<_> = kept.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), kept.len());
        assert_eq!(raw.evidence("other name")[0].0, kept[0].0);
    }
}
