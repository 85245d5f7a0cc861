//! Writing a document. It is a draft from the first key on, as a visit is; a letter begins with what the chart knows, and is looked over before it
//! is saved.

use super::Change;
use crate::{
    api::{call, use_command},
    app::{Act, App, Route, use_app},
    components::{
        DraftFiles, FormFiles, Icon, PatientHead, ReasonField, button_class, document_kind, failure, letter, text_of,
        when, who,
    },
    document_drafts::{self as drafts, DocumentKey},
    letters,
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct WritingProps {
    /// About whom.
    pub id: PatientId,
    /// Which document.
    pub draft: DocumentDraftName,
}

/// Writing a document, its next version, or its answer.
#[component]
pub fn Writing(props: &WritingProps) -> Html {
    let app = use_app();
    let read = use_state(|| None::<Result<Rc<DocumentDraft>, ApiError>>);
    let key = app.me().map(|me| DocumentKey {
        member: me.member.clone(),
        patient: props.id.clone(),
        draft: props.draft.clone(),
    });
    {
        let read = read.clone();
        use_effect_with(key.clone(), move |key| {
            if let Some(key) = key.clone() {
                spawn_local(async move { read.set(Some(drafts::read(&key).await.map(Rc::new))) });
            }
        });
    }
    let card = use_command(GetCard { patient: props.id.clone() });
    let visits = use_command(GetTimeline {
        patient: props.id.clone(),
        start: TimelineStart::Newest,
        filter: TimelineFilter { kinds: vec![EntryKind::Visit], ..TimelineFilter::default() },
        limit: letters::VISITS,
        since: None,
    });
    let (Some(key), Some(read)) = (key, (*read).clone()) else {
        return html! { <div class="waiting" aria-busy="true" /> };
    };
    let begun = match read {
        Err(error) => return failure(&app, &error),
        Ok(draft) => draft,
    };
    let form = match (&begun.form, &props.draft, &begun.before) {
        (Some(form), _, _) => Some(form.clone()),
        (None, DocumentDraftName::New(kind), _) => match (card.ready(), visits.ready()) {
            (Some(card), Some(visits)) => Some(letters::begin(&app, &kind.kind(), Some(card), Some(visits))),
            _ => None,
        },
        (None, DocumentDraftName::Version(_), Some(before)) => Some(letters::follow(before)),
        (None, DocumentDraftName::Reply(_), Some(letter)) => Some(letters::reply(&app, letter)),
        (None, _, None) => None,
    };
    match form {
        Some(form) => html! { <Form draft={Rc::new(key)} {begun} {form} /> },
        None => html! { <div class="waiting" aria-busy="true" /> },
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    draft: Rc<DocumentKey>,
    begun: Rc<DocumentDraft>,
    form: DocumentForm,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let form = use_state(|| props.form.clone());
    let files = use_reducer(|| DraftFiles::of(&props.begun.files));
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let change = {
        let (form, draft, error, first) = (form.clone(), props.draft.clone(), error.clone(), props.form.clone());
        Callback::from(move |change: Change| {
            let mut next = drafts::get(&*draft).unwrap_or_else(|| first.clone());
            change(&mut next);
            let refused = error.clone();
            drafts::put(&*draft, &next, move |refusal| refused.set(Some(refusal)));
            form.set(next);
            error.set(None);
        })
    };
    let save = {
        let (app, draft, busy, error, form) =
            (app.clone(), props.draft.clone(), busy.clone(), error.clone(), form.clone());
        move |_: MouseEvent| {
            if *busy {
                return;
            }
            busy.set(true);
            error.set(None);
            let (app, draft, busy, error, form) =
                (app.clone(), draft.clone(), busy.clone(), error.clone(), (*form).clone());
            spawn_local(async move {
                // A write of the draft that is under way would bring it back.
                let _ = drafts::settle(&*draft).await;
                let command = SaveDocument { patient: draft.patient.clone(), draft: draft.draft.clone(), form };
                match call(&command).await {
                    Ok(saved) => done(&app, &draft, saved),
                    Err(refusal) => {
                        busy.set(false);
                        error.set(Some(refusal));
                    }
                }
            });
        }
    };
    let discard = {
        let (app, draft) = (app.clone(), props.draft.clone());
        move |_| {
            drafts::discard(&*draft);
            app.dispatch(Act::Back);
        }
    };
    let version = matches!(props.draft.draft, DocumentDraftName::Version(_));
    let kind = form.kind.clone();
    let before = props.begun.before.iter().flat_map(|before| &before.files);
    let kept: Vec<_> = before.filter(|file| form.kept.contains(&file.entry)).cloned().collect();
    html! {
        <div class="visit-page" data-testid="document-form">
            <PatientHead id={props.draft.patient.clone()} />
            <div class="visit-form">
                <h2 class="page-title">{ document_kind(&app, &kind) }<span class="quiet">{ if version { words.t("write-version") } else { String::new() } }</span></h2>
                if props.begun.form.is_some() { <p class="notice notice-info" role="status" data-testid="draft-resumed">{ words.t("draft-resumed") }</p> }
                else if !form.sections.is_empty() && !version { <p class="notice notice-info" role="status" data-testid="filled-in">{ words.t("filled-in") }</p> }
                if let (DocumentDraftName::Reply(_), Some(letter)) = (&props.draft.draft, &props.begun.before) { { asked(&app, letter) } }
                { line("document-title", words.t("document-title"), &form.title, &change, |form, text| form.title = text) }
                if is_letter(&kind) {
                    { line("to-facility-label", words.t("to-facility-label"), &form.to_facility, &change, |form, text| form.to_facility = text) }
                    { line("to-name-label", words.t("to-name-label"), &form.to_name, &change, |form, text| form.to_name = text) }
                }
                { parts(&app, &form, &change) }
                if asks(&kind) || !form.checklist.is_empty() { { questions(&app, &form, &change) } }
                <FormFiles patient={props.draft.patient.clone()} draft={DraftName::Document(props.draft.draft.clone())} {files} names={form.names.clone()} {kept}
                    on_name={change.reform(|named| -> Change { Box::new(move |form| form.names.push(named)) })}
                    on_leave={change.reform(|left: EntryId| -> Change { Box::new(move |form| form.kept.retain(|kept| *kept != left)) })} />
                if version {
                    if !props.begun.beside.is_empty() { { take_up(&app, props, &form, &change) } }
                    <ReasonField text={form.reason.clone()} on_text={change.reform(|text: String| -> Change { Box::new(move |form| form.reason = text) })} />
                }
                <button type="button" class={button_class("quiet")} onclick={discard} data-testid="document-discard">{ words.t("discard-draft") }</button>
            </div>
            <div class="visit-side">
                if let Some(refusal) = &*error {
                    <div class="save-failed" data-testid="save-failed">{ failure(&app, refusal) }<p>{ words.t("draft-is-kept") }</p></div>
                }
                <button type="button" class={classes!(button_class("primary"), "button-wide", "button-save")} onclick={save} disabled={*busy} data-testid="document-save">
                    { if *busy { words.t("saving") } else { words.t("save") } }
                </button>
            </div>
        </div>
    }
}

fn done(app: &App, draft: &DocumentKey, saved: Saved) {
    drafts::forget(draft);
    app.dispatch(Act::Changed);
    app.dispatch(match saved.entry {
        Some(entry) => Act::Replace(Route::Document(draft.patient.clone(), entry)),
        None => Act::Back,
    });
    let offline = app.sync.as_ref().is_none_or(|sync| matches!(sync.state, SyncState::Offline | SyncState::Connecting));
    app.dispatch(Act::Toast(app.words.t(if offline { "saved-will-send" } else { "saved" })));
}

/// The letter that is answered, in short, so that nobody answers from memory.
fn asked(app: &App, asking: &DocumentVersion) -> Html {
    html! {
        <details class="panel folded" data-testid="answered-letter">
            <summary><span>{ app.words.t("answers-letter") }{ "：" }{ &asking.body.title }</span></summary>
            <p class="quiet">{ who(app, &asking.author) }{ " " }{ when(app, asking.at) }</p>
            { letter(app, None, asking) }
        </details>
    }
}

fn line(
    testid: &'static str,
    label: String,
    text: &str,
    change: &Callback<Change>,
    set: fn(&mut DocumentForm, String),
) -> Html {
    let typed = change.reform(move |event: InputEvent| -> Change {
        let text = text_of(&event);
        Box::new(move |form| set(form, text))
    });
    html! {
        <label class="field">
            <span class="field-label">{ label }</span>
            <input class="input" value={text.to_owned()} oninput={typed} data-testid={testid} />
        </label>
    }
}

/// What stands under each heading of the kind, and under others that a version before had.
fn parts(app: &App, form: &DocumentForm, change: &Callback<Change>) -> Html {
    let own = parts_for(&form.kind);
    let others = form.sections.keys().map(String::as_str).filter(|name| !own.contains(name));
    let field = |name: &str| {
        let (name, text) = (name.to_owned(), form.section(name).to_owned());
        let rows = (text.lines().count() + 1).clamp(2, 10).to_string();
        let (heading, testid) = (app.words.part(&name), format!("part-{name}"));
        let typed = change.reform(move |event: InputEvent| -> Change {
            let (name, text) = (name.clone(), text_of(&event));
            Box::new(move |form| {
                form.sections.insert(name, text);
            })
        });
        html! {
            <label class="field">
                <span class="field-label">{ heading }</span>
                <textarea class="input" {rows} value={text} oninput={typed} data-testid={testid} />
            </label>
        }
    };
    html! { <section class="form-part">{ for own.iter().copied().chain(others).map(field) }</section> }
}

/// 確認事項, one line each.
fn questions(app: &App, form: &DocumentForm, change: &Callback<Change>) -> Html {
    let words = &app.words;
    let typed = |place: usize| {
        change.reform(move |event: InputEvent| -> Change {
            let text = text_of(&event);
            Box::new(move |form| {
                if let Some(question) = form.checklist.get_mut(place) {
                    *question = text;
                }
            })
        })
    };
    let remove = |place: usize| {
        change.reform(move |_: MouseEvent| -> Change {
            Box::new(move |form| {
                if place < form.checklist.len() {
                    form.checklist.remove(place);
                }
            })
        })
    };
    let add = change.reform(|_: MouseEvent| -> Change { Box::new(|form| form.checklist.push(String::new())) });
    html! {
        <section class="form-part">
            <h3>{ words.t("checklist") }</h3>
            <p class="quiet">{ words.t("checklist-explain") }</p>
            { for form.checklist.iter().enumerate().map(|(place, question)| {
                let number = (place + 1).to_string();
                html! {
                    <div class="checklist-line">
                        <input class="input" value={question.clone()} oninput={typed(place)} aria-label={words.ta("checklist-number", &[("number", &number)])} data-testid="checklist-item" />
                        <button type="button" class={button_class("quiet")} onclick={remove(place)} aria-label={words.ta("checklist-remove", &[("number", &number)])}><Icon name="close" /></button>
                    </div>
                }
            }) }
            if form.checklist.len() < MAX_CHECKLIST {
                <div><button type="button" class={button_class("plain")} onclick={add} data-testid="checklist-add">{ words.t("checklist-add") }</button></div>
            }
        </section>
    }
}

/// Whether the versions beside the one that is followed are taken up by this one.
fn take_up(app: &App, props: &FormProps, form: &DocumentForm, change: &Callback<Change>) -> Html {
    let beside = props.begun.beside.clone();
    let taken = change.reform(move |event: Event| -> Change {
        let checked = event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked());
        let beside = if checked { beside.clone() } else { Vec::new() };
        Box::new(move |form| form.takes_up = beside)
    });
    html! {
        <label class="check">
            <input type="checkbox" checked={!form.takes_up.is_empty()} onchange={taken} data-testid="take-up" /><span>{ app.words.t("take-up") }</span>
        </label>
    }
}
