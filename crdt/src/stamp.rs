//! Who wrote something, and when: part of every entry and every value, never changed afterwards.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::ids::Timestamp;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The profession somebody writes as.
    pub enum Profession {
        /// 医師
        Physician = "physician",
        /// 歯科医師
        Dentist = "dentist",
        /// 薬剤師
        Pharmacist = "pharmacist",
        /// 訪問看護師
        Nurse = "nurse",
        /// 介護支援専門員(ケアマネジャー)
        CareManager = "care-manager",
        /// 訪問介護員(ヘルパー)
        Helper = "helper",
        /// 理学療法士・作業療法士
        Therapist = "therapist",
        /// 管理栄養士
        Dietitian = "dietitian",
        /// 医療ソーシャルワーカー・連携室
        Liaison = "liaison",
        /// 行政・地域包括支援センター
        Municipality = "municipality",
        /// 事務局
        Secretariat = "secretariat",
        ;
        /// Any other, in its own words.
        Other(String)
    }
}

/// The person who wrote, as known to the tablet at that moment. Names are copied into the entry: it must stay readable
/// (見読性) when the person has left the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// Member id, 32 hexadecimal digits.
    pub member: String,
    /// Name of the person.
    pub name: String,
    /// Profession.
    pub profession: Profession,
    /// Name of the facility.
    pub facility: String,
    /// Device id, 32 hexadecimal digits. Reading reports [`crate::ProblemKind::AuthorMismatch`] when it is not the
    /// device whose change carries it.
    pub device: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// Author and time of one entry or value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Who.
    pub author: Author,
    /// When, by the tablet's clock.
    pub at: Timestamp,
    /// Relay clock minus tablet clock in ms, as last measured; none if never measured. Kept beside the time so that a
    /// reader can see that a clock was wrong; the time itself is never rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
