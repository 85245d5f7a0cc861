//! 時系列 and バイタル: what was written, newest first.

use tendenko_app_api::{self as api, ApiError};
use tendenko_crdt::{EntryId, Event, EventBody, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::TimelineEntry;

use super::{Answer, entry, patient};
use crate::error::reading;
use crate::tablet::Desk;
use crate::views::entries::{body, sent, vitals as vitals_view};
use crate::views::people::millis;

/// Entries a screen can ask for at once.
const MOST_ENTRIES: u16 = 200;
/// Entries read at once where all of a kind are wanted.
const PAGE: usize = 500;
/// Versions of one entry that are followed back.
const MOST_VERSIONS: usize = 50;

pub fn page(desk: &Desk, args: api::GetTimeline) -> Answer<api::GetTimeline> {
    let patient = patient(&args.patient)?;
    let limit = usize::from(args.limit.clamp(1, MOST_ENTRIES));
    let mut before = match &args.before {
        Some(place) => Some((Timestamp(place.at.0), entry(&place.entry)?)),
        None => None,
    };
    let mut entries = Vec::new();
    let mut seen_until = desk.replica.last_looked(patient).map_err(|error| reading(&error))?;
    // Corrected entries stand inside what corrected them, so one screenful may take more than one page.
    let next = loop {
        let raw = desk.replica.timeline(patient, before, limit).map_err(|error| reading(&error))?;
        let full = raw.len() == limit;
        before = raw.last().map(|last| (last.event.occurred_at, last.event.id)).or(before);
        for raw in raw {
            if raw.new {
                let just_before = Timestamp(raw.event.occurred_at.0 - 1);
                seen_until = seen_until.map(|seen| seen.min(just_before));
            }
            if raw.corrected_by.is_empty() {
                entries.push(shown(desk, patient, &raw)?);
            }
        }
        if !full {
            break None;
        }
        if entries.len() >= limit {
            break before;
        }
    };
    Ok(api::Timeline {
        entries,
        next: next.map(|(at, id)| api::TimelineCursor { at: millis(at), entry: api::EntryId(id.to_string()) }),
        seen_until: seen_until.map(millis),
    })
}

fn shown(desk: &Desk, patient: PatientId, entry: &TimelineEntry) -> Result<api::TimelineEntry, ApiError> {
    let event = &entry.event;
    Ok(api::TimelineEntry {
        id: api::EntryId(event.id.to_string()),
        at: millis(event.occurred_at),
        recorded_at: millis(event.stamp.at),
        clock_offset_ms: event.stamp.clock_offset_ms,
        author: desk.viewer.author(&event.stamp.author),
        sent: sent(entry.sent),
        reason: event.reason.clone(),
        earlier: earlier(desk, patient, event)?,
        body: body(event),
    })
}

/// The versions before an entry, newest first.
fn earlier(desk: &Desk, patient: PatientId, event: &Event) -> Result<Vec<api::EarlierVersion>, ApiError> {
    let mut versions = Vec::new();
    let mut older = event.corrects;
    while let Some(id) = older
        && versions.len() < MOST_VERSIONS
    {
        let Some(event) = desk.replica.entry(patient, id).map_err(|error| reading(&error))? else { break };
        versions.push(api::EarlierVersion {
            id: api::EntryId(event.id.to_string()),
            recorded_at: millis(event.stamp.at),
            author: desk.viewer.author(&event.stamp.author),
            body: body(&event),
        });
        older = event.corrects;
    }
    Ok(versions)
}

/// Whether somebody corrected this entry.
pub fn is_corrected(desk: &Desk, patient: PatientId, event: &Event) -> Result<bool, ApiError> {
    let just_after = (Timestamp(event.occurred_at.0 + 1), EntryId::new([0; 16]));
    let around = desk.replica.timeline(patient, Some(just_after), PAGE).map_err(|error| reading(&error))?;
    Ok(around.iter().any(|entry| entry.event.id == event.id && !entry.corrected_by.is_empty()))
}

/// All entries of some kinds that nothing corrects, newest first.
pub fn standing(
    desk: &Desk,
    patient: PatientId,
    wanted: impl Fn(&Event) -> bool,
) -> Result<Vec<TimelineEntry>, ApiError> {
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = desk.replica.timeline(patient, before, PAGE).map_err(|error| reading(&error))?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some((last.event.occurred_at, last.event.id));
        found.extend(page.into_iter().filter(|entry| entry.corrected_by.is_empty() && wanted(&entry.event)));
    }
}

pub fn mark_seen(desk: &Desk, args: api::MarkSeen) -> Answer<api::MarkSeen> {
    desk.replica.looked_at(patient(&args.patient)?).map_err(|error| reading(&error))
}

pub fn vitals(desk: &Desk, args: api::GetVitals) -> Answer<api::GetVitals> {
    let patient = patient(&args.patient)?;
    let since = args.since.map_or(i64::MIN, |since| since.0);
    let mut points: Vec<api::VitalsPoint> = measured(desk, patient)?
        .filter(|(event, _)| event.occurred_at.0 >= since)
        .map(|(event, vitals)| api::VitalsPoint {
            at: millis(event.occurred_at),
            author: desk.viewer.author(&event.stamp.author),
            entry: api::EntryId(event.id.to_string()),
            vitals,
        })
        .collect();
    points.truncate(usize::from(args.limit));
    let from = points.last().map_or(since, |oldest| oldest.at.0);
    let changes = standing(desk, patient, |event| matches!(event.body, EventBody::MedicationChange(_)))?;
    let medicine_changes = changes
        .iter()
        .filter(|entry| entry.event.occurred_at.0 >= from)
        .filter_map(|entry| match &entry.event.body {
            EventBody::MedicationChange(change) => {
                let named = change.after.as_ref().or(change.before.last())?;
                Some(api::MedicineMark { at: millis(entry.event.occurred_at), name: named.drug.name.clone() })
            }
            _ => None,
        })
        .collect();
    Ok(api::VitalsHistory { points, medicine_changes })
}

pub fn last_vitals(desk: &Desk, args: api::GetLastVitals) -> Answer<api::GetLastVitals> {
    let mut last = api::LastVitals::default();
    for (event, vitals) in measured(desk, patient(&args.patient)?)? {
        for measure in api::Measure::ALL {
            if let Some(value) = vitals.get(measure)
                && !last.values.iter().any(|known| known.measure == measure)
            {
                last.values.push(api::LastValue { measure, value, at: millis(event.occurred_at) });
            }
        }
    }
    Ok(last)
}

/// Visits with measurements, newest first.
fn measured(desk: &Desk, patient: PatientId) -> Result<impl Iterator<Item = (Event, api::Vitals)>, ApiError> {
    let visits = desk.replica.visits(patient).map_err(|error| reading(&error))?;
    Ok(visits.into_iter().rev().filter_map(|event| match &event.body {
        EventBody::Visit(visit) => {
            let vitals = vitals_view(&visit.vitals);
            (!vitals.is_empty()).then_some((event, vitals))
        }
        _ => None,
    }))
}
