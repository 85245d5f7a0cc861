//! Entries of the timeline.

use tendenko_app_api as api;
use tendenko_crdt::{Addressee, Attachment, Event, EventBody, NoteSection, Tenths, Visit, Vitals};
use tendenko_replica::Sent;

use super::observations::observation;
use super::people::{Viewer, profession, profession_of};
use super::{card, care_plan, documents, labs, medicines, plans};
use crate::commands::files::data_address;

/// What an entry says.
pub fn body(viewer: &Viewer, event: &Event) -> api::EntryBody {
    match &event.body {
        EventBody::Visit(written) => api::EntryBody::Visit(visit(written)),
        EventBody::Note(note) => api::EntryBody::Note { text: note.text.clone() },
        EventBody::HandOver(hand_over) => api::EntryBody::HandOver {
            to: addressee(&hand_over.to),
            urgent: hand_over.urgent,
            text: hand_over.text.clone(),
            answers: hand_over.answers.map(|answered| api::EntryId(answered.to_string())),
        },
        EventBody::Dispensing(dispensing) => api::EntryBody::Dispensing(medicines::dispensing(dispensing)),
        EventBody::MedicationChange(change) => {
            api::EntryBody::MedicineChange(medicines::change(change, event.reason.as_deref()))
        }
        EventBody::MedicineObservation(seen) => api::EntryBody::MedicineObservation(observation(seen)),
        EventBody::LabReport(report) => api::EntryBody::LabReport(labs::report(report)),
        EventBody::TestRequest(request) => api::EntryBody::TestRequest(labs::request(request)),
        EventBody::VisitPlan(plan) => api::EntryBody::VisitPlan(plans::said(viewer, plan)),
        EventBody::VisitChange(change) => api::EntryBody::VisitChange(plans::day_change(change)),
        EventBody::TeamGoal(goal) => api::EntryBody::TeamGoal(care_plan::goal(goal)),
        EventBody::DayRhythm(rhythm) => api::EntryBody::DayRhythm(care_plan::rhythm(rhythm)),
        EventBody::Behaviour(event) => api::EntryBody::Behaviour(care_plan::behaviour(event)),
        EventBody::WishesChange(change) => api::EntryBody::WishesChange {
            before: change.before.iter().map(card::wishes_draft).collect(),
            after: card::wishes_draft(&change.after),
        },
        EventBody::NotebookText(notebook) => {
            api::EntryBody::NotebookImport { file_name: notebook.file_name.clone(), text: notebook.text.clone() }
        }
        EventBody::SiteAccess(access) => api::EntryBody::SiteAccess { reason: access.reason.clone() },
        EventBody::Attachment(mentioned) => api::EntryBody::Attachment(attachment(mentioned)),
        EventBody::Document(written) => api::EntryBody::Document(documents::document(written)),
        EventBody::ChecklistAnswer(answer) => api::EntryBody::ChecklistAnswer {
            document: api::EntryId(answer.document.to_string()),
            question: answer.question.clone(),
            verdict: documents::verdict(&answer.verdict),
            text: answer.text.clone(),
        },
        EventBody::Withdrawal(_) => api::EntryBody::Withdrawal,
        EventBody::Unknown { .. } => api::EntryBody::Unknown { kind: event.body.kind().to_owned() },
    }
}

/// How far an entry has come.
pub fn sent(sent: Sent) -> api::Sent {
    match sent {
        Sent::Pending => api::Sent::Pending,
        Sent::Sealed => api::Sent::Sealed,
        Sent::Acked => api::Sent::Acked,
    }
}

/// The kind of an entry.
pub fn kind(event: &Event) -> api::EntryKind {
    match &event.body {
        EventBody::Visit(_) => api::EntryKind::Visit,
        EventBody::Note(_) => api::EntryKind::Note,
        EventBody::HandOver(_) => api::EntryKind::HandOver,
        EventBody::Dispensing(_) => api::EntryKind::Dispensing,
        EventBody::MedicationChange(_) => api::EntryKind::MedicineChange,
        EventBody::MedicineObservation(_) => api::EntryKind::MedicineObservation,
        EventBody::LabReport(_) => api::EntryKind::LabReport,
        EventBody::TestRequest(_) => api::EntryKind::TestRequest,
        EventBody::VisitPlan(_) => api::EntryKind::VisitPlan,
        EventBody::VisitChange(_) => api::EntryKind::VisitChange,
        EventBody::TeamGoal(_) => api::EntryKind::TeamGoal,
        EventBody::DayRhythm(_) => api::EntryKind::DayRhythm,
        EventBody::Behaviour(_) => api::EntryKind::Behaviour,
        EventBody::WishesChange(_) => api::EntryKind::WishesChange,
        EventBody::NotebookText(_) => api::EntryKind::NotebookImport,
        EventBody::SiteAccess(_) => api::EntryKind::SiteAccess,
        EventBody::Attachment(_) => api::EntryKind::Attachment,
        EventBody::Document(_) => api::EntryKind::Document,
        EventBody::ChecklistAnswer(_) => api::EntryKind::ChecklistAnswer,
        EventBody::Withdrawal(_) => api::EntryKind::Withdrawal,
        EventBody::Unknown { .. } => api::EntryKind::Unknown,
    }
}

/// A kind as it is stored; none where it stands for several, or for none.
pub fn stored_kind(kind: &api::EntryKind) -> Option<&'static str> {
    match kind {
        api::EntryKind::Visit => Some("visit"),
        api::EntryKind::Note => Some("note"),
        api::EntryKind::HandOver => Some("hand-over"),
        api::EntryKind::Dispensing => Some("dispensing"),
        api::EntryKind::MedicineChange => Some("medication-change"),
        api::EntryKind::MedicineObservation => Some("medicine-observation"),
        api::EntryKind::LabReport => Some("lab-report"),
        api::EntryKind::TestRequest => Some("test-request"),
        api::EntryKind::VisitPlan => Some("visit-plan"),
        api::EntryKind::VisitChange => Some("visit-change"),
        api::EntryKind::TeamGoal => Some("team-goal"),
        api::EntryKind::DayRhythm => Some("day-rhythm"),
        api::EntryKind::Behaviour => Some("behaviour"),
        api::EntryKind::WishesChange => Some("wishes-change"),
        api::EntryKind::NotebookImport => Some("notebook-text"),
        api::EntryKind::SiteAccess => Some("site-access"),
        api::EntryKind::Attachment => Some("attachment"),
        api::EntryKind::Document => Some("document"),
        api::EntryKind::ChecklistAnswer => Some("checklist-answer"),
        api::EntryKind::Withdrawal => Some("withdrawal"),
        api::EntryKind::Card | api::EntryKind::Unknown => None,
    }
}

/// The first words of an entry, in the writer's language.
pub fn summary(event: &Event) -> String {
    const WORDS: usize = 60;
    let text = match &event.body {
        EventBody::Visit(visit) if visit.note.is_empty() => visit.purpose.as_deref().unwrap_or_default(),
        EventBody::Visit(visit) => &visit.note,
        EventBody::Note(note) => &note.text,
        EventBody::HandOver(hand_over) => &hand_over.text,
        EventBody::Dispensing(dispensing) => dispensing.drugs.first().map_or("", |drug| drug.drug.name.as_str()),
        EventBody::MedicationChange(change) => {
            change.after.as_ref().or(change.before.last()).map_or("", |medicine| medicine.drug.name.as_str())
        }
        EventBody::MedicineObservation(seen) if seen.text.is_empty() => &seen.name,
        EventBody::MedicineObservation(seen) => &seen.text,
        EventBody::LabReport(report) => match report.results.first() {
            Some(result) => &result.name,
            None if report.conclusion.is_empty() => &report.performer,
            None => &report.conclusion,
        },
        EventBody::TestRequest(request) => request.tests.first().map_or("", String::as_str),
        EventBody::VisitPlan(plan) => &plan.purpose,
        EventBody::VisitChange(_) => event.reason.as_deref().unwrap_or_default(),
        EventBody::TeamGoal(goal) => &goal.description,
        EventBody::DayRhythm(rhythm) => {
            rhythm.items.iter().map(|item| item.note.as_str()).find(|note| !note.is_empty()).unwrap_or_default()
        }
        EventBody::Behaviour(event) if event.description.is_empty() => &event.response,
        EventBody::Behaviour(event) => &event.description,
        EventBody::WishesChange(change) => &change.after.text,
        EventBody::NotebookText(notebook) => &notebook.file_name,
        EventBody::Attachment(attachment) if attachment.caption.is_empty() => attachment.file_name.as_str(),
        EventBody::Attachment(attachment) => &attachment.caption,
        EventBody::Document(document) => &document.title,
        EventBody::ChecklistAnswer(answer) if answer.text.is_empty() => &answer.question,
        EventBody::ChecklistAnswer(answer) => &answer.text,
        EventBody::SiteAccess(_) | EventBody::Withdrawal(_) | EventBody::Unknown { .. } => "",
    };
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// A visit.
pub fn visit(visit: &Visit) -> api::VisitView {
    api::VisitView {
        purpose: visit.purpose.clone(),
        vitals: vitals(&visit.vitals),
        care: visit.care.clone(),
        note: visit.note.clone(),
        sections: visit
            .sections
            .iter()
            .map(|section| api::NoteSection { name: section.name.clone(), text: section.text.clone() })
            .collect(),
    }
}

/// A photo or document, as it is mentioned.
pub fn attachment(mentioned: &Attachment) -> api::AttachmentView {
    let small = mentioned.thumbnail.as_ref().map(|thumbnail| data_address("image/jpeg", thumbnail.as_bytes()));
    api::AttachmentView {
        media_type: mentioned.media_type.as_str().to_owned(),
        file_name: mentioned.file_name.as_str().to_owned(),
        size: mentioned.size,
        thumbnail: small,
        caption: mentioned.caption.clone(),
        part_of: mentioned.part_of.map(|entry| api::EntryId(entry.to_string())),
    }
}

/// A visit for the record.
pub fn visit_of(draft: api::VisitDraft) -> Visit {
    Visit {
        purpose: draft.purpose.filter(|purpose| !purpose.trim().is_empty()),
        vitals: vitals_of(&draft.vitals),
        care: draft.care,
        note: draft.note.trim().to_owned(),
        sections: draft
            .sections
            .into_iter()
            .filter(|section| !section.text.trim().is_empty())
            .map(|section| NoteSection {
                name: section.name,
                text: section.text.trim().to_owned(),
                newer: Default::default(),
            })
            .collect(),
        newer: Default::default(),
    }
}

/// Measurements.
pub fn vitals(vitals: &Vitals) -> api::Vitals {
    api::Vitals {
        systolic: vitals.systolic,
        diastolic: vitals.diastolic,
        pulse: vitals.pulse,
        spo2: vitals.spo2,
        temperature: vitals.temperature.map(|tenths| tenths.0),
        weight: vitals.weight.and_then(|tenths| u16::try_from(tenths.0).ok()),
        glucose: vitals.glucose,
        pain: vitals.pain,
        respiration: vitals.respiration,
    }
}

fn vitals_of(vitals: &api::Vitals) -> Vitals {
    Vitals {
        systolic: vitals.systolic,
        diastolic: vitals.diastolic,
        pulse: vitals.pulse,
        spo2: vitals.spo2,
        temperature: vitals.temperature.map(Tenths),
        weight: vitals.weight.and_then(|tenths| i16::try_from(tenths).ok()).map(Tenths),
        glucose: vitals.glucose,
        pain: vitals.pain,
        respiration: vitals.respiration,
        newer: Default::default(),
    }
}

/// To whom a hand-over is addressed.
pub fn addressee(to: &Addressee) -> api::Addressee {
    match to {
        Addressee::Team => api::Addressee::Team,
        Addressee::Profession(named) => api::Addressee::Profession(profession(named)),
        Addressee::Member { member, name } => {
            api::Addressee::Member { id: api::MemberId(member.clone()), name: name.clone() }
        }
    }
}

/// An addressee for the record.
pub fn addressee_of(to: api::Addressee) -> Addressee {
    match to {
        api::Addressee::Team => Addressee::Team,
        api::Addressee::Profession(named) => Addressee::Profession(profession_of(named)),
        api::Addressee::Member { id, name } => Addressee::Member { member: id.0, name },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_go_to_the_record_and_back_unchanged() {
        let mut shown = api::Vitals::default();
        for measure in api::Measure::ALL {
            assert!(shown.set(measure, Some(api::LARGEST)));
        }
        assert_eq!(vitals(&vitals_of(&shown)), shown);
        assert_eq!(vitals(&Vitals::default()), api::Vitals::default());
    }
}
