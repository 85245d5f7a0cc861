//! A plan that is made, or changed: who, when, how long, why.

use crate::{
    api::use_command,
    app::use_app,
    components::{Chips, ReasonField, Sheet, failure, save_button, send_and_close, text_field},
    dates,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// How long a visit takes, to be chosen by a touch.
const MINUTES: [u16; 7] = [15, 20, 30, 40, 60, 90, 120];
/// Why somebody comes, to be chosen by a touch.
const PURPOSES: [&str; 4] = ["regular", "medication", "condition", "discharge"];

#[derive(Properties, PartialEq)]
pub struct PlanProps {
    /// Whose plan.
    pub patient: PatientId,
    /// The one that is changed; none = a new one.
    pub plan: Option<PlanView>,
    /// Closed.
    pub on_close: Callback<()>,
}

/// Makes or changes a plan.
#[component]
pub fn PlanSheet(props: &PlanProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let now = props.plan.as_ref().map(|plan| plan.said.clone());
    let team = use_command(GetCareTeam { patient: props.patient.clone() });
    let members = use_state(|| match (&now, app.me()) {
        (Some(now), _) => now.participants.iter().map(|one| one.member.0.clone()).collect::<Vec<_>>(),
        (None, Some(me)) => vec![me.member.0.clone()],
        (None, None) => Vec::new(),
    });
    let weekly = use_state(|| now.as_ref().is_none_or(|now| !now.weekdays.is_empty()));
    let weekdays = use_state(|| now.as_ref().map(|now| now.weekdays.clone()).unwrap_or_default());
    let time = use_state(|| now.as_ref().map(|now| now.time.clone()).unwrap_or_default());
    let minutes = use_state(|| now.as_ref().map_or(30, |now| now.minutes));
    let purpose = use_state(|| now.as_ref().map(|now| now.purpose.clone()).unwrap_or_default());
    let from = use_state(|| {
        // What is over stays as it was: a change begins today, or when the plan begins.
        let today = app.today().iso();
        now.as_ref().map_or_else(|| today.clone(), |now| now.from.clone().max(today.clone()))
    });
    let until = use_state(|| now.as_ref().and_then(|now| now.until.clone()).unwrap_or_default());
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);

    let people: Vec<(String, String)> = team
        .ready()
        .map(|team| {
            let all = team.facilities.iter().flat_map(|facility| &facility.members);
            all.map(|one| (one.member.0.clone(), format!("{}（{}）", one.name, words.profession(&one.profession))))
                .collect()
        })
        .unwrap_or_default();
    let toggle_member = {
        let members = members.clone();
        move |touched: String| {
            let mut next = (*members).clone();
            if next.contains(&touched) {
                next.retain(|one| *one != touched);
            } else {
                next.push(touched);
            }
            members.set(next);
        }
    };
    let toggle_day = {
        let weekdays = weekdays.clone();
        move |touched: String| {
            let Ok(day) = touched.parse::<u8>() else { return };
            let mut next = (*weekdays).clone();
            if next.contains(&day) {
                next.retain(|one| *one != day);
            } else {
                next.push(day);
            }
            weekdays.set(next);
        }
    };
    let set_weekly = {
        let weekly = weekly.clone();
        move |touched: String| weekly.set(touched == "weekly")
    };
    let set_minutes = {
        let minutes = minutes.clone();
        move |touched: String| minutes.set(touched.parse().unwrap_or(30))
    };
    let set_purpose = {
        let purpose = purpose.clone();
        move |touched: String| purpose.set(touched)
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, patient, plan, on_close, error) =
            (app.clone(), props.patient.clone(), props.plan.clone(), props.on_close.clone(), error.clone());
        let draft = PlanDraft {
            members: members.iter().cloned().map(MemberId).collect(),
            weekdays: if *weekly { (*weekdays).clone() } else { Vec::new() },
            time: dates::time_of(&time).unwrap_or_default(),
            minutes: *minutes,
            purpose: (*purpose).clone(),
            from: (*from).clone(),
            until: if *weekly { (*until).clone() } else { String::new() },
        };
        let reason = (*reason).clone();
        move || {
            let (patient, draft, error, on_close) = (patient.clone(), draft.clone(), error.clone(), on_close.clone());
            match &plan {
                Some(plan) => {
                    let command = ChangePlan { patient, plan: plan.entry.clone(), draft, reason: reason.clone() };
                    send_and_close(&app, command, error, on_close);
                }
                None => send_and_close(&app, PlanVisit { patient, draft }, error, on_close),
            }
        }
    };
    let changes = props.plan.is_some();
    let ready = !members.is_empty()
        && dates::time_of(&time).is_some()
        && (!*weekly || !weekdays.is_empty())
        && (!changes || !reason.trim().is_empty());
    let days: Vec<_> =
        (1..=7_u8).map(|day| (day.to_string(), dates::weekday_name(day, words.lang).to_owned())).collect();
    let mut lengths = MINUTES.to_vec();
    if !lengths.contains(&minutes) {
        lengths.push(*minutes);
        lengths.sort_unstable();
    }
    let lengths: Vec<_> = lengths.into_iter().map(|length| (length.to_string(), words.tn("minutes", length))).collect();
    let purposes: Vec<_> = PURPOSES
        .iter()
        .map(|name| words.t(&format!("purpose-{name}")))
        .map(|purpose| (purpose.clone(), purpose))
        .collect();
    let repeat = vec![("weekly".to_owned(), words.t("repeat-weekly")), ("once".to_owned(), words.t("repeat-once"))];
    html! {
        <Sheet title={words.t(if changes { "visit-do-edit" } else { "plan-visit" })} on_close={props.on_close.clone()} testid="plan-sheet">
            <div class="field">
                <span class="field-label">{ words.t("plan-who") }</span>
                <Chips choices={people} chosen={(*members).clone()} on_touch={toggle_member} label={words.t("plan-who")} testid="plan-who" />
                if members.len() > 1 { <p class="quiet">{ words.t("joint-explain") }</p> }
            </div>
            <div class="field">
                <span class="field-label">{ words.t("repeat") }</span>
                <Chips choices={repeat} chosen={vec![if *weekly { "weekly" } else { "once" }.to_owned()]} on_touch={set_weekly} label={words.t("repeat")} testid="repeat" />
                if *weekly {
                    <Chips choices={days} chosen={weekdays.iter().map(u8::to_string).collect::<Vec<_>>()} on_touch={toggle_day} label={words.t("weekdays")} testid="weekday" />
                }
            </div>
            <div class="field-pair">
                { text_field(if *weekly { words.t("plan-first") } else { words.t("plan-day") }, "plan-from", &from) }
                { text_field(words.t("field-time"), "plan-time", &time) }
            </div>
            <div class="field">
                <span class="field-label">{ words.t("plan-minutes") }</span>
                <Chips choices={lengths} chosen={vec![minutes.to_string()]} on_touch={set_minutes} label={words.t("plan-minutes")} testid="plan-minutes" />
            </div>
            { text_field(words.t("purpose"), "plan-purpose", &purpose) }
            <Chips choices={purposes} chosen={vec![(*purpose).clone()]} on_touch={set_purpose} label={words.t("purpose")} testid="plan-purposes" />
            if *weekly { { text_field(words.t("plan-last"), "plan-until", &until) } }
            if changes { <ReasonField text={(*reason).clone()} on_text={set_reason} /> }
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", ready, save) }
        </Sheet>
    }
}
