//! The project's own samples (`tests/data/jahis/synthetic`): one for every variant of the format, every oddity and every
//! kind of refusal. The list here is complete: a file without an expectation fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tendenko_crdt::CardView;
use tendenko_interop::notebook::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/jahis/synthetic")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn notebook(name: &str) -> Notebook {
    read(&bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// File, encoding, drugs, problems as `line:code`.
const READABLE: &[(&str, Encoding, usize, &[&str])] = &[
    ("v01-cp932-crlf.txt", Encoding::Cp932, 2, &[]),
    ("v02-cp932-no-final-line-end.txt", Encoding::Cp932, 2, &[]),
    ("v03-utf8-lf.txt", Encoding::Utf8, 2, &[]),
    ("v04-utf8-bom-crlf.txt", Encoding::Utf8Bom, 2, &[]),
    ("v05-cp932-cr.txt", Encoding::Cp932, 2, &[]),
    ("v06-cp932-end-mark.txt", Encoding::Cp932, 2, &[]),
    ("v07-leftover.txt", Encoding::Cp932, 1, &[]),
    ("v08-all-records.txt", Encoding::Cp932, 3, &[]),
    ("v08-all-records-utf8-lf.txt", Encoding::Utf8, 3, &[]),
    ("v08-no-trailing-fields.txt", Encoding::Cp932, 1, &[]),
    ("v08-trailing-fields.txt", Encoding::Cp932, 1, &[]),
    ("v08-two-doctors.txt", Encoding::Cp932, 3, &[]),
    ("v08-hospital-dispensing.txt", Encoding::Cp932, 2, &[]),
    ("v08-dosage-forms.txt", Encoding::Cp932, 9, &[]),
    ("v08-usages.txt", Encoding::Cp932, 6, &[]),
    ("v08-patient-origin.txt", Encoding::Cp932, 1, &["11:meaning-unknown"]),
    ("v08-otc-only.txt", Encoding::Cp932, 0, &[]),
    ("v08-several-dispensings.txt", Encoding::Cp932, 6, &[]),
    ("v08-two-pharmacies.txt", Encoding::Cp932, 3, &[]),
    ("split-whole.txt", Encoding::Cp932, 4, &[]),
    ("split-plain-1of3.txt", Encoding::Cp932, 2, &["10:part-of-set"]),
    ("split-plain-2of3.txt", Encoding::Cp932, 1, &["4:part-of-set"]),
    ("split-plain-3of3.txt", Encoding::Cp932, 1, &["5:part-of-set"]),
    ("split-repeating-1of3.txt", Encoding::Utf8, 1, &["9:part-of-set"]),
    ("split-repeating-2of3.txt", Encoding::Utf8, 2, &["10:part-of-set"]),
    ("split-repeating-3of3.txt", Encoding::Utf8, 1, &["10:part-of-set"]),
    (
        "odd-unknown-version-and-records.txt",
        Encoding::Cp932,
        1,
        &[
            "1:unknown-version",
            "7:extra-fields",
            "9:unknown-record",
            "10:field-missing",
            "10:extra-fields",
            "11:unlisted-code",
        ],
    ),
    ("odd-dates.txt", Encoding::Cp932, 2, &["3:invalid-date", "4:date-outside-era", "9:invalid-date"]),
    ("odd-missing-usage.txt", Encoding::Cp932, 2, &["6:usage-missing"]),
    ("odd-two-usages.txt", Encoding::Cp932, 2, &["8:usage-twice"]),
    (
        "odd-values.txt",
        Encoding::Cp932,
        1,
        &[
            "2:unlisted-code",
            "4:not-digits",
            "4:not-digits",
            "6:not-a-number",
            "6:unlisted-code",
            "7:unlisted-code",
            "7:meaning-unknown",
        ],
    ),
    ("odd-unreadable-bytes.txt", Encoding::Cp932, 2, &["8:unreadable-text"]),
    ("odd-no-patient.txt", Encoding::Cp932, 1, &["1:patient-missing"]),
];

fn refused() -> Vec<(&'static str, NotebookError)> {
    vec![
        ("bad-cut-in-usage.txt", NotebookError::Cut { line: 24 }),
        ("bad-cut-in-character.txt", NotebookError::Cut { line: 24 }),
        ("bad-cut-before-usage.txt", NotebookError::Cut { line: 27 }),
        ("bad-cut-in-heading.txt", NotebookError::Cut { line: 15 }),
        ("bad-prescription-symbol.txt", NotebookError::Prescription { header: "JAHIS10".into() }),
        ("bad-two-notebooks.txt", NotebookError::Several { line: 8 }),
        ("bad-table.txt", NotebookError::NotANotebook),
        ("bad-empty.txt", NotebookError::Empty),
        ("bad-picture.png", NotebookError::NotANotebook),
    ]
}

#[test]
fn every_readable_sample_says_what_it_was_made_to_say() {
    for (name, encoding, drugs, problems) in READABLE {
        let found = notebook(name);
        assert_eq!(found.raw[0].encoding, *encoding, "{name}");
        let count: usize = found
            .content
            .dispensings
            .iter()
            .flat_map(|dispensing| &dispensing.prescriptions)
            .map(|rp| rp.drugs.len())
            .sum();
        assert_eq!(count, *drugs, "{name}");
        let codes: Vec<String> =
            found.problems.iter().map(|problem| format!("{}:{}", problem.line, problem.code.name())).collect();
        assert_eq!(codes, *problems, "{name}");
    }
}

#[test]
fn every_bad_sample_is_refused_for_its_own_reason() {
    for (name, error) in refused() {
        assert_eq!(read(&bytes(name)), Err(error), "{name}");
    }
}

#[test]
fn no_sample_is_without_an_expectation() {
    let listed: BTreeSet<String> = READABLE
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .chain(refused().into_iter().map(|(name, _)| name.to_owned()))
        .chain(["README.md".to_owned()])
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
        .collect();
    assert_eq!(there, listed);
}

#[test]
fn layout_and_encoding_change_nothing() {
    assert_eq!(notebook("v08-all-records.txt").content, notebook("v08-all-records-utf8-lf.txt").content);
    assert_eq!(notebook("v08-trailing-fields.txt").content, notebook("v08-no-trailing-fields.txt").content);
    let today = "2026-07-01".parse().expect("a date");
    let ids = ["v01-cp932-crlf.txt", "v03-utf8-lf.txt", "v04-utf8-bom-crlf.txt", "v05-cp932-cr.txt"].map(|name| {
        let plan = plan(&notebook(name), &CardView::default(), today).expect(name);
        plan.dispensings[0].entry
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn both_styles_of_splitting_join_to_the_same_notebook() {
    let whole = notebook("split-whole.txt");
    for style in ["plain", "repeating"] {
        let part = |number: u8| notebook(&format!("split-{style}-{number}of3.txt"));
        let joined = join(vec![part(3), part(1), part(2)]).expect(style);
        assert_eq!(joined.content, whole.content, "{style}");
        assert_eq!(joined.raw.len(), 3);
        let missing = join(vec![part(3), part(1)]);
        assert_eq!(missing, Err(JoinError::Missing { missing: vec![2], parts: 3 }), "{style}");
    }
    let mixed = join(vec![notebook("split-plain-1of3.txt"), notebook("split-repeating-2of3.txt")]);
    assert_eq!(mixed, Err(JoinError::Mixed));
}

#[test]
fn a_part_that_was_cut_does_not_join() {
    // Without its last line a part looks like a notebook of its own that begins in the middle.
    let part = bytes("split-plain-2of3.txt");
    let text = String::from_utf8_lossy(&part).into_owned();
    let cut = &part[..text.find("911,").map_or(0, |_| part.len() - "911,20260615000001,3,2\r\n".len())];
    assert!(matches!(read(cut), Err(NotebookError::Cut { .. })));
}
