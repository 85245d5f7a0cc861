//! Putting the parts of a split notebook together.
//!
//! Two styles occur. The standard's own example repeats nothing but the first line, and cuts even inside a group of drugs.
//! Some printers repeat the patient and the heading of the dispensing in every part. Both give the same notebook: what a
//! part repeats is used once, and told.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble;
use super::complete;
use super::problem::{Problem, ProblemCode};
use super::text::{Line, MAX_LINES};
use super::{Notebook, NotebookError};

/// Most parts a set can have.
pub const MAX_PARTS: usize = 999;

/// Why parts do not make one notebook. Nothing of them may be used as a complete list then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Nothing to join.
    #[error("There is no part to join. Read the first one.")]
    Nothing,
    /// One of several texts is a notebook for itself.
    #[error("Text {index} is no part of a split notebook. Import it by itself.")]
    NotAPart {
        /// Which of the texts, first is 1.
        index: usize,
    },
    /// Numbers that make no sense, or more parts than can be.
    #[error("The part numbers make no sense. Read the codes again.")]
    OddNumbers,
    /// Parts of different sets.
    #[error("These are parts of different notebooks. Read the codes of one notebook only.")]
    Mixed,
    /// The parts name different patients.
    #[error("The parts name different patients. Read the codes of one notebook only.")]
    DifferentPatients,
    /// The same part twice, with different content.
    #[error("Part {part} was read twice, with different content. Read the codes again.")]
    Contradiction {
        /// The part.
        part: u16,
    },
    /// Parts that are not there yet.
    #[error("Still missing: part {}. Read them too.", list(.missing))]
    Missing {
        /// Their numbers.
        missing: Vec<u16>,
        /// How many parts there are.
        parts: u16,
    },
    /// All parts are there, and what they make is cut.
    #[error("The joined notebook cannot be used: {0}")]
    Notebook(#[from] NotebookError),
}

fn list(numbers: &[u16]) -> String {
    numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

impl JoinError {
    /// One or two plain Japanese sentences: what happened, and what to do.
    pub fn message_ja(&self) -> String {
        match self {
            Self::Nothing => "読み込んだものがありません。1番目から読み込んでください。".to_owned(),
            Self::NotAPart { index } => {
                format!("{index}番目は分割されたお薬手帳の一部ではありません。単独で取り込んでください。")
            }
            Self::OddNumbers => "分割の番号が正しくありません。読み込み直してください。".to_owned(),
            Self::Mixed => "別のお薬手帳の一部が混ざっています。一つのお薬手帳だけを読み込んでください。".to_owned(),
            Self::DifferentPatients => {
                "患者が異なる部分が混ざっています。一つのお薬手帳だけを読み込んでください。".to_owned()
            }
            Self::Contradiction { part } => {
                format!("{part}番目が二度読み込まれ、内容が違います。読み込み直してください。")
            }
            Self::Missing { missing, parts } => format!(
                "全{parts}個のうち、{}番目がまだです。続けて読み込んでください。",
                list(missing).replace(", ", "、")
            ),
            Self::Notebook(error) => error.message_ja(),
        }
    }
}

/// Joins the parts of one split notebook, given in any order. Handing in one whole notebook gives it back.
///
/// # Errors
/// Unless exactly one complete set is there. [`JoinError::Missing`] names what to read next.
pub fn join(mut parts: Vec<Notebook>) -> Result<Notebook, JoinError> {
    if parts.len() == 1 && parts[0].part().is_none() {
        return Ok(parts.swap_remove(0));
    }
    let header = parts.first().map(Notebook::header).ok_or(JoinError::Nothing)?;
    let (parts, twice) = ordered(parts)?;
    let mut joined = Joined::default();
    let mut raw = Vec::new();
    for part in parts {
        let last = part.lines.last().map_or(0, |line| line.number);
        for run in runs(&part.lines) {
            joined.add(run);
        }
        joined.offset += last;
        raw.extend(part.raw);
        if joined.lines.len() > MAX_LINES {
            return Err(NotebookError::TooManyLines.into());
        }
    }
    if let Some(line) = complete::unclosed(&joined.lines) {
        return Err(NotebookError::Cut { line }.into());
    }
    let mut problems = joined.problems;
    if twice {
        problems.push(Problem { line: 1, record: "911".to_owned(), field: None, code: ProblemCode::PartTwice });
    }
    Ok(assemble::notebook(header, joined.lines, raw, problems))
}

/// The parts in their order, each once; and whether one was handed in twice.
fn ordered(parts: Vec<Notebook>) -> Result<(Vec<Notebook>, bool), JoinError> {
    let mut by_number: BTreeMap<u16, Notebook> = BTreeMap::new();
    let mut set: Option<(String, u16)> = None;
    let mut patient: Option<(String, String)> = None;
    let mut header = None;
    let mut twice = false;
    if parts.len() > MAX_PARTS {
        return Err(JoinError::OddNumbers);
    }
    for (index, part) in parts.into_iter().enumerate() {
        let Some(split) = part.content.split.clone() else {
            return Err(JoinError::NotAPart { index: index + 1 });
        };
        if split.part == 0 || split.part > split.parts {
            return Err(JoinError::OddNumbers);
        }
        let same_header = (part.version, part.content.origin.clone());
        let same_set = (split.id, split.parts);
        if *set.get_or_insert_with(|| same_set.clone()) != same_set
            || *header.get_or_insert_with(|| same_header.clone()) != same_header
        {
            return Err(JoinError::Mixed);
        }
        if let Some(named) = &part.content.patient {
            let date = named.birth_date.iso().unwrap_or_else(|| named.birth_date.text.clone());
            let named = (crate::fold::fold_name(&named.name), date);
            if *patient.get_or_insert_with(|| named.clone()) != named {
                return Err(JoinError::DifferentPatients);
            }
        }
        match by_number.get(&split.part) {
            None => {
                by_number.insert(split.part, part);
            }
            Some(earlier) if same_lines(&earlier.lines, &part.lines) => twice = true,
            Some(_) => return Err(JoinError::Contradiction { part: split.part }),
        }
    }
    let (_, count) = set.ok_or(JoinError::Nothing)?;
    let missing: Vec<u16> = (1..=count).filter(|number| !by_number.contains_key(number)).collect();
    if !missing.is_empty() {
        return Err(JoinError::Missing { missing, parts: count });
    }
    Ok((by_number.into_values().collect(), twice))
}

fn same_lines(one: &[Line], other: &[Line]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.same_content(b))
}

/// Lines that can only be repeated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    /// Records about the notebook as a whole, each for itself.
    Whole,
    /// 5, 11, 15, 51.
    Heading,
    /// 55.
    Doctor,
    /// 201 to 391 of one RP.
    Drugs,
    /// 401 to 601, each for itself.
    Tail,
    /// 911.
    Control,
    /// Anything else.
    Unknown,
}

fn kind(line: &Line) -> RunKind {
    match line.record.as_str() {
        "1" | "2" | "3" | "31" | "4" | "701" => RunKind::Whole,
        "5" | "11" | "15" | "51" => RunKind::Heading,
        "55" => RunKind::Doctor,
        "201" | "281" | "291" | "301" | "311" | "391" => RunKind::Drugs,
        "401" | "411" | "421" | "501" | "601" => RunKind::Tail,
        "911" => RunKind::Control,
        _ => RunKind::Unknown,
    }
}

/// Cuts lines into runs.
fn runs(lines: &[Line]) -> Vec<(RunKind, &[Line])> {
    let mut runs = Vec::new();
    let mut start = 0;
    for index in 0..lines.len() {
        let this = kind(&lines[index]);
        let goes_on = lines.get(index + 1).is_some_and(|next| {
            this == kind(next)
                && match this {
                    RunKind::Heading => next.record != "5",
                    RunKind::Drugs => next.field(1) == lines[index].field(1),
                    _ => false,
                }
        });
        if !goes_on {
            runs.push((this, &lines[start..=index]));
            start = index + 1;
        }
    }
    runs
}

/// What was joined so far.
#[derive(Default)]
struct Joined {
    lines: Vec<Line>,
    problems: Vec<Problem>,
    /// Added to the line numbers of the present part: lines of earlier parts. 0 in the first part.
    offset: u32,
    /// Records about the notebook as a whole.
    whole: BTreeSet<Vec<String>>,
    /// Content of the open dispensing's heading.
    heading: Vec<Vec<String>>,
    /// The doctor named last in it.
    doctor: Vec<String>,
    /// Every line of the open dispensing.
    dispensing: BTreeSet<Vec<String>>,
}

impl Joined {
    fn add(&mut self, (kind, run): (RunKind, &[Line])) {
        let content: Vec<Vec<String>> = run.iter().map(content).collect();
        let later_part = self.offset > 0;
        let repeated = later_part
            && match kind {
                RunKind::Whole => content.iter().all(|line| self.whole.contains(line)),
                RunKind::Heading => content == self.heading,
                RunKind::Doctor => content.iter().all(|line| *line == self.doctor),
                RunKind::Drugs => {
                    let both = ["201", "301"].iter().all(|number| run.iter().any(|line| line.record == *number));
                    both && content.iter().all(|line| self.dispensing.contains(line))
                }
                RunKind::Tail => content.iter().all(|line| self.dispensing.contains(line)),
                RunKind::Control | RunKind::Unknown => false,
            };
        if repeated {
            self.problems.push(Problem {
                line: run[0].number + self.offset,
                record: run[0].record.clone(),
                field: None,
                code: ProblemCode::PartRepeats,
            });
            return;
        }
        match kind {
            RunKind::Control => return,
            RunKind::Whole => self.whole.extend(content),
            RunKind::Heading => {
                self.dispensing.clear();
                self.doctor.clear();
                self.heading = content;
            }
            RunKind::Doctor => self.doctor = content.into_iter().next().unwrap_or_default(),
            RunKind::Drugs | RunKind::Tail => self.dispensing.extend(content),
            RunKind::Unknown => {}
        }
        let offset = self.offset;
        self.lines.extend(run.iter().map(|line| Line { number: line.number + offset, ..line.clone() }));
    }
}

/// A line as a comparable value.
fn content(line: &Line) -> Vec<String> {
    std::iter::once(&line.record).chain(line.content()).cloned().collect()
}
