//! 救護所: every card this tablet may read, offline, each look with a reason.

use crate::{PatientId, Sex};
use serde::{Deserialize, Serialize};

/// Finds people among all cards this tablet holds. Says only what is needed to tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchSite {
    /// Kana in any form, romaji, birth date in any form, address.
    pub query: String,
    /// Only this sex.
    pub sex: Option<Sex>,
    /// At most so many rows.
    pub limit: u16,
}

/// Opens a card. The look and its reason are recorded before the answer is given. Errors: `reason-required`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSiteCard {
    /// Whose.
    pub patient: PatientId,
    /// Why.
    pub reason: SiteReason,
}

/// Why a card is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteReason {
    /// 診察
    Consultation,
    /// 救急処置
    Emergency,
    /// お薬の確認
    Medicines,
    /// 安否・本人の確認
    Identification,
    /// In the person's own words.
    Other(String),
}
