//! What became of a courier file's items where it was imported.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Header, ReaderError, Totals};
use crate::record::RejectReason;

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Taken: it is durable here now.
    New,
    /// Was here already, byte for byte.
    Known,
    /// Of a patient this tablet has no grant for. A relay takes all.
    NotForUs,
    /// Not taken.
    Refused(RejectReason),
}

/// Where a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Where it should: the file is whole.
    Whole,
    /// Too early, after this many good bytes: cut, or pulled out. Import it again when the rest is there.
    Cut {
        /// Bytes that verified.
        at: u64,
    },
    /// In damage, after this many good bytes. What is behind it was not looked at.
    Damaged {
        /// Bytes that verified.
        at: u64,
    },
    /// The import was called off after this many bytes. What was taken stays.
    CalledOff {
        /// Bytes that verified.
        at: u64,
    },
}

impl End {
    /// The end that a reader's last words mean.
    pub fn of(error: &ReaderError, verified: u64) -> Self {
        match error {
            ReaderError::Damaged { at } => End::Damaged { at: *at },
            _ => End::Damaged { at: verified },
        }
    }
}

/// An import in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the file says about itself.
    pub header: Header,
    /// Items read, as far as the file verified.
    pub read: Totals,
    /// Items that are new here.
    pub new: u64,
    /// Items that were here already.
    pub known: u64,
    /// Items of patients this tablet has no grant for.
    pub not_for_us: u64,
    /// Items that were not taken, by reason.
    pub refused: BTreeMap<RejectReason, u64>,
    /// Items of a kind that this version does not know.
    pub unknown: u64,
    /// Where the file ended.
    pub end: End,
}

impl Report {
    /// Nothing read yet.
    pub fn of(header: Header) -> Self {
        Self {
            header,
            read: Totals::default(),
            new: 0,
            known: 0,
            not_for_us: 0,
            refused: BTreeMap::new(),
            unknown: 0,
            end: End::Cut { at: 0 },
        }
    }

    /// Counts one item.
    pub fn count(&mut self, fate: Fate) {
        match fate {
            Fate::New => self.new += 1,
            Fate::Known => self.known += 1,
            Fate::NotForUs => self.not_for_us += 1,
            Fate::Refused(reason) => *self.refused.entry(reason).or_default() += 1,
        }
    }

    /// Items not taken, for whatever reason.
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// True if the file is whole and held nothing that was not here already: it is older than what is here, or was imported before.
    pub fn is_nothing_new(&self) -> bool {
        self.end == End::Whole && self.new == 0 && self.refusals() == 0
    }
}

/// For operators and logs, a line for each kind of figure.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { statements, records, chunks, .. } = self.read;
        writeln!(f, "read      {statements} statements, {records} records, {chunks} pieces of attachments")?;
        writeln!(f, "new       {}", self.new)?;
        writeln!(f, "known     {}", self.known)?;
        if self.not_for_us > 0 {
            writeln!(f, "not for this tablet  {}", self.not_for_us)?;
        }
        write!(f, "refused   {}", self.refusals())?;
        for (reason, times) in &self.refused {
            write!(f, "  {reason}: {times}")?;
        }
        writeln!(f)?;
        if self.unknown > 0 {
            writeln!(f, "of kinds that only a later version knows  {}", self.unknown)?;
        }
        match self.end {
            End::Whole if self.is_nothing_new() => write!(f, "end       whole; nothing in it is new here"),
            End::Whole => write!(f, "end       whole"),
            End::Cut { at } => write!(f, "end       CUT at byte {at}: import it again when it is whole"),
            End::Damaged { at } => write!(f, "end       DAMAGED at byte {at}: make the file anew"),
            End::CalledOff { at } => write!(f, "end       called off at byte {at}"),
        }
    }
}
