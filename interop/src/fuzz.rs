//! The entry for fuzzers (`fuzz/`): any bytes in, nothing out, and a panic if what must hold does not.
//!
//! The same entry runs over the kept seeds in `tests/corpus.rs`.

use jiff::civil::date;
use tendenko_crdt::CardView;

use crate::notebook::{Encoding, Version, join, plan, read, write};

/// A medication notebook: read, explained, planned, kept as evidence, and written again.
pub fn notebook(bytes: &[u8]) {
    let notebook = match read(bytes) {
        Ok(notebook) => notebook,
        Err(refusal) => {
            assert!(!refusal.message_ja().is_empty());
            return;
        }
    };
    for problem in &notebook.problems {
        assert!(!problem.message_ja().is_empty() && !problem.message_en().is_empty());
    }
    for raw in &notebook.raw {
        assert_eq!(raw.bytes, bytes);
        let kept: String = raw.evidence("file").into_iter().map(|(_, part)| part.text).collect();
        assert_eq!(kept, raw.text(), "evidence leaves nothing out");
    }
    assert_eq!(plan(&notebook, &CardView::default(), date(2026, 11, 20)).is_err(), notebook.part().is_some());
    let _ = join(vec![notebook.clone(), notebook.clone()]);
    // The byte order mark says what the encoding is; without it, short texts can be taken for another.
    if let Ok(written) = write(&notebook.content, Encoding::Utf8Bom, Version::NEWEST) {
        let again = read(&written).expect("what was written is read");
        assert_eq!(again.content, notebook.content, "what was written is read back");
    }
}
