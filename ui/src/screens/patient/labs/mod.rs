//! 検査: results by test and day, the line of one test, and what is to be tested.

mod record;
mod request;
mod table;

use crate::{
    api::use_command,
    app::{App, use_app},
    components::{Icon, button_class, file_list, lab_report, test_request, when, who},
    names,
};
use record::RecordSheet;
use request::RequestSheet;
use table::Table;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct LabsProps {
    /// Whose.
    pub id: PatientId,
    /// A sheet that was begun, and is gone on with.
    pub begun: Option<SheetName>,
}

/// Results of a patient.
#[component]
pub fn LabsTab(props: &LabsProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let newest = use_state(|| LABS_PAGE);
    let labs = use_command(GetLabs { patient: props.id.clone(), newest: *newest });
    let earlier = {
        let newest = newest.clone();
        move |_: MouseEvent| newest.set((*newest + LABS_PAGE).min(MAX_LABS))
    };
    let writing = use_state(|| props.begun.clone());
    let write = |what: SheetName| {
        let writing = writing.clone();
        move |_: MouseEvent| writing.set(Some(what.clone()))
    };
    let done = {
        let writing = writing.clone();
        Callback::from(move |()| writing.set(None))
    };
    html! {
        { labs.show(&app, |labs| html! {
            <div class="labs" data-testid="labs">
                <div class="buttons">
                    <button type="button" class={button_class("plain")} onclick={write(SheetName::RecordLabs)} data-testid="labs-record" aria-haspopup="dialog"><Icon name="pen" />{ words.t("labs-record") }</button>
                    <button type="button" class={button_class("plain")} onclick={write(SheetName::RequestTests)} data-testid="labs-request" aria-haspopup="dialog"><Icon name="answer" />{ words.t("labs-request") }</button>
                </div>
                if labs.reports.is_empty() && labs.requests.is_empty() { <p class="empty">{ words.t("labs-empty") }</p> }
                { requests(&app, &labs.requests) }
                <Table labs={labs.clone()} />
                { reports(&app, &props.id, &labs.reports) }
                if labs.more && *newest < MAX_LABS {
                    <div class="buttons"><button type="button" class={button_class("plain")} onclick={earlier} data-testid="labs-earlier">{ words.t("labs-earlier") }</button></div>
                }
                { match &*writing {
                    Some(SheetName::RecordLabs) => html! { <RecordSheet patient={props.id.clone()} labs={labs.clone()} on_close={done} /> },
                    Some(SheetName::RequestTests) => html! { <RequestSheet patient={props.id.clone()} labs={labs.clone()} on_close={done} /> },
                    _ => html! {},
                } }
            </div>
        }) }
    }
}

fn requests(app: &App, requests: &[TestRequestEntry]) -> Html {
    if requests.is_empty() {
        return html! {};
    }
    html! {
        <details class="panel folded" open=true data-testid="test-requests">
            <summary><span>{ app.words.t("test-requests") }</span><span class="quiet">{ app.words.tn("items", requests.len() as u64) }</span></summary>
            <div class="folded-body">
                { for requests.iter().map(|entry| html! {
                    <div class={classes!("entry", format!("bar-{}", names::profession(&entry.author.profession)))} data-testid="test-request">
                        { written(app, entry.at, &entry.author, entry.sent) }
                        { test_request(app, &entry.request) }
                    </div>
                }) }
            </div>
        </details>
    }
}

/// The reports, unfolded where one has pictures: the table shows numbers only.
fn reports(app: &App, patient: &PatientId, reports: &[LabReportEntry]) -> Html {
    if reports.is_empty() {
        return html! {};
    }
    let open = reports.iter().any(|entry| !entry.files.is_empty());
    html! {
        <details class="panel folded" {open} data-testid="lab-reports">
            <summary><span>{ app.words.t("lab-reports") }</span><span class="quiet">{ app.words.tn("items", reports.len() as u64) }</span></summary>
            <div class="folded-body">
                { for reports.iter().map(|entry| html! {
                    <div class={classes!("entry", format!("bar-{}", names::profession(&entry.author.profession)))} data-testid="lab-report">
                        { written(app, entry.at, &entry.author, entry.sent) }
                        { lab_report(app, &entry.report) }
                        { file_list(patient, &entry.files) }
                    </div>
                }) }
            </div>
        </details>
    }
}

fn written(app: &App, at: Millis, author: &AuthorView, sent: Sent) -> Html {
    html! {
        <p>{ when(app, at) }{ " " }{ who(app, author) }
            if sent != Sent::Acked { <span class="unsent">{ app.words.t("sent-pending") }</span> }</p>
    }
}
