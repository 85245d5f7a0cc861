//! お薬: what is taken now by the time of day, with what stands against it, what was seen of it, what changed, who changed it, and why.

mod add;
mod change;
mod gone;
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
use change::{ChangeSheet, StopSheet};
use gone::GoneSheet;
use observe::ObserveSheet;
use one::{Medicine, offer_reaction};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MedicinesProps {
    /// Whose.
    pub id: PatientId,
    /// A sheet that was begun, and is gone on with.
    pub begun: Option<SheetName>,
}

/// The medicines of a patient.
#[component]
pub fn MedicinesTab(props: &MedicinesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let medicines = use_command(GetMedicines { patient: props.id.clone() });
    let intent = use_state(|| props.begun.clone());
    let act = {
        let intent = intent.clone();
        Callback::from(move |wanted: SheetName| intent.set(Some(wanted)))
    };
    let done = {
        let intent = intent.clone();
        Callback::from(move |()| intent.set(None))
    };
    let go = |route: Route| {
        let app = app.clone();
        move |_| app.dispatch(Act::Go(route.clone()))
    };
    let add = act.reform(|_: MouseEvent| SheetName::AddMedicine);
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
            // Its place is there without it, too: the list behind it stays as it is, with what is unfolded.
            if let (Some(intent), Some(medicines)) = (&*intent, medicines.ready()) { { sheet(&props.id, intent, medicines, &done) } }
        </>
    }
}

/// The sheet that is filled in.
fn sheet(patient: &PatientId, sheet: &SheetName, medicines: &Medicines, done: &Callback<()>) -> Html {
    let (patient, on_close) = (patient.clone(), done.clone());
    let of = |key: &String| medicines.current.iter().find(|medicine| medicine.key == *key).cloned();
    match sheet {
        SheetName::AddMedicine => html! { <AddSheet {patient} {on_close} /> },
        SheetName::ChangeDose(key) => match of(key) {
            Some(medicine) => html! { <ChangeSheet {patient} {medicine} {on_close} /> },
            None => html! { <GoneSheet {patient} sheet={sheet.clone()} {on_close} /> },
        },
        SheetName::StopMedicine(key) => match of(key) {
            Some(medicine) => html! { <StopSheet {patient} {medicine} {on_close} /> },
            None => html! { <GoneSheet {patient} sheet={sheet.clone()} {on_close} /> },
        },
        SheetName::ObserveMedicine(key) => {
            // What was stopped is still found in drawers.
            let stopped = medicines.stopped.iter().find(|stopped| stopped.key == *key);
            let stopped = stopped.map(|one| (one.name.clone(), one.dose.as_ref().map(|dose| dose.unit.clone())));
            match of(key).map(|medicine| (medicine.name, Some(medicine.dose.unit))).or(stopped) {
                Some((name, unit)) => html! {
                    <ObserveSheet {patient} item={key.clone()} {name} unit={unit.unwrap_or_default()} {on_close} />
                },
                None => html! { <GoneSheet {patient} sheet={sheet.clone()} {on_close} /> },
            }
        }
        SheetName::RecordLabs | SheetName::RequestTests => html! {},
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

fn stopped_one(app: &App, stopped: &StoppedMedicine, act: &Callback<SheetName>) -> Html {
    let observe = {
        let key = stopped.key.clone();
        act.reform(move |_: MouseEvent| SheetName::ObserveMedicine(key.clone()))
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
