//! お薬手帳: choose the file, or take photos of its codes; look at what it would do, then take it over. Nothing changes before the last
//! touch.

mod out;
mod preview;

use crate::{
    api::call,
    app::{Act, Route, use_app},
    components::{Icon, PatientHead, button_class, failure, notice},
    files,
    screens::PatientTab,
};
pub use out::NotebookOut;
use preview::Preview;
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct NotebookProps {
    /// Whose.
    pub id: PatientId,
}

/// What was chosen so far, and what it would do.
#[derive(Clone, PartialEq)]
enum Step {
    Choose,
    Reading,
    Refused(ApiError),
    Look(Rc<NotebookPreview>),
}

/// Where texts come from.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Files,
    Photos,
}

/// Taking over a medicine notebook.
#[component]
pub fn Notebook(props: &NotebookProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let step = use_state(|| Step::Choose);
    // The parts of a split notebook come one after the other: what was read stays until the set is whole.
    let read = use_state(|| Rc::new(Vec::<NotebookFile>::new()));
    let chosen = |from: Kind| {
        let (step, read, patient) = (step.clone(), read.clone(), props.id.clone());
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(list) = input.files() else { return };
            let files: Vec<_> = (0..list.length()).filter_map(|place| list.get(place)).collect();
            if files.is_empty() {
                return;
            }
            let parts = matches!(&*step, Step::Refused(_)).then(|| (**read).clone()).unwrap_or_default();
            step.set(Step::Reading);
            let (step, read, patient) = (step.clone(), read.clone(), patient.clone());
            spawn_local(async move {
                let (parts, answer) = look(patient, parts, from, files).await;
                read.set(Rc::new(parts));
                step.set(match answer {
                    Ok(preview) => Step::Look(Rc::new(preview)),
                    Err(error) => Step::Refused(error),
                });
                // The same file can be chosen again.
                input.set_value("");
            });
        }
    };
    let again = {
        let (step, read) = (step.clone(), read.clone());
        move |_: MouseEvent| {
            read.set(Rc::default());
            step.set(Step::Choose);
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
    let busy = *step == Step::Reading;
    html! {
        <div class="patient-page" data-testid="notebook">
            <PatientHead id={props.id.clone()} />
            <div class="tab-panel" tabindex="0">
                <h2 class="page-title">{ words.t("open-notebook") }</h2>
                <p>{ words.t("notebook-explain") }</p>
                <div class="buttons">
                    <label class={classes!(button_class("plain"), "file-choice")}>
                        <Icon name="camera" />{ words.t("notebook-photo") }
                        <input class="file-input" type="file" multiple=true accept="image/jpeg,image/png,image/webp" capture="environment" disabled={busy}
                            onchange={chosen(Kind::Photos)} data-testid="notebook-photo" />
                    </label>
                    <label class={classes!(button_class("plain"), "file-choice")}>
                        <Icon name="file" />{ words.t("choose-file") }
                        <input class="file-input" type="file" multiple=true accept=".txt,.csv,.dat,text/plain" disabled={busy}
                            onchange={chosen(Kind::Files)} data-testid="notebook-file" />
                    </label>
                </div>
                { match (*step).clone() {
                    Step::Choose => html! {},
                    Step::Reading => html! { <div class="waiting" aria-busy="true" data-testid="notebook-reading">{ words.t("notebook-reading") }</div> },
                    Step::Refused(error) if error.code == ErrorCode::NotebookIncomplete => html! {
                        <>
                            { notice("care", "notebook-partly", html! { <p>{ words.error(&error) }</p> }) }
                            <div class="buttons"><button type="button" class={button_class("quiet")} onclick={again} data-testid="notebook-again">{ words.t("notebook-again") }</button></div>
                        </>
                    },
                    Step::Refused(error) => html! {
                        <>
                            { failure(&app, &error) }
                            <p>{ words.t("nothing-was-changed") }</p>
                            if !read.is_empty() {
                                <p data-testid="notebook-kept">{ words.tn("notebook-kept", read.len() as u64) }</p>
                                <div class="buttons"><button type="button" class={button_class("quiet")} onclick={again} data-testid="notebook-again">{ words.t("notebook-again") }</button></div>
                            }
                        </>
                    },
                    Step::Look(preview) => html! { <Preview patient={props.id.clone()} files={(*read).clone()} {preview} on_done={imported} /> },
                } }
            </div>
        </div>
    }
}

/// Reads what was chosen to what was read before, and asks what it would all do. Gives back what was read also where it was refused: a
/// photo that shows nothing does not cost the parts before it.
async fn look(
    patient: PatientId,
    mut parts: Vec<NotebookFile>,
    from: Kind,
    chosen: Vec<web_sys::File>,
) -> (Vec<NotebookFile>, Result<NotebookPreview, ApiError>) {
    for file in chosen {
        let texts = match from {
            Kind::Files => text(&file).await.map(|text| vec![text]),
            Kind::Photos => photo(&file).await,
        };
        match texts {
            Ok(texts) => {
                for text in texts {
                    if !parts.iter().any(|known| known.bytes == text.bytes) {
                        parts.push(text);
                    }
                }
            }
            Err(error) => return (parts, Err(error)),
        }
    }
    let answer = call(&PreviewNotebook { patient, files: parts.clone() }).await;
    // What can never become a notebook is not kept for the next try.
    let goes_on = answer.as_ref().err().is_none_or(|error| error.code == ErrorCode::NotebookIncomplete);
    (if goes_on { parts } else { Vec::new() }, answer)
}

/// Too large a file is refused before it is read.
async fn text(file: &web_sys::File) -> Result<NotebookFile, ApiError> {
    if file.size() > MAX_NOTEBOOK_BYTES as f64 {
        return Err(ApiError::new(ErrorCode::NotebookTooLarge).with("max_kib", MAX_NOTEBOOK_BYTES / 1024));
    }
    let bytes = files::bytes(file).await.ok_or_else(|| ApiError::new(ErrorCode::NotANotebook))?;
    Ok(NotebookFile { name: file.name(), bytes })
}

/// Too large a picture is refused before it is read.
async fn photo(file: &web_sys::File) -> Result<Vec<NotebookFile>, ApiError> {
    if file.size() > MAX_PICTURE as f64 {
        return Err(ApiError::new(ErrorCode::PhotoTooLarge).with("max_mb", MAX_PICTURE / (1024 * 1024)));
    }
    let data = files::base64(file).await.ok_or_else(|| ApiError::new(ErrorCode::PhotoUnreadable))?;
    call(&ScanNotebook { data }).await
}
