//! 取り消し: an entry that should not have been made is taken back, with a reason; it stays readable.

use crate::{
    app::use_app,
    components::{ReasonField, Sheet, button_class, failure, send_and_close},
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct WithdrawButtonProps {
    /// About whom it is.
    pub patient: PatientId,
    /// Its newest version.
    pub entry: EntryId,
}

/// Takes an entry back.
#[component]
pub fn WithdrawButton(props: &WithdrawButtonProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let open = use_state(|| false);
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let show = {
        let open = open.clone();
        move |_: MouseEvent| open.set(true)
    };
    let close = {
        let (open, reason, error) = (open.clone(), reason.clone(), error.clone());
        Callback::from(move |()| {
            open.set(false);
            reason.set(String::new());
            error.set(None);
        })
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, error, close) = (app.clone(), error.clone(), close.clone());
        let (patient, entry, reason) = (props.patient.clone(), props.entry.clone(), (*reason).clone());
        let command = WithdrawEntry { patient, entry, reason };
        move |_: MouseEvent| send_and_close(&app, command.clone(), error.clone(), close.clone())
    };
    html! {
        <>
            <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={show} aria-haspopup="dialog" data-testid="withdraw">{ words.t("withdraw") }</button>
            if *open {
                <Sheet title={words.t("withdraw-title")} on_close={close} testid="withdraw-sheet">
                    <p>{ words.t("withdraw-explain") }</p>
                    <ReasonField text={(*reason).clone()} on_text={set_reason} />
                    if let Some(refusal) = &*error { { failure(&app, refusal) } }
                    <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={reason.trim().is_empty()} onclick={save} data-testid="withdraw-save">
                        { words.t("withdraw") }
                    </button>
                </Sheet>
            }
        </>
    }
}
