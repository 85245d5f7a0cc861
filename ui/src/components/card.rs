//! The card on one page: what somebody who never met the patient needs first.

use crate::{
    app::{App, use_app},
    components::{HowTaken, Icon, timings_text, written},
    dates, names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CardProps {
    /// What it holds.
    pub card: Rc<CardPage>,
    /// Buttons beside the headings of what can be changed, where it can be changed here.
    #[prop_or_default]
    pub allergy_actions: Option<Callback<AllergyAction>>,
    /// The button beside the wishes.
    #[prop_or_default]
    pub on_wishes: Option<Callback<()>>,
    /// Further panels behind its own.
    #[prop_or_default]
    pub more: Html,
}

/// What a person wants to do about allergies.
pub enum AllergyAction {
    /// Write another one down.
    Add,
    /// Take one away that was wrong.
    Remove(AllergyView),
}

/// The card on one page.
#[component]
pub fn CardView(props: &CardProps) -> Html {
    let app = use_app();
    let (words, card) = (&app.words, &*props.card);
    html! {
        <div class="card-page" data-testid="card">
            { panel("card-medicines", words.t("card-medicines"), "wide", medicines(&app, card)) }
            { panel("card-allergies", words.t("card-allergies"), "", allergy_section(&app, props)) }
            { panel("card-diagnoses", words.t("card-diagnoses"), "", list(&app, card.diagnoses.iter().map(|diagnosis| html! {
                <li><b>{ &diagnosis.name }</b>
                    if let Some(since) = &diagnosis.since { <span class="quiet">{ words.ta("since", &[("date", &dates::long(since, words.lang))]) }</span> }
                </li>
            }).collect())) }
            { panel("card-needs", words.t("card-needs"), "", list(&app, card.header.row.special_needs.iter().map(|need| html! {
                <li><b>{ words.t(&format!("need-{}", names::need(&need.kind))) }</b>{ " " }{ &need.detail }</li>
            }).collect())) }
            { panel("card-wishes", words.t("card-wishes"), "", wishes(&app, props)) }
            { panel("card-contacts", words.t("card-contacts"), "", contacts(&app, card)) }
            { panel("card-identity", words.t("card-identity"), "", identity(&app, card)) }
            { props.more.clone() }
        </div>
    }
}

/// One part of a card, under its heading; `class` may make it `wide`.
pub fn panel(testid: &'static str, title: String, class: &'static str, body: Html) -> Html {
    html! {
        <section class={classes!("panel", class)} data-testid={testid}>
            <h2 class="panel-title">{ title }</h2>{ body }
        </section>
    }
}

fn list(app: &App, lines: Vec<Html>) -> Html {
    if lines.is_empty() {
        return html! { <p class="quiet">{ app.words.t("nothing-recorded") }</p> };
    }
    html! { <ul class="facts">{ for lines }</ul> }
}

fn medicines(app: &App, card: &CardPage) -> Html {
    let words = &app.words;
    html! {
        <>
            { list(app, card.medicines.iter().map(|medicine| html! {
                <li class="card-medicine">
                    <b class="drug">{ &medicine.name }</b>
                    <HowTaken patient={card.header.row.patient.id.clone()} medicine={medicine.clone()} />
                    if medicine.usage.is_empty() { <span>{ timings_text(app, &medicine.timings) }</span> }
                </li>
            }).collect()) }
            if let Some(date) = &card.last_dispensed {
                <p class="quiet">{ words.ta("last-dispensed", &[("date", &dates::long(date, words.lang))]) }</p>
            }
        </>
    }
}

fn allergy_section(app: &App, props: &CardProps) -> Html {
    let words = &app.words;
    let lines = props.card.header.allergies.iter().map(|allergy| {
        let remove = props.allergy_actions.clone().map(|act| {
            let allergy = allergy.clone();
            html! {
                <button type="button" class="button button-quiet button-small" data-testid="remove-allergy"
                    aria-label={words.ta("remove-allergy-of", &[("substance", &allergy.substance)])}
                    onclick={move |_| act.emit(AllergyAction::Remove(allergy.clone()))}>{ words.t("remove") }</button>
            }
        });
        html! {
            <li class="allergy-line">
                <span class="mark mark-danger">{ words.t(&format!("allergy-kind-{}", names::allergy_kind(&allergy.kind))) }</span>
                <b>{ &allergy.substance }</b>
                if let Some(reaction) = &allergy.reaction { <span>{ reaction }</span> }
                if let Some(severity) = &allergy.severity { <span>{ severity }</span> }
                if let Some(noted) = &allergy.noted { <span class="quiet">{ dates::long(noted, words.lang) }</span> }
                if allergy.conflict { <span class="mark mark-conflict">{ words.t("two-versions") }</span> }
                { remove.unwrap_or_default() }
            </li>
        }
    });
    html! {
        <>
            { list(app, lines.collect()) }
            if let Some(act) = props.allergy_actions.clone() {
                <button type="button" class="button button-plain" data-testid="add-allergy"
                    onclick={move |_| act.emit(AllergyAction::Add)}>{ words.t("add-allergy") }</button>
            }
        </>
    }
}

fn wishes(app: &App, props: &CardProps) -> Html {
    let (words, header) = (&app.words, &props.card.header);
    html! {
        <>
            if header.wishes_conflict {
                <p><span class="mark mark-conflict">{ words.t("wishes-conflict") }</span></p>
            } else if let Some(wishes) = &header.wishes {
                if wishes.dnar { <p><span class="mark mark-wishes">{ words.t("mark-dnar") }</span></p> }
                <p class="free-text">{ &wishes.text }</p>
                if let Some(date) = &wishes.decided_on {
                    <p>{ words.ta("decided-on", &[("date", &dates::long(date, words.lang))]) }</p>
                }
                if let Some(with) = &wishes.decided_with { <p>{ words.ta("decided-with", &[("people", with)]) }</p> }
                { written(app, &wishes.written) }
            } else {
                <p class="quiet">{ words.t("nothing-recorded") }</p>
            }
            if let Some(change) = props.on_wishes.clone() {
                <button type="button" class="button button-plain" data-testid="set-wishes"
                    onclick={move |_| change.emit(())}>{ words.t("set-wishes") }</button>
            }
        </>
    }
}

fn contacts(app: &App, card: &CardPage) -> Html {
    let mut lines: Vec<Html> = card
        .contacts
        .iter()
        .map(|contact| {
            html! {
                <li class="contact">
                    <b>{ &contact.name }</b><span class="quiet">{ &contact.relation }</span>
                    <span class="phone"><Icon name="phone" />{ &contact.phone }</span>
                    if !contact.note.is_empty() { <span>{ &contact.note }</span> }
                </li>
            }
        })
        .collect();
    if let Some(physician) = &card.physician {
        lines.push(html! {
            <li class="contact" data-testid="physician">
                <span class="quiet">{ app.words.t("primary-physician") }</span><b>{ &physician.name }</b><span>{ &physician.facility }</span>
                <span class="phone"><Icon name="phone" />{ &physician.phone }</span>
            </li>
        });
    }
    list(app, lines)
}

fn identity(app: &App, card: &CardPage) -> Html {
    let words = &app.words;
    let line = |label: String, text: &str| {
        (!text.is_empty()).then(|| html! { <div><dt>{ label }</dt><dd>{ text.to_owned() }</dd></div> })
    };
    let address = format!("{} {}", card.postal_code.as_deref().unwrap_or(""), card.header.row.address);
    html! {
        <dl class="pairs">
            { for line(words.t("address"), address.trim()) }
            { for line(words.t("phone"), card.phone.as_deref().unwrap_or("")) }
            { for line(words.t("blood-type"), card.blood_type.as_deref().unwrap_or("")) }
            { for card.numbers.iter().filter_map(|number| line(number.facility.clone(), &number.number)) }
        </dl>
    }
}
