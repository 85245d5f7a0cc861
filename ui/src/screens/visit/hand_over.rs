//! 申し送り as part of a visit: closed until somebody wants one.

use super::Change;
use crate::{
    app::use_app,
    components::{AddresseeField, button_class, text_of},
};
use tendenko_app_api::{Addressee, HandOverForm, PatientId};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct HandOverProps {
    /// About whom.
    pub patient: PatientId,
    /// As it stands; none = closed.
    pub hand_over: Option<HandOverForm>,
    /// Something was typed.
    pub on_change: Callback<Change>,
}

/// The hand-over of a visit.
#[component]
pub fn HandOverPart(props: &HandOverProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let Some(form) = &props.hand_over else {
        let open = props.on_change.reform(|_: MouseEvent| -> Change {
            Box::new(|form| {
                form.hand_over = Some(HandOverForm { to: Addressee::Team, urgent: false, text: String::new() })
            })
        });
        return html! {
            <button type="button" class={button_class("plain")} onclick={open} data-testid="hand-over-open">{ words.t("add-hand-over") }</button>
        };
    };
    let edit = |change: fn(&mut HandOverForm, String)| {
        props.on_change.reform(move |text: String| -> Change {
            Box::new(move |form| {
                if let Some(hand_over) = &mut form.hand_over {
                    change(hand_over, text);
                }
            })
        })
    };
    let to = props.on_change.reform(|to: Addressee| -> Change {
        Box::new(move |form| {
            if let Some(hand_over) = &mut form.hand_over {
                hand_over.to = to;
            }
        })
    });
    let urgent = edit(|hand_over, checked| hand_over.urgent = checked == "true");
    let urgent = urgent.reform(|event: Event| {
        event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked()).to_string()
    });
    let text = edit(|hand_over, text| hand_over.text = text).reform(|event: InputEvent| text_of(&event));
    let close = props.on_change.reform(|_: MouseEvent| -> Change { Box::new(|form| form.hand_over = None) });
    html! {
        <section class="form-part panel" data-testid="hand-over-part">
            <h3>{ words.t("nav-hand-overs") }</h3>
            <AddresseeField patient={props.patient.clone()} to={form.to.clone()} on_to={to} />
            <label class="field">
                <span class="field-label">{ words.t("hand-over-text") }</span>
                <textarea class="input" rows="3" value={form.text.clone()} oninput={text} data-testid="hand-over-text" />
            </label>
            <label class="check">
                <input type="checkbox" checked={form.urgent} onchange={urgent} data-testid="hand-over-urgent" /><span>{ words.t("urgent-long") }</span>
            </label>
            <button type="button" class={button_class("quiet")} onclick={close} data-testid="hand-over-close">{ words.t("no-hand-over") }</button>
        </section>
    }
}
