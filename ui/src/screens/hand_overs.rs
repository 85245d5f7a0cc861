//! 申し送り: what others want me to know before I go.

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{PatientLine, when, who},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Hand-overs that wait for me.
#[component]
pub fn HandOvers() -> Html {
    let app = use_app();
    let today = use_command(GetToday { date: None });
    html! {
        <div class="page" data-testid="hand-overs">
            <h1 class="page-title">{ app.words.t("nav-hand-overs") }</h1>
            { today.show(&app, |today| html! {
                <>
                    if today.hand_overs.is_empty() { <p class="empty">{ app.words.t("hand-overs-empty") }</p> }
                    { for today.hand_overs.iter().map(|line| hand_over(&app, line)) }
                </>
            }) }
        </div>
    }
}

fn hand_over(app: &App, line: &HandOverLine) -> Html {
    let seen = {
        let (app, command) = (app.clone(), MarkSeen { patient: line.patient.id.clone(), until: line.at });
        move |_| {
            let after = app.clone();
            run(&app, command.clone(), move |answer| match answer {
                Ok(()) => after.dispatch(Act::Changed),
                Err(error) => after.dispatch(Act::Toast(after.words.error(&error))),
            });
        }
    };
    html! {
        <article key={line.entry.0.clone()} data-testid="hand-over"
            class={classes!("panel", "hand-over", format!("bar-{}", names::profession(&line.author.profession)))}>
            <PatientLine patient={line.patient.clone()} />
            <p class="hand-over-by">
                if line.urgent { <span class="mark mark-urgent">{ app.words.t("urgent") }</span> }
                { who(app, &line.author) }{ " " }{ when(app, line.at) }
            </p>
            <p class="free-text hand-over-text">{ &line.text }</p>
            <button type="button" class="button button-plain" onclick={seen} data-testid="hand-over-read">{ app.words.t("mark-read") }</button>
        </article>
    }
}
