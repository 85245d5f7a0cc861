//! What the record says against a medicine, each with what it rests on. Never in the way.

use crate::{
    app::App,
    components::{Icon, notice},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// What stands against a medicine, the gravest first.
pub fn warnings(app: &App, warnings: &[WarningView]) -> Html {
    if warnings.is_empty() {
        return html! {};
    }
    let words = &app.words;
    html! {
        <ul class="warnings" data-testid="warnings">
            { for warnings.iter().map(|warning| {
                let kind = names::warning(&warning.kind);
                let grave = matches!(warning.kind, WarningKind::Allergy | WarningKind::AdverseReaction);
                let place = names::ground(&warning.basis.place);
                html! {
                    <li class={classes!("warning", if grave { "warning-danger" } else { "warning-care" })} data-testid="warning" data-kind={kind}>
                        <Icon name="warning" />
                        <span>
                            <b>{ words.ta(&format!("warning-{kind}"), &[("other", &warning.other)]) }</b>
                            <span class="ground">{ words.ta(&format!("ground-{place}"), &[("shared", &warning.basis.shared)]) }</span>
                        </span>
                    </li>
                }
            }) }
        </ul>
    }
}

/// What was looked for, and what was not.
pub fn warning_limits(app: &App) -> Html {
    html! { <p class="quiet" data-testid="warning-limits">{ app.words.t("warning-limits") }</p> }
}

/// The same where nothing is on the list yet.
pub fn warnings_before(app: &App, found: &[WarningView]) -> Html {
    if found.is_empty() {
        return html! {};
    }
    notice("care", "warnings-before", html! { <>{ warnings(app, found) }{ warning_limits(app) }</> })
}
