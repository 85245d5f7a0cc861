//! 記録: one column in the order it happens, number pads, and one big 保存 at the thumb.
//!
//! What is typed is a draft from the first key on ([`crate::drafts`]): a failed save, another screen, a lock or a killed program
//! takes nothing away. It is forgotten only when the shell has answered that it is saved.
//!
//! A key in the note must not draw the page anew: each part is given only what it shows, and callbacks stay the same for as long as the draft does.

mod hand_over;
mod photos;
mod saving;
mod vitals;
mod when;
mod writing;

use crate::{
    api::use_command,
    app::{Act, use_app},
    components::{DraftFiles, PatientHead, ReasonField, RoomNotice, button_class, failure},
    drafts::{self, DraftKey},
    numbers::{self, Key},
};
use hand_over::HandOverPart;
use photos::Photos;
use saving::{Saving, asked};
use std::rc::Rc;
use tendenko_app_api::*;
use vitals::{Pad, VitalFields, focus_field};
use wasm_bindgen_futures::spawn_local;
use when::WhenPart;
use writing::{CarePart, PurposePart, Writing};
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
    let read = use_state(|| None::<Result<Rc<Draft>, ApiError>>);
    let key = app.me().map(|me| DraftKey {
        member: me.member.clone(),
        patient: props.id.clone(),
        correct: props.correct.clone(),
    });
    {
        let read = read.clone();
        use_effect_with(key.clone(), move |key| {
            if let Some(key) = key.clone() {
                spawn_local(async move { read.set(Some(drafts::read(&key).await.map(Rc::new))) });
            }
        });
    }
    let (Some(me), Some(key)) = (app.me().cloned(), key) else { return html! {} };
    match &*read {
        None => html! { <div class="waiting" aria-busy="true" /> },
        Some(Err(error)) => failure(&app, error),
        Some(Ok(draft)) => {
            html! { <VisitEntry draft={Rc::new(key)} begun={draft.clone()} profession={me.profession} /> }
        }
    }
}

#[derive(Properties, PartialEq)]
struct EntryProps {
    draft: Rc<DraftKey>,
    begun: Rc<Draft>,
    profession: Profession,
}

#[component]
fn VisitEntry(props: &EntryProps) -> Html {
    let app = use_app();
    let form = use_state(|| props.begun.form.clone().unwrap_or_default());
    let photos = use_reducer(|| DraftFiles::of(&props.begun.photos));
    let active = use_state(|| None::<Measure>);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let last = use_command(GetLastVitals { patient: props.draft.patient.clone() });

    let change = {
        let (form, error) = (form.setter(), error.setter());
        use_callback(props.draft.clone(), move |change: Change, draft| {
            let mut next = drafts::get(&**draft).unwrap_or_default();
            change(&mut next);
            let refused = error.clone();
            drafts::put(&**draft, &next, move |refusal| refused.set(Some(refusal)));
            form.set(next);
            error.set(None);
        })
    };
    let activate = {
        let active = active.setter();
        use_callback((), move |measure, ()| active.set(measure))
    };
    let away = {
        let activate = activate.clone();
        use_callback((), move |(), ()| activate.emit(None))
    };
    let press = press_key(&change, &active, &props.draft);
    let saving = Saving {
        app: app.clone(),
        draft: props.draft.clone(),
        profession: props.profession.clone(),
        with_photos: photos.count() > 0,
        busy: busy.clone(),
        error: error.clone(),
    };
    let save = {
        let saving = saving.clone();
        move |_: MouseEvent| saving.start()
    };
    let correcting = props.draft.correct.is_some();
    let words = &app.words;
    let discard = {
        let (app, draft) = (app.clone(), props.draft.clone());
        move |_| {
            drafts::discard(&*draft);
            app.dispatch(Act::Back);
        }
    };
    html! {
        <div class={classes!("visit-page", active.is_some().then_some("has-pad"))} data-testid="visit">
            <PatientHead id={props.draft.patient.clone()} />
            <div class="visit-form">
                <h2 class="page-title">{ if correcting { words.t("correct-visit") } else { words.t("record-visit") } }</h2>
                if props.begun.form.is_some() && !correcting {
                    <p class="notice notice-info" role="status" data-testid="draft-resumed">{ words.t("draft-resumed") }</p>
                }
                <RoomNotice />
                <WhenPart at={form.at} minutes_ago={form.minutes_ago} on_change={change.clone()} />
                <PurposePart purpose={form.purpose.clone()} on_change={change.clone()} />
                <VitalFields texts={form.texts.clone()} profession={props.profession.clone()} last={last.ready().cloned()} active={*active}
                    on_active={activate.clone()} on_change={change.clone()} />
                <CarePart care={form.care.clone()} profession={props.profession.clone()} on_change={change.clone()} />
                <Writing note={form.note.clone()} sections={form.sections.clone()} profession={props.profession.clone()} on_change={change.clone()} on_focus={away} />
                <Photos draft={props.draft.clone()} {photos} />
                if correcting {
                    <ReasonField text={form.reason.clone()} on_text={change.reform(|text: String| -> Change { Box::new(move |form| form.reason = text) })} />
                } else {
                    <HandOverPart patient={props.draft.patient.clone()} hand_over={form.hand_over.clone()} on_change={change.clone()} />
                }
                <button type="button" class={button_class("quiet")} onclick={discard} data-testid="visit-discard">{ words.t("discard-draft") }</button>
            </div>
            <div class="visit-side">
                if let Some(measure) = *active { <Pad {measure} on_key={press} on_close={activate.reform(|()| None)} /> }
                if let Some(refusal) = &*error { { refused(&saving, &change, refusal, &form) } }
                <button type="button" class={classes!(button_class("primary"), "button-wide", "button-save")} onclick={save} disabled={*busy} data-testid="visit-save">
                    { if *busy { words.t("saving") } else { words.t("save") } }
                </button>
            </div>
        </div>
    }
}

/// Why it is not saved. Numbers that are hard to believe are shown once more; one touch keeps them as they are.
fn refused(saving: &Saving, change: &Callback<Change>, refusal: &ApiError, form: &VisitForm) -> Html {
    let words = &saving.app.words;
    let measures = asked(refusal);
    if measures.is_empty() {
        return html! {
            <div class="save-failed" data-testid="save-failed">
                { failure(&saving.app, refusal) }
                <p>{ words.t("draft-is-kept") }</p>
            </div>
        };
    }
    let line = |measure: &Measure| {
        let name = words.t(&format!("measure-{}", measure.as_str()));
        html! { <li><b>{ name }{ " " }{ form.text(*measure) }{ " " }{ measure.unit() }</b></li> }
    };
    let lines: Html = measures.iter().map(line).collect();
    let look_again = measures.first().copied();
    let keep = {
        let (saving, change) = (saving.clone(), change.clone());
        move |_: MouseEvent| {
            let measures = measures.clone();
            change.emit(Box::new(move |form| form.insist(measures)));
            saving.start();
        }
    };
    html! {
        <div class="save-failed" role="alertdialog" aria-label={words.t("implausible")} data-testid="implausible">
            <p>{ words.t("implausible") }</p>
            <ul>{ lines }</ul>
            <div class="button-row">
                <button type="button" class={button_class("plain")} data-testid="implausible-again"
                    onclick={move |_: MouseEvent| look_again.into_iter().for_each(focus_field)}>{ words.t("implausible-again") }</button>
                <button type="button" class={button_class("plain")} onclick={keep} data-testid="implausible-keep">{ words.t("implausible-keep") }</button>
            </div>
        </div>
    }
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
            let before = drafts::get(&*draft).unwrap_or_default();
            let text = numbers::press(measure, before.text(measure), key);
            on = key != Key::Back && numbers::is_full(measure, &text);
            let text = if on { numbers::tidy(measure, &text) } else { text };
            change.emit(Box::new(move |form| form.set_text(measure, text)));
        }
        if on {
            let place = Measure::ALL.iter().position(|other| *other == measure).unwrap_or(0);
            let next = Measure::ALL[place + 1..].iter().copied().find(|next| vitals::is_shown(*next));
            active.set(next);
            if let Some(next) = next {
                focus_field(next);
            }
        }
    })
}
