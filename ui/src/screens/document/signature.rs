//! The signature on the paper: a line and a code, by this tablet. What it proves and what not is said in `tendenko_protocol::paper`.

use crate::{
    api::{Load, run},
    app::use_app,
    components::{Qr, QrContent},
    dates,
};
use std::rc::Rc;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SignatureProps {
    /// Whose.
    pub patient: PatientId,
    /// Which version.
    pub entry: EntryId,
}

/// Signs once for each time the page is opened.
#[component]
pub fn Signature(props: &SignatureProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let signed = use_state(|| Load::Waiting);
    {
        let (app, signed, props) = (app.clone(), signed.clone(), (props.patient.clone(), props.entry.clone()));
        use_effect_with((), move |()| {
            let (patient, entry) = props;
            run(&app, SignPaper { patient, entry }, move |answer| {
                signed.set(match answer {
                    Ok(signature) => Load::Ready(Rc::new(signature)),
                    Err(error) => Load::Failed(error),
                });
            });
        });
    }
    (*signed).clone().show(&app, |signature: &Rc<PaperSigned>| {
        let time = format!("{} {}", dates::Day::of(signature.at).long(words.lang), dates::clock(signature.at));
        html! {
            <div class="paper-end" data-testid="signature">
                <Qr content={QrContent::Text(signature.code.clone())} label={words.t("signature-qr")} />
                <div>
                    <p><b>{ words.ta("signed-by", &[("tablet", &signature.tablet), ("time", &time)]) }</b></p>
                    <p class="quiet">{ words.t("signed-explain") }</p>
                </div>
            </div>
        }
    })
}
