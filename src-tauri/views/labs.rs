//! 検査: reports and requests.

use tendenko_app_api as api;
use tendenko_crdt::{Code, LabReport, LabResult, TestRequest};

/// The coding system of codes that are typed.
const JLAC: &str = "jlac10";

/// A report.
pub fn report(report: &LabReport) -> api::LabReportView {
    api::LabReportView {
        performer: report.performer.clone(),
        results: report.results.iter().map(result).collect(),
        conclusion: report.conclusion.clone(),
    }
}

/// One result, as it was written.
pub fn result(result: &LabResult) -> api::LabResultView {
    api::LabResultView {
        name: result.name.clone(),
        code: result.code.as_ref().map(|code| code.value.clone()).unwrap_or_default(),
        value: result.value.clone(),
        unit: result.unit.clone(),
        low: result.low.clone(),
        high: result.high.clone(),
    }
}

/// A report for the record, without its files.
pub fn report_of(report: api::LabReportView) -> LabReport {
    let result = |result: api::LabResultView| LabResult {
        name: result.name,
        code: (!result.code.is_empty()).then(|| Code { system: JLAC.into(), value: result.code }),
        value: result.value,
        unit: result.unit,
        low: result.low,
        high: result.high,
        newer: Default::default(),
    };
    LabReport {
        performer: report.performer,
        results: report.results.into_iter().map(result).collect(),
        conclusion: report.conclusion,
        attachments: Vec::new(),
        newer: Default::default(),
    }
}

/// A request.
pub fn request(request: &TestRequest) -> api::TestRequestView {
    api::TestRequestView { tests: request.tests.clone(), reason: request.reason.clone() }
}

/// A request for the record.
pub fn request_of(request: api::TestRequestView) -> TestRequest {
    TestRequest { tests: request.tests, reason: request.reason, newer: Default::default() }
}
