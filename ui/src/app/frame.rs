//! The frame of every screen: the rail, the line that is always there, the screen, and what was just done.

use super::{Act, App, Route, Undo, use_app};
use crate::{
    api::{self, run},
    components::{Icon, button_class},
    dates,
    screens::{self, PatientTab, SyncSheet},
};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long a sentence about what was done stays.
const TOAST_MS: u32 = 6_000;
/// How long something that was done can be taken back.
const UNDO_MS: u32 = 12_000;
/// How long nobody touches the screen before it locks by itself.
const IDLE_MS: i64 = 10 * 60_000;

/// The frame of every screen that needs an open store.
#[component]
pub fn Frame() -> Html {
    let app = use_app();
    use_sync_once(&app);
    let touched = use_idle_lock(&app);
    let place = use_node_ref();
    {
        // A new screen begins at its top, and that is where keyboard and screen reader go on.
        let place = place.clone();
        use_effect_with(app.route().clone(), move |_| {
            if let Some(place) = place.cast::<web_sys::HtmlElement>() {
                place.set_scroll_top(0);
                let _ = place.focus();
            }
        });
    }
    let site = matches!(app.route(), Route::Site | Route::SiteCard(..));
    html! {
        <div class={classes!("frame", site.then_some("frame-site"))} onpointerdown={touched.reform(|_: PointerEvent| ())}
            onkeydown={touched.reform(|_: KeyboardEvent| ())} data-testid="frame">
            <a class="skip" href="#screen">{ app.words.t("skip-to-screen") }</a>
            <Rail />
            <TopLine />
            <main ref={place} id="screen" class="screen" tabindex="-1">{ screen(&app) }</main>
            <Toast />
            if app.sync_sheet { <SyncSheet /> }
        </div>
    }
}

fn screen(app: &App) -> Html {
    match app.route().clone() {
        Route::Today => html! { <screens::TodayScreen /> },
        Route::Patients => html! { <screens::Patients /> },
        Route::Patient(id, tab) => html! { <screens::Patient key={id.0.clone()} id={id.clone()} {tab} /> },
        Route::Sheet(id, sheet) => {
            let (key, tab) = (format!("{id}-begun"), PatientTab::of(&sheet));
            html! { <screens::Patient {key} {id} {tab} begun={Some(sheet)} /> }
        }
        Route::Visit(id, correct) => {
            let key = format!("{id}{}", correct.as_ref().map_or("", |entry| &entry.0));
            html! { <screens::Visit {key} {id} {correct} /> }
        }
        Route::Register => html! { <screens::Register /> },
        Route::CardEdit(id) => html! { <screens::CardEdit key={id.0.clone()} id={id.clone()} /> },
        Route::Notebook(id) => html! { <screens::Notebook key={id.0.clone()} id={id.clone()} /> },
        Route::Document(id, entry) => {
            html! { <screens::Document key={entry.0.clone()} id={id.clone()} entry={entry.clone()} /> }
        }
        Route::Writing(id, draft) => {
            let key = format!("{id}{draft:?}");
            html! { <screens::Writing {key} {id} {draft} /> }
        }
        Route::Transport(id) => html! { <screens::Transport key={id.0.clone()} id={id.clone()} /> },
        Route::NotebookOut(id) => html! { <screens::NotebookOut key={id.0.clone()} id={id.clone()} /> },
        Route::Schedule(patient) => {
            let key = patient.as_ref().map_or_else(String::new, |patient| patient.0.clone());
            html! { <screens::ScheduleScreen {key} {patient} /> }
        }
        Route::HandOvers => html! { <screens::HandOvers /> },
        Route::Conflicts(patient) => html! { <screens::Conflicts {patient} /> },
        Route::Site => html! { <screens::Site /> },
        Route::SiteCard(id, reason) => html! { <screens::SiteCard key={id.0.clone()} id={id.clone()} {reason} /> },
        Route::Resources => html! { <screens::ResourcesScreen /> },
        Route::Nearby => html! { <screens::NearbyScreen /> },
        Route::Settings => html! { <screens::Settings /> },
        Route::Gallery => html! { <screens::Gallery /> },
    }
}

#[hook]
fn use_idle_lock(app: &App) -> Callback<()> {
    let last = use_mut_ref(super::page_now);
    {
        let (app, last) = (app.clone(), last.clone());
        use_effect_with((), move |()| {
            let alive = std::rc::Rc::new(std::cell::Cell::new(true));
            let watched = alive.clone();
            spawn_local(async move {
                while watched.get() {
                    TimeoutFuture::new(15_000).await;
                    let idle = super::page_now() - *last.borrow();
                    if watched.get() && idle >= IDLE_MS {
                        lock(&app);
                        return;
                    }
                }
            });
            move || alive.set(false)
        });
    }
    Callback::from(move |()| *last.borrow_mut() = super::page_now())
}

/// Closes the store; the screen goes first, whatever the shell answers.
fn lock(app: &App) {
    let locked = app.clone();
    api::run(app, Lock {}, move |_| locked.dispatch(Act::Locked));
}

#[hook]
fn use_sync_once(app: &App) {
    let app = app.clone();
    use_effect_with((), move |()| {
        let sync = app.clone();
        api::run(&app, GetSync {}, move |answer| {
            if let Ok(view) = answer {
                sync.dispatch(Act::Sync(view));
            }
        });
    });
}

#[component]
fn Rail() -> Html {
    let app = use_app();
    let here = app.stack.first().cloned().unwrap_or(Route::Today);
    let places = [
        (Route::Today, "today", app.words.t("nav-today")),
        (Route::Patients, "patients", app.words.t("nav-patients")),
        (Route::HandOvers, "hand-over", app.words.t("nav-hand-overs")),
        (Route::Site, "site", app.words.t("nav-site")),
        (Route::Settings, "settings", app.words.t("nav-settings")),
    ];
    html! {
        <nav class="rail" aria-label={app.words.t("nav-label")}>
            { for places.into_iter().map(|(route, icon, name)| {
                let current = here == route;
                let go = app.clone();
                html! {
                    <button type="button" class={classes!("rail-place", current.then_some("is-current"))}
                        aria-current={current.then_some("page")} data-testid={format!("nav-{icon}")}
                        onclick={move |_| go.dispatch(Act::Root(route.clone()))}>
                        <Icon name={icon} /><span>{ name }</span>
                    </button>
                }
            }) }
        </nav>
    }
}

#[component]
fn TopLine() -> Html {
    let app = use_app();
    let open = {
        let app = app.clone();
        move |_| app.dispatch(Act::SyncSheet(true))
    };
    let lock_now = {
        let app = app.clone();
        move |_| lock(&app)
    };
    let words = app.sync.as_ref().map_or_else(String::new, |sync| sync_words(&app, sync));
    let state = app.sync.as_ref().map_or("unknown", |sync| state_name(sync.state));
    html! {
        <header class="topline">
            if app.status.as_ref().is_some_and(|status| status.demo) {
                <span class="demo" data-testid="demo-mark">{ app.words.t("demo-mark") }</span>
            }
            if let Some(me) = app.me() {
                <span class="whoami" data-testid="whoami">
                    <b>{ &me.name }</b><span class="quiet whoami-more">{ app.words.profession(&me.profession) }</span>
                </span>
            }
            <button type="button" class={classes!("syncline", format!("sync-{state}"))} onclick={open} data-testid="sync-line"
                data-state={state} data-unsent={app.sync.as_ref().map(|sync| sync.unsent.to_string())}
                aria-haspopup="dialog">
                <SyncMark /><span aria-live="polite">{ words }</span>
            </button>
            <button type="button" class={button_class("quiet")} onclick={lock_now} data-testid="lock" aria-label={app.words.t("lock")}>
                <Icon name="lock" />
            </button>
        </header>
    }
}

/// The state of sync for classes and tests.
pub fn state_name(state: SyncState) -> &'static str {
    match state {
        SyncState::Offline => "offline",
        SyncState::Connecting => "connecting",
        SyncState::Sending { .. } => "sending",
        SyncState::Receiving { .. } => "receiving",
        SyncState::Idle => "idle",
    }
}

/// A circle that is empty offline, half full while something moves, full when both sides have the same. The classes
/// of the line decide which; the words beside it say it.
#[component]
fn SyncMark() -> Html {
    html! {
        <svg class="sync-mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <circle class="ring" cx="10" cy="10" r="7.5" /><path class="half" d="M10 2.5a7.5 7.5 0 0 0 0 15z" />
        </svg>
    }
}

/// The permanent line in words.
pub fn sync_words(app: &App, sync: &SyncView) -> String {
    let words = &app.words;
    let waiting = if sync.unsent > 0 { words.tn("sync-unsent", sync.unsent) } else { String::new() };
    let so_far = |done: u32, total: u32| [done.to_string(), total.to_string()];
    // A link that broke in the middle of the first exchange leaves a list that looks whole.
    let here = if sync.patients.complete < sync.patients.known {
        let [complete, known] = so_far(sync.patients.complete, sync.patients.known);
        words.ta("sync-patients-here", &[("complete", &complete), ("known", &known)])
    } else {
        String::new()
    };
    match sync.state {
        SyncState::Offline => format!("{}{here}{waiting}", words.t("sync-offline")),
        SyncState::Connecting => format!("{}{here}{waiting}", words.t("sync-connecting")),
        SyncState::Sending { done, total } => {
            let [done, total] = so_far(done, total);
            words.ta("sync-sending", &[("done", &done), ("total", &total)])
        }
        SyncState::Receiving { .. } if sync.patients.known > 0 && !sync.patients.all() => {
            let [complete, known] = so_far(sync.patients.complete, sync.patients.known);
            words.ta("sync-receiving-patients", &[("complete", &complete), ("known", &known)])
        }
        SyncState::Receiving { done, total: Some(total) } => {
            let [done, total] = so_far(done, total);
            words.ta("sync-receiving", &[("done", &done), ("total", &total)])
        }
        SyncState::Receiving { .. } => words.t("sync-receiving-some"),
        SyncState::Idle if sync.unsent > 0 => format!("{}{waiting}", words.t("sync-waiting")),
        SyncState::Idle => {
            let time = sync.last_contact.map_or_else(String::new, |at| dates::moment(at, app.now()));
            words.ta("sync-idle", &[("time", &time)])
        }
    }
}

#[component]
fn Toast() -> Html {
    let app = use_app();
    {
        let (dispatch, can_undo) = (app.dispatcher(), app.undo.is_some());
        use_effect_with(app.toast.as_ref().map(|(number, _)| *number), move |number| {
            if let Some(number) = *number {
                spawn_local(async move {
                    TimeoutFuture::new(if can_undo { UNDO_MS } else { TOAST_MS }).await;
                    dispatch.dispatch(Act::ToastOver(number));
                });
            }
        });
    }
    html! {
        <div class="toast-place" role="status" aria-live="polite">
            if let Some((_, text)) = &app.toast {
                <div class="toast" data-testid="toast"><Icon name="check" /><span>{ text }</span>
                    if let Some(undo) = app.undo.clone() {
                        <button type="button" class="button button-quiet button-small" onclick={take_back(&app, undo)} data-testid="undo">{ app.words.t("undo") }</button>
                    }
                </div>
            }
        </div>
    }
}

/// Takes a visit back: the record says so, and what was saved is a draft again, on the screen where it was typed.
fn take_back(app: &App, undo: Rc<Undo>) -> impl Fn(MouseEvent) + 'static {
    let app = app.clone();
    move |_| {
        let (after, undo) = (app.clone(), undo.clone());
        let reason = app.words.t("undo-reason");
        let (patient, entry, form) = (undo.patient.clone(), undo.entry.clone(), undo.form.clone());
        run(&app, UndoVisit { patient, entry, form, reason }, move |answer| match answer {
            Ok(()) => {
                after.dispatch(Act::Changed);
                after.dispatch(Act::Go(Route::Visit(undo.patient.clone(), None)));
                after.dispatch(Act::Toast(after.words.t("undone")));
            }
            Err(error) => after.dispatch(Act::Toast(after.words.error(&error))),
        });
    }
}
