//! 救急搬送: what the receiving hospital must know before arrival, on one sheet. One tap makes it out of what is on this tablet; nothing is asked of a network.

use crate::{
    api::use_command,
    app::{Act, App, use_app},
    components::{CardView, Icon, PaperActions, Qr, QrContent, button_class, head, panel, who},
    dates, names, numbers,
    summary::{self, Line},
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Visits on the sheet.
const VISITS: u16 = 3;
/// Characters of a visit's note on the sheet.
const NOTE: usize = 120;

#[derive(Properties, PartialEq)]
pub struct TransportProps {
    /// Whose.
    pub id: PatientId,
}

/// The sheet.
#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let patient = || props.id.clone();
    let card = use_command(GetCard { patient: patient() });
    let vitals = use_command(GetLastVitals { patient: patient() });
    let team = use_command(GetTeam { patient: patient() });
    let visits = use_command(GetTimeline {
        patient: patient(),
        start: TimelineStart::Newest,
        filter: TimelineFilter { kinds: vec![EntryKind::Visit], ..TimelineFilter::default() },
        limit: VISITS,
        since: None,
    });
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    let more = html! {
        <>
            if let Some(vitals) = vitals.ready() { { panel("transport-vitals", words.t("transport-vitals"), "wide", last_values(&app, vitals)) } }
            if let Some(visits) = visits.ready() { { panel("transport-visits", words.t("transport-visits"), "wide", last_visits(&app, visits)) } }
            if let Some(team) = team.ready() { { panel("transport-team", words.t("transport-team"), "wide", everybody(&app, team)) } }
        </>
    };
    html! {
        <div class="patient-page" data-testid="transport">
            <div class="patient-head">
                <button type="button" class={button_class("quiet")} onclick={back} data-testid="back" aria-label={words.t("back")}><Icon name="back" /></button>
                <div class="patient-head-body">
                    <p class="paper-title">{ words.t("transport-title") }</p>
                    if let Some(card) = card.ready() { { head(&app, &card.header) } }
                </div>
            </div>
            <div class="tab-panel" tabindex="0">
                { card.show(&app, |card| {
                    let name = &card.header.row.patient.name;
                    let text = summary::text(&lines(&app, card));
                    html! {
                        <>
                            <PaperActions title={format!("{} {name}", words.t("transport-title"))} />
                            <CardView card={card.clone()} {more} />
                            <div class="paper-end">
                                <Qr content={QrContent::Text(text)} label={words.t("transport-qr")} />
                                <div>
                                    <p>{ words.t("transport-qr-explain") }</p>
                                    if let Some(me) = app.me() {
                                        <p class="quiet">{ words.ta("made-by", &[("time", &full_moment(&app, app.now())), ("who", &me.name), ("facility", &me.facility)]) }</p>
                                    }
                                </div>
                            </div>
                        </>
                    }
                }) }
            </div>
        </div>
    }
}

/// The day with its year, and the time: paper outlives "today".
fn full_moment(app: &App, at: Millis) -> String {
    format!("{} {}", dates::Day::of(at).long(app.words.lang), dates::clock(at))
}

/// The day, and the time: tomorrow "10:42" would be read as tomorrow's.
fn on_paper(app: &App, at: Millis) -> String {
    format!("{} {}", dates::Day::of(at).short(app.today()), dates::clock(at))
}

fn last_values(app: &App, last: &LastVitals) -> Html {
    let words = &app.words;
    let line = |measure: Measure| {
        let known = last.values.iter().find(|value| value.measure == measure)?;
        Some(html! {
            <li><b>{ words.t(&format!("measure-{}", measure.as_str())) }</b>
                <span>{ numbers::show(measure, known.value) }<span class="unit">{ measure.unit() }</span></span>
                <span class="quiet">{ on_paper(app, known.at) }</span>
            </li>
        })
    };
    let lines: Vec<Html> = Measure::ALL.into_iter().filter_map(line).collect();
    if lines.is_empty() {
        return html! { <p class="quiet">{ words.t("nothing-recorded") }</p> };
    }
    html! { <ul class="last-values">{ for lines }</ul> }
}

fn last_visits(app: &App, visits: &Timeline) -> Html {
    let line = |entry: &TimelineEntry| {
        let EntryBody::Visit(visit) = &entry.body else { return html! {} };
        let sections =
            visit.sections.iter().map(|section| format!("{} {}", app.words.section(&section.name), section.text));
        let said: Vec<String> =
            std::iter::once(visit.note.clone()).chain(sections).filter(|text| !text.is_empty()).collect();
        html! {
            <li><span>{ on_paper(app, entry.at) }{ " " }{ who(app, &entry.author) }{ " " }<span class="quiet">{ &entry.author.facility }</span></span>
                <p class="free-text">{ summary::cut(&said.join(" "), NOTE) }</p>
            </li>
        }
    };
    if visits.entries.is_empty() {
        return html! { <p class="quiet">{ app.words.t("nothing-recorded") }</p> };
    }
    html! { <ul class="facts">{ for visits.entries.iter().map(line) }</ul> }
}

/// The people around the patient, with the one who makes the sheet.
fn everybody(app: &App, team: &[TeamMember]) -> Html {
    let me = app.me().map(|me| (me.name.clone(), app.words.profession(&me.profession), me.facility.clone()));
    let others = team.iter().map(|one| (one.name.clone(), app.words.profession(&one.profession), one.facility.clone()));
    html! {
        <ul class="team-line">
            { for me.into_iter().chain(others).map(|(name, profession, facility)| html! {
                <li><b>{ name }</b><span class="quiet">{ profession }</span><span class="quiet">{ facility }</span></li>
            }) }
        </ul>
    }
}

/// What the code says, in the order in which it is left away when it does not fit: the end first.
fn lines(app: &App, card: &CardPage) -> Vec<Line> {
    let (words, header) = (&app.words, &card.header);
    let row = &header.row;
    let birth = row.birth_date.as_deref().map(|iso| words.ta("born", &[("date", &dates::long(iso, words.lang))]));
    let sex = words.t(&format!("sex-{}", names::sex(&row.sex)));
    let who = [Some(row.patient.name.clone()), Some(row.patient.kana.clone()), birth, Some(sex)];
    let mut lines = vec![
        Line::new(&words.t("transport-title"), [full_moment(app, app.now())]),
        Line::new("", who.into_iter().flatten()),
        Line::new(
            &words.t("card-allergies"),
            header.allergies.iter().map(|allergy| {
                allergy.reaction.as_ref().map_or_else(
                    || allergy.substance.clone(),
                    |reaction| format!("{}（{reaction}）", allergy.substance),
                )
            }),
        ),
        Line::new(
            &words.t("card-needs"),
            row.special_needs.iter().map(|need| match need.kind {
                SpecialNeedKind::Other => need.detail.clone(),
                kind => {
                    format!("{} {}", words.t(&format!("need-{}", names::need(&kind))), need.detail).trim().to_owned()
                }
            }),
        ),
    ];
    if header.wishes_conflict {
        lines.push(Line::new(&words.t("card-wishes"), [words.t("wishes-conflict")]));
    } else if let Some(wishes) = &header.wishes {
        let dnar = wishes.dnar.then(|| words.t("dnar-long"));
        let date = wishes.decided_on.as_deref().map(|iso| dates::long(iso, words.lang));
        lines.push(Line::new(&words.t("card-wishes"), dnar.into_iter().chain(date).chain([wishes.text.clone()])));
    }
    lines.push(Line::new(
        &words.t("card-medicines"),
        card.medicines.iter().map(|medicine| {
            // Which dose holds is not decided: the code must not pretend that it is.
            if medicine.conflict {
                return format!("{} {}", medicine.name, words.t("two-versions"));
            }
            format!("{} {} {}", medicine.name, crate::components::dose_text(app, &medicine.dose), medicine.usage)
        }),
    ));
    lines.push(Line::new(&words.t("card-diagnoses"), card.diagnoses.iter().map(|diagnosis| diagnosis.name.clone())));
    lines.extend(card.physician.iter().map(|one| {
        Line::new(&words.t("primary-physician"), [one.name.clone(), one.facility.clone(), one.phone.clone()])
    }));
    lines.extend(
        card.contacts.iter().map(|one| {
            Line::new(&words.t("card-contacts"), [one.name.clone(), one.relation.clone(), one.phone.clone()])
        }),
    );
    lines
}
