//! When the visit was: now, a little ago, or on a day at a time. What is recorded later than it happened says so wherever it is shown.

use super::Change;
use crate::{
    app::{App, use_app},
    components::{Chips, text_of},
    dates::{self, Day, TOKYO_MS},
};
use tendenko_app_api::Millis;
use yew::prelude::*;

/// Days back that can be chosen by a touch.
const DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;

#[derive(Properties, PartialEq)]
pub struct WhenProps {
    /// When it was, where that was said.
    pub at: Option<Millis>,
    /// How many minutes ago it was, where that was not said otherwise.
    pub minutes_ago: i64,
    /// Something was chosen.
    pub on_change: Callback<Change>,
}

/// When the visit was.
#[component]
pub fn WhenPart(props: &WhenProps) -> Html {
    let app = use_app();
    let words = &app.words;
    // As typed, while it is no time of day yet.
    let typed = use_state(|| None::<String>);
    let at = props.at;
    let ago = [(0, "when-now"), (30, "when-30"), (60, "when-60"), (120, "when-120")];
    let mut choices: Vec<_> = ago.iter().map(|(minutes, key)| (minutes.to_string(), words.t(key))).collect();
    choices.push(("other".into(), words.t("when-other")));
    let chosen = if at.is_some() { "other".to_owned() } else { props.minutes_ago.to_string() };
    let now = app.now();
    let touched = {
        let typed = typed.clone();
        props.on_change.reform(move |choice: String| -> Change {
            typed.set(None);
            match choice.parse() {
                Ok(minutes) => Box::new(move |form| (form.at, form.minutes_ago) = (None, minutes)),
                Err(_) => Box::new(move |form| {
                    form.at = form.at.or(Some(Millis(now.0 - form.minutes_ago * 60_000)));
                    form.minutes_ago = 0;
                }),
            }
        })
    };
    html! {
        <section class="form-part">
            <h3>{ words.t("when") }</h3>
            <Chips {choices} chosen={vec![chosen]} on_touch={touched} label={words.t("when")} testid="when" />
            if let Some(at) = at { { day_and_time(&app, props, at, &typed) } }
        </section>
    }
}

fn day_and_time(app: &App, props: &WhenProps, at: Millis, typed: &UseStateHandle<Option<String>>) -> Html {
    let words = &app.words;
    let back = days_between(at, app.now());
    let mut days: Vec<_> = (0..DAYS).map(|days| (days.to_string(), day_name(app, days))).collect();
    if !(0..DAYS).contains(&back) {
        days.push((back.to_string(), Day::of(at).heading(app.today(), words.lang)));
    }
    let on_day = props.on_change.reform(move |days: String| -> Change {
        let moved = (back - days.parse::<i64>().unwrap_or(back)) * DAY_MS;
        Box::new(move |form| form.at = Some(Millis(at.0 + moved)))
    });
    let text = (**typed).clone().unwrap_or_else(|| dates::clock(at));
    let invalid = dates::minutes_of(&text).is_none();
    let on_time = {
        let (typed, on_change) = (typed.clone(), props.on_change.clone());
        move |event: InputEvent| {
            let text = text_of(&event);
            if let Some(minutes) = dates::minutes_of(&text) {
                let moment = Millis(start_of_day(at) + minutes * 60_000);
                on_change.emit(Box::new(move |form| form.at = Some(moment)));
            }
            typed.set(Some(text));
        }
    };
    html! {
        <div class="day-and-time">
            <Chips choices={days} chosen={vec![back.to_string()]} on_touch={on_day} label={words.t("when-day")} testid="when-day" />
            <label class="field">
                <span class="field-label">{ words.t("when-time") }</span>
                <input class="input input-number" type="text" inputmode="numeric" autocomplete="off" maxlength="5" value={text}
                    oninput={on_time} aria-invalid={invalid.to_string()} data-testid="when-time" />
            </label>
            if invalid { <p class="quiet" role="status">{ words.t("when-time-how") }</p> }
        </div>
    }
}

fn day_name(app: &App, back: i64) -> String {
    match back {
        0 => app.words.t("nav-today"),
        1 => app.words.t("yesterday"),
        _ => Day::of(Millis(app.now().0 - back * DAY_MS)).heading(app.today(), app.words.lang),
    }
}

fn start_of_day(at: Millis) -> i64 {
    (at.0 + TOKYO_MS).div_euclid(DAY_MS) * DAY_MS - TOKYO_MS
}

fn days_between(at: Millis, now: Millis) -> i64 {
    (start_of_day(now) - start_of_day(at)) / DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_in_japan() {
        // 2026-11-25 00:30 in Japan is the day before in UTC.
        let early = Millis(1_795_534_200_000);
        assert_eq!(dates::clock(Millis(start_of_day(early))), "00:00");
        assert_eq!(days_between(Millis(early.0 - 31 * 60_000), early), 1);
        assert_eq!(days_between(Millis(early.0 - 29 * 60_000), early), 0);
    }
}
