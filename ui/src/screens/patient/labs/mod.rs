//! 検査: results by test and day, the line of one test, and what is to be tested.

mod record;
mod request;
mod table;

use crate::{
    api::use_command,
    app::{App, use_app},
    components::{Icon, button_class, lab_report, test_request, when, who},
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
}

/// What a person wants to write.
#[derive(Clone, Copy, PartialEq)]
enum Writing {
    Nothing,
    Report,
    Request,
}

/// Results of a patient.
#[component]
pub fn LabsTab(props: &LabsProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let labs = use_command(GetLabs { patient: props.id.clone() });
    let writing = use_state(|| Writing::Nothing);
    let write = |what: Writing| {
        let writing = writing.clone();
        move |_: MouseEvent| writing.set(what)
    };
    let done = {
        let writing = writing.clone();
        Callback::from(move |()| writing.set(Writing::Nothing))
    };
    html! {
        { labs.show(&app, |labs| html! {
            <div class="labs" data-testid="labs">
                <div class="buttons">
                    <button type="button" class={button_class("plain")} onclick={write(Writing::Report)} data-testid="labs-record" aria-haspopup="dialog"><Icon name="pen" />{ words.t("labs-record") }</button>
                    <button type="button" class={button_class("plain")} onclick={write(Writing::Request)} data-testid="labs-request" aria-haspopup="dialog"><Icon name="answer" />{ words.t("labs-request") }</button>
                </div>
                if labs.reports.is_empty() && labs.requests.is_empty() { <p class="empty">{ words.t("labs-empty") }</p> }
                { requests(&app, &labs.requests) }
                <Table labs={labs.clone()} />
                { reports(&app, &labs.reports) }
                { match *writing {
                    Writing::Nothing => html! {},
                    Writing::Report => html! { <RecordSheet patient={props.id.clone()} labs={labs.clone()} on_close={done} /> },
                    Writing::Request => html! { <RequestSheet patient={props.id.clone()} labs={labs.clone()} on_close={done} /> },
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

fn reports(app: &App, reports: &[LabReportEntry]) -> Html {
    if reports.is_empty() {
        return html! {};
    }
    html! {
        <details class="panel folded" data-testid="lab-reports">
            <summary><span>{ app.words.t("lab-reports") }</span><span class="quiet">{ app.words.tn("items", reports.len() as u64) }</span></summary>
            <div class="folded-body">
                { for reports.iter().map(|entry| html! {
                    <div class={classes!("entry", format!("bar-{}", names::profession(&entry.author.profession)))} data-testid="lab-report">
                        { written(app, entry.at, &entry.author, entry.sent) }
                        { lab_report(app, &entry.report) }
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
