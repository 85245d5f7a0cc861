//! A sheet that was begun for a medicine which is not on the list any more: somebody else stopped it meanwhile.

use crate::{
    app::use_app,
    components::{Sheet, button_class, failure},
    keeping,
    sheet_drafts::SheetKey,
};
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct GoneSheetProps {
    /// Whose.
    pub patient: PatientId,
    /// What was begun.
    pub sheet: SheetName,
    /// Done.
    pub on_close: Callback<()>,
}

/// Says so, and throws the draft away when that is wanted.
#[component]
pub fn GoneSheet(props: &GoneSheetProps) -> Html {
    let app = use_app();
    let discard = {
        let (app, patient, sheet, on_close) =
            (app.clone(), props.patient.clone(), props.sheet.clone(), props.on_close.clone());
        move |_: MouseEvent| {
            if let Some(me) = app.me() {
                keeping::discard(&SheetKey {
                    member: me.member.clone(),
                    patient: patient.clone(),
                    sheet: sheet.clone(),
                });
            }
            on_close.emit(());
        }
    };
    html! {
        <Sheet title={app.words.t("drug")} on_close={props.on_close.clone()} testid="gone-sheet">
            { failure(&app, &ApiError::new(ErrorCode::NoSuchEntry)) }
            <button type="button" class={button_class("quiet")} onclick={discard} data-testid="sheet-discard">{ app.words.t("discard-draft") }</button>
        </Sheet>
    }
}
