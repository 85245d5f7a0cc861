//! 書きかけ: what was begun and not saved, one touch from going on with it.

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{Icon, document_kind, when},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// What a draft will be.
fn what(app: &App, draft: &DraftLine) -> String {
    match &draft.draft {
        DraftName::Document(DocumentDraftName::New(kind)) => document_kind(app, &kind.kind()),
        DraftName::Document(DocumentDraftName::Version(_)) => app.words.t("write-version"),
        DraftName::Document(DocumentDraftName::Reply(_)) => app.words.t("write-reply"),
        DraftName::Visit(Some(_)) => app.words.t("correct-visit"),
        DraftName::Visit(None) => app.words.t("record-visit"),
        DraftName::Sheet(SheetName::AddMedicine) => app.words.t("add-medicine"),
        DraftName::Sheet(SheetName::ChangeDose(_)) => app.words.t("change-dose"),
        DraftName::Sheet(SheetName::StopMedicine(_)) => app.words.t("stop-medicine"),
        DraftName::Sheet(SheetName::ObserveMedicine(_)) => app.words.t("observe-title"),
        DraftName::Sheet(SheetName::RecordLabs) => app.words.t("labs-record"),
        DraftName::Sheet(SheetName::RequestTests) => app.words.t("labs-request"),
    }
}

/// What was begun and not saved. Nothing, where there is nothing.
#[component]
pub fn Drafts() -> Html {
    let app = use_app();
    let words = &app.words;
    let drafts = use_command(GetDrafts {});
    let Some(drafts) = drafts.ready().filter(|drafts| !drafts.is_empty()) else { return html! {} };
    let go_on = |draft: &DraftLine| {
        let patient = draft.patient.id.clone();
        let route = match draft.draft.clone() {
            DraftName::Document(document) => Route::Writing(patient, document),
            DraftName::Visit(correct) => Route::Visit(patient, correct),
            DraftName::Sheet(sheet) => Route::Sheet(patient, sheet),
        };
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <section aria-label={words.t("drafts")} data-testid="drafts">
            <h2>{ words.t("drafts") }</h2>
            <div class="rows">
                { for drafts.iter().map(|draft| html! {
                    <button key={format!("{}-{:?}", draft.patient.id, draft.draft)} type="button" class="patient-row"
                        onclick={go_on(draft)} data-testid="draft">
                        <Icon name="pen" /><b>{ &draft.patient.name }</b>{ " " }
                        <span class="quiet">{ when(&app, draft.at) }{ " " }{ what(&app, draft) }</span>
                    </button>
                }) }
            </div>
        </section>
    }
}
