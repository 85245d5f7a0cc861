//! お薬手帳 to carry: as codes on the screen and on paper, and as a file on a stick.

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{Chips, Icon, PatientHead, Qr, QrContent, button_class, failure, notice, print},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

const SCOPES: [NotebookScope; 2] = [NotebookScope::Current, NotebookScope::Year];

#[derive(Properties, PartialEq)]
pub struct NotebookOutProps {
    /// Whose.
    pub id: PatientId,
}

/// A notebook for the patient to carry.
#[component]
pub fn NotebookOut(props: &NotebookOutProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let scope = use_state(|| NotebookScope::Current);
    let export = use_command(ExportNotebook { patient: props.id.clone(), scope: *scope });
    let choices: Vec<_> = SCOPES
        .iter()
        .map(|scope| (names::scope(scope).to_owned(), words.t(&format!("scope-{}", names::scope(scope)))))
        .collect();
    let choose = {
        let scope = scope.clone();
        move |chosen: String| {
            if let Some(one) = SCOPES.into_iter().find(|scope| names::scope(scope) == chosen) {
                scope.set(one);
            }
        }
    };
    html! {
        <div class="patient-page" data-testid="notebook-out">
            <PatientHead id={props.id.clone()} />
            <div class="tab-panel" tabindex="0">
                <h2 class="page-title">{ words.t("notebook-out") }</h2>
                <p class="screen-only">{ words.t("notebook-out-explain") }</p>
                <Chips {choices} chosen={vec![names::scope(&scope).to_owned()]} on_touch={choose} label={words.t("scope")} testid="scope" />
                { export.show(&app, |export| html! {
                    <>
                        { codes(&app, export) }
                        <div class="buttons">
                            <button type="button" class={button_class("primary")} onclick={|_| print()} data-testid="print"><Icon name="print" />{ words.t("print") }</button>
                        </div>
                        { not_said(&app, &export.not_said) }
                        <details class="panel folded screen-only" data-testid="notebook-text">
                            <summary><span>{ words.t("notebook-text") }</span></summary>
                            <pre class="raw-text">{ &export.text }</pre>
                        </details>
                        <OnStick patient={props.id.clone()} scope={*scope} />
                    </>
                }) }
            </div>
        </div>
    }
}

fn codes(app: &App, export: &NotebookExport) -> Html {
    let words = &app.words;
    let of = export.codes.len().to_string();
    let several = export.codes.len() > 1;
    html! {
        <section class="panel" data-testid="notebook-codes" data-codes={of.clone()}>
            <p>{ words.tn("notebook-dispensed", export.dispensed) }
                if several { { " " }<b>{ words.ta("notebook-read-all", &[("n", &of)]) }</b> }</p>
            <div class="codes">
                { for export.codes.iter().enumerate().map(|(place, bytes)| {
                    let number = (place + 1).to_string();
                    let name = words.ta("notebook-code", &[("number", &number), ("of", &of)]);
                    html! {
                        <figure key={place} class="code">
                            <Qr content={QrContent::Bytes(bytes.clone())} label={name.clone()} robust=true />
                            <figcaption><b>{ format!("{number}/{of}") }</b></figcaption>
                        </figure>
                    }
                }) }
            </div>
        </section>
    }
}

/// What stands elsewhere, or not at all, by its reason.
fn not_said(app: &App, said: &[NotSaidView]) -> Html {
    let words = &app.words;
    if said.is_empty() {
        return html! {};
    }
    notice(
        "care",
        "not-said",
        html! {
            <>
                <p><b>{ words.t("not-said") }</b></p>
                <ul class="facts">
                    { for said.iter().map(|one| {
                        let why = names::why_not(&one.why);
                        html! { <li data-testid="not-said-one" data-why={why}><b>{ &one.what }</b>{ "：" }{ words.t(&format!("not-said-{why}")) }</li> }
                    }) }
                </ul>
            </>
        },
    )
}

#[derive(Properties, PartialEq)]
struct OnStickProps {
    patient: PatientId,
    scope: NotebookScope,
}

/// The same as a file, on a stick that is plugged in: it is not encrypted, so it does not lie on the tablet.
#[component]
fn OnStick(props: &OnStickProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let places = use_command(GetCourierPlaces {});
    let error = use_state(|| None::<ApiError>);
    let save = |folder: &str| {
        let command = SaveNotebook { patient: props.patient.clone(), scope: props.scope, folder: folder.to_owned() };
        let (app, error) = (app.clone(), error.clone());
        move |_: MouseEvent| {
            let (after, error) = (app.clone(), error.clone());
            run(&app, command.clone(), move |answer| match answer {
                Ok(name) => {
                    error.set(None);
                    after.dispatch(Act::Toast(after.words.ta("notebook-saved", &[("name", &name)])));
                }
                Err(refusal) => error.set(Some(refusal)),
            });
        }
    };
    let sticks: Vec<CourierPlace> = places
        .ready()
        .map(|places| places.iter().filter(|place| place.removable).cloned().collect())
        .unwrap_or_default();
    html! {
        <section class="panel screen-only" data-testid="notebook-stick">
            <h3 class="panel-title">{ words.t("notebook-file-out") }</h3>
            <p class="quiet">{ if sticks.is_empty() { words.t("notebook-no-stick") } else { words.t("notebook-plain") } }</p>
            <div class="buttons">
                { for sticks.iter().map(|place| html! {
                    <button key={place.folder.clone()} type="button" class={button_class("plain")} onclick={save(&place.folder)} data-testid="notebook-save">
                        <Icon name="file" />{ words.ta("notebook-save-to", &[("name", &place.name)]) }
                    </button>
                }) }
            </div>
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
        </section>
    }
}
