//! The files of a form that is being filled in: taken in from the camera or a folder, kept with its draft.

use crate::{
    api::call,
    app::use_app,
    components::{Icon, button_class, failure},
    files, numbers,
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The new files of a draft. What is done to them while another one is being taken in is not lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftFiles(Vec<DraftFile>);

/// What happens to them.
pub enum FilesAct {
    /// They were read from the draft.
    Read(Vec<DraftFile>),
    /// One was taken in.
    Added(DraftFile),
    /// One was taken out.
    Removed(i64),
}

impl DraftFiles {
    /// Those of a draft that was read.
    pub fn of(files: &[DraftFile]) -> Self {
        Self(files.to_vec())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Reducible for DraftFiles {
    type Action = FilesAct;

    fn reduce(self: Rc<Self>, act: FilesAct) -> Rc<Self> {
        let mut files = self.0.clone();
        match act {
            FilesAct::Read(all) => files = all,
            FilesAct::Added(file) => files.push(file),
            FilesAct::Removed(id) => files.retain(|file| file.id != id),
        }
        Rc::new(Self(files))
    }
}

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
    let busy = use_state(|| false);
    let error = use_state(|| None::<ApiError>);
    let chosen = {
        let (busy, error, files, on_name) =
            (busy.clone(), error.clone(), props.files.dispatcher(), props.on_name.clone());
        let (patient, draft) = (props.patient.clone(), props.draft.clone());
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            busy.set(true);
            error.set(None);
            let (busy, error, files, on_name) = (busy.clone(), error.clone(), files.clone(), on_name.clone());
            let (patient, draft) = (patient.clone(), draft.clone());
            spawn_local(async move {
                match add(patient, draft, &file).await {
                    Ok(added) => {
                        on_name.emit((added.id, file.name()));
                        files.dispatch(FilesAct::Added(added));
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
        let (files, error) = (props.files.dispatcher(), error.clone());
        let command = RemoveFile { patient: props.patient.clone(), draft: props.draft.clone(), id };
        move |_: MouseEvent| {
            let (files, error, command) = (files.clone(), error.clone(), command.clone());
            spawn_local(async move {
                match call(&command).await {
                    Ok(()) => files.dispatch(FilesAct::Removed(id)),
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
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
                { for props.files.0.iter().map(|file| {
                    let name = props.names.iter().find(|(id, _)| *id == file.id).map(|(_, name)| name.clone()).unwrap_or_default();
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
            if props.files.count() + props.kept.len() < MAX_FILES {
                <div><label class={classes!(button_class("plain"), "file-choice")} aria-busy={busy.to_string()}>
                    <Icon name="file" />{ if *busy { words.t("photo-taking-in") } else { words.t("file-add") } }
                    <input class="file-input" type="file" accept="application/pdf,image/jpeg,image/png,image/webp" disabled={*busy} onchange={chosen} data-testid="file-choice" />
                </label></div>
            }
            if let Some(refusal) = &*error { { failure(&app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
        </section>
    }
}

/// Takes a file in. Too large a one is refused before it is read.
async fn add(patient: PatientId, draft: DraftName, file: &web_sys::File) -> Result<DraftFile, ApiError> {
    if file.size() > MAX_FILE as f64 {
        return Err(ApiError::new(ErrorCode::FileTooLarge).with("max_mb", MAX_FILE / (1024 * 1024)));
    }
    let data = files::base64(file).await.ok_or_else(|| ApiError::new(ErrorCode::FileUnreadable))?;
    call(&AddFile { patient, draft, data }).await
}
