//! What importing a notebook would change on a patient's card. A proposal for a person to look at: nothing is written here.
//!
//! - The same content has the same entry ids and item keys on every tablet, so importing again, or on two tablets at once,
//!   adds nothing twice.
//! - Nothing that a person wrote later than the notebook is proposed away, and a conflict is left for people to settle.
//! - What is incomplete or unreadable is left out and named ([`ImportPlan::left_out`]); half a prescription is never proposed.

mod dispensing;
mod identity;
mod medicine;
mod remark;
mod take_over;

use jiff::civil::Date;
use tendenko_crdt::{CardView, Dispensing, EntryId, Medicine};

use super::{Notebook, Split};
pub use identity::{Difference, IdentityField, Match};
pub use medicine::MedicineChange;
pub use remark::RemarkProposal;
pub(crate) use remark::split_reaction;
pub use take_over::TakenOver;

/// Everything an import would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPlan {
    /// Whether the notebook is this patient's.
    pub identity_match: Match,
    /// Dispensings, in the order of the notebook.
    pub dispensings: Vec<PlannedDispensing>,
    /// Medicines for the current list, newest first.
    pub medicines: Vec<PlannedMedicine>,
    /// Medicines on the list whose supply from a notebook is used up, and which this notebook does not supply again: often
    /// replaced by another product or strength. A person decides whether to take them off; an import never does.
    pub run_out: Vec<RunOut>,
    /// Allergies, side effects and other remarks about the patient.
    pub remarks: Vec<PlannedRemark>,
    /// What cannot be taken over, and why.
    pub left_out: Vec<LeftOut>,
}

/// A dispensing to record on the card.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedDispensing {
    /// Its id, derived from its content.
    pub entry: EntryId,
    /// The card has it.
    pub already_there: bool,
    /// The card has another entry of the same day with the same drugs, amounts and usages; only what surrounds them
    /// differs. Recording both would show one dispensing twice.
    pub overlaps: Option<EntryId>,
    /// The day is after today.
    pub in_future: bool,
    /// Written by the patient's side.
    pub patient_origin: bool,
    /// The entry.
    pub dispensing: Dispensing,
}

impl PlannedDispensing {
    /// Whether to record it unless a person decides otherwise.
    pub fn is_suggested(&self) -> bool {
        !self.already_there && self.overlaps.is_none() && !self.in_future
    }
}

/// A medicine for the current list.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMedicine {
    /// Its key on the card.
    pub key: String,
    /// What the list would say.
    pub medicine: Medicine,
    /// Against what the list says now.
    pub change: MedicineChange,
    /// What was handed out is used up by now, or has no end and is from long ago.
    pub ended: bool,
    /// Written by the patient's side.
    pub patient_origin: bool,
}

impl PlannedMedicine {
    /// Whether to take it over unless a person decides otherwise.
    pub fn is_suggested(&self) -> bool {
        let changes = matches!(
            self.change,
            MedicineChange::New | MedicineChange::Changed { .. } | MedicineChange::Renewed { .. }
        );
        changes && !self.ended
    }
}

/// A medicine on the list that seems to be over.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOut {
    /// Its key on the card.
    pub key: String,
    /// What the list says.
    pub medicine: Medicine,
}

/// A remark about the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRemark {
    /// What it would become.
    pub proposal: RemarkProposal,
    /// The card says so already.
    pub already_there: bool,
    /// Written by the patient's side.
    pub patient_origin: bool,
}

/// Something that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Name of the drug, or the printed date of the dispensing.
    pub what: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOutReason {
    /// The dispensing has no date that is one.
    NoDate,
    /// The dispensing has no drug that can be used.
    NoDrugs,
    /// The usage is missing, contradicted or unreadable.
    NoUsage,
    /// The same dispensing stands in the notebook twice.
    Repeated,
}

impl LeftOutReason {
    /// One plain Japanese sentence.
    pub fn message_ja(self) -> &'static str {
        match self {
            Self::NoDate => "調剤日が読めないため、取り込めません。",
            Self::NoDrugs => "使える薬の記録がないため、取り込めません。",
            Self::NoUsage => "薬または用法が完全に読めないため、取り込めません。",
            Self::Repeated => "同じ調剤がくり返されています。一度だけ取り込みます。",
        }
    }

    /// The same in English.
    pub fn message_en(self) -> &'static str {
        match self {
            Self::NoDate => "The date of dispensing cannot be read, so it is left out.",
            Self::NoDrugs => "It has no usable drug, so it is left out.",
            Self::NoUsage => "The drug or its usage cannot be read completely, so it is left out.",
            Self::Repeated => "The same dispensing stands in the notebook twice. It is taken once.",
        }
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// One part of a set.
    #[error("This is part {part} of {parts} of a split notebook. Read the other parts first.")]
    PartOfSet {
        /// Which part.
        part: u16,
        /// How many there are.
        parts: u16,
    },
}

impl PlanError {
    /// One or two plain Japanese sentences.
    pub fn message_ja(&self) -> String {
        let Self::PartOfSet { part, parts } = self;
        format!("分割されたお薬手帳の{parts}個のうち{part}番目です。残りも読み込んでください。")
    }
}

/// Compares a notebook with a card as it is now. `today` is the local day.
///
/// # Errors
/// For one part of a set: see [`join`](super::join).
pub fn plan(notebook: &Notebook, card: &CardView, today: Date) -> Result<ImportPlan, PlanError> {
    if let Some(Split { part, parts, .. }) = notebook.part() {
        return Err(PlanError::PartOfSet { part: *part, parts: *parts });
    }
    let mut left_out = Vec::new();
    let dispensings = dispensing::plan(&notebook.content, card, today, &mut left_out);
    let medicines = medicine::plan(&notebook.content, &dispensings, card, today);
    let run_out = medicine::run_out(&medicines, card, today);
    Ok(ImportPlan {
        identity_match: identity::compare(notebook.content.patient.as_ref(), card),
        medicines,
        run_out,
        remarks: remark::plan(&notebook.content, card),
        dispensings: dispensings.into_iter().map(|(_, planned)| planned).collect(),
        left_out,
    })
}

/// `None` for an empty text.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
