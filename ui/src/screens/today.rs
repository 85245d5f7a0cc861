//! 今日: the round in order, what changed since I last looked, what waits for me.

use super::PatientTab;
use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{Icon, PatientLine, PatientRowButton, when, who},
    dates::Day,
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// The day's page.
#[component]
pub fn TodayScreen() -> Html {
    let app = use_app();
    let today = use_command(GetToday { date: None });
    html! {
        <div class="page" data-testid="today">
            { today.show(&app, |today| html! {
                <>
                    <h1 class="page-title">{ app.words.t("nav-today") }<span class="quiet">{ heading(&app, &today.date) }</span></h1>
                    { waiting(&app, today) }
                    <super::drafts::Drafts />
                    <section aria-label={app.words.t("round")}>
                        <h2>{ app.words.t("round") }</h2>
                        if today.round.is_empty() { <p class="empty">{ app.words.t("round-empty") }</p> }
                        <div class="rows">{ for today.round.iter().map(|visit| stop(&app, visit)) }</div>
                    </section>
                    <section aria-label={app.words.t("changes")}>
                        <h2>{ app.words.t("changes") }</h2>
                        if today.changes.is_empty() { <p class="empty">{ app.words.t("changes-empty") }</p> }
                        { for today.changes.iter().map(|changes| changed(&app, changes)) }
                    </section>
                </>
            }) }
        </div>
    }
}

fn heading(app: &App, date: &str) -> String {
    Day::parse(date)
        .map_or_else(|| date.to_owned(), |day| format!("{} {}", day.heading(day, app.words.lang), era_year(app, day)))
}

fn era_year(app: &App, day: Day) -> String {
    match app.words.lang {
        crate::i18n::Lang::Ja => {
            day.long(app.words.lang).split_once('年').map_or_else(String::new, |(year, _)| format!("{year}年"))
        }
        crate::i18n::Lang::En => day.year.to_string(),
    }
}

/// What waits for me, above everything else where there is something.
fn waiting(app: &App, today: &Today) -> Html {
    let go = |route: Route| {
        let app = app.clone();
        move |_| app.dispatch(Act::Go(route.clone()))
    };
    let urgent = today.hand_overs.iter().filter(|line| line.urgent).count() as u64;
    html! {
        <div class="waits">
            if today.conflicts > 0 {
                <button type="button" class="wait-tile wait-conflict" onclick={go(Route::Conflicts(None))} data-testid="open-conflicts">
                    <b class="count">{ today.conflicts }</b><span>{ app.words.t("waiting-conflicts") }</span><Icon name="next" />
                </button>
            }
            if !today.hand_overs.is_empty() {
                <button type="button" class="wait-tile" onclick={go(Route::HandOvers)} data-testid="open-hand-overs">
                    <b class="count">{ today.hand_overs.len() }</b>
                    <span>{ app.words.t("waiting-hand-overs") }
                        if urgent > 0 { <span class="mark mark-urgent">{ app.words.tn("urgent-count", urgent) }</span> }
                    </span><Icon name="next" />
                </button>
            }
        </div>
    }
}

fn stop(app: &App, visit: &RoundVisit) -> Html {
    let open = {
        let app = app.clone();
        move |id| app.dispatch(Act::Go(Route::Patient(id, PatientTab::Timeline)))
    };
    let before = html! {
        <span class="row-time">
            <b>{ &visit.time }</b>
            if visit.done { <span class="row-done"><Icon name="check" />{ app.words.t("visit-done") }</span> }
        </span>
    };
    html! {
        <PatientRowButton key={format!("{}{}", visit.time, visit.patient.patient.id)} row={visit.patient.clone()} on_open={open}
            {before} done={visit.done} more={html! { <span class="purpose">{ &visit.purpose }</span> }} />
    }
}

fn changed(app: &App, changes: &PatientChanges) -> Html {
    let more = u64::from(changes.count).saturating_sub(changes.lines.len() as u64);
    html! {
        <div class="panel change-group" key={changes.patient.id.0.clone()} data-testid="change-group">
            <PatientLine patient={changes.patient.clone()} />
            <ul class="facts">
                { for changes.lines.iter().map(|line| html! {
                    <li class={classes!("change", format!("bar-{}", names::profession(&line.author.profession)))}>
                        { when(app, line.at) }{ who(app, &line.author) }
                        <span class="entry-kind">{ app.words.t(&format!("kind-{}", names::kind(&line.kind))) }</span>
                        <span>{ &line.summary }</span>
                    </li>
                }) }
            </ul>
            if more > 0 { <p class="quiet">{ app.words.tn("and-more", more) }</p> }
        </div>
    }
}
