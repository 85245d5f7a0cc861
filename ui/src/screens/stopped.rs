//! What is shown when there is nothing to work with: not enrolled, damaged, or no answer from the shell.

use crate::app::use_app;
use crate::components::failure;
use tendenko_app_api::ApiError;
use yew::prelude::*;

fn page(testid: &'static str, title: String, body: Html) -> Html {
    html! {
        <main class="stopped" data-testid={testid}>
            <img class="logo" src="assets/logo.svg" alt="" width="96" height="96" />
            <h1>{ title }</h1>
            { body }
        </main>
    }
}

/// This tablet belongs to no region yet.
#[component]
pub fn NotEnrolled() -> Html {
    let app = use_app();
    page("not-enrolled", app.words.t("not-enrolled-title"), html! { <p>{ app.words.t("not-enrolled-text") }</p> })
}

#[derive(Properties, PartialEq)]
pub struct DamagedProps {
    /// A copy of the damaged store was kept.
    pub copy_kept: bool,
    /// What could be read was brought over.
    pub recovered: bool,
}

/// The store cannot be opened.
#[component]
pub fn Damaged(props: &DamagedProps) -> Html {
    let app = use_app();
    let body = html! {
        <>
            <p>{ app.words.t("damaged-text") }</p>
            if props.copy_kept { <p>{ app.words.t("damaged-copy-kept") }</p> }
            if props.recovered { <p>{ app.words.t("damaged-recovered") }</p> }
            <p>{ app.words.t("damaged-what-to-do") }</p>
        </>
    };
    page("damaged", app.words.t("damaged-title"), body)
}

#[derive(Properties, PartialEq)]
pub struct StoppedProps {
    /// Why.
    pub error: ApiError,
}

/// The shell could not be asked.
#[component]
pub fn Stopped(props: &StoppedProps) -> Html {
    let app = use_app();
    page("stopped", app.words.t("stopped-title"), failure(&app, &props.error))
}
