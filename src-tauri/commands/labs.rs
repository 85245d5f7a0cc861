//! 検査: results over time, and what is to be tested.

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Event, EventBody, Timestamp};
use tendenko_replica::search::fold;
use tendenko_replica::{TimelineEntry, day_in_japan};

use super::{Answer, medicines, patient, timeline};
use crate::error::{field_required, reason, saving, too_long};
use crate::tablet::Desk;
use crate::views::entries::sent;
use crate::views::labs;
use crate::views::people::millis;

const KINDS: [&str; 2] = ["lab-report", "test-request"];
const HALF_A_DAY: i64 = 12 * 60 * 60 * 1000;

pub fn all(desk: &Desk, args: api::GetLabs) -> Answer<api::GetLabs> {
    let history = timeline::standing(desk, patient(&args.patient)?, &KINDS)?;
    let reports: Vec<_> = history.iter().filter_map(|entry| report(desk, entry)).collect();
    let requests = history.iter().filter_map(|entry| request(desk, entry)).collect();
    Ok(api::Labs { tests: rows(&reports), reports, requests })
}

fn report(desk: &Desk, entry: &TimelineEntry) -> Option<api::LabReportEntry> {
    let EventBody::LabReport(report) = &entry.event.body else { return None };
    Some(api::LabReportEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        sent: sent(entry.sent),
        report: labs::report(report),
    })
}

fn request(desk: &Desk, entry: &TimelineEntry) -> Option<api::TestRequestEntry> {
    let EventBody::TestRequest(request) = &entry.event.body else { return None };
    Some(api::TestRequestEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        sent: sent(entry.sent),
        request: labs::request(request),
    })
}

/// The results by test. Two spellings of one name (width, case) are one test.
fn rows(reports: &[api::LabReportEntry]) -> Vec<api::TestRow> {
    let mut rows: Vec<(String, api::TestRow)> = Vec::new();
    for entry in reports {
        for result in &entry.report.results {
            let found = api::TestResult { at: entry.at, entry: entry.entry.clone(), result: result.clone() };
            let name = fold(&result.name);
            match rows.iter_mut().find(|(known, _)| *known == name) {
                Some((_, row)) => row.results.push(found),
                None => rows.push((name, api::TestRow { name: result.name.clone(), results: vec![found] })),
            }
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

pub fn record(desk: &Desk, args: api::RecordLabs) -> Answer<api::RecordLabs> {
    let report = checked(args.report)?;
    let taken_on = day(desk, args.taken_on.trim())?;
    save(desk, &args.patient, EventBody::LabReport(labs::report_of(report)), taken_on)
}

pub fn request_tests(desk: &Desk, args: api::RequestTests) -> Answer<api::RequestTests> {
    let mut tests: Vec<String> = Vec::new();
    for test in args.request.tests.iter().map(|test| test.trim()).filter(|test| !test.is_empty()) {
        if !tests.iter().any(|known| fold(known) == fold(test)) {
            tests.push(test.to_owned());
        }
    }
    if tests.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    let reason = reason(&args.request.reason)?.to_owned();
    if tests.len() > api::MAX_TESTS || tests.iter().any(|test| test.len() > api::MAX_LAB_TEXT) {
        return Err(too_long("test"));
    }
    if reason.len() > api::MAX_LAB_COMMENT {
        return Err(too_long("reason"));
    }
    let request = api::TestRequestView { tests, reason };
    save(desk, &args.patient, EventBody::TestRequest(labs::request_of(request)), None)
}

fn save(desk: &Desk, of: &api::PatientId, body: EventBody, at: Option<Timestamp>) -> Result<api::Saved, ApiError> {
    let saved = desk.replica.edit(patient(of)?, |edit| {
        let now = edit.event(body)?;
        let event = Event { occurred_at: at.unwrap_or(now.occurred_at), ..now };
        let at = event.occurred_at;
        let id = medicines::record(edit, event)?;
        Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

/// Noon of the day that was typed; none for now. A sample is never taken tomorrow.
fn day(desk: &Desk, typed: &str) -> Result<Option<Timestamp>, ApiError> {
    let unreadable = || ApiError::new(ErrorCode::DateUnreadable);
    if typed.is_empty() {
        return Ok(None);
    }
    let today = desk.today();
    let day: Date = timeline::date_of(typed, today).and_then(|day| day.parse().ok()).ok_or_else(unreadable)?;
    if day > today {
        return Err(unreadable());
    }
    let (start, _) = day_in_japan(day).ok_or_else(unreadable)?;
    Ok((day < today).then_some(Timestamp(start.0 + HALF_A_DAY)))
}

/// A report that says something, trimmed, of a bounded size. Whatever the numbers are, they are kept.
fn checked(report: api::LabReportView) -> Result<api::LabReportView, ApiError> {
    let tidy = |text: String| text.trim().to_owned();
    let results = report.results.into_iter().map(|result| api::LabResultView {
        name: tidy(result.name),
        code: tidy(result.code),
        value: tidy(result.value),
        unit: tidy(result.unit),
        low: tidy(result.low),
        high: tidy(result.high),
    });
    let report = api::LabReportView {
        performer: tidy(report.performer),
        results: results.filter(|result| !result.value.is_empty()).collect(),
        conclusion: tidy(report.conclusion),
    };
    if report.results.is_empty() && report.conclusion.is_empty() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    if report.results.iter().any(|result| result.name.is_empty()) {
        return Err(field_required("test"));
    }
    let long = |result: &api::LabResultView| {
        let texts = [&result.name, &result.code, &result.value, &result.unit, &result.low, &result.high];
        texts.into_iter().any(|text| text.len() > api::MAX_LAB_TEXT)
    };
    if report.results.len() > api::MAX_RESULTS || report.results.iter().any(long) {
        return Err(too_long("test"));
    }
    if report.performer.len() > api::MAX_LAB_TEXT {
        return Err(too_long("facility"));
    }
    if report.conclusion.len() > api::MAX_LAB_COMMENT { Err(too_long("conclusion")) } else { Ok(report) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{NOON, Office, admit};

    fn result(name: &str, value: &str) -> api::LabResultView {
        api::LabResultView {
            name: name.into(),
            value: value.into(),
            unit: "%".into(),
            low: "4.9".into(),
            high: "6.0".into(),
            ..Default::default()
        }
    }

    fn report_with(results: Vec<api::LabResultView>) -> api::LabReportView {
        api::LabReportView { performer: "浜の検査所".into(), results, conclusion: String::new() }
    }

    #[test]
    fn results_stand_by_test_and_day_as_they_were_written() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        for (taken_on, report) in [
            ("R8.8.20", report_with(vec![result("HbA1c", "7.20"), result("空腹時血糖", " ")])),
            ("", report_with(vec![result("ＨｂＡ１ｃ", "6.9"), result("CRP", "<0.1")])),
        ] {
            let args = api::RecordLabs { patient: patient.clone(), taken_on: taken_on.into(), report };
            record(&desk, args).unwrap();
        }
        let labs = all(&desk, api::GetLabs { patient: patient.clone() }).unwrap();
        assert_eq!(labs.reports.len(), 2);
        let values = |row: &api::TestRow| row.results.iter().map(|one| one.result.value.clone()).collect::<Vec<_>>();
        let rows: Vec<_> = labs.tests.iter().map(|row| (row.name.as_str(), values(row))).collect();
        let expected = [("ＨｂＡ１ｃ", vec!["6.9".to_owned(), "7.20".to_owned()]), ("CRP", vec!["<0.1".to_owned()])];
        assert_eq!(rows, expected);
        assert_eq!(labs.tests[0].results[0].at.0, NOON);
        let days = (NOON - labs.tests[0].results[1].at.0) / 86_400_000;
        assert_eq!(days, 91, "noon of the 20th of August");

        let filter =
            api::TimelineFilter { kinds: vec![api::EntryKind::LabReport], words: "hba1c".into(), ..Default::default() };
        let asked = api::GetTimeline { patient, start: api::TimelineStart::Newest, filter, limit: 9, since: None };
        assert_eq!(timeline::page(&desk, asked).unwrap().entries.len(), 2);
    }

    #[test]
    fn what_says_nothing_or_lies_in_the_future_is_refused_and_what_is_odd_is_kept() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let recorded = |taken_on: &str, report| {
            let args = api::RecordLabs { patient: patient.clone(), taken_on: taken_on.into(), report };
            record(&desk, args).map_err(|error| error.code)
        };
        assert_eq!(recorded("", report_with(vec![result("CRP", " ")])), Err(ErrorCode::NothingToSave));
        assert_eq!(recorded("", report_with(vec![result(" ", "1")])), Err(ErrorCode::FieldRequired));
        assert_eq!(recorded("R9.1.1", report_with(vec![result("CRP", "1")])), Err(ErrorCode::DateUnreadable));
        let many = vec![result("CRP", "1"); api::MAX_RESULTS + 1];
        assert_eq!(recorded("", report_with(many)), Err(ErrorCode::TooLong));
        assert!(recorded("", report_with(vec![result("CRP", "99999999999")])).is_ok());
    }

    #[test]
    fn a_request_names_each_test_once_and_why() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let asked = |tests: &[&str], why: &str| {
            let tests = tests.iter().map(|test| (*test).to_owned()).collect();
            let request = api::TestRequestView { tests, reason: why.into() };
            request_tests(&desk, api::RequestTests { patient: patient.clone(), request }).map_err(|error| error.code)
        };
        assert_eq!(asked(&[" "], "むくみ"), Err(ErrorCode::NothingToSave));
        assert_eq!(asked(&["BNP"], " "), Err(ErrorCode::ReasonRequired));
        asked(&["BNP", "ＢＮＰ", "CRP"], "むくみ").unwrap();
        let labs = all(&desk, api::GetLabs { patient: patient.clone() }).unwrap();
        assert_eq!(labs.requests[0].request.tests, ["BNP", "CRP"]);
    }
}
