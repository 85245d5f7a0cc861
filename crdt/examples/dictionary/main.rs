//! Makes the dictionary that records are compressed with, and measures it. The result is the same on every machine:
//!
//! ```text
//! cargo run -p tendenko-crdt --example dictionary                 # measures it, and says whether the committed one is the same
//! cargo run -p tendenko-crdt --example dictionary -- --write      # writes it
//! ```
//! It is made from payloads of our own generator (`text.rs`, `shapes.rs`); nobody's record is in it, and no sentence of the
//! demonstration or of a benchmark (`protocol/tests/dictionary.rs` looks).

mod shapes;
mod text;

use std::path::Path;

use shapes::{Sample, samples};

/// Larger ones gain little, and every record that is opened loads it.
const SIZE: usize = 32 * 1024;
/// As in `protocol/src/record/compression.rs`.
const LEVEL: i32 = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/record/dictionaries/1.zstd-dictionary");
    let training = samples(1, 500)?;
    let payloads: Vec<&[u8]> = training.iter().map(|sample| sample.payload.as_slice()).collect();
    let dictionary = zstd::dict::from_samples(&payloads, SIZE)?;
    println!("{} payloads, {} bytes", payloads.len(), payloads.iter().map(|payload| payload.len()).sum::<usize>());
    if std::env::args().any(|argument| argument == "--write") {
        std::fs::write(&path, &dictionary)?;
    }
    println!("the committed dictionary is the same: {}", std::fs::read(&path)? == dictionary);

    println!("bytes a change, of others' payloads, before encryption:");
    let measured = samples(2, 100)?;
    for (what, single) in [("one change", true), ("several changes", false)] {
        let chosen: Vec<&Sample> = measured.iter().filter(|sample| (sample.changes == 1) == single).collect();
        let changes: usize = chosen.iter().map(|sample| sample.changes).sum();
        let compressed = |with: &dyn Fn(&Sample) -> Vec<u8>| -> std::io::Result<usize> {
            let mut bytes = 0;
            for sample in &chosen {
                bytes +=
                    zstd::bulk::Compressor::with_dictionary(LEVEL, &with(sample))?.compress(&sample.payload)?.len();
            }
            Ok(bytes / changes)
        };
        println!(
            "  {what}: {} as they are, {} compressed, {} with the dictionary, {} and the author",
            chosen.iter().map(|sample| sample.payload.len()).sum::<usize>() / changes,
            compressed(&|_| Vec::new())?,
            compressed(&|_| dictionary.clone())?,
            compressed(&|sample| [dictionary.as_slice(), &sample.header].concat())?,
        );
    }
    Ok(())
}
