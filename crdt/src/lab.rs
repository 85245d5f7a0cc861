//! 検査: what a laboratory found, and what is to be tested.
//!
//! Values stay as the laboratory wrote them (`<0.5`, `3+`, `陰性`, `7.2`), each with its own unit and reference range: two laboratories
//! measure one thing in two units. Whether a value lies outside its range is never stored; a screen can say it where both are
//! numbers. A report can be files alone: a picture of an ECG has no value. Names of the fields are those of FHIR (DiagnosticReport, Observation, ServiceRequest).

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::ids::EntryId;
use crate::medicine::Code;

/// 検査結果: one report. When the sample was taken is when the entry happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabReport {
    /// The laboratory or institution that measured.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub performer: String,
    /// What was measured, in the order of the report.
    pub results: Vec<LabResult>,
    /// 所見・コメント
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub conclusion: String,
    /// The attachments that belong to it (an ECG, an X-ray, the paper itself), at most [`crate::MAX_DOCUMENT_FILES`]. Entries of their own, recorded
    /// in the same step (FHIR: `presentedForm`, `media`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// One result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabResult {
    /// Name of the test, as written.
    pub name: String,
    /// Its code (JLAC10, JLAC11), where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The value, as written.
    pub value: String,
    /// Its unit, as written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The lower end of the reference range, as written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub low: String,
    /// The upper end of the reference range, as written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub high: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 検査の依頼
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestRequest {
    /// What is to be tested, by name.
    pub tests: Vec<String>,
    /// Why.
    pub reason: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
