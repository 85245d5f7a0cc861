//! 検査: results over time, and what is to be tested.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{EntryId, Event, EventBody, LabReport, Timestamp};
use tendenko_protocol::ids::PatientId;
use tendenko_replica::search::fold;
use tendenko_replica::{DraftName, TimelineEntry, day_in_japan};

use super::{Answer, files, medicines, patient, sheets, timeline};
use crate::error::{attaching, field_required, reason, storing, too_long};
use crate::tablet::Desk;
use crate::views::entries::sent;
use crate::views::labs;
use crate::views::people::millis;

const HALF_A_DAY: i64 = 12 * 60 * 60 * 1000;

pub fn all(desk: &Desk, args: api::GetLabs) -> Answer<api::GetLabs> {
    let patient = patient(&args.patient)?;
    let newest = usize::from(args.newest.clamp(1, api::MAX_LABS));
    let written = timeline::newest(desk, patient, "lab-report", newest)?;
    let asked = timeline::newest(desk, patient, "test-request", newest)?;
    let reports = written.entries.iter().filter_map(|entry| report(desk, patient, entry).transpose());
    let reports = reports.collect::<Result<Vec<_>, _>>()?;
    let requests = asked.entries.iter().filter_map(|entry| request(desk, entry)).collect();
    Ok(api::Labs { tests: rows(&reports), reports, requests, more: written.more || asked.more })
}

fn report(desk: &Desk, of: PatientId, entry: &TimelineEntry) -> Result<Option<api::LabReportEntry>, ApiError> {
    let EventBody::LabReport(report) = &entry.event.body else { return Ok(None) };
    Ok(Some(api::LabReportEntry {
        entry: api::EntryId(entry.event.id.to_string()),
        at: millis(entry.event.occurred_at),
        author: desk.viewer.author(&entry.event.stamp.author),
        sent: sent(entry.sent),
        report: labs::report(report),
        files: files::named(desk, of, &report.attachments)?,
    }))
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
    let name = sheets::name(&args.patient, &api::SheetName::RecordLabs)?;
    let files = desk.replica.draft(&name).map_err(|error| storing(&error))?.map_or(0, |draft| draft.photos.len());
    let report = checked(args.report, files)?;
    let taken_on = day(desk, args.taken_on.trim())?;
    let names = args.names.into_iter().collect();
    save(desk, &name, &names, taken_on, |files| {
        EventBody::LabReport(LabReport { attachments: files.to_vec(), ..labs::report_of(report) })
    })
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
    let request = EventBody::TestRequest(labs::request_of(api::TestRequestView { tests, reason }));
    let name = sheets::name(&args.patient, &api::SheetName::RequestTests)?;
    save(desk, &name, &BTreeMap::new(), None, |_| request)
}

/// Records what a sheet became, with the files of its draft.
fn save(
    desk: &Desk,
    draft: &DraftName,
    names: &BTreeMap<i64, String>,
    at: Option<Timestamp>,
    body: impl FnOnce(&[EntryId]) -> EventBody,
) -> Result<api::Saved, ApiError> {
    let saved = desk.replica.save_draft_with_files(draft, &[], names, |edit, files| {
        let now = edit.event(body(files))?;
        let event = Event { occurred_at: at.unwrap_or(now.occurred_at), ..now };
        let at = event.occurred_at;
        let id = medicines::record(edit, event)?;
        Ok((api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) }, id, at))
    });
    saved.map_err(|error| attaching(&error))
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

/// A report that says something, or has files, trimmed, of a bounded size. Whatever the numbers are, they are kept.
fn checked(report: api::LabReportView, files: usize) -> Result<api::LabReportView, ApiError> {
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
    if report.results.is_empty() && report.conclusion.is_empty() && files == 0 {
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
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::commands::testing::{NOON, Office, admit};
    use crate::commands::visit;

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

    fn labs_of(patient: &api::PatientId, taken_on: &str, report: api::LabReportView) -> api::RecordLabs {
        api::RecordLabs { patient: patient.clone(), taken_on: taken_on.into(), report, names: Vec::new() }
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
            record(&desk, labs_of(&patient, taken_on, report)).unwrap();
        }
        let labs = all(&desk, api::GetLabs { patient: patient.clone(), newest: api::LABS_PAGE }).unwrap();
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
        let recorded =
            |taken_on: &str, report| record(&desk, labs_of(&patient, taken_on, report)).map_err(|error| error.code);
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
        let labs = all(&desk, api::GetLabs { patient: patient.clone(), newest: api::LABS_PAGE }).unwrap();
        assert_eq!(labs.requests[0].request.tests, ["BNP", "CRP"]);
    }

    #[test]
    fn the_newest_are_looked_at_first_and_older_ones_when_they_are_asked_for() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let all_there = i64::from(api::LABS_PAGE) + 3;
        for number in 0..all_there {
            office.clock.set(Timestamp(NOON + number * 60_000));
            record(&desk, labs_of(&patient, "", report_with(vec![result("CRP", &number.to_string())]))).unwrap();
        }
        let look = |newest: u16| all(&desk, api::GetLabs { patient: patient.clone(), newest }).unwrap();
        let first = look(api::LABS_PAGE);
        assert_eq!((first.reports.len(), first.tests[0].results.len(), first.more), (24, 24, true));
        assert_eq!(first.tests[0].results[0].result.value, "26");
        let second = look(2 * api::LABS_PAGE);
        assert_eq!((second.reports.len(), second.more), (27, false));
        assert_eq!(look(0).reports.len(), 1);
    }

    const PDF: &[u8] = b"%PDF-1.7 the hospital's own";

    fn add(desk: &Desk, patient: &api::PatientId, bytes: &[u8]) -> Result<api::DraftFile, ErrorCode> {
        let draft = api::DraftName::Sheet(api::SheetName::RecordLabs);
        let args = api::AddFile { patient: patient.clone(), draft, data: BASE64_STANDARD.encode(bytes) };
        files::add(desk, args).map_err(|error| error.code)
    }

    fn held(desk: &Desk, patient: &api::PatientId) -> api::SheetDraft {
        let asked = api::GetSheetDraft { patient: patient.clone(), sheet: api::SheetName::RecordLabs };
        sheets::draft(desk, asked).unwrap()
    }

    #[test]
    fn a_report_can_be_files_alone_and_shows_them_wherever_it_is_shown() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let mut form =
            labs_of(&patient, "", api::LabReportView { performer: "浜の検査所".into(), ..Default::default() });
        assert_eq!(record(&desk, form.clone()).unwrap_err().code, ErrorCode::NothingToSave);
        let added = add(&desk, &patient, PDF).unwrap();
        form.names.push((added.id, "心電図.pdf".into()));
        sheets::put(&desk, api::PutSheetDraft { form: form.clone().into() }).unwrap();
        // What is refused leaves the draft as it was.
        for refused in [&b"\x89PNG\r\n\x1a\n"[..], b"", b"no picture"] {
            assert_eq!(add(&desk, &patient, refused), Err(ErrorCode::FileUnreadable));
        }
        let large = [PDF, &vec![b' '; api::MAX_FILE as usize]].concat();
        assert_eq!(add(&desk, &patient, &large), Err(ErrorCode::FileTooLarge));
        let large = vec![0xff; api::MAX_PICTURE as usize + 3];
        assert_eq!(add(&desk, &patient, &large), Err(ErrorCode::FileTooLarge));
        // A visit takes pictures only.
        let of_visit = api::AddFile {
            patient: patient.clone(),
            draft: api::DraftName::Visit(None),
            data: BASE64_STANDARD.encode(PDF),
        };
        assert_eq!(files::add(&desk, of_visit).unwrap_err().code, ErrorCode::PhotoUnreadable);
        let draft = held(&desk, &patient);
        assert_eq!((draft.form, draft.files), (Some(form.clone().into()), vec![added]));

        let entry = record(&desk, form).unwrap().entry.unwrap();
        assert_eq!(held(&desk, &patient), api::SheetDraft::default());
        let labs = all(&desk, api::GetLabs { patient: patient.clone(), newest: api::LABS_PAGE }).unwrap();
        let named = |files: &[api::EntryFile]| files.iter().map(|one| one.file.file_name.clone()).collect::<Vec<_>>();
        assert_eq!(named(&labs.reports[0].files), ["心電図.pdf"]);
        let asked = || {
            let (start, filter) = (api::TimelineStart::Newest, api::TimelineFilter::default());
            let asked = api::GetTimeline { patient: patient.clone(), start, filter, limit: 9, since: None };
            timeline::page(&desk, asked).unwrap().entries
        };
        let shown = asked().into_iter().find(|one| one.id == entry).unwrap();
        assert_eq!(named(&shown.files), ["心電図.pdf"]);
        let open = api::OpenAttachment { patient: patient.clone(), entry: shown.files[0].entry.clone() };
        let api::AttachmentContent::Here { data } = files::open(&desk, open).unwrap() else { panic!("it is here") };
        assert!(data.ends_with(&BASE64_STANDARD.encode(PDF)));

        // Somebody else's picture must not stay behind.
        visit::withdraw(
            &desk,
            api::WithdrawEntry { patient: patient.clone(), entry, reason: "別の方の心電図だった".into() },
        )
        .unwrap();
        assert!(asked().iter().all(|one| one.body == api::EntryBody::Withdrawal));
    }

    #[test]
    fn a_report_holds_eight_files_and_no_more() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        for _ in 0..api::MAX_FILES {
            add(&desk, &patient, PDF).unwrap();
        }
        assert_eq!(add(&desk, &patient, PDF), Err(ErrorCode::TooManyFiles));
        record(&desk, labs_of(&patient, "R8.8.20", api::LabReportView::default())).unwrap();
        let labs = all(&desk, api::GetLabs { patient, newest: api::LABS_PAGE }).unwrap();
        assert_eq!(labs.reports[0].files.len(), api::MAX_FILES);
    }
}
