//! The files of a document.

use crate::{app::use_app, components::FileView};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct FilesProps {
    /// Whose.
    pub patient: PatientId,
    /// They.
    pub files: Vec<DocumentFile>,
}

/// The files of a document. Nothing, where there are none.
#[component]
pub fn Files(props: &FilesProps) -> Html {
    let app = use_app();
    if props.files.is_empty() {
        return html! {};
    }
    html! {
        <section class="panel" data-testid="files">
            <h3>{ app.words.t("files") }</h3>
            { for props.files.iter().map(|one| html! {
                <FileView key={one.entry.0.clone()} patient={props.patient.clone()} entry={one.entry.clone()} file={one.file.clone()} />
            }) }
        </section>
    }
}
