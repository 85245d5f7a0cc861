//! お薬手帳: choose the file, look at what it would do, then take it over. Nothing changes before the last touch.

mod preview;

use crate::{
    api::call,
    app::{Act, Route, use_app},
    components::{Icon, PatientHead, button_class, failure},
    screens::PatientTab,
};
use preview::Preview;
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct NotebookProps {
    /// Whose.
    pub id: PatientId,
}

/// What was chosen, and what it would do.
#[derive(Clone, PartialEq)]
enum Step {
    Choose,
    Reading,
    Refused(ApiError),
    Look(Rc<Vec<NotebookFile>>, Rc<NotebookPreview>),
}

/// Taking over a medicine notebook.
#[component]
pub fn Notebook(props: &NotebookProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let step = use_state(|| Step::Choose);
    let chosen = {
        let (step, patient) = (step.clone(), props.id.clone());
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(list) = input.files() else { return };
            let files: Vec<_> = (0..list.length()).filter_map(|place| list.get(place)).collect();
            if files.is_empty() {
                return;
            }
            step.set(Step::Reading);
            let (step, patient) = (step.clone(), patient.clone());
            spawn_local(async move {
                step.set(match look(patient, files).await {
                    Ok((files, preview)) => Step::Look(Rc::new(files), Rc::new(preview)),
                    Err(error) => Step::Refused(error),
                });
                // The same file can be chosen again.
                input.set_value("");
            });
        }
    };
    let imported = {
        let (app, id) = (app.clone(), props.id.clone());
        Callback::from(move |done: NotebookImported| {
            app.dispatch(Act::Changed);
            app.dispatch(Act::Back);
            app.dispatch(Act::Replace(Route::Patient(id.clone(), PatientTab::Medicines)));
            let text = app.words.ta(
                "notebook-imported",
                &[
                    ("dispensings", &done.dispensings.to_string()),
                    ("medicines", &done.medicines.to_string()),
                    ("already", &done.already_there.to_string()),
                ],
            );
            app.dispatch(Act::Toast(text));
        })
    };
    html! {
        <div class="patient-page" data-testid="notebook">
            <PatientHead id={props.id.clone()} />
            <div class="tab-panel" tabindex="0">
                <h2 class="page-title">{ words.t("open-notebook") }</h2>
                <p>{ words.t("notebook-explain") }</p>
                <div>
                <label class={classes!(button_class("plain"), "file-choice")}>
                    <Icon name="file" />{ words.t("choose-file") }
                    <input class="file-input" type="file" multiple=true accept=".txt,.csv,.dat,text/plain" onchange={chosen} data-testid="notebook-file" />
                </label>
                </div>
                { match (*step).clone() {
                    Step::Choose => html! {},
                    Step::Reading => html! { <div class="waiting" aria-busy="true" /> },
                    Step::Refused(error) => html! { <>{ failure(&app, &error) }<p>{ words.t("nothing-was-changed") }</p></> },
                    Step::Look(files, preview) => html! { <Preview patient={props.id.clone()} {files} {preview} on_done={imported} /> },
                } }
            </div>
        </div>
    }
}

/// Reads the files and asks what they would do. Too large a file is refused before it is read.
async fn look(
    patient: PatientId,
    chosen: Vec<web_sys::File>,
) -> Result<(Vec<NotebookFile>, NotebookPreview), ApiError> {
    let size: f64 = chosen.iter().map(|file| file.size()).sum();
    if size > MAX_NOTEBOOK_BYTES as f64 {
        return Err(ApiError::new(ErrorCode::NotebookTooLarge).with("max_kib", MAX_NOTEBOOK_BYTES / 1024));
    }
    let mut files = Vec::new();
    for file in chosen {
        let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_| ApiError::new(ErrorCode::NotANotebook))?;
        files.push(NotebookFile { name: file.name(), bytes: js_sys::Uint8Array::new(&buffer).to_vec() });
    }
    let preview = call(&PreviewNotebook { patient, files: files.clone() }).await?;
    Ok((files, preview))
}
