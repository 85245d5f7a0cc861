//! How a document begins: a letter with what the chart knows already, a version with what it follows, an answer with its addressee. Whoever
//! writes looks over every word of it before it is saved; nothing is sent as it begins.

use crate::{app::App, components::dose_text, dates, summary};
use tendenko_app_api::*;

/// Visits that a letter tells of.
pub const VISITS: u16 = 5;
/// Characters of each.
const NOTE: usize = 200;

/// What a new document begins with.
pub fn begin(app: &App, kind: &DocumentKind, card: Option<&CardPage>, visits: Option<&Timeline>) -> DocumentForm {
    let mut form = DocumentForm::of(kind.clone());
    let mut fill = |part: &str, lines: Vec<String>| {
        if parts_for(kind).contains(&part) && !lines.is_empty() {
            form.sections.insert(part.to_owned(), lines.join("\n"));
        }
    };
    if let Some(card) = card {
        fill(
            "diagnoses",
            card.diagnoses.iter().map(|diagnosis| with(&diagnosis.name, diagnosis.since.as_deref())).collect(),
        );
        fill(
            "allergies",
            card.header.allergies.iter().map(|one| with(&one.substance, one.reaction.as_deref())).collect(),
        );
        fill("prescription", card.medicines.iter().map(|medicine| prescribed(app, medicine)).collect());
    }
    if let (Some(visits), DocumentKind::Referral) = (visits, kind) {
        fill("course", visits.entries.iter().rev().filter_map(|entry| visited(app, entry)).collect());
    }
    form
}

/// What the next version of a document begins with.
pub fn follow(before: &DocumentVersion) -> DocumentForm {
    let body = &before.body;
    DocumentForm {
        title: body.title.clone(),
        to_facility: body.to_facility.clone(),
        to_name: body.to_name.clone(),
        sections: body.sections.iter().map(|section| (section.name.clone(), section.text.clone())).collect(),
        checklist: body.checklist.clone(),
        kept: before.files.iter().map(|file| file.entry.clone()).collect(),
        ..DocumentForm::of(body.kind.clone())
    }
}

/// What the answer to a letter begins with.
pub fn reply(app: &App, letter: &DocumentVersion) -> DocumentForm {
    DocumentForm {
        title: app.words.ta("reply-title", &[("title", &letter.body.title)]).trim().to_owned(),
        to_facility: letter.author.facility.clone(),
        to_name: letter.author.name.clone(),
        ..DocumentForm::of(DocumentKind::Reply)
    }
}

fn with(what: &str, more: Option<&str>) -> String {
    more.map_or_else(|| what.to_owned(), |more| format!("{what}（{more}）"))
}

/// A medicine as it is taken; where two doses wait for a decision, that, and none of them.
fn prescribed(app: &App, medicine: &MedicineView) -> String {
    if medicine.conflict {
        return with(&medicine.name, Some(&app.words.t("two-versions")));
    }
    format!("{} {} {}", medicine.name, dose_text(app, &medicine.dose), medicine.usage).trim_end().to_owned()
}

fn visited(app: &App, entry: &TimelineEntry) -> Option<String> {
    let EntryBody::Visit(visit) = &entry.body else { return None };
    let sections = visit.sections.iter().map(|section| section.text.as_str());
    let said: Vec<&str> =
        std::iter::once(visit.note.as_str()).chain(sections).filter(|text| !text.is_empty()).collect();
    let said = said.join(" ").replace('\n', " ");
    let day = dates::Day::of(entry.at).short(app.today());
    (!said.is_empty())
        .then(|| format!("{day} {} {}", app.words.profession(&entry.author.profession), summary::cut(&said, NOTE)))
}
