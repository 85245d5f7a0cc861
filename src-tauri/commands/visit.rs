//! 記録: a visit, its corrections, and taking an entry back. Each is one durable step, which also forgets the draft it came from.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Document as _, EntryId, Event, EventBody, HandOver, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::{Edit, UndoError};

use super::files::attachment;
use super::{Answer, drafts, entry, patient};
use crate::error::{attaching, internal, reading, reason, saving, storing};
use crate::tablet::Desk;
use crate::views::entries::{addressee_of, visit_of};
use crate::views::people::millis;

pub fn record(desk: &Desk, args: api::RecordVisit) -> Answer<api::RecordVisit> {
    let name = drafts::of_visit(&args.patient, None)?;
    let photos =
        desk.replica.draft(&name).map_err(|error| storing(&error))?.is_some_and(|draft| !draft.photos.is_empty());
    let hand_over = args.hand_over.filter(|hand_over| !hand_over.text.trim().is_empty());
    let with_visit = photos || !args.visit.is_empty();
    if !with_visit && hand_over.is_none() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    check(&args.visit, &args.insisted)?;
    let written = texts(&args.visit);
    let saved = desk.replica.save_draft(&name, &written.iter().map(String::as_str).collect::<Vec<_>>(), |edit| {
        let at = moment(edit, &args.visit);
        let mut saved = None;
        if with_visit {
            let mut event = edit.event(EventBody::Visit(visit_of(args.visit)))?;
            event.occurred_at = at;
            saved = Some(edit.volume_at(at)?.record(event)?);
        }
        if let Some(hand_over) = hand_over {
            let mut event = edit.event(EventBody::HandOver(HandOver {
                to: addressee_of(hand_over.to),
                urgent: hand_over.urgent,
                text: hand_over.text.trim().to_owned(),
                answers: None,
                newer: Default::default(),
            }))?;
            event.occurred_at = at;
            let id = edit.volume_at(at)?.record(event)?;
            saved = saved.or(Some(id));
        }
        // One of the two was there.
        let id = saved.unwrap_or_else(|| EntryId::new([0; 16]));
        Ok((api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) }, id, at))
    });
    saved.map_err(|error| attaching(&error))
}

pub fn correct(desk: &Desk, args: api::CorrectVisit) -> Answer<api::CorrectVisit> {
    let name = drafts::of_visit(&args.patient, Some(&args.entry))?;
    let corrected = entry(&args.entry)?;
    let reason = reason(&args.reason)?.to_owned();
    if args.visit.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    check(&args.visit, &args.insisted)?;
    let old = newest(desk, name.patient, corrected)?;
    let written = texts(&args.visit);
    let saved = desk.replica.save_draft(&name, &written.iter().map(String::as_str).collect::<Vec<_>>(), |edit| {
        // A correction stands where the visit stood in time, unless it is the time that is corrected.
        let at = args.visit.at.map_or(old.occurred_at, |at| Timestamp(at.0));
        let mut event = edit.event(EventBody::Visit(visit_of(args.visit)))?;
        event.occurred_at = at;
        event.corrects = Some(corrected);
        event.reason = Some(reason);
        let id = edit.volume_at(at)?.record(event)?;
        Ok((api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) }, id, at))
    });
    saved.map_err(|error| attaching(&error))
}

pub fn withdraw(desk: &Desk, args: api::WithdrawEntry) -> Answer<api::WithdrawEntry> {
    let (patient, withdrawn) = (patient(&args.patient)?, entry(&args.entry)?);
    let reason = reason(&args.reason)?;
    let (id, at) = desk.replica.withdraw(patient, withdrawn, reason).map_err(|error| saving(&error))?;
    Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) })
}

pub fn undo(desk: &Desk, args: api::UndoVisit) -> Answer<api::UndoVisit> {
    let name = drafts::of_visit(&args.patient, None)?;
    let reason = reason(&args.reason)?;
    let form = serde_json::to_vec(&args.form).map_err(|_| internal("draft"))?;
    desk.replica.undo(name.patient, entry(&args.entry)?, reason, &name, &form).map_err(|error| match error {
        UndoError::Save(error) => saving(&error),
        UndoError::Photo(error) => attachment(&error),
        UndoError::DraftBegun => ApiError::new(ErrorCode::DraftBegun),
    })
}

/// The entry, if nothing corrects it.
pub fn newest(desk: &Desk, patient: PatientId, entry: EntryId) -> Result<Event, ApiError> {
    let found = desk.replica.entry(patient, entry).map_err(|error| reading(&error))?;
    let event = found.ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?;
    if desk.replica.is_corrected(patient, entry).map_err(|error| reading(&error))? {
        return Err(ApiError::new(ErrorCode::ChangedMeanwhile));
    }
    Ok(event)
}

/// What was written in words.
fn texts(visit: &api::VisitDraft) -> Vec<String> {
    let sections = visit.sections.iter().map(|section| section.text.clone());
    sections.chain([visit.note.clone()]).collect()
}

fn moment(edit: &Edit<'_, '_>, visit: &api::VisitDraft) -> Timestamp {
    visit.at.map_or(edit.stamp().at, |at| Timestamp(at.0))
}

/// Refuses what does not fit, and asks about what is hard to believe, once.
fn check(visit: &api::VisitDraft, insisted: &[api::Measure]) -> Result<(), ApiError> {
    if let Some(measure) = visit.vitals.impossible() {
        return Err(ApiError::new(ErrorCode::OutOfRange).with("field", measure.as_str()));
    }
    let asked: Vec<_> =
        visit.vitals.implausible().filter(|measure| !insisted.contains(measure)).map(api::Measure::as_str).collect();
    if asked.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Implausible).with("fields", asked.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hard_to_believe_is_asked_about_once() {
        let vitals = api::Vitals { temperature: Some(3650), pulse: Some(400), ..Default::default() };
        let visit = api::VisitDraft { vitals, ..Default::default() };
        let refused = check(&visit, &[]).unwrap_err();
        assert_eq!((refused.code, refused.params["fields"].as_str()), (ErrorCode::Implausible, "temperature,pulse"));
        let refused = check(&visit, &[api::Measure::Pulse]).unwrap_err();
        assert_eq!(refused.params["fields"], "temperature");
        assert_eq!(check(&visit, &[api::Measure::Pulse, api::Measure::Temperature]), Ok(()));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_field() {
        let vitals = api::Vitals { temperature: Some(api::LARGEST as i16 + 1), ..Default::default() };
        let refused =
            check(&api::VisitDraft { vitals, ..Default::default() }, &[api::Measure::Temperature]).unwrap_err();
        assert_eq!((refused.code, refused.params["field"].as_str()), (ErrorCode::OutOfRange, "temperature"));
    }
}
