//! What kinds of documents there are, and which headings each has.

use serde::{Deserialize, Serialize};

/// What kind of document it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 退院時サマリ
    DischargeSummary,
    /// 退院時カンファレンス資料
    Conference,
    /// 入院中の様子
    HospitalStay,
    /// 紹介状
    Referral,
    /// 返書
    Reply,
    /// Of a newer version, in its own word.
    Other(String),
}

/// Every heading of a document. What is not one of these in [`crate::NoteSection::name`] is shown as it was written.
pub const PART_CODES: &[&str] = &[
    "diagnoses",
    "purpose",
    "history",
    "course",
    "treatment",
    "prescription",
    "allergies",
    "remarks",
    "state",
    "instructions",
    "next-visit",
    "home-issues",
    "support",
    "requests",
    "meals",
    "taking",
    "daily-living",
    "sleep",
    "mind",
    "family",
    "findings",
    "judgement",
    "plan",
];

/// The headings of a kind of document, in order.
pub fn parts_for(kind: &DocumentKind) -> &'static [&'static str] {
    match kind {
        DocumentKind::DischargeSummary => {
            &["diagnoses", "course", "state", "prescription", "allergies", "instructions", "next-visit"]
        }
        DocumentKind::Conference => &["course", "state", "prescription", "home-issues", "support", "requests"],
        DocumentKind::HospitalStay => &["meals", "taking", "daily-living", "sleep", "mind", "family"],
        DocumentKind::Referral => {
            &["diagnoses", "purpose", "history", "course", "treatment", "prescription", "allergies", "remarks"]
        }
        DocumentKind::Reply => &["findings", "judgement", "treatment", "prescription", "plan", "requests"],
        DocumentKind::Other(_) => &["remarks"],
    }
}

/// Whether a kind of document is addressed to somebody, who answers it.
pub fn is_letter(kind: &DocumentKind) -> bool {
    matches!(kind, DocumentKind::Referral | DocumentKind::Reply)
}

/// Whether a kind of document asks questions.
pub fn asks(kind: &DocumentKind) -> bool {
    matches!(kind, DocumentKind::DischargeSummary | DocumentKind::Conference | DocumentKind::HospitalStay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewDocument;

    #[test]
    fn every_heading_of_a_form_has_a_code() {
        let kinds = NewDocument::ALL.map(NewDocument::kind);
        for kind in kinds.iter().chain([&DocumentKind::Reply, &DocumentKind::Other(String::new())]) {
            assert!(!parts_for(kind).is_empty());
            assert!(parts_for(kind).iter().all(|part| PART_CODES.contains(part)), "{kind:?}");
        }
        assert!(
            PART_CODES
                .iter()
                .all(|code| kinds.iter().chain([&DocumentKind::Reply]).any(|kind| parts_for(kind).contains(code)))
        );
    }
}
