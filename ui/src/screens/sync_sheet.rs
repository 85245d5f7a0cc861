//! What lies behind the sync line: what waits, of whom, since when, how large, and a way to try now.

use crate::{
    api::{run, use_command},
    app::{Act, App, Route, use_app},
    components::{Sheet, button_class, notice, when},
    names, numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// What lies behind the sync line.
#[component]
pub fn SyncSheet() -> Html {
    let app = use_app();
    let detail = use_command(GetSyncDetail {});
    let close = {
        let app = app.clone();
        Callback::from(move |()| app.dispatch(Act::SyncSheet(false)))
    };
    let try_now = {
        let app = app.clone();
        move |_| {
            let after = app.clone();
            run(&app, SyncNow {}, move |answer| match answer {
                Ok(sync) => after.dispatch(Act::Sync(sync)),
                Err(error) => after.dispatch(Act::Toast(after.words.error(&error))),
            });
        }
    };
    let nearby = {
        let app = app.clone();
        move |_| {
            app.dispatch(Act::SyncSheet(false));
            app.dispatch(Act::Go(Route::Nearby));
        }
    };
    html! {
        <Sheet title={app.words.t("sync-title")} on_close={close} testid="sync-sheet">
            if let Some(sync) = &app.sync { { state(&app, sync) } }
            <button type="button" class={button_class("primary")} onclick={try_now} data-testid="sync-now">{ app.words.t("sync-now") }</button>
            <button type="button" class={button_class("plain")} onclick={nearby} data-testid="open-nearby">{ app.words.t("nearby-title") }</button>
            { detail.show(&app, |detail| waiting(&app, detail)) }
        </Sheet>
    }
}

fn state(app: &App, sync: &SyncView) -> Html {
    let words = &app.words;
    let line = |label: String, value: Html| html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> };
    let calm = match sync.state {
        SyncState::Offline | SyncState::Connecting => words.t("sync-explain-offline"),
        SyncState::Receiving { .. } => words.t("sync-explain-receiving"),
        _ if !sync.patients.all() => words.t("sync-explain-receiving"),
        _ if sync.unsent > 0 => words.t("sync-explain-sending"),
        _ => words.t("sync-explain-idle"),
    };
    html! {
        <>
            <p data-testid="sync-explain">{ calm }</p>
            if let Some(problem) = sync.problem {
                <p data-testid="sync-problem">{ words.t(&format!("problem-{}", names::problem(&problem))) }</p>
            }
            <dl class="pairs">
                { line(words.t("sync-unsent-label"), html! { words.tn("items", sync.unsent) }) }
                { line(words.t("sync-last-contact"), match sync.last_contact {
                    Some(at) => when(app, at),
                    None => html! { words.t("sync-never") },
                }) }
                { line(words.t("sync-with"), html! { sync.relay.clone().unwrap_or_else(|| words.t("sync-never")) }) }
                if let Some(path) = sync.path {
                    { line(words.t("sync-path"), html! { words.t(&format!("path-{}", names::path(&path))) }) }
                }
                { line(words.t("sync-patients"), html! {
                    <span data-testid="sync-patients" data-complete={sync.patients.complete.to_string()} data-known={sync.patients.known.to_string()}>
                        { patients_here(app, sync) }
                    </span>
                }) }
                if sync.patients.unproven > 0 {
                    { line(words.t("sync-unproven"), html! {
                        <span data-testid="sync-unproven">{ words.tn("sync-unproven-value", sync.patients.unproven) }</span>
                    }) }
                }
                { line(words.t("sync-month"), html! { <span data-testid="sync-month">{ traffic(app, &sync.month) }</span> }) }
            </dl>
            if let Some(offset) = sync.clock_offset_ms.filter(|offset| offset.abs() >= 5 * 60_000) {
                { notice("care", "clock-offset", html! { words.ta("sync-clock-off", &[("span", &words.span(offset))]) }) }
            }
            if sync.rejected > 0 { { notice("care", "sync-rejected", html! { words.tn("sync-rejected", sync.rejected) }) } }
        </>
    }
}

/// How many patients are here with all their records, and what that means.
pub(super) fn patients_here(app: &App, sync: &SyncView) -> String {
    let (complete, known) = (sync.patients.complete.to_string(), sync.patients.known.to_string());
    let counts = [("complete", complete.as_str()), ("known", known.as_str())];
    if sync.patients.all() {
        app.words.ta("sync-patients-all", &counts)
    } else if sync.patients.may_be_more {
        app.words.ta("sync-patients-so-far", &counts)
    } else {
        app.words.ta("sync-patients-some", &counts)
    }
}

/// Bytes both ways, in words.
pub(super) fn traffic(app: &App, traffic: &Traffic) -> String {
    let (sent, received) = (numbers::bytes(traffic.sent), numbers::bytes(traffic.received));
    app.words.ta("sync-traffic-value", &[("sent", &sent), ("received", &received)])
}

fn waiting(app: &App, detail: &SyncDetail) -> Html {
    let words = &app.words;
    if detail.waiting.is_empty() {
        return html! { <p class="empty" data-testid="sync-nothing-waits">{ words.t("sync-nothing-waits") }</p> };
    }
    html! {
        <>
            <h3>{ words.t("sync-what-waits") }</h3>
            <ul class="facts waiting-list" data-testid="sync-waiting">
                { for detail.waiting.iter().map(|item| html! {
                    <li class="waiting-item" data-testid="sync-waiting-item">
                        <b>{ &item.patient.name }</b>
                        <span>{ words.t(&format!("kind-{}", names::kind(&item.kind))) }</span>
                        <span class="quiet">{ when(app, item.since) }</span>
                        <span class="number">{ numbers::bytes(item.bytes) }</span>
                    </li>
                }) }
            </ul>
            if detail.more > 0 { <p class="quiet">{ words.tn("and-more", detail.more) }</p> }
        </>
    }
}
