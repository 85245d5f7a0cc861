//! Changing a dose, or stopping a medicine, with the reason that makes it worth something.

use crate::{
    app::use_app,
    components::{ReasonField, RegimenFields, Sheet, dose, failure, is_whole, save_button, send_and_close},
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ChangeSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub medicine: MedicineView,
    /// It is stopped, not changed.
    pub stops: bool,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// Changes a dose or stops a medicine.
#[component]
pub fn ChangeSheet(props: &ChangeSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let (medicine, stops) = (&props.medicine, props.stops);
    let regimen = use_state(|| Regimen { dose: medicine.dose.clone(), usage: medicine.usage.clone() });
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let save = {
        let (app, patient, key) = (app.clone(), props.patient.clone(), medicine.key.clone());
        let (regimen, reason, error, on_close) =
            (regimen.clone(), reason.clone(), error.clone(), props.on_close.clone());
        move || {
            let (patient, key, reason) = (patient.clone(), key.clone(), (*reason).clone());
            if stops {
                send_and_close(&app, StopMedicine { patient, key, reason }, error.clone(), on_close.clone());
            } else {
                let regimen = (*regimen).clone();
                send_and_close(&app, ChangeDose { patient, key, regimen, reason }, error.clone(), on_close.clone());
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
            { save_button(&app, "medicine-save", ready, save) }
        </Sheet>
    }
}
