//! One visit of the schedule: its row, and the sheet in which it is looked at, moved, left out, or settled.

use crate::{
    app::{Act, App, Route, use_app},
    components::{
        Icon, PatientLine, ReasonField, Sheet, button_class, clash_words, failure, notice, people, plan_line,
        save_button, send_and_close, text_field, written,
    },
    dates,
    screens::PatientTab,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// A visit in its day. On a patient's own page the people are what matters, elsewhere the patient.
pub fn row(app: &App, visit: &ScheduledVisit, of_patient: bool, on_look: &Callback<ScheduledVisit>) -> Html {
    let words = &app.words;
    let dropped = visit.change.as_ref().is_some_and(|change| change.dropped);
    let disputed = visit.change.as_ref().is_some_and(|change| !change.against.is_empty());
    let touched = {
        let visit = visit.clone();
        on_look.reform(move |_: MouseEvent| visit.clone())
    };
    let said = &visit.plan.said;
    html! {
        <button type="button" key={format!("{}{}{}", visit.plan.entry, visit.planned_on, visit.time)} aria-haspopup="dialog"
            class={classes!("patient-row", "visit-row", visit.done.then_some("is-done"), dropped.then_some("is-dropped"))}
            onclick={touched} data-testid="visit-row" data-plan={visit.plan.entry.0.clone()}>
            <span class="row-time"><b>{ &visit.time }{ "–" }</b><span class="quiet row-until">{ &visit.until }</span>
                if visit.done { <span class="row-done"><Icon name="check" />{ words.t("visit-done") }</span> }
            </span>
            <span class="patient-row-main">
                if of_patient {
                    { people(app, &said.participants) }
                } else {
                    <span class="kana">{ &visit.patient.kana }</span><span class="name">{ &visit.patient.name }</span>
                    if said.participants.len() > 1 { { people(app, &said.participants) } }
                }
                <span class="purpose">{ &said.purpose }</span>
                if let Some(change) = &visit.change { <span class="day-change">{ change_words(app, visit, change) }</span> }
                { for visit.clashes.iter().map(|clash| html! { <span class="clash" data-testid="clash"><Icon name="warning" />{ clash_words(app, clash) }</span> }) }
                if disputed || !visit.plan.rivals.is_empty() {
                    <span class="clash" data-testid="disputed"><Icon name="warning" />{ words.t("plan-disputed") }</span>
                }
            </span>
            <Icon name="next" />
        </button>
    }
}

fn change_words(app: &App, visit: &ScheduledVisit, change: &DayChangeView) -> String {
    let planned = format!("{} {}", dates::long(&visit.planned_on, app.words.lang), visit.plan.said.time);
    let what = if change.dropped {
        app.words.t("day-is-dropped")
    } else {
        app.words.ta("day-is-moved", &[("planned", &planned)])
    };
    match change.written.reason.as_deref() {
        Some(reason) => format!("{what}（{reason}）"),
        None => what,
    }
}

#[derive(Properties, PartialEq)]
pub struct VisitSheetProps {
    /// Which visit.
    pub visit: ScheduledVisit,
    /// Closed.
    pub on_close: Callback<()>,
    /// The plan itself is to be changed.
    pub on_edit: Callback<(PatientId, PlanView)>,
}

/// What is to be done about a visit.
#[derive(Clone, PartialEq)]
enum Deed {
    Look,
    Move,
    Drop,
    Restore,
    End,
    Settle { keep: EntryId, against: Vec<EntryId> },
}

impl Deed {
    fn name(&self) -> &'static str {
        match self {
            Deed::Look => "",
            Deed::Move => "move",
            Deed::Drop => "drop",
            Deed::Restore => "restore",
            Deed::End => "end",
            Deed::Settle { .. } => "settle",
        }
    }
}

/// A visit in full, and what can be done about it: each with a reason.
#[component]
pub fn VisitSheet(props: &VisitSheetProps) -> Html {
    let app = use_app();
    let (words, visit) = (&app.words, &props.visit);
    let plan = &visit.plan;
    let deed = use_state(|| Deed::Look);
    let date = use_state(|| visit.date.clone());
    let time = use_state(|| visit.time.clone());
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let choose = |next: Deed| {
        let (deed, error) = (deed.clone(), error.clone());
        move |_: MouseEvent| {
            error.set(None);
            deed.set(next.clone());
        }
    };
    let save = {
        let (app, visit, on_close, error) = (app.clone(), visit.clone(), props.on_close.clone(), error.clone());
        let (deed, date, time, reason) = (deed.clone(), date.clone(), time.clone(), reason.trim().to_owned());
        move || {
            let (patient, plan, reason) = (visit.patient.id.clone(), visit.plan.entry.clone(), reason.clone());
            let (error, on_close) = (error.clone(), on_close.clone());
            let change_day = |moved_to| ChangeVisitDay {
                patient: patient.clone(),
                plan: visit.plan.first.clone(),
                date: visit.planned_on.clone(),
                moved_to,
                reason: reason.clone(),
            };
            match (*deed).clone() {
                Deed::Look => {}
                Deed::Move => {
                    let time = dates::time_of(&time).unwrap_or_else(|| (*time).clone());
                    send_and_close(&app, change_day(Some(((*date).clone(), time))), error, on_close);
                }
                Deed::Drop => send_and_close(&app, change_day(None), error, on_close),
                Deed::Restore => {
                    if let Some(change) = &visit.change {
                        let entry = change.entry.clone();
                        send_and_close(&app, WithdrawEntry { patient, entry, reason }, error, on_close);
                    }
                }
                Deed::End => send_and_close(&app, EndPlan { patient, plan, reason }, error, on_close),
                Deed::Settle { keep, against } => {
                    send_and_close(&app, SettlePlan { patient, keep, against, reason }, error, on_close);
                }
            }
        }
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let edit = {
        let (patient, plan) = (visit.patient.id.clone(), plan.clone());
        props.on_edit.reform(move |_: MouseEvent| (patient.clone(), plan.clone()))
    };
    let to_patient = {
        let (app, route) = (app.clone(), Route::Patient(visit.patient.id.clone(), PatientTab::Timeline));
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    let button = |testid: &'static str, next: Deed| {
        let label = words.t(&format!("visit-do-{}", next.name()));
        html! { <button type="button" class={button_class("plain")} onclick={choose(next)} data-testid={testid}>{ label }</button> }
    };
    let moving = *deed == Deed::Move;
    let ready = !reason.trim().is_empty() && (!moving || dates::time_of(&time).is_some());
    html! {
        <Sheet title={words.t("visit-planned")} on_close={props.on_close.clone()} testid="visit-sheet">
            <PatientLine patient={visit.patient.clone()} />
            { plan_line(&app, &plan.said) }
            if let Some(change) = &visit.change { <p class="day-change">{ change_words(&app, visit, change) }</p> }
            { for visit.clashes.iter().map(|clash| notice("care", "clash-notice", html! { <span>{ clash_words(&app, clash) }</span> })) }
            { rivals(&app, visit, &choose) }
            { written(&app, &plan.written) }
            if *deed == Deed::Look {
                <div class="button-row">
                    { button("visit-move", Deed::Move) }
                    if !visit.change.as_ref().is_some_and(|change| change.dropped) { { button("visit-drop", Deed::Drop) } }
                    if visit.change.is_some() { { button("visit-restore", Deed::Restore) } }
                    <button type="button" class={button_class("plain")} onclick={edit} data-testid="visit-edit">{ words.t("visit-do-edit") }</button>
                    { button("visit-end", Deed::End) }
                </div>
                <button type="button" class={button_class("quiet")} onclick={to_patient} data-testid="visit-patient">{ words.t("visit-patient") }</button>
            } else {
                <h3>{ words.t(&format!("visit-do-{}", deed.name())) }</h3>
                if moving {
                    { text_field(words.t("field-date"), "visit-date", &date) }
                    { text_field(words.t("field-time"), "visit-time", &time) }
                }
                <ReasonField text={(*reason).clone()} on_text={set_reason} />
                if let Some(refusal) = &*error { { failure(&app, refusal) } }
                { save_button(&app, "sheet-save", ready, save) }
                <button type="button" class={button_class("quiet")} onclick={choose(Deed::Look)} data-testid="visit-back">{ words.t("back") }</button>
            }
        </Sheet>
    }
}

/// What was said of the plan or of this day by several people, side by side, to be settled by one of them.
fn rivals<F>(app: &App, visit: &ScheduledVisit, choose: &impl Fn(Deed) -> F) -> Html
where
    F: Fn(MouseEvent) + 'static,
{
    let words = &app.words;
    let plan = &visit.plan;
    let day = visit.change.as_ref().filter(|change| !change.against.is_empty());
    if plan.rivals.is_empty() && day.is_none() {
        return html! {};
    }
    let this = |keep: &EntryId, against: Vec<EntryId>| {
        let touched = choose(Deed::Settle { keep: keep.clone(), against });
        html! { <button type="button" class={button_class("plain")} onclick={touched} data-testid="settle">{ words.t("this-one") }</button> }
    };
    let others = |kept: &EntryId| -> Vec<EntryId> {
        let all = plan.rivals.iter().map(|rival| &rival.entry).chain([&plan.entry]);
        all.filter(|entry| *entry != kept).cloned().collect()
    };
    html! {
        <div class="rivals">
            { notice("care", "plan-rivals", html! { <span>{ words.t("plan-disputed-explain") }</span> }) }
            if let Some(change) = day {
                <div class="rival">{ change_words(app, visit, change) }{ written(app, &change.written) }{ this(&change.entry, change.against.clone()) }</div>
            }
            if !plan.rivals.is_empty() {
                <div class="rival">{ plan_line(app, &plan.said) }{ this(&plan.entry, others(&plan.entry)) }</div>
                { for plan.rivals.iter().map(|rival| html! {
                    <div class="rival" data-testid="rival">
                        { match &rival.said { Some(said) => plan_line(app, said), None => html! { <b>{ words.t("plan-cancelled") }</b> } } }
                        { written(app, &rival.written) }
                        { this(&rival.entry, others(&rival.entry)) }
                    </div>
                }) }
            }
        </div>
    }
}
