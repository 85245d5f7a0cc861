//! A sheet over the screen, opened by a touch and never by itself. The browser keeps the focus inside it.

use crate::{
    app::use_app,
    components::{Icon, button_class},
};
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
