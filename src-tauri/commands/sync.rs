//! 同期: what is where.

use tendenko_app_api::{self as api, ApiError};
use tendenko_replica::{Sent, UnsentItem};

use super::Answer;
use super::patients::Rows;
use crate::error::{reading, storing};
use crate::tablet::{Desk, Tablet};
use crate::views;
use crate::views::entries::kind;
use crate::views::people::millis;

/// Lines of the list of what waits.
const MOST_LINES: usize = 200;
/// Months of use that are shown.
const MOST_MONTHS: usize = 12;

pub fn status(desk: &Desk, _: api::GetSync) -> Answer<api::GetSync> {
    Ok(views::sync::status(&desk.replica.sync_status()))
}

pub async fn now(tablet: &Tablet, _: api::SyncNow) -> Answer<api::SyncNow> {
    tablet.wake_sync();
    tablet.work(|desk| status(desk, api::GetSync {})).await
}

pub fn detail(desk: &Desk, _: api::GetSyncDetail) -> Answer<api::GetSyncDetail> {
    let rows = Rows::new(desk)?;
    let mut waiting = Vec::new();
    for item in desk.replica.unsent().map_err(|error| reading(&error))? {
        waiting.extend(lines(desk, &rows, &item)?);
    }
    waiting.sort_by_key(|line| line.since);
    let more = waiting.len().saturating_sub(MOST_LINES);
    waiting.truncate(MOST_LINES);
    Ok(api::SyncDetail {
        sync: views::sync::status(&desk.replica.sync_status()),
        waiting,
        more: views::sync::count(more as u64),
    })
}

pub fn set_data_saver(desk: &Desk, args: api::SetDataSaver) -> Answer<api::SetDataSaver> {
    desk.replica.set_data_saver(args.on).map_err(|error| storing(&error))?;
    status(desk, api::GetSync {})
}

/// By month, all networks together, the newest first.
pub fn data_use(desk: &Desk, _: api::GetDataUse) -> Answer<api::GetDataUse> {
    let mut months: Vec<api::MonthOfUse> = Vec::new();
    for used in desk.replica.data_use().map_err(|error| storing(&error))? {
        let traffic = views::sync::traffic(&used.bytes);
        match months.iter_mut().find(|month| month.month == used.month) {
            Some(month) => {
                month.traffic.sent = month.traffic.sent.saturating_add(traffic.sent);
                month.traffic.received = month.traffic.received.saturating_add(traffic.received);
            }
            None => months.push(api::MonthOfUse { month: used.month, traffic }),
        }
    }
    months.truncate(MOST_MONTHS);
    Ok(months)
}

/// One line per entry that waits, and one for what changed on the card itself. Bytes are known for all of a patient's
/// together, and shared out.
fn lines(desk: &Desk, rows: &Rows<'_>, item: &UnsentItem) -> Result<Vec<api::Waiting>, ApiError> {
    let patient = rows.name(&desk.replica.patient(item.patient).map_err(|error| reading(&error))?);
    let newest = desk.replica.timeline(item.patient, None, MOST_LINES).map_err(|error| reading(&error))?;
    let mut lines: Vec<_> = newest
        .iter()
        .filter(|entry| entry.sent != Sent::Acked)
        .map(|entry| (kind(&entry.event), millis(entry.event.stamp.at)))
        .collect();
    if lines.is_empty() || lines.len() < item.saves as usize {
        lines.push((api::EntryKind::Card, millis(item.since)));
    }
    let bytes = item.bytes / lines.len() as u64;
    Ok(lines.into_iter().map(|(kind, since)| api::Waiting { patient: patient.clone(), kind, since, bytes }).collect())
}
