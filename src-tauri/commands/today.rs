//! 今日: the round, what others wrote, what waits.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError};
use tendenko_crdt::Event;
use tendenko_replica::PatientNews;

use super::patients::Rows;
use super::{Answer, documents, hand_overs};
use crate::error::{field_required, reading};
use crate::tablet::Desk;
use crate::views::entries::{kind, summary};
use crate::views::people::millis;
use crate::views::plans;
use crate::views::sync::count;

/// Changes of one patient that are listed.
const LINES: usize = 5;
/// Hand-overs that are listed.
const MOST_HAND_OVERS: usize = 500;
/// Letters that are listed.
const MOST_LETTERS: usize = 50;

pub fn today(desk: &Desk, args: api::GetToday) -> Answer<api::GetToday> {
    let date = match args.date {
        None => {
            // It may be another day than when the sync began.
            desk.replica.look_at_the_round_again();
            desk.today()
        }
        Some(date) => date.parse::<Date>().map_err(|_| field_required("date"))?,
    };
    let replica = &desk.replica;
    let rows = Rows::new(desk)?;
    let round = replica.round(&date.to_string(), Some(replica.me().member)).map_err(|error| reading(&error))?;
    let round = round
        .iter()
        .map(|visit| {
            Ok(api::RoundVisit {
                time: visit.when.time(),
                until: plans::ends(&visit.when),
                purpose: visit.plan.plan.purpose.clone(),
                with: visit
                    .plan
                    .plan
                    .participants
                    .iter()
                    .filter(|one| one.member != desk.viewer.member)
                    .map(|one| one.name.clone())
                    .collect(),
                clashes: visit.clashes.iter().map(plans::clash).collect(),
                disputed: !visit.when.against.is_empty() || !visit.plan.rivals.is_empty(),
                patient: rows.row(&visit.patient)?,
                done: visit.done,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    let news = replica.changes_since_looked().map_err(|error| reading(&error))?;
    let hand_overs = hand_overs::waiting(desk, &rows, MOST_HAND_OVERS)?;
    Ok(api::Today {
        date: date.to_string(),
        round,
        changes: news.iter().filter_map(|news| changes(desk, &rows, news, &hand_overs)).collect(),
        hand_overs,
        letters: documents::waiting(desk, &rows, MOST_LETTERS)?,
        conflicts: count(replica.conflicts(None).map_err(|error| reading(&error))?.len() as u64),
        unsent: count(replica.sync_status().unsent),
    })
}

/// What changed about a patient, but for the hand-overs that wait: they are on the same page. None where that is all.
fn changes(
    desk: &Desk,
    rows: &Rows<'_>,
    news: &PatientNews,
    waiting: &[api::HandOverView],
) -> Option<api::PatientChanges> {
    let waits = |event: &Event| waiting.iter().any(|line| line.entry.0 == event.id.to_string());
    let mut entries: Vec<&Event> = news.entries.iter().filter(|event| !waits(event)).collect();
    let all = entries.len() + news.changed.len();
    if all == 0 {
        return None;
    }
    entries.sort_by_key(|event| std::cmp::Reverse((event.occurred_at, event.id)));
    Some(api::PatientChanges {
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
        count: count(all as u64),
    })
}
