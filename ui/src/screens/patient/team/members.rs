//! Who is in the team, since when, on what consent; and adding a facility.

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{Icon, Sheet, area_field, button_class, failure, save_button, send_and_close, text_of},
    dates::Day,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MembersProps {
    /// Whose team.
    pub patient: PatientId,
}

/// A facility that is to get access.
#[derive(Clone, PartialEq)]
struct Chosen {
    facility: String,
    name: String,
    tablets: u32,
}

#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    Add(Option<Chosen>),
}

/// The facilities and people around a patient.
#[component]
pub fn Members(props: &MembersProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let team = use_command(GetCareTeam { patient: props.patient.clone() });
    let open = use_state(|| Open::Nothing);
    let set = |next: Open| {
        let open = open.clone();
        move |_: MouseEvent| open.set(next.clone())
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(Open::Nothing))
    };
    let to_resources = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(Route::Resources))
    };
    html! {
        <section class="panel" data-testid="members">
            <h2 class="panel-title">{ words.t("members") }</h2>
            { team.show(&app, |team| html! {
                <>
                    if team.facilities.len() < 2 { <p class="quiet" data-testid="team-alone">{ words.t("members-alone") }</p> }
                    { for team.facilities.iter().map(|facility| {
                        let missing = Chosen { facility: facility.facility.clone(), name: facility.name.clone(), tablets: facility.tablets_without };
                        html! {
                            <div class="stated" key={facility.facility.clone()} data-testid="team-facility">
                                <p><b>{ &facility.name }</b>{ " " }<span class="quiet">{ &facility.kind }</span></p>
                                <ul class="facts">{ for facility.members.iter().map(|member| person(&app, member)) }</ul>
                                <p class="quiet">{ since(&app, facility) }</p>
                                if facility.tablets_without > 0 && team.may_add {
                                    <p>{ words.tn("tablets-without", facility.tablets_without) }</p>
                                    <button type="button" class={button_class("plain")} onclick={set(Open::Add(Some(missing)))} data-testid="add-tablets">{ words.t("add-tablets") }</button>
                                }
                            </div>
                        }
                    }) }
                    if team.may_add {
                        <button type="button" class={button_class("plain")} onclick={set(Open::Add(None))} aria-haspopup="dialog" data-testid="add-member">
                            { words.t("add-member") }</button>
                    }
                </>
            }) }
            <button type="button" class={button_class("quiet")} onclick={to_resources} data-testid="to-resources">{ words.t("resources-open") }</button>
            <p class="quiet">{ words.t("members-leaving") }</p>
            if let Open::Add(chosen) = (*open).clone() { <AddSheet patient={props.patient.clone()} {chosen} on_close={close} /> }
        </section>
    }
}

fn person(app: &App, member: &TeamMember) -> Html {
    html! { <li class="who"><b>{ &member.name }</b><span class="quiet">{ app.words.profession(&member.profession) }</span></li> }
}

/// Since when, and on what consent.
fn since(app: &App, facility: &TeamFacility) -> String {
    let words = &app.words;
    let date = Day::of(facility.since).long(words.lang);
    match (&facility.consent, &facility.added_by) {
        (None, _) => words.ta("member-first", &[("date", &date)]),
        (Some(consent), None) => words.ta("member-since", &[("date", &date), ("consent", consent)]),
        (Some(consent), Some(by)) => words.ta("member-added", &[("date", &date), ("consent", consent), ("by", by)]),
    }
}

#[derive(Properties, PartialEq)]
struct AddProps {
    patient: PatientId,
    chosen: Option<Chosen>,
    on_close: Callback<()>,
}

/// Chooses a facility, then the consent that its access rests on.
#[component]
fn AddSheet(props: &AddProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let colleagues = use_command(GetColleagues { patient: props.patient.clone() });
    let chosen = use_state(|| props.chosen.clone());
    let typed = use_state(String::new);
    let consent = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let set_typed = {
        let typed = typed.clone();
        move |event: InputEvent| typed.set(text_of(&event))
    };
    let choose = |next: Option<Chosen>| {
        let chosen = chosen.clone();
        move |_: MouseEvent| chosen.set(next.clone())
    };
    let save = {
        let (app, patient, on_close, error) =
            (app.clone(), props.patient.clone(), props.on_close.clone(), error.clone());
        let (chosen, consent) = ((*chosen).clone(), (*consent).clone());
        move || {
            if let Some(chosen) = &chosen {
                let (patient, facility) = (patient.clone(), chosen.facility.clone());
                let command = AddToTeam { patient, facility, consent: consent.clone() };
                send_and_close(&app, command, error.clone(), on_close.clone());
            }
        }
    };
    let inside = match &*chosen {
        Some(chosen) => html! {
            <>
                <p><b>{ &chosen.name }</b></p>
                <p>{ words.tn("add-explain", chosen.tablets) }</p>
                { area_field(words.t("consent-label"), "consent", "2", &consent) }
                <p class="quiet">{ words.t("consent-hint") }</p>
                if let Some(refusal) = &*error { { failure(&app, refusal) } }
                { save_button(&app, "sheet-save", !consent.trim().is_empty(), save) }
            </>
        },
        None => html! {
            <>
                <label class="search"><span class="visually-hidden">{ words.t("colleague-search") }</span><Icon name="search" />
                    <input class="input" type="search" value={(*typed).clone()} oninput={set_typed} placeholder={words.t("colleague-search")} data-testid="colleague-search" />
                </label>
                { colleagues.show(&app, |colleagues| {
                    let found: Vec<_> = colleagues.iter().filter(|one| matches(one, &typed)).collect();
                    html! {
                        <div class="rows">
                            if found.is_empty() { <p class="empty">{ words.t("colleague-none") }</p> }
                            { for found.iter().map(|one| {
                                let next = Chosen { facility: one.facility.clone(), name: one.name.clone(), tablets: one.tablets };
                                html! {
                                    <button type="button" class="patient-row" key={one.facility.clone()} disabled={one.tablets == 0}
                                        onclick={choose(Some(next))} data-testid="colleague">
                                        <span class="patient-row-main"><span><b>{ &one.name }</b>{ " " }<span class="quiet">{ &one.kind }</span></span>
                                            <span>{ one.members.iter().map(|member| format!("{}（{}）", member.name, words.profession(&member.profession))).collect::<Vec<_>>().join("、") }</span>
                                            if one.tablets == 0 { <span class="quiet">{ words.t("colleague-no-tablet") }</span> }
                                        </span><Icon name="next" />
                                    </button>
                                }
                            }) }
                        </div>
                    }
                }) }
            </>
        },
    };
    html! { <Sheet title={words.t("add-member")} on_close={props.on_close.clone()} testid="add-sheet">{ inside }</Sheet> }
}

/// Whether a facility, or somebody there, is called what was typed.
fn matches(one: &ColleagueFacility, typed: &str) -> bool {
    let typed: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let names = one.members.iter().map(|member| member.name.as_str()).chain([one.name.as_str(), one.kind.as_str()]);
    let all: String = names.collect::<Vec<_>>().join("\n").to_lowercase().replace(' ', "");
    typed.iter().all(|word| all.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facility_is_found_by_its_name_and_by_whoever_works_there() {
        let one = ColleagueFacility {
            facility: String::new(),
            name: "はまかぜ薬局".into(),
            kind: "薬局".into(),
            members: vec![TeamMember {
                member: MemberId(String::new()),
                name: "千葉 浩二".into(),
                profession: Profession::Pharmacist,
                facility: "はまかぜ薬局".into(),
            }],
            tablets: 1,
        };
        assert!(["", "はまかぜ", "千葉 薬局", "浩二", "千葉浩二"].iter().all(|typed| matches(&one, typed)));
        assert!(!matches(&one, "佐々木"));
    }
}
