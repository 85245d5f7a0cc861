//! Fingers, mouse and wheel on the map, listened to at the element itself: the page listens to wheel and touch without being able to keep
//! the browser from scrolling or enlarging the page.
//!
//! Touches are heard as touches and not as pointers, because WebKitGTK scrolls with them unless a touch is refused.

use crate::map::{Hand, Pixel, Turn};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{AddEventListenerOptions, Event, HtmlElement, MouseEvent, PointerEvent, TouchEvent, WheelEvent};
use yew::prelude::*;

const HEARD: [&str; 9] = [
    "pointerdown",
    "pointermove",
    "pointerup",
    "pointercancel",
    "touchstart",
    "touchmove",
    "touchend",
    "touchcancel",
    "wheel",
];
/// Pixels of a wheel's line.
const LINE: f64 = 16.0;
/// Pixels of the wheel that make it e times as large; with the Control key, as touch pads say a pinch, a third.
const WHEEL: f64 = 400.0;

/// Listens to what is done with the map in `pane`. The hand tells whether what just ended was a drag.
#[hook]
pub fn use_gestures(pane: NodeRef, on_turn: Callback<Turn>) -> Rc<RefCell<Hand>> {
    let hand = use_memo((), |()| RefCell::new(Hand::default()));
    {
        let hand = hand.clone();
        use_effect_with((), move |()| {
            let pane = pane.cast::<HtmlElement>();
            let heard = pane
                .clone()
                .map(|pane| Closure::<dyn Fn(Event)>::new(move |event: Event| hear(&pane, &hand, &on_turn, &event)));
            if let (Some(pane), Some(heard)) = (&pane, &heard) {
                let options = AddEventListenerOptions::new();
                options.set_passive(false);
                for name in HEARD {
                    // Refused by no browser that knows the event.
                    let _ = pane.add_event_listener_with_callback_and_add_event_listener_options(
                        name,
                        heard.as_ref().unchecked_ref(),
                        &options,
                    );
                }
            }
            move || {
                if let (Some(pane), Some(heard)) = (&pane, &heard) {
                    for name in HEARD {
                        // As above.
                        let _ = pane.remove_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
                    }
                }
            }
        });
    }
    hand
}

fn hear(pane: &HtmlElement, hand: &RefCell<Hand>, on_turn: &Callback<Turn>, event: &Event) {
    let turn = if let Some(wheel) = event.dyn_ref::<WheelEvent>() {
        event.prevent_default();
        Some(wheeled(pane, wheel))
    } else if let Some(touch) = event.dyn_ref::<TouchEvent>() {
        touched(pane, &mut hand.borrow_mut(), touch)
    } else if let Some(pointer) = event.dyn_ref::<PointerEvent>() {
        pointed(pane, &mut hand.borrow_mut(), pointer)
    } else {
        None
    };
    if let Some(turn) = turn {
        on_turn.emit(turn);
    }
}

fn wheeled(pane: &HtmlElement, wheel: &WheelEvent) -> Turn {
    let pixels = match wheel.delta_mode() {
        WheelEvent::DOM_DELTA_PIXEL => wheel.delta_y(),
        _ => wheel.delta_y() * LINE,
    };
    let pixels = if wheel.ctrl_key() { pixels * 3.0 } else { pixels };
    Turn::Zoom((-pixels / WHEEL).clamp(-1.0, 1.0).exp(), Some(of_mouse(pane, wheel)))
}

fn touched(pane: &HtmlElement, hand: &mut Hand, event: &TouchEvent) -> Option<Turn> {
    let touches = event.touches();
    let fingers: Vec<(i32, Pixel)> = (0..touches.length())
        .filter_map(|number| touches.item(number))
        .map(|touch| (touch.identifier(), inside(pane, touch.client_x(), touch.client_y())))
        .collect();
    if event.type_() != "touchmove" {
        hand.hold(fingers);
        return None;
    }
    // The map moves, and not the page.
    event.prevent_default();
    hand.moved(&fingers)
}

/// A mouse or a pen.
fn pointed(pane: &HtmlElement, hand: &mut Hand, event: &PointerEvent) -> Option<Turn> {
    if event.pointer_type() == "touch" {
        return None;
    }
    let finger = (event.pointer_id(), of_mouse(pane, event));
    match event.type_().as_str() {
        "pointerdown" if event.button() == 0 => hand.hold(vec![finger]),
        // Let go where nobody heard it.
        "pointermove" if event.buttons() == 0 => hand.hold(Vec::new()),
        "pointermove" if hand.count() > 0 => {
            let turn = hand.moved(&[finger]);
            if hand.has_dragged() {
                // So that the drag goes on outside of the map; refused when the button was let go meanwhile.
                let _ = pane.set_pointer_capture(event.pointer_id());
            }
            return turn;
        }
        "pointerup" | "pointercancel" => hand.hold(Vec::new()),
        _ => {}
    }
    None
}

fn of_mouse(pane: &HtmlElement, event: &MouseEvent) -> Pixel {
    inside(pane, event.client_x(), event.client_y())
}

fn inside(pane: &HtmlElement, x: i32, y: i32) -> Pixel {
    let corner = pane.get_bounding_client_rect();
    Pixel { x: f64::from(x) - corner.left(), y: f64::from(y) - corner.top() }
}
