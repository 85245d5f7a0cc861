//! 書類: the newest first, with what is still to be done about each; new ones are begun here, and paper is checked.

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{DocumentOpen, Icon, addressed, button_class, document_kind, when, who},
    names,
    screens::document::CheckPaperSheet,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct DocumentsTabProps {
    /// Whose.
    pub id: PatientId,
}

/// The documents of a patient.
#[component]
pub fn DocumentsTab(props: &DocumentsTabProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let documents = use_command(GetDocuments { patient: props.id.clone() });
    let checking = use_state(|| false);
    let check = {
        let checking = checking.clone();
        move |open: bool| checking.set(open)
    };
    let begin = |kind: NewDocument| {
        let (app, id) = (app.clone(), props.id.clone());
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Writing(id.clone(), DocumentDraftName::New(kind))))
    };
    html! {
        <div class="documents" data-testid="documents">
            <section class="panel" aria-label={words.t("write-document")}>
                <h2 class="panel-title">{ words.t("write-document") }</h2>
                <div class="button-row">
                    { for NewDocument::ALL.into_iter().map(|kind| html! {
                        <button type="button" class={button_class("plain")} onclick={begin(kind)} data-testid={format!("write-{}", names::document_kind(&kind.kind()))}>
                            <Icon name="pen" />{ document_kind(&app, &kind.kind()) }
                        </button>
                    }) }
                </div>
            </section>
            { documents.show(&app, |documents| html! {
                <>
                    if documents.is_empty() { <p class="empty">{ words.t("documents-empty") }</p> }
                    <div class="rows">{ for documents.iter().map(|line| row(&app, &props.id, line)) }</div>
                </>
            }) }
            <div><button type="button" class={button_class("quiet")} onclick={let check = check.clone(); move |_| check(true)} data-testid="check-paper" aria-haspopup="dialog">
                <Icon name="scan" />{ words.t("check-paper") }</button></div>
            if *checking { <CheckPaperSheet on_close={Callback::from(move |()| check(false))} /> }
        </div>
    }
}

fn row(app: &App, patient: &PatientId, line: &DocumentLine) -> Html {
    let words = &app.words;
    html! {
        <DocumentOpen key={line.entry.0.clone()} patient={patient.clone()} entry={line.entry.clone()} testid="document-row">
            <span class="patient-row-main">
                <span><b>{ document_kind(app, &line.kind) }</b>{ "　" }{ &line.title }</span>
                if let Some(to) = addressed(app, &line.to.0, &line.to.1) { <span>{ to }</span> }
                <span class="quiet">{ when(app, line.at) }{ " " }{ who(app, &line.author) }{ " " }{ &line.author.facility }</span>
            </span>
            <span class="marks">
                if line.current > 1 { <span class="mark mark-conflict">{ words.t("versions-apart") }</span> }
                if line.open_questions > 0 {
                    <span class="mark mark-unread" data-testid="open-questions">{ words.tn("questions-open", line.open_questions) }</span>
                } else if line.questions > 0 {
                    <span class="mark mark-plain">{ words.t("questions-all-answered") }</span>
                }
                if line.awaits_reply { <span class="mark mark-unread" data-testid="awaits-reply">{ words.t("awaits-reply") }</span> }
                if line.files > 0 { <span class="mark mark-plain">{ words.tn("files-in-it", line.files) }</span> }
            </span>
        </DocumentOpen>
    }
}
