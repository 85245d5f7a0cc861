//! One document: what it says, its questions with everybody's answers, its files, what it answers and what answers it, and its paper.

mod checking;
mod signature;
mod writing;

pub use checking::CheckPaperSheet;
pub use writing::Writing;

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{
        Checklist, Files, Icon, PaperActions, PatientHead, button_class, document_kind, document_link, letter, when,
        who,
    },
};
use signature::Signature;
use tendenko_app_api::*;
use yew::prelude::*;

/// A change of a form.
type Change = Box<dyn FnOnce(&mut DocumentForm)>;

#[derive(Properties, PartialEq)]
pub struct DocumentProps {
    /// Whose.
    pub id: PatientId,
    /// Any version of it.
    pub entry: EntryId,
}

/// One document.
#[component]
pub fn Document(props: &DocumentProps) -> Html {
    let app = use_app();
    let page = use_command(GetDocument { patient: props.id.clone(), entry: props.entry.clone() });
    let header = use_command(GetPatientHeader { patient: props.id.clone() });
    html! {
        <div class="patient-page letter-page" data-testid="document">
            <PatientHead id={props.id.clone()} />
            <div class="tab-panel" tabindex="0">
                { page.show(&app, |page| html! {
                    <>
                        { head(&app, &props.id, page, header.ready().map(|header| &**header)) }
                        { versions(&app, &props.id, page, header.ready().map(|header| &**header)) }
                        if let Some(asking) = page.current.first() {
                            if !page.checklist.is_empty() {
                                <Checklist patient={props.id.clone()} document={asking.entry.clone()} questions={page.checklist.clone()} />
                            }
                        }
                        if let [only] = page.current.as_slice() { <Signature key={only.entry.0.clone()} patient={props.id.clone()} entry={only.entry.clone()} /> }
                        { links(&app, &props.id, page) }
                        { earlier(&app, page) }
                    </>
                }) }
            </div>
        </div>
    }
}

/// What can be done with it, and how it stands.
fn head(app: &App, patient: &PatientId, page: &DocumentPage, header: Option<&PatientHeader>) -> Html {
    let words = &app.words;
    let Some(newest) = page.current.first() else { return html! {} };
    let go = |draft: DocumentDraftName| {
        let (app, patient) = (app.clone(), patient.clone());
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Writing(patient.clone(), draft.clone())))
    };
    let name = header.map_or("", |header| &header.row.patient.name);
    html! {
        <div class="screen-only document-do">
            <div class="button-row">
                if page.current.len() == 1 {
                    <button type="button" class={button_class("plain")} onclick={go(DocumentDraftName::Version(newest.entry.clone()))} data-testid="write-version">
                        <Icon name="pen" />{ words.t("write-version") }</button>
                }
                if newest.body.kind == DocumentKind::Referral {
                    <button type="button" class={button_class("plain")} onclick={go(DocumentDraftName::Reply(newest.entry.clone()))} data-testid="write-reply">
                        <Icon name="answer" />{ words.t("write-reply") }</button>
                }
            </div>
            if page.current.len() == 1 { <PaperActions title={format!("{} {name}", document_kind(app, &newest.body.kind))} /> }
            if page.awaits_reply { <p><span class="mark mark-unread" data-testid="awaits-reply">{ words.t("awaits-reply") }</span></p> }
        </div>
    }
}

/// What stands: one version as a rule, or those that were made apart, side by side.
fn versions(app: &App, patient: &PatientId, page: &DocumentPage, header: Option<&PatientHeader>) -> Html {
    let words = &app.words;
    if let [only] = page.current.as_slice() {
        return html! { <>{ letter(app, header, only) }<Files patient={patient.clone()} files={only.files.clone()} /></> };
    }
    let follow = |version: &DocumentVersion| {
        let (app, route) =
            (app.clone(), Route::Writing(patient.clone(), DocumentDraftName::Version(version.entry.clone())));
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <div data-testid="versions-apart">
            <p class="notice notice-care">{ words.t("versions-apart-explain") }</p>
            <div class="versions-apart">
                { for page.current.iter().map(|version| html! {
                    <div class="panel">
                        <p>{ who(app, &version.author) }{ " " }{ when(app, version.at) }</p>
                        if let Some(reason) = &version.reason { <p class="why">{ words.t("reason") }{ "：" }{ reason }</p> }
                        { letter(app, header, version) }
                        <Files patient={patient.clone()} files={version.files.clone()} />
                        <button type="button" class={button_class("plain")} onclick={follow(version)} data-testid="follow-version">{ words.t("follow-version") }</button>
                    </div>
                }) }
            </div>
        </div>
    }
}

fn links(app: &App, patient: &PatientId, page: &DocumentPage) -> Html {
    html! {
        <>
            if let Some(answered) = &page.answered {
                <section class="panel screen-only" data-testid="answers-letter"><h3>{ app.words.t("answers-letter") }</h3>{ document_link(app, patient, answered) }</section>
            }
            if !page.replies.is_empty() {
                <section class="panel screen-only" data-testid="replies"><h3>{ app.words.t("replies") }</h3>{ for page.replies.iter().map(|link| document_link(app, patient, link)) }</section>
            }
        </>
    }
}

/// The versions before, as they were.
fn earlier(app: &App, page: &DocumentPage) -> Html {
    if page.earlier.is_empty() {
        return html! {};
    }
    let words = &app.words;
    let reason = |version: &DocumentVersion| {
        version.reason.clone().map(|reason| html! { <p class="why">{ words.t("reason") }{ "：" }{ reason }</p> })
    };
    html! {
        <details class="panel folded screen-only" data-testid="earlier-versions">
            <summary><span>{ words.t("earlier-versions") }</span><span class="quiet">{ words.tn("items", page.earlier.len() as u64) }</span></summary>
            if let [only] = page.current.as_slice() { { for reason(only) } }
            { for page.earlier.iter().map(|version| html! {
                <div class="earlier" data-testid="earlier-version">
                    <p class="quiet">{ who(app, &version.author) }{ " " }{ when(app, version.at) }</p>
                    { for reason(version) }
                    { letter(app, None, version) }
                </div>
            }) }
        </details>
    }
}
