//! 書きかけ: what was begun and not saved, one touch from going on with it.

use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{Icon, when},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// What was begun and not saved. Nothing, where there is nothing.
#[component]
pub fn Drafts() -> Html {
    let app = use_app();
    let words = &app.words;
    let drafts = use_command(GetDrafts {});
    let Some(drafts) = drafts.ready().filter(|drafts| !drafts.is_empty()) else { return html! {} };
    let go_on = |draft: &DraftLine| {
        let (app, route) = (app.clone(), Route::Visit(draft.patient.id.clone(), draft.correct.clone()));
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <section aria-label={words.t("drafts")} data-testid="drafts">
            <h2>{ words.t("drafts") }</h2>
            <div class="rows">
                { for drafts.iter().map(|draft| html! {
                    <button key={format!("{}-{}", draft.patient.id, draft.correct.as_ref().map_or("", |entry| &entry.0))} type="button" class="patient-row"
                        onclick={go_on(draft)} data-testid="draft">
                        <Icon name="pen" /><b>{ &draft.patient.name }</b>{ " " }
                        <span class="quiet">{ when(&app, draft.at) }{ " " }{ if draft.correct.is_some() { words.t("correct-visit") } else { words.t("record-visit") } }</span>
                    </button>
                }) }
            </div>
        </section>
    }
}
