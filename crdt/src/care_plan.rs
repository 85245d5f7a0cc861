//! What a team agrees on and learns about a patient: the shared goal, the rhythm of the day, what happens when the person
//! is troubled (BPSD) and what helps, and how the wishes came about.
//!
//! Goal and rhythm are statements of which one holds at a time ([`crate::current`]): they are never corrected, the next one
//! follows them. A troubled moment is an event like a visit. The wishes themselves stand on the card; a [`WishesChange`] tells
//! in the chart what they were before, because a register keeps no past. Names of fields follow FHIR's Goal and Observation where
//! they have them.

use serde::{Deserialize, Serialize};

use crate::codec::Newer;
use crate::ids::EntryId;
use crate::person::Wishes;
use crate::vocabulary::vocabulary;

/// チーム目標・方針
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TeamGoal {
    /// 目標, in the words of the team.
    pub description: String,
    /// 方針: how the team goes about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Until when, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
    /// Every goal that the writer knew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// 1日のリズム
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DayRhythm {
    /// In the order of the day.
    pub items: Vec<RhythmItem>,
    /// Every rhythm that the writer knew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<EntryId>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

/// One thing of the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RhythmItem {
    /// Local time of day, `07:00`.
    pub time: String,
    /// What.
    pub activity: Activity,
    /// How, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// What is done at a time of day.
    pub enum Activity {
        /// 起床
        GetUp = "get-up",
        /// 食事
        Meal = "meal",
        /// 服薬
        Medicine = "medicine",
        /// 排泄
        Toilet = "toilet",
        /// 入浴
        Bath = "bath",
        /// 散歩・外出
        Outing = "outing",
        /// 昼寝
        Nap = "nap",
        /// デイサービス
        DayCare = "day-care",
        /// 就寝
        Bed = "bed",
        ;
        /// Anything else, in its own words.
        Other(String)
    }
}

/// BPSD: a moment in which the person was troubled, and what was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviourEvent {
    /// What was seen.
    pub behaviours: Vec<Behaviour>,
    /// What happened, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// きっかけ: what may have led to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub antecedent: String,
    /// 対応: what was done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response: String,
    /// Whether it helped; none: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}

vocabulary! {
    /// The domains of the Neuropsychiatric Inventory (Cummings 1994), aggression apart from agitation, and two that every home
    /// helper knows: wanting to go home, and refusing care.
    pub enum Behaviour {
        /// 妄想
        Delusion = "delusion",
        /// 幻覚
        Hallucination = "hallucination",
        /// 興奮
        Agitation = "agitation",
        /// 暴言・暴力
        Aggression = "aggression",
        /// 抑うつ
        Depression = "depression",
        /// 不安
        Anxiety = "anxiety",
        /// 多幸
        Euphoria = "euphoria",
        /// 無気力
        Apathy = "apathy",
        /// 脱抑制
        Disinhibition = "disinhibition",
        /// 易刺激性
        Irritability = "irritability",
        /// 徘徊
        Wandering = "wandering",
        /// 夜間の行動
        Night = "night",
        /// 食行動
        Eating = "eating",
        /// 帰宅願望
        GoingHome = "going-home",
        /// 介護への抵抗
        Refusal = "refusal",
        ;
        /// Any other, in its own words.
        Other(String)
    }
}

vocabulary! {
    /// Whether what was done helped.
    pub enum Outcome {
        /// 落ち着いた
        Helped = "helped",
        /// 少し
        Partly = "partly",
        /// 変わらない
        NotHelped = "not-helped",
        ;
        /// A word of a newer version.
        Other(String)
    }
}

/// 意向の変更, told in the chart; the reason is the event's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WishesChange {
    /// As they were; several when a conflict was resolved, none when they were written down for the first time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Wishes>,
    /// As they are from now on.
    pub after: Wishes,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub newer: Newer,
}
