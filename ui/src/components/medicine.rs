//! How a medicine is to be taken, where nobody has decided yet too: then every version stands there, and none as the
//! one that holds.

use crate::{
    api::use_command,
    app::use_app,
    components::{dose, when, who},
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct HowTakenProps {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub medicine: MedicineView,
}

/// Dose and usage; all versions of them while a decision waits.
#[component]
pub fn HowTaken(props: &HowTakenProps) -> Html {
    let app = use_app();
    if props.medicine.conflict {
        return html! { <AllVersions patient={props.patient.clone()} medicine={props.medicine.clone()} /> };
    }
    html! {
        <span class="medicine-dose">{ dose(&app, &props.medicine.dose) }<span class="usage">{ &props.medicine.usage }</span></span>
    }
}

#[component]
fn AllVersions(props: &HowTakenProps) -> Html {
    let app = use_app();
    let conflicts = use_command(GetConflicts { patient: Some(props.patient.clone()) });
    let versions = conflicts.ready().and_then(|conflicts| {
        conflicts.iter().find(|conflict| {
            conflict.values.iter().any(|value| match &value.value {
                ConflictContent::Medicine(medicine) => medicine.key == props.medicine.key,
                _ => false,
            })
        })
    });
    html! {
        <span class="versions" data-testid="versions">
            <span class="mark mark-conflict">{ app.words.t("two-versions") }</span>
            { for versions.into_iter().flat_map(|conflict| &conflict.values).map(|value| html! {
                <span class="version" data-testid="version">
                    if let ConflictContent::Medicine(medicine) = &value.value {
                        { dose(&app, &medicine.dose) }<span class="usage">{ &medicine.usage }</span>
                    } else {
                        <b>{ app.words.t("removed") }</b>
                    }
                    <span class="quiet">{ who(&app, &value.written.author) }{ " " }{ when(&app, value.written.at) }</span>
                </span>
            }) }
        </span>
    }
}
