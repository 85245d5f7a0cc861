//! A medicine put on the list by hand: what it is, how it is taken as one value, where it is known from, and why. What the
//! record says against it stands there while the name is typed, and does not keep it from being added.

use crate::{
    api::use_command,
    app::use_app,
    components::{
        Field, Fields, ReasonField, RegimenFields, Sheet, Values, choice, failure, is_complete, is_whole, line, needed,
        save_button, send_and_close, value, warnings_before,
    },
    names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

const WHAT: &[Field] = &[
    needed("drug"),
    line("general-name"),
    choice("source", "source", &["prescription", "interview", "otc"]),
    choice("form", "form", &["internal", "as-needed", "external", "injection"]),
];
const MORE: &[Field] = &[line("since-day"), line("prescriber"), line("remark")];
const SOURCES: [Source; 3] = [Source::Prescription, Source::Interview, Source::Otc];
/// Characters from which on a name is looked at.
const ENOUGH: usize = 2;

#[derive(Properties, PartialEq)]
pub struct AddSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// Puts a medicine on the list.
#[component]
pub fn AddSheet(props: &AddSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let values =
        use_state(|| Rc::new(Values::from([("source", "prescription".to_owned()), ("form", "internal".to_owned())])));
    // What an amount counts is never taken for granted: it has to be chosen.
    let regimen = use_state(|| Regimen {
        dose: Dose { amount: String::new(), unit: String::new(), basis: DoseBasis::Unstated },
        usage: String::new(),
    });
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let set_values = {
        let values = values.clone();
        Callback::from(move |next: Rc<Values>| values.set(next))
    };
    let set_regimen = {
        let regimen = regimen.clone();
        move |next| regimen.set(next)
    };
    let set_reason = {
        let reason = reason.clone();
        move |next| reason.set(next)
    };
    let text = |name: &str| value(&values, name).trim().to_owned();
    let save = {
        let (app, error, on_close) = (app.clone(), error.clone(), props.on_close.clone());
        let medicine = MedicineDraft {
            name: text("drug"),
            general_name: text("general-name"),
            regimen: (*regimen).clone(),
            form: form(value(&values, "form")),
            source: source(value(&values, "source")),
            since: text("since-day"),
            prescriber: text("prescriber"),
            note: text("remark"),
        };
        let command = AddMedicine { patient: props.patient.clone(), medicine, reason: (*reason).clone() };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    let ready = is_complete(WHAT, &values) && is_whole(&regimen) && !reason.trim().is_empty();
    html! {
        <Sheet title={words.t("add-medicine")} on_close={props.on_close.clone()} testid="add-medicine-sheet">
            <Fields fields={WHAT} values={(*values).clone()} on_values={set_values.clone()} />
            <Against patient={props.patient.clone()} name={text("drug")} general_name={text("general-name")} />
            <RegimenFields regimen={(*regimen).clone()} on_change={set_regimen} />
            <Fields fields={MORE} values={(*values).clone()} on_values={set_values} />
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "add-medicine-save", ready, save) }
        </Sheet>
    }
}

fn form(name: &str) -> MedicineForm {
    MedicineForm::ALL.into_iter().find(|form| names::form(form) == name).unwrap_or(MedicineForm::Internal)
}

fn source(name: &str) -> Source {
    SOURCES.into_iter().find(|source| names::source(source) == name).unwrap_or(Source::Interview)
}

#[derive(Properties, PartialEq)]
struct AgainstProps {
    patient: PatientId,
    name: String,
    general_name: String,
}

/// What the record says against what is being typed.
#[component]
fn Against(props: &AgainstProps) -> Html {
    let app = use_app();
    let enough = |text: &str| if text.chars().count() < ENOUGH { String::new() } else { text.to_owned() };
    let found = use_command(CheckMedicine {
        patient: props.patient.clone(),
        name: enough(&props.name),
        general_name: enough(&props.general_name),
    });
    found.ready().map_or_else(Html::default, |found| warnings_before(&app, found))
}
