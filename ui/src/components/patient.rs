//! A patient, so that nobody is mistaken for another: in a list, in a line, and as the header that never scrolls away.

use crate::{
    api::use_command,
    app::{Act, App, Route, use_app},
    components::{Icon, button_class},
    dates::{self, Day},
    names,
    screens::PatientTab,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Age, birth date with its era, sex: in one line that wraps between them.
pub fn identity_line(app: &App, row: &PatientRow) -> Html {
    let words = &app.words;
    let birth =
        row.birth_date.as_deref().map(|iso| Day::parse(iso).map_or(iso.to_owned(), |day| day.birth(words.lang)));
    html! {
        <span class="identity">
            if let Some(age) = row.patient.age { <span class="age">{ words.tn("age", age) }</span> }
            <span>{ words.t(&format!("sex-{}", names::sex(&row.sex))) }</span>
            if let Some(birth) = birth { <span class="birth">{ words.ta("born", &[("date", &birth)]) }</span> }
        </span>
    }
}

fn need_text(app: &App, need: &SpecialNeedView) -> String {
    match need.kind {
        SpecialNeedKind::Other => need.detail.clone(),
        kind => app.words.t(&format!("need-{}", names::need(&kind))),
    }
}

/// What has to be known about a patient before anything else, as words.
fn marks(app: &App, row: &PatientRow) -> Html {
    let words = &app.words;
    html! {
        <span class="marks">
            if row.patient.same_name { <span class="mark mark-same" data-testid="mark-same-name">{ words.t("mark-same-name") }</span> }
            if row.allergies > 0 { <span class="mark mark-danger" data-testid="mark-allergy">{ words.t("mark-allergy") }</span> }
            { for row.special_needs.iter().map(|need| html! { <span class="mark mark-need">{ need_text(app, need) }</span> }) }
            if row.dnar { <span class="mark mark-wishes">{ words.t("mark-dnar") }</span> }
            if row.incomplete { <span class="mark mark-incomplete" data-testid="mark-incomplete">{ words.t("mark-incomplete") }</span> }
            if row.conflicts > 0 { <span class="mark mark-conflict" data-testid="mark-conflict">{ words.tn("mark-conflict", row.conflicts) }</span> }
            if row.unread_hand_overs > 0 {
                <span class="mark mark-unread" data-testid="mark-hand-over">{ words.tn("mark-hand-over", row.unread_hand_overs) }</span>
            } else if row.unread > 0 {
                <span class="mark mark-unread" data-testid="mark-unread">{ words.tn("mark-unread", row.unread) }</span>
            }
        </span>
    }
}

#[derive(Properties, PartialEq)]
pub struct PatientRowProps {
    /// Who.
    pub row: PatientRow,
    /// Touched.
    pub on_open: Callback<PatientId>,
    /// What stands before the name: the time of a visit.
    #[prop_or_default]
    pub before: Html,
    /// One more line: the purpose of a visit.
    #[prop_or_default]
    pub more: Html,
    /// The visit of the day was recorded.
    #[prop_or_default]
    pub done: bool,
    /// Shows the address, to tell people apart.
    #[prop_or_default]
    pub address: bool,
}

/// A patient in a list; the whole row is the button.
#[component]
pub fn PatientRowButton(props: &PatientRowProps) -> Html {
    let app = use_app();
    let row = &props.row;
    let id = row.patient.id.clone();
    html! {
        <button type="button" class={classes!("patient-row", props.done.then_some("is-done"))}
            data-testid="patient-row" data-patient={id.0.clone()} onclick={props.on_open.reform(move |_: MouseEvent| id.clone())}>
            { props.before.clone() }
            <span class="patient-row-main">
                <span class="kana">{ &row.patient.kana }</span>
                <span class="name">{ &row.patient.name }</span>
                { identity_line(&app, row) }
                if props.address { <span class="quiet">{ &row.address }</span> }
                { props.more.clone() }
            </span>
            { marks(&app, row) }
            <Icon name="next" />
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct PatientLineProps {
    /// Who.
    pub patient: PatientName,
    /// Which tab opens.
    #[prop_or_default]
    pub tab: PatientTab,
}

/// A patient's name in one line that opens the page.
#[component]
pub fn PatientLine(props: &PatientLineProps) -> Html {
    let app = use_app();
    let patient = &props.patient;
    let open = {
        let (app, route) = (app.clone(), Route::Patient(patient.id.clone(), props.tab));
        move |_| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <button type="button" class="patient-line" onclick={open} data-testid="patient-line" data-patient={patient.id.0.clone()}>
            <span class="patient-line-who">
                <span class="name">{ &patient.name }</span><span class="kana">{ &patient.kana }</span>
                if let Some(age) = patient.age { <span class="quiet">{ app.words.tn("age", age) }</span> }
                if patient.same_name { <span class="mark mark-same">{ app.words.t("mark-same-name") }</span> }
            </span>
            <Icon name="next" />
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct PatientHeadProps {
    /// Whose.
    pub id: PatientId,
}

/// The header that never scrolls away: who this is, what harms them, what cannot wait, what they wish.
#[component]
pub fn PatientHead(props: &PatientHeadProps) -> Html {
    let app = use_app();
    let header = use_command(GetPatientHeader { patient: props.id.clone() });
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    let transport = {
        let (app, id) = (app.clone(), props.id.clone());
        move |_| app.dispatch(Act::Go(Route::Transport(id.clone())))
    };
    html! {
        <div class="patient-head" data-testid="patient-head" data-patient={props.id.0.clone()}>
            <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={app.words.t("back")}>
                <Icon name="back" />
            </button>
            <div class="patient-head-body">{ header.show(&app, |header| head(&app, header)) }</div>
            <button type="button" class={classes!(button_class("plain"), "transport-button")} onclick={transport} data-testid="transport-open"
                aria-label={app.words.t("transport-open")}><Icon name="ambulance" /><span>{ app.words.t("transport") }</span></button>
        </div>
    }
}

/// The inside of a patient's header, also on the site's card.
pub fn head(app: &App, header: &PatientHeader) -> Html {
    let (words, row) = (&app.words, &header.row);
    let conflicts = {
        let (app, patient) = (app.clone(), row.patient.id.clone());
        move |_| app.dispatch(Act::Go(Route::Conflicts(Some(patient.clone()))))
    };
    html! {
        <>
            <div class="patient-head-who">
                <h1 class="patient-name" tabindex="-1"><span class="kana">{ &row.patient.kana }</span>{ &row.patient.name }</h1>
                { identity_line(app, row) }
                if row.patient.same_name { <span class="mark mark-same" data-testid="mark-same-name">{ words.t("mark-same-name") }</span> }
            </div>
            <div class="safety">
                { allergies(app, &header.allergies) }
                { for row.special_needs.iter().map(|need| html! {
                    <span class="mark mark-need" data-testid="special-need">
                        { need_text(app, need) }
                        if need.kind != SpecialNeedKind::Other && !need.detail.is_empty() { { " " }{ &need.detail } }
                    </span>
                }) }
                { wishes(app, header) }
                if row.conflicts > 0 {
                    <button type="button" class="mark mark-conflict mark-button" onclick={conflicts} data-testid="open-conflicts">
                        { words.tn("mark-conflict", row.conflicts) }<Icon name="next" />
                    </button>
                }
                <span class="as-of quiet" data-testid="as-of">{ match header.as_of {
                    Some(at) => words.ta("as-of", &[("time", &dates::moment(at, app.now()))]),
                    None => words.t("as-of-never"),
                } }</span>
            </div>
        </>
    }
}

fn allergies(app: &App, allergies: &[AllergyView]) -> Html {
    if allergies.is_empty() {
        return html! { <span class="mark mark-plain" data-testid="no-allergies">{ app.words.t("no-allergies") }</span> };
    }
    html! {
        <ul class="allergies" data-testid="allergies">
            { for allergies.iter().map(|allergy| html! {
                <li class="mark mark-danger">
                    <span>{ app.words.t(&format!("allergy-kind-{}", names::allergy_kind(&allergy.kind))) }</span>
                    <b>{ &allergy.substance }</b>
                    if let Some(reaction) = &allergy.reaction { <span>{ reaction }</span> }
                </li>
            }) }
        </ul>
    }
}

fn wishes(app: &App, header: &PatientHeader) -> Html {
    let words = &app.words;
    if header.wishes_conflict {
        return html! { <span class="mark mark-conflict" data-testid="wishes-conflict">{ words.t("wishes-conflict") }</span> };
    }
    match &header.wishes {
        Some(wishes) if wishes.dnar => {
            let date = wishes
                .decided_on
                .as_deref()
                .map_or_else(|| Day::of(wishes.written.at).long(words.lang), |iso| dates::long(iso, words.lang));
            html! {
                <span class="mark mark-wishes" data-testid="dnar">
                    <b>{ words.t("mark-dnar") }</b>{ " " }{ date }{ " " }{ &wishes.written.author.name }
                </span>
            }
        }
        _ => html! {},
    }
}
