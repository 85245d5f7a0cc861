//! バイタル: the lines first, on one shared time axis, with the changes of medicines as marks; the table below.

use crate::{
    api::use_command,
    app::{App, use_app},
    chart::{HEIGHT, Sample, Scale, WIDTH},
    components::{Chips, when},
    dates::Day,
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Measurements shown at most, the newest.
const POINTS: u16 = 500;
const DAY_MS: i64 = 86_400_000;
/// What can be looked at: days back, and the end of the words' key; 0 = everything.
const PERIODS: [(i64, &str); 4] = [(31, "month"), (92, "quarter"), (366, "year"), (0, "all")];

#[derive(Properties, PartialEq)]
pub struct VitalsProps {
    /// Whose.
    pub id: PatientId,
}

/// Measurements of a patient over time.
#[component]
pub fn VitalsTab(props: &VitalsProps) -> Html {
    let app = use_app();
    let period = use_state(|| PERIODS[1].1);
    // Counted from the morning, so that the question stays the same all day.
    let days = PERIODS.iter().find(|(_, name)| *name == *period).map_or(0, |(days, _)| *days);
    let since = (days > 0).then(|| Millis((app.now().0 / DAY_MS - days) * DAY_MS));
    let history = use_command(GetVitals { patient: props.id.clone(), since, limit: POINTS });
    let choices: Vec<_> =
        PERIODS.iter().map(|(_, name)| ((*name).to_owned(), app.words.t(&format!("period-{name}")))).collect();
    let choose = {
        let period = period.clone();
        move |chosen: String| {
            if let Some((_, name)) = PERIODS.iter().find(|(_, name)| *name == chosen) {
                period.set(name);
            }
        }
    };
    html! {
        <div class="vitals" data-testid="vitals">
            <Chips {choices} chosen={vec![(*period).to_owned()]} on_touch={choose} label={app.words.t("period")} testid="period" />
            { history.show(&app, |history| {
                if history.points.is_empty() {
                    return html! { <p class="empty">{ if days > 0 { app.words.t("vitals-empty-period") } else { app.words.t("vitals-empty") } }</p> };
                }
                html! { <>{ bands(&app, history) }{ table(&app, history) }</> }
            }) }
        </div>
    }
}

fn bands(app: &App, history: &VitalsHistory) -> Html {
    let span = (
        history.points.iter().map(|point| point.at.0).min().unwrap_or(0),
        history.points.iter().map(|point| point.at.0).max().unwrap_or(0),
    );
    let groups: [(String, &[Measure]); 7] = [
        (app.words.t("blood-pressure"), &[Measure::Systolic, Measure::Diastolic]),
        (app.words.t("measure-pulse"), &[Measure::Pulse]),
        (app.words.t("measure-spo2"), &[Measure::Spo2]),
        (app.words.t("measure-temperature"), &[Measure::Temperature]),
        (app.words.t("measure-glucose"), &[Measure::Glucose]),
        (app.words.t("measure-weight"), &[Measure::Weight]),
        (app.words.t("measure-pain"), &[Measure::Pain]),
    ];
    html! {
        <div class="panel charts">
            { for groups.into_iter().map(|(title, measures)| band(app, history, &title, measures, span)) }
            <p class="chart-axis quiet">
                <span>{ Day::of(Millis(span.0)).short(app.today()) }</span>
                <span class="chart-key">{ app.words.t("chart-usual") }</span>
                if !history.medicine_changes.is_empty() { <span class="chart-key">{ app.words.t("chart-medicine-mark") }</span> }
                <span>{ Day::of(Millis(span.1)).short(app.today()) }</span>
            </p>
        </div>
    }
}

fn samples(history: &VitalsHistory, measure: Measure) -> Vec<Sample> {
    let mut samples: Vec<_> =
        history.points.iter().filter_map(|point| Some((point.at.0, point.vitals.get(measure)?))).collect();
    samples.sort_unstable();
    samples
}

fn band(app: &App, history: &VitalsHistory, title: &str, measures: &[Measure], span: (i64, i64)) -> Html {
    let lines: Vec<_> = measures.iter().map(|measure| samples(history, *measure)).collect();
    let Some(scale) = Scale::of(lines.iter().flatten().copied(), span) else { return html! {} };
    let measure = measures[0];
    let newest: Vec<_> =
        lines.iter().filter_map(|line| line.last()).map(|(_, value)| numbers::show(measure, *value)).collect();
    let spoken =
        app.words.ta("chart-spoken", &[("title", title), ("value", &newest.join("/")), ("unit", measure.unit())]);
    let middle = (scale.low + scale.high) / 2;
    html! {
        <figure class="band">
            <figcaption><b>{ title }</b><span class="band-newest"><b>{ newest.join("/") }</b>{ " " }{ measure.unit() }</span></figcaption>
            <svg class="chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label={spoken}>
                // The ranges of two measures in one drawing would run into each other.
                { for measures.iter().filter(|_| measures.len() == 1).filter_map(|measure| scale.range(&measure.usual()?)).map(|(top, height)| html! {
                    <rect class="usual" x="44" width={(WIDTH - 44).to_string()} y={format!("{top:.1}")} height={format!("{height:.1}")} />
                }) }
                { for [scale.low, middle, scale.high].into_iter().map(|value| {
                    let y = format!("{:.1}", scale.y(value));
                    html! {
                        <g>
                            <line class="grid" x1="44" x2={WIDTH.to_string()} y1={y.clone()} y2={y.clone()} />
                            <text class="grid-label" x="38" {y} text-anchor="end" dominant-baseline="middle">{ numbers::show(measure, value) }</text>
                        </g>
                    }
                }) }
                { for history.medicine_changes.iter().filter(|mark| (span.0..=span.1).contains(&mark.at.0)).map(|mark| {
                    let x = format!("{:.1}", scale.x(mark.at.0));
                    html! { <line class="medicine-mark" x1={x.clone()} x2={x} y1="0" y2={HEIGHT.to_string()}><title>{ &mark.name }</title></line> }
                }) }
                { for lines.iter().enumerate().map(|(number, line)| html! {
                    <g class={format!("series series-{number}")}>
                        <polyline points={scale.points(line)} />
                        { for line.iter().map(|(at, value)| html! {
                            <circle cx={format!("{:.1}", scale.x(*at))} cy={format!("{:.1}", scale.y(*value))} r="3" />
                        }) }
                    </g>
                }) }
            </svg>
        </figure>
    }
}

fn table(app: &App, history: &VitalsHistory) -> Html {
    let shown: Vec<_> = Measure::ALL
        .into_iter()
        .filter(|measure| history.points.iter().any(|point| point.vitals.get(*measure).is_some()))
        .collect();
    html! {
        <div class="panel table-box" tabindex="0" role="region" aria-label={app.words.t("vitals-table")}>
            <table class="table" data-testid="vitals-table">
                <thead><tr>
                    <th scope="col">{ app.words.t("when") }</th>
                    { for shown.iter().map(|measure| html! {
                        <th scope="col" class="number">{ app.words.t(&format!("measure-{}", measure.as_str())) }<span class="unit">{ measure.unit() }</span></th>
                    }) }
                    <th scope="col">{ app.words.t("by-whom") }</th>
                </tr></thead>
                <tbody>
                    { for history.points.iter().map(|point| html! {
                        <tr>
                            <th scope="row">{ when(app, point.at) }</th>
                            { for shown.iter().map(|measure| {
                                let value = point.vitals.get(*measure);
                                let outside = value.zip(measure.usual()).is_some_and(|(value, usual)| !usual.contains(&value));
                                html! {
                                    <td class={classes!("number", outside.then_some("is-outside"))}>
                                        { value.map_or_else(|| "–".to_owned(), |value| numbers::show(*measure, value)) }
                                    </td>
                                }
                            }) }
                            <td>{ &point.author.name }</td>
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}
