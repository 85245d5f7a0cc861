//! 記録: a visit and its corrections. Each is one durable step.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Document as _, EventBody, HandOver, Timestamp};
use tendenko_replica::Edit;

use super::{Answer, entry, patient, timeline};
use crate::error::{reading, reason, saving};
use crate::tablet::Desk;
use crate::views::entries::{addressee_of, visit_of};
use crate::views::people::millis;

pub fn record(desk: &Desk, args: api::RecordVisit) -> Answer<api::RecordVisit> {
    let hand_over = args.hand_over.filter(|hand_over| !hand_over.text.trim().is_empty());
    if args.visit.is_empty() && hand_over.is_none() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    check(&args.visit)?;
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| {
        let at = moment(edit, &args.visit);
        let mut saved = None;
        if !args.visit.is_empty() {
            let mut event = edit.event(EventBody::Visit(visit_of(args.visit)))?;
            event.occurred_at = at;
            saved = Some(edit.volume_at(at)?.record(event)?);
        }
        if let Some(hand_over) = hand_over {
            let mut event = edit.event(EventBody::HandOver(HandOver {
                to: addressee_of(hand_over.to),
                urgent: hand_over.urgent,
                text: hand_over.text.trim().to_owned(),
                newer: Default::default(),
            }))?;
            event.occurred_at = at;
            let id = edit.volume_at(at)?.record(event)?;
            saved = saved.or(Some(id));
        }
        Ok(api::Saved { entry: saved.map(|id| api::EntryId(id.to_string())), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

pub fn correct(desk: &Desk, args: api::CorrectVisit) -> Answer<api::CorrectVisit> {
    let (patient, corrected) = (patient(&args.patient)?, entry(&args.entry)?);
    let reason = reason(&args.reason)?.to_owned();
    if args.visit.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    check(&args.visit)?;
    let old = desk
        .replica
        .entry(patient, corrected)
        .map_err(|error| reading(&error))?
        .ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?;
    if timeline::is_corrected(desk, patient, &old)? {
        return Err(ApiError::new(ErrorCode::ChangedMeanwhile));
    }
    let saved = desk.replica.edit(patient, |edit| {
        // A correction stands where the visit stood in time, unless it is the time that is corrected.
        let at = args.visit.at.map_or(old.occurred_at, |at| Timestamp(at.0));
        let mut event = edit.event(EventBody::Visit(visit_of(args.visit)))?;
        event.occurred_at = at;
        event.corrects = Some(corrected);
        event.reason = Some(reason);
        let id = edit.volume_at(at)?.record(event)?;
        Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

fn moment(edit: &Edit<'_, '_>, visit: &api::VisitDraft) -> Timestamp {
    visit.at.map_or(edit.stamp().at, |at| Timestamp(at.0))
}

/// Refuses what cannot be a measurement.
fn check(visit: &api::VisitDraft) -> Result<(), ApiError> {
    match visit.vitals.impossible() {
        None => Ok(()),
        Some(measure) => {
            let possible = measure.possible();
            Err(ApiError::new(ErrorCode::OutOfRange)
                .with("field", measure.as_str())
                .with("low", possible.start())
                .with("high", possible.end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_refused_with_the_field_and_its_limits() {
        let vitals = api::Vitals { temperature: Some(3650), ..Default::default() };
        let refused = check(&api::VisitDraft { vitals, ..Default::default() }).unwrap_err();
        assert_eq!(refused.code, ErrorCode::OutOfRange);
        assert_eq!(refused.params["field"], "temperature");
        assert_eq!((refused.number("low"), refused.number("high")), (Some(250), Some(450)));
    }
}
