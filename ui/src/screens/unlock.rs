//! 解錠: whose tile, then their PIN on large keys, or their passphrase. Nothing about patients is visible here.

use crate::i18n::Lang;
use crate::{
    api,
    app::{Act, App, use_app},
    components::{Icon, button_class, text_of},
    names,
    prefs::Prefs,
};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use tendenko_app_api::{ApiError, AppState, AppStatus, StaffTile};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct UnlockProps {
    /// What may be known before anybody unlocked.
    pub status: Rc<AppStatus>,
}

/// The unlock screen.
#[component]
pub fn Unlock(props: &UnlockProps) -> Html {
    let app = use_app();
    let status = &props.status;
    let chosen = use_state(|| (status.staff.len() == 1).then(|| status.staff[0].clone()));
    let other = match app.prefs.lang {
        Lang::Ja => (Lang::En, "English"),
        Lang::En => (Lang::Ja, "日本語"),
    };
    let switch = {
        let app = app.clone();
        move |_| app.dispatch(Act::Prefs(Prefs { lang: other.0, ..app.prefs }))
    };
    html! {
        <main class="unlock" data-testid="unlock">
            <header class="unlock-head">
                <img class="logo" src="assets/logo.svg" alt="" width="56" height="56" />
                <div>
                    <h1>{ app.words.t("app-name") }</h1>
                    <p class="quiet">{ status.region.clone().unwrap_or_default() }{ " " }{ status.tablet.clone().unwrap_or_default() }</p>
                </div>
                <button type="button" class={button_class("quiet")} onclick={switch} data-testid="switch-language" lang={other.0.as_str()}>{ other.1 }</button>
            </header>
            if status.demo {
                <p class="notice notice-info demo-notice" data-testid="demo-notice">
                    { app.words.t("demo-notice") }
                    if let Some(secret) = &status.demo_secret { { " " }{ app.words.ta("demo-secret", &[("secret", secret)]) } }
                </p>
            }
            <div class="unlock-who">
                <h2 class="unlock-ask">{ app.words.t("who-are-you") }</h2>
                <div class="staff" role="group" aria-label={app.words.t("who-are-you")}>
                    { for status.staff.iter().map(|tile| staff_tile(&app, &chosen, tile)) }
                </div>
            </div>
            if let Some(tile) = &*chosen {
                <Secret key={tile.member.0.clone()} tile={tile.clone()} wait={wait_of(status)} />
            }
        </main>
    }
}

fn wait_of(status: &AppStatus) -> u32 {
    match status.state {
        AppState::Locked { wait_seconds } => wait_seconds,
        _ => 0,
    }
}

fn staff_tile(app: &App, chosen: &UseStateHandle<Option<StaffTile>>, tile: &StaffTile) -> Html {
    let current = chosen.as_ref().is_some_and(|other| other.member == tile.member);
    let (chosen, next) = (chosen.clone(), tile.clone());
    html! {
        <button type="button" key={tile.member.0.clone()} aria-pressed={current.to_string()}
            class={classes!("staff-tile", format!("bar-{}", names::profession(&tile.profession)), current.then_some("is-chosen"))}
            data-testid="staff-tile" data-member={tile.member.0.clone()} onclick={move |_| chosen.set(Some(next.clone()))}>
            <b>{ &tile.name }</b><span class="quiet">{ app.words.profession(&tile.profession) }</span>
        </button>
    }
}

#[derive(Properties, PartialEq)]
struct SecretProps {
    tile: StaffTile,
    wait: u32,
}

/// The secret of one person. Cleared after every try.
#[component]
fn Secret(props: &SecretProps) -> Html {
    let app = use_app();
    let text = use_state(String::new);
    let words_mode = use_state(|| false);
    let busy = use_state(|| false);
    let error = use_state(|| None::<ApiError>);
    let wait = use_state(|| props.wait);
    let field = use_node_ref();
    use_count_down(&wait);
    {
        let field = field.clone();
        use_effect_with((), move |()| {
            if let Some(field) = field.cast::<web_sys::HtmlElement>() {
                // Only refused for a field that cannot have the focus.
                let _ = field.focus();
            }
        });
    }

    let blocked = *busy || *wait > 0;
    let submit = {
        let (app, member) = (app.clone(), props.tile.member.clone());
        let (text, busy, error, wait) = (text.clone(), busy.clone(), error.clone(), wait.clone());
        Callback::from(move |()| {
            if blocked || text.is_empty() {
                return;
            }
            busy.set(true);
            error.set(None);
            let command = tendenko_app_api::Unlock { member: member.clone(), secret: (*text).clone() };
            let (app, text, busy, error, wait) = (app.clone(), text.clone(), busy.clone(), error.clone(), wait.clone());
            spawn_local(async move {
                let answer = api::call(&command).await;
                text.set(String::new());
                busy.set(false);
                match answer {
                    Ok(me) => app.dispatch(Act::Unlocked(me)),
                    Err(refusal) => {
                        wait.set(refusal.number("wait_seconds").unwrap_or(0));
                        error.set(Some(refusal));
                    }
                }
            });
        })
    };
    let press = {
        let text = text.clone();
        Callback::from(move |key: char| {
            let mut next = (*text).clone();
            if key == '<' {
                next.pop().map_or((), drop)
            } else {
                next.push(key)
            }
            text.set(next);
        })
    };
    let typed = {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let entered = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            submit.emit(());
        }
    };
    let switch = {
        let words_mode = words_mode.clone();
        move |_| words_mode.set(!*words_mode)
    };
    let label = if *words_mode { app.words.t("passphrase") } else { app.words.t("pin") };
    html! {
        <form class="secret" onsubmit={entered} autocomplete="off">
            <label class="field">
                <span class="field-label">{ app.words.ta("secret-of", &[("name", &props.tile.name), ("secret", &label)]) }</span>
                <input ref={field} class="input input-secret" type="password" inputmode={if *words_mode { "text" } else { "none" }}
                    autocomplete="off" value={(*text).clone()} oninput={typed} disabled={*busy} data-testid="secret" />
            </label>
            <div class="secret-say" role="alert">
                if let Some(error) = &*error {
                    <p class="notice notice-care" data-testid="unlock-error" data-code={error.code.as_str()}>
                        <Icon name="warning" />{ app.words.error(error) }
                    </p>
                }
                if *wait > 0 { <p data-testid="unlock-wait">{ app.words.tn("wait-seconds", *wait) }</p> }
            </div>
            if !*words_mode { { keys(&app, &press, blocked) } }
            <button type="submit" class={classes!(button_class("primary"), "button-wide")} disabled={blocked || text.is_empty()} data-testid="unlock-submit">
                { if *busy { app.words.t("unlocking") } else { app.words.t("unlock") } }
            </button>
            <button type="button" class={button_class("quiet")} onclick={switch} data-testid="secret-mode">
                { if *words_mode { app.words.t("use-pin") } else { app.words.t("use-passphrase") } }
            </button>
        </form>
    }
}

fn keys(app: &App, press: &Callback<char>, blocked: bool) -> Html {
    let key = |digit: char| {
        html! {
            <button type="button" class="key" disabled={blocked} data-testid={format!("key-{digit}")}
                onclick={press.reform(move |_: MouseEvent| digit)}>{ digit }</button>
        }
    };
    html! {
        <div class="pad" role="group" aria-label={app.words.t("number-pad")}>
            { for "123456789".chars().map(key) }
            <span />
            { key('0') }
            <button type="button" class="key" disabled={blocked} onclick={press.reform(|_: MouseEvent| '<')}
                aria-label={app.words.t("erase-one")} data-testid="key-back"><Icon name="erase" /></button>
        </div>
    }
}

/// Counts the waiting time down to nothing, one second at a time.
#[hook]
fn use_count_down(wait: &UseStateHandle<u32>) {
    let wait = wait.clone();
    use_effect_with(*wait, move |left| {
        let left = *left;
        if left > 0 {
            spawn_local(async move {
                TimeoutFuture::new(1_000).await;
                wait.set(left - 1);
            });
        }
    });
}
