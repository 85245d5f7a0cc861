//! Registering a patient, and changing the card: every part of it in one place.

use crate::{
    api::{run, use_command},
    app::{Act, Route, use_app},
    components::{
        Field, Fields, Icon, PatientHead, Sheet, Values, button_class, choice, digits, failure, is_complete, line,
        needed, send_and_close, value,
    },
    dates, names,
    screens::PatientTab,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

const IDENTITY: &[Field] = &[
    needed("name"),
    needed("kana"),
    choice("sex", "sex", &["female", "male", "other", "unknown"]),
    line("birth-date"),
    digits("phone"),
    digits("postal-code"),
    line("address"),
    line("blood-type"),
];
const CONTACT: &[Field] = &[needed("name"), line("relation"), digits("phone"), line("remark")];
const DIAGNOSIS: &[Field] = &[needed("diagnosis"), line("since")];
const NEED: &[Field] =
    &[choice("need", "need", &["oxygen", "dialysis", "ventilator", "implant", "other"]), needed("detail")];
const PHYSICIAN: &[Field] = &[needed("name"), line("facility"), digits("phone")];

/// A part of the card that is being changed.
#[derive(Clone, PartialEq)]
enum Part {
    Identity(Vec<LocalNumberView>),
    Contact(Option<String>),
    Diagnosis(Option<String>),
    Need(Option<String>),
    Physician,
}

impl Part {
    fn fields(&self) -> &'static [Field] {
        match self {
            Part::Identity(_) => IDENTITY,
            Part::Contact(_) => CONTACT,
            Part::Diagnosis(_) => DIAGNOSIS,
            Part::Need(_) => NEED,
            Part::Physician => PHYSICIAN,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Part::Identity(_) => "card-identity",
            Part::Contact(_) => "card-contact",
            Part::Diagnosis(_) => "card-diagnosis",
            Part::Need(_) => "card-need",
            Part::Physician => "primary-physician",
        }
    }

    /// What is typed, as the change that it means.
    fn change(&self, values: &Values) -> CardChange {
        let text = |name: &str| value(values, name).trim().to_owned();
        match self.clone() {
            Part::Identity(numbers) => CardChange::Identity(identity(values, numbers)),
            Part::Contact(was) => {
                let now = ContactView {
                    name: text("name"),
                    relation: text("relation"),
                    phone: text("phone"),
                    note: text("remark"),
                };
                CardChange::Contact(ItemChange { was, now: Some(now) })
            }
            Part::Diagnosis(was) => {
                let since = Some(text("since")).filter(|since| !since.is_empty());
                CardChange::Diagnosis(ItemChange { was, now: Some(DiagnosisView { name: text("diagnosis"), since }) })
            }
            Part::Need(was) => {
                let now = SpecialNeedView { kind: need(value(values, "need")), detail: text("detail") };
                CardChange::Need(ItemChange { was, now: Some(now) })
            }
            Part::Physician => CardChange::Physician(PhysicianView {
                name: text("name"),
                facility: text("facility"),
                phone: text("phone"),
            }),
        }
    }

    /// Taking it away, where it is one of several and there.
    fn removal(&self) -> Option<CardChange> {
        match self.clone() {
            Part::Contact(was @ Some(_)) => Some(CardChange::Contact(ItemChange { was, now: None })),
            Part::Diagnosis(was @ Some(_)) => Some(CardChange::Diagnosis(ItemChange { was, now: None })),
            Part::Need(was @ Some(_)) => Some(CardChange::Need(ItemChange { was, now: None })),
            _ => None,
        }
    }
}

fn need(name: &str) -> SpecialNeedKind {
    use SpecialNeedKind::*;
    [Oxygen, Dialysis, Ventilator, Implant].into_iter().find(|kind| names::need(kind) == name).unwrap_or(Other)
}

fn sex(name: &str) -> Sex {
    [Sex::Female, Sex::Male, Sex::Other].into_iter().find(|sex| names::sex(sex) == name).unwrap_or(Sex::Unknown)
}

fn identity(values: &Values, numbers: Vec<LocalNumberView>) -> IdentityDraft {
    let text = |name: &str| value(values, name).to_owned();
    IdentityDraft {
        name: text("name"),
        kana: text("kana"),
        sex: sex(value(values, "sex")),
        birth_date: text("birth-date"),
        postal_code: text("postal-code"),
        address: text("address"),
        phone: text("phone"),
        blood_type: text("blood-type"),
        numbers,
    }
}

fn values(pairs: &[(&'static str, &str)]) -> Rc<Values> {
    Rc::new(pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect())
}

/// Registering a patient.
#[component]
pub fn Register() -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = use_state(|| values(&[("sex", "unknown")]));
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let save =
        |is_another: bool| {
            let (app, typed, error, busy) = (app.clone(), typed.clone(), error.clone(), busy.clone());
            move |_: MouseEvent| {
                if *busy {
                    return;
                }
                busy.set(true);
                let (after, error, busy) = (app.clone(), error.clone(), busy.clone());
                run(&app, RegisterPatient { identity: identity(&typed, Vec::new()), is_another }, move |answer| {
                    match answer {
                        Ok(registered) => {
                            after.dispatch(Act::Changed);
                            after.dispatch(Act::Replace(Route::Patient(registered.patient, PatientTab::Card)));
                            after.dispatch(Act::Toast(after.words.t("registered")));
                        }
                        Err(refusal) => {
                            busy.set(false);
                            error.set(Some(refusal));
                        }
                    }
                });
            }
        };
    let set = {
        let (typed, error) = (typed.clone(), error.clone());
        Callback::from(move |values| {
            typed.set(values);
            error.set(None);
        })
    };
    let refused = use_node_ref();
    {
        // Behind a long form nobody sees why nothing happens.
        let refused = refused.clone();
        use_effect_with(error.is_some(), move |_| {
            if let Some(refused) = refused.cast::<web_sys::Element>() {
                refused.scroll_into_view();
            }
        });
    }
    let back = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Back)
    };
    let alike = error.as_ref().filter(|error| error.code == ErrorCode::MaybeSamePatient);
    let look = alike.and_then(|error| error.params.get("patient").cloned()).map(|id| {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Patient(PatientId(id.clone()), PatientTab::Card)))
    });
    html! {
        <div class="page page-form" data-testid="register">
            <div class="page-head">
                <button type="button" class={classes!(button_class("quiet"), "back")} onclick={back} aria-label={words.t("back")} data-testid="back"><Icon name="back" /></button>
                <h1 class="page-title">{ words.t("register-patient") }</h1>
            </div>
            <Fields fields={IDENTITY} values={(*typed).clone()} on_values={set} />
            if let Some(refusal) = &*error { <div ref={refused}>{ failure(&app, refusal) }</div> }
            if let Some(look) = look {
                <div class="button-row">
                    <button type="button" class={button_class("plain")} onclick={look} data-testid="register-look">{ words.t("register-look") }</button>
                    <button type="button" class={button_class("plain")} onclick={save(true)} data-testid="register-another">{ words.t("register-another") }</button>
                </div>
            }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={*busy || !is_complete(IDENTITY, &typed)}
                onclick={save(false)} data-testid="register-save">{ words.t("register-patient") }</button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct EditProps {
    /// Whose.
    pub id: PatientId,
}

/// Every part of the card, each one touch from being changed.
#[component]
pub fn CardEdit(props: &EditProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let card = use_command(GetCardDraft { patient: props.id.clone() });
    let open = use_state(|| None::<(Part, Rc<Values>)>);
    let opener = |part: Part, now: Rc<Values>| {
        let open = open.clone();
        move |_: MouseEvent| open.set(Some((part.clone(), now.clone())))
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(None))
    };
    let row = |testid: &'static str, title: String, detail: String, part: Part, now: Rc<Values>| {
        html! {
            <button type="button" class="patient-row" onclick={opener(part, now)} data-testid={testid}>
                <span class="patient-row-main"><b>{ title }</b><span class="quiet">{ detail }</span></span><Icon name="pen" />
            </button>
        }
    };
    let add = |testid: &'static str, key: &str, part: Part, now: Rc<Values>| {
        html! {
            <button type="button" class={button_class("plain")} onclick={opener(part, now)} data-testid={testid}>{ words.t(key) }</button>
        }
    };
    html! {
        <div class="patient-page" data-testid="card-edit">
            <PatientHead id={props.id.clone()} />
            <div class="tab-panel" tabindex="0">
                <h2 class="page-title">{ words.t("edit-card") }</h2>
                { card.show(&app, |card| html! {
                    <div class="rows">
                        <h3>{ words.t("card-identity") }</h3>
                        { row("edit-identity", format!("{} （{}）", card.identity.name, card.identity.kana),
                            format!("{} {} {}", dates::long(&card.identity.birth_date, words.lang), card.identity.address, card.identity.phone),
                            Part::Identity(card.identity.numbers.clone()), identity_values(&card.identity)) }
                        <h3>{ words.t("card-diagnoses") }</h3>
                        { for card.diagnoses.iter().map(|found| row("edit-diagnosis", found.value.name.clone(), found.value.since.clone().unwrap_or_default(),
                            Part::Diagnosis(Some(found.key.clone())),
                            values(&[("diagnosis", &found.value.name), ("since", found.value.since.as_deref().unwrap_or(""))]))) }
                        { add("add-diagnosis", "add-diagnosis", Part::Diagnosis(None), values(&[])) }
                        <h3>{ words.t("card-needs") }</h3>
                        { for card.needs.iter().map(|found| row("edit-need", words.t(&format!("need-{}", names::need(&found.value.kind))), found.value.detail.clone(),
                            Part::Need(Some(found.key.clone())),
                            values(&[("need", names::need(&found.value.kind)), ("detail", &found.value.detail)]))) }
                        { add("add-need", "add-need", Part::Need(None), values(&[("need", "oxygen")])) }
                        <h3>{ words.t("card-contacts") }</h3>
                        { for card.contacts.iter().map(|found| row("edit-contact", found.value.name.clone(), format!("{} {}", found.value.relation, found.value.phone),
                            Part::Contact(Some(found.key.clone())),
                            values(&[("name", &found.value.name), ("relation", &found.value.relation), ("phone", &found.value.phone), ("remark", &found.value.note)]))) }
                        { add("add-contact", "add-contact", Part::Contact(None), values(&[])) }
                        <h3>{ words.t("primary-physician") }</h3>
                        { match &card.physician {
                            Some(physician) => row("edit-physician", physician.name.clone(), physician.facility.clone(), Part::Physician,
                                values(&[("name", &physician.name), ("facility", &physician.facility), ("phone", &physician.phone)])),
                            None => add("edit-physician", "add-physician", Part::Physician, values(&[])),
                        } }
                    </div>
                }) }
            </div>
            if let Some((part, now)) = (*open).clone() { <PartSheet patient={props.id.clone()} {part} {now} on_close={close} /> }
        </div>
    }
}

fn identity_values(identity: &IdentityDraft) -> Rc<Values> {
    values(&[
        ("name", &identity.name),
        ("kana", &identity.kana),
        ("sex", names::sex(&identity.sex)),
        ("birth-date", &identity.birth_date),
        ("phone", &identity.phone),
        ("postal-code", &identity.postal_code),
        ("address", &identity.address),
        ("blood-type", &identity.blood_type),
    ])
}

#[derive(Properties, PartialEq)]
struct PartProps {
    patient: PatientId,
    part: Part,
    now: Rc<Values>,
    on_close: Callback<()>,
}

#[component]
fn PartSheet(props: &PartProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = use_state(|| props.now.clone());
    let error = use_state(|| None::<ApiError>);
    let set = {
        let typed = typed.clone();
        Callback::from(move |values| typed.set(values))
    };
    let send = |change: CardChange| {
        let (app, patient, on_close, error) =
            (app.clone(), props.patient.clone(), props.on_close.clone(), error.clone());
        move |_: MouseEvent| {
            let command = ChangeCard { patient: patient.clone(), change: change.clone() };
            send_and_close(&app, command, error.clone(), on_close.clone());
        }
    };
    let removal = props.part.removal().map(send);
    html! {
        <Sheet title={words.t(props.part.title())} on_close={props.on_close.clone()} testid="card-sheet">
            <Fields fields={props.part.fields()} values={(*typed).clone()} on_values={set} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!is_complete(props.part.fields(), &typed)}
                onclick={send(props.part.change(&typed))} data-testid="sheet-save">{ words.t("save") }</button>
            if let Some(remove) = removal {
                <button type="button" class={button_class("quiet")} onclick={remove} data-testid="sheet-remove">{ words.t("remove") }</button>
            }
        </Sheet>
    }
}
