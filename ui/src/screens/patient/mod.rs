//! 患者ページ: the header that never scrolls away, and a tab below it.

mod card;
mod documents;
mod labs;
mod medicines;
mod team;
mod timeline;
mod vitals;

use crate::{
    app::{Act, Route, use_app},
    components::{Icon, PatientHead, SaySheet, Saying, button_class},
};
use tendenko_app_api::{PatientId, SheetName};
use yew::prelude::*;

/// The tabs of a patient's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatientTab {
    /// 時系列
    #[default]
    Timeline,
    /// お薬
    Medicines,
    /// バイタル
    Vitals,
    /// 検査
    Labs,
    /// 書類
    Documents,
    /// チーム
    Team,
    /// カード
    Card,
}

impl PatientTab {
    const ALL: [PatientTab; 7] = [
        PatientTab::Timeline,
        PatientTab::Medicines,
        PatientTab::Vitals,
        PatientTab::Labs,
        PatientTab::Documents,
        PatientTab::Team,
        PatientTab::Card,
    ];

    /// The tab on which a sheet is filled in.
    pub fn of(sheet: &SheetName) -> Self {
        match sheet {
            SheetName::RecordLabs | SheetName::RequestTests => Self::Labs,
            SheetName::AddMedicine
            | SheetName::ChangeDose(_)
            | SheetName::StopMedicine(_)
            | SheetName::ObserveMedicine(_) => Self::Medicines,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            PatientTab::Timeline => "timeline",
            PatientTab::Medicines => "medicines",
            PatientTab::Vitals => "vitals",
            PatientTab::Labs => "labs",
            PatientTab::Documents => "documents",
            PatientTab::Team => "team",
            PatientTab::Card => "card",
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct PatientProps {
    /// Whose page.
    pub id: PatientId,
    /// Which tab.
    pub tab: PatientTab,
    /// A sheet of it that was begun, and is gone on with.
    #[prop_or_default]
    pub begun: Option<SheetName>,
}

/// One patient's page.
#[component]
pub fn Patient(props: &PatientProps) -> Html {
    let app = use_app();
    let go = |route: Route, replace: bool| {
        let app = app.clone();
        move |_| app.dispatch(if replace { Act::Replace(route.clone()) } else { Act::Go(route.clone()) })
    };
    let saying = use_state(|| None::<Saying>);
    let say = {
        let (saying, patient) = (saying.clone(), props.id.clone());
        move |_| saying.set(Some(Saying { patient: patient.clone(), answers: None }))
    };
    let said = {
        let saying = saying.clone();
        move |()| saying.set(None)
    };
    html! {
        <div class="patient-page" data-testid="patient-page">
            <PatientHead id={props.id.clone()} />
            <div class="tabs" role="tablist" aria-label={app.words.t("tabs-label")}>
                { for PatientTab::ALL.into_iter().map(|tab| {
                    let current = tab == props.tab;
                    html! {
                        <button type="button" role="tab" class={classes!("tab", current.then_some("is-current"))} id={format!("tab-{}", tab.as_str())}
                            aria-selected={current.to_string()} aria-controls="tab-panel" data-testid={format!("tab-{}", tab.as_str())}
                            onclick={go(Route::Patient(props.id.clone(), tab), true)}>{ app.words.t(&format!("tab-{}", tab.as_str())) }</button>
                    }
                }) }
            </div>
            <div class="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby={format!("tab-{}", props.tab.as_str())} tabindex="0">
                { match props.tab {
                    PatientTab::Timeline => html! { <timeline::TimelineTab id={props.id.clone()} /> },
                    PatientTab::Medicines => html! { <medicines::MedicinesTab id={props.id.clone()} begun={props.begun.clone()} /> },
                    PatientTab::Vitals => html! { <vitals::VitalsTab id={props.id.clone()} /> },
                    PatientTab::Labs => html! { <labs::LabsTab id={props.id.clone()} begun={props.begun.clone()} /> },
                    PatientTab::Documents => html! { <documents::DocumentsTab id={props.id.clone()} /> },
                    PatientTab::Team => html! { <team::TeamTab id={props.id.clone()} /> },
                    PatientTab::Card => html! { <card::CardTab id={props.id.clone()} /> },
                } }
            </div>
            <div class="thumb-bar">
                <button type="button" class={classes!(button_class("primary"), "button-wide")} data-testid="record-visit"
                    onclick={go(Route::Visit(props.id.clone(), None), false)}><Icon name="pen" />{ app.words.t("record-visit") }</button>
                <button type="button" class={button_class("plain")} data-testid="say" aria-haspopup="dialog" onclick={say}>
                    <Icon name="hand-over" />{ app.words.t("say") }</button>
            </div>
            if let Some(saying) = &*saying { <SaySheet saying={saying.clone()} on_close={said} /> }
        </div>
    }
}
