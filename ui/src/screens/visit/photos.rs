//! Photos of a visit: from the camera or a file, kept with the draft as soon as they are taken in.

use crate::{
    app::use_app,
    components::{DraftFiles, Icon, button_class, failure, use_taking_in},
    drafts::DraftKey,
    numbers,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PhotosProps {
    /// Of which draft.
    pub draft: Rc<DraftKey>,
    /// Those that are there.
    pub photos: UseReducerHandle<DraftFiles>,
}

/// Photos of a draft.
#[component]
pub fn Photos(props: &PhotosProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let draft = DraftName::Visit(props.draft.correct.clone());
    let taking_in = use_taking_in(&props.draft.patient, draft, &props.photos);
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
                            <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={taking_in.remove(photo.id)}
                                aria-label={words.ta("photo-remove", &[("number", &number)])} data-testid="photo-remove"><Icon name="close" /></button>
                        </figure>
                    }
                }) }
                if props.photos.count() < MAX_FILES {
                    <label class={classes!(button_class("plain"), "file-choice")} aria-busy={taking_in.is_busy().to_string()}>
                        <Icon name="camera" />{ if taking_in.is_busy() { words.t("photo-taking-in") } else { words.t("photo-add") } }
                        <input class="file-input" type="file" accept="image/jpeg,image/png,image/webp" capture="environment" multiple=true
                            disabled={taking_in.is_busy()} onchange={taking_in.chosen(Callback::noop())} data-testid="photo-file" />
                    </label>
                }
            </div>
            if let Some(refusal) = taking_in.refusal() { { failure(&app, refusal) }<p class="quiet">{ words.t("draft-is-kept") }</p> }
        </section>
    }
}
