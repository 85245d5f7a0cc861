//! 時系列: what every profession wrote, newest first, with the place up to which I had read.

use crate::{
    api::{run, use_command},
    app::{App, use_app},
    components::EntryView,
    groups,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// How many entries are asked for at a time.
const STEP: u16 = 30;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    /// Whose.
    pub id: PatientId,
}

/// The timeline of a patient.
#[component]
pub fn TimelineTab(props: &TimelineProps) -> Html {
    let app = use_app();
    let limit = use_state(|| STEP);
    let timeline = use_command(GetTimeline { patient: props.id.clone(), before: None, limit: *limit });
    let read_before = use_read_mark(&app, &props.id, timeline.ready().map(|timeline| &**timeline));
    let more = {
        let limit = limit.clone();
        move |_| limit.set(limit.saturating_add(STEP))
    };
    timeline.show(&app, |timeline| html! {
        <div class="timeline" data-testid="timeline">
            if timeline.entries.is_empty() { <p class="empty">{ app.words.t("timeline-empty") }</p> }
            { for groups::by_day(&timeline.entries, |entry| entry.at).into_iter().map(|(day, entries)| html! {
                <section key={day.iso()} class="day">
                    <h2 class="day-title">{ day.heading(app.today(), app.words.lang) }</h2>
                    { for entries.iter().map(|entry| html! {
                        <>
                            if first_read(timeline, read_before) == Some(&entry.id) {
                                <p class="read-line" data-testid="read-line"><span>{ app.words.t("read-until-here") }</span></p>
                            }
                            <EntryView key={entry.id.0.clone()} entry={entry.clone()} patient={props.id.clone()} />
                        </>
                    }) }
                </section>
            }) }
            if timeline.next.is_some() {
                <button type="button" class="button button-plain button-wide" onclick={more} data-testid="timeline-more">
                    { app.words.t("show-earlier") }
                </button>
            }
        </div>
    })
}

/// The newest entry below which nothing is new, unless nothing is new at all. The shell lowers the mark to what
/// arrived late, however long ago it happened.
fn first_read(timeline: &Timeline, read_before: Option<Millis>) -> Option<&EntryId> {
    let read = read_before?;
    let place = timeline.entries.iter().position(|entry| entry.at <= read)?;
    (place > 0).then(|| &timeline.entries[place].id)
}

/// Whether there is something to mark as seen: on opening, and when something arrived since. A mark that only rose is
/// the answer to marking, and marking again would never end beside an entry of a tablet whose clock is ahead.
fn has_news(before: Option<(Millis, Option<Millis>)>, newest: Millis, seen: Option<Millis>) -> bool {
    match before {
        None => seen.is_none_or(|seen| seen < newest),
        Some((newest_before, seen_before)) => newest != newest_before || seen < seen_before,
    }
}

/// Tells the shell that everything on the screen was seen, and remembers where that was when this page was opened.
#[hook]
fn use_read_mark(app: &App, patient: &PatientId, timeline: Option<&Timeline>) -> Option<Millis> {
    let opened_at = use_mut_ref(|| None::<Option<Millis>>);
    let marked = use_mut_ref(|| None::<(Millis, Option<Millis>)>);
    let known = opened_at.borrow().is_some();
    if let (false, Some(timeline)) = (known, timeline) {
        *opened_at.borrow_mut() = Some(timeline.seen_until);
    }
    let newest =
        timeline.and_then(|timeline| timeline.entries.iter().map(|entry| entry.recorded_at.max(entry.at)).max());
    let seen = timeline.and_then(|timeline| timeline.seen_until);
    let (app, patient) = (app.clone(), patient.clone());
    use_effect_with((newest, seen), move |(newest, seen)| {
        let Some(until) = *newest else { return };
        if has_news(*marked.borrow(), until, *seen) {
            // A mark that could not be written only means that the entry counts as new once more.
            run(&app, MarkSeen { patient, until }, |_| ());
        }
        *marked.borrow_mut() = Some((until, *seen));
    });
    let read_before = *opened_at.borrow();
    read_before.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marking_ends() {
        let (past, now, ahead) = (Some(Millis(1)), Some(Millis(5)), Millis(9));
        assert!(has_news(None, ahead, past), "opened");
        assert!(!has_news(Some((ahead, past)), ahead, now), "marked; the entry of a clock that is ahead stays ahead");
        assert!(has_news(Some((ahead, now)), ahead, past), "something old arrived late");
        assert!(has_news(Some((Millis(4), now)), Millis(6), now), "something new arrived");
        assert!(!has_news(None, Millis(4), now), "everything was seen before");
    }
}
