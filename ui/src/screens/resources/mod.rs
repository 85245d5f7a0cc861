//! 資源: who offers what in the region, where; as a list, and as a map of the same entries under the same numbers.
//!
//! The list says everything that the map says: whoever cannot see the map misses nothing.

mod plan;

use crate::{
    api::use_command,
    app::{Act, App, use_app},
    components::{Chips, Icon, button_class, text_of},
    dates::Day,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// The region's directory.
#[component]
pub fn Resources() -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = use_state(String::new);
    let kind = use_state(|| None::<String>);
    let map = use_state(|| false);
    let chosen = use_state(|| None::<usize>);
    let found = use_command(GetResources { words: (*typed).clone(), kind: (*kind).clone() });
    let back = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Back)
    };
    let set_typed = {
        let (typed, chosen) = (typed.clone(), chosen.clone());
        move |event: InputEvent| {
            chosen.set(None);
            typed.set(text_of(&event));
        }
    };
    let set_kind = {
        let (kind, chosen) = (kind.clone(), chosen.clone());
        move |touched: String| {
            chosen.set(None);
            kind.set(if *kind == Some(touched.clone()) { None } else { Some(touched) });
        }
    };
    let set_view = {
        let map = map.clone();
        move |touched: String| map.set(touched == "map")
    };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |place: usize| chosen.set(Some(place)))
    };
    let views = vec![("list".to_owned(), words.t("resources-list")), ("map".to_owned(), words.t("resources-map"))];
    html! {
        <div class="page" data-testid="resources">
            <div class="page-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={words.t("back")}><Icon name="back" /></button>
                <h1 class="page-title">{ words.t("resources") }</h1>
            </div>
            <label class="search"><span class="visually-hidden">{ words.t("resources-search") }</span><Icon name="search" />
                <input class="input" type="search" value={(*typed).clone()} oninput={set_typed} placeholder={words.t("resources-search")} data-testid="resources-search" />
            </label>
            { found.show(&app, |found| {
                let kinds: Vec<_> = found.kinds.iter().map(|kind| (kind.clone(), kind.clone())).collect();
                html! {
                    <>
                        if let Some(published) = found.published {
                            <Chips choices={kinds} chosen={kind.iter().cloned().collect::<Vec<_>>()} on_touch={set_kind} label={words.t("resources-kind")} testid="resources-kind" />
                            <Chips choices={views} chosen={vec![if *map { "map" } else { "list" }.to_owned()]} on_touch={set_view} label={words.t("resources-view")} testid="resources-view" />
                            if found.found.is_empty() { <p class="empty">{ words.t("resources-found-none") }</p> }
                            if *map {
                                <plan::MapView resources={found.clone()} chosen={*chosen} on_choose={choose} />
                                if let Some((place, one)) = chosen.and_then(|place| Some((place, found.found.get(place)?))) { { entry(&app, place, one) } }
                            } else {
                                <div class="rows">{ for found.found.iter().enumerate().map(|(place, one)| entry(&app, place, one)) }</div>
                            }
                            <p class="quiet">{ words.ta("resources-published", &[("date", &Day::of(published).long(words.lang))]) }</p>
                        } else {
                            <p class="empty" data-testid="resources-none">{ words.t("resources-none") }</p>
                        }
                    </>
                }
            }) }
        </div>
    }
}

/// One entry in full, under its number.
fn entry(app: &App, place: usize, one: &ResourceView) -> Html {
    let words = &app.words;
    html! {
        <article class="panel resource" key={format!("{place}{}", one.name)} data-testid="resource">
            <h2><span class="resource-number">{ place + 1 }</span>{ &one.name }</h2>
            <p><span class="quiet">{ &one.kind }</span>
                if let Some(metres) = one.metres { <span class="resource-far">{ far(app, metres) }</span> }</p>
            if !one.services.is_empty() {
                <p class="care">{ for one.services.iter().map(|service| html! { <span class="care-done">{ service }</span> }) }</p>
            }
            if !one.phone.is_empty() { <p class="phone resource-phone"><Icon name="phone" />{ &one.phone }</p> }
            if !one.address.is_empty() { <p>{ &one.address }</p> }
            if !one.hours.is_empty() { <p><span class="quiet">{ words.t("resources-hours") }{ "：" }</span>{ &one.hours }</p> }
            if !one.comment.is_empty() { <p class="free-text">{ &one.comment }</p> }
        </article>
    }
}

/// How far it is from one's own facility.
fn far(app: &App, metres: u32) -> String {
    let kilometres = format!("{}.{}", metres / 1_000, metres % 1_000 / 100);
    app.words.ta("resources-far", &[("km", &kilometres)])
}
