//! 残薬・服薬の様子: how much is left over, and what the medicine did. A count alone, a chip alone, or a word alone is enough.

use crate::{
    app::use_app,
    components::{Chips, Sheet, failure, save_button, send_and_close, text_of},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ObserveSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// Key of the medicine.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The unit it is dispensed in.
    pub unit: String,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// What was seen of a medicine.
#[component]
pub fn ObserveSheet(props: &ObserveSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let leftover = use_state(|| LeftoverView { unit: props.unit.clone(), ..LeftoverView::default() });
    let effect = use_state(|| None::<Effect>);
    let text = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let counted = |set: fn(&mut LeftoverView, String)| {
        let leftover = leftover.clone();
        move |event: InputEvent| {
            let mut next = (*leftover).clone();
            set(&mut next, text_of(&event));
            leftover.set(next);
        }
    };
    let choices: Vec<_> = Effect::ALL
        .iter()
        .map(|one| (names::effect(one).to_owned(), words.t(&format!("effect-{}", names::effect(one)))))
        .collect();
    let choose = {
        let effect = effect.clone();
        move |chosen: String| {
            let one = Effect::ALL.into_iter().find(|one| names::effect(one) == chosen);
            effect.set(one.filter(|one| *effect != Some(*one)));
        }
    };
    let write = {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let is_counted = !leftover.amount.trim().is_empty() || leftover.expected.is_some();
    let draft =
        ObservationDraft { leftover: is_counted.then(|| (*leftover).clone()), effect: *effect, text: (*text).clone() };
    let ready = draft != ObservationDraft::default() && (!text.trim().is_empty() || is_counted || effect.is_some());
    let save = {
        let (app, error, on_close) = (app.clone(), error.clone(), props.on_close.clone());
        let command = ObserveMedicine { patient: props.patient.clone(), key: props.item.clone(), observation: draft };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    html! {
        <Sheet title={words.t("observe-title")} on_close={props.on_close.clone()} testid="observe-sheet">
            <p class="drug">{ &props.name }</p>
            <div class="regimen-fields">
                <label class="field">
                    <span class="field-label">{ words.t("leftover-amount") }</span>
                    <input class="input input-number" inputmode="decimal" value={leftover.amount.clone()} data-testid="leftover-amount"
                        oninput={counted(|leftover, text| leftover.amount = text)} />
                </label>
                <label class="field">
                    <span class="field-label">{ words.t("unit") }</span>
                    <input class="input" value={leftover.unit.clone()} data-testid="leftover-unit" oninput={counted(|leftover, text| leftover.unit = text)} />
                </label>
                <label class="field">
                    <span class="field-label">{ words.t("leftover-expected") }</span>
                    <input class="input input-number" inputmode="decimal" value={leftover.expected.clone().unwrap_or_default()} data-testid="leftover-expected"
                        oninput={counted(|leftover, text| leftover.expected = (!text.trim().is_empty()).then_some(text))} />
                </label>
            </div>
            <div class="field">
                <span class="field-label">{ words.t("effect") }</span>
                <Chips {choices} chosen={effect.iter().map(|one| names::effect(one).to_owned()).collect::<Vec<_>>()} on_touch={choose}
                    label={words.t("effect")} testid="effect" />
            </div>
            <label class="field">
                <span class="field-label">{ words.t("observation-text") }</span>
                <textarea class="input" rows="3" value={(*text).clone()} oninput={write} data-testid="observation-text" />
            </label>
            <p class="quiet">{ words.t("observe-explain") }</p>
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "observe-save", ready, save) }
        </Sheet>
    }
}
