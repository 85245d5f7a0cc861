//! 時系列 and バイタル: what was written, newest first.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError};
use tendenko_crdt::{Event, EventBody, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::search::{parse_birth_date, parse_birth_range};
use tendenko_replica::{
    Place, TimelineEntry, TimelineFilter, TimelinePage, TimelineStart, date_in_japan, day_in_japan,
};

use super::{Answer, entry, files, patient};
use crate::error::{field_required, reading};
use crate::tablet::Desk;
use crate::views::entries::{body, sent, stored_kind, vitals as vitals_view};
use crate::views::people::{millis, profession_of};

/// Entries a screen can ask for at once.
const MOST_ENTRIES: u16 = 200;
/// Entries read at once where all of a kind are wanted.
const PAGE: usize = 500;
/// Versions of one entry that are followed back.
const MOST_VERSIONS: usize = 50;

pub fn page(desk: &Desk, args: api::GetTimeline) -> Answer<api::GetTimeline> {
    let patient = patient(&args.patient)?;
    let limit = usize::from(args.limit.clamp(1, MOST_ENTRIES));
    let (filter, start) = (filter(args.filter), start(&args.start)?);
    let page =
        desk.replica.timeline_page(patient, &filter, &start, limit, args.since).map_err(|error| reading(&error))?;
    let entries = page.entries.iter().map(|entry| shown(desk, patient, entry)).collect::<Result<_, _>>()?;
    Ok(api::Timeline { entries, more: page.more })
}

fn filter(filter: api::TimelineFilter) -> TimelineFilter {
    TimelineFilter {
        profession: filter.profession.map(|profession| profession_of(profession).as_str().to_owned()),
        kinds: filter.kinds.iter().filter_map(stored_kind).map(str::to_owned).collect(),
        words: filter.words,
        care: filter.care,
    }
}

fn start(start: &api::TimelineStart) -> Result<TimelineStart, ApiError> {
    let place = |cursor: &api::TimelineCursor| Ok((Timestamp(cursor.at.0), entry(&cursor.entry)?));
    Ok(match start {
        api::TimelineStart::Newest => TimelineStart::Newest,
        api::TimelineStart::At(cursor) => TimelineStart::At(place(cursor)?),
        api::TimelineStart::Older(cursor) => TimelineStart::Older(place(cursor)?),
        api::TimelineStart::Newer(cursor) => TimelineStart::Newer(place(cursor)?),
        api::TimelineStart::Day(date) => {
            let no_date = || field_required("date");
            let day: Date = date.parse().map_err(|_| no_date())?;
            let (_, end) = day_in_japan(day).ok_or_else(no_date)?;
            TimelineStart::Before(end)
        }
    })
}

fn cursor((at, entry): &Place) -> api::TimelineCursor {
    api::TimelineCursor { at: millis(*at), entry: api::EntryId(entry.to_string()) }
}

pub fn head(desk: &Desk, args: api::GetTimelineHead) -> Answer<api::GetTimelineHead> {
    let patient = patient(&args.patient)?;
    let looked = desk.replica.looked(patient, args.since).map_err(|error| reading(&error))?;
    let months = desk.replica.timeline_months(patient).map_err(|error| reading(&error))?;
    Ok(api::TimelineHead {
        news: looked.newest,
        since: looked.since,
        unread: looked.unread.iter().map(cursor).collect(),
        months: months.into_iter().map(|at| date_in_japan(at).strftime("%Y-%m").to_string()).collect(),
    })
}

pub fn mark_seen(desk: &Desk, args: api::MarkSeen) -> Answer<api::MarkSeen> {
    desk.replica.looked_up_to(patient(&args.patient)?, args.news).map_err(|error| reading(&error))
}

pub fn read_date(desk: &Desk, args: api::ReadDate) -> Answer<api::ReadDate> {
    Ok(date_of(&args.typed, desk.today()))
}

/// The day that was typed; of a month or a year its last. A day without a year is the last one there was.
pub fn date_of(typed: &str, today: Date) -> Option<String> {
    if let Some(range) = parse_birth_range(typed) {
        return Some(range.to);
    }
    let of_year = |year: i16| parse_birth_date(&format!("{year}/{typed}"));
    of_year(today.year()).filter(|day| *day <= today.to_string()).or_else(|| of_year(today.year() - 1))
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
        new: entry.new,
        read_by: desk.viewer.readers(&entry.read_by),
        reason: event.reason.clone(),
        earlier: earlier(desk, patient, event)?,
        body: body(&desk.viewer, event),
        files: match &event.body {
            EventBody::LabReport(report) => files::named(desk, patient, &report.attachments)?,
            _ => Vec::new(),
        },
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
            body: body(&desk.viewer, &event),
        });
        older = event.corrects;
    }
    Ok(versions)
}

/// All entries of some kinds, as they are stored, that nothing corrects; newest first. Entries of other kinds are not read.
pub fn standing(desk: &Desk, patient: PatientId, kinds: &[&str]) -> Result<Vec<TimelineEntry>, ApiError> {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let filter = TimelineFilter { kinds, ..TimelineFilter::default() };
    let (mut found, mut start) = (Vec::new(), TimelineStart::Newest);
    loop {
        let page = desk.replica.timeline_page(patient, &filter, &start, PAGE, None).map_err(|error| reading(&error))?;
        let last = page.entries.last().map(|last| (last.event.occurred_at, last.event.id));
        found.extend(page.entries);
        match last {
            Some(last) if page.more => start = TimelineStart::Older(last),
            _ => return Ok(found),
        }
    }
}

/// The newest entries of a kind, as it is stored, that nothing corrects, and whether there are older ones.
pub fn newest(desk: &Desk, patient: PatientId, kind: &str, most: usize) -> Result<TimelinePage, ApiError> {
    let filter = TimelineFilter { kinds: vec![kind.to_owned()], ..TimelineFilter::default() };
    let page = desk.replica.timeline_page(patient, &filter, &TimelineStart::Newest, most, None);
    page.map_err(|error| reading(&error))
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
    let changes = standing(desk, patient, &["medication-change"])?;
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

#[cfg(test)]
mod tests {
    use tendenko_app_api::ErrorCode;

    use super::*;
    use crate::commands::testing::{NOON, Office, admit};
    use crate::commands::visit;

    #[test]
    fn a_page_is_found_by_day_by_kind_and_by_what_it_says() {
        let office = Office::open();
        let desk = office.at_work(office.pharmacist);
        let patient = admit(&desk);
        let day = 86_400_000;
        for (days, note, care, hand_over) in [
            (400, "一年前の記録", None, None),
            (3, "下腿浮腫 軽度", None, Some("湿布の追加を")),
            (0, "お変わりなし", Some("bed-bath"), None),
        ] {
            let draft = api::VisitDraft {
                at: Some(api::Millis(NOON - days * day)),
                note: note.to_owned(),
                care: care.into_iter().map(str::to_owned).collect(),
                ..Default::default()
            };
            let hand_over = hand_over.map(|text: &str| api::HandOverDraft {
                to: api::Addressee::Team,
                urgent: false,
                text: text.to_owned(),
            });
            visit::record(
                &desk,
                api::RecordVisit { patient: patient.clone(), visit: draft, hand_over, insisted: Default::default() },
            )
            .unwrap();
        }
        drop(desk);

        let desk = office.at_work(office.nurse);
        let get = |start, filter, limit| {
            let asked = api::GetTimeline { patient: patient.clone(), start, filter, limit, since: None };
            page(&desk, asked).unwrap()
        };
        let all = api::TimelineFilter::default;
        let first = get(api::TimelineStart::Newest, all(), 2);
        assert_eq!((first.entries.len(), first.more), (2, true));
        assert!(first.entries.iter().all(|entry| entry.new && !entry.author.mine));
        let place = |entry: &api::TimelineEntry| api::TimelineCursor { at: entry.at, entry: entry.id.clone() };
        let rest = get(api::TimelineStart::Older(place(&first.entries[1])), all(), 50);
        assert_eq!((rest.entries.len(), rest.more), (2, false));
        let back = get(api::TimelineStart::Newer(place(&rest.entries[1])), all(), 50);
        assert_eq!((back.entries.len(), back.more), (3, false));
        assert_eq!(get(api::TimelineStart::Day("2026-11-16".into()), all(), 50).entries.len(), 1);
        assert_eq!(get(api::TimelineStart::Day("2026-11-17".into()), all(), 50).entries.len(), 3);
        let bad = api::GetTimeline {
            patient: patient.clone(),
            start: api::TimelineStart::Day("きのう".into()),
            filter: all(),
            limit: 1,
            since: None,
        };
        assert_eq!(page(&desk, bad).unwrap_err().code, ErrorCode::FieldRequired);

        let found = |filter| get(api::TimelineStart::Newest, filter, 50).entries.len();
        assert_eq!(found(api::TimelineFilter { kinds: vec![api::EntryKind::HandOver], ..all() }), 1);
        assert_eq!(found(api::TimelineFilter { profession: Some(api::Profession::Nurse), ..all() }), 0);
        assert_eq!(found(api::TimelineFilter { words: "ｶﾀｲ 軽度".into(), ..all() }), 0, "kanji is not kana");
        assert_eq!(found(api::TimelineFilter { words: "浮腫　軽度".into(), ..all() }), 1);
        assert_eq!(found(api::TimelineFilter { words: "清拭".into(), care: vec!["bed-bath".into()], ..all() }), 1);

        let opened = head(&desk, api::GetTimelineHead { patient: patient.clone(), since: None }).unwrap();
        assert_eq!((opened.unread.len(), opened.since), (4, 0));
        assert_eq!(opened.months, ["2026-11", "2025-10"]);
        mark_seen(&desk, api::MarkSeen { patient: patient.clone(), news: opened.news }).unwrap();
        let later = head(&desk, api::GetTimelineHead { patient: patient.clone(), since: None }).unwrap();
        assert_eq!((later.unread.len(), later.since), (0, opened.news));
    }

    #[test]
    fn a_day_is_read_as_people_write_it() {
        let today: Date = "2026-11-26".parse().unwrap();
        for (typed, day) in [
            ("R8.11.20", Some("2026-11-20")),
            ("令和8年3月", Some("2026-03-31")),
            ("２０２４", Some("2024-12-31")),
            ("11/20", Some("2026-11-20")),
            ("12/1", Some("2025-12-01")),
            ("2/30", None),
            ("きのう", None),
        ] {
            assert_eq!(date_of(typed, today).as_deref(), day, "{typed}");
        }
    }
}
