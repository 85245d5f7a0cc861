//! 空き容量: said while there is still time, on the screens where something is begun.

use crate::{api::use_command, app::use_app, components::notice, numbers};
use tendenko_app_api::GetRoom;
use yew::prelude::*;

/// Nothing, or that the tablet is nearly full and what happens then.
#[component]
pub fn RoomNotice() -> Html {
    let app = use_app();
    let room = use_command(GetRoom {});
    match room.ready() {
        Some(room) if room.is_low() => {
            let free = numbers::bytes(room.free.unwrap_or_default());
            notice("care", "room-low", html! { <p>{ app.words.ta("room-low", &[("free", &free)]) }</p> })
        }
        _ => html! {},
    }
}
