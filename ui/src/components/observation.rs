//! 残薬・服薬の様子, in a few words.

use crate::{app::App, dates::Day, names};
use tendenko_app_api::*;
use yew::prelude::*;

/// What was seen of a medicine.
pub fn observation(app: &App, seen: &ObservationView) -> Html {
    let words = &app.words;
    html! {
        <div class="observation">
            <p class="observation-facts">
                if let Some(effect) = seen.effect {
                    <span class={classes!("mark", effect_class(effect))} data-testid="effect">{ words.t(&format!("effect-{}", names::effect(&effect))) }</span>
                }
                if let Some(leftover) = &seen.leftover { <span data-testid="leftover">{ leftover_text(app, leftover) }</span> }
            </p>
            if !seen.text.is_empty() { <p class="free-text">{ &seen.text }</p> }
        </div>
    }
}

fn effect_class(effect: Effect) -> &'static str {
    match effect {
        Effect::SuspectedReaction => "mark-danger",
        Effect::Worse => "mark-changed",
        Effect::Worked | Effect::NoChange => "mark-plain",
    }
}

/// How much is left, and how much should be.
pub fn leftover_text(app: &App, leftover: &LeftoverView) -> String {
    let words = &app.words;
    let LeftoverView { amount, unit, expected } = leftover;
    let counted = words.ta("leftover-is", &[("amount", amount), ("unit", unit)]);
    match expected {
        Some(expected) => format!("{counted}{}", words.ta("leftover-should", &[("amount", expected), ("unit", unit)])),
        None => counted,
    }
}

/// The last count and the last judgement, each with its day, for the line of a medicine.
pub fn last_seen(app: &App, seen: &[&ObservationEntry]) -> Html {
    let words = &app.words;
    let day = |at| Day::of(at).short(app.today());
    let counted = seen.iter().find_map(|entry| Some((entry.at, entry.observation.leftover.as_ref()?)));
    let judged = seen.iter().find_map(|entry| Some((entry.at, entry.observation.effect?)));
    html! {
        <>
            if let Some((at, leftover)) = counted {
                <span class="seen" data-testid="last-leftover">{ leftover_text(app, leftover) }{ " " }<span class="quiet">{ day(at) }</span></span>
            }
            if let Some((at, effect)) = judged {
                <span class={classes!("seen", (effect == Effect::SuspectedReaction).then_some("is-suspected"))} data-testid="last-effect">
                    { words.t(&format!("effect-{}", names::effect(&effect))) }{ " " }<span class="quiet">{ day(at) }</span>
                </span>
            }
        </>
    }
}
