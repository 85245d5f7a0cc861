//! 今日: the round, what others wrote, what waits.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Event, EventBody};
use tendenko_replica::{HandOverEntry, PatientNews};

use super::Answer;
use super::patients::Rows;
use crate::error::reading;
use crate::tablet::Desk;
use crate::views::entries::{kind, summary};
use crate::views::people::millis;
use crate::views::sync::count;

/// Changes of one patient that are listed.
const LINES: usize = 5;
/// Hand-overs looked through for those that are unread.
const MOST_HAND_OVERS: usize = 500;

pub fn today(desk: &Desk, args: api::GetToday) -> Answer<api::GetToday> {
    let date = match args.date {
        None => {
            // It may be another day than when the sync began.
            desk.replica.look_at_the_round_again();
            desk.today()
        }
        Some(date) => {
            date.parse::<Date>().map_err(|_| ApiError::new(ErrorCode::FieldRequired).with("field", "date"))?
        }
    };
    let replica = &desk.replica;
    let rows = Rows::new(desk)?;
    let round = replica.round(&date.to_string(), Some(replica.me().member)).map_err(|error| reading(&error))?;
    let round = round
        .iter()
        .map(|visit| {
            Ok(api::RoundVisit {
                time: visit.visit.time.clone(),
                purpose: visit.visit.purpose.clone(),
                patient: rows.row(&visit.patient)?,
                done: visit.done,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    let news = replica.changes_since_looked().map_err(|error| reading(&error))?;
    let mut hand_overs = replica.hand_overs(None, MOST_HAND_OVERS).map_err(|error| reading(&error))?;
    hand_overs.retain(|hand_over| hand_over.unread);
    let mut hand_overs =
        hand_overs.iter().map(|hand_over| hand_over_line(desk, &rows, hand_over)).collect::<Result<Vec<_>, _>>()?;
    hand_overs.sort_by_key(|line| (!line.urgent, std::cmp::Reverse(line.at)));
    Ok(api::Today {
        date: date.to_string(),
        round,
        changes: news.iter().map(|news| changes(desk, &rows, news)).collect(),
        hand_overs,
        conflicts: count(replica.conflicts(None).map_err(|error| reading(&error))?.len() as u64),
        unsent: count(replica.sync_status().unsent),
    })
}

fn changes(desk: &Desk, rows: &Rows<'_>, news: &PatientNews) -> api::PatientChanges {
    let mut entries: Vec<&Event> = news.entries.iter().collect();
    entries.sort_by_key(|event| std::cmp::Reverse((event.occurred_at, event.id)));
    api::PatientChanges {
        patient: rows.name(&news.patient),
        lines: entries
            .into_iter()
            .take(LINES)
            .map(|event| api::ChangeLine {
                entry: api::EntryId(event.id.to_string()),
                at: millis(event.occurred_at),
                author: desk.viewer.author(&event.stamp.author),
                kind: kind(event),
                summary: summary(event),
            })
            .collect(),
        count: count((news.entries.len() + news.changed.len()) as u64),
    }
}

fn hand_over_line(desk: &Desk, rows: &Rows<'_>, entry: &HandOverEntry) -> Result<api::HandOverLine, ApiError> {
    let patient = desk.replica.patient(entry.patient).map_err(|error| reading(&error))?;
    let (urgent, text) = match &entry.event.body {
        EventBody::HandOver(hand_over) => (hand_over.urgent, hand_over.text.clone()),
        _ => (false, String::new()),
    };
    Ok(api::HandOverLine {
        entry: api::EntryId(entry.event.id.to_string()),
        patient: rows.name(&patient),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        urgent,
        text,
        // What others wrote came from a relay.
        sent: api::Sent::Acked,
    })
}
