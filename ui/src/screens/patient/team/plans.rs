//! The plans of a patient, also those to come; each can be changed, and ended.

use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{ReasonField, Sheet, button_class, failure, plan_line, save_button, send_and_close, written},
    screens::schedule::PlanSheet,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PlansProps {
    /// Whose.
    pub patient: PatientId,
}

#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    Plan(Option<Box<PlanView>>),
    End(Box<PlanView>),
}

/// The plans that hold.
#[component]
pub fn Plans(props: &PlansProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let plans = use_command(GetPlans { patient: props.patient.clone() });
    let open = use_state(|| Open::Nothing);
    let set = |next: Open| {
        let open = open.clone();
        move |_: MouseEvent| open.set(next.clone())
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(Open::Nothing))
    };
    let to_schedule = {
        let (app, route) = (app.clone(), Route::Schedule(Some(props.patient.clone())));
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <section class="panel" data-testid="plans">
            <h2 class="panel-title">{ words.t("plans") }</h2>
            { plans.show(&app, |plans| {
                let now: Vec<_> = plans.iter().filter(|plan| !plan.ended).collect();
                html! {
                    <>
                        if now.is_empty() { <p class="quiet">{ words.t("plans-none") }</p> }
                        { for now.iter().map(|plan| html! {
                            <div class="stated" key={plan.entry.0.clone()} data-testid="plan">
                                { plan_line(&app, &plan.said) }
                                if !plan.rivals.is_empty() { <p><span class="mark mark-conflict" data-testid="disputed">{ words.t("plan-disputed") }</span></p> }
                                <div class="button-row">
                                    <button type="button" class={button_class("quiet")} onclick={set(Open::Plan(Some(Box::new((*plan).clone()))))} data-testid="plan-edit">{ words.t("visit-do-edit") }</button>
                                    <button type="button" class={button_class("quiet")} onclick={set(Open::End(Box::new((*plan).clone())))} data-testid="plan-end">{ words.t("visit-do-end") }</button>
                                </div>
                            </div>
                        }) }
                    </>
                }
            }) }
            <div class="button-row">
                <button type="button" class={button_class("plain")} onclick={set(Open::Plan(None))} aria-haspopup="dialog" data-testid="plan-visit">{ words.t("plan-visit") }</button>
                <button type="button" class={button_class("plain")} onclick={to_schedule} data-testid="to-schedule">{ words.t("plans-by-day") }</button>
            </div>
            { match (*open).clone() {
                Open::Nothing => html! {},
                Open::Plan(plan) => html! { <PlanSheet patient={props.patient.clone()} plan={plan.map(|plan| *plan)} on_close={close} /> },
                Open::End(plan) => html! { <EndSheet patient={props.patient.clone()} plan={*plan} on_close={close} /> },
            } }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EndProps {
    patient: PatientId,
    plan: PlanView,
    on_close: Callback<()>,
}

/// Ends a plan, with a reason.
#[component]
fn EndSheet(props: &EndProps) -> Html {
    let app = use_app();
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, on_close, error) = (app.clone(), props.on_close.clone(), error.clone());
        let command =
            EndPlan { patient: props.patient.clone(), plan: props.plan.entry.clone(), reason: (*reason).clone() };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    html! {
        <Sheet title={app.words.t("visit-do-end")} on_close={props.on_close.clone()} testid="end-sheet">
            { plan_line(&app, &props.plan.said) }
            { written(&app, &props.plan.written) }
            <p class="quiet">{ app.words.t("plan-end-explain") }</p>
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", !reason.trim().is_empty(), save) }
        </Sheet>
    }
}
