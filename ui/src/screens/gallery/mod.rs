//! 画面の部品: every component in every state, on one page, with invented people.
//!
//! For whoever draws screens, and for the tests that look at them: what is wrong here is wrong on every screen. It is reached from the
//! settings of a demonstration, and on no other tablet. Nothing on it saves anything.

mod papers;
mod samples;

use crate::{
    app::{Act, App, use_app},
    components::*,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Everything screens are made of.
#[component]
pub fn Gallery() -> Html {
    let app = use_app();
    let sheet = use_state(|| false);
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    let show = |shown: bool| {
        let sheet = sheet.clone();
        Callback::from(move |()| sheet.set(shown))
    };
    html! {
        <div class="page" data-testid="gallery">
            <div class="page-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={app.words.t("back")}><Icon name="back" /></button>
                <h1 class="page-title">{ app.words.t("gallery") }</h1>
            </div>
            { part("button", buttons(&app)) }
            { part("Chips, ReasonField, RegimenFields", html! { <Forms /> }) }
            { part("notice, failure", notices(&app)) }
            { part("Sheet", html! {
                <>
                    <button type="button" class={button_class("plain")} onclick={show(true).reform(|_: MouseEvent| ())} data-testid="gallery-open">{ app.words.t("show-all") }</button>
                    if *sheet {
                        <Sheet title={app.words.t("gallery")} on_close={show(false)} testid="gallery-sheet"><p>{ samples::LONG_TEXT }</p></Sheet>
                    }
                </>
            }) }
            { part("PatientRowButton", samples::rows().into_iter().map(|row| html! {
                <PatientRowButton {row} on_open={Callback::noop()} address=true />
            }).collect()) }
            { part("PatientLine", samples::rows().into_iter().take(2).map(|row| html! { <PatientLine patient={row.patient} /> }).collect()) }
            { part("PatientHead", samples::headers().iter().map(|header| html! {
                <div class="patient-head"><div class="patient-head-body">{ head(&app, header) }</div></div>
            }).collect()) }
            { part("dose, vitals_line, written", facts(&app)) }
            { part("HowTaken", samples::medicines().into_iter().map(|medicine| html! {
                <div class="medicine"><span class="drug">{ &medicine.name }</span><HowTaken patient={samples::patient()} {medicine} /></div>
            }).collect()) }
            { part("warnings", warnings(&app, &samples::warnings())) }
            { part("observation", samples::observations().iter().map(|seen| observation(&app, seen)).collect()) }
            { papers::parts(&app) }
            { part("EntryView", samples::entries().into_iter().map(|entry| html! {
                <EntryView entry={std::rc::Rc::new(entry)} patient={samples::patient()} />
            }).collect()) }
            { part("HandOverPanel", samples::hand_overs().into_iter().map(|line| html! {
                <HandOverPanel {line} on_answer={Callback::noop()} />
            }).collect()) }
            { part("Icon", html! { <p class="chips">{ for ICONS.iter().map(|(name, _)| html! { <span class="chip"><Icon name={*name} />{ *name }</span> }) }</p> }) }
        </div>
    }
}

fn part(name: &'static str, body: Html) -> Html {
    html! { <section class="panel" data-part={name}><h2 class="panel-title">{ name }</h2>{ body }</section> }
}

fn buttons(app: &App) -> Html {
    html! {
        <div class="buttons">
            { for ["primary", "plain", "quiet"].into_iter().flat_map(|kind| [false, true].map(|disabled| html! {
                <button type="button" class={button_class(kind)} {disabled}><Icon name="pen" />{ app.words.t("save") }</button>
            })) }
        </div>
    }
}

/// Fields that can be typed into, and keep what is typed until the page is left.
#[component]
fn Forms() -> Html {
    let app = use_app();
    let chosen = use_state(|| vec!["observation".to_owned()]);
    let reason = use_state(String::new);
    let regimen =
        use_state(|| Regimen { dose: samples::dose("0.5", DoseBasis::PerDay), usage: samples::USAGE.to_owned() });
    let touched = {
        let chosen = chosen.clone();
        move |code: String| {
            let mut next = (*chosen).clone();
            if next.contains(&code) {
                next.retain(|one| *one != code)
            } else {
                next.push(code)
            }
            chosen.set(next);
        }
    };
    let choices = CARE_CODES.iter().take(5).map(|code| ((*code).to_owned(), app.words.care(code))).collect::<Vec<_>>();
    html! {
        <>
            <Chips {choices} chosen={(*chosen).clone()} on_touch={touched} label={app.words.t("gallery")} testid="gallery-care" />
            <RegimenFields regimen={(*regimen).clone()} on_change={let regimen = regimen.clone(); move |next| regimen.set(next)} />
            <ReasonField text={(*reason).clone()} on_text={let reason = reason.clone(); move |next| reason.set(next)} />
        </>
    }
}

fn notices(app: &App) -> Html {
    html! {
        <>
            { for ["info", "care", "danger"].into_iter().map(|kind| notice(kind, "gallery-notice", html! { { samples::LONG_TEXT } })) }
            { for [ErrorCode::DiskFull, ErrorCode::ReasonRequired, ErrorCode::Locked].into_iter().map(|code| failure(app, &ApiError::new(code))) }
            <div class="waiting" aria-busy="true" />
            <p class="empty">{ app.words.t("timeline-empty") }</p>
        </>
    }
}

fn facts(app: &App) -> Html {
    html! {
        <>
            <p class="buttons">
                { for [DoseBasis::PerDay, DoseBasis::PerDose, DoseBasis::Total, DoseBasis::Unstated].into_iter().map(|basis| dose(app, &samples::dose("2.5", basis))) }
            </p>
            { vitals_line(app, &samples::vitals(365, 128)) }
            { vitals_line(app, &samples::vitals(389, 212)) }
            { vitals_line(app, &samples::vitals(452, 310)) }
            { written(app, &samples::written(0)) }
            { written(app, &samples::written(31_536_000_000)) }
        </>
    }
}
