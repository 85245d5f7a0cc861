//! To a day: typed in any form, or one of the months in which something happened.

use crate::{
    api::run,
    app::use_app,
    components::{Sheet, button_class, text_of},
    dates::Day,
    i18n::Lang,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct JumpSheetProps {
    /// As ISO, newest first.
    pub months: Vec<String>,
    /// A day was chosen.
    pub on_day: Callback<IsoDate>,
    /// Closed without one.
    pub on_close: Callback<()>,
}

/// Asks for a day.
#[component]
pub fn JumpSheet(props: &JumpSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = use_state(String::new);
    let unknown = use_state(|| false);
    let oninput = {
        let (typed, unknown) = (typed.clone(), unknown.clone());
        move |event: InputEvent| {
            typed.set(text_of(&event));
            unknown.set(false);
        }
    };
    let onsubmit = {
        let (app, typed, unknown, on_day) = (app.clone(), typed.clone(), unknown.clone(), props.on_day.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let (unknown, on_day) = (unknown.clone(), on_day.clone());
            run(&app, ReadDate { typed: (*typed).clone() }, move |answer| match answer {
                Ok(Some(day)) => on_day.emit(day),
                _ => unknown.set(true),
            });
        }
    };
    html! {
        <Sheet title={words.t("jump")} on_close={props.on_close.clone()} testid="jump-sheet">
            <form class="jump-form" {onsubmit}>
                <label class="field">
                    <span class="field-label">{ words.t("jump-date") }</span>
                    <input class="input" value={(*typed).clone()} {oninput} autocomplete="off" placeholder={words.t("jump-hint")}
                        aria-invalid={unknown.to_string()} aria-describedby="jump-unknown" data-testid="jump-date" />
                </label>
                <button type="submit" class={button_class("primary")} disabled={typed.trim().is_empty()} data-testid="jump-go">{ words.t("jump-go") }</button>
                <p id="jump-unknown" role="status" class="vital-said">{ if *unknown { words.t("jump-unknown") } else { String::new() } }</p>
            </form>
            { for years(&props.months).into_iter().map(|(year, months)| html! {
                <section class="jump-year" key={year}>
                    <h3>{ year_name(year, words.lang) }</h3>
                    <div class="jump-months">
                        { for months.into_iter().map(|day| {
                            let chosen = day.iso();
                            html! {
                                <button type="button" class={button_class("plain")} data-testid={format!("jump-{}", &chosen[..7])}
                                    onclick={props.on_day.reform(move |_: MouseEvent| chosen.clone())}>{ month_name(day, words.lang) }</button>
                            }
                        }) }
                    </div>
                </section>
            }) }
        </Sheet>
    }
}

/// The last day of each month, by year, newest first.
fn years(months: &[String]) -> Vec<(i32, Vec<Day>)> {
    let mut years: Vec<(i32, Vec<Day>)> = Vec::new();
    for last in months.iter().filter_map(|month| Day::last_of_month(month)) {
        match years.last_mut().filter(|(year, _)| *year == last.year) {
            Some((_, days)) => days.push(last),
            None => years.push((last.year, vec![last])),
        }
    }
    years
}

fn year_name(year: i32, lang: Lang) -> String {
    // By its last day: a year in which an era ended is called by the new one, as people do.
    let era = Day { year, month: 12, day: 31 }.era_year();
    match (lang, era) {
        (Lang::Ja, Some(era)) => format!("{era}（{year}）"),
        (Lang::Ja, None) => format!("{year}年"),
        (Lang::En, _) => year.to_string(),
    }
}

fn month_name(day: Day, lang: Lang) -> String {
    match lang {
        Lang::Ja => format!("{}月", day.month),
        Lang::En => day.month(lang).split(' ').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_stand_under_their_years_newest_first() {
        let months = ["2026-11", "2026-02", "2024-02", "nonsense"].map(str::to_owned);
        let found: Vec<_> = years(&months)
            .into_iter()
            .map(|(year, days)| (year, days.into_iter().map(Day::iso).collect::<Vec<_>>()))
            .collect();
        let expected = [(2026, vec!["2026-11-30", "2026-02-28"]), (2024, vec!["2024-02-29"])];
        assert_eq!(found, expected.map(|(year, days)| (year, days.into_iter().map(str::to_owned).collect())));
        assert_eq!(year_name(2019, Lang::Ja), "令和元年（2019）");
        assert_eq!(year_name(2019, Lang::En), "2019");
        assert_eq!(month_name(Day { year: 2026, month: 3, day: 31 }, Lang::En), "Mar");
    }
}
