//! 申し送り: what others want me to know, what I said and who has read it, what I have confirmed.

use crate::{
    api::use_command,
    app::use_app,
    components::{HandOverPanel, use_answering},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// So many of a box are listed.
const LISTED: u16 = 100;

/// Hand-overs, in three boxes.
#[component]
pub fn HandOvers() -> Html {
    let app = use_app();
    let which = use_state(HandOverBox::default);
    let words = &app.words;
    html! {
        <div class="page" data-testid="hand-overs">
            <h1 class="page-title">{ words.t("nav-hand-overs") }</h1>
            <div class="chips" role="group" aria-label={words.t("nav-hand-overs")}>
                { for HandOverBox::ALL.into_iter().map(|one| {
                    let (name, chosen, which) = (names::hand_over_box(&one), *which == one, which.clone());
                    html! {
                        <button type="button" class={classes!("chip", chosen.then_some("is-chosen"))} aria-pressed={chosen.to_string()}
                            onclick={move |_| which.set(one)} data-testid={format!("box-{name}")}>{ words.t(&format!("box-{name}")) }</button>
                    }
                }) }
            </div>
            <HandOverList key={names::hand_over_box(&which)} which={*which} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct HandOverListProps {
    /// Which.
    pub which: HandOverBox,
}

#[component]
fn HandOverList(props: &HandOverListProps) -> Html {
    let app = use_app();
    let found = use_command(GetHandOvers { which: props.which, limit: LISTED });
    let (answer, answering) = use_answering();
    html! {
        <>
            { found.show(&app, |lines| html! {
                <>
                    if lines.is_empty() { <p class="empty">{ app.words.t(&format!("box-empty-{}", names::hand_over_box(&props.which))) }</p> }
                    { for lines.iter().map(|line| html! {
                        <HandOverPanel key={line.entry.0.clone()} line={line.clone()} on_answer={answer.clone()} />
                    }) }
                </>
            }) }
            { answering }
        </>
    }
}
