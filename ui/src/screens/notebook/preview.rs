//! What a notebook would do: whose it is, what is new, what is there already, what is wrong with it.

use crate::{
    api::run,
    app::{App, use_app},
    components::{button_class, dispensing, dose, failure, notice, warning_limits, warnings},
    dates, names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PreviewProps {
    /// Whose records it would go to.
    pub patient: PatientId,
    /// The files as they were looked at.
    pub files: Rc<Vec<NotebookFile>>,
    /// What they would do.
    pub preview: Rc<NotebookPreview>,
    /// It was taken over.
    pub on_done: Callback<NotebookImported>,
}

/// What a notebook would do.
#[component]
pub fn Preview(props: &PreviewProps) -> Html {
    let app = use_app();
    let (words, preview) = (&app.words, &*props.preview);
    let confirmed = use_state(|| false);
    let proposed: Vec<String> =
        preview.allergies.iter().filter(|one| !one.already_there).map(|one| one.id.clone()).collect();
    let allergies = use_state(|| proposed);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let differs = matches!(preview.patient_match, PatientMatch::Different { .. });
    let import = {
        let (app, patient, files, on_done) =
            (app.clone(), props.patient.clone(), props.files.clone(), props.on_done.clone());
        let (confirmed, allergies, error, busy) = (confirmed.clone(), allergies.clone(), error.clone(), busy.clone());
        move |_| {
            busy.set(true);
            let command = ImportNotebook {
                patient: patient.clone(),
                files: (*files).clone(),
                same_patient_confirmed: *confirmed,
                allergies: (*allergies).clone(),
            };
            let (on_done, error, busy) = (on_done.clone(), error.clone(), busy.clone());
            run(&app, command, move |answer| {
                busy.set(false);
                match answer {
                    Ok(done) => on_done.emit(done),
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
    let ready = !preview.blocked && !*busy && (!differs || *confirmed);
    html! {
        <div class="preview" data-testid="notebook-preview" data-blocked={preview.blocked.to_string()}>
            { patient_part(&app, preview, &confirmed) }
            { problems(&app, preview) }
            { medicines(&app, preview) }
            { allergy_part(&app, preview, &allergies) }
            { dispensings(&app, preview) }
            <p class="quiet">{ words.t(&format!("encoding-{}", names::encoding(&preview.encoding))) }{ " " }{ &preview.edition }</p>
            if let Some(refusal) = &*error { { failure(&app, refusal) }<p>{ words.t("nothing-was-changed") }</p> }
            if !preview.blocked {
                <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready} onclick={import} data-testid="notebook-import">
                    { words.t("take-over") }
                </button>
            }
        </div>
    }
}

fn patient_part(app: &App, preview: &NotebookPreview, confirmed: &UseStateHandle<bool>) -> Html {
    let (words, file) = (&app.words, &preview.file_patient);
    let PatientMatch::Different { fields } = &preview.patient_match else {
        let text = words.ta("notebook-same-patient", &[("name", &file.name)]);
        return notice("info", "notebook-same", html! { text });
    };
    let set = confirmed.clone();
    let checked =
        move |event: Event| set.set(event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked()));
    html! {
        <>
            { notice("danger", "notebook-different", html! {
                <>
                    <p><b>{ words.t("notebook-other-patient") }</b></p>
                    <table class="table">
                        <thead><tr><td /><th scope="col">{ words.t("in-the-file") }</th><th scope="col">{ words.t("on-the-card") }</th></tr></thead>
                        <tbody>{ for fields.iter().map(|field| html! {
                            <tr data-testid="mismatch"><th scope="row">{ words.t(&format!("identity-{}", names::identity(&field.field))) }</th>
                                <td>{ shown(app, field.field, &field.file) }</td><td>{ shown(app, field.field, &field.card) }</td></tr>
                        }) }</tbody>
                    </table>
                </>
            }) }
            <label class="check">
                <input type="checkbox" checked={**confirmed} onchange={checked} data-testid="same-patient" /><span>{ words.t("same-patient-confirm") }</span>
            </label>
        </>
    }
}

fn shown(app: &App, field: IdentityField, value: &str) -> String {
    match field {
        IdentityField::BirthDate => dates::long(value, app.words.lang),
        IdentityField::Sex if ["male", "female", "other", "unknown"].contains(&value) => {
            app.words.t(&format!("sex-{value}"))
        }
        _ => value.to_owned(),
    }
}

fn problems(app: &App, preview: &NotebookPreview) -> Html {
    let words = &app.words;
    if preview.problems.is_empty() {
        return html! {};
    }
    notice(
        "care",
        "notebook-problems",
        html! {
            <>
                <p><b>{ if preview.blocked { words.t("notebook-blocked") } else { words.t("notebook-warnings") } }</b></p>
                <ul class="facts">{ for preview.problems.iter().map(|problem| {
                    let line = problem.line.to_string();
                    let place = match problem.field {
                        Some(field) => words.ta("notebook-place-field", &[("line", &line), ("record", &problem.record), ("field", &field.to_string())]),
                        None => words.ta("notebook-place", &[("line", &line), ("record", &problem.record)]),
                    };
                    html! { <li data-testid="notebook-problem" data-code={problem.code.clone()}><b>{ place }</b>{ " " }{ words.notebook_problem(&problem.code) }</li> }
                }) }</ul>
            </>
        },
    )
}

fn medicines(app: &App, preview: &NotebookPreview) -> Html {
    let words = &app.words;
    if preview.medicines.is_empty() {
        return html! {};
    }
    html! {
        <section class="panel">
            <h3 class="panel-title">{ words.t("notebook-medicines") }</h3>
            <ul class="facts">{ for preview.medicines.iter().map(|planned| {
                let (mark, class) = match &planned.change {
                    MedicinePlan::New => (words.t("plan-new"), "mark-new"),
                    MedicinePlan::Changed { .. } => (words.t("plan-changed"), "mark-changed"),
                    MedicinePlan::Same => (words.t("plan-same"), "mark-plain"),
                    MedicinePlan::Older => (words.t("plan-older"), "mark-plain"),
                };
                html! {
                    <li class="card-medicine" data-testid="planned-medicine">
                        <span class={classes!("mark", class)}>{ mark }</span>
                        <b class="drug">{ &planned.medicine.name }</b>{ dose(app, &planned.medicine.dose) }<span>{ &planned.medicine.usage }</span>
                        if let MedicinePlan::Changed { from } = &planned.change {
                            <span class="before">{ words.t("now") }{ " " }{ dose(app, &from.dose) }{ " " }{ &from.usage }</span>
                        }
                        { warnings(app, &planned.medicine.warnings) }
                    </li>
                }
            }) }</ul>
            { warning_limits(app) }
        </section>
    }
}

fn allergy_part(app: &App, preview: &NotebookPreview, chosen: &UseStateHandle<Vec<String>>) -> Html {
    let words = &app.words;
    if preview.allergies.is_empty() {
        return html! {};
    }
    html! {
        <section class="panel">
            <h3 class="panel-title">{ words.t("notebook-allergies") }</h3>
            { for preview.allergies.iter().map(|planned| {
                let (set, id) = (chosen.clone(), planned.id.clone());
                let touched = move |_: Event| {
                    let mut next = (*set).clone();
                    match next.iter().position(|other| *other == id) {
                        Some(place) => drop(next.remove(place)),
                        None => next.push(id.clone()),
                    }
                    set.set(next);
                };
                html! {
                    <label class="check">
                        <input type="checkbox" checked={planned.already_there || chosen.contains(&planned.id)} disabled={planned.already_there}
                            onchange={touched} data-testid="planned-allergy" />
                        <span>
                            { words.t(&format!("allergy-kind-{}", names::allergy_kind(&planned.allergy.kind))) }{ " " }<b>{ &planned.allergy.substance }</b>
                            if planned.already_there { { " " }<span class="mark mark-plain">{ words.t("already-there") }</span> }
                        </span>
                    </label>
                }
            }) }
        </section>
    }
}

fn dispensings(app: &App, preview: &NotebookPreview) -> Html {
    let words = &app.words;
    html! {
        <section class="panel">
            <h3 class="panel-title">{ words.t("dispensings") }</h3>
            { for preview.dispensings.iter().map(|planned| html! {
                <div class="entry" data-testid="planned-dispensing" data-there={planned.already_there.to_string()}>
                    <span class={classes!("mark", if planned.already_there { "mark-plain" } else { "mark-new" })}>
                        { if planned.already_there { words.t("already-there") } else { words.t("plan-new") } }
                    </span>
                    { dispensing(app, &planned.dispensing) }
                </div>
            }) }
        </section>
    }
}
