//! Fields, choices, and sentences about what happened.

use crate::{
    app::{App, use_app},
    components::Icon,
};
use tendenko_app_api::{ApiError, DoseBasis, Regimen};
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The class of a button: `primary`, `plain`, `quiet`.
pub fn button_class(kind: &'static str) -> Classes {
    classes!("button", format!("button-{kind}"))
}

/// The text of the field an event is about.
pub fn text_of(event: &InputEvent) -> String {
    if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
        return input.value();
    }
    event.target_dyn_into::<HtmlTextAreaElement>().map(|area| area.value()).unwrap_or_default()
}

/// A sentence about something that happened: `info`, `care` (look at this) or `danger` (to the patient).
pub fn notice(kind: &'static str, testid: &'static str, words: Html) -> Html {
    html! {
        <div class={classes!("notice", format!("notice-{kind}"))} role={if kind == "info" { "status" } else { "alert" }}
            data-testid={testid}>
            <Icon name={if kind == "info" { "check" } else { "warning" }} /><div>{ words }</div>
        </div>
    }
}

/// Why something did not happen.
pub fn failure(app: &App, error: &ApiError) -> Html {
    let code = error.code.as_str();
    html! {
        <div class="notice notice-care" role="alert" data-testid="failure" data-code={code}>
            <Icon name="warning" /><div>{ app.words.error(error) }</div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ChipsProps {
    /// Value and words of each.
    pub choices: Vec<(String, String)>,
    /// The values that are chosen.
    pub chosen: Vec<String>,
    /// A value was touched.
    pub on_touch: Callback<String>,
    /// Name of the group.
    pub label: String,
    /// Start of each chip's test id.
    pub testid: &'static str,
}

/// Choices of which one or several hold.
#[component]
pub fn Chips(props: &ChipsProps) -> Html {
    html! {
        <div class="chips" role="group" aria-label={props.label.clone()}>
            { for props.choices.iter().map(|(value, words)| {
                let chosen = props.chosen.contains(value);
                let touched = value.clone();
                html! {
                    <button key={value.clone()} type="button" class={classes!("chip", chosen.then_some("is-chosen"))}
                        aria-pressed={chosen.to_string()} data-testid={format!("{}-{value}", props.testid)}
                        onclick={props.on_touch.reform(move |_: MouseEvent| touched.clone())}>
                        if chosen { <Icon name="check" /> }{ words }
                    </button>
                }
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ReasonFieldProps {
    /// As typed.
    pub text: String,
    /// Something was typed.
    pub on_text: Callback<String>,
}

/// Why: asked wherever a change without a reason is worthless.
#[component]
pub fn ReasonField(props: &ReasonFieldProps) -> Html {
    let app = use_app();
    html! {
        <label class="field">
            <span class="field-label">{ app.words.t("reason") }<span class="required">{ app.words.t("required") }</span></span>
            <textarea class="input" rows="2" value={props.text.clone()} data-testid="reason"
                oninput={props.on_text.reform(|event: InputEvent| text_of(&event))} />
        </label>
    }
}

/// A field of one line.
pub fn text_field(label: String, testid: &'static str, text: &UseStateHandle<String>) -> Html {
    let set = text.clone();
    html! {
        <label class="field">
            <span class="field-label">{ label }</span>
            <input class="input" autocomplete="off" value={(**text).clone()} oninput={move |event: InputEvent| set.set(text_of(&event))} data-testid={testid} />
        </label>
    }
}

/// A field of several lines.
pub fn area_field(label: String, testid: &'static str, rows: &'static str, text: &UseStateHandle<String>) -> Html {
    let set = text.clone();
    html! {
        <label class="field">
            <span class="field-label">{ label }</span>
            <textarea class="input" {rows} value={(**text).clone()} oninput={move |event: InputEvent| set.set(text_of(&event))} data-testid={testid} />
        </label>
    }
}

/// The button that saves what a sheet asks for.
pub fn save_button(app: &App, testid: &'static str, ready: bool, save: impl Fn() + 'static) -> Html {
    html! {
        <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready} data-testid={testid}
            onclick={move |_| save()}>{ app.words.t("save") }</button>
    }
}

/// Nothing of a regimen is missing: half of one is dangerous.
pub fn is_whole(regimen: &Regimen) -> bool {
    [&regimen.dose.amount, &regimen.dose.unit, &regimen.usage].into_iter().all(|text| !text.trim().is_empty())
}

#[derive(Properties, PartialEq)]
pub struct RegimenFieldsProps {
    /// As typed.
    pub regimen: Regimen,
    /// Something was typed.
    pub on_change: Callback<Regimen>,
}

/// Dose, unit, what it counts, and usage: edited together, because half of them is dangerous.
#[component]
pub fn RegimenFields(props: &RegimenFieldsProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let change = |set: fn(&mut Regimen, String)| {
        let (regimen, on_change) = (props.regimen.clone(), props.on_change.clone());
        move |event: InputEvent| {
            let mut regimen = regimen.clone();
            set(&mut regimen, text_of(&event));
            on_change.emit(regimen);
        }
    };
    let mut bases = vec![DoseBasis::PerDay, DoseBasis::PerDose, DoseBasis::Total];
    if props.regimen.dose.basis == DoseBasis::Unstated {
        bases.push(DoseBasis::Unstated);
    }
    let offered = bases.clone();
    let basis_chosen = {
        let (regimen, on_change) = (props.regimen.clone(), props.on_change.clone());
        move |event: Event| {
            if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                let mut regimen = regimen.clone();
                regimen.dose.basis = offered
                    .iter()
                    .copied()
                    .find(|basis| crate::names::basis(basis) == select.value())
                    .unwrap_or(regimen.dose.basis);
                on_change.emit(regimen);
            }
        }
    };
    let dose = &props.regimen.dose;
    html! {
        <div class="regimen-fields">
            <label class="field field-basis">
                <span class="field-label">{ words.t("basis") }</span>
                <select class="input" onchange={basis_chosen} data-testid="dose-basis">
                    { for bases.into_iter().map(|basis| {
                        let name = crate::names::basis(&basis);
                        html! { <option value={name} selected={dose.basis == basis}>{ words.t(&format!("basis-{name}")) }</option> }
                    }) }
                </select>
            </label>
            <label class="field">
                <span class="field-label">{ words.t("amount") }</span>
                <input class="input input-number" inputmode="decimal" value={dose.amount.clone()} data-testid="dose-amount"
                    oninput={change(|regimen, text| regimen.dose.amount = text)} />
            </label>
            <label class="field">
                <span class="field-label">{ words.t("unit") }</span>
                <input class="input" value={dose.unit.clone()} data-testid="dose-unit"
                    oninput={change(|regimen, text| regimen.dose.unit = text)} />
            </label>
            <label class="field field-wide">
                <span class="field-label">{ words.t("usage") }</span>
                <input class="input" value={props.regimen.usage.clone()} data-testid="dose-usage"
                    oninput={change(|regimen, text| regimen.usage = text)} />
            </label>
        </div>
    }
}
