//! A photo or document of the chart: its small picture at once, the whole when somebody looks.

use crate::{
    api::use_command,
    app::use_app,
    components::{Icon, Sheet, button_class, notice},
    numbers,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PhotoProps {
    /// Whose.
    pub patient: PatientId,
    /// The entry that mentions it.
    pub entry: EntryId,
    /// How it is mentioned.
    pub photo: AttachmentView,
}

/// A photo of the chart. A touch opens it.
#[component]
pub fn PhotoView(props: &PhotoProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let open = use_state(|| false);
    let show = |shown: bool| {
        let open = open.clone();
        move |_: MouseEvent| open.set(shown)
    };
    let photo = &props.photo;
    let name = if photo.caption.is_empty() { words.t("kind-attachment") } else { photo.caption.clone() };
    html! {
        <>
            <button type="button" class="photo-button" onclick={show(true)} aria-label={words.ta("photo-open", &[("name", &name)])} data-testid="photo-open">
                if let Some(thumbnail) = &photo.thumbnail { <img src={thumbnail.clone()} alt="" /> } else { <Icon name="file" /> }
                <span>{ name.clone() }{ " " }<span class="quiet">{ numbers::bytes(photo.size) }</span></span>
            </button>
            if *open {
                <Sheet title={name} on_close={let open = open.clone(); Callback::from(move |()| open.set(false))} testid="photo-sheet">
                    <PhotoContent patient={props.patient.clone()} entry={props.entry.clone()} thumbnail={photo.thumbnail.clone()} />
                    <div class="button-row"><button type="button" class={button_class("plain")} onclick={show(false)}>{ words.t("close") }</button></div>
                </Sheet>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct ContentProps {
    patient: PatientId,
    entry: EntryId,
    thumbnail: Option<String>,
}

/// The whole photo, or how far it has come. It asks again with every piece that comes.
#[component]
fn PhotoContent(props: &ContentProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let content = use_command(OpenAttachment { patient: props.patient.clone(), entry: props.entry.clone() });
    content.show(&app, |content| match &**content {
        AttachmentContent::Here { data } if data.starts_with("data:image/") => {
            html! { <img class="photo-whole" src={data.clone()} alt={words.t("kind-attachment")} data-testid="photo-whole" /> }
        }
        AttachmentContent::Here { .. } => html! { <p class="quiet">{ words.t("photo-no-picture") }</p> },
        AttachmentContent::Coming { here, of } => html! {
            <>
                if let Some(thumbnail) = &props.thumbnail { <img class="photo-whole is-small" src={thumbnail.clone()} alt="" /> }
                { notice("info", "photo-coming", html! { words.ta("photo-coming", &[("here", &here.to_string()), ("of", &of.to_string())]) }) }
            </>
        },
        AttachmentContent::Absent { .. } => notice("info", "photo-absent", html! { words.t("photo-absent") }),
    })
}
