//! お薬: what is taken now by the time of day, with what stands against it, what was seen of it, what changed, who changed it, and why.

mod add;
mod change;
mod observe;
mod one;

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{
        Icon, button_class, dispensing, dose, medicine_change, observation, warning_limits, when, who, written,
    },
    groups, names,
};
use add::AddSheet;
use change::ChangeSheet;
use observe::ObserveSheet;
use one::{Medicine, offer_reaction};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MedicinesProps {
    /// Whose.
    pub id: PatientId,
}

/// What a person wants to do about a medicine.
#[derive(Clone, PartialEq)]
enum Intent {
    Add,
    Change(MedicineView),
    Stop(MedicineView),
    /// Key, name, and the unit it is counted in.
    Observe(String, String, String),
}

/// The medicines of a patient.
#[component]
pub fn MedicinesTab(props: &MedicinesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let medicines = use_command(GetMedicines { patient: props.id.clone() });
    let intent = use_state(|| None::<Intent>);
    let act = {
        let intent = intent.clone();
        Callback::from(move |wanted| intent.set(Some(wanted)))
    };
    let done = {
        let intent = intent.clone();
        Callback::from(move |()| intent.set(None))
    };
    let go = |route: Route| {
        let app = app.clone();
        move |_| app.dispatch(Act::Go(route.clone()))
    };
    let add = act.reform(|_: MouseEvent| Intent::Add);
    html! {
        <>
            { medicines.show(&app, |medicines| html! {
                <div class="medicines" data-testid="medicines">
                    if medicines.current.is_empty() { <p class="empty">{ words.t("medicines-empty") }</p> }
                    { for groups::by_timing(&medicines.current).into_iter().map(|(timing, taken)| html! {
                        <section class="panel" data-testid={format!("timing-{}", names::timing(&timing))}>
                            <h2 class="panel-title">{ words.t(&format!("timing-{}", names::timing(&timing))) }</h2>
                            { for taken.into_iter().map(|medicine| html! {
                                <Medicine key={medicine.key.clone()} medicine={medicine.clone()} all={medicines.clone()} patient={props.id.clone()} on_act={act.clone()} />
                            }) }
                        </section>
                    }) }
                    if !medicines.current.is_empty() { { warning_limits(&app) } }
                    <div class="buttons">
                        <button type="button" class={button_class("plain")} onclick={add} data-testid="add-medicine" aria-haspopup="dialog">
                            <Icon name="pen" />{ words.t("add-medicine") }
                        </button>
                        <button type="button" class={button_class("plain")} onclick={go(Route::Notebook(props.id.clone()))} data-testid="open-notebook">
                            <Icon name="file" />{ words.t("open-notebook") }
                        </button>
                        <button type="button" class={button_class("plain")} onclick={go(Route::NotebookOut(props.id.clone()))} data-testid="notebook-out-open">
                            <Icon name="scan" />{ words.t("notebook-out") }
                        </button>
                    </div>
                    { observed(&app, &props.id, medicines) }
                    { folded(&app, words.t("stopped-medicines"), medicines.stopped.len(), "stopped", html! {
                        { for medicines.stopped.iter().map(|stopped| stopped_one(&app, stopped, &act)) }
                    }) }
                    { folded(&app, words.t("medicine-changes"), medicines.changes.len(), "changes", html! {
                        { for medicines.changes.iter().map(|change| html! {
                            <div class={classes!("entry", format!("bar-{}", names::profession(&change.author.profession)))}>
                                <p>{ when(&app, change.at) }{ " " }{ who(&app, &change.author) }
                                    if change.sent != Sent::Acked { <span class="unsent">{ words.t("sent-pending") }</span> }</p>
                                { medicine_change(&app, &change.change) }
                            </div>
                        }) }
                    }) }
                    { folded(&app, words.t("dispensings"), medicines.dispensings.len(), "dispensings", html! {
                        { for medicines.dispensings.iter().map(|entry| html! { <div class="entry">{ dispensing(&app, &entry.dispensing) }</div> }) }
                    }) }
                </div>
            }) }
            { match &*intent {
                None => html! {},
                Some(Intent::Add) => html! { <AddSheet patient={props.id.clone()} on_close={done} /> },
                Some(Intent::Change(medicine)) => html! { <ChangeSheet patient={props.id.clone()} medicine={medicine.clone()} stops={false} on_close={done} /> },
                Some(Intent::Stop(medicine)) => html! { <ChangeSheet patient={props.id.clone()} medicine={medicine.clone()} stops={true} on_close={done} /> },
                Some(Intent::Observe(item, name, unit)) => html! {
                    <ObserveSheet patient={props.id.clone()} item={item.clone()} name={name.clone()} unit={unit.clone()} on_close={done} />
                },
            } }
        </>
    }
}

/// What was seen of all of them, newest first.
fn observed(app: &App, patient: &PatientId, medicines: &Rc<Medicines>) -> Html {
    folded(
        app,
        app.words.t("observations"),
        medicines.observations.len(),
        "observations",
        html! {
            { for medicines.observations.iter().map(|entry| html! {
                <div class={classes!("entry", format!("bar-{}", names::profession(&entry.author.profession)))} data-testid="observation">
                    <p>{ when(app, entry.at) }{ " " }{ who(app, &entry.author) }
                        if entry.sent != Sent::Acked { <span class="unsent">{ app.words.t("sent-pending") }</span> }</p>
                    <p><b class="drug">{ &entry.observation.name }</b></p>
                    { observation(app, &entry.observation) }
                    { offer_reaction(app, patient, entry) }
                </div>
            }) }
        },
    )
}

fn stopped_one(app: &App, stopped: &StoppedMedicine, act: &Callback<Intent>) -> Html {
    let observe = {
        let unit = stopped.dose.as_ref().map(|dose| dose.unit.clone()).unwrap_or_default();
        let (key, name) = (stopped.key.clone(), stopped.name.clone());
        act.reform(move |_: MouseEvent| Intent::Observe(key.clone(), name.clone(), unit.clone()))
    };
    html! {
        <div class="medicine is-stopped" data-testid="stopped-medicine">
            <b class="drug">{ &stopped.name }</b>{ for stopped.dose.iter().map(|value| dose(app, value)) }
            { written(app, &stopped.stopped) }
            <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={observe} aria-haspopup="dialog">{ app.words.t("observe") }</button>
        </div>
    }
}

fn folded(app: &App, title: String, count: usize, testid: &'static str, body: Html) -> Html {
    if count == 0 {
        return html! {};
    }
    html! {
        <details class="panel folded" data-testid={testid}>
            <summary><span>{ title }</span><span class="quiet">{ app.words.tn("items", count as u64) }</span></summary>
            <div class="folded-body">{ body }</div>
        </details>
    }
}
