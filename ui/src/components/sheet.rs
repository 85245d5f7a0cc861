//! A sheet over the screen, opened by a touch and never by itself. The browser keeps the focus inside it.

use crate::{
    api::run,
    app::{Act, App, use_app},
    components::{Icon, button_class},
};
use tendenko_app_api::{ApiError, Command, Saved};
use web_sys::HtmlDialogElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SheetProps {
    /// Its heading.
    pub title: String,
    /// Closed by its button or by Escape.
    pub on_close: Callback<()>,
    /// For tests.
    pub testid: &'static str,
    /// What it holds.
    pub children: Html,
}

/// A sheet over the screen.
#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let app = use_app();
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Refused only when it is open already.
                let _ = dialog.show_modal();
            }
        });
    }
    let close = props.on_close.reform(|_: MouseEvent| ());
    let cancelled = {
        let on_close = props.on_close.clone();
        move |event: Event| {
            event.prevent_default();
            on_close.emit(());
        }
    };
    html! {
        <dialog ref={dialog} class="sheet" aria-label={props.title.clone()} oncancel={cancelled} data-testid={props.testid}>
            <div class="sheet-head">
                <h2>{ &props.title }</h2>
                <button type="button" class={button_class("quiet")} onclick={close} aria-label={app.words.t("close")}
                    data-testid="sheet-close"><Icon name="close" /></button>
            </div>
            <div class="sheet-body">{ props.children.clone() }</div>
        </dialog>
    }
}

/// Sends a change; closes the sheet when it was saved, and keeps it open with the reason when it was not.
pub fn send_and_close<C>(app: &App, command: C, error: UseStateHandle<Option<ApiError>>, on_close: Callback<()>)
where
    C: Command<Output = Saved> + 'static,
{
    let after = app.clone();
    run(app, command, move |answer| match answer {
        Ok(_) => {
            after.dispatch(Act::Changed);
            after.dispatch(Act::Toast(after.words.t("saved")));
            on_close.emit(());
        }
        Err(refusal) => error.set(Some(refusal)),
    });
}
