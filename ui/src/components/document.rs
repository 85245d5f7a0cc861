//! A document: in one line, in a few words, and as the sheet that it is printed on.

use crate::{
    app::{Act, App, Route, use_app},
    components::{Icon, who},
    dates, names, summary,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Characters of a document that its few words take.
const FEW: usize = 100;

/// The name of a kind of document.
pub fn document_kind(app: &App, kind: &DocumentKind) -> String {
    match kind {
        DocumentKind::Other(word) => word.clone(),
        known => app.words.t(&format!("document-{}", names::document_kind(known))),
    }
}

/// What an answer comes to, in a word.
pub fn verdict(app: &App, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Other(word) => word.clone(),
        known => app.words.t(&format!("verdict-{}", names::verdict(known))),
    }
}

/// To whom: `釜石中央病院 及川 徹 様`; none where nobody is named.
pub fn addressed(app: &App, facility: &str, name: &str) -> Option<String> {
    let to = match (facility, name) {
        ("", "") => return None,
        (facility, "") => app.words.ta("to-facility", &[("facility", facility)]),
        (facility, name) => app.words.ta("to-somebody", &[("facility", facility), ("name", name)]),
    };
    Some(to.trim().to_owned())
}

/// A document in a few words, in the timeline.
pub fn document_brief(app: &App, document: &DocumentView) -> Html {
    let first = document.sections.first().map(|section| {
        let text = format!("{}　{}", app.words.part(&section.name), section.text.replace('\n', " "));
        summary::cut(&text, FEW)
    });
    html! {
        <>
            <p><b>{ document_kind(app, &document.kind) }</b>{ "　" }{ &document.title }</p>
            if let Some(to) = addressed(app, &document.to_facility, &document.to_name) { <p class="quiet">{ to }</p> }
            if let Some(first) = first { <p>{ first }</p> }
            if !document.checklist.is_empty() { <p class="quiet">{ app.words.tn("questions-in-it", document.checklist.len() as u64) }</p> }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct DocumentOpenProps {
    /// Whose.
    pub patient: PatientId,
    /// Any version.
    pub entry: EntryId,
    /// What stands on the button.
    pub children: Html,
    /// For tests.
    #[prop_or("open-document")]
    pub testid: &'static str,
}

/// A button that opens a document.
#[component]
pub fn DocumentOpen(props: &DocumentOpenProps) -> Html {
    let app = use_app();
    let open = {
        let (app, route) = (app.clone(), Route::Document(props.patient.clone(), props.entry.clone()));
        move |_| app.dispatch(Act::Go(route.clone()))
    };
    html! {
        <button type="button" class="patient-row document-row" onclick={open} data-testid={props.testid} data-entry={props.entry.0.clone()}>
            { props.children.clone() }<Icon name="next" />
        </button>
    }
}

/// A document as it goes on paper: from whom, to whom, about whom, and all it says.
pub fn letter(app: &App, header: Option<&PatientHeader>, version: &DocumentVersion) -> Html {
    let (words, body) = (&app.words, &version.body);
    let author = &version.author;
    html! {
        <article class="letter" data-testid="letter" data-entry={version.entry.0.clone()}>
            <h2 class="letter-kind">{ words.t(&format!("letter-{}", names::document_kind(&body.kind))) }</h2>
            if !body.title.is_empty() { <p class="letter-title">{ &body.title }</p> }
            <div class="letter-head">
                if let Some(to) = addressed(app, &body.to_facility, &body.to_name) { <p class="letter-to"><b>{ to }</b></p> }
                <p class="letter-from">
                    <span>{ dates::Day::of(version.at).long(words.lang) }</span>
                    <span>{ &author.facility }</span><span>{ words.profession(&author.profession) }{ "　" }<b>{ &author.name }</b></span>
                </p>
            </div>
            if let Some(header) = header { { about(app, header) } }
            <dl class="letter-parts">
                { for body.sections.iter().map(|section| html! {
                    <div class="letter-part"><dt>{ words.part(&section.name) }</dt><dd class="free-text">{ &section.text }</dd></div>
                }) }
            </dl>
        </article>
    }
}

/// The patient, so that a letter that lies alone cannot be taken for another's.
fn about(app: &App, header: &PatientHeader) -> Html {
    let (words, row) = (&app.words, &header.row);
    let birth =
        row.birth_date.as_deref().map(|iso| dates::Day::parse(iso).map_or(iso.to_owned(), |day| day.birth(words.lang)));
    html! {
        <p class="letter-about">
            <span class="kana">{ &row.patient.kana }</span><b class="name">{ &row.patient.name }</b>
            <span>{ words.t(&format!("sex-{}", names::sex(&row.sex))) }</span>
            if let Some(birth) = birth { <span>{ words.ta("born", &[("date", &birth)]) }</span> }
            if let Some(age) = row.patient.age { <span>{ words.tn("age", age) }</span> }
            if !row.address.is_empty() { <span>{ &row.address }</span> }
        </p>
    }
}

/// Another document in one line, as a button.
pub fn document_link(app: &App, patient: &PatientId, link: &DocumentLink) -> Html {
    html! {
        <DocumentOpen patient={patient.clone()} entry={link.entry.clone()} testid="document-link">
            <span class="patient-row-main">
                <span><b>{ document_kind(app, &link.kind) }</b>{ "　" }{ &link.title }</span>
                <span class="quiet">{ dates::moment(link.at, app.now()) }{ " " }{ who(app, &link.author) }</span>
            </span>
        </DocumentOpen>
    }
}
