//! The workload of the comparison: who has which patients, what they wrote, and what they write during the run.
//!
//! 20 tablets, 100 patients, 4 tablets per patient (so 20 patients per tablet), 200 records of history per patient of about
//! 500 bytes each, and 50 new records on every tablet for the outage. Made from a seed and written to files that every
//! contestant reads, ours too, so that all carry the same text:
//!
//! | file | |
//! |---|---|
//! | `patients.json` | `[{number, patient, tablets, card}]`, in the order that the other files count patients by |
//! | `history.jsonl` | `{id, patient, tablet, round, at, body}`: what everybody holds before a run |
//! | `outage.jsonl` | the same form: what is written while the relay is away |
//! | `edits.jsonl` | the same form: single edits, for edit to visible |
//!
//! Growth multiplies the history of each patient; then only 5 tablets with 25 patients take part, so that a tablet still has
//! its 20 patients and making the history does not take an hour.

pub mod tablets;
mod text;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use text::Random;

/// Tablets that hold the same patient.
pub const TEAM: usize = 4;
/// Patients of one tablet.
pub const PATIENTS_PER_TABLET: usize = 20;
/// Records of history of one patient, at growth 1.
pub const HISTORY: usize = 200;
/// New records of one tablet during the outage.
pub const OUTAGE: usize = 50;
/// Edits to measure edit to visible with.
pub const EDITS: usize = 200;
/// The last millisecond of the history: 2026-10-31, noon in Japan.
const END: i64 = 1_793_415_600_000;

/// How large the workload is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
pub struct Size {
    /// Number of tablets: 20, or 5.
    pub tablets: usize,
    /// Multiplies the history.
    pub growth: usize,
    /// The seed.
    pub seed: u64,
}

impl Size {
    /// Number of patients.
    pub fn patients(self) -> usize {
        self.tablets * PATIENTS_PER_TABLET / TEAM
    }
}

/// A patient, and the tablets that hold it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Patient {
    /// Number by which the records' files count it.
    pub number: usize,
    /// 32 hexadecimal digits.
    pub patient: String,
    /// Which tablets; the first admitted the patient.
    pub tablets: Vec<usize>,
    /// The card.
    pub card: Card,
}

/// What is on a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Card {
    /// Name.
    pub name: String,
    /// Name in kana.
    pub kana: String,
    /// ISO date.
    pub birth_date: String,
    /// Address.
    pub address: String,
    /// Diagnoses.
    pub diagnoses: Vec<String>,
    /// Substances.
    pub allergies: Vec<String>,
    /// Medicines.
    pub medicines: Vec<Medicine>,
}

/// A medicine on a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Medicine {
    /// Name.
    pub name: String,
    /// Amount per day.
    pub amount: String,
    /// Unit.
    pub unit: String,
    /// How it is taken.
    pub usage: String,
}

/// One record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Number of the patient.
    pub patient: usize,
    /// Tablet that writes it.
    pub tablet: usize,
    /// Round of the history in which it was written: in a round each tablet writes at most once per patient.
    pub round: usize,
    /// Milliseconds since 1970.
    pub at: i64,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// ISO time.
    pub at: String,
    /// Who wrote it.
    pub author: Author,
    /// Why the visit was made.
    pub purpose: String,
    /// Measured values.
    pub vitals: Vitals,
    /// What was done.
    pub care: Vec<String>,
    /// The note.
    pub note: String,
}

/// Who wrote a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Profession.
    pub profession: String,
    /// Facility.
    pub facility: String,
}

/// Measured values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vitals {
    /// mmHg.
    pub systolic: u16,
    /// mmHg.
    pub diastolic: u16,
    /// Per minute.
    pub pulse: u16,
    /// Percent.
    pub spo2: u8,
    /// Tenths of a degree.
    pub temperature: i16,
}

/// Records and digest of what one tablet must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Holding {
    /// Number of records.
    pub count: usize,
    /// Sum, modulo 2⁶⁴, of the first eight bytes of SHA-256 over `id \n note` of each record; hexadecimal.
    pub sum: String,
}

/// Adds up what is held.
#[derive(Default)]
pub struct Tally(usize, u64);

impl Tally {
    /// Counts one record.
    pub fn add(&mut self, id: &str, note: &str) {
        let hash = Sha256::digest(format!("{id}\n{note}"));
        let first = hash.first_chunk().copied().unwrap_or_default();
        *self = Self(self.0 + 1, self.1.wrapping_add(u64::from_be_bytes(first)));
    }

    /// What was counted.
    pub fn holding(&self) -> Holding {
        Holding { count: self.0, sum: format!("{:x}", self.1) }
    }
}

/// Writes the workload's files, unless they are there already.
pub fn write(dir: &Path, size: Size) -> std::io::Result<()> {
    let done = dir.join("size.json");
    let wanted = serde_json::to_string(&size)?;
    if fs::read_to_string(&done).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    let mut random = Random::new(size.seed);
    let patients: Vec<Patient> = (0..size.patients()).map(|number| patient(&mut random, size, number)).collect();
    let authors: Vec<Author> = (0..size.tablets).map(|_| text::author(&mut random)).collect();
    fs::write(dir.join("patients.json"), serde_json::to_vec(&patients)?)?;
    for (name, set) in [
        ("history", history(&mut random, size, &patients, &authors)),
        ("outage", outage(&mut random, size, &patients, &authors)),
        ("edits", edits(&mut random, size, &patients, &authors)),
    ] {
        let mut file = BufWriter::new(File::create(dir.join(format!("{name}.jsonl")))?);
        for record in set {
            serde_json::to_writer(&mut file, &record)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
    }
    fs::write(done, wanted)
}

/// The patients of a workload.
pub fn patients(dir: &Path) -> std::io::Result<Vec<Patient>> {
    Ok(serde_json::from_slice(&fs::read(dir.join("patients.json"))?)?)
}

/// A set of records of a workload.
pub fn records(dir: &Path, set: &str) -> std::io::Result<Vec<Record>> {
    let lines = BufReader::new(File::open(dir.join(format!("{set}.jsonl")))?).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// What somebody who takes part in these patients must hold after these sets.
pub fn expected(dir: &Path, sets: &[&str], takes_part: impl Fn(usize) -> bool) -> std::io::Result<Holding> {
    let mut tally = Tally::default();
    for set in sets {
        for record in records(dir, set)?.iter().filter(|record| takes_part(record.patient)) {
            tally.add(&record.id, &record.body.note);
        }
    }
    Ok(tally.holding())
}

fn patient(random: &mut Random, size: Size, number: usize) -> Patient {
    // In each block of as many patients as there are tablets, every tablet gets one patient for each place in the team.
    let block = number / size.tablets;
    let stride = if size.tablets > 4 * TEAM { block + 1 } else { 1 };
    let tablets = (0..TEAM).map(|place| (number + place * stride) % size.tablets).collect();
    Patient { number, patient: random.hex(), tablets, card: text::card(random) }
}

fn history(random: &mut Random, size: Size, patients: &[Patient], authors: &[Author]) -> Vec<Record> {
    let rounds = HISTORY * size.growth / TEAM;
    let mut set = Vec::new();
    for round in 0..rounds {
        let back = i64::try_from(rounds - round).unwrap_or(0);
        for (number, patient) in patients.iter().enumerate() {
            for (place, tablet) in patient.tablets.iter().enumerate() {
                // Four visits a day and patient at most, one round after the other; within the current year.
                let at = END - back * 20 * 3_600_000 / i64::try_from(size.growth).unwrap_or(1)
                    + i64::try_from(place).unwrap_or(0) * 1_800_000;
                set.push(record(random, &authors[*tablet], number, *tablet, round, at));
            }
        }
    }
    set
}

fn outage(random: &mut Random, size: Size, patients: &[Patient], authors: &[Author]) -> Vec<Record> {
    let mut set = Vec::new();
    for (tablet, author) in authors.iter().enumerate().take(size.tablets) {
        let mine: Vec<usize> = (0..patients.len()).filter(|&p| patients[p].tablets.contains(&tablet)).collect();
        for number in 0..OUTAGE {
            let at = END + i64::try_from(number).unwrap_or(0) * 1_500_000;
            set.push(record(random, author, mine[number % mine.len()], tablet, number, at));
        }
    }
    set
}

fn edits(random: &mut Random, size: Size, patients: &[Patient], authors: &[Author]) -> Vec<Record> {
    let mut one = |number: usize| {
        let patient = random.below(size.patients());
        let tablet = patients[patient].tablets[random.below(TEAM)];
        record(random, &authors[tablet], patient, tablet, number, END + 100_000_000)
    };
    (0..EDITS).map(&mut one).collect()
}

fn record(random: &mut Random, author: &Author, patient: usize, tablet: usize, round: usize, at: i64) -> Record {
    Record { id: random.hex(), patient, tablet, round, at, body: text::body(random, author, at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { tablets: 20, growth: 1, seed: 3 };

    fn made(size: Size) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), size).unwrap();
        dir
    }

    #[test]
    fn every_tablet_has_twenty_patients_and_every_patient_four_tablets() {
        for size in [SIZE, Size { tablets: 5, ..SIZE }] {
            let dir = made(size);
            let patients = patients(dir.path()).unwrap();
            assert_eq!(patients.len(), size.patients());
            for tablet in 0..size.tablets {
                assert_eq!(patients.iter().filter(|patient| patient.tablets.contains(&tablet)).count(), 20);
            }
            for patient in &patients {
                let mut team = patient.tablets.clone();
                team.sort_unstable();
                team.dedup();
                assert_eq!(team.len(), TEAM);
            }
        }
    }

    #[test]
    fn a_record_is_about_five_hundred_bytes_and_no_two_notes_are_alike() {
        let dir = made(SIZE);
        let history = records(dir.path(), "history").unwrap();
        assert_eq!(history.len(), 100 * HISTORY);
        let bytes: usize = history.iter().map(|record| serde_json::to_vec(&record.body).unwrap().len()).sum();
        let mean = bytes / history.len();
        assert!((450..=600).contains(&mean), "{mean} bytes a record");
        let notes: std::collections::HashSet<&str> = history.iter().map(|record| record.body.note.as_str()).collect();
        assert!(notes.len() * 100 > history.len() * 99, "{} of {} notes differ", notes.len(), history.len());
    }

    #[test]
    fn the_same_seed_makes_the_same_files() {
        let read = |dir: &tempfile::TempDir| fs::read(dir.path().join("outage.jsonl")).unwrap();
        assert_eq!(read(&made(SIZE)), read(&made(SIZE)));
        assert_ne!(read(&made(SIZE)), read(&made(Size { seed: 4, ..SIZE })));
    }
}
