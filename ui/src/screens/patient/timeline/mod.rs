//! 時系列: what every profession wrote, newest first, with the place up to which I had read.
//!
//! What is in memory is a [`pages::Stretch`], what is in the page are the rows near the screen ([`Windowed`]). A question about which
//! entries, or a jump to a day, begins a new stretch.
//!
//! *Unread* is as of when the page was opened, so that a mark does not vanish while it is being looked at. It is told to the shell once
//! every unread entry has been on the screen: whoever opens a page and looks at its top has not read the rest.

mod jump;
mod narrow;
mod pages;
mod reading;

use crate::{
    api::Load,
    app::{App, use_app},
    components::{EntryView, Icon, Windowed, button_class, failure, text_of},
    dates::Day,
    i18n::Words,
};
use gloo_timers::future::TimeoutFuture;
use jump::JumpSheet;
use narrow::{NarrowSheet, narrowed};
use pages::{Stretch, line_above, next_unread, place};
use reading::{use_head, use_stretch, use_unseen};
use std::{ops::Range, rc::Rc};
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// How long somebody types on before it is looked for.
const TYPING_MS: u32 = 200;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    /// Whose.
    pub id: PatientId,
}

/// Which of the sheets is open.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    None,
    Narrow,
    Jump,
}

/// The timeline of a patient.
#[component]
pub fn TimelineTab(props: &TimelineProps) -> Html {
    let app = use_app();
    let filter = use_state(TimelineFilter::default);
    let open = use_state(|| Open::None);
    let head = use_head(&app, &props.id);
    let list = use_stretch(&app, &props.id, &filter, head.as_ref().map(|head| head.since));
    let seen = use_state(|| 0..0usize);
    let unseen = use_unseen(&app, &props.id, head.as_ref());

    let on_seen = {
        let (seen, list, filter, unseen) = (seen.clone(), list.clone(), filter.clone(), unseen.clone());
        Callback::from(move |rows: Range<usize>| {
            if let (Load::Ready(stretch), true) = (&list.load, filter.is_empty()) {
                unseen(stretch.entries.get(rows.clone()).unwrap_or_default());
            }
            seen.set(rows);
        })
    };
    let words = &app.words;
    let stretch = list.load.ready().cloned();
    let top = stretch.as_ref().and_then(|stretch| stretch.entries.get(seen.start).cloned());
    let unread = head.as_ref().map(|head| head.unread.clone()).unwrap_or_default();
    let lowest =
        stretch.as_ref().and_then(|stretch| stretch.entries.get(seen.end.saturating_sub(1)).map(|entry| place(entry)));
    let to_unread = {
        let ask = list.ask.clone();
        let next = next_unread(&unread, lowest.as_ref()).cloned();
        move |_| {
            if let Some(next) = &next {
                ask.emit(TimelineStart::At(next.clone()));
            }
        }
    };
    let sheet = |which: Open| {
        let open = open.clone();
        move |_: MouseEvent| open.set(which)
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(Open::None))
    };
    let narrow = {
        let filter = filter.clone();
        Callback::from(move |narrower: TimelineFilter| filter.set(narrower))
    };
    let jump = {
        let (ask, open) = (list.ask.clone(), open.clone());
        Callback::from(move |day: IsoDate| {
            open.set(Open::None);
            ask.emit(TimelineStart::Day(day));
        })
    };
    html! {
        <div class="timeline" data-testid="timeline">
            <div class="timeline-bar">
                <SearchField words={filter.words.clone()} on_words={
                    let filter = filter.clone();
                    let screen_words = words.clone();
                    Callback::from(move |typed: String| filter.set(TimelineFilter { care: care_said(&screen_words, &typed), words: typed, ..(*filter).clone() }))
                } />
                <button type="button" class={classes!(button_class("plain"), (filter.profession.is_some() || !filter.kinds.is_empty()).then_some("is-on"))}
                    onclick={sheet(Open::Narrow)} aria-haspopup="dialog" aria-label={words.t("narrow")} data-testid="timeline-narrow"><Icon name="filter" /><span class="bar-words">{ words.t("narrow") }</span></button>
                <button type="button" class={button_class("plain")} onclick={sheet(Open::Jump)} aria-haspopup="dialog" data-testid="timeline-jump">
                    <Icon name="today" />
                    <span class="visually-hidden">{ words.t("jump") }</span>
                    <span class="bar-words" data-testid="timeline-day">{ top.as_ref().map_or_else(|| words.t("jump"), |entry| Day::of(entry.at).month(words.lang)) }</span>
                </button>
                if !unread.is_empty() && filter.is_empty() {
                    <button type="button" class={classes!(button_class("plain"), "button-unread")} onclick={to_unread} data-testid="timeline-unread">
                        <span>{ words.tn("unread-count", unread.len() as u64) }</span><span class="quiet bar-words">{ words.t("unread-next") }</span>
                    </button>
                }
            </div>
            { narrowed(&app, &filter, &narrow) }
            { match &list.load {
                Load::Waiting => html! { <div class="waiting" aria-busy="true" /> },
                Load::Failed(error) => failure(&app, error),
                Load::Ready(stretch) if stretch.entries.is_empty() => html! {
                    <p class="empty" role="status" data-testid="timeline-empty">{ if filter.is_empty() { words.t("timeline-empty") } else { words.t("timeline-nothing-found") } }</p>
                },
                Load::Ready(stretch) => html! {
                    <Windowed key={list.generation} keys={list.keys.clone()} row={row(&app, &props.id, stretch, &unread, &filter)}
                        label={words.t("tab-timeline")} busy={list.busy} more_before={stretch.newer} more_after={stretch.older}
                        on_reach={list.reach.clone()} on_seen={on_seen} on_home={list.ask.reform(|()| TimelineStart::Newest)}
                        show={list.show.clone()} testid="timeline-list" />
                },
            } }
            if *open == Open::Narrow { <NarrowSheet filter={(*filter).clone()} on_filter={narrow} on_close={close.clone()} /> }
            if let (Open::Jump, Some(head)) = (*open, &head) {
                <JumpSheet months={head.months.clone()} on_day={jump} on_close={close} />
            }
        </div>
    }
}

/// The codes of care, behaviours and things of the day whose words on the screen say what was typed.
fn care_said(words: &Words, typed: &str) -> Vec<String> {
    let typed = typed.trim();
    if typed.chars().count() < 2 {
        return Vec::new();
    }
    let said = |codes: &[&str], in_words: &dyn Fn(&str) -> String| -> Vec<String> {
        codes.iter().filter(|code| in_words(code).contains(typed)).map(|code| (*code).to_owned()).collect()
    };
    let mut found = said(CARE_CODES, &|code| words.care(code));
    found.extend(said(BEHAVIOUR_CODES, &|code| words.behaviour(code)));
    found.extend(said(ACTIVITY_CODES, &|code| words.activity(code)));
    found
}

/// Draws a row: the day where a new one begins, the line up to which was read, the entry.
fn row(
    app: &App,
    patient: &PatientId,
    stretch: &Rc<Stretch>,
    unread: &[TimelineCursor],
    filter: &TimelineFilter,
) -> Callback<usize, Html> {
    let everything = filter.is_empty();
    let line = if everything { line_above(&stretch.entries, unread) } else { None };
    let (app, patient, stretch) = (app.clone(), patient.clone(), stretch.clone());
    Callback::from(move |row: usize| {
        let Some(entry) = stretch.entries.get(row) else { return html! {} };
        let day = Day::of(entry.at);
        let new_day = row == 0 || stretch.entries.get(row - 1).is_some_and(|above| Day::of(above.at) != day);
        html! {
            <>
                if new_day { <h2 class="day-title">{ day.heading(app.today(), app.words.lang) }</h2> }
                if line == Some(row) {
                    <p class="read-line" data-testid="read-line"><span>{ app.words.t("read-until-here") }</span></p>
                }
                <EntryView entry={entry.clone()} patient={patient.clone()} files_beside={everything} />
            </>
        }
    })
}

#[derive(Properties, PartialEq)]
struct SearchFieldProps {
    words: String,
    on_words: Callback<String>,
}

/// What is looked for inside, a moment after the last key.
#[component]
fn SearchField(props: &SearchFieldProps) -> Html {
    let app = use_app();
    let typed = use_state(|| props.words.clone());
    {
        // Taken back somewhere else.
        let typed = typed.clone();
        use_effect_with(props.words.clone(), move |words| {
            if words.is_empty() {
                typed.set(String::new());
            }
        });
    }
    let last = use_mut_ref(|| 0u32);
    let oninput = {
        let (typed, on_words) = (typed.clone(), props.on_words.clone());
        move |event: InputEvent| {
            let text = text_of(&event);
            typed.set(text.clone());
            *last.borrow_mut() += 1;
            let (mine, last, on_words) = (*last.borrow(), last.clone(), on_words.clone());
            spawn_local(async move {
                TimeoutFuture::new(TYPING_MS).await;
                if *last.borrow() == mine {
                    on_words.emit(text);
                }
            });
        }
    };
    html! {
        <label class="search">
            <Icon name="search" /><span class="visually-hidden">{ app.words.t("timeline-search") }</span>
            <input class="input" type="search" value={(*typed).clone()} {oninput} autocomplete="off"
                placeholder={app.words.t("timeline-search")} data-testid="timeline-search" />
        </label>
    }
}
