//! A notebook for the patient to carry, out of the card.
//!
//! The format was made for what a pharmacy hands out. What it has no record for is written into it all the same, as a memo that people
//! can read, and named in [`Export::not_said`]: nothing is left out silently, and nothing is dressed up as a dispensing that none was.
//!
//! - A medicine of the list stands as dispensed only while the list says exactly what the dispensing said. One that was changed
//!   since, was entered by hand, or waits for a decision between two versions, becomes a memo.
//! - Whatever the writer would refuse (an amount like `1〜2`, a usage that is too long) becomes a memo as a whole: half a
//!   prescription is never written.
//! - Characters that Shift_JIS writes differently (`〜`) are written so; those it lacks become `〓`, as in print, and are named.
//! - Read in again where it came from, such a notebook changes nothing.

mod dispensing;
mod out;

use jiff::civil::Date;
use tendenko_crdt::{CardView, DispensedDrug, EntryId, Medicine, Source, item_key};

use super::model::NotebookDraft;
use out::Out;

/// Which dispensings go with the list of medicines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that the medicines of the list came from, and of them only what is on the list.
    Current,
    /// Every one from this day on, whole.
    DispensedSince(Date),
}

/// A notebook, and what it does not say in the format's own records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What is to be written; the writer takes it.
    pub draft: NotebookDraft,
    /// What a person has to know about it.
    pub not_said: Vec<NotSaid>,
}

/// Something that the format has no record for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaid {
    /// Name of the medicine, the substance, or the field's content.
    pub what: String,
    /// Why.
    pub why: WhyNot,
}

/// Why something is not in the format's own records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// Entered by hand, not dispensed: it stands as a memo.
    NotDispensed,
    /// Changed since it was dispensed: what holds now stands as a memo.
    ChangedSince,
    /// Two versions wait for a decision: both stand as memos.
    Undecided,
    /// A field cannot hold it: it stands as a memo.
    Unfit,
    /// Severity and day of an allergy.
    AllergyDetail,
    /// A detail of a person or an institution that does not fit its field.
    Detail,
    /// A character that Shift_JIS lacks; it stands as `〓`.
    Character,
}

/// Why there is no notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The format needs a name.
    #[error("the card has no name that can be written")]
    Name,
    /// The format knows male and female only, and needs one of them.
    #[error("the card does not say whether the patient is male or female, which the format needs")]
    Sex,
    /// The format needs a whole birth date.
    #[error("the card has no whole birth date, which the format needs")]
    BirthDate,
}

/// Makes a notebook of a card. `today` is the local day.
///
/// # Errors
/// When the card lacks what the format cannot do without.
pub fn export(card: &CardView, scope: Scope, today: Date) -> Result<Export, ExportError> {
    let identity = card.identity.any().map(|written| written.value.clone()).unwrap_or_default();
    let mut out = Out::of(&identity, today)?;
    for item in &card.allergies {
        item.present().for_each(|(allergy, _)| out.allergy(allergy));
    }
    let dispensings = card.dispensings();
    let dispensed =
        |id: EntryId| dispensings.iter().find(|(event, _)| event.id == id).map(|(_, dispensing)| *dispensing);
    let mut as_dispensed: Vec<(EntryId, &Medicine)> = Vec::new();
    for item in &card.medicines {
        for (medicine, _) in item.present() {
            let of = medicine.dispensing.and_then(|id| Some((id, dispensed(id)?)));
            match of {
                _ if item.is_conflict() => out.memo_of(medicine, WhyNot::Undecided),
                _ if medicine.source == Source::Otc => out.otc(medicine),
                Some((id, dispensing)) if dispensing.drugs.iter().any(|drug| says_the_same(drug, medicine)) => {
                    as_dispensed.push((id, medicine));
                }
                Some(_) => out.memo_of(medicine, WhyNot::ChangedSince),
                None => out.memo_of(medicine, WhyNot::NotDispensed),
            }
        }
    }
    let mut newest_first = dispensings.clone();
    newest_first.sort_by(|(_, one), (_, other)| other.dispensed_on.cmp(&one.dispensed_on));
    for (event, dispensing) in newest_first {
        let of_list: Vec<&Medicine> =
            as_dispensed.iter().filter(|(id, _)| *id == event.id).map(|(_, medicine)| *medicine).collect();
        let Ok(day) = dispensing.dispensed_on.parse::<Date>() else { continue };
        let whole = matches!(scope, Scope::DispensedSince(since) if day >= since);
        out.dispensing(dispensing, day, whole, &of_list);
    }
    Ok(Export { draft: out.draft, not_said: out.not_said })
}

/// The list says of a medicine exactly what was dispensed.
fn says_the_same(drug: &DispensedDrug, medicine: &Medicine) -> bool {
    item_key::medicine(&drug.drug) == item_key::medicine(&medicine.drug)
        && [&drug.amount, &drug.unit, &drug.usage] == [&medicine.amount, &medicine.unit, &medicine.usage]
        && drug.basis == medicine.basis
}
