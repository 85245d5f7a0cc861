//! 申し送り as part of a visit: closed until somebody wants one.

use super::Change;
use crate::{
    app::use_app,
    components::{addressee, button_class, text_of},
};
use tendenko_app_api::{Addressee, HandOverForm, Profession};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

fn addressees() -> Vec<Addressee> {
    use Profession::*;
    let professions =
        [Nurse, Physician, Pharmacist, CareManager, Helper, Therapist, Dentist, Dietitian, Liaison, Municipality];
    std::iter::once(Addressee::Team).chain(professions.into_iter().map(Addressee::Profession)).collect()
}

#[derive(Properties, PartialEq)]
pub struct HandOverProps {
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
    let to = edit(|hand_over, place| {
        let chosen = place.parse().ok().and_then(|place: usize| addressees().into_iter().nth(place));
        hand_over.to = chosen.unwrap_or(Addressee::Team);
    });
    let to = to.reform(|event: Event| {
        event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default()
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
            <label class="field">
                <span class="field-label">{ words.t("to-whom") }</span>
                <select class="input" onchange={to} data-testid="hand-over-to">
                    { for addressees().iter().enumerate().map(|(place, one)| html! {
                        <option value={place.to_string()} selected={*one == form.to}>{ addressee(&app, one) }</option>
                    }) }
                </select>
            </label>
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
