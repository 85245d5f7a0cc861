//! The map: numbered places and the region's own lines, drawn here. Each place is a button for finger, keyboard and screen reader.

use crate::{
    app::use_app,
    map::{HEIGHT, Map, WIDTH},
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MapProps {
    /// The entries, in the order of their numbers.
    pub resources: Rc<Resources>,
    /// Which of them is chosen.
    pub chosen: Option<usize>,
    /// One was chosen.
    pub on_choose: Callback<usize>,
}

/// Where the entries are.
#[component]
pub fn MapView(props: &MapProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let found = &props.resources.found;
    let places: Vec<(usize, MapPlace)> =
        found.iter().enumerate().filter_map(|(number, one)| Some((number, one.place?))).collect();
    let all: Vec<MapPlace> = places.iter().map(|(_, place)| *place).collect();
    let Some(map) = Map::of(&all) else {
        return html! { <p class="empty">{ words.t("resources-no-place") }</p> };
    };
    let (metres, length) = map.ruler();
    let without = found.len() - places.len();
    html! {
        <figure class="map" data-testid="map">
            <div class="map-box">
                <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} aria-hidden="true" focusable="false">
                    { for props.resources.outline.iter().map(|line| html! { <polyline class="map-line" points={map.line(line)} /> }) }
                    <path class="map-ruler" d={format!("M30 {y} v-12 v12 h{length:.1} v-12", y = HEIGHT - 20.0)} />
                    <text class="map-text" x="34" y={format!("{}", HEIGHT - 38.0)}>{ words.tn("resources-ruler", metres / 1_000) }</text>
                    <path class="map-ruler" d={format!("M{x} 70 v-45 l-10 14 m10 -14 l10 14", x = WIDTH - 40.0)} />
                    <text class="map-text" x={format!("{}", WIDTH - 52.0)} y="98">{ words.t("resources-north") }</text>
                </svg>
                { for places.iter().map(|(number, place)| {
                    let (x, y) = map.at(*place);
                    let (number, one) = (*number, &found[*number]);
                    let chosen = props.chosen == Some(number);
                    html! { <MapPoint key={number} {number} name={format!("{} {}", one.name, one.kind)} {x} {y} {chosen} on_choose={props.on_choose.clone()} /> }
                }) }
            </div>
            <figcaption class="quiet">{ words.t("resources-map-explain") }
                if without > 0 { { " " }{ words.tn("resources-unplaced", without as u64) } }</figcaption>
        </figure>
    }
}

#[derive(Properties, PartialEq)]
struct PointProps {
    number: usize,
    name: String,
    x: f64,
    y: f64,
    chosen: bool,
    on_choose: Callback<usize>,
}

/// A place as a numbered button. It is put where it belongs through the page's own object model: the content policy allows no inline style.
#[component]
fn MapPoint(props: &PointProps) -> Html {
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((props.x.to_bits(), props.y.to_bits()), move |(x, y)| {
            if let Some(button) = button.cast::<web_sys::HtmlElement>() {
                let percent = |bits: u64, of: f64| format!("{:.2}%", f64::from_bits(bits) / of * 100.0);
                let style = button.style();
                // Refused only where the property has no such value.
                let _ = style.set_property("left", &percent(*x, WIDTH));
                let _ = style.set_property("top", &percent(*y, HEIGHT));
            }
        });
    }
    let number = props.number;
    html! {
        <button ref={button} type="button" class={classes!("map-point", props.chosen.then_some("is-chosen"))} aria-label={props.name.clone()}
            aria-pressed={props.chosen.to_string()} onclick={props.on_choose.reform(move |_: MouseEvent| number)} data-testid="map-point">
            <span>{ number + 1 }</span>
        </button>
    }
}
