//! A report, typed from paper: the tests of the report before stand there already, with units and ranges; what has no value is left out.

use crate::{
    app::{App, use_app},
    components::{Icon, Sheet, button_class, failure, lab_value, send_and_close, text_of},
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RecordSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// What is known already.
    pub labs: Rc<Labs>,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// A change of one row.
type Change = Box<dyn FnOnce(&mut LabResultView)>;

/// The tests of the last report without their values, and room for one more.
fn first_rows(labs: &Labs) -> Vec<LabResultView> {
    let last = labs.reports.iter().find(|entry| !entry.report.results.is_empty());
    let mut rows: Vec<_> = last
        .map(|entry| entry.report.results.clone())
        .unwrap_or_default()
        .into_iter()
        .map(|result| LabResultView { value: String::new(), ..result })
        .collect();
    rows.push(LabResultView::default());
    rows
}

/// Records a report.
#[component]
pub fn RecordSheet(props: &RecordSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let rows = use_state(|| first_rows(&props.labs));
    let last = props.labs.reports.first().map(|entry| entry.report.performer.clone()).unwrap_or_default();
    let performer = use_state(|| last);
    let day = use_state(String::new);
    let conclusion = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let change = {
        let rows = rows.clone();
        Callback::from(move |(place, change): (usize, Change)| {
            let mut next = (*rows).clone();
            if let Some(row) = next.get_mut(place) {
                change(row);
            }
            // There is always room for one more.
            if next.len() < MAX_RESULTS && next.last().is_some_and(|row| !row.name.trim().is_empty()) {
                next.push(LabResultView::default());
            }
            rows.set(next);
        })
    };
    let write = |text: &UseStateHandle<String>| {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let measured = rows.iter().filter(|row| !row.value.trim().is_empty()).count();
    let named = rows.iter().all(|row| row.value.trim().is_empty() || !row.name.trim().is_empty());
    let ready = named && (measured > 0 || !conclusion.trim().is_empty());
    let save = {
        let (app, error, on_close) = (app.clone(), error.clone(), props.on_close.clone());
        let report = LabReportView {
            performer: (*performer).clone(),
            results: rows.iter().filter(|row| !row.value.trim().is_empty()).cloned().collect(),
            conclusion: (*conclusion).clone(),
        };
        let command = RecordLabs { patient: props.patient.clone(), taken_on: (*day).clone(), report };
        move |_| send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    html! {
        <Sheet title={words.t("labs-record")} on_close={props.on_close.clone()} testid="labs-sheet">
            <div class="fields">
                <label class="field">
                    <span class="field-label">{ words.t("lab-taken-on") }</span>
                    <input class="input" value={(*day).clone()} placeholder={words.t("lab-taken-on-hint")} oninput={write(&day)} autocomplete="off" data-testid="lab-day" />
                </label>
                <label class="field">
                    <span class="field-label">{ words.t("lab-performer") }</span>
                    <input class="input" value={(*performer).clone()} oninput={write(&performer)} autocomplete="off" data-testid="lab-performer" />
                </label>
            </div>
            <div class="lab-fields">{ for rows.iter().enumerate().map(|(place, row)| one(&app, place, row, &change)) }</div>
            <label class="field">
                <span class="field-label">{ words.t("lab-conclusion") }</span>
                <textarea class="input" rows="2" value={(*conclusion).clone()} oninput={write(&conclusion)} data-testid="lab-conclusion" />
            </label>
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready} onclick={save} data-testid="labs-save">
                <Icon name="check" />{ words.t("save") }{ " " }{ words.tn("lab-count", measured as u64) }
            </button>
        </Sheet>
    }
}

/// One result as it is typed, with what is computed of it beside.
fn one(app: &App, place: usize, row: &LabResultView, change: &Callback<(usize, Change)>) -> Html {
    let words = &app.words;
    let field = |name: &'static str, value: &str, set: fn(&mut LabResultView, String)| {
        let change = change.reform(move |event: InputEvent| -> (usize, Change) {
            let text = text_of(&event);
            (place, Box::new(move |row: &mut LabResultView| set(row, text)))
        });
        let label = words.t(&format!("lab-{name}"));
        html! {
            <label class={classes!("field", format!("lab-field-{name}"))}>
                <span class="field-label">{ label }</span>
                <input class={classes!("input", (name == "value").then_some("input-number"))} value={value.to_owned()} oninput={change} autocomplete="off"
                    data-testid={format!("lab-{name}-{place}")} />
            </label>
        }
    };
    html! {
        <div class="lab-field" key={place} role="group" aria-label={if row.name.is_empty() { words.t("lab-test") } else { row.name.clone() }}>
            { field("name", &row.name, |row, text| row.name = text) }
            { field("value", &row.value, |row, text| row.value = text) }
            { field("unit", &row.unit, |row, text| row.unit = text) }
            { field("from", &row.low, |row, text| row.low = text) }
            { field("to", &row.high, |row, text| row.high = text) }
            if row.outside().is_some() { <p class="lab-said" aria-live="polite">{ lab_value(app, row) }</p> }
        </div>
    }
}
