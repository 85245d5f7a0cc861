//! A sheet that is filled in: its draft is read when it opens, kept at every keystroke, and forgotten when it was saved or thrown away. Closing the
//! sheet keeps it, as leaving a visit does.

use super::draft_files::{DraftFiles, FilesAct};
use crate::{
    api::call,
    app::{Act, App, use_app},
    components::{Sheet, button_class, failure},
    keeping,
    sheet_drafts::{self, SheetKey},
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A change of what stands on a sheet.
pub type Edit<C> = Box<dyn FnOnce(&mut C)>;

/// A sheet that is being filled in; `C` is what it sends.
pub struct Filling<C> {
    app: App,
    key: Rc<SheetKey>,
    form: UseStateHandle<Option<Rc<C>>>,
    resumed: UseStateHandle<bool>,
    /// Its files.
    pub files: UseReducerHandle<DraftFiles>,
    error: UseStateHandle<Option<ApiError>>,
    busy: UseStateHandle<bool>,
    on_close: Callback<()>,
}

/// Fills in a sheet, going on where it was left; `first` is what stands on a new one.
#[hook]
pub fn use_filling<C>(first: C, on_close: Callback<()>) -> Filling<C>
where
    C: SheetCommand + Command<Output = Saved> + Clone + 'static,
{
    let app = use_app();
    let sheet: SheetForm = first.clone().into();
    let key = Rc::new(SheetKey {
        member: app.me().map_or_else(|| MemberId(String::new()), |me| me.member.clone()),
        patient: sheet.patient().clone(),
        sheet: sheet.sheet(),
    });
    let filling = Filling {
        app,
        key: key.clone(),
        form: use_state(|| None),
        resumed: use_state(|| false),
        files: use_reducer(DraftFiles::default),
        error: use_state(|| None),
        busy: use_state(|| false),
        on_close,
    };
    let (form, resumed, error) = (filling.form.clone(), filling.resumed.clone(), filling.error.clone());
    let files = filling.files.dispatcher();
    use_effect_with(key, move |key| {
        let key = key.clone();
        spawn_local(async move {
            let draft = sheet_drafts::read(&key).await.unwrap_or_else(|refusal| {
                error.set(Some(refusal));
                SheetDraft::default()
            });
            let begun = draft.form.and_then(C::of);
            resumed.set(begun.is_some() || !draft.files.is_empty());
            files.dispatch(FilesAct::Read(draft.files));
            form.set(Some(Rc::new(begun.unwrap_or(first))));
        });
    });
    filling
}

impl<C> Filling<C>
where
    C: SheetCommand + Command<Output = Saved> + Clone + 'static,
{
    /// The sheet, as soon as its draft was read.
    pub fn show(&self, title: String, testid: &'static str, view: impl FnOnce(&C) -> Html) -> Html {
        let words = &self.app.words;
        html! {
            <Sheet {title} on_close={self.on_close.clone()} {testid}>
                if let Some(form) = &*self.form {
                    if *self.resumed { <p class="notice notice-info" role="status" data-testid="draft-resumed">{ words.t("draft-resumed") }</p> }
                    { view(form) }
                } else {
                    <div class="waiting" aria-busy="true" />
                }
            </Sheet>
        }
    }

    /// Changes what stands on it, and keeps that.
    pub fn change(&self) -> Callback<Edit<C>> {
        let (form, key, error) = (self.form.clone(), self.key.clone(), self.error.clone());
        Callback::from(move |edit: Edit<C>| {
            // What was typed last may be newer than what is drawn.
            let typed = keeping::get(&*key).and_then(C::of);
            let Some(mut next) = typed.or_else(|| form.as_deref().cloned()) else { return };
            edit(&mut next);
            let refused = error.clone();
            let kept: SheetForm = next.clone().into();
            keeping::put(&*key, &kept, move |refusal| refused.set(Some(refusal)));
            form.set(Some(Rc::new(next)));
            error.set(None);
        })
    }

    /// A callback of a field that changes one thing.
    pub fn set<T: 'static>(&self, set: fn(&mut C, T)) -> Callback<T> {
        self.change().reform(move |value: T| -> Edit<C> { Box::new(move |form| set(form, value)) })
    }

    /// What stands below the fields: why it was not saved, the button that saves, and the one that throws it away.
    pub fn end(&self, testid: &'static str, label: String, ready: bool) -> Html {
        let words = &self.app.words;
        html! {
            <>
                if let Some(refusal) = &*self.error { { failure(&self.app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
                <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready || *self.busy} onclick={self.save()} data-testid={testid}>{ label }</button>
                <button type="button" class={button_class("quiet")} onclick={self.discard()} data-testid="sheet-discard">{ words.t("discard-draft") }</button>
            </>
        }
    }

    fn save(&self) -> impl Fn(MouseEvent) + 'static {
        let (app, key, form) = (self.app.clone(), self.key.clone(), self.form.clone());
        let (error, busy, on_close) = (self.error.clone(), self.busy.clone(), self.on_close.clone());
        move |_| {
            let typed = keeping::get(&*key).and_then(C::of);
            let Some(command) = typed.or_else(|| form.as_deref().cloned()).filter(|_| !*busy) else { return };
            busy.set(true);
            error.set(None);
            let (app, key, error, busy, on_close) =
                (app.clone(), key.clone(), error.clone(), busy.clone(), on_close.clone());
            spawn_local(async move {
                // A write of the draft that is under way would bring it back.
                let _ = keeping::settle(&*key).await;
                match call(&command).await {
                    Ok(_) => {
                        keeping::forget(&*key);
                        app.dispatch(Act::Changed);
                        app.dispatch(Act::Toast(app.words.t("saved")));
                        on_close.emit(());
                    }
                    Err(refusal) => {
                        busy.set(false);
                        error.set(Some(refusal));
                    }
                }
            });
        }
    }

    fn discard(&self) -> impl Fn(MouseEvent) + 'static {
        let (key, on_close) = (self.key.clone(), self.on_close.clone());
        move |_| {
            keeping::discard(&*key);
            on_close.emit(());
        }
    }
}
