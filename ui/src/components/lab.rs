//! 検査: one result with its range, a report, a request.

use crate::app::App;
use tendenko_app_api::*;
use yew::prelude::*;

/// A value with its unit, and on which side of its range it lies: by a sign and a word, not by colour alone.
pub fn lab_value(app: &App, result: &LabResultView) -> Html {
    let outside = result.outside();
    html! {
        <span class={classes!("lab-value", outside.map(|_| "is-out"))}>
            <b>{ &result.value }</b><span class="unit">{ &result.unit }</span>
            if let Some(outside) = outside { <span class="lab-mark" data-testid="lab-outside">{ outside_text(app, outside) }</span> }
        </span>
    }
}

/// `↑高い`, `↓低い`.
fn outside_text(app: &App, outside: Outside) -> String {
    match outside {
        Outside::High => app.words.t("lab-high"),
        Outside::Low => app.words.t("lab-low"),
    }
}

/// The reference range as the laboratory wrote it; none where it wrote none.
pub fn lab_range(app: &App, result: &LabResultView) -> Option<String> {
    let (low, high) = (result.low.as_str(), result.high.as_str());
    match (low.is_empty(), high.is_empty()) {
        (true, true) => None,
        (false, false) => Some(app.words.ta("lab-range", &[("low", low), ("high", high)])),
        (false, true) => Some(app.words.ta("lab-range-low", &[("low", low)])),
        (true, false) => Some(app.words.ta("lab-range-high", &[("high", high)])),
    }
}

/// A report, result by result.
pub fn lab_report(app: &App, report: &LabReportView) -> Html {
    html! {
        <div class="lab-report">
            if !report.performer.is_empty() { <p class="quiet">{ &report.performer }</p> }
            <dl class="lab-results">
                { for report.results.iter().map(|result| html! {
                    <div><dt>{ &result.name }</dt>
                        <dd>{ lab_value(app, result) }{ for lab_range(app, result).into_iter().map(|range| html! { <span class="quiet lab-range">{ range }</span> }) }</dd></div>
                }) }
            </dl>
            if !report.conclusion.is_empty() { <p class="free-text">{ &report.conclusion }</p> }
        </div>
    }
}

/// A request: what, and why.
pub fn test_request(app: &App, request: &TestRequestView) -> Html {
    html! {
        <div>
            <p class="care">{ for request.tests.iter().map(|test| html! { <span class="care-done">{ test }</span> }) }</p>
            <p class="why"><span class="quiet">{ app.words.t("reason") }{ "：" }</span>{ &request.reason }</p>
        </div>
    }
}
