//! A plan in words: when, who, why; and what gets in its way.

use crate::{
    app::App,
    dates::{self, Day},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// When a plan has somebody come: `火・金 09:30–10:10`, or the day it is once.
fn plan_when(app: &App, plan: &PlanText) -> String {
    let words = &app.words;
    let time = format!("{}–{}", plan.time, dates::later(&plan.time, plan.minutes));
    if plan.weekdays.is_empty() {
        let day = Day::parse(&plan.from);
        let day = day.map_or_else(|| plan.from.clone(), |day| day.heading(app.today(), words.lang));
        return format!("{day} {time}");
    }
    let days: Vec<_> = plan.weekdays.iter().map(|day| dates::weekday_name(*day, words.lang)).collect();
    let separator = if words.lang == crate::i18n::Lang::Ja { "・" } else { ", " };
    format!("{} {time}", words.ta("weekly", &[("days", &days.join(separator))]))
}

/// Who comes; two or more come together.
pub fn people(app: &App, people: &[ParticipantView]) -> Html {
    html! {
        <span class="people">
            if people.len() > 1 { <span class="mark mark-plain" data-testid="joint">{ app.words.t("joint-visit") }</span> }
            { for people.iter().map(|one| html! {
                <span class="who"><b>{ &one.name }</b><span class="quiet">{ app.words.profession(&one.profession) }</span>
                    if one.me { <span class="mine">{ app.words.t("mine") }</span> }</span>
            }) }
        </span>
    }
}

/// A plan in full.
pub fn plan_line(app: &App, plan: &PlanText) -> Html {
    let words = &app.words;
    html! {
        <div class="plan-line">
            <b>{ plan_when(app, plan) }</b>
            { people(app, &plan.participants) }
            if !plan.purpose.is_empty() { <span class="purpose">{ &plan.purpose }</span> }
            if !plan.weekdays.is_empty() {
                <span class="quiet">{ words.ta("plan-from", &[("date", &dates::long(&plan.from, words.lang))]) }
                    if let Some(until) = &plan.until { { " " }{ words.ta("plan-until", &[("date", &dates::long(until, words.lang))]) } }
                </span>
            }
        </div>
    }
}

/// What gets in the way of a visit, in one sentence.
pub fn clash_words(app: &App, clash: &ClashView) -> String {
    let (members, participants) = (clash.members.join("・"), clash.participants.join("・"));
    let values = [
        ("name", clash.name.as_str()),
        ("time", clash.time.as_str()),
        ("until", clash.until.as_str()),
        ("members", members.as_str()),
        ("who", participants.as_str()),
    ];
    if clash.members.is_empty() {
        app.words.ta("clash-patient", &values)
    } else {
        app.words.ta("clash-member", &values)
    }
}
