//! One entry in full: what it offers, and how and when it is reached.

use crate::{
    app::{App, use_app},
    components::{Icon, button_class},
    map::Far,
};
use tendenko_app_api::*;
use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct EntryProps {
    /// Which.
    pub one: ResourceView,
    /// It was chosen: it comes into sight.
    pub chosen: bool,
    /// Leads to it on the map; none = we are there.
    #[prop_or_default]
    pub on_map: Option<Callback<u32>>,
}

/// One entry in full, under its number.
#[component]
pub fn Entry(props: &EntryProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with(props.chosen, move |chosen| {
            if let Some(place) = place.cast::<HtmlElement>().filter(|_| *chosen) {
                let options = ScrollIntoViewOptions::new();
                options.set_block(ScrollLogicalPosition::Nearest);
                place.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    }
    let one = &props.one;
    let pair = |label: String, text: &str| {
        if text.is_empty() {
            return Html::default();
        }
        html! { <div><dt>{ label }</dt><dd>{ text }</dd></div> }
    };
    let to_map = props.on_map.clone().filter(|_| one.place.is_some()).map(|on_map| {
        let number = one.number;
        move |_: MouseEvent| on_map.emit(number)
    });
    html! {
        <article ref={place} class={classes!("panel", "resource", props.chosen.then_some("is-chosen"))} aria-current={props.chosen.then_some("true")}
            data-testid="resource" data-number={one.number.to_string()} data-own={one.own.to_string()}>
            <h2><span class="resource-number">{ one.number }</span><span>{ &one.name }</span></h2>
            <p class="resource-what">
                if !one.kind.is_empty() { <span class="quiet">{ &one.kind }</span> }
                if one.own { <span class="mark mark-unread">{ words.t("resources-own") }</span> }
                if let Some(metres) = one.metres { <span class="resource-far">{ distance(&app, metres) }</span> }
            </p>
            if !one.services.is_empty() {
                <ul class="care" aria-label={words.t("resources-services")}>{ for one.services.iter().map(|service| html! { <li class="care-done">{ service }</li> }) }</ul>
            }
            if !one.phone.is_empty() {
                <p class="phone resource-phone"><Icon name="phone" /><span class="visually-hidden">{ words.t("resources-phone") }</span>{ &one.phone }</p>
            }
            <dl class="pairs resource-pairs">
                { pair(words.t("resources-address"), &one.address) }
                { pair(words.t("resources-hours"), &one.hours) }
                { pair(words.t("resources-capacity"), &one.capacity) }
                { pair(words.t("resources-comment"), &one.comment) }
            </dl>
            if let Some(to_map) = to_map {
                <button type="button" class={button_class("plain")} onclick={to_map} data-testid="resource-on-map"><Icon name="place" />{ words.t("resources-on-map") }</button>
            } else if one.place.is_none() {
                <p class="quiet">{ words.t("resources-unplaced") }</p>
            }
        </article>
    }
}

/// How far it is from my own facility, in words.
pub fn distance(app: &App, metres: u32) -> String {
    let words = &app.words;
    let far = match Far::of(metres) {
        Far::Near => return words.t("resources-near"),
        Far::Metres(metres) => words.ta("far-metres", &[("metres", &metres.to_string())]),
        Far::Kilometres(km) => words.ta("far-kilometres", &[("km", &km)]),
    };
    words.ta("resources-far", &[("far", &far)])
}
