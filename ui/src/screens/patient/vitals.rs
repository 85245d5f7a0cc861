//! バイタル: the lines first, on one shared time axis, with the changes of medicines as marks; the table below.

use crate::{
    api::use_command,
    app::{App, use_app},
    chart::{HEIGHT, Sample, Scale, WIDTH},
    components::when,
    dates::Day,
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

const POINTS: u16 = 120;

#[derive(Properties, PartialEq)]
pub struct VitalsProps {
    /// Whose.
    pub id: PatientId,
}

/// Measurements of a patient over time.
#[component]
pub fn VitalsTab(props: &VitalsProps) -> Html {
    let app = use_app();
    let history = use_command(GetVitals { patient: props.id.clone(), since: None, limit: POINTS });
    history.show(&app, |history| {
        if history.points.is_empty() {
            return html! { <p class="empty">{ app.words.t("vitals-empty") }</p> };
        }
        html! {
            <div class="vitals" data-testid="vitals">
                { bands(&app, history) }
                { table(&app, history) }
            </div>
        }
    })
}

fn bands(app: &App, history: &VitalsHistory) -> Html {
    let span = (
        history.points.iter().map(|point| point.at.0).min().unwrap_or(0),
        history.points.iter().map(|point| point.at.0).max().unwrap_or(0),
    );
    let groups: [(String, &[Measure]); 4] = [
        (app.words.t("blood-pressure"), &[Measure::Systolic, Measure::Diastolic]),
        (app.words.t("measure-pulse"), &[Measure::Pulse]),
        (app.words.t("measure-spo2"), &[Measure::Spo2]),
        (app.words.t("measure-temperature"), &[Measure::Temperature]),
    ];
    html! {
        <div class="panel charts">
            { for groups.into_iter().map(|(title, measures)| band(app, history, &title, measures, span)) }
            <p class="chart-axis quiet">
                <span>{ Day::of(Millis(span.0)).short(app.today()) }</span>
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
