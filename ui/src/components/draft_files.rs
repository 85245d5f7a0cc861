//! The new files of a draft: taken in from the camera or a folder, and kept with it as soon as they are there. How they look is the form's.

use crate::{api::call, files};
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

    /// All, in the order in which they were taken in.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DraftFile> {
        self.0.iter()
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

/// Taking files in and out of a draft.
pub struct TakingIn {
    patient: PatientId,
    draft: DraftName,
    files: UseReducerDispatcher<DraftFiles>,
    busy: UseStateHandle<bool>,
    error: UseStateHandle<Option<ApiError>>,
}

/// Taking files in and out of this draft.
#[hook]
pub fn use_taking_in(patient: &PatientId, draft: DraftName, files: &UseReducerHandle<DraftFiles>) -> TakingIn {
    TakingIn {
        patient: patient.clone(),
        draft,
        files: files.dispatcher(),
        busy: use_state(|| false),
        error: use_state(|| None),
    }
}

impl TakingIn {
    /// One is being taken in.
    pub fn is_busy(&self) -> bool {
        *self.busy
    }

    /// Why the last one was not.
    pub fn refusal(&self) -> Option<&ApiError> {
        self.error.as_ref()
    }

    /// Takes in what was chosen in a file field, one after the other, up to the first that is refused; `named` is told the number and name of each.
    pub fn chosen(&self, named: Callback<(i64, String)>) -> Callback<Event> {
        let (patient, draft, files) = (self.patient.clone(), self.draft.clone(), self.files.clone());
        let (busy, error) = (self.busy.clone(), self.error.clone());
        Callback::from(move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(list) = input.files() else { return };
            let chosen: Vec<_> = (0..list.length()).filter_map(|place| list.get(place)).collect();
            if chosen.is_empty() || *busy {
                return;
            }
            busy.set(true);
            error.set(None);
            let (patient, draft, files) = (patient.clone(), draft.clone(), files.clone());
            let (busy, error, named) = (busy.clone(), error.clone(), named.clone());
            spawn_local(async move {
                for file in chosen {
                    match add(&patient, &draft, &file).await {
                        Ok(added) => {
                            named.emit((added.id, file.name()));
                            files.dispatch(FilesAct::Added(added));
                        }
                        Err(refusal) => {
                            error.set(Some(refusal));
                            break;
                        }
                    }
                }
                busy.set(false);
                // The same file can be chosen again.
                input.set_value("");
            });
        })
    }

    /// Takes one out.
    pub fn remove(&self, id: i64) -> Callback<MouseEvent> {
        let (files, error) = (self.files.clone(), self.error.clone());
        let command = RemoveFile { patient: self.patient.clone(), draft: self.draft.clone(), id };
        Callback::from(move |_| {
            let (files, error, command) = (files.clone(), error.clone(), command.clone());
            spawn_local(async move {
                match call(&command).await {
                    Ok(()) => files.dispatch(FilesAct::Removed(id)),
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        })
    }
}

/// Takes a file in. Too large a one is refused before it is read.
async fn add(patient: &PatientId, draft: &DraftName, file: &web_sys::File) -> Result<DraftFile, ApiError> {
    let most = largest(&file.type_());
    if file.size() > most as f64 {
        return Err(ApiError::new(ErrorCode::FileTooLarge).with("max_mb", most / (1024 * 1024)));
    }
    let data = files::base64(file).await.ok_or_else(|| ApiError::new(ErrorCode::FileUnreadable))?;
    call(&AddFile { patient: patient.clone(), draft: draft.clone(), data }).await
}
