//! 設定: how this tablet's screen looks, and what its syncing may cost.

use super::sync_sheet::traffic;
use crate::{
    api::{run, use_command},
    app::{Act, App, Route, use_app},
    components::{Chips, button_class},
    dates,
    i18n::Lang,
    prefs::{Prefs, TextSize, Theme},
};
use tendenko_app_api::{GetDataUse, SetDataSaver};
use yew::prelude::*;

/// The settings.
#[component]
pub fn Settings() -> Html {
    let app = use_app();
    let words = &app.words;
    let languages = [(Lang::Ja, "日本語".to_owned()), (Lang::En, "English".to_owned())];
    let sizes = [
        (TextSize::Small, words.t("size-small")),
        (TextSize::Medium, words.t("size-medium")),
        (TextSize::Large, words.t("size-large")),
    ];
    let themes = [
        (Theme::Auto, words.t("theme-auto")),
        (Theme::Light, words.t("theme-light")),
        (Theme::Dark, words.t("theme-dark")),
        (Theme::Contrast, words.t("theme-contrast")),
    ];
    let gallery = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Gallery))
    };
    let to_resources = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Resources))
    };
    html! {
        <div class="page" data-testid="settings">
            <h1 class="page-title">{ words.t("nav-settings") }</h1>
            { choice(&app, words.t("language"), "language", &languages, app.prefs.lang, Lang::as_str, |prefs, lang| Prefs { lang, ..prefs }) }
            { choice(&app, words.t("text-size"), "size", &sizes, app.prefs.size, TextSize::as_str, |prefs, size| Prefs { size, ..prefs }) }
            { choice(&app, words.t("theme"), "theme", &themes, app.prefs.theme, Theme::as_str, |prefs, theme| Prefs { theme, ..prefs }) }
            <section class="panel">
                <h2 class="panel-title">{ words.t("resources") }</h2>
                <p class="quiet">{ words.t("resources-explain") }</p>
                <button type="button" class={button_class("plain")} onclick={to_resources} data-testid="to-resources">{ words.t("resources-open") }</button>
            </section>
            <Data />
            <section class="panel">
                <h2 class="panel-title">{ words.t("about") }</h2>
                if let Some(status) = &app.status {
                    <p>{ status.region.clone().unwrap_or_default() }{ " " }{ status.tablet.clone().unwrap_or_default() }</p>
                    <p class="quiet">{ words.ta("version", &[("version", &status.version)]) }</p>
                    if status.demo {
                        <button type="button" class={button_class("plain")} onclick={gallery} data-testid="open-gallery">{ words.t("gallery") }</button>
                    }
                }
            </section>
        </div>
    }
}

/// What syncing costs, and whether to save.
#[component]
fn Data() -> Html {
    let app = use_app();
    let words = &app.words;
    let months = use_command(GetDataUse {});
    let saver = app.sync.as_ref().is_some_and(|sync| sync.data_saver);
    let touched = {
        let app = app.clone();
        move |chosen: String| {
            let after = app.clone();
            run(&app, SetDataSaver { on: chosen == "on" }, move |answer| match answer {
                Ok(sync) => after.dispatch(Act::Sync(sync)),
                Err(error) => after.dispatch(Act::Toast(after.words.error(&error))),
            });
        }
    };
    let choices = vec![("off".to_owned(), words.t("data-saver-off")), ("on".to_owned(), words.t("data-saver-on"))];
    html! {
        <section class="panel">
            <h2 class="panel-title">{ words.t("data") }</h2>
            <Chips {choices} chosen={vec![if saver { "on" } else { "off" }.to_owned()]} on_touch={touched} label={words.t("data-saver")} testid="data-saver" />
            <p class="quiet">{ if saver { words.t("data-saver-explain-on") } else { words.t("data-saver-explain-off") } }</p>
            { months.show(&app, |months| html! {
                <dl class="pairs" data-testid="data-use">
                    { for months.iter().map(|month| html! {
                        <div><dt>{ dates::month(&month.month, words.lang) }</dt><dd>{ traffic(&app, &month.traffic) }</dd></div>
                    }) }
                </dl>
            }) }
        </section>
    }
}

fn choice<T: Copy + PartialEq + 'static>(
    app: &App,
    title: String,
    testid: &'static str,
    choices: &[(T, String)],
    now: T,
    name: fn(T) -> &'static str,
    set: fn(Prefs, T) -> Prefs,
) -> Html {
    let values: Vec<T> = choices.iter().map(|(value, _)| *value).collect();
    let touched = {
        let app = app.clone();
        move |chosen: String| {
            if let Some(value) = values.iter().copied().find(|value| name(*value) == chosen) {
                app.dispatch(Act::Prefs(set(app.prefs, value)));
            }
        }
    };
    let choices: Vec<_> = choices.iter().map(|(value, words)| (name(*value).to_owned(), words.clone())).collect();
    html! {
        <section class="panel">
            <h2 class="panel-title">{ &title }</h2>
            <Chips {choices} chosen={vec![name(now).to_owned()]} on_touch={touched} label={title} {testid} />
        </section>
    }
}
