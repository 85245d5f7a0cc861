//! Documents: what they say, and back from what was typed.

use tendenko_app_api as api;
use tendenko_crdt::{CareDocument, DocumentKind, NoteSection, Recipient, Verdict};

/// What a document says.
pub fn document(document: &CareDocument) -> api::DocumentView {
    let to = document.to.clone().unwrap_or_default();
    api::DocumentView {
        kind: kind(&document.kind),
        title: document.title.clone(),
        to_facility: to.facility,
        to_name: to.name,
        sections: document
            .sections
            .iter()
            .map(|section| api::NoteSection { name: section.name.clone(), text: section.text.clone() })
            .collect(),
        checklist: document.checklist.clone(),
    }
}

/// A document for the record, without its files and what it answers. Headings stand in the order of the kind's form, others behind them.
pub fn document_of(form: api::DocumentForm) -> CareDocument {
    let own = api::parts_for(&form.kind);
    let others = form.sections.keys().map(String::as_str).filter(|name| !own.contains(name));
    let section = |name: &str| {
        let text = form.section(name).trim();
        let section = || NoteSection { name: name.to_owned(), text: text.to_owned(), newer: Default::default() };
        (!text.is_empty()).then(section)
    };
    let (facility, name) = (form.to_facility.trim().to_owned(), form.to_name.trim().to_owned());
    let named = !(facility.is_empty() && name.is_empty());
    let mut checklist: Vec<String> = Vec::new();
    for question in form.checklist.iter().map(|question| question.trim()) {
        if !question.is_empty() && !checklist.iter().any(|known| known == question) {
            checklist.push(question.to_owned());
        }
    }
    CareDocument {
        kind: kind_of(&form.kind),
        title: form.title.trim().to_owned(),
        to: named.then(|| Recipient { facility, name, newer: Default::default() }),
        sections: own.iter().copied().chain(others).filter_map(section).collect(),
        checklist,
        attachments: Vec::new(),
        answers: None,
        newer: Default::default(),
    }
}

/// A kind for the screen.
pub fn kind(kind: &DocumentKind) -> api::DocumentKind {
    match kind {
        DocumentKind::DischargeSummary => api::DocumentKind::DischargeSummary,
        DocumentKind::Conference => api::DocumentKind::Conference,
        DocumentKind::HospitalStay => api::DocumentKind::HospitalStay,
        DocumentKind::Referral => api::DocumentKind::Referral,
        DocumentKind::Reply => api::DocumentKind::Reply,
        DocumentKind::Other(word) => api::DocumentKind::Other(word.clone()),
    }
}

fn kind_of(kind: &api::DocumentKind) -> DocumentKind {
    match kind {
        api::DocumentKind::DischargeSummary => DocumentKind::DischargeSummary,
        api::DocumentKind::Conference => DocumentKind::Conference,
        api::DocumentKind::HospitalStay => DocumentKind::HospitalStay,
        api::DocumentKind::Referral => DocumentKind::Referral,
        api::DocumentKind::Reply => DocumentKind::Reply,
        api::DocumentKind::Other(word) => DocumentKind::from(word.as_str()),
    }
}

/// What an answer comes to, for the screen.
pub fn verdict(verdict: &Verdict) -> api::Verdict {
    match verdict {
        Verdict::Yes => api::Verdict::Yes,
        Verdict::No => api::Verdict::No,
        Verdict::Unclear => api::Verdict::Unclear,
        Verdict::Other(word) => api::Verdict::Other(word.clone()),
    }
}

/// What an answer comes to, for the record.
pub fn verdict_of(verdict: &api::Verdict) -> Verdict {
    match verdict {
        api::Verdict::Yes => Verdict::Yes,
        api::Verdict::No => Verdict::No,
        api::Verdict::Unclear => Verdict::Unclear,
        api::Verdict::Other(word) => Verdict::from(word.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stands_in_the_order_of_the_form_and_is_shown_as_typed() {
        let mut form = api::DocumentForm::of(api::DocumentKind::Referral);
        form.to_facility = " 釜石中央病院 ".into();
        for (name, text) in
            [("remarks", "ご家族は遠方"), ("purpose", "精査のお願い\n"), ("昔の見出し", "x"), ("course", " 　")]
        {
            form.sections.insert(name.into(), text.into());
        }
        form.checklist = vec!["酸素は".into(), String::new(), " 酸素は ".into(), "食形態は".into()];
        let shown = document(&document_of(form));
        let parts: Vec<_> =
            shown.sections.iter().map(|section| (section.name.as_str(), section.text.as_str())).collect();
        assert_eq!(parts, [("purpose", "精査のお願い"), ("remarks", "ご家族は遠方"), ("昔の見出し", "x")]);
        assert_eq!((shown.to_facility.as_str(), shown.to_name.as_str()), ("釜石中央病院", ""));
        assert_eq!(shown.checklist, ["酸素は", "食形態は"]);
    }

    #[test]
    fn a_kind_of_a_newer_version_goes_through_unchanged() {
        let newer = DocumentKind::from("care-plan");
        assert_eq!(kind_of(&kind(&newer)), newer);
    }
}
