//! 残薬・服薬の様子: how much is left over, and what the medicine did. A count alone, a chip alone, or a word alone is enough.

use crate::{
    app::use_app,
    components::{Chips, Edit, text_of, use_filling},
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
    let leftover = Some(LeftoverView { unit: props.unit.clone(), ..LeftoverView::default() });
    let observation = ObservationDraft { leftover, ..ObservationDraft::default() };
    let first = ObserveMedicine { patient: props.patient.clone(), key: props.item.clone(), observation };
    let sheet = use_filling(first, props.on_close.clone());
    let write = |set: fn(&mut ObservationDraft, String)| {
        sheet.change().reform(move |event: InputEvent| -> Edit<ObserveMedicine> {
            let text = text_of(&event);
            Box::new(move |form| set(&mut form.observation, text))
        })
    };
    let count = |set: fn(&mut LeftoverView, String)| {
        sheet.change().reform(move |event: InputEvent| -> Edit<ObserveMedicine> {
            let text = text_of(&event);
            Box::new(move |form| set(form.observation.leftover.get_or_insert_default(), text))
        })
    };
    let choices: Vec<_> = Effect::ALL
        .iter()
        .map(|one| (names::effect(one).to_owned(), words.t(&format!("effect-{}", names::effect(one)))))
        .collect();
    let choose = sheet.set(|form, chosen: String| {
        let one = Effect::ALL.into_iter().find(|one| names::effect(one) == chosen);
        let effect = &mut form.observation.effect;
        *effect = one.filter(|one| *effect != Some(*one));
    });
    sheet.show(words.t("observe-title"), "observe-sheet", |form| {
        let seen = &form.observation;
        let leftover = seen.leftover.clone().unwrap_or_default();
        let counted = !leftover.amount.trim().is_empty() || leftover.expected.is_some();
        let ready = !seen.text.trim().is_empty() || counted || seen.effect.is_some();
        html! {
            <>
                <p class="drug">{ &props.name }</p>
                <div class="regimen-fields">
                    <label class="field">
                        <span class="field-label">{ words.t("leftover-amount") }</span>
                        <input class="input input-number" inputmode="decimal" value={leftover.amount} data-testid="leftover-amount"
                            oninput={count(|leftover, text| leftover.amount = text)} />
                    </label>
                    <label class="field">
                        <span class="field-label">{ words.t("unit") }</span>
                        <input class="input" value={leftover.unit} data-testid="leftover-unit" oninput={count(|leftover, text| leftover.unit = text)} />
                    </label>
                    <label class="field">
                        <span class="field-label">{ words.t("leftover-expected") }</span>
                        <input class="input input-number" inputmode="decimal" value={leftover.expected.unwrap_or_default()} data-testid="leftover-expected"
                            oninput={count(|leftover, text| leftover.expected = (!text.trim().is_empty()).then_some(text))} />
                    </label>
                </div>
                <div class="field">
                    <span class="field-label">{ words.t("effect") }</span>
                    <Chips {choices} chosen={seen.effect.iter().map(|one| names::effect(one).to_owned()).collect::<Vec<_>>()} on_touch={choose}
                        label={words.t("effect")} testid="effect" />
                </div>
                <label class="field">
                    <span class="field-label">{ words.t("observation-text") }</span>
                    <textarea class="input" rows="3" value={seen.text.clone()} oninput={write(|seen, text| seen.text = text)} data-testid="observation-text" />
                </label>
                <p class="quiet">{ words.t("observe-explain") }</p>
                { sheet.end("observe-save", words.t("save"), ready) }
            </>
        }
    })
}
