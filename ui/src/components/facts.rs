//! Small facts in one line: who, when, a dose, a set of measurements.

use crate::{app::App, dates, names, numbers};
use tendenko_app_api::*;
use yew::prelude::*;

/// A dose with what it counts, its unit, and nothing that could be cut off.
pub fn dose(app: &App, dose: &Dose) -> Html {
    html! {
        <span class="dose" data-testid="dose">
            <span class={classes!("basis", format!("basis-{}", names::basis(&dose.basis)))}>
                { app.words.t(&format!("basis-{}", names::basis(&dose.basis))) }
            </span>
            <b class="amount">{ &dose.amount }</b><span class="unit">{ &dose.unit }</span>
        </span>
    }
}

/// The same as text.
pub fn dose_text(app: &App, dose: &Dose) -> String {
    format!("{} {}{}", app.words.t(&format!("basis-{}", names::basis(&dose.basis))), dose.amount, dose.unit)
}

/// The times of day of a medicine, as text.
pub fn timings_text(app: &App, timings: &[Timing]) -> String {
    let names: Vec<_> =
        timings.iter().map(|timing| app.words.t(&format!("timing-{}", names::timing(timing)))).collect();
    names.join("・")
}

/// Somebody: name, profession, facility.
pub fn who(app: &App, author: &AuthorView) -> Html {
    html! {
        <span class={classes!("who", format!("by-{}", names::profession(&author.profession)))}>
            <b>{ &author.name }</b>
            <span class="quiet">{ app.words.profession(&author.profession) }</span>
            if author.mine { <span class="mine">{ app.words.t("mine") }</span> }
        </span>
    }
}

/// A moment.
pub fn when(app: &App, at: Millis) -> Html {
    html! { <time class="when">{ dates::moment(at, app.now()) }</time> }
}

/// Who wrote it, where, when and why. A tablet whose clock was far off says so.
pub fn written(app: &App, written: &WrittenView) -> Html {
    html! {
        <div class="written">
            <div>{ who(app, &written.author) }{ " " }{ when(app, written.at) }</div>
            <div class="quiet">{ &written.author.facility }</div>
            { clock_note(app, written.clock_offset_ms) }
            if let Some(reason) = &written.reason {
                <div class="why"><span class="quiet">{ app.words.t("reason") }{ "：" }</span>{ reason }</div>
            }
        </div>
    }
}

/// Says that the writer's clock was more than five minutes off, where it was.
pub fn clock_note(app: &App, offset_ms: Option<i64>) -> Html {
    match offset_ms {
        Some(offset) if offset.abs() >= 5 * 60_000 => {
            html! { <div class="clock-note">{ app.words.ta("clock-was-off", &[("span", &app.words.span(offset))]) }</div> }
        }
        _ => html! {},
    }
}

/// What is to be said about a measurement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    None,
    Outside,
    Implausible,
}

/// A set of measurements in one line that wraps between them and never inside one.
pub fn vitals_line(app: &App, vitals: &Vitals) -> Html {
    let one = |measure: Measure| {
        vitals.get(measure).map(|value| {
            let mark = if !measure.plausible().contains(&value) {
                Mark::Implausible
            } else if measure.usual().is_some_and(|usual| !usual.contains(&value)) {
                Mark::Outside
            } else {
                Mark::None
            };
            let name = app.words.t(&format!("measure-{}", measure.as_str()));
            (name, numbers::show(measure, value), measure.unit(), mark)
        })
    };
    let mut parts = Vec::new();
    parts.extend(one(Measure::Temperature));
    match (one(Measure::Systolic), one(Measure::Diastolic)) {
        (Some((_, high, unit, high_outside)), Some((_, low, _, low_outside))) => {
            parts.push((app.words.t("blood-pressure"), format!("{high}/{low}"), unit, high_outside.max(low_outside)));
        }
        (high, low) => parts.extend([high, low].into_iter().flatten()),
    }
    for measure in
        [Measure::Pulse, Measure::Spo2, Measure::Respiration, Measure::Glucose, Measure::Weight, Measure::Pain]
    {
        parts.extend(one(measure));
    }
    if parts.is_empty() {
        return html! {};
    }
    html! {
        <dl class="vitals-line">
            { for parts.into_iter().map(|(name, value, unit, mark)| html! {
                <div class={classes!("vital", (mark != Mark::None).then_some("is-outside"))}>
                    <dt>{ name }</dt><dd><b>{ value }</b><span class="unit">{ unit }</span></dd>
                    if mark == Mark::Implausible { <dd class="mark mark-plain" data-testid="implausible-mark">{ app.words.t("implausible-mark") }</dd> }
                </div>
            }) }
        </dl>
    }
}
