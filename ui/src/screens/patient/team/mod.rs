//! チーム: what the team agrees on and has learnt, who comes when, and who is in it on what consent.

mod agreed;
mod behaviours;
mod forms;
mod members;
mod plans;

use crate::{api::use_command, app::use_app};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct TeamProps {
    /// Whose.
    pub id: PatientId,
}

/// The team of a patient.
#[component]
pub fn TeamTab(props: &TeamProps) -> Html {
    let app = use_app();
    let plan = use_command(GetCarePlan { patient: props.id.clone() });
    html! {
        <div class="card-page team" data-testid="team">
            { plan.show(&app, |plan| html! {
                <>
                    <agreed::Goals patient={props.id.clone()} goals={plan.goals.clone()} />
                    <behaviours::Helped patient={props.id.clone()} helped={plan.helped.clone()} behaviours={plan.behaviours.clone()} />
                    <agreed::Rhythms patient={props.id.clone()} rhythms={plan.rhythms.clone()} />
                    <agreed::Wishes patient={props.id.clone()} plan={plan.clone()} />
                </>
            }) }
            <plans::Plans patient={props.id.clone()} />
            <members::Members patient={props.id.clone()} />
        </div>
    }
}
