//! Results as a table, a test a row and a report a column, newest first; a touch on a test draws its line.

use crate::{
    app::{App, use_app},
    chart::{HEIGHT, Scale, WIDTH},
    components::{Icon, lab_range, lab_value},
    dates::Day,
    labs::{Trend, columns},
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

/// Reports shown beside each other; older ones stand below, and in the line.
const COLUMNS: usize = 8;

#[derive(Properties, PartialEq)]
pub struct TableProps {
    /// Results.
    pub labs: Rc<Labs>,
}

/// Results by test and day.
#[component]
pub fn Table(props: &TableProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let chosen = use_state(|| None::<String>);
    let labs = &props.labs;
    let reports = columns(&labs.reports, COLUMNS);
    if reports.is_empty() {
        return html! {};
    }
    let shown: Vec<&TestRow> = labs
        .tests
        .iter()
        .filter(|row| row.results.iter().any(|one| reports.iter().any(|report| report.entry == one.entry)))
        .collect();
    let touch = |name: &str| {
        let (chosen, name) = (chosen.clone(), name.to_owned());
        move |_: MouseEvent| chosen.set((chosen.as_deref() != Some(name.as_str())).then(|| name.clone()))
    };
    let drawn = chosen.as_ref().and_then(|name| labs.tests.iter().find(|row| row.name == *name));
    html! {
        <>
            { for drawn.into_iter().map(|row| trend(&app, row)) }
            <div class="panel table-box" tabindex="0" role="region" aria-label={words.t("labs-table")}>
                <table class="table labs-table" data-testid="labs-table">
                    <thead><tr>
                        <th scope="col">{ words.t("lab-test") }</th>
                        { for reports.iter().map(|report| html! {
                            <th scope="col">{ Day::of(report.at).short(app.today()) }<span class="lab-performer">{ &report.report.performer }</span>
                                if !report.files.is_empty() { <span class="lab-performer"><Icon name="file" />{ words.tn("files-in-it", report.files.len() as u64) }</span> }
                            </th>
                        }) }
                    </tr></thead>
                    <tbody>
                        { for shown.into_iter().map(|row| {
                            let current = chosen.as_deref() == Some(row.name.as_str());
                            let range = row.results.first().and_then(|one| lab_range(&app, &one.result));
                            html! {
                                <tr data-testid="lab-row" data-test={row.name.clone()}>
                                    <th scope="row">
                                        <button type="button" class="lab-name" onclick={touch(&row.name)} aria-pressed={current.to_string()} data-testid="lab-name"
                                            aria-label={words.ta("lab-draw", &[("test", &row.name)])}>{ &row.name }</button>
                                        { for range.into_iter().map(|range| html! { <span class="quiet lab-range">{ range }</span> }) }
                                    </th>
                                    { for reports.iter().map(|report| {
                                        let found = row.results.iter().find(|one| one.entry == report.entry);
                                        html! { <td>{ found.map_or_else(|| html! { <span class="quiet">{ "–" }</span> }, |one| lab_value(&app, &one.result)) }</td> }
                                    }) }
                                </tr>
                            }
                        }) }
                    </tbody>
                </table>
            </div>
            <p class="quiet">{ words.t("lab-computed") }</p>
        </>
    }
}

/// The line of one test, with its reference range behind it.
fn trend(app: &App, row: &TestRow) -> Html {
    let words = &app.words;
    let unit = row.results.first().map(|one| one.result.unit.clone()).unwrap_or_default();
    let drawn = Trend::of(&row.results).and_then(|trend| {
        let span = (trend.samples.first()?.0, trend.samples.last()?.0);
        let scale = Scale::of(trend.samples.iter().copied().chain(trend.ends(span.0)), span)?;
        Some((trend, scale, span))
    });
    let Some((trend, scale, span)) = drawn else {
        return html! { <p class="empty" data-testid="lab-trend">{ words.ta("lab-no-line", &[("test", &row.name)]) }</p> };
    };
    let newest = trend.samples.last().map(|(_, value)| trend.show(*value)).unwrap_or_default();
    let spoken = words.ta("chart-spoken", &[("title", &row.name), ("value", &newest), ("unit", &unit)]);
    let middle = (scale.low + scale.high) / 2;
    html! {
        <div class="panel charts" data-testid="lab-trend" data-test={row.name.clone()}>
            <figure class="band">
                <figcaption><b>{ &row.name }</b><span class="band-newest"><b>{ newest }</b>{ " " }{ &unit }</span></figcaption>
                <svg class="chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label={spoken}>
                    { for trend.range.iter().filter_map(|range| scale.range(range)).map(|(top, height)| html! {
                        <rect class="usual" x="44" width={(WIDTH - 44).to_string()} y={format!("{top:.1}")} height={format!("{height:.1}")} />
                    }) }
                    { for [scale.low, middle, scale.high].into_iter().map(|value| {
                        let y = format!("{:.1}", scale.y(value));
                        html! {
                            <g>
                                <line class="grid" x1="44" x2={WIDTH.to_string()} y1={y.clone()} y2={y.clone()} />
                                <text class="grid-label" x="38" {y} text-anchor="end" dominant-baseline="middle">{ trend.show(value) }</text>
                            </g>
                        }
                    }) }
                    <g class="series series-0">
                        <polyline points={scale.points(&trend.samples)} />
                        { for trend.samples.iter().map(|(at, value)| html! {
                            <circle cx={format!("{:.1}", scale.x(*at))} cy={format!("{:.1}", scale.y(*value))} r="3" />
                        }) }
                    </g>
                </svg>
            </figure>
            <p class="chart-axis quiet">
                <span>{ Day::of(Millis(span.0)).short(app.today()) }</span>
                if trend.range.is_some() { <span class="chart-key">{ words.t("lab-range-behind") }</span> }
                if trend.left_out > 0 { <span class="chart-key">{ words.tn("lab-left-out", trend.left_out as u64) }</span> }
                <span>{ Day::of(Millis(span.1)).short(app.today()) }</span>
            </p>
        </div>
    }
}
