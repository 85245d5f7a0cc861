//! 患者: one box that takes a name in any form, a birth date in any form, a number, an address.

use super::{PatientTab, sync_sheet::patients_here};
use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{Icon, PatientRowButton, button_class, text_of},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// At most so many rows are shown; a longer answer asks for more letters.
pub(super) const ROWS: u16 = 50;

/// From the second character on a search is a search; a single kanji already says much.
pub(super) fn query_of(text: &str) -> String {
    let text = text.trim();
    let one = text.chars().count() == 1 && text.chars().all(|c| !('\u{4e00}'..='\u{9fff}').contains(&c));
    if one { String::new() } else { text.to_owned() }
}

/// The list of patients.
#[component]
pub fn Patients() -> Html {
    let app = use_app();
    let found = use_command(SearchPatients { query: query_of(&app.query), limit: ROWS });
    let typed = {
        let app = app.clone();
        move |event: InputEvent| app.dispatch(Act::Query(text_of(&event)))
    };
    let open = {
        let app = app.clone();
        Callback::from(move |id| app.dispatch(Act::Go(Route::Patient(id, PatientTab::Timeline))))
    };
    let register = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Register))
    };
    let words = &app.words;
    html! {
        <div class="page" data-testid="patients">
            <div class="page-head">
                <h1 class="page-title">{ words.t("nav-patients") }</h1>
                <button type="button" class={button_class("plain")} onclick={register} data-testid="register-patient">{ words.t("register-patient") }</button>
            </div>
            <label class="search">
                <Icon name="search" /><span class="visually-hidden">{ words.t("search-label") }</span>
                <input class="input" type="search" value={app.query.clone()} oninput={typed} autocomplete="off"
                    placeholder={words.t("search-hint")} data-testid="search" />
            </label>
            if let Some(sync) = app.sync.as_ref().filter(|sync| !sync.patients.all()) {
                <p class="quiet" data-testid="patients-not-all-here">
                    { words.ta("patients-not-all-here", &[("here", &patients_here(&app, sync))]) }
                </p>
            }
            { found.show(&app, |list| html! {
                <>
                    <p class="quiet" role="status" data-testid="search-count">
                        { if list.recent { words.t("recent-patients") } else { words.tn("found", list.total) } }
                    </p>
                    if list.rows.is_empty() {
                        <p class="empty">{ if list.recent { words.t("patients-empty") } else { words.t("found-nothing") } }</p>
                    }
                    <div class="rows">
                        { for list.rows.iter().map(|row| html! {
                            <PatientRowButton key={row.patient.id.0.clone()} row={row.clone()} on_open={open.clone()} address={row.patient.same_name} />
                        }) }
                    </div>
                </>
            }) }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_with_the_second_letter_or_the_first_kanji() {
        assert_eq!(query_of("さ"), "");
        assert_eq!(query_of(" さと "), "さと");
        assert_eq!(query_of("釜"), "釜");
        assert_eq!(query_of("S"), "");
    }
}
