//! What holds: the goal, the rhythm of the day, the wishes; and what held before.

use super::forms::{GoalSheet, RhythmSheet};
use crate::{
    app::{Act, Route, use_app},
    components::{button_class, goal_view, notice, rhythm_view, wishes_view, written},
    screens::PatientTab,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct GoalsProps {
    /// Whose.
    pub patient: PatientId,
    /// Those that hold, and those before.
    pub goals: Stated<GoalDraft>,
}

/// チーム目標
#[component]
pub fn Goals(props: &GoalsProps) -> Html {
    let app = use_app();
    let open = use_state(|| false);
    let view = |goal: &GoalDraft| goal_view(&app, goal);
    let sheet = {
        let close = {
            let open = open.clone();
            Callback::from(move |()| open.set(false))
        };
        html! { <GoalSheet patient={props.patient.clone()} current={props.goals.current.clone()} on_close={close} /> }
    };
    html! {
        <>
            { stated(&app, "goal", &props.patient, &props.goals, &view, &open) }
            if *open { { sheet } }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct RhythmsProps {
    /// Whose.
    pub patient: PatientId,
    /// Those that hold, and those before.
    pub rhythms: Stated<RhythmDraft>,
}

/// 1日のリズム
#[component]
pub fn Rhythms(props: &RhythmsProps) -> Html {
    let app = use_app();
    let open = use_state(|| false);
    let view = |rhythm: &RhythmDraft| rhythm_view(&app, rhythm);
    let sheet = {
        let close = {
            let open = open.clone();
            Callback::from(move |()| open.set(false))
        };
        html! { <RhythmSheet patient={props.patient.clone()} current={props.rhythms.current.clone()} on_close={close} /> }
    };
    html! {
        <>
            { stated(&app, "rhythm", &props.patient, &props.rhythms, &view, &open) }
            if *open { { sheet } }
        </>
    }
}

/// What holds of one kind, by the name that its words begin with, with a button that writes it anew; two that were written apart say so; those before are folded.
fn stated<T>(
    app: &crate::app::App,
    name: &'static str,
    patient: &PatientId,
    stated: &Stated<T>,
    view: &impl Fn(&T) -> Html,
    open: &UseStateHandle<bool>,
) -> Html {
    let words = &app.words;
    let settle = {
        let (app, patient) = (app.clone(), patient.clone());
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Conflicts(Some(patient.clone()))))
    };
    let write = {
        let open = open.clone();
        move |_: MouseEvent| open.set(true)
    };
    let several = stated.current.len() > 1;
    html! {
        <section class="panel" data-testid={name}>
            <h2 class="panel-title">{ words.t(name) }</h2>
            if several {
                { notice("care", "statements-several", html! {
                    <>
                        <span>{ words.t(&format!("{name}-several")) }</span>
                        <button type="button" class={button_class("plain")} onclick={settle} data-testid="to-conflicts">{ words.t("two-versions-see") }</button>
                    </>
                }) }
            }
            if stated.current.is_empty() { <p class="quiet">{ words.t(&format!("{name}-none")) }</p> }
            { for stated.current.iter().map(|one| html! {
                <div class="stated" data-testid="stated" key={one.entry.0.clone()}>{ view(&one.said) }{ written(app, &one.written) }</div>
            }) }
            <button type="button" class={button_class("plain")} onclick={write} aria-haspopup="dialog" data-testid={format!("{name}-write")}>
                { words.t(&format!("{name}-{}", if stated.current.is_empty() { "write" } else { "rewrite" })) }
            </button>
            if !stated.past.is_empty() {
                <details class="folded">
                    <summary><span>{ words.t("stated-past") }</span><span class="quiet">{ stated.past.len() }</span></summary>
                    <div class="folded-body">
                        { for stated.past.iter().map(|one| html! {
                            <div class="stated" key={one.entry.0.clone()}>{ view(&one.said) }{ written(app, &one.written) }</div>
                        }) }
                    </div>
                </details>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct WishesProps {
    /// Whose.
    pub patient: PatientId,
    /// What was asked for the tab.
    pub plan: Rc<CarePlan>,
}

/// The wishes as they stand on the card, and how they came about.
#[component]
pub fn Wishes(props: &WishesProps) -> Html {
    let app = use_app();
    let (words, plan) = (&app.words, &props.plan);
    let to_card = {
        let (app, patient) = (app.clone(), props.patient.clone());
        move |_: MouseEvent| app.dispatch(Act::Replace(Route::Patient(patient.clone(), PatientTab::Card)))
    };
    html! {
        <section class="panel" data-testid="team-wishes">
            <h2 class="panel-title">{ words.t("card-wishes") }</h2>
            if plan.wishes_conflict {
                <p><span class="mark mark-conflict">{ words.t("wishes-conflict") }</span></p>
            } else if let Some(wishes) = &plan.wishes {
                { wishes_view(&app, &draft(wishes)) }
                { written(&app, &wishes.written) }
            } else {
                <p class="quiet">{ words.t("nothing-recorded") }</p>
            }
            <button type="button" class={button_class("plain")} onclick={to_card} data-testid="wishes-to-card">{ words.t("wishes-to-card") }</button>
            if !plan.wishes_past.is_empty() {
                <details class="folded" data-testid="wishes-past">
                    <summary><span>{ words.t("wishes-past") }</span><span class="quiet">{ plan.wishes_past.len() }</span></summary>
                    <div class="folded-body">
                        { for plan.wishes_past.iter().map(|step| html! {
                            <div class="stated" key={step.entry.0.clone()}>{ wishes_view(&app, &step.after) }{ written(&app, &step.written) }</div>
                        }) }
                    </div>
                </details>
            }
        </section>
    }
}

fn draft(wishes: &WishesView) -> WishesDraft {
    WishesDraft {
        dnar: wishes.dnar,
        text: wishes.text.clone(),
        decided_on: wishes.decided_on.clone(),
        decided_with: wishes.decided_with.clone(),
    }
}
