//! 検査の依頼: while tests are chosen, each says when it was measured last, and what was found.

use crate::{
    app::{App, use_app},
    components::{Chips, Icon, ReasonField, button_class, lab_value, text_of, use_filling},
    labs::{days_ago, last},
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RequestSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// What was measured before.
    pub labs: Rc<Labs>,
    /// Done, or called off.
    pub on_close: Callback<()>,
}

/// Asks for tests.
#[component]
pub fn RequestSheet(props: &RequestSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let first = RequestTests { patient: props.patient.clone(), request: TestRequestView::default() };
    let sheet = use_filling(first, props.on_close.clone());
    let typed = use_state(String::new);
    let known: Vec<_> = props.labs.tests.iter().map(|row| (row.name.clone(), row.name.clone())).collect();
    let touch = sheet.set(|form, name: String| {
        let tests = &mut form.request.tests;
        match tests.iter().position(|test| *test == name) {
            Some(place) => drop(tests.remove(place)),
            None => tests.push(name),
        }
    });
    let write = {
        let typed = typed.clone();
        move |event: InputEvent| typed.set(text_of(&event))
    };
    let add = {
        let typed = typed.clone();
        let add = sheet.set(|form, name: String| {
            if !form.request.tests.contains(&name) {
                form.request.tests.push(name);
            }
        });
        move |_: MouseEvent| {
            add.emit(typed.trim().to_owned());
            typed.set(String::new());
        }
    };
    sheet.show(words.t("labs-request"), "request-sheet", |form| {
        let request = &form.request;
        let ready = !request.tests.is_empty() && !request.reason.trim().is_empty();
        html! {
            <>
                if !known.is_empty() {
                    <div class="field">
                        <span class="field-label">{ words.t("request-known") }</span>
                        <Chips choices={known} chosen={request.tests.clone()} on_touch={touch.clone()} label={words.t("request-known")} testid="request-test" />
                    </div>
                }
                <div class="jump-form">
                    <label class="field">
                        <span class="field-label">{ words.t("request-other") }</span>
                        <input class="input" value={(*typed).clone()} oninput={write} autocomplete="off" data-testid="request-typed" />
                    </label>
                    <button type="button" class={button_class("plain")} onclick={add} disabled={typed.trim().is_empty()} data-testid="request-add">{ words.t("request-add") }</button>
                </div>
                if !typed.trim().is_empty() { <p class="quiet">{ before(&app, &props.labs, &typed) }</p> }
                <ul class="facts" data-testid="request-chosen" aria-live="polite">
                    { for request.tests.iter().map(|test| {
                        let name = test.clone();
                        html! {
                            <li key={test.clone()} class="request-line" data-testid="request-line">
                                <span><b>{ test }</b>{ " " }{ before(&app, &props.labs, test) }</span>
                                <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={touch.reform(move |_: MouseEvent| name.clone())}
                                    aria-label={words.ta("request-drop", &[("test", test)])}><Icon name="close" /></button>
                            </li>
                        }
                    }) }
                </ul>
                <ReasonField text={request.reason.clone()} on_text={sheet.set(|form, text| form.request.reason = text)} />
                { sheet.end("request-save", words.t("save"), ready) }
            </>
        }
    })
}

/// When a test was measured last, and what was found.
fn before(app: &App, labs: &Labs, test: &str) -> Html {
    let words = &app.words;
    match last(&labs.tests, test) {
        Some(one) => html! {
            <span class="request-last" data-testid="request-last">{ words.tn("lab-last", days_ago(one.at, app.now())) }{ " " }{ lab_value(app, &one.result) }</span>
        },
        None => {
            let never =
                if labs.more { words.tn("lab-not-lately", labs.reports.len() as u64) } else { words.t("lab-never") };
            html! { <span class="quiet" data-testid="request-never">{ never }</span> }
        }
    }
}
