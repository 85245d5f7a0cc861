//! A tablet in another process, spoken to from a drill.

use std::path::Path;
use std::time::{Duration, Instant};

use super::orders::{Answer, Order};
use crate::process::{PATIENCE, ProcessError, Program};

/// What a drill can be told by a tablet besides its answer.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The process is gone or silent.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The tablet could not do what it was told.
    #[error("the tablet {tablet} could not: {why}")]
    Failed {
        /// Which tablet.
        tablet: String,
        /// Its own words.
        why: String,
    },
    /// The answer was not one of those this order has.
    #[error("the tablet {tablet} answered something else: {answer}")]
    Unexpected {
        /// Which tablet.
        tablet: String,
        /// The answer.
        answer: String,
    },
    /// Tablets that should hold the same do not, although they had time.
    #[error("they never came to hold the same: {0}")]
    Differ(String),
}

/// What tablets are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The cards alone, as a tablet of an evacuation site reads them.
    Cards,
    /// Cards and every entry.
    Charts,
}

/// Waits until these tablets hold the same. That a tablet has sent all it has says nothing of what is on its way to it,
/// so two of them are compared again and again, not once.
pub fn come_to_agree(tablets: &mut [&mut RemoteTablet], by: Compared) -> Result<(), RemoteError> {
    let from = Instant::now();
    loop {
        let mut read = Vec::new();
        for tablet in tablets.iter_mut() {
            read.push(tablet.fingerprint(by == Compared::Cards)?);
        }
        if read.windows(2).all(|pair| pair[0] == pair[1]) {
            return Ok(());
        }
        if from.elapsed() > PATIENCE {
            let names = tablets.iter().map(|tablet| tablet.name.as_str());
            let said: Vec<_> = names.zip(&read).map(|(name, print)| format!("{name} {print:.8}")).collect();
            return Err(RemoteError::Differ(said.join(", ")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A tablet that runs as a process of its own.
pub struct RemoteTablet {
    name: String,
    program: Program,
    /// Its device id.
    pub device: String,
}

impl RemoteTablet {
    /// Starts the tablet whose folder this is, and waits until it is unlocked. Its log goes beside the folder.
    pub fn start(dir: &Path) -> Result<Self, RemoteError> {
        Self::start_with(dir, &[])
    }

    /// As [`RemoteTablet::start`], with further arguments.
    pub fn start_with(dir: &Path, more: &[&str]) -> Result<Self, RemoteError> {
        Self::start_under(&[], dir, more)
    }

    /// As [`RemoteTablet::start_with`], by a program that becomes it: `ip netns exec …`.
    pub fn start_under(launcher: &[&str], dir: &Path, more: &[&str]) -> Result<Self, RemoteError> {
        let folder = dir.to_string_lossy();
        let mut args = vec!["--dir", &folder];
        args.extend(more);
        let program = Program::start_under(launcher, "tendenko-tablet", &args, Some(&dir.with_extension("log")), &[])?;
        let name = dir.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut tablet = Self { name, program, device: String::new() };
        match tablet.answer()? {
            Answer::Ready { device } => tablet.device = device,
            other => return Err(tablet.unexpected(&other)),
        }
        Ok(tablet)
    }

    /// Gives an order and waits for its answer.
    pub fn ask(&mut self, order: &Order) -> Result<Answer, RemoteError> {
        self.tell(order)?;
        self.answer()
    }

    /// Gives an order without waiting.
    pub fn tell(&mut self, order: &Order) -> Result<(), RemoteError> {
        let line = serde_json::to_string(order).expect("an order has no map with other keys than text");
        Ok(self.program.say(&line)?)
    }

    /// The next answer.
    pub fn answer(&mut self) -> Result<Answer, RemoteError> {
        let line = self.program.hear()?;
        match serde_json::from_str(&line) {
            Ok(Answer::Failed { why }) => Err(RemoteError::Failed { tablet: self.name.clone(), why }),
            Ok(answer) => Ok(answer),
            Err(_) => Err(RemoteError::Unexpected { tablet: self.name.clone(), answer: line }),
        }
    }

    /// Gives an order that is answered by nothing but being done.
    pub fn run(&mut self, order: &Order) -> Result<(), RemoteError> {
        match self.ask(order)? {
            Answer::Done => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Records a visit; the answer is the entry's id, once it is durable.
    pub fn visit(&mut self, patient: &str, note: &str) -> Result<String, RemoteError> {
        match self.ask(&Order::Visit { patient: patient.to_owned(), note: note.to_owned() })? {
            Answer::Saved { entry } => Ok(entry),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Changes the amount of a medicine.
    pub fn dose(&mut self, patient: &str, medicine: &str, amount: &str, reason: &str) -> Result<(), RemoteError> {
        self.run(&Order::Dose {
            patient: patient.to_owned(),
            medicine: medicine.to_owned(),
            amount: amount.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// The amounts of a medicine that stand side by side.
    pub fn amounts(&mut self, patient: &str, medicine: &str) -> Result<Vec<String>, RemoteError> {
        match self.ask(&Order::Medicines { patient: patient.to_owned() })? {
            Answer::Medicines { medicines } => Ok(medicines
                .into_iter()
                .find(|(key, _)| key == medicine)
                .map(|(_, amounts)| amounts)
                .unwrap_or_default()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Attaches a photo; the answer is the entry's id, once both are durable.
    pub fn attach(&mut self, patient: &str, bytes: usize) -> Result<String, RemoteError> {
        match self.ask(&Order::Attach { patient: patient.to_owned(), bytes })? {
            Answer::Saved { entry } => Ok(entry),
            other => Err(self.unexpected(&other)),
        }
    }

    /// How many pieces of an attachment are here, and how many bytes it has if it is whole.
    pub fn pieces(&mut self, patient: &str, entry: &str) -> Result<(u32, Option<usize>), RemoteError> {
        match self.ask(&Order::Pieces { patient: patient.to_owned(), entry: entry.to_owned() })? {
            Answer::Pieces { here, whole } => Ok((here, whole)),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Ids of all entries of a patient.
    pub fn entries(&mut self, patient: &str) -> Result<Vec<String>, RemoteError> {
        match self.ask(&Order::Entries { patient: patient.to_owned() })? {
            Answer::Entries { entries } => Ok(entries),
            other => Err(self.unexpected(&other)),
        }
    }

    /// The patients that are here.
    pub fn patients(&mut self) -> Result<Vec<(String, String, bool)>, RemoteError> {
        match self.ask(&Order::Patients)? {
            Answer::Patients { patients } => Ok(patients),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Entries saved here that no relay has acknowledged.
    pub fn unsent(&mut self) -> Result<u64, RemoteError> {
        match self.ask(&Order::Status)? {
            Answer::Status { unsent, .. } => Ok(unsent),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Writes a courier file for everyone.
    pub fn export_courier(&mut self, file: &Path) -> Result<(), RemoteError> {
        match self.ask(&Order::ExportCourier { file: file.to_string_lossy().into_owned() })? {
            Answer::Courier { .. } => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Takes a courier file; answers what became of it.
    pub fn import_courier(&mut self, file: &Path) -> Result<Answer, RemoteError> {
        match self.ask(&Order::ImportCourier { file: file.to_string_lossy().into_owned() })? {
            report @ Answer::Courier { .. } => Ok(report),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Makes this tablet the relay; answers its code.
    pub fn serve(&mut self) -> Result<String, RemoteError> {
        self.run(&Order::Serve)?;
        match self.ask(&Order::Site)? {
            Answer::Site { code: Some(code), .. } => Ok(code),
            other => Err(self.unexpected(&other)),
        }
    }

    /// A fingerprint of everything readable here.
    pub fn fingerprint(&mut self, cards_only: bool) -> Result<String, RemoteError> {
        match self.ask(&Order::Fingerprint { cards_only })? {
            Answer::Fingerprint { fingerprint } => Ok(fingerprint),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Records visits without end; returns the ids heard before the tablet was killed with -9, after `count` of them.
    pub fn storm_then_kill(mut self, patient: &str, word: &str, count: usize) -> Result<Vec<String>, RemoteError> {
        self.tell(&Order::Storm { patient: patient.to_owned(), word: word.to_owned() })?;
        let mut saved = Vec::new();
        while saved.len() < count {
            saved.extend(self.saved_entry()?);
        }
        self.program.kill();
        for line in self.program.heard_so_far() {
            if let Ok(Answer::Saved { entry }) = serde_json::from_str(&line) {
                saved.push(entry);
            }
        }
        Ok(saved)
    }

    /// During a storm: the id of the next saved entry.
    pub fn saved_entry(&mut self) -> Result<Option<String>, RemoteError> {
        match self.answer()? {
            Answer::Saved { entry } => Ok(Some(entry)),
            _ => Ok(None),
        }
    }

    /// `kill -9`; returns what it had still said.
    pub fn kill(&mut self) -> Vec<String> {
        self.program.kill();
        self.program.heard_so_far()
    }

    fn unexpected(&self, answer: &Answer) -> RemoteError {
        RemoteError::Unexpected { tablet: self.name.clone(), answer: format!("{answer:?}") }
    }
}
