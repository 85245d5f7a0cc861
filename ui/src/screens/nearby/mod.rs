//! 回線がないとき: a tablet that serves those around it, and records carried on a stick.

mod courier;
mod qr;
mod serving;

use crate::app::use_app;
use courier::Courier;
use serving::ServingPanel;
use yew::prelude::*;

/// What helps where there is no network.
#[component]
pub fn NearbyScreen() -> Html {
    let app = use_app();
    let words = &app.words;
    html! {
        <div class="page" data-testid="nearby">
            <h1 class="page-title">{ words.t("nearby-title") }</h1>
            <p class="quiet">{ words.t("nearby-explain") }</p>
            <ServingPanel />
            <Courier />
        </div>
    }
}
