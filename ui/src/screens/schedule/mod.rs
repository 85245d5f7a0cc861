//! 予定: today's round and the week after it, mine or a patient's, by day. Whatever gets in each other's way says so where it stands.

mod form;
mod visit;

pub use form::PlanSheet;
pub use visit::VisitSheet;

use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{Icon, PatientHead, button_class},
    dates::Day,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Days of a page.
const DAYS: u8 = 7;

#[derive(Properties, PartialEq)]
pub struct ScheduleProps {
    /// Whose visits; none = my own round.
    pub patient: Option<PatientId>,
}

/// What is open over the days.
#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    Visit(Box<ScheduledVisit>),
    Plan(PatientId, Option<Box<PlanView>>),
}

/// The visits of a week, by day.
#[component]
pub fn ScheduleScreen(props: &ScheduleProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let week = use_state(|| 0_i64);
    let open = use_state(|| Open::Nothing);
    let from = app.today().plus(*week * i64::from(DAYS));
    let schedule = use_command(GetSchedule { from: Some(from.iso()), days: DAYS, patient: props.patient.clone() });
    let to_week = |to: i64| {
        let week = week.clone();
        move |_: MouseEvent| week.set(to)
    };
    let set = |next: Open| {
        let open = open.clone();
        move |_: MouseEvent| open.set(next.clone())
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(Open::Nothing))
    };
    let look = {
        let open = open.clone();
        Callback::from(move |visit: ScheduledVisit| open.set(Open::Visit(Box::new(visit))))
    };
    let edit = {
        let open = open.clone();
        Callback::from(move |(patient, plan): (PatientId, PlanView)| {
            open.set(Open::Plan(patient, Some(Box::new(plan))));
        })
    };
    let go = |route: Route| {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Go(route.clone()))
    };
    let back = {
        let app = app.clone();
        move |_: MouseEvent| app.dispatch(Act::Back)
    };
    let plan = match &props.patient {
        Some(patient) => html! {
            <button type="button" class={button_class("primary")} onclick={set(Open::Plan(patient.clone(), None))} aria-haspopup="dialog"
                data-testid="plan-visit">{ words.t("plan-visit") }</button>
        },
        None => html! {
            <button type="button" class={button_class("plain")} onclick={go(Route::Patients)} data-testid="plan-for">{ words.t("plan-for") }</button>
        },
    };
    let inside = html! {
        <>
            <div class="page-head">
                if props.patient.is_none() {
                    <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={words.t("back")}><Icon name="back" /></button>
                    <h1 class="page-title">{ words.t("schedule-mine") }</h1>
                } else {
                    <h2 class="page-title">{ words.t("schedule-patient") }</h2>
                }
                <div class="buttons page-actions">{ plan }</div>
            </div>
            <div class="buttons week-bar" role="group" aria-label={words.t("schedule-weeks")}>
                <button type="button" class={button_class("plain")} onclick={to_week(*week - 1)} data-testid="week-before">{ words.t("week-before") }</button>
                <button type="button" class={button_class("plain")} onclick={to_week(0)} disabled={*week == 0} data-testid="week-now">{ words.t("week-now") }</button>
                <button type="button" class={button_class("plain")} onclick={to_week(*week + 1)} data-testid="week-after">{ words.t("week-after") }</button>
            </div>
            { schedule.show(&app, |schedule| html! {
                <div class="schedule" data-testid="schedule-days">
                    { for schedule.days.iter().map(|day| {
                        let date = Day::parse(&day.date).unwrap_or(from);
                        let today = date == app.today();
                        html! {
                            <section key={day.date.clone()} class={classes!("schedule-day", today.then_some("is-today"))} data-testid="schedule-day" data-date={day.date.clone()}>
                                <h3>{ date.heading(app.today(), words.lang) }if today { <span class="mark mark-unread">{ words.t("nav-today") }</span> }</h3>
                                if day.visits.is_empty() { <p class="quiet">{ words.t("schedule-free") }</p> }
                                <div class="rows">{ for day.visits.iter().map(|visit| visit::row(&app, visit, props.patient.is_some(), &look)) }</div>
                            </section>
                        }
                    }) }
                </div>
            }) }
            { match (*open).clone() {
                Open::Nothing => html! {},
                Open::Visit(visit) => html! { <VisitSheet visit={*visit} on_close={close} on_edit={edit} /> },
                Open::Plan(patient, plan) => html! { <PlanSheet {patient} plan={plan.map(|plan| *plan)} on_close={close} /> },
            } }
        </>
    };
    match &props.patient {
        None => html! { <div class="page" data-testid="schedule">{ inside }</div> },
        Some(patient) => html! {
            <div class="patient-page" data-testid="schedule">
                <PatientHead id={patient.clone()} />
                <div class="tab-panel" tabindex="0">{ inside }</div>
            </div>
        },
    }
}
