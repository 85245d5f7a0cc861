//! 回線がないとき: a tablet that serves those around it, and records carried on a stick.

mod courier;
mod serving;

use crate::{
    app::{Act, use_app},
    components::{Icon, button_class},
};
use courier::Courier;
use serving::ServingPanel;
use yew::prelude::*;

/// What helps where there is no network.
#[component]
pub fn NearbyScreen() -> Html {
    let app = use_app();
    let words = &app.words;
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    html! {
        <div class="page" data-testid="nearby">
            <div class="page-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={words.t("back")}><Icon name="back" /></button>
                <h1 class="page-title">{ words.t("nearby-title") }</h1>
            </div>
            <p class="quiet">{ words.t("nearby-explain") }</p>
            <ServingPanel />
            <Courier />
        </div>
    }
}
