//! 救護所: find a person among every card this tablet holds, open it with one touch of a reason, all on one screen.

use crate::{
    api::use_command,
    app::{Act, Route, use_app},
    components::{CardView, Chips, Icon, PaperActions, PatientRowButton, Sheet, button_class, head, text_of},
};
use tendenko_app_api::*;
use yew::prelude::*;

use super::patients::{ROWS, query_of};

/// The search of the site.
#[component]
pub fn Site() -> Html {
    let app = use_app();
    let words = &app.words;
    let text = use_state(String::new);
    let sex = use_state(|| None::<Sex>);
    let asking = use_state(|| None::<PatientName>);
    let found = use_command(SearchSite { query: query_of(&text), sex: *sex, limit: ROWS });
    let typed = {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let sexes = vec![("female".to_owned(), words.t("sex-female")), ("male".to_owned(), words.t("sex-male"))];
    let touch_sex = {
        let sex = sex.clone();
        move |name: String| {
            let touched = if name == "male" { Sex::Male } else { Sex::Female };
            sex.set(if *sex == Some(touched) { None } else { Some(touched) });
        }
    };
    let ask = {
        let (asking, found) = (asking.clone(), found.clone());
        Callback::from(move |id: PatientId| {
            let row = found.ready().and_then(|list| list.rows.iter().find(|row| row.patient.id == id).cloned());
            asking.set(row.map(|row| row.patient));
        })
    };
    let close = {
        let asking = asking.clone();
        Callback::from(move |()| asking.set(None))
    };
    html! {
        <div class="page" data-testid="site">
            <h1 class="page-title">{ words.t("site-title") }</h1>
            <p class="quiet">{ words.t("site-explain") }</p>
            <label class="search">
                <Icon name="search" /><span class="visually-hidden">{ words.t("search-label") }</span>
                <input class="input" type="search" value={(*text).clone()} oninput={typed} autocomplete="off"
                    placeholder={words.t("site-search-hint")} data-testid="site-search" />
            </label>
            <Chips choices={sexes} chosen={sex.iter().map(|sex| crate::names::sex(sex).to_owned()).collect::<Vec<_>>()}
                on_touch={touch_sex} label={words.t("identity-sex")} testid="site-sex" />
            if query_of(&text).is_empty() && sex.is_none() {
                <p class="empty">{ words.t("site-start") }</p>
            } else { { found.show(&app, |list| html! {
                <>
                    <p class="quiet" role="status" data-testid="search-count">{ words.tn("found", list.total) }</p>
                    if list.rows.is_empty() { <p class="empty">{ words.t("found-nothing") }</p> }
                    <div class="rows">
                        { for list.rows.iter().map(|row| html! {
                            <PatientRowButton key={row.patient.id.0.clone()} row={row.clone()} on_open={ask.clone()} address=true />
                        }) }
                    </div>
                </>
            }) } }
            if let Some(patient) = &*asking { <ReasonSheet patient={patient.clone()} on_close={close} /> }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ReasonProps {
    patient: PatientName,
    on_close: Callback<()>,
}

/// One touch says why; the card opens.
#[component]
fn ReasonSheet(props: &ReasonProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let other = use_state(String::new);
    let open = |reason: SiteReason| {
        let (app, id) = (app.clone(), props.patient.id.clone());
        move |_: MouseEvent| app.dispatch(Act::Go(Route::SiteCard(id.clone(), reason.clone())))
    };
    let reasons = [SiteReason::Consultation, SiteReason::Emergency, SiteReason::Medicines, SiteReason::Identification];
    let typed = {
        let other = other.clone();
        move |event: InputEvent| other.set(text_of(&event))
    };
    html! {
        <Sheet title={words.t("site-why")} on_close={props.on_close.clone()} testid="site-reason-sheet">
            <p><b>{ &props.patient.name }</b>{ " " }{ &props.patient.kana }</p>
            <p class="quiet">{ words.t("site-why-explain") }</p>
            <div class="reasons">
                { for reasons.into_iter().map(|reason| {
                    let name = crate::names::site_reason(&reason);
                    html! {
                        <button type="button" class={classes!(button_class("plain"), "button-wide")} data-testid={format!("site-reason-{name}")}
                            onclick={open(reason)}>{ words.t(&format!("site-reason-{name}")) }</button>
                    }
                }) }
            </div>
            <label class="field">
                <span class="field-label">{ words.t("site-reason-other") }</span>
                <input class="input" value={(*other).clone()} oninput={typed} data-testid="site-reason-text" />
            </label>
            <button type="button" class={classes!(button_class("plain"), "button-wide")} disabled={other.trim().is_empty()}
                onclick={open(SiteReason::Other(other.trim().to_owned()))} data-testid="site-reason-open">{ words.t("open-card") }</button>
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
pub struct SiteCardProps {
    /// Whose.
    pub id: PatientId,
    /// Why it is opened.
    pub reason: SiteReason,
}

/// A card at the site: everything on one screen.
#[component]
pub fn SiteCard(props: &SiteCardProps) -> Html {
    let app = use_app();
    let opened = use_once(OpenSiteCard { patient: props.id.clone(), reason: props.reason.clone() });
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    html! {
        <div class="patient-page" data-testid="site-card">
            <div class="patient-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={app.words.t("back")}><Icon name="back" /></button>
                <div class="patient-head-body">
                    if let Some(card) = opened.ready() { { head(&app, &card.header) } }
                </div>
            </div>
            <div class="tab-panel" tabindex="0">
                { opened.show(&app, |card| html! {
                    <>
                        <CardView card={card.clone()} />
                        <PaperActions title={format!("{} {}", app.words.t("tab-card"), card.header.row.patient.name)} />
                    </>
                }) }
            </div>
        </div>
    }
}

/// Asks exactly once: every look is recorded, and records that change meanwhile are not another look.
#[hook]
fn use_once(command: OpenSiteCard) -> crate::api::Load<CardPage> {
    use crate::api::{Load, run};
    let app = use_app();
    let load = use_state(|| Load::Waiting);
    {
        let load = load.clone();
        use_effect_with((), move |()| {
            run(&app, command, move |answer| {
                load.set(match answer {
                    Ok(card) => Load::Ready(std::rc::Rc::new(card)),
                    Err(error) => Load::Failed(error),
                });
            });
        });
    }
    (*load).clone()
}
