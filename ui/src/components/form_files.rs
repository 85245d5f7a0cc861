//! The files of a form: those that stay of the version before, and new ones.

use super::draft_files::{DraftFiles, use_taking_in};
use crate::{
    app::use_app,
    components::{Icon, button_class, failure},
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct FormFilesProps {
    /// About whom.
    pub patient: PatientId,
    /// Of which draft.
    pub draft: DraftName,
    /// The new files.
    pub files: UseReducerHandle<DraftFiles>,
    /// Their names, by their number in the draft.
    pub names: Vec<(i64, String)>,
    /// A file was taken in under this name.
    pub on_name: Callback<(i64, String)>,
    /// Files of the version before that stay.
    #[prop_or_default]
    pub kept: Vec<EntryFile>,
    /// One of them is left out.
    #[prop_or_default]
    pub on_leave: Callback<EntryId>,
}

/// Files: those that stay of the version before, and new ones, kept with the draft as soon as they are taken in.
#[component]
pub fn FormFiles(props: &FormFilesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let taking_in = use_taking_in(&props.patient, props.draft.clone(), &props.files);
    let leave = |entry: &EntryId| {
        let entry = entry.clone();
        props.on_leave.reform(move |_: MouseEvent| entry.clone())
    };
    html! {
        <section class="form-part">
            <h3>{ words.t("files") }</h3>
            <ul class="facts">
                { for props.kept.iter().map(|one| html! {
                    <li class="document-file"><span><Icon name="file" />{ &one.file.file_name }</span>
                        <button type="button" class={button_class("quiet")} onclick={leave(&one.entry)} aria-label={words.ta("file-remove", &[("name", &one.file.file_name)])}><Icon name="close" /></button></li>
                }) }
                { for props.files.iter().map(|file| {
                    let name = props.names.iter().find(|(id, _)| *id == file.id).map(|(_, name)| name.clone()).unwrap_or_default();
                    html! {
                        <li key={file.id} class="document-file" data-testid="draft-file">
                            <span>
                                if let Some(small) = &file.thumbnail { <img class="file-small" src={small.clone()} alt="" /> } else { <Icon name="file" /> }
                                { &name }{ " " }<span class="quiet">{ numbers::bytes(file.size) }</span>
                            </span>
                            <button type="button" class={button_class("quiet")} onclick={taking_in.remove(file.id)} aria-label={words.ta("file-remove", &[("name", &name)])}><Icon name="close" /></button>
                        </li>
                    }
                }) }
            </ul>
            if props.files.count() + props.kept.len() < MAX_FILES {
                <div><label class={classes!(button_class("plain"), "file-choice")} aria-busy={taking_in.is_busy().to_string()}>
                    <Icon name="file" />{ if taking_in.is_busy() { words.t("photo-taking-in") } else { words.t("file-add") } }
                    <input class="file-input" type="file" accept="application/pdf,image/jpeg,image/png,image/webp" multiple=true disabled={taking_in.is_busy()} onchange={taking_in.chosen(props.on_name.clone())} data-testid="file-choice" />
                </label></div>
            }
            if let Some(refusal) = taking_in.refusal() { { failure(&app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
        </section>
    }
}
