//! Sheets that are being filled in, kept at every keystroke as visits are ([`crate::drafts`]). What is on a sheet is the command that it will send.

use crate::{
    api::call,
    keeping::{Keeping, Kept},
};
use std::rc::Rc;
use tendenko_app_api::*;

/// Whose draft of which sheet about whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SheetKey {
    /// Who writes.
    pub member: MemberId,
    /// About whom.
    pub patient: PatientId,
    /// Which sheet.
    pub sheet: SheetName,
}

thread_local! {
    static DRAFTS: Rc<Keeping<SheetKey, SheetForm>> = Rc::default();
}

impl Kept for SheetKey {
    type Form = SheetForm;
    type Put = PutSheetDraft;
    type Discard = DropSheetDraft;

    fn put(&self, form: SheetForm) -> PutSheetDraft {
        PutSheetDraft { form }
    }

    fn discard(&self) -> DropSheetDraft {
        DropSheetDraft { patient: self.patient.clone(), sheet: self.sheet.clone() }
    }

    fn all() -> Rc<Keeping<Self, SheetForm>> {
        DRAFTS.with(Rc::clone)
    }
}

/// Reads a draft with its files. What is in memory is newer than what was read.
pub async fn read(key: &SheetKey) -> Result<SheetDraft, ApiError> {
    let mut draft = call(&GetSheetDraft { patient: key.patient.clone(), sheet: key.sheet.clone() }).await?;
    draft.form = SheetKey::all().read(key, draft.form.take());
    Ok(draft)
}
