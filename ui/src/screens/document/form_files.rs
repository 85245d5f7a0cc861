//! The files of a document that is being written.

use super::Change;
use crate::{
    api::call,
    app::use_app,
    components::{Icon, button_class, failure},
    document_drafts::DocumentKey,
    files, numbers,
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct FormFilesProps {
    /// Of which draft.
    pub draft: Rc<DocumentKey>,
    /// As it was when it was read, with the version before.
    pub begun: Rc<DocumentDraft>,
    /// As it stands.
    pub form: DocumentForm,
    /// The new files.
    pub files: Rc<Vec<DraftFile>>,
    /// They are others now.
    pub on_files: Callback<Vec<DraftFile>>,
    /// The form is another now.
    pub on_change: Callback<Change>,
}

/// Files: those that stay of the version before, and new ones, kept with the draft as soon as they are taken in.
#[component]
pub fn FormFiles(props: &FormFilesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let busy = use_state(|| false);
    let error = use_state(|| None::<ApiError>);
    let chosen = {
        let (busy, error, draft) = (busy.clone(), error.clone(), props.draft.clone());
        let (files, on_files, on_change) = (props.files.clone(), props.on_files.clone(), props.on_change.clone());
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            busy.set(true);
            error.set(None);
            let (busy, error, draft, on_files, on_change) =
                (busy.clone(), error.clone(), draft.clone(), on_files.clone(), on_change.clone());
            let mut files = (*files).clone();
            spawn_local(async move {
                match add(&draft, &file).await {
                    Ok(added) => {
                        let (id, name) = (added.id, file.name());
                        on_change.emit(Box::new(move |form| form.names.push((id, name))));
                        files.push(added);
                        on_files.emit(files);
                    }
                    Err(refusal) => error.set(Some(refusal)),
                }
                busy.set(false);
                // The same file can be chosen again.
                input.set_value("");
            });
        }
    };
    let remove = |id: i64| {
        let (draft, files, on_files, error) =
            (props.draft.clone(), props.files.clone(), props.on_files.clone(), error.clone());
        move |_: MouseEvent| {
            let (draft, files, on_files, error) = (draft.clone(), files.clone(), on_files.clone(), error.clone());
            spawn_local(async move {
                let command = RemoveDocumentFile { patient: draft.patient.clone(), draft: draft.draft.clone(), id };
                match call(&command).await {
                    Ok(()) => on_files.emit(files.iter().filter(|file| file.id != id).cloned().collect()),
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
    let leave = |entry: &EntryId| {
        let entry = entry.clone();
        props.on_change.reform(move |_: MouseEvent| -> Change {
            let entry = entry.clone();
            Box::new(move |form| form.kept.retain(|kept| *kept != entry))
        })
    };
    let before =
        props.begun.before.iter().flat_map(|before| &before.files).filter(|file| props.form.kept.contains(&file.entry));
    html! {
        <section class="form-part">
            <h3>{ words.t("files") }</h3>
            <ul class="facts">
                { for before.map(|one| html! {
                    <li class="document-file"><span><Icon name="file" />{ &one.file.file_name }</span>
                        <button type="button" class={button_class("quiet")} onclick={leave(&one.entry)} aria-label={words.ta("file-remove", &[("name", &one.file.file_name)])}><Icon name="close" /></button></li>
                }) }
                { for props.files.iter().map(|file| {
                    let name = props.form.names.iter().find(|(id, _)| *id == file.id).map(|(_, name)| name.clone()).unwrap_or_default();
                    html! {
                        <li key={file.id} class="document-file" data-testid="draft-file">
                            <span>
                                if let Some(small) = &file.thumbnail { <img class="file-small" src={small.clone()} alt="" /> } else { <Icon name="file" /> }
                                { &name }{ " " }<span class="quiet">{ numbers::bytes(file.size) }</span>
                            </span>
                            <button type="button" class={button_class("quiet")} onclick={remove(file.id)} aria-label={words.ta("file-remove", &[("name", &name)])}><Icon name="close" /></button>
                        </li>
                    }
                }) }
            </ul>
            if props.files.len() + props.form.kept.len() < MAX_DOCUMENT_FILES {
                <div><label class={classes!(button_class("plain"), "file-choice")} aria-busy={busy.to_string()}>
                    <Icon name="file" />{ if *busy { words.t("photo-taking-in") } else { words.t("file-add") } }
                    <input class="file-input" type="file" accept="application/pdf,image/jpeg,image/png,image/webp" disabled={*busy} onchange={chosen} data-testid="document-file" />
                </label></div>
            }
            if let Some(refusal) = &*error { { failure(&app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
        </section>
    }
}

/// Takes a file in. Too large a one is refused before it is read.
async fn add(draft: &DocumentKey, file: &web_sys::File) -> Result<DraftFile, ApiError> {
    if file.size() > MAX_DOCUMENT_FILE as f64 {
        return Err(ApiError::new(ErrorCode::FileTooLarge).with("max_mb", MAX_DOCUMENT_FILE / (1024 * 1024)));
    }
    let data = files::base64(file).await.ok_or_else(|| ApiError::new(ErrorCode::FileUnreadable))?;
    call(&AddDocumentFile { patient: draft.patient.clone(), draft: draft.draft.clone(), data }).await
}
