//! 検査の依頼: while tests are chosen, each says when it was measured last, and what was found.

use crate::{
    app::{App, use_app},
    components::{
        Chips, Icon, ReasonField, Sheet, button_class, failure, lab_value, save_button, send_and_close, text_of,
    },
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
    let tests = use_state(Vec::<String>::new);
    let typed = use_state(String::new);
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let known: Vec<_> = props.labs.tests.iter().map(|row| (row.name.clone(), row.name.clone())).collect();
    let touch = {
        let tests = tests.clone();
        Callback::from(move |name: String| {
            let mut next = (*tests).clone();
            match next.iter().position(|test| *test == name) {
                Some(place) => drop(next.remove(place)),
                None => next.push(name),
            }
            tests.set(next);
        })
    };
    let write = {
        let typed = typed.clone();
        move |event: InputEvent| typed.set(text_of(&event))
    };
    let add = {
        let (tests, typed) = (tests.clone(), typed.clone());
        move |_: MouseEvent| {
            let name = typed.trim().to_owned();
            if !name.is_empty() && !tests.contains(&name) {
                let mut next = (*tests).clone();
                next.push(name);
                tests.set(next);
            }
            typed.set(String::new());
        }
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, error, on_close) = (app.clone(), error.clone(), props.on_close.clone());
        let request = TestRequestView { tests: (*tests).clone(), reason: (*reason).clone() };
        let command = RequestTests { patient: props.patient.clone(), request };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    let ready = !tests.is_empty() && !reason.trim().is_empty();
    html! {
        <Sheet title={words.t("labs-request")} on_close={props.on_close.clone()} testid="request-sheet">
            if !known.is_empty() {
                <div class="field">
                    <span class="field-label">{ words.t("request-known") }</span>
                    <Chips choices={known} chosen={(*tests).clone()} on_touch={touch.clone()} label={words.t("request-known")} testid="request-test" />
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
                { for tests.iter().map(|test| {
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
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "request-save", ready, save) }
        </Sheet>
    }
}

/// When a test was measured last, and what was found.
fn before(app: &App, labs: &Labs, test: &str) -> Html {
    let words = &app.words;
    match last(&labs.tests, test) {
        Some(one) => html! {
            <span class="request-last" data-testid="request-last">{ words.tn("lab-last", days_ago(one.at, app.now())) }{ " " }{ lab_value(app, &one.result) }</span>
        },
        None => html! { <span class="quiet" data-testid="request-never">{ words.t("lab-never") }</span> },
    }
}
