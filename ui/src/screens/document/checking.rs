//! Checking a paper: its code is photographed, and the tablet says who signed it, and whether it holds the very same text.

use crate::{
    api::call,
    app::{App, use_app},
    components::{Icon, Sheet, button_class, document_link, failure, notice},
    dates, files,
};
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CheckPaperProps {
    /// Closed.
    pub on_close: Callback<()>,
}

/// The sheet in which a paper is checked.
#[component]
pub fn CheckPaperSheet(props: &CheckPaperProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let outcome = use_state(|| None::<Result<PaperChecked, ApiError>>);
    let chosen = {
        let outcome = outcome.clone();
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            let outcome = outcome.clone();
            spawn_local(async move {
                outcome.set(Some(check(&file).await));
                // The same file can be chosen again.
                input.set_value("");
            });
        }
    };
    html! {
        <Sheet title={words.t("check-paper")} on_close={props.on_close.clone()} testid="check-sheet">
            <p>{ words.t("check-paper-explain") }</p>
            <label class={classes!(button_class("plain"), "file-choice")}>
                <Icon name="camera" />{ words.t("check-paper-picture") }
                <input class="file-input" type="file" accept="image/jpeg,image/png,image/webp" capture="environment" onchange={chosen} data-testid="check-file" />
            </label>
            { match &*outcome {
                None => html! {},
                Some(Err(error)) => failure(&app, error),
                Some(Ok(checked)) => told(&app, checked),
            } }
        </Sheet>
    }
}

fn told(app: &App, checked: &PaperChecked) -> Html {
    let words = &app.words;
    let time = format!("{} {}", dates::Day::of(checked.at).long(words.lang), dates::clock(checked.at));
    let facility = checked.facility.clone().unwrap_or_default();
    let signed = words.ta("paper-signed-by", &[("facility", &facility), ("tablet", &checked.tablet), ("time", &time)]);
    let (kind, said) = match &checked.held {
        Some(held) if held.same => ("info", words.t("paper-same")),
        Some(_) => ("care", words.t("paper-other-text")),
        None => ("care", words.t("paper-not-held")),
    };
    html! {
        <>
            { notice(kind, "paper-checked", html! {
                <>
                    <p>{ signed }</p><p><b>{ said }</b></p>
                    if checked.revoked { <p>{ words.t("paper-revoked") }</p> }
                </>
            }) }
            if let Some(held) = &checked.held {
                <p>{ words.ta("paper-about", &[("name", &held.patient.name)]) }</p>
                { document_link(app, &held.patient.id, &held.document) }
            }
        </>
    }
}

async fn check(file: &web_sys::File) -> Result<PaperChecked, ApiError> {
    let unreadable = || ApiError::new(ErrorCode::NoQrCode);
    if file.size() > MAX_QR_PICTURE as f64 {
        return Err(unreadable());
    }
    let picture = files::bytes(file).await.ok_or_else(unreadable)?;
    call(&CheckPaper { picture }).await
}
