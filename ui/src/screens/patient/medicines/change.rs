//! Changing a dose, or stopping a medicine, with the reason that makes it worth something.

use crate::{
    app::{App, use_app},
    components::{ReasonField, RegimenFields, dose, is_whole, use_filling},
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ChangeSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub medicine: MedicineView,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// Changes a dose.
#[component]
pub fn ChangeSheet(props: &ChangeSheetProps) -> Html {
    let app = use_app();
    let medicine = &props.medicine;
    let first = ChangeDose {
        patient: props.patient.clone(),
        key: medicine.key.clone(),
        regimen: Regimen { dose: medicine.dose.clone(), usage: medicine.usage.clone() },
        reason: String::new(),
    };
    let sheet = use_filling(first, props.on_close.clone());
    sheet.show(app.words.t("change-dose"), "medicine-sheet", |form| {
        let ready = !form.reason.trim().is_empty() && is_whole(&form.regimen);
        html! {
            <>
                { now(&app, medicine) }
                <RegimenFields regimen={form.regimen.clone()} on_change={sheet.set(|form, next| form.regimen = next)} />
                <ReasonField text={form.reason.clone()} on_text={sheet.set(|form, text| form.reason = text)} />
                { sheet.end("medicine-save", app.words.t("save"), ready) }
            </>
        }
    })
}

/// Stops a medicine.
#[component]
pub fn StopSheet(props: &ChangeSheetProps) -> Html {
    let app = use_app();
    let (patient, key) = (props.patient.clone(), props.medicine.key.clone());
    let sheet = use_filling(StopMedicine { patient, key, reason: String::new() }, props.on_close.clone());
    sheet.show(app.words.t("stop-medicine"), "medicine-sheet", |form| {
        html! {
            <>
                { now(&app, &props.medicine) }
                <ReasonField text={form.reason.clone()} on_text={sheet.set(|form, text| form.reason = text)} />
                { sheet.end("medicine-save", app.words.t("save"), !form.reason.trim().is_empty()) }
            </>
        }
    })
}

/// How it is taken now.
fn now(app: &App, medicine: &MedicineView) -> Html {
    html! {
        <>
            <p class="drug">{ &medicine.name }</p>
            <p class="quiet">{ app.words.t("now") }{ " " }{ dose(app, &medicine.dose) }{ " " }{ &medicine.usage }</p>
        </>
    }
}
