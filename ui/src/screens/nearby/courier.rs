//! Records on a USB stick: written with one touch, taken in with one touch, called off at any time.

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{button_class, failure, notice, when},
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// What a touch led to.
#[derive(Clone, PartialEq)]
enum Work {
    Nothing,
    UnderWay,
    Written(CourierWritten),
    TakenIn(CourierReport),
    Refused(ApiError),
}

/// Sticks, what lies on them, and what can be done with it.
#[component]
pub fn Courier() -> Html {
    let app = use_app();
    let words = &app.words;
    let places = use_command(GetCourierPlaces {});
    let work = use_state(|| Work::Nothing);
    let again = {
        let app = app.clone();
        move |_| app.dispatch(Act::Changed)
    };
    html! {
        <section class="panel" data-testid="courier">
            <h2 class="panel-title">{ words.t("courier-title") }</h2>
            <p>{ words.t("courier-explain") }</p>
            { outcome(&app, &work) }
            { places.show(&app, |places| html! {
                <>
                    if !places.iter().any(|place| place.removable) { <p class="empty">{ words.t("courier-no-stick") }</p> }
                    { for places.iter().map(|place| html! {
                        <Place key={place.folder.clone()} place={place.clone()} work={work.clone()} />
                    }) }
                </>
            }) }
            <button type="button" class={button_class("quiet")} onclick={again} data-testid="courier-look">{ words.t("courier-look-again") }</button>
        </section>
    }
}

fn outcome(app: &App, work: &UseStateHandle<Work>) -> Html {
    let words = &app.words;
    match &**work {
        Work::Nothing => html! {},
        Work::UnderWay => {
            let stop = {
                let app = app.clone();
                move |_| run(&app, CancelCourier {}, |_| ())
            };
            let (done, total) = app.courier.map_or((0, None), |progress| (progress.bytes, progress.total));
            html! {
                <div class="courier-work" role="status" data-testid="courier-under-way">
                    <progress value={total.map(|_| done.to_string())} max={total.map(|total| total.to_string())} aria-label={words.t("courier-under-way")} />
                    <span>{ words.ta("courier-bytes", &[("bytes", &numbers::bytes(done))]) }</span>
                    <button type="button" class={button_class("quiet")} onclick={stop} data-testid="courier-cancel">{ words.t("cancel") }</button>
                </div>
            }
        }
        Work::Written(written) => {
            let count = written.records.to_string();
            let values = [("name", written.name.as_str()), ("records", &count)];
            let text = html! {
                <>
                    <p>{ words.ta("courier-written", &values) }</p>
                    if written.photos_left_out { <p>{ words.t("courier-no-room-for-photos") }</p> }
                </>
            };
            notice(if written.photos_left_out { "care" } else { "info" }, "courier-written", text)
        }
        Work::TakenIn(report) => taken_in(app, report),
        Work::Refused(error) => failure(app, error),
    }
}

fn taken_in(app: &App, report: &CourierReport) -> Html {
    let words = &app.words;
    let kind = if report.end == CourierEnd::Whole && report.refused == 0 { "info" } else { "care" };
    let end = match report.end {
        CourierEnd::Whole if report.new == 0 && report.known > 0 => words.t("courier-nothing-new"),
        CourierEnd::Whole => words.t("courier-whole"),
        CourierEnd::Cut => words.t("courier-cut"),
        CourierEnd::Damaged => words.t("courier-damaged"),
        CourierEnd::CalledOff => words.t("courier-called-off"),
    };
    let line = |label: String, count: u32| html! { <div><dt>{ label }</dt><dd>{ words.tn("items", count) }</dd></div> };
    let content = html! {
        <div data-new={report.new.to_string()} data-known={report.known.to_string()}>
            <p>{ end }</p>
            <dl class="pairs">
                { line(words.t("courier-new"), report.new) }
                { line(words.t("courier-known"), report.known) }
                if report.not_for_us > 0 { { line(words.t("courier-not-for-us"), report.not_for_us) } }
                if report.refused > 0 { { line(words.t("courier-refused"), report.refused) } }
            </dl>
        </div>
    };
    notice(kind, "courier-taken-in", content)
}

#[derive(Properties, PartialEq)]
struct PlaceProps {
    place: CourierPlace,
    work: UseStateHandle<Work>,
}

/// One stick, or the tablet's own folder.
#[component]
fn Place(props: &PlaceProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let place = &props.place;
    let busy = *props.work == Work::UnderWay;
    let name = if place.name.is_empty() { words.t("courier-own-folder") } else { place.name.clone() };
    let write = {
        let (app, work, folder) = (app.clone(), props.work.clone(), place.folder.clone());
        move |_| {
            let after = (app.clone(), work.clone());
            work.set(Work::UnderWay);
            run(&app, ExportCourier { folder: folder.clone(), since: None }, move |answer| {
                let (app, work) = after;
                work.set(answer.map_or_else(Work::Refused, Work::Written));
                app.dispatch(Act::Changed);
            });
        }
    };
    let take = |file: &CourierFile| {
        let (app, work) = (app.clone(), props.work.clone());
        let command = ImportCourier { folder: place.folder.clone(), name: file.name.clone() };
        move |_| {
            let after = (app.clone(), work.clone());
            work.set(Work::UnderWay);
            run(&app, command.clone(), move |answer| {
                let (app, work) = after;
                work.set(answer.map_or_else(Work::Refused, Work::TakenIn));
                app.dispatch(Act::Changed);
            });
        }
    };
    html! {
        <div class="courier-place" data-testid="courier-place" data-removable={place.removable.to_string()}>
            <div class="courier-head">
                <b>{ name }</b>
                <span class="quiet">{ words.ta("courier-free", &[("bytes", &numbers::bytes(place.free))]) }</span>
                <button type="button" class={button_class("plain")} onclick={write} disabled={busy} data-testid="courier-write">{ words.t("courier-write") }</button>
            </div>
            <ul class="facts">
                { for place.files.iter().map(|file| html! {
                    <li class="courier-file">
                        <span class="courier-name">{ &file.name }</span>
                        if let Some(written) = file.written { <span class="quiet">{ when(&app, written) }</span> }
                        <span class="number">{ numbers::bytes(file.bytes) }</span>
                        <button type="button" class={button_class("plain")} onclick={take(file)} disabled={busy} data-testid="courier-take">{ words.t("courier-take") }</button>
                    </li>
                }) }
            </ul>
        </div>
    }
}
