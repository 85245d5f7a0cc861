//! The fields for measurements, each with its last value greyed beside it, and the pad that types into them.

use super::Change;
use crate::{
    app::{App, use_app},
    components::{Icon, button_class, text_of},
    dates::Day,
    numbers::{self, Key},
};
use std::{collections::BTreeMap, rc::Rc};
use tendenko_app_api::{LastVitals, Measure, Profession, measures_for};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct VitalFieldsProps {
    /// As it stands: the text of each field that has one.
    pub texts: BTreeMap<Measure, String>,
    /// Who measures.
    pub profession: Profession,
    /// The last values, once they are there.
    pub last: Option<Rc<LastVitals>>,
    /// Which field the pad types into.
    pub active: Option<Measure>,
    /// Another field is active.
    pub on_active: Callback<Option<Measure>>,
    /// Something was typed.
    pub on_change: Callback<Change>,
}

/// The fields for measurements.
#[component]
pub fn VitalFields(props: &VitalFieldsProps) -> Html {
    let app = use_app();
    // The pad that has just appeared may cover the field it types into.
    use_effect_with(props.active, |active| {
        if let Some(field) = active.and_then(field_element) {
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            field.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });
    let usual = measures_for(&props.profession);
    let (own, others): (Vec<_>, Vec<_>) = Measure::ALL.into_iter().partition(|measure| usual.contains(measure));
    let has_others = others.iter().any(|measure| props.texts.contains_key(measure));
    html! {
        <section class="form-part">
            <h3>{ app.words.t("vitals") }</h3>
            if !own.is_empty() { <div class="vital-fields">{ for own.into_iter().map(|measure| field(&app, props, measure)) }</div> }
            if !others.is_empty() {
                <details class="more-care" open={has_others} data-testid="more-vitals">
                    <summary>{ app.words.t("more-vitals") }</summary>
                    <div class="vital-fields">{ for others.into_iter().map(|measure| field(&app, props, measure)) }</div>
                </details>
            }
        </section>
    }
}

/// Can this field be typed into, or is it folded away?
pub fn is_shown(measure: Measure) -> bool {
    field_element(measure).is_some_and(|field| field.offset_parent().is_some())
}

fn field_id(measure: Measure) -> String {
    format!("vital-{}", measure.as_str())
}

fn field_element(measure: Measure) -> Option<HtmlElement> {
    web_sys::window()?.document()?.get_element_by_id(&field_id(measure))?.dyn_into().ok()
}

/// Puts the focus into a field, so that keyboard and pad type into the same one.
pub fn focus_field(measure: Measure) {
    if let Some(element) = field_element(measure) {
        // Only refused for an element that cannot have the focus.
        let _ = element.focus();
    }
}

fn field(app: &App, props: &VitalFieldsProps, measure: Measure) -> Html {
    let words = &app.words;
    let text = props.texts.get(&measure).map_or("", String::as_str);
    let typed = props.on_change.reform(move |event: InputEvent| -> Change {
        let text = text_of(&event);
        Box::new(move |form| form.set_text(measure, text))
    });
    let left = {
        let (tidy, on_change) = (numbers::tidy(measure, text), props.on_change.clone());
        let untidy = tidy != text;
        move |_: FocusEvent| {
            // Leaving a field that is as it should be changes nothing: the screen must not move under a finger.
            if untidy {
                let tidy = tidy.clone();
                on_change.emit(Box::new(move |form| form.set_text(measure, tidy)));
            }
        }
    };
    let said = match numbers::value(measure, text) {
        Err(()) => Some((words.t("vital-no-number"), "is-impossible")),
        Ok(Some(value)) if !measure.plausible().contains(&value) => {
            let range = (
                numbers::show(measure, *measure.plausible().start()),
                numbers::show(measure, *measure.plausible().end()),
            );
            Some((words.ta("vital-implausible", &[("low", &range.0), ("high", &range.1)]), "is-impossible"))
        }
        Ok(Some(value)) => measure.usual().filter(|usual| !usual.contains(&value)).map(|usual| {
            let range = (numbers::show(measure, *usual.start()), numbers::show(measure, *usual.end()));
            (words.ta("vital-outside", &[("low", &range.0), ("high", &range.1)]), "is-outside")
        }),
        Ok(None) => None,
    };
    let last = props.last.as_ref().and_then(|last| last.values.iter().find(|last| last.measure == measure));
    let name = measure.as_str();
    let said_id = format!("{}-said", field_id(measure));
    html! {
        <div key={name} class={classes!("vital-field", (props.active == Some(measure)).then_some("is-active"), said.as_ref().map(|(_, class)| *class))}>
            <label for={field_id(measure)}>{ words.t(&format!("measure-{name}")) }</label>
            <span class="vital-input">
                <input id={field_id(measure)} class="input input-number" type="text" inputmode="none" autocomplete="off" maxlength="6"
                    value={text.to_owned()} oninput={typed} data-testid={field_id(measure)} aria-describedby={said_id.clone()} onblur={left}
                    onfocus={props.on_active.reform(move |_: FocusEvent| Some(measure))} />
                <span class="unit">{ measure.unit() }</span>
            </span>
            <span class="vital-last" data-testid={format!("last-{name}")}>
                if let Some(last) = last {
                    { words.ta("last-value", &[("value", &numbers::show(measure, last.value)), ("date", &Day::of(last.at).short(app.today()))]) }
                }
            </span>
            <span class="vital-said" id={said_id} role="status">{ said.map(|(text, _)| text).unwrap_or_default() }</span>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct PadProps {
    /// Which field it types into.
    pub measure: Measure,
    /// A key; none = on to the next field.
    pub on_key: Callback<Option<Key>>,
    /// Away with it.
    pub on_close: Callback<()>,
}

/// The pad. Touching it leaves the focus in the field.
#[component]
pub fn Pad(props: &PadProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let hold = |event: MouseEvent| event.prevent_default();
    let digit = |number: u8| {
        html! {
            <button type="button" class="key" data-testid={format!("pad-{number}")}
                onclick={props.on_key.reform(move |_: MouseEvent| Some(Key::Digit(number)))}>{ number }</button>
        }
    };
    html! {
        <div class="visit-pad" onmousedown={hold} data-testid="pad">
            <p class="pad-title"><b>{ words.t(&format!("measure-{}", props.measure.as_str())) }</b>{ " " }{ props.measure.unit() }
                <button type="button" class={classes!(button_class("quiet"), "button-small")} aria-label={words.t("close-pad")} data-testid="pad-close"
                    onclick={props.on_close.reform(|_: MouseEvent| ())}><Icon name="close" /></button>
            </p>
            <div class="pad" role="group" aria-label={words.t("number-pad")}>
                { for (1..=3).map(digit) }
                <button type="button" class="key" aria-label={words.t("erase-one")} data-testid="pad-back"
                    onclick={props.on_key.reform(|_: MouseEvent| Some(Key::Back))}><Icon name="erase" /></button>
                { for (4..=6).map(digit) }
                <button type="button" class="key" disabled={props.measure.decimals() == 0} data-testid="pad-point"
                    aria-label={words.t("decimal-point")} onclick={props.on_key.reform(|_: MouseEvent| Some(Key::Point))}>{ "." }</button>
                { for (7..=9).map(digit) }
                { digit(0) }
                <button type="button" class="key key-next" data-testid="pad-next"
                    onclick={props.on_key.reform(|_: MouseEvent| None)}>{ words.t("next-field") }</button>
            </div>
        </div>
    }
}
