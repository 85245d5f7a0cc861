//! Paper: what goes on a sheet, with the ways to get it there. A sheet looks on the screen as it is printed, but for the colours of the screen;
//! `styles/print.css` leaves everything else away.

use crate::{
    api::{run, use_command},
    app::use_app,
    components::{Icon, button_class, failure, notice},
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PaperActionsProps {
    /// What the file is called: the page and whom it is about.
    pub title: String,
}

/// Printing, and a PDF file in the person's documents or on a stick.
#[component]
pub fn PaperActions(props: &PaperActionsProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let busy = use_state(|| false);
    let outcome = use_state(|| None::<Result<PdfSaved, ApiError>>);
    let places = use_command(GetCourierPlaces {});
    let sticks: Vec<CourierPlace> = places
        .ready()
        .map(|places| places.iter().filter(|place| place.removable).cloned().collect())
        .unwrap_or_default();
    let save = |folder: Option<String>| {
        let (app, busy, outcome, title) = (app.clone(), busy.clone(), outcome.clone(), props.title.clone());
        move |_: MouseEvent| {
            let (busy, outcome) = (busy.clone(), outcome.clone());
            busy.set(true);
            run(&app, SavePdf { title: title.clone(), folder: folder.clone() }, move |answer| {
                busy.set(false);
                match answer {
                    Err(error) if error.code == ErrorCode::NoPdfHere => print(),
                    answer => outcome.set(Some(answer)),
                }
            });
        }
    };
    html! {
        <div class="paper-actions">
            <div class="button-row">
                <button type="button" class={button_class("plain")} onclick={|_| print()} data-testid="print"><Icon name="print" />{ words.t("print") }</button>
                <button type="button" class={button_class("plain")} onclick={save(None)} disabled={*busy} data-testid="save-pdf"><Icon name="file" />{ words.t("save-pdf") }</button>
                { for sticks.into_iter().map(|stick| html! {
                    <button key={stick.folder.clone()} type="button" class={button_class("plain")} onclick={save(Some(stick.folder))} disabled={*busy}>
                        <Icon name="file" />{ words.ta("save-pdf-to", &[("place", &stick.name)]) }
                    </button>
                }) }
            </div>
            { match &*outcome {
                None => html! {},
                Some(Err(error)) => failure(&app, error),
                Some(Ok(saved)) => notice("info", "pdf-saved", html! {
                    <>
                        <p>{ words.ta("pdf-saved", &[("name", &saved.name), ("folder", &saved.folder)]) }</p>
                        <p>{ words.t("pdf-not-sealed") }</p>
                    </>
                }),
            } }
        </div>
    }
}

/// Opens the system's print dialog. A tablet that cannot print says so itself.
pub fn print() {
    if let Some(window) = web_sys::window() {
        let _ = window.print();
    }
}
