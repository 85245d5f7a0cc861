//! One touch makes this tablet the relay of those around it; the others find it by themselves, or by its QR code.

use crate::{
    api::{call, run},
    app::{Act, App, use_app},
    components::{Icon, Qr, QrContent, button_class, failure, notice},
};
use tendenko_app_api::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// This tablet as the relay, and others that serve.
#[component]
pub fn ServingPanel() -> Html {
    let app = use_app();
    let failed = use_state(|| None::<ApiError>);
    {
        let (app, failed) = (app.clone(), failed.clone());
        use_effect_with((), move |()| ask(&app, GetNearby {}, failed));
    }
    let words = &app.words;
    let Some(nearby) = app.nearby.clone() else {
        return html! { <div class="waiting" aria-busy="true" /> };
    };
    let start = touch(&app, StartServing {}, &failed);
    let stop = touch(&app, StopServing {}, &failed);
    html! {
        <section class="panel" data-testid="serving" data-serving={nearby.serving.is_some().to_string()}>
            <h2 class="panel-title">{ words.t("serving-title") }</h2>
            if let Some(error) = &*failed { { failure(&app, error) } }
            if let Some(serving) = &nearby.serving {
                { shown(&app, serving) }
                <button type="button" class={button_class("plain")} onclick={stop} data-testid="stop-serving">{ words.t("serving-stop") }</button>
            } else {
                if let Some(ending) = nearby.ended { { notice("info", "serving-ended", html! { ended(&app, ending) }) } }
                <p>{ words.t("serving-explain") }</p>
                <button type="button" class={button_class("primary")} onclick={start} data-testid="start-serving">{ words.t("serving-start") }</button>
                { found(&app, &nearby.found) }
                if nearby.deaf { <p class="quiet" data-testid="serving-deaf">{ words.t("serving-deaf") }</p> }
                <Scan />
            }
        </section>
    }
}

/// Sends a command that answers how things stand.
fn ask<C: Command<Output = Nearby> + 'static>(app: &App, command: C, failed: UseStateHandle<Option<ApiError>>) {
    let after = app.clone();
    run(app, command, move |answer| match answer {
        Ok(nearby) => {
            after.dispatch(Act::Nearby(nearby));
            failed.set(None);
        }
        Err(error) => failed.set(Some(error)),
    });
}

fn touch<C: Command<Output = Nearby> + Clone + 'static>(
    app: &App,
    command: C,
    failed: &UseStateHandle<Option<ApiError>>,
) -> Callback<MouseEvent> {
    let (app, failed) = (app.clone(), failed.clone());
    Callback::from(move |_| ask(&app, command.clone(), failed.clone()))
}

fn shown(app: &App, serving: &Serving) -> Html {
    let words = &app.words;
    let line = |label: String, value: Html| html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> };
    html! {
        <div class="serving">
            <div class="serving-code">
                <Qr content={QrContent::Text(serving.qr.clone())} label={words.t("serving-qr")} />
                <p class="quiet">{ words.t("serving-qr-explain") }</p>
            </div>
            <dl class="pairs">
                { line(words.t("serving-guests"), html! {
                    <span data-testid="serving-guests" data-guests={serving.guests.len().to_string()}>
                        { if serving.guests.is_empty() { words.t("serving-nobody") } else { serving.guests.join(&words.t("list-comma")) } }
                    </span>
                }) }
                { line(words.t("serving-carried"), html! { words.tn("items", serving.carried) }) }
                { line(words.t("serving-waiting"), html! { words.tn("items", serving.waiting) }) }
            </dl>
            if serving.hub { <p data-testid="serving-hub">{ words.t("serving-hub") }</p> }
            <p>{ words.t("serving-stops-by-itself") }</p>
        </div>
    }
}

fn ended(app: &App, ending: Ending) -> String {
    match ending {
        Ending::HubIsBack => app.words.t("serving-ended-hub"),
        Ending::Idle => app.words.t("serving-ended-idle"),
        Ending::Told => app.words.t("serving-ended-told"),
    }
}

fn found(app: &App, found: &[FoundTablet]) -> Html {
    let words = &app.words;
    if found.is_empty() {
        return html! {};
    }
    html! {
        <>
            <h3>{ words.t("serving-found") }</h3>
            <ul class="facts" data-testid="serving-found">
                { for found.iter().map(|tablet| html! {
                    <li>
                        <b>{ &tablet.label }</b>
                        <span class="quiet">{ if tablet.certified { words.t("found-by-itself") } else { words.t("found-scan") } }</span>
                    </li>
                }) }
            </ul>
        </>
    }
}

/// The photo of another tablet's code.
#[component]
fn Scan() -> Html {
    let app = use_app();
    let words = &app.words;
    let failed = use_state(|| None::<ApiError>);
    let chosen = {
        let (app, failed) = (app.clone(), failed.clone());
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            let (app, failed) = (app.clone(), failed.clone());
            spawn_local(async move {
                match scan(&file).await {
                    Ok(tablet) => {
                        failed.set(None);
                        app.dispatch(Act::Toast(app.words.ta("scanned", &[("tablet", &tablet.label)])));
                    }
                    Err(error) => failed.set(Some(error)),
                }
                // The same picture can be chosen again.
                input.set_value("");
            });
        }
    };
    html! {
        <div>
            <label class={classes!(button_class("plain"), "file-choice")}>
                <Icon name="scan" />{ words.t("scan-qr") }
                <input class="file-input" type="file" accept="image/jpeg,image/png" capture="environment" onchange={chosen} data-testid="scan-file" />
            </label>
            if let Some(error) = &*failed { { failure(&app, error) } }
        </div>
    }
}

/// Too large a picture is refused before it is read.
async fn scan(file: &web_sys::File) -> Result<FoundTablet, ApiError> {
    if file.size() > MAX_QR_PICTURE as f64 {
        return Err(ApiError::new(ErrorCode::NoQrCode));
    }
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_| ApiError::new(ErrorCode::NoQrCode))?;
    call(&ScanServer { picture: js_sys::Uint8Array::new(&buffer).to_vec() }).await
}
