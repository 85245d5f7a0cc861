//! A report, typed from paper: the tests of the report before stand there already, with units and ranges; what has no value is left out. Photos and
//! PDFs go with it, or are all of it.

use crate::{
    app::{App, use_app},
    components::{Edit, FormFiles, lab_value, text_of, use_filling},
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
    let first = RecordLabs {
        patient: props.patient.clone(),
        taken_on: String::new(),
        report: LabReportView {
            performer: props.labs.reports.first().map(|entry| entry.report.performer.clone()).unwrap_or_default(),
            results: first_rows(&props.labs),
            conclusion: String::new(),
        },
        names: Vec::new(),
    };
    let sheet = use_filling(first, props.on_close.clone());
    let write = |set: fn(&mut RecordLabs, String)| sheet.set(set).reform(|event: InputEvent| text_of(&event));
    sheet.show(words.t("labs-record"), "labs-sheet", |form| {
        let report = &form.report;
        let measured = report.results.iter().filter(|row| !row.value.trim().is_empty()).count();
        let named = report.results.iter().all(|row| row.value.trim().is_empty() || !row.name.trim().is_empty());
        let ready = named && (measured > 0 || !report.conclusion.trim().is_empty() || sheet.files.count() > 0);
        html! {
            <>
                <div class="fields">
                    <label class="field">
                        <span class="field-label">{ words.t("lab-taken-on") }</span>
                        <input class="input" value={form.taken_on.clone()} placeholder={words.t("lab-taken-on-hint")} oninput={write(|form, text| form.taken_on = text)} autocomplete="off" data-testid="lab-day" />
                    </label>
                    <label class="field">
                        <span class="field-label">{ words.t("lab-performer") }</span>
                        <input class="input" value={report.performer.clone()} oninput={write(|form, text| form.report.performer = text)} autocomplete="off" data-testid="lab-performer" />
                    </label>
                </div>
                <div class="lab-fields">{ for report.results.iter().enumerate().map(|(place, row)| one(&app, place, row, &sheet.change())) }</div>
                <label class="field">
                    <span class="field-label">{ words.t("lab-conclusion") }</span>
                    <textarea class="input" rows="2" value={report.conclusion.clone()} oninput={write(|form, text| form.report.conclusion = text)} data-testid="lab-conclusion" />
                </label>
                <FormFiles patient={props.patient.clone()} draft={DraftName::Sheet(SheetName::RecordLabs)} files={sheet.files.clone()} names={form.names.clone()}
                    on_name={sheet.set(|form, named| form.names.push(named))} />
                <p class="quiet">{ words.t("lab-files-explain") }</p>
                { sheet.end("labs-save", format!("{} {}", words.t("save"), words.tn("lab-count", measured as u64)), ready) }
            </>
        }
    })
}

/// A row changed. There is always room for one more.
fn change_row(form: &mut RecordLabs, place: usize, set: impl FnOnce(&mut LabResultView)) {
    let rows = &mut form.report.results;
    if let Some(row) = rows.get_mut(place) {
        set(row);
    }
    if rows.len() < MAX_RESULTS && rows.last().is_some_and(|row| !row.name.trim().is_empty()) {
        rows.push(LabResultView::default());
    }
}

/// One result as it is typed, with what is computed of it beside.
fn one(app: &App, place: usize, row: &LabResultView, change: &Callback<Edit<RecordLabs>>) -> Html {
    let words = &app.words;
    let field = |name: &'static str, value: &str, set: fn(&mut LabResultView, String)| {
        let change = change.reform(move |event: InputEvent| -> Edit<RecordLabs> {
            let text = text_of(&event);
            Box::new(move |form| change_row(form, place, |row| set(row, text)))
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
