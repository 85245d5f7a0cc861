//! 今日: the round in order, what waits for me, what changed since I last looked, what has not left yet.

use super::PatientTab;
use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{
        ConfirmButton, HandOverPanel, Icon, PatientLine, PatientRowButton, RoomNotice, button_class, clash_words,
        document_link, use_answering, when, who,
    },
    dates::Day,
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// So many hand-overs are shown in full; the others are one tap away.
const IN_FULL: usize = 3;

/// The day's page.
#[component]
pub fn TodayScreen() -> Html {
    let app = use_app();
    let today = use_command(GetToday { date: None });
    let (answer, answering) = use_answering();
    html! {
        <div class="page page-today" data-testid="today">
            { today.show(&app, |today| html! {
                <>
                    <h1 class="page-title">{ app.words.t("nav-today") }<span class="quiet">{ heading(&app, &today.date) }</span></h1>
                    <RoomNotice />
                    { tiles(&app, today) }
                    <super::drafts::Drafts />
                    <section class="today-round" aria-label={app.words.t("round")}>
                        <div class="section-head">
                            <h2>{ app.words.t("round") }</h2>
                            <button type="button" class={button_class("plain")} onclick={go(&app, Route::Schedule(None))} data-testid="to-schedule">
                                <Icon name="today" />{ app.words.t("schedule") }
                            </button>
                        </div>
                        if today.round.is_empty() {
                            <p class="empty">{ app.words.t("round-empty") }</p>
                            <button type="button" class={button_class("plain")} onclick={go(&app, Route::Patients)} data-testid="to-patients">
                                <Icon name="search" />{ app.words.t("search-label") }
                            </button>
                        }
                        <div class="rows">{ for today.round.iter().map(|visit| stop(&app, visit)) }</div>
                    </section>
                    <div class="today-side">
                        { waiting(&app, today, &answer) }
                        { letters(&app, today) }
                        <section aria-label={app.words.t("changes")}>
                            <h2>{ app.words.t("changes") }</h2>
                            if today.changes.is_empty() { <p class="empty">{ app.words.t("changes-empty") }</p> }
                            { for today.changes.iter().map(|changes| changed(&app, changes)) }
                        </section>
                    </div>
                </>
            }) }
            { answering }
        </div>
    }
}

fn go(app: &App, route: Route) -> Callback<MouseEvent> {
    let app = app.clone();
    Callback::from(move |_| app.dispatch(Act::Go(route.clone())))
}

fn heading(app: &App, date: &str) -> String {
    let Some(day) = Day::parse(date) else { return date.to_owned() };
    let year = match app.words.lang {
        crate::i18n::Lang::Ja => day.era_year().unwrap_or_default(),
        crate::i18n::Lang::En => day.year.to_string(),
    };
    format!("{} {year}", day.heading(day, app.words.lang))
}

/// How much waits, above everything else where there is something: each leads to it.
fn tiles(app: &App, today: &Today) -> Html {
    let urgent = today.hand_overs.iter().filter(|line| line.urgent).count() as u64;
    let unsent = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::SyncSheet(true))
    };
    if today.conflicts == 0 && today.hand_overs.is_empty() && today.unsent == 0 {
        return html! {};
    }
    html! {
        <div class="waits">
            if !today.hand_overs.is_empty() {
                <button type="button" class="wait-tile wait-hand-overs" onclick={go(app, Route::HandOvers)} data-testid="open-hand-overs">
                    <b class="count">{ today.hand_overs.len() }</b>
                    <span>{ app.words.t("waiting-hand-overs") }
                        if urgent > 0 { <span class="mark mark-urgent">{ app.words.tn("urgent-count", urgent) }</span> }
                    </span><Icon name="next" />
                </button>
            }
            if today.conflicts > 0 {
                <button type="button" class="wait-tile wait-conflict" onclick={go(app, Route::Conflicts(None))} data-testid="open-conflicts">
                    <b class="count">{ today.conflicts }</b><span>{ app.words.t("waiting-conflicts") }</span><Icon name="next" />
                </button>
            }
            if today.unsent > 0 {
                <button type="button" class="wait-tile wait-unsent" onclick={unsent} aria-haspopup="dialog" data-testid="open-unsent">
                    <b class="count">{ today.unsent }</b><span>{ app.words.t("waiting-unsent") }</span><Icon name="next" />
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
            <b>{ &visit.time }{ "–" }</b><span class="quiet row-until">{ &visit.until }</span>
            if visit.done { <span class="row-done"><Icon name="check" />{ app.words.t("visit-done") }</span> }
        </span>
    };
    let more = html! {
        <>
            <span class="purpose">{ &visit.purpose }</span>
            if !visit.with.is_empty() {
                <span><span class="mark mark-plain" data-testid="joint">{ app.words.t("joint-visit") }</span>{ " " }{ visit.with.join("・") }</span>
            }
            { for visit.clashes.iter().map(|clash| html! { <span class="clash" data-testid="clash"><Icon name="warning" />{ clash_words(app, clash) }</span> }) }
            if visit.disputed { <span class="clash" data-testid="disputed"><Icon name="warning" />{ app.words.t("plan-disputed") }</span> }
        </>
    };
    html! {
        <PatientRowButton key={format!("{}{}", visit.time, visit.patient.patient.id)} row={visit.patient.clone()} on_open={open}
            {before} done={visit.done} {more} />
    }
}

/// The hand-overs that wait, the urgent ones first, to be confirmed where they stand.
fn waiting(app: &App, today: &Today, answer: &Callback<HandOverView>) -> Html {
    if today.hand_overs.is_empty() {
        return html! {};
    }
    let more = today.hand_overs.len().saturating_sub(IN_FULL) as u64;
    html! {
        <section aria-label={app.words.t("waiting-hand-overs")}>
            <h2>{ app.words.t("waiting-hand-overs") }</h2>
            { for today.hand_overs.iter().take(IN_FULL).map(|line| html! {
                <HandOverPanel key={line.entry.0.clone()} line={line.clone()} on_answer={answer.clone()} />
            }) }
            if more > 0 {
                <button type="button" class={button_class("plain")} onclick={go(app, Route::HandOvers)}>{ app.words.tn("and-more", more) }</button>
            }
        </section>
    }
}

/// Letters to my facility that wait for an answer, or to be read.
fn letters(app: &App, today: &Today) -> Html {
    if today.letters.is_empty() {
        return html! {};
    }
    html! {
        <section aria-label={app.words.t("waiting-letters")} data-testid="waiting-letters">
            <h2>{ app.words.t("waiting-letters") }</h2>
            { for today.letters.iter().map(|waiting| html! {
                <div class="panel" key={waiting.letter.entry.0.clone()}>
                    <PatientLine patient={waiting.patient.clone()} tab={PatientTab::Documents} />
                    { document_link(app, &waiting.patient.id, &waiting.letter) }
                    <div class="buttons"><ConfirmButton patient={waiting.patient.id.clone()} entry={waiting.letter.entry.clone()} /></div>
                </div>
            }) }
        </section>
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
