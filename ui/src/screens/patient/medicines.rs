//! お薬: what is taken now by the time of day, with what changed, who changed it, and why.

use crate::{
    api::{run, use_command},
    app::{Act, App, Route, use_app},
    components::{
        HowTaken, Icon, ReasonField, RegimenFields, Sheet, button_class, dispensing, dose, failure, is_whole,
        medicine_change, when, who, written,
    },
    dates, groups, names,
};
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
    Change(MedicineView),
    Stop(MedicineView),
}

/// The medicines of a patient.
#[component]
pub fn MedicinesTab(props: &MedicinesProps) -> Html {
    let app = use_app();
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
    let import = {
        let (app, id) = (app.clone(), props.id.clone());
        move |_| app.dispatch(Act::Go(Route::Notebook(id.clone())))
    };
    html! {
        <>
            { medicines.show(&app, |medicines| html! {
                <div class="medicines" data-testid="medicines">
                    if medicines.current.is_empty() { <p class="empty">{ app.words.t("medicines-empty") }</p> }
                    { for groups::by_timing(&medicines.current).into_iter().map(|(timing, taken)| html! {
                        <section class="panel" data-testid={format!("timing-{}", names::timing(&timing))}>
                            <h2 class="panel-title">{ app.words.t(&format!("timing-{}", names::timing(&timing))) }</h2>
                            { for taken.into_iter().map(|medicine| html! {
                                <Medicine key={medicine.key.clone()} medicine={medicine.clone()} patient={props.id.clone()} on_act={act.clone()} />
                            }) }
                        </section>
                    }) }
                    <button type="button" class={button_class("plain")} onclick={import} data-testid="open-notebook">
                        <Icon name="file" />{ app.words.t("open-notebook") }
                    </button>
                    { folded(&app, app.words.t("stopped-medicines"), medicines.stopped.len(), "stopped", html! {
                        { for medicines.stopped.iter().map(|stopped| html! {
                            <div class="medicine is-stopped">
                                <b class="drug">{ &stopped.name }</b>{ for stopped.dose.iter().map(|value| dose(&app, value)) }
                                { written(&app, &stopped.stopped) }
                            </div>
                        }) }
                    }) }
                    { folded(&app, app.words.t("medicine-changes"), medicines.changes.len(), "changes", html! {
                        { for medicines.changes.iter().map(|change| html! {
                            <div class={classes!("entry", format!("bar-{}", names::profession(&change.author.profession)))}>
                                <p>{ when(&app, change.at) }{ " " }{ who(&app, &change.author) }
                                    if change.sent != Sent::Acked { <span class="unsent">{ app.words.t("sent-pending") }</span> }</p>
                                { medicine_change(&app, &change.change) }
                            </div>
                        }) }
                    }) }
                    { folded(&app, app.words.t("dispensings"), medicines.dispensings.len(), "dispensings", html! {
                        { for medicines.dispensings.iter().map(|entry| html! { <div class="entry">{ dispensing(&app, &entry.dispensing) }</div> }) }
                    }) }
                </div>
            }) }
            if let Some(wanted) = &*intent { <ChangeSheet patient={props.id.clone()} intent={wanted.clone()} on_close={done} /> }
        </>
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

#[derive(Properties, PartialEq)]
struct MedicineProps {
    medicine: MedicineView,
    patient: PatientId,
    on_act: Callback<Intent>,
}

/// One medicine; a touch shows who wrote it, and what can be done.
#[component]
fn Medicine(props: &MedicineProps) -> Html {
    let app = use_app();
    let open = use_state(|| false);
    let (words, medicine) = (&app.words, &props.medicine);
    let toggle = {
        let open = open.clone();
        move |_| open.set(!*open)
    };
    let change = {
        let medicine = medicine.clone();
        props.on_act.reform(move |_: MouseEvent| Intent::Change(medicine.clone()))
    };
    let stop = {
        let medicine = medicine.clone();
        props.on_act.reform(move |_: MouseEvent| Intent::Stop(medicine.clone()))
    };
    let conflict = {
        let (app, patient) = (app.clone(), props.patient.clone());
        move |_| app.dispatch(Act::Go(Route::Conflicts(Some(patient.clone()))))
    };
    html! {
        <div class="medicine" data-testid="medicine" data-key={medicine.key.clone()}>
            <button type="button" class="medicine-main" onclick={toggle} aria-expanded={open.to_string()}>
                <span class="drug">{ &medicine.name }</span>
                <HowTaken patient={props.patient.clone()} medicine={medicine.clone()} />
                <span class="medicine-facts">
                    <span class="source">{ words.t(&format!("source-{}", names::source(&medicine.source))) }</span>
                    if let Some(since) = &medicine.since { <span class="quiet">{ words.ta("since", &[("date", &dates::long(since, words.lang))]) }</span> }
                    if let Some(until) = &medicine.until { <span class="quiet">{ words.ta("lasts-until", &[("date", &dates::long(until, words.lang))]) }</span> }
                </span>
            </button>
            if medicine.conflict {
                <button type="button" class="mark mark-conflict mark-button" onclick={conflict} data-testid="medicine-conflict">
                    { words.t("two-versions-see") }<Icon name="next" />
                </button>
            }
            if *open {
                <div class="medicine-more">
                    if let Some(general) = &medicine.general_name { <p class="quiet">{ words.ta("general-name", &[("name", general)]) }</p> }
                    if let Some(by) = &medicine.prescriber { <p>{ words.ta("prescribed-by", &[("who", by)]) }</p> }
                    if let Some(note) = &medicine.note { <p class="free-text">{ note }</p> }
                    if !medicine.conflict {
                        { for medicine.written.iter().map(|by| written(&app, by)) }
                        <div class="buttons">
                            <button type="button" class={button_class("plain")} onclick={change} data-testid="change-dose">{ words.t("change-dose") }</button>
                            <button type="button" class={button_class("plain")} onclick={stop} data-testid="stop-medicine">{ words.t("stop-medicine") }</button>
                        </div>
                    }
                </div>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChangeSheetProps {
    patient: PatientId,
    intent: Intent,
    on_close: Callback<()>,
}

/// Changes a dose or stops a medicine, with the reason that makes it worth something.
#[component]
fn ChangeSheet(props: &ChangeSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let (medicine, stops) = match &props.intent {
        Intent::Change(medicine) => (medicine, false),
        Intent::Stop(medicine) => (medicine, true),
    };
    let regimen = use_state(|| Regimen { dose: medicine.dose.clone(), usage: medicine.usage.clone() });
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let save = {
        let (app, patient, key) = (app.clone(), props.patient.clone(), medicine.key.clone());
        let (regimen, reason, error, busy, on_close) =
            (regimen.clone(), reason.clone(), error.clone(), busy.clone(), props.on_close.clone());
        move |_| {
            busy.set(true);
            let (after, error, busy, on_close) = (app.clone(), error.clone(), busy.clone(), on_close.clone());
            let then = move |answer: Result<Saved, ApiError>| {
                busy.set(false);
                match answer {
                    Ok(_) => {
                        after.dispatch(Act::Changed);
                        after.dispatch(Act::Toast(after.words.t("saved")));
                        on_close.emit(());
                    }
                    Err(refusal) => error.set(Some(refusal)),
                }
            };
            let (patient, key, reason) = (patient.clone(), key.clone(), (*reason).clone());
            if stops {
                run(&app, StopMedicine { patient, key, reason }, then);
            } else {
                run(&app, ChangeDose { patient, key, regimen: (*regimen).clone(), reason }, then);
            }
        }
    };
    let set_regimen = {
        let regimen = regimen.clone();
        move |next| regimen.set(next)
    };
    let set_reason = {
        let reason = reason.clone();
        move |next| reason.set(next)
    };
    let ready = !reason.trim().is_empty() && (stops || is_whole(&regimen));
    html! {
        <Sheet title={if stops { words.t("stop-medicine") } else { words.t("change-dose") }} on_close={props.on_close.clone()} testid="medicine-sheet">
            <p class="drug">{ &medicine.name }</p>
            <p class="quiet">{ words.t("now") }{ " " }{ dose(&app, &medicine.dose) }{ " " }{ &medicine.usage }</p>
            if !stops { <RegimenFields regimen={(*regimen).clone()} on_change={set_regimen} /> }
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready || *busy} onclick={save} data-testid="medicine-save">
                { words.t("save") }
            </button>
        </Sheet>
    }
}
