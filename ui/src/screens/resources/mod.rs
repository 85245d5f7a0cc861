//! 資源リスト: who offers what in the region, where; as a list, and as a map of the same entries under the same numbers.
//!
//! What is looked for narrows both, what is chosen in one is chosen in the other, and the list says everything that the map says: whoever
//! cannot see the map misses nothing.

mod entry;
mod gestures;
mod plan;

use crate::{
    api::use_command,
    app::{Act, App, use_app},
    components::{Chips, Icon, button_class, text_of},
    dates::Day,
};
use entry::Entry;
use std::rc::Rc;
use tendenko_app_api::*;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The region's directory.
#[component]
pub fn ResourcesScreen() -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = use_state(String::new);
    let kind = use_state(|| None::<String>);
    let map = use_state(|| false);
    // Numbers hold for one edition only.
    let chosen = use_state(|| (None::<u64>, Rc::<Vec<u32>>::default()));
    let found = use_command(GetResources { words: (*typed).clone(), kind: (*kind).clone() });
    let edition = found.ready().and_then(|found| found.edition).map(|edition| edition.serial);
    let now_chosen = if chosen.0 == edition { chosen.1.clone() } else { Rc::default() };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |numbers: Vec<u32>| chosen.set((edition, Rc::new(numbers))))
    };
    let back = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Back)
    };
    let set_typed = {
        let (typed, choose) = (typed.clone(), choose.clone());
        move |event: InputEvent| {
            choose.emit(Vec::new());
            typed.set(text_of(&event));
        }
    };
    let set_kind = {
        let (kind, choose) = (kind.clone(), choose.clone());
        Callback::from(move |event: Event| {
            if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                choose.emit(Vec::new());
                kind.set(Some(select.value()).filter(|value| !value.is_empty()));
            }
        })
    };
    let show_all = {
        let (typed, kind) = (typed.clone(), kind.clone());
        move |_: MouseEvent| {
            typed.set(String::new());
            kind.set(None);
        }
    };
    let set_view = {
        let map = map.clone();
        move |touched: String| map.set(touched == "map")
    };
    let on_map = {
        let (map, choose) = (map.clone(), choose.clone());
        Callback::from(move |number: u32| {
            choose.emit(vec![number]);
            map.set(true);
        })
    };
    let views = vec![("list".to_owned(), words.t("resources-list")), ("map".to_owned(), words.t("resources-map"))];
    let narrowed = !typed.is_empty() || kind.is_some();
    html! {
        <div class="page" data-testid="resources">
            <div class="page-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={words.t("back")}><Icon name="back" /></button>
                <h1 class="page-title">{ words.t("resources") }</h1>
            </div>
            { found.show(&app, |found| {
                let Some(edition) = found.edition else {
                    return html! { <p class="empty" data-testid="resources-none">{ words.t("resources-none") }</p> };
                };
                html! {
                    <>
                        <div class="resources-bar">
                            <label class="search"><span class="visually-hidden">{ words.t("resources-search") }</span><Icon name="search" />
                                <input class="input" type="search" value={(*typed).clone()} oninput={set_typed} autocomplete="off" placeholder={words.t("resources-search")} data-testid="resources-search" />
                            </label>
                            { kinds(&app, found, kind.as_deref(), set_kind) }
                            <Chips choices={views} chosen={vec![if *map { "map" } else { "list" }.to_owned()]} on_touch={set_view} label={words.t("resources-view")} testid="resources-view" />
                        </div>
                        <div class="resources-count">
                            <p role="status" data-testid="resources-count" data-count={found.found.len().to_string()}>{ count(&app, found) }
                                if let Some(from) = &found.from { { " " }<span class="quiet">{ words.ta("resources-from", &[("from", from)]) }</span> }</p>
                            if narrowed { <button type="button" class={button_class("quiet")} onclick={show_all} data-testid="resources-all">{ words.t("resources-show-all") }</button> }
                        </div>
                        if found.found.is_empty() {
                            <p class="empty" data-testid="resources-found-none">{ words.t("resources-found-none") }</p>
                        } else if *map && found.found.iter().all(|one| one.place.is_none()) {
                            <p class="empty" data-testid="map-empty">{ words.t("resources-no-place") }</p>
                        } else if *map {
                            <plan::MapView resources={found.clone()} chosen={now_chosen.clone()} on_choose={choose} />
                            <div class="rows" aria-live="polite" data-testid="resources-chosen">
                                if now_chosen.len() > 1 { <p>{ words.tn("resources-same-place", now_chosen.len() as u64) }</p> }
                                { for found.found.iter().filter(|one| now_chosen.contains(&one.number)).map(|one| html! {
                                    <Entry key={one.number} one={one.clone()} chosen={now_chosen.first() == Some(&one.number)} />
                                }) }
                            </div>
                        } else {
                            <div class="rows">
                                { for found.found.iter().map(|one| html! {
                                    <Entry key={one.number} one={one.clone()} chosen={now_chosen.contains(&one.number)} on_map={on_map.clone()} />
                                }) }
                            </div>
                        }
                        <p class="quiet" data-testid="resources-edition">{ words.ta("resources-edition", &[("serial", &edition.serial.to_string()), ("date", &Day::of(edition.published).long(words.lang))]) }</p>
                    </>
                }
            }) }
        </div>
    }
}

/// The kinds of which one can be chosen, with how many are of each.
fn kinds(app: &App, found: &Resources, kind: Option<&str>, on_change: Callback<Event>) -> Html {
    let words = &app.words;
    let named = |name: &str, n: u32| words.ta("resources-of-kind", &[("kind", name), ("n", &n.to_string())]);
    html! {
        <label class="resources-kind"><span class="visually-hidden">{ words.t("resources-kind") }</span>
            <select class="input" onchange={on_change} data-testid="resources-kind">
                <option value="" selected={kind.is_none()}>{ named(&words.t("resources-every-kind"), found.total) }</option>
                { for found.kinds.iter().map(|one| html! {
                    <option key={one.name.clone()} value={one.name.clone()} selected={kind == Some(one.name.as_str())}>{ named(&one.name, one.count) }</option>
                }) }
            </select>
        </label>
    }
}

fn count(app: &App, found: &Resources) -> String {
    let here = found.found.len();
    if here as u64 == u64::from(found.total) {
        return app.words.tn("resources-count", found.total);
    }
    app.words.ta("resources-count-of", &[("n", &here.to_string()), ("total", &found.total.to_string())])
}
