//! Photos of a visit: from the camera or a file, kept with the draft as soon as they are taken in.

use crate::{
    api::call,
    app::use_app,
    components::{Icon, button_class, failure},
    drafts::DraftKey,
    files, numbers,
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PhotosProps {
    /// Of which draft.
    pub draft: Rc<DraftKey>,
    /// Those that are there.
    pub photos: Rc<Vec<DraftPhoto>>,
    /// They are others now.
    pub on_photos: Callback<Vec<DraftPhoto>>,
}

/// Photos of a draft.
#[component]
pub fn Photos(props: &PhotosProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let busy = use_state(|| false);
    let error = use_state(|| None::<ApiError>);
    let chosen = {
        let (busy, error, draft, on_photos) =
            (busy.clone(), error.clone(), props.draft.clone(), props.on_photos.clone());
        let photos = props.photos.clone();
        move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(list) = input.files() else { return };
            let chosen: Vec<_> = (0..list.length()).filter_map(|place| list.get(place)).collect();
            if chosen.is_empty() || *busy {
                return;
            }
            busy.set(true);
            error.set(None);
            let (busy, error, draft, on_photos) = (busy.clone(), error.clone(), draft.clone(), on_photos.clone());
            let mut photos = (*photos).clone();
            spawn_local(async move {
                for file in chosen {
                    match add(&draft, &file).await {
                        Ok(photo) => photos.push(photo),
                        Err(refusal) => {
                            error.set(Some(refusal));
                            break;
                        }
                    }
                    on_photos.emit(photos.clone());
                }
                busy.set(false);
                // The same file can be chosen again.
                input.set_value("");
            });
        }
    };
    let remove = |photo: &DraftPhoto| {
        let (draft, photos, on_photos, error) =
            (props.draft.clone(), props.photos.clone(), props.on_photos.clone(), error.clone());
        let id = photo.id;
        move |_: MouseEvent| {
            let (draft, photos, on_photos, error) = (draft.clone(), photos.clone(), on_photos.clone(), error.clone());
            spawn_local(async move {
                let command = RemovePhoto { patient: draft.patient.clone(), correct: draft.correct.clone(), id };
                match call(&command).await {
                    Ok(()) => on_photos.emit(photos.iter().filter(|photo| photo.id != id).cloned().collect()),
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
    html! {
        <section class="form-part">
            <h3>{ words.t("photos") }</h3>
            <div class="photos">
                { for props.photos.iter().enumerate().map(|(place, photo)| {
                    let number = (place + 1).to_string();
                    html! {
                        <figure key={photo.id} class="photo" data-testid="draft-photo">
                            <img src={photo.thumbnail.clone()} alt={words.ta("photo-number", &[("number", &number)])} />
                            <figcaption class="quiet">{ numbers::bytes(photo.size) }</figcaption>
                            <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={remove(photo)}
                                aria-label={words.ta("photo-remove", &[("number", &number)])} data-testid="photo-remove"><Icon name="close" /></button>
                        </figure>
                    }
                }) }
                if props.photos.len() < MAX_PHOTOS {
                    <label class={classes!(button_class("plain"), "file-choice")} aria-busy={busy.to_string()}>
                        <Icon name="camera" />{ if *busy { words.t("photo-taking-in") } else { words.t("photo-add") } }
                        <input class="file-input" type="file" accept="image/jpeg,image/png,image/webp" capture="environment" multiple=true
                            disabled={*busy} onchange={chosen} data-testid="photo-file" />
                    </label>
                }
            </div>
            if let Some(refusal) = &*error { { failure(&app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
        </section>
    }
}

/// Takes a picture file in. Too large a one is refused before it is read.
async fn add(draft: &DraftKey, file: &web_sys::File) -> Result<DraftPhoto, ApiError> {
    if file.size() > MAX_PICTURE as f64 {
        return Err(ApiError::new(ErrorCode::PhotoTooLarge).with("max_mb", MAX_PICTURE / (1024 * 1024)));
    }
    let data = files::base64(file).await.ok_or_else(|| ApiError::new(ErrorCode::PhotoUnreadable))?;
    call(&AddPhoto { patient: draft.patient.clone(), correct: draft.correct.clone(), data }).await
}
