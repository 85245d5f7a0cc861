//! A list that may be thousands of rows long: only what is near the visible part is in the page.
//!
//! Rows may be of any height and may change it. Arithmetic is in [`crate::windowing`]; here are the elements: measuring what
//! was drawn, keeping the row that is looked at where it is, and saying what can be seen. The page's policy allows no
//! inline style, so the height of blank space is set on the element.
//!
//! For keyboards and screen readers it is a feed (WAI-ARIA): each row is an article that can have the focus, Page Up and
//! Page Down go from one to the next, Home to the beginning. The row with the focus stays in the page wherever it is.

use crate::windowing::{Anchor, Heights, Piece, Tops, pieces};
use std::{cell::RefCell, ops::Range, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// How far beyond the visible part rows are kept ready.
const MARGIN: f64 = 700.0;
/// Rows before the end at which more are asked for.
const AHEAD: usize = 8;
/// A row of which less than this can be seen, at the upper or the lower edge, is not seen. Scroll positions are whole pixels, and
/// heights are not: without it the row above would count now and then.
const A_LITTLE: f64 = 24.0;
/// A row nobody has seen yet is thought to be so high.
const GUESS: f64 = 120.0;
/// A window that was not measured yet is thought to be so high.
const VIEW: f64 = 800.0;

/// Which end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The beginning.
    Start,
    /// The end.
    End,
}

#[derive(Properties, PartialEq)]
pub struct WindowedProps {
    /// The rows, by keys that stay the same. A new list where anything about the rows is new, and only then.
    pub keys: Rc<Vec<String>>,
    /// Draws a row.
    pub row: Callback<usize, Html>,
    /// What the list is called.
    pub label: String,
    /// More rows are on their way.
    pub busy: bool,
    /// There are rows before the first that are not in the list yet.
    pub more_before: bool,
    /// There are rows after the last that are not in the list yet.
    pub more_after: bool,
    /// An end is near and there is more: asked again with every move until it comes.
    pub on_reach: Callback<Edge>,
    /// These rows can be seen.
    pub on_seen: Callback<Range<usize>>,
    /// To the very beginning.
    pub on_home: Callback<()>,
    /// Brings this row to the top; a new number each time.
    pub show: Option<(u32, String)>,
    /// For tests.
    pub testid: &'static str,
}

/// What was measured, and where we are.
struct State {
    heights: Heights,
    anchor: Option<Anchor>,
    scroll: f64,
    view: f64,
    drawn: Range<usize>,
    seen: Range<usize>,
    seen_of: Rc<Vec<String>>,
    shown: Option<u32>,
    focused: Option<String>,
}

impl State {
    fn new() -> Self {
        Self {
            heights: Heights::new(GUESS),
            anchor: None,
            scroll: 0.0,
            view: VIEW,
            drawn: 0..0,
            seen: 0..0,
            seen_of: Rc::default(),
            shown: None,
            focused: None,
        }
    }

    fn tops(&self, keys: &[String]) -> Tops {
        Tops::of(keys.iter().map(|key| self.heights.of(key)))
    }

    fn window(&self, tops: &Tops) -> Range<usize> {
        tops.between(self.scroll - MARGIN, self.scroll + self.view + MARGIN)
    }
}

/// A long list.
#[component]
pub fn Windowed(props: &WindowedProps) -> Html {
    let scroller = use_node_ref();
    let inner = use_node_ref();
    let state = use_mut_ref(State::new);
    let redraw = use_force_update();

    // The newest properties, for what happens between two drawings.
    let current = use_mut_ref(|| None::<WindowedProps>);
    *current.borrow_mut() = Some(WindowedProps {
        keys: props.keys.clone(),
        row: props.row.clone(),
        label: String::new(),
        busy: props.busy,
        more_before: props.more_before,
        more_after: props.more_after,
        on_reach: props.on_reach.clone(),
        on_seen: props.on_seen.clone(),
        on_home: props.on_home.clone(),
        show: props.show.clone(),
        testid: props.testid,
    });
    let settle = {
        let (scroller, inner, state, current, redraw) =
            (scroller.clone(), inner.clone(), state.clone(), current.clone(), redraw.clone());
        Rc::new(move || {
            let (Some(scroller), Some(inner)) = (scroller.cast::<HtmlElement>(), inner.cast::<HtmlElement>()) else {
                return;
            };
            let current = current.borrow();
            if let Some(props) = current.as_ref()
                && settle(&scroller, &inner, &state, props)
            {
                redraw.force_update();
            }
        })
    };
    {
        let settle = settle.clone();
        use_effect(move || settle());
    }
    {
        // A row was unfolded, the text size or the window changed.
        let (inner, settle) = (inner.clone(), settle.clone());
        use_effect_with((), move |()| {
            let callback = Closure::<dyn Fn()>::new(move || settle());
            let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(inner)) = (&observer, inner.cast::<Element>()) {
                observer.observe(&inner);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(callback);
            }
        });
    }
    let on_scroll = {
        let (state, current, redraw, scroller) = (state.clone(), current.clone(), redraw.clone(), scroller.clone());
        move |_: Event| {
            let current = current.borrow();
            if let (Some(scroller), Some(props)) = (scroller.cast::<HtmlElement>(), current.as_ref())
                && scrolled(&scroller, &state, props)
            {
                redraw.force_update();
            }
        }
    };
    let on_focus = {
        let state = state.clone();
        move |event: FocusEvent| {
            state.borrow_mut().focused = row_of(&event).and_then(|row| row.get_attribute("data-row"))
        }
    };
    let on_key = {
        let on_home = props.on_home.clone();
        move |event: KeyboardEvent| match event.key().as_str() {
            "PageDown" => go(&event, Element::next_element_sibling),
            "PageUp" => go(&event, Element::previous_element_sibling),
            "Home" if row_of(&event).is_some() || event.ctrl_key() => {
                event.prevent_default();
                on_home.emit(());
            }
            _ => (),
        }
    };

    let (parts, first) = {
        let mut state = state.borrow_mut();
        state.heights.keep(&props.keys);
        let tops = state.tops(&props.keys);
        state.drawn = state.window(&tops);
        let held = state.focused.as_ref().and_then(|focused| props.keys.iter().position(|key| key == focused));
        (pieces(&tops, state.drawn.clone(), held), state.drawn.start)
    };
    let place_of = |row: usize| (!props.more_before).then(|| (row + 1).to_string());
    html! {
        <div ref={scroller} class="windowed" onscroll={on_scroll} onkeydown={on_key} onfocusin={on_focus} tabindex="0"
            role="feed" aria-label={props.label.clone()} aria-busy={props.busy.to_string()} data-testid={props.testid} data-first={first.to_string()}>
            <div ref={inner} class="windowed-rows">
                { for parts.into_iter().map(|piece| match piece {
                    Piece::Space(high) => html! { <div class="windowed-space" data-high={format!("{high:.1}")} aria-hidden="true" /> },
                    Piece::Row(row) => html! {
                        <article key={props.keys[row].clone()} class="windowed-row" tabindex="0" data-row={props.keys[row].clone()}
                            aria-posinset={place_of(row)} aria-setsize="-1">{ props.row.emit(row) }</article>
                    },
                }) }
            </div>
        </div>
    }
}

/// Measures what was drawn, puts the row that is looked at where it was, and tells what can be seen. True when the list has to be drawn
/// again.
fn settle(scroller: &HtmlElement, inner: &HtmlElement, state: &RefCell<State>, props: &WindowedProps) -> bool {
    let mut state_now = state.borrow_mut();
    let mut wrong = false;
    let parts = inner.children();
    for part in (0..parts.length()).filter_map(|at| parts.item(at)?.dyn_into::<HtmlElement>().ok()) {
        if let Some(key) = part.get_attribute("data-row") {
            wrong |= state_now.heights.set(&key, part.get_bounding_client_rect().height());
        } else if let Some(high) = part.get_attribute("data-high") {
            // Refused only by a browser without styles.
            let _ = part.style().set_property("height", &format!("{high}px"));
        }
    }
    let view = f64::from(scroller.client_height());
    wrong |= (view - state_now.view).abs() > 1.0;
    state_now.view = view;
    if let Some((number, key)) = &props.show
        && state_now.shown != Some(*number)
        && props.keys.contains(key)
    {
        state_now.shown = Some(*number);
        state_now.anchor = Some(Anchor { key: key.clone(), below_edge: 0.0 });
    }
    let tops = state_now.tops(&props.keys);
    let scroll = match &state_now.anchor {
        Some(anchor) => anchor.scroll(&props.keys, &tops),
        None => Some(0.0),
    };
    if let Some(scroll) = scroll
        && (scroll - f64::from(scroller.scroll_top())).abs() > 1.0
    {
        scroller.set_scroll_top(scroll.round() as i32);
    }
    state_now.scroll = f64::from(scroller.scroll_top());
    wrong |= state_now.window(&tops) != state_now.drawn;
    drop(state_now);
    tell(state, props);
    wrong
}

/// Remembers where we are. True when other rows have to be drawn.
fn scrolled(scroller: &HtmlElement, state: &RefCell<State>, props: &WindowedProps) -> bool {
    let mut state_now = state.borrow_mut();
    let scroll = f64::from(scroller.scroll_top());
    let tops = state_now.tops(&props.keys);
    state_now.scroll = scroll;
    // At the very beginning nothing is held: what comes new is to be seen.
    state_now.anchor = if scroll < 2.0 && !props.more_before { None } else { Anchor::at(&props.keys, &tops, scroll) };
    let other = state_now.window(&tops) != state_now.drawn;
    drop(state_now);
    tell(state, props);
    other
}

/// Says what can be seen, where that changed, and that an end is near.
fn tell(state: &RefCell<State>, props: &WindowedProps) {
    let (seen, changed) = {
        let mut state = state.borrow_mut();
        let tops = state.tops(&props.keys);
        let from = state.scroll + A_LITTLE;
        let seen = tops.between(from, (state.scroll + state.view - A_LITTLE).max(from));
        let changed = seen != state.seen || !Rc::ptr_eq(&state.seen_of, &props.keys);
        state.seen = seen.clone();
        state.seen_of = props.keys.clone();
        (seen, changed)
    };
    if changed {
        props.on_seen.emit(seen.clone());
    }
    if !props.busy && !props.keys.is_empty() {
        if props.more_before && seen.start < AHEAD {
            props.on_reach.emit(Edge::Start);
        } else if props.more_after && seen.end + AHEAD > props.keys.len() {
            props.on_reach.emit(Edge::End);
        }
    }
}

fn row_of(event: &Event) -> Option<Element> {
    event.target_dyn_into::<Element>()?.closest("[data-row]").ok()?
}

/// To the next row in a direction, from a row that has the focus. Otherwise the list scrolls by itself.
fn go(event: &KeyboardEvent, step: fn(&Element) -> Option<Element>) {
    let Some(row) = row_of(event) else { return };
    event.prevent_default();
    let mut next = step(&row);
    while let Some(element) = next {
        if element.has_attribute("data-row") {
            if let Ok(element) = element.dyn_into::<HtmlElement>() {
                // Refused only when it has just left the page.
                let _ = element.focus();
            }
            return;
        }
        next = step(&element);
    }
}
