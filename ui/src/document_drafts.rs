//! Documents that are being written, kept at every keystroke as visits are ([`crate::drafts`]).

pub use crate::keeping::{discard, forget, get, put, settle};
use crate::{
    api::call,
    keeping::{Keeping, Kept},
};
use std::rc::Rc;
use tendenko_app_api::*;

/// Whose draft of what about whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// Who writes.
    pub member: MemberId,
    /// About whom.
    pub patient: PatientId,
    /// Which document.
    pub draft: DocumentDraftName,
}

thread_local! {
    static DRAFTS: Rc<Keeping<DocumentKey, DocumentForm>> = Rc::default();
}

impl Kept for DocumentKey {
    type Form = DocumentForm;
    type Put = PutDocumentDraft;
    type Discard = DropDocumentDraft;

    fn put(&self, form: DocumentForm) -> PutDocumentDraft {
        PutDocumentDraft { patient: self.patient.clone(), draft: self.draft.clone(), form }
    }

    fn discard(&self) -> DropDocumentDraft {
        DropDocumentDraft { patient: self.patient.clone(), draft: self.draft.clone() }
    }

    fn all() -> Rc<Keeping<Self, DocumentForm>> {
        DRAFTS.with(Rc::clone)
    }
}

/// Reads a draft with its files and what it follows. What is in memory is newer than what was read.
pub async fn read(key: &DocumentKey) -> Result<DocumentDraft, ApiError> {
    let mut draft = call(&GetDocumentDraft { patient: key.patient.clone(), draft: key.draft.clone() }).await?;
    draft.form = DocumentKey::all().read(key, draft.form.take());
    Ok(draft)
}
