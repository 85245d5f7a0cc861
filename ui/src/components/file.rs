//! Files of the record. A picture opens in its place; what is no picture is put where the person finds it, and opened there.

use crate::{
    api::run,
    app::use_app,
    components::{Icon, PhotoView, button_class, failure, notice},
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct FilesProps {
    /// Whose.
    pub patient: PatientId,
    /// They.
    pub files: Vec<EntryFile>,
}

/// The files of a document. Nothing, where there are none.
#[component]
pub fn Files(props: &FilesProps) -> Html {
    let app = use_app();
    if props.files.is_empty() {
        return html! {};
    }
    html! {
        <section class="panel" data-testid="files"><h3>{ app.words.t("files") }</h3>{ file_list(&props.patient, &props.files) }</section>
    }
}

/// Files, one after the other.
pub fn file_list(patient: &PatientId, files: &[EntryFile]) -> Html {
    let file = |one: &EntryFile| {
        html! { <FileView key={one.entry.0.clone()} patient={patient.clone()} entry={one.entry.clone()} file={one.file.clone()} /> }
    };
    files.iter().map(file).collect()
}

#[derive(Properties, PartialEq)]
pub struct FileProps {
    /// Whose.
    pub patient: PatientId,
    /// The entry that mentions it.
    pub entry: EntryId,
    /// How it is mentioned.
    pub file: AttachmentView,
}

/// A file of the record: a picture opens in its place, anything else is saved.
#[component]
pub fn FileView(props: &FileProps) -> Html {
    if props.file.media_type.starts_with("image/") {
        return html! { <PhotoView patient={props.patient.clone()} entry={props.entry.clone()} photo={props.file.clone()} /> };
    }
    html! { <SavedFile patient={props.patient.clone()} entry={props.entry.clone()} file={props.file.clone()} /> }
}

#[component]
fn SavedFile(props: &FileProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let outcome = use_state(|| None::<Result<PdfSaved, ApiError>>);
    let save = {
        let (app, outcome) = (app.clone(), outcome.clone());
        let (patient, entry) = (props.patient.clone(), props.entry.clone());
        move |_: MouseEvent| {
            let outcome = outcome.clone();
            // What is not here is asked of the relay; the answer says so, and a later touch finds it.
            run(&app, OpenAttachment { patient: patient.clone(), entry: entry.clone() }, |_| ());
            run(&app, SaveFile { patient: patient.clone(), entry: entry.clone() }, move |answer| {
                outcome.set(Some(answer))
            });
        }
    };
    html! {
        <div class="document-file">
            <span><Icon name="file" />{ &props.file.file_name }{ " " }<span class="quiet">{ numbers::bytes(props.file.size) }</span></span>
            <button type="button" class={button_class("plain")} onclick={save} data-testid="save-file">{ words.t("save-file") }</button>
            { match &*outcome {
                None => html! {},
                Some(Err(error)) => failure(&app, error),
                Some(Ok(saved)) => notice("info", "file-saved", html! {
                    <>
                        <p>{ words.ta("pdf-saved", &[("name", &saved.name), ("folder", &saved.folder)]) }</p>
                        <p>{ words.t("pdf-not-sealed") }</p>
                    </>
                }),
            } }
        </div>
    }
}
