//! Documents that are being written, kept at every keystroke as visits are ([`crate::drafts`]).

use crate::{api::call, keeping::Keeping};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;

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

/// The draft as it is in memory.
pub fn get(key: &DocumentKey) -> Option<DocumentForm> {
    DRAFTS.with(|drafts| drafts.get(key))
}

/// Keeps a draft: in memory at once, in the store as soon as the write before is done. `refused` hears of it when that cannot be.
pub fn put(key: &DocumentKey, form: &DocumentForm, refused: impl Fn(ApiError) + 'static) {
    DRAFTS.with(|drafts| drafts.put(key, form));
    let key = key.clone();
    spawn_local(async move {
        if let Err(error) = settle(&key).await {
            refused(error);
        }
    });
}

/// Returns when the store has what memory has.
pub async fn settle(key: &DocumentKey) -> Result<(), ApiError> {
    let drafts = DRAFTS.with(Rc::clone);
    let write =
        async |form| call(&PutDocumentDraft { patient: key.patient.clone(), draft: key.draft.clone(), form }).await;
    drafts.settle(key, write).await
}

/// Reads a draft with its files and what it follows. What is in memory is newer than what was read.
pub async fn read(key: &DocumentKey) -> Result<DocumentDraft, ApiError> {
    let mut draft = call(&GetDocumentDraft { patient: key.patient.clone(), draft: key.draft.clone() }).await?;
    draft.form = DRAFTS.with(|drafts| drafts.read(key, draft.form.take()));
    Ok(draft)
}

/// Forgets a draft in memory, because the store has forgotten it.
pub fn forget(key: &DocumentKey) {
    DRAFTS.with(|drafts| drafts.forget(key));
}

/// Throws a draft away.
pub fn discard(key: &DocumentKey) {
    forget(key);
    let key = key.clone();
    spawn_local(async move {
        // If either fails, the draft is offered again: nothing is lost.
        let _ = settle(&key).await;
        let _ = call(&DropDocumentDraft { patient: key.patient, draft: key.draft }).await;
    });
}

/// Leaves nothing in memory: the tablet is locked.
pub fn clear() {
    DRAFTS.with(|drafts| drafts.clear());
}
