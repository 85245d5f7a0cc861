//! 記録: one column in the order it happens, number pads, and one big 保存 at the thumb.
//!
//! What is typed is a draft from the first key on ([`crate::drafts`]): a failed save, another screen or a lock takes
//! nothing away. It is forgotten only when the shell has answered that it is saved.

mod hand_over;
mod vitals;

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{Chips, PatientHead, ReasonField, button_class, failure, text_of},
    dates,
    drafts::{self, DraftKey, VisitForm},
    numbers::{self, Key},
};
use hand_over::HandOverPart;
use std::rc::Rc;
use tendenko_app_api::*;
use vitals::{Pad, VitalFields, focus_field};
use yew::prelude::*;

/// A change of the form.
pub type Change = Box<dyn FnOnce(&mut VisitForm)>;

#[derive(Properties, PartialEq)]
pub struct VisitProps {
    /// Whom.
    pub id: PatientId,
    /// Which visit is corrected; none = a new one.
    pub correct: Option<EntryId>,
}

/// Writing a visit, or correcting one.
#[component]
pub fn Visit(props: &VisitProps) -> Html {
    let app = use_app();
    let Some(me) = app.me().cloned() else { return html! {} };
    let draft = Rc::new(DraftKey { member: me.member, patient: props.id.clone(), correct: props.correct.clone() });
    html! { <VisitEntry {draft} profession={me.profession} /> }
}

#[derive(Properties, PartialEq)]
struct EntryProps {
    draft: Rc<DraftKey>,
    profession: Profession,
}

#[component]
fn VisitEntry(props: &EntryProps) -> Html {
    let app = use_app();
    let form = use_state(|| drafts::get(&props.draft).unwrap_or_default());
    let active = use_state(|| None::<Measure>);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let last = use_command(GetLastVitals { patient: props.draft.patient.clone() });

    let change = {
        let (form, draft, error) = (form.clone(), props.draft.clone(), error.clone());
        Callback::from(move |change: Change| {
            let mut next = drafts::get(&draft).unwrap_or_default();
            change(&mut next);
            drafts::put(&draft, &next);
            form.set(next);
            error.set(None);
        })
    };
    let press = press_key(&change, &active, &props.draft);
    let save = save(&app, &props.draft, &busy, &error);
    let correcting = props.draft.correct.is_some();
    let words = &app.words;
    let discard = {
        let (app, draft) = (app.clone(), props.draft.clone());
        move |_| {
            drafts::forget(&draft);
            app.dispatch(Act::Back);
        }
    };
    html! {
        <div class={classes!("visit-page", active.is_some().then_some("has-pad"))} data-testid="visit">
            <PatientHead id={props.draft.patient.clone()} />
            <div class="visit-form">
                <h2 class="page-title">{ if correcting { words.t("correct-visit") } else { words.t("record-visit") } }</h2>
                { when_part(&app, &form, &change) }
                { purpose_part(&app, &form, &change) }
                <VitalFields form={(*form).clone()} last={last.ready().cloned()} active={*active} on_active={setter(&active)} on_change={change.clone()} />
                { care_part(&app, &form, &change, &props.profession) }
                { note_part(&app, &form, &change, &active) }
                if correcting {
                    <ReasonField text={form.reason.clone()} on_text={change.reform(|text: String| -> Change { Box::new(move |form| form.reason = text) })} />
                } else {
                    <HandOverPart hand_over={form.hand_over.clone()} on_change={change.clone()} />
                }
                <button type="button" class={button_class("quiet")} onclick={discard} data-testid="visit-discard">{ words.t("discard-draft") }</button>
            </div>
            <div class="visit-side">
                if let Some(measure) = *active { <Pad {measure} on_key={press} on_close={setter(&active).reform(|()| None)} /> }
                if let Some(refusal) = &*error {
                    <div class="save-failed" data-testid="save-failed">
                        { failure(&app, refusal) }
                        <p>{ words.t("draft-is-kept") }</p>
                    </div>
                }
                <button type="button" class={classes!(button_class("primary"), "button-wide", "button-save")} onclick={save} disabled={*busy} data-testid="visit-save">
                    { if *busy { words.t("saving") } else { words.t("save") } }
                </button>
            </div>
        </div>
    }
}

fn setter(active: &UseStateHandle<Option<Measure>>) -> Callback<Option<Measure>> {
    let active = active.clone();
    Callback::from(move |measure| active.set(measure))
}

/// A key of the pad goes into the active field; a full field moves on to the next.
fn press_key(
    change: &Callback<Change>,
    active: &UseStateHandle<Option<Measure>>,
    draft: &Rc<DraftKey>,
) -> Callback<Option<Key>> {
    let (change, active, draft) = (change.clone(), active.clone(), draft.clone());
    Callback::from(move |key: Option<Key>| {
        let Some(measure) = *active else { return };
        let mut on = key.is_none();
        if let Some(key) = key {
            let before = drafts::get(&draft).unwrap_or_default();
            let text = numbers::press(measure, before.text(measure), key);
            on = key != Key::Back && numbers::is_full(measure, &text);
            let text = if on { numbers::tidy(measure, &text) } else { text };
            change.emit(Box::new(move |form| form.set_text(measure, text)));
        }
        if on {
            let place = Measure::ALL.iter().position(|other| *other == measure).unwrap_or(0);
            let next = Measure::ALL.get(place + 1).copied();
            active.set(next);
            if let Some(next) = next {
                focus_field(next);
            }
        }
    })
}

fn save(
    app: &App,
    draft: &Rc<DraftKey>,
    busy: &UseStateHandle<bool>,
    error: &UseStateHandle<Option<ApiError>>,
) -> Callback<MouseEvent> {
    let (app, draft, busy, error) = (app.clone(), draft.clone(), busy.clone(), error.clone());
    Callback::from(move |_| {
        if *busy {
            return;
        }
        let form = drafts::get(&draft).unwrap_or_default();
        let hand_over = form.hand_over();
        let visit = match form.visit(app.now()) {
            Ok(visit) => visit,
            Err(measure) => {
                error.set(Some(out_of_range(measure)));
                focus_field(measure);
                return;
            }
        };
        if visit.is_empty() && hand_over.is_none() {
            error.set(Some(ApiError::new(ErrorCode::NothingToSave)));
            return;
        }
        busy.set(true);
        let (after, kept, busy, error) = (app.clone(), draft.clone(), busy.clone(), error.clone());
        let then = move |answer: Result<Saved, ApiError>| match answer {
            Ok(_) => {
                drafts::forget(&kept);
                after.dispatch(Act::Changed);
                after.dispatch(Act::Back);
                let offline = after
                    .sync
                    .as_ref()
                    .is_none_or(|sync| matches!(sync.state, SyncState::Offline | SyncState::Connecting));
                let said = if offline { after.words.t("saved-will-send") } else { after.words.t("saved") };
                after.dispatch(Act::Toast(said));
            }
            Err(refusal) => {
                busy.set(false);
                error.set(Some(refusal));
            }
        };
        let patient = draft.patient.clone();
        match draft.correct.clone() {
            Some(entry) => {
                run(&app, CorrectVisit { patient, entry, visit, reason: form.reason.trim().to_owned() }, then)
            }
            None => run(&app, RecordVisit { patient, visit, hand_over }, then),
        }
    })
}

fn out_of_range(measure: Measure) -> ApiError {
    let possible = measure.possible();
    ApiError::new(ErrorCode::OutOfRange)
        .with("field", measure.as_str())
        .with("low", numbers::show(measure, *possible.start()))
        .with("high", numbers::show(measure, *possible.end()))
}

fn when_part(app: &App, form: &VisitForm, change: &Callback<Change>) -> Html {
    let words = &app.words;
    if let Some(at) = form.at {
        return html! { <p class="visit-when">{ dates::moment(at, app.now()) }</p> };
    }
    let choices =
        [(0, words.t("when-now")), (30, words.t("when-30")), (60, words.t("when-60")), (120, words.t("when-120"))];
    let choices = choices.into_iter().map(|(minutes, text)| (minutes.to_string(), text)).collect::<Vec<_>>();
    let touched = change.reform(|minutes: String| -> Change {
        let minutes = minutes.parse().unwrap_or(0);
        Box::new(move |form| form.minutes_ago = minutes)
    });
    html! { <Chips {choices} chosen={vec![form.minutes_ago.to_string()]} on_touch={touched} label={words.t("when")} testid="when" /> }
}

fn purpose_part(app: &App, form: &VisitForm, change: &Callback<Change>) -> Html {
    let words = &app.words;
    let mut choices: Vec<_> = ["regular", "medication", "condition", "discharge", "emergency"]
        .into_iter()
        .map(|name| words.t(&format!("purpose-{name}")))
        .map(|text| (text.clone(), text))
        .collect();
    if let Some(purpose) = form.purpose.clone().filter(|purpose| choices.iter().all(|(known, _)| known != purpose)) {
        choices.push((purpose.clone(), purpose));
    }
    let touched = change.reform(|purpose: String| -> Change {
        Box::new(move |form| form.purpose = if form.purpose.as_ref() == Some(&purpose) { None } else { Some(purpose) })
    });
    html! {
        <section class="form-part">
            <h3>{ words.t("purpose") }</h3>
            <Chips {choices} chosen={form.purpose.iter().cloned().collect::<Vec<_>>()} on_touch={touched} label={words.t("purpose")} testid="purpose" />
        </section>
    }
}

fn care_part(app: &App, form: &VisitForm, change: &Callback<Change>, profession: &Profession) -> Html {
    let words = &app.words;
    let offered = care_for(profession);
    let chip = |code: &str| (code.to_owned(), words.care(code));
    let mut first: Vec<_> = offered.iter().map(|code| chip(code)).collect();
    first.extend(form.care.iter().filter(|code| !offered.contains(&code.as_str())).map(|code| chip(code)));
    let others: Vec<_> =
        CARE_CODES.iter().filter(|code| first.iter().all(|(known, _)| known != *code)).map(|code| chip(code)).collect();
    let touched = change.reform(|code: String| -> Change {
        Box::new(move |form| match form.care.iter().position(|other| *other == code) {
            Some(place) => drop(form.care.remove(place)),
            None => form.care.push(code),
        })
    });
    html! {
        <section class="form-part">
            <h3>{ words.t("care-given") }</h3>
            <Chips choices={first} chosen={form.care.clone()} on_touch={touched.clone()} label={words.t("care-given")} testid="care" />
            <details class="more-care">
                <summary>{ words.t("more-care") }</summary>
                <Chips choices={others} chosen={form.care.clone()} on_touch={touched} label={words.t("more-care")} testid="care" />
            </details>
        </section>
    }
}

fn note_part(app: &App, form: &VisitForm, change: &Callback<Change>, active: &UseStateHandle<Option<Measure>>) -> Html {
    let words = &app.words;
    let phrases =
        [words.t("phrase-unchanged"), words.t("phrase-medicines"), words.t("phrase-meals"), words.t("phrase-sleep")];
    let typed = change.reform(|event: InputEvent| -> Change {
        let text = text_of(&event);
        Box::new(move |form| form.note = text)
    });
    let add = change.reform(|phrase: String| -> Change { Box::new(move |form| form.note.push_str(&phrase)) });
    html! {
        <section class="form-part">
            <label class="field">
                <span class="field-label">{ words.t("note") }</span>
                <textarea class="input" rows="4" value={form.note.clone()} oninput={typed} data-testid="visit-note"
                    onfocus={setter(active).reform(|_: FocusEvent| None)} />
            </label>
            <Chips choices={phrases.into_iter().map(|text| (text.clone(), text)).collect::<Vec<_>>()} chosen={Vec::<String>::new()}
                on_touch={add} label={words.t("phrases")} testid="phrase" />
        </section>
    }
}
