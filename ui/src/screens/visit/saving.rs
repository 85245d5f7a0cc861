//! 保存: once, whatever is touched how often; asked about what is hard to believe; taken back for a while afterwards.

use super::vitals::focus_field;
use crate::{
    api::call,
    app::{Act, App, Undo},
    drafts::{self, DraftKey},
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// What saving needs to know and to say.
#[derive(Clone)]
pub struct Saving {
    pub app: App,
    pub draft: Rc<DraftKey>,
    pub profession: Profession,
    pub with_photos: bool,
    pub busy: UseStateHandle<bool>,
    pub error: UseStateHandle<Option<ApiError>>,
}

impl Saving {
    /// Saves what is in the draft now. What must be asked about, or is refused, stands beside the button; the draft stays.
    pub fn start(&self) {
        if *self.busy {
            return;
        }
        let form = drafts::get(&*self.draft).unwrap_or_default();
        let visit = match drafts::visit(&form, &self.profession, self.app.now()) {
            Ok(visit) => visit,
            Err(measure) => {
                self.error.set(Some(ApiError::new(ErrorCode::OutOfRange).with("field", measure.as_str())));
                focus_field(measure);
                return;
            }
        };
        let hand_over = drafts::hand_over(&form);
        if visit.is_empty() && hand_over.is_none() && !self.with_photos {
            self.error.set(Some(ApiError::new(ErrorCode::NothingToSave)));
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        let saving = self.clone();
        spawn_local(async move {
            // A write of the draft that is under way would bring it back. One that fails does not keep the visit from being saved.
            let _ = drafts::settle(&*saving.draft).await;
            let (patient, insisted) = (saving.draft.patient.clone(), form.insisted());
            let answer = match saving.draft.correct.clone() {
                Some(entry) => {
                    let reason = form.reason.trim().to_owned();
                    call(&CorrectVisit { patient, entry, visit, insisted, reason }).await
                }
                None => call(&RecordVisit { patient, visit, insisted, hand_over }).await,
            };
            match answer {
                Ok(saved) => saving.done(saved, form),
                Err(refusal) => {
                    saving.busy.set(false);
                    saving.error.set(Some(refusal));
                }
            }
        });
    }

    fn done(&self, saved: Saved, form: VisitForm) {
        let app = &self.app;
        drafts::forget(&*self.draft);
        app.dispatch(Act::Changed);
        app.dispatch(Act::Back);
        let offline =
            app.sync.as_ref().is_none_or(|sync| matches!(sync.state, SyncState::Offline | SyncState::Connecting));
        let said = if offline { app.words.t("saved-will-send") } else { app.words.t("saved") };
        // A correction has a version before it: it is corrected again.
        let undo = saved.entry.filter(|_| self.draft.correct.is_none());
        app.dispatch(match undo {
            Some(entry) => {
                Act::SavedWithUndo(said, Box::new(Undo { patient: self.draft.patient.clone(), form, entry }))
            }
            None => Act::Toast(said),
        });
    }
}

/// Numbers that are asked about.
pub fn asked(error: &ApiError) -> Vec<Measure> {
    let fields = error.params.get("fields").map(String::as_str).unwrap_or_default();
    let named = |field: &str| Measure::ALL.into_iter().find(|measure| measure.as_str() == field);
    if error.code == ErrorCode::Implausible { fields.split(',').filter_map(named).collect() } else { Vec::new() }
}
