//! The dictionaries of records: what they say nothing of, and that they give back what was sealed.

use std::fs;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::{Incarnation, LogSeq, PatientId, RecordHash};
use tendenko_protocol::keys::{DeviceKeys, EpochKey};
use tendenko_protocol::record::{Draft, Kind, NEWEST_DICTIONARY, SealedRecord, dictionary};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            sources(&path, into);
        } else if path
            .extension()
            .is_some_and(|extension| ["rs", "js", "mjs", "ts", "json"].iter().any(|e| extension == *e))
        {
            into.push(path);
        }
    }
}

/// Japanese between punctuation marks or quotes, long enough to be a phrase of somebody's.
fn phrases(source: &str) -> impl Iterator<Item = &str> {
    source.split(|c: char| "。、！？「」（）\"'`{}()[]<>/\\\n ".contains(c)).filter(|phrase| {
        phrase.chars().count() >= 12 && phrase.chars().all(|c| c as u32 > 0x2fff || c.is_ascii_digit())
    })
}

#[test]
fn no_phrase_of_the_demonstration_or_of_a_benchmark_is_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["tests/src", "benches"] {
        sources(&root.join(folder), &mut files);
    }
    let dictionary = dictionary(NEWEST_DICTIONARY).unwrap();
    let mut looked_for = 0;
    for file in files {
        let Ok(source) = fs::read_to_string(&file) else { continue };
        for phrase in phrases(&source) {
            looked_for += 1;
            let found = dictionary.windows(phrase.len()).any(|window| window == phrase.as_bytes());
            assert!(!found, "{phrase} of {} is in the dictionary", file.display());
        }
    }
    assert!(looked_for > 20, "{looked_for}");
}

fn sealed_with(dictionary: u8, payload: &[u8]) -> (SealedRecord, EpochKey) {
    let rng = SystemRandom::new();
    let author = DeviceKeys::generate(&rng).unwrap();
    let key = EpochKey::generate(&rng).unwrap();
    let draft = Draft {
        document: DocumentId::chart(PatientId([1; 16]), 2026),
        incarnation: Incarnation(7),
        seq: LogSeq(1),
        prev: RecordHash::ZERO,
        kind: Kind::Changes,
        count: 1,
    };
    (SealedRecord::seal_with(dictionary, &rng, &author, &key, draft, payload).unwrap(), key)
}

#[test]
fn every_dictionary_gives_back_what_was_sealed() {
    let text = "右膝の疼痛は軽度、変化なし。血圧は安定。".repeat(3);
    for payload in [&b""[..], text.as_bytes(), &[0xa5; 100_000]] {
        let sizes: Vec<usize> = (0..=NEWEST_DICTIONARY)
            .map(|number| {
                let (record, key) = sealed_with(number, payload);
                assert_eq!(record.header().dictionary, number);
                assert_eq!(record.open(&key).unwrap(), payload);
                record.bytes().len()
            })
            .collect();
        assert!(sizes[1] <= sizes[0], "{sizes:?}");
    }
}
