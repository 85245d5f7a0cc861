//! One medicine of the list; a touch shows all that was told of it, and what can be done.

use crate::{
    api::run,
    app::{Act, App, Route, use_app},
    components::{HowTaken, Icon, button_class, last_seen, medicine_change, observation, warnings, when, who, written},
    dates,
    groups::{self, Told},
    names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MedicineProps {
    /// Which.
    pub medicine: MedicineView,
    /// It among the others, with their history.
    pub all: Rc<Medicines>,
    /// Whose.
    pub patient: PatientId,
    /// Something is to be done about it.
    pub on_act: Callback<SheetName>,
}

/// One medicine.
#[component]
pub fn Medicine(props: &MedicineProps) -> Html {
    let app = use_app();
    let open = use_state(|| false);
    let (words, medicine) = (&app.words, &props.medicine);
    let toggle = {
        let open = open.clone();
        move |_| open.set(!*open)
    };
    let act = |sheet: fn(String) -> SheetName| {
        let key = medicine.key.clone();
        props.on_act.reform(move |_: MouseEvent| sheet(key.clone()))
    };
    let conflict = {
        let (app, patient) = (app.clone(), props.patient.clone());
        move |_| app.dispatch(Act::Go(Route::Conflicts(Some(patient.clone()))))
    };
    let seen: Vec<_> = props.all.observations.iter().filter(|entry| entry.observation.key == medicine.key).collect();
    html! {
        <div class="medicine" data-testid="medicine" data-key={medicine.key.clone()}>
            <button type="button" class="medicine-main" onclick={toggle} aria-expanded={open.to_string()}>
                <span class="drug">{ &medicine.name }</span>
                <HowTaken patient={props.patient.clone()} medicine={medicine.clone()} />
                <span class="medicine-facts">
                    <span class="source">{ words.t(&format!("source-{}", names::source(&medicine.source))) }</span>
                    if let Some(since) = &medicine.since { <span class="quiet">{ words.ta("since", &[("date", &dates::long(since, words.lang))]) }</span> }
                    if let Some(until) = &medicine.until { <span class="quiet">{ words.ta("lasts-until", &[("date", &dates::long(until, words.lang))]) }</span> }
                    { last_seen(&app, &seen) }
                </span>
            </button>
            { warnings(&app, &medicine.warnings) }
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
                    if !medicine.conflict { { for medicine.written.iter().map(|by| written(&app, by)) } }
                    <div class="buttons">
                        <button type="button" class={button_class("plain")} onclick={act(SheetName::ObserveMedicine)} data-testid="observe" aria-haspopup="dialog">{ words.t("observe") }</button>
                        if !medicine.conflict {
                            <button type="button" class={button_class("plain")} onclick={act(SheetName::ChangeDose)} data-testid="change-dose" aria-haspopup="dialog">{ words.t("change-dose") }</button>
                            <button type="button" class={button_class("plain")} onclick={act(SheetName::StopMedicine)} data-testid="stop-medicine" aria-haspopup="dialog">{ words.t("stop-medicine") }</button>
                        }
                    </div>
                    { history(&app, &props.patient, &groups::told(&props.all, &medicine.key)) }
                </div>
            }
        </div>
    }
}

/// Everything that was told of one medicine, newest first.
fn history(app: &App, patient: &PatientId, told: &[Told<'_>]) -> Html {
    if told.is_empty() {
        return html! {};
    }
    let by = |at: Millis, author: &AuthorView| html! { <p>{ when(app, at) }{ " " }{ who(app, author) }</p> };
    html! {
        <section class="medicine-history" data-testid="medicine-history">
            <h3>{ app.words.t("medicine-history") }</h3>
            <ol class="told">
                { for told.iter().map(|told| match told {
                    Told::Changed(entry) => html! { <li>{ by(entry.at, &entry.author) }{ medicine_change(app, &entry.change) }</li> },
                    Told::Seen(entry) => html! {
                        <li>{ by(entry.at, &entry.author) }{ observation(app, &entry.observation) }{ offer_reaction(app, patient, entry) }</li>
                    },
                    Told::Dispensed(given, drug) => html! {
                        <li>
                            <p><b>{ app.words.ta("dispensed-on", &[("date", &dates::long(&given.dispensed_on, app.words.lang))]) }</b>
                                { " " }{ drug.quantity.clone().unwrap_or_default() }{ " " }<span class="quiet">{ given.pharmacy.clone().unwrap_or_default() }</span></p>
                        </li>
                    },
                }) }
            </ol>
        </section>
    }
}

/// One touch puts a suspected adverse reaction on the card; nothing else ever does.
pub fn offer_reaction(app: &App, patient: &PatientId, entry: &ObservationEntry) -> Html {
    if !entry.not_on_card {
        return html! {};
    }
    let (after, seen) = (app.clone(), &entry.observation);
    let text = seen.text.trim();
    let command = AddAllergy {
        patient: patient.clone(),
        substance: seen.name.clone(),
        kind: AllergyKind::AdverseReaction,
        reaction: (!text.is_empty()).then(|| text.to_owned()),
        severity: None,
    };
    let add = move |_: MouseEvent| {
        let (app, command) = (after.clone(), command.clone());
        let told = app.clone();
        run(&app, command, move |answer| match answer {
            Ok(_) => {
                told.dispatch(Act::Changed);
                told.dispatch(Act::Toast(told.words.t("reaction-on-card")));
            }
            Err(refusal) => told.dispatch(Act::Toast(told.words.error(&refusal))),
        });
    };
    html! {
        <button type="button" class={button_class("plain")} onclick={add} data-testid="reaction-to-card">
            <Icon name="warning" />{ app.words.t("reaction-to-card") }
        </button>
    }
}
