//! BPSD: what helped, at a glance for whoever comes next; the moments behind it; and telling one.

use super::forms::BehaviourSheet;
use crate::{
    app::{App, use_app},
    components::{behaviour_view, button_class, when, who},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Ways that are shown of one behaviour.
const TRIED: usize = 4;

#[derive(Properties, PartialEq)]
pub struct HelpedProps {
    /// Whose.
    pub patient: PatientId,
    /// What was tried, by behaviour.
    pub helped: Vec<HelpedView>,
    /// The moments, newest first.
    pub behaviours: Vec<BehaviourView>,
}

/// What helped, and what was told.
#[component]
pub fn Helped(props: &HelpedProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let open = use_state(|| false);
    let set = |to: bool| {
        let open = open.clone();
        move |_: MouseEvent| open.set(to)
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(false))
    };
    html! {
        <section class="panel" data-testid="behaviours">
            <h2 class="panel-title">{ words.t("helped") }</h2>
            if props.helped.is_empty() { <p class="quiet">{ words.t("helped-none") }</p> }
            { for props.helped.iter().map(|one| html! {
                <div class="helped" key={one.behaviour.clone()} data-testid="helped">
                    <h3>{ words.behaviour(&one.behaviour) }<span class="quiet">{ words.tn("behaviour-seen", one.seen) }</span></h3>
                    { tried(&app, "helped-yes", &one.helped) }
                    { tried(&app, "helped-no", &one.not_helped) }
                </div>
            }) }
            <button type="button" class={button_class("plain")} onclick={set(true)} aria-haspopup="dialog" data-testid="behaviour-write">{ words.t("behaviour-write") }</button>
            if !props.behaviours.is_empty() {
                <details class="folded">
                    <summary><span>{ words.t("behaviour-all") }</span><span class="quiet">{ props.behaviours.len() }</span></summary>
                    <div class="folded-body">
                        { for props.behaviours.iter().map(|one| html! {
                            <div class="stated" key={one.entry.0.clone()}><p>{ when(&app, one.at) }{ " " }{ who(&app, &one.written.author) }</p>{ behaviour_view(&app, &one.said) }</div>
                        }) }
                    </div>
                </details>
            }
            if *open { <BehaviourSheet patient={props.patient.clone()} on_close={close} /> }
        </section>
    }
}

fn tried(app: &App, class: &'static str, tried: &[TriedView]) -> Html {
    if tried.is_empty() {
        return html! {};
    }
    let words = &app.words;
    let mark = |one: &TriedView| match (class, one.partly) {
        ("helped-yes", false) => words.t("outcome-helped"),
        ("helped-yes", true) => words.t("outcome-partly"),
        _ => words.t("outcome-not-helped"),
    };
    html! {
        <ul class={classes!("tried", class)}>
            { for tried.iter().take(TRIED).map(|one| html! {
                <li><span class={classes!("mark", if class == "helped-yes" { "mark-good" } else { "mark-plain" })}>{ mark(one) }</span>
                    <span>{ &one.response }</span><span class="quiet">{ when(app, one.at) }{ " " }{ &one.name }</span></li>
            }) }
        </ul>
    }
}
