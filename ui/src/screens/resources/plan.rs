//! The map: numbered places and the region's own lines, drawn here. Each place, and each group of places, is a button for finger, keyboard
//! and screen reader; what it shows is worked out in [`crate::map`].

use super::{entry::distance, gestures::use_gestures};
use crate::{
    app::{App, use_app},
    components::{Icon, button_class},
    map::{Ground, Group, Look, Pane, Pixel, Projection, Turn},
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, ResizeObserver};
use yew::prelude::*;

/// Before the screen was measured.
const PANE: Pane = Pane { width: 600.0, height: 400.0, touch: 44.0 };
/// So many times as large or as small with a touch of a button or a key.
const STEP: f64 = 1.6;
/// What an arrow key moves, in touch targets.
const ARROW: f64 = 2.0;
/// Names of a group that are read out.
const READ_OUT: usize = 3;

impl Reducible for Look {
    type Action = Turn;

    fn reduce(self: Rc<Self>, turn: Turn) -> Rc<Self> {
        Rc::new(self.turned(turn))
    }
}

#[derive(Properties, PartialEq)]
pub struct MapProps {
    /// The entries, one with a place at least.
    pub resources: Rc<Resources>,
    /// The numbers of those that are chosen.
    pub chosen: Rc<Vec<u32>>,
    /// These were chosen: one, or all of a place.
    pub on_choose: Callback<Vec<u32>>,
}

/// Where the entries are.
#[component]
pub fn MapView(props: &MapProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let pane = use_node_ref();
    let probe = use_node_ref();
    let flat = use_memo(props.resources.clone(), |resources| Flat::of(resources));
    let look = {
        let places = flat.places.clone();
        use_reducer_eq(move || Look::new(PANE, places))
    };
    let turn = {
        let dispatcher = look.dispatcher();
        Callback::from(move |turn| dispatcher.dispatch(turn))
    };
    {
        let turn = turn.clone();
        use_effect_with(flat.places.clone(), move |places| turn.emit(Turn::Places(places.clone())));
    }
    {
        // What was chosen in the list is what the map begins with.
        let (pane, probe, turn) = (pane.clone(), probe.clone(), turn.clone());
        let first = props.chosen.first().and_then(|number| flat.at(&props.resources, *number));
        use_effect_with((), move |()| {
            let watched = watch(&pane, &probe, turn.clone());
            if let Some(place) = first {
                turn.emit(Turn::On(place));
            }
            move || {
                if let Some((observer, callback)) = watched {
                    observer.disconnect();
                    drop(callback);
                }
            }
        });
    }
    let hand = use_gestures(pane.clone(), turn.clone());
    // The places of this drawing, also where the turn that brings them is still on its way.
    let look =
        if look.places() == &flat.places { (*look).clone() } else { look.turned(Turn::Places(flat.places.clone())) };
    let Some(view) = look.view() else { return Html::default() };
    let focus = {
        let pane = pane.clone();
        move || {
            if let Some(pane) = pane.cast::<HtmlElement>() {
                // Refused only when it has just left the page.
                let _ = pane.focus();
            }
        }
    };
    let on_key = {
        let (turn, focus, arrow) = (turn.clone(), focus.clone(), look.pane().touch * ARROW);
        move |event: KeyboardEvent| {
            if let Some(keyed) = keyed(&event, arrow) {
                event.prevent_default();
                // The place that had the focus may leave the map.
                focus();
                turn.emit(keyed);
            }
        }
    };
    let on_touch = {
        let (look, flat, resources) = (look.clone(), flat.clone(), props.resources.clone());
        let (turn, on_choose) = (turn.clone(), props.on_choose.clone());
        Callback::from(move |(members, keyboard): (Rc<Vec<usize>>, bool)| {
            if hand.borrow().has_dragged() && !keyboard {
                return;
            }
            let grounds: Vec<Ground> = members.iter().map(|one| look.places()[*one]).collect();
            match look.closer(&grounds).filter(|_| grounds.len() > 1) {
                Some(closer) => {
                    if keyboard {
                        focus();
                    }
                    turn.emit(closer);
                }
                None => on_choose.emit(members.iter().map(|one| resources.found[flat.entries[*one]].number).collect()),
            }
        })
    };
    let room = look.pane();
    let groups = look.groups();
    let shown: Vec<(Group, Pixel)> = groups
        .into_iter()
        .map(|group| (view.at(room, look.places()[group.members[0]]), group))
        .filter(|(at, _)| room.holds(*at))
        .map(|(at, group)| (group, at))
        .collect();
    let seen: usize = shown.iter().map(|(group, _)| group.members.len()).sum();
    let (placed, without) = (flat.entries.len(), props.resources.found.len() - flat.entries.len());
    html! {
        <figure class="map" data-testid="map">
            <div class="map-controls" role="group" aria-label={words.t("map-controls")}>
                { control(&turn, "zoom-in", words.t("map-zoom-in"), "map-in", Turn::Zoom(STEP, None)) }
                { control(&turn, "zoom-out", words.t("map-zoom-out"), "map-out", Turn::Zoom(1.0 / STEP, None)) }
                <button type="button" class={button_class("plain")} onclick={turn.reform(|_: MouseEvent| Turn::Whole)} data-testid="map-whole">{ words.t("map-whole") }</button>
                if let Some(home) = flat.home {
                    <button type="button" class={button_class("plain")} onclick={turn.reform(move |_: MouseEvent| Turn::On(home))} data-testid="map-home"><Icon name="home" />{ words.t("resources-own") }</button>
                }
            </div>
            <div class="map-frame">
                <div ref={pane} class="map-pane" tabindex="0" role="group" aria-label={words.t("map-label")} aria-describedby="map-explain" onkeydown={on_key} data-testid="map-pane">
                    <span ref={probe} class="map-probe" aria-hidden="true" />
                    { drawing(&app, &look, &flat) }
                    { for shown.iter().map(|(group, at)| {
                        let members: Vec<&ResourceView> = group.members.iter().map(|one| &props.resources.found[flat.entries[*one]]).collect();
                        let grounds: Vec<Ground> = group.members.iter().map(|one| look.places()[*one]).collect();
                        let chosen = members.iter().any(|one| props.chosen.contains(&one.number));
                        html! {
                            <Point key={members[0].number} face={Face::of(&app, &members, look.closer(&grounds).is_some())} x={at.x} y={at.y} {chosen}
                                members={Rc::new(group.members.clone())} on_touch={on_touch.clone()} />
                        }
                    }) }
                </div>
            </div>
            <figcaption class="map-caption">
                <p role="status" data-testid="map-status" data-seen={seen.to_string()}>{ words.ta("map-seen", &[("all", &placed.to_string()), ("seen", &seen.to_string())]) }
                    if without > 0 { { " " }{ words.tn("map-unplaced", without as u64) } }</p>
                <p id="map-explain" class="quiet">{ words.t("map-explain") }</p>
            </figcaption>
        </figure>
    }
}

/// The entries that have a place, and the lines, on the flat.
#[derive(PartialEq)]
struct Flat {
    /// Which of the entries each place is. My own facility is the first: a group it is in stands where it is.
    entries: Vec<usize>,
    places: Rc<Vec<Ground>>,
    home: Option<Ground>,
    lines: Vec<(String, Vec<Ground>)>,
}

impl Flat {
    fn of(resources: &Resources) -> Self {
        let placed: Vec<(usize, MapPlace)> =
            resources.found.iter().enumerate().filter_map(|(entry, one)| Some((entry, one.place?))).collect();
        let all: Vec<MapPlace> = placed.iter().map(|(_, place)| *place).collect();
        let projection = Projection::of(&all);
        let ground = |place: &MapPlace| projection.map(|flat| flat.ground(*place));
        let places: Vec<Ground> = all.iter().filter_map(ground).collect();
        let entries: Vec<usize> = placed.into_iter().map(|(entry, _)| entry).collect();
        let home = entries.iter().zip(&places).find(|(entry, _)| resources.found[**entry].own).map(|(_, place)| *place);
        let lines = resources.outline.iter();
        let lines = lines.map(|line| (line.name.clone(), line.places.iter().filter_map(ground).collect())).collect();
        Self { entries, places: Rc::new(places), home, lines }
    }

    /// Where the entry of this number is.
    fn at(&self, resources: &Resources, number: u32) -> Option<Ground> {
        let place = self.entries.iter().position(|entry| resources.found[*entry].number == number)?;
        self.places.get(place).copied()
    }
}

/// Tells how much room the map has and how large a touch target is, now and whenever that changes, until what it gives is disconnected.
fn watch(pane: &NodeRef, probe: &NodeRef, turn: Callback<Turn>) -> Option<(ResizeObserver, Closure<dyn Fn()>)> {
    let (pane, probe) = (pane.cast::<HtmlElement>()?, probe.cast::<HtmlElement>()?);
    let measure = {
        let (pane, probe) = (pane.clone(), probe.clone());
        move || {
            let (width, height) = (f64::from(pane.client_width()), f64::from(pane.client_height()));
            let touch = probe.get_bounding_client_rect().width();
            if width > 0.0 && height > 0.0 && touch > 0.0 {
                turn.emit(Turn::Pane(Pane { width, height, touch }));
            }
        }
    };
    measure();
    let callback = Closure::<dyn Fn()>::new(measure);
    let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
    observer.observe(&pane);
    observer.observe(&probe);
    Some((observer, callback))
}

/// What a key does; none where it is no key of the map.
fn keyed(event: &KeyboardEvent, arrow: f64) -> Option<Turn> {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return None;
    }
    Some(match event.key().as_str() {
        "ArrowLeft" => Turn::Move(arrow, 0.0),
        "ArrowRight" => Turn::Move(-arrow, 0.0),
        "ArrowUp" => Turn::Move(0.0, arrow),
        "ArrowDown" => Turn::Move(0.0, -arrow),
        "+" | "=" => Turn::Zoom(STEP, None),
        "-" | "_" => Turn::Zoom(1.0 / STEP, None),
        "0" | "Home" => Turn::Whole,
        _ => return None,
    })
}

fn control(turn: &Callback<Turn>, icon: &'static str, label: String, testid: &'static str, does: Turn) -> Html {
    html! {
        <button type="button" class={button_class("plain")} aria-label={label} onclick={turn.reform(move |_: MouseEvent| does.clone())} data-testid={testid}><Icon name={icon} /></button>
    }
}

/// The lines with their names, the ruler, and where north is.
fn drawing(app: &App, look: &Look, flat: &Flat) -> Html {
    let Some(view) = look.view() else { return Html::default() };
    let room = look.pane();
    let (metres, length) = view.ruler(room.width / 4.0);
    let ruler = if metres < 1_000 {
        app.words.ta("map-ruler-metres", &[("metres", &metres.to_string())])
    } else {
        app.words.ta("map-ruler-kilometres", &[("km", &(metres / 1_000).to_string())])
    };
    html! {
        <svg viewBox={format!("0 0 {:.0} {:.0}", room.width, room.height)} aria-hidden="true" focusable="false">
            { for flat.lines.iter().map(|(name, places)| line(name, places.iter().map(|place| view.at(room, *place)).collect(), room)) }
            <path class="map-ruler" d={format!("M10 {:.0} v-8 v8 h{length:.1} v-8", room.height - 8.0)} />
            <text class="map-text" x="14" y={format!("{:.0}", room.height - 14.0)}>{ ruler }</text>
            <path class="map-ruler" d={format!("M{:.0} 34 v-24 l-6 8 m6 -8 l6 8", room.width - 18.0)} />
            <text class="map-text map-north" x={format!("{:.0}", room.width - 18.0)} y="50">{ app.words.t("map-north") }</text>
        </svg>
    }
}

/// A line, with its name where it is nearest to the middle of what is seen; a line of one place is its name alone.
fn line(name: &str, places: Vec<Pixel>, room: Pane) -> Html {
    let middle = room.middle();
    let from_middle = |at: &Pixel| (at.x - middle.x).hypot(at.y - middle.y);
    let nearest = places.iter().filter(|at| room.holds(**at)).min_by(|a, b| from_middle(a).total_cmp(&from_middle(b)));
    let points: Vec<String> = places.iter().map(|at| format!("{:.1},{:.1}", at.x, at.y)).collect();
    html! {
        <>
            if places.len() > 1 { <polyline class="map-line" points={points.join(" ")} /> }
            if let Some(at) = nearest { <text class={classes!("map-name", (places.len() == 1).then_some("is-place"))} x={format!("{:.1}", at.x)} y={format!("{:.1}", at.y)}>{ name }</text> }
        </>
    }
}

/// What stands on a place, and what it is called.
#[derive(Clone, PartialEq)]
struct Face {
    shown: String,
    name: String,
    own: bool,
    count: usize,
}

impl Face {
    /// Of these, which a closer look parts, or not.
    fn of(app: &App, members: &[&ResourceView], parts: bool) -> Self {
        let words = &app.words;
        let own = members.iter().any(|one| one.own);
        let (shown, name) = match members {
            [one] => {
                let mut name = vec![one.number.to_string(), one.name.clone(), one.kind.clone()];
                name.extend(one.own.then(|| words.t("resources-own")));
                name.extend(one.metres.map(|metres| distance(app, metres)));
                name.retain(|part| !part.is_empty());
                (one.number.to_string(), name.join(" "))
            }
            _ => {
                let names: Vec<&str> = members.iter().take(READ_OUT).map(|one| one.name.as_str()).collect();
                let (n, names) = (members.len().to_string(), names.join(&words.t("map-and")));
                let said = [("n", n.as_str()), ("names", names.as_str())];
                let name = if parts { words.ta("map-group-parts", &said) } else { words.ta("map-group-same", &said) };
                (words.tn("map-group", members.len() as u64), name)
            }
        };
        Self { shown, name, own, count: members.len() }
    }
}

#[derive(Properties, PartialEq)]
struct PointProps {
    face: Face,
    x: f64,
    y: f64,
    chosen: bool,
    members: Rc<Vec<usize>>,
    /// Touched; true = with the keyboard.
    on_touch: Callback<(Rc<Vec<usize>>, bool)>,
}

/// A place or a group as a button. It is put where it belongs through the page's own object model: the content policy allows no inline style.
#[component]
fn Point(props: &PointProps) -> Html {
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((props.x, props.y), move |(x, y)| {
            if let Some(button) = button.cast::<HtmlElement>() {
                let style = button.style();
                // Refused only where the property has no such value.
                let _ = style.set_property("left", &format!("{x:.1}px"));
                let _ = style.set_property("top", &format!("{y:.1}px"));
            }
        });
    }
    let face = &props.face;
    let members = props.members.clone();
    let looks = [(face.own, "is-own"), (face.count > 1, "is-group"), (props.chosen, "is-chosen")];
    let looks: Classes = looks.into_iter().filter(|(so, _)| *so).map(|(_, class)| class).collect();
    html! {
        // A click without a finger has no count: it is the keyboard's or a screen reader's.
        <button ref={button} type="button" class={classes!("map-point", looks)} aria-label={face.name.clone()} aria-pressed={(face.count == 1).then(|| props.chosen.to_string())}
            onclick={props.on_touch.reform(move |event: MouseEvent| (members.clone(), event.detail() == 0))} data-testid="map-point" data-count={face.count.to_string()}>
            <span>{ &face.shown }</span>
        </button>
    }
}
