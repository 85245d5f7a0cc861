//! 電子版お薬手帳: the text format of electronic medication notebooks in Japan (JAHISTC).
//!
//! - [`read`] takes bytes and gives a [`Notebook`], or says why there is none.
//! - [`join`] puts the parts of a split notebook together.
//! - [`plan`] compares a notebook with a patient's card and proposes what to take over. It writes nothing.
//! - [`export`] makes a notebook of a card, for the patient to carry, and names what the format has no record for.
//! - [`write()`] makes the text, [`write_split`] the parts of one that does not fit into one code.
//!
//! What holds, and what would break otherwise:
//! - A text that was cut is refused ([`NotebookError::Cut`]): an incomplete list of medicines looks like a complete one.
//!   A cut exactly between two prescriptions leaves a text that is complete by the format's own rules; nobody can see it.
//! - One odd record never costs the whole notebook: it becomes a [`Problem`], everything else stays usable. Unknown records
//!   and surplus fields stay in [`Notebook::lines`].
//! - Amounts and usages stay as printed. What an amount means (per day, per dose, in all) comes from the dosage form and
//!   from nothing else.
//! - A part of a set is never planned as if it were the whole.
//!
//! Written from public secondary sources, not from the standard's own document.

mod assemble;
mod check;
pub mod codes;
mod complete;
mod export;
mod join;
mod keep;
mod model;
mod plan;
mod problem;
mod spec;
mod split;
mod text;
mod value;
mod write;

use codes::Origin;
pub use export::{Export, ExportError, NotSaid, Scope, WhyNot, export};
pub use join::{JoinError, MAX_PARTS, join};
pub use model::{
    Dispenser, DispensingGroup, Doctor, DrugLine, FamilyPharmacist, Information, Ingredient, Institution, Memo,
    NotebookDraft, OtcMedicine, Patient, PatientEntry, PatientRemark, PrescriptionGroup, Remark, Split, Usage, Version,
};
pub use plan::{
    Difference, IdentityField, ImportPlan, LeftOut, LeftOutReason, Match, MedicineChange, PlanError, PlannedDispensing,
    PlannedMedicine, PlannedRemark, RemarkProposal, RunOut, TakenOver, plan,
};
pub use problem::{Problem, ProblemCode, Severity};
pub use split::write_split;
pub use text::{Encoding, Line, MAX_BYTES, MAX_FIELDS, MAX_LINE_BYTES, MAX_LINES};
pub use value::{Amount, NotebookDate, Number};
pub use write::{Layout, LineEnd, WriteError, WriteProblem, fit, write, write_with};

/// A notebook that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notebook {
    /// The number in the header.
    pub version: Version,
    /// What it says.
    pub content: NotebookDraft,
    /// What is odd about it, in the order of the lines.
    pub problems: Vec<Problem>,
    /// Every record behind the header as it stands in the text, known or not.
    pub lines: Vec<Line>,
    /// The bytes as handed in; several for a joined set.
    pub raw: Vec<RawText>,
}

/// Bytes as they were handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawText {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The encoding they were found in.
    pub encoding: Encoding,
}

impl Notebook {
    /// The part of a set this is, unless it is a whole notebook.
    pub fn part(&self) -> Option<&Split> {
        self.content.split.as_ref().filter(|split| split.parts != 1)
    }

    fn header(&self) -> Header {
        Header { version: self.version, origin: self.content.origin.clone() }
    }

    /// The records whose number is not in the format.
    pub fn unknown_records(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| spec::record(&line.record).is_none())
    }

    /// The most serious of its problems.
    pub fn severity(&self) -> Option<Severity> {
        self.problems.iter().map(Problem::severity).max()
    }
}

/// Why there is no notebook. Nothing of the text may be used then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotebookError {
    /// Too many bytes.
    #[error(
        "The file is too large for a medication notebook ({bytes} bytes, at most {MAX_BYTES}). Choose another file."
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Too many lines.
    #[error("The file has more than {MAX_LINES} lines and is no medication notebook. Choose another file.")]
    TooManyLines,
    /// A line no notebook can have.
    #[error("Line {line} is longer than any line of a medication notebook. Choose another file.")]
    LineTooLong {
        /// The line.
        line: u32,
    },
    /// No text.
    #[error("The file is empty. Choose another file.")]
    Empty,
    /// Something else.
    #[error("This is no medication notebook (its first line is not JAHISTC). Choose another file.")]
    NotANotebook,
    /// The symbol printed on a prescription.
    #[error(
        "This is the code of a prescription ({header}), not of a medication notebook: a prescription says what was ordered, not what was dispensed. Read the notebook code the pharmacy hands out."
    )]
    Prescription {
        /// Its header, e.g. `JAHIS10`.
        header: String,
    },
    /// A second first line, or a second patient.
    #[error("The file holds several notebooks (another one begins at line {line}). Import each by itself.")]
    Several {
        /// Where the second one begins.
        line: u32,
    },
    /// The end, or a piece before it, is missing.
    #[error(
        "The notebook is incomplete: it breaks off at line {line}. Nothing was imported. Read it again from the beginning."
    )]
    Cut {
        /// The last line that is there.
        line: u32,
    },
}

impl NotebookError {
    /// One or two plain Japanese sentences: what happened, and what to do.
    pub fn message_ja(&self) -> String {
        match self {
            Self::TooLarge { .. } | Self::TooManyLines | Self::LineTooLong { .. } => {
                "お薬手帳データとしては大きすぎます。別のファイルを選んでください。".to_owned()
            }
            Self::Empty => "中身がありません。別のファイルを選んでください。".to_owned(),
            Self::NotANotebook => {
                "お薬手帳データではありません（先頭行が JAHISTC ではありません）。別のファイルを選んでください。"
                    .to_owned()
            }
            Self::Prescription { header } => format!(
                "これは処方箋の2次元シンボル（{header}）で、お薬手帳ではありません。薬局で渡されたお薬手帳のコードを読み込んでください。"
            ),
            Self::Several { line } => {
                format!("複数のお薬手帳が入っています（{line}行目から別のお薬手帳です）。一つずつ取り込んでください。")
            }
            Self::Cut { line } => format!(
                "お薬手帳が{line}行目で途切れています。何も取り込んでいません。はじめから読み込み直してください。"
            ),
        }
    }
}

/// Reads a notebook.
///
/// # Errors
/// When the bytes are no notebook, or are one that was cut. Anything less serious is in [`Notebook::problems`].
pub fn read(bytes: &[u8]) -> Result<Notebook, NotebookError> {
    let text::Lines { encoding, mut lines, ended, half_character } = text::lines(bytes)?;
    let Some(first) = lines.first() else {
        return Err(NotebookError::Empty);
    };
    let header = header(first)?;
    let first = lines.remove(0);
    if let Some(second) = lines.iter().find(|line| line.record.starts_with("JAHIS")) {
        return Err(NotebookError::Several { line: second.number });
    }
    let mut patients = lines.iter().filter(|line| line.record == "1");
    let patient = patients.next();
    if let Some(second) = patients.find(|line| patient.is_some_and(|first| !first.same_content(line))) {
        return Err(NotebookError::Several { line: second.number });
    }
    if let Some(line) = complete::cut(&lines, first.number, ended, half_character) {
        return Err(NotebookError::Cut { line });
    }
    let raw = vec![RawText { bytes: bytes.to_vec(), encoding }];
    Ok(assemble::notebook(header, lines, raw, Vec::new()))
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    version: Version,
    origin: Origin,
}

fn header(line: &Line) -> Result<Header, NotebookError> {
    let Some(number) = line.record.strip_prefix("JAHISTC") else {
        let number = line.record.strip_prefix("JAHIS").unwrap_or("");
        let prescription = !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
        return Err(if prescription {
            NotebookError::Prescription { header: line.record.clone() }
        } else {
            NotebookError::NotANotebook
        });
    };
    let digits = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    Ok(Header {
        version: Version(if digits { number.parse().unwrap_or(0) } else { 0 }),
        origin: Origin::from_code(line.field(1)),
    })
}
