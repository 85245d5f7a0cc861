//! カード: the card on one page, with what can be changed on it.

use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{
        AllergyAction, CardView, Chips, ReasonField, Sheet, button_class, failure, save_button, send_and_close,
        text_field, text_of,
    },
};
use tendenko_app_api::*;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct CardTabProps {
    /// Whose.
    pub id: PatientId,
}

#[derive(Clone, PartialEq)]
enum Open {
    Nothing,
    Add,
    Remove(AllergyView),
    Wishes(WishesDraft),
}

/// The card of a patient.
#[component]
pub fn CardTab(props: &CardTabProps) -> Html {
    let app = use_app();
    let card = use_command(GetCard { patient: props.id.clone() });
    let open = use_state(|| Open::Nothing);
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(Open::Nothing))
    };
    let on_allergy = {
        let open = open.clone();
        Callback::from(move |action| {
            open.set(match action {
                AllergyAction::Add => Open::Add,
                AllergyAction::Remove(allergy) => Open::Remove(allergy),
            });
        })
    };
    let on_wishes = {
        let (open, now) = (open.clone(), card.ready().and_then(|card| card.header.wishes.clone()));
        Callback::from(move |()| {
            let draft = now.as_ref().map_or_else(WishesDraft::default, |wishes| WishesDraft {
                dnar: wishes.dnar,
                text: wishes.text.clone(),
                decided_on: wishes.decided_on.clone(),
                decided_with: wishes.decided_with.clone(),
            });
            open.set(Open::Wishes(draft));
        })
    };
    let patient = props.id.clone();
    let edit = {
        let (app, id) = (app.clone(), props.id.clone());
        move |_: MouseEvent| app.dispatch(Act::Go(Route::CardEdit(id.clone())))
    };
    html! {
        <>
            <div class="button-row"><button type="button" class={button_class("plain")} onclick={edit} data-testid="edit-card">{ app.words.t("edit-card") }</button></div>
            { card.show(&app, |card| html! {
                <CardView card={card.clone()} allergy_actions={on_allergy} on_wishes={on_wishes} />
            }) }
            { match (*open).clone() {
                Open::Nothing => html! {},
                Open::Add => html! { <AddSheet {patient} on_close={close} /> },
                Open::Remove(allergy) => html! { <RemoveSheet {patient} {allergy} on_close={close} /> },
                Open::Wishes(draft) => html! { <WishesSheet {patient} {draft} on_close={close} /> },
            } }
        </>
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[derive(Properties, PartialEq)]
struct AddProps {
    patient: PatientId,
    on_close: Callback<()>,
}

#[component]
fn AddSheet(props: &AddProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let kind = use_state(|| AllergyKind::Allergy);
    let (substance, reaction) = (use_state(String::new), use_state(String::new));
    let error = use_state(|| None::<ApiError>);
    let kinds = vec![
        ("allergy".to_owned(), words.t("allergy-kind-allergy")),
        ("adverse-reaction".to_owned(), words.t("allergy-kind-adverse-reaction")),
    ];
    let choose = {
        let kind = kind.clone();
        move |name: String| {
            kind.set(if name == "allergy" { AllergyKind::Allergy } else { AllergyKind::AdverseReaction })
        }
    };
    let save = {
        let (app, patient, on_close, error) =
            (app.clone(), props.patient.clone(), props.on_close.clone(), error.clone());
        let (kind, substance, reaction) = (kind.clone(), substance.clone(), reaction.clone());
        move || {
            let command = AddAllergy {
                patient: patient.clone(),
                substance: substance.trim().to_owned(),
                kind: *kind,
                reaction: some(&reaction),
                severity: None,
            };
            send_and_close(&app, command, error.clone(), on_close.clone());
        }
    };
    html! {
        <Sheet title={words.t("add-allergy")} on_close={props.on_close.clone()} testid="allergy-sheet">
            <Chips choices={kinds} chosen={vec![crate::names::allergy_kind(&kind).to_owned()]} on_touch={choose}
                label={words.t("allergy-which")} testid="allergy-kind" />
            { text_field(words.t("substance"), "allergy-substance", &substance) }
            { text_field(words.t("reaction"), "allergy-reaction", &reaction) }
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", !substance.trim().is_empty(), save) }
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
struct RemoveProps {
    patient: PatientId,
    allergy: AllergyView,
    on_close: Callback<()>,
}

#[component]
fn RemoveSheet(props: &RemoveProps) -> Html {
    let app = use_app();
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, props_) = (app.clone(), (props.patient.clone(), props.allergy.key.clone(), props.on_close.clone()));
        let (reason, error) = (reason.clone(), error.clone());
        move || {
            let (patient, key, on_close) = props_.clone();
            send_and_close(&app, RemoveAllergy { patient, key, reason: (*reason).clone() }, error.clone(), on_close);
        }
    };
    html! {
        <Sheet title={app.words.t("remove-allergy")} on_close={props.on_close.clone()} testid="remove-sheet">
            <p><b>{ &props.allergy.substance }</b></p>
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", !reason.trim().is_empty(), save) }
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
struct WishesProps {
    patient: PatientId,
    draft: WishesDraft,
    on_close: Callback<()>,
}

#[component]
fn WishesSheet(props: &WishesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let dnar = use_state(|| props.draft.dnar);
    let text = use_state(|| props.draft.text.clone());
    let with = use_state(|| props.draft.decided_with.clone().unwrap_or_default());
    let on = use_state(|| props.draft.decided_on.clone().unwrap_or_else(|| app.today().iso()));
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let set_dnar = {
        let dnar = dnar.clone();
        move |event: Event| dnar.set(event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked()))
    };
    let set_text = {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let save = {
        let (app, patient, on_close, error) =
            (app.clone(), props.patient.clone(), props.on_close.clone(), error.clone());
        let (dnar, text, with, on, reason) = (dnar.clone(), text.clone(), with.clone(), on.clone(), reason.clone());
        move || {
            let wishes = WishesDraft {
                dnar: *dnar,
                text: text.trim().to_owned(),
                decided_on: some(&on),
                decided_with: some(&with),
            };
            send_and_close(
                &app,
                SetWishes { patient: patient.clone(), wishes, reason: (*reason).clone() },
                error.clone(),
                on_close.clone(),
            );
        }
    };
    html! {
        <Sheet title={words.t("set-wishes")} on_close={props.on_close.clone()} testid="wishes-sheet">
            <label class="check">
                <input type="checkbox" checked={*dnar} onchange={set_dnar} data-testid="wishes-dnar" /><span>{ words.t("dnar-long") }</span>
            </label>
            <label class="field">
                <span class="field-label">{ words.t("wishes-text") }</span>
                <textarea class="input" rows="3" value={(*text).clone()} oninput={set_text} data-testid="wishes-text" />
            </label>
            { text_field(words.t("wishes-on"), "wishes-on", &on) }
            { text_field(words.t("wishes-with"), "wishes-with", &with) }
            <ReasonField text={(*reason).clone()} on_text={set_reason} />
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", !reason.trim().is_empty(), save) }
        </Sheet>
    }
}
