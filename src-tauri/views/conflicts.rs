//! Conflicts: every value, who wrote it, when and why.

use tendenko_app_api as api;
use tendenko_crdt::{EntryId, Key};
use tendenko_replica::conflicts::Value;
use tendenko_replica::{Conflict, ConflictKind};

use super::people::Viewer;
use super::{card, care_plan, medicines};

/// One thing with more than one value.
///
/// Medicines and allergies carry the item's key, as on the card: by it the card finds the versions to show.
pub fn conflict(viewer: &Viewer, patient: api::PatientName, conflict: &Conflict) -> api::Conflict {
    let item = match Key::parse(&conflict.key) {
        Key::Item { item, .. } => item,
        _ => "",
    };
    api::Conflict {
        patient,
        key: conflict.key.clone(),
        subject: match conflict.kind {
            ConflictKind::Identity => api::ConflictSubject::Identity,
            ConflictKind::Wishes => api::ConflictSubject::Wishes,
            ConflictKind::Physician => api::ConflictSubject::Physician,
            ConflictKind::Medicine => api::ConflictSubject::Medicine,
            ConflictKind::Allergy => api::ConflictSubject::Allergy,
            ConflictKind::Diagnosis => api::ConflictSubject::Diagnosis,
            ConflictKind::Contact => api::ConflictSubject::Contact,
            ConflictKind::SpecialNeed => api::ConflictSubject::SpecialNeed,
            ConflictKind::TeamGoal => api::ConflictSubject::TeamGoal,
            ConflictKind::DayRhythm => api::ConflictSubject::DayRhythm,
        },
        title: conflict.values.iter().find_map(|value| title(&value.value)).unwrap_or_default(),
        values: conflict
            .values
            .iter()
            .map(|value| api::ConflictValue {
                id: id(&value.value),
                value: content(item, &value.value),
                written: match &value.stamp {
                    Some(stamp) => viewer.stamp(stamp, value.reason.as_deref()),
                    None => nobody(),
                },
            })
            .collect(),
        reason_required: conflict.kind.needs_reason(),
    }
}

/// Names a value by its content only, so that it is the same on every tablet.
pub fn id(value: &Value) -> String {
    // Whatever cannot be encoded cannot have come from the store; all such values share one name, and choosing it fails.
    let content = serde_cbor::to_vec(value).unwrap_or_default();
    EntryId::derived("conflict value", &content).to_string()
}

fn content(item: &str, value: &Value) -> api::ConflictContent {
    match value {
        Value::Identity(identity) => api::ConflictContent::Identity(card::identity(identity)),
        Value::Wishes(wishes) => api::ConflictContent::Wishes(card::wishes_draft(wishes)),
        Value::Physician(physician) => api::ConflictContent::Physician(card::physician(physician)),
        Value::Medicine(medicine) => api::ConflictContent::Medicine(Box::new(medicines::proposed(item, medicine))),
        Value::Allergy(allergy) => api::ConflictContent::Allergy(card::allergy(item, allergy)),
        Value::Diagnosis(diagnosis) => api::ConflictContent::Diagnosis(card::diagnosis(diagnosis)),
        Value::Contact(contact) => api::ConflictContent::Contact(card::contact(contact)),
        Value::SpecialNeed(need) => api::ConflictContent::SpecialNeed(card::special_need(need)),
        Value::TeamGoal(goal) => api::ConflictContent::TeamGoal(care_plan::goal(goal)),
        Value::DayRhythm(rhythm) => api::ConflictContent::DayRhythm(care_plan::rhythm(rhythm)),
        Value::Removed => api::ConflictContent::Removed,
        Value::Unreadable => api::ConflictContent::Text("?".to_owned()),
    }
}

fn title(value: &Value) -> Option<String> {
    match value {
        Value::Medicine(medicine) => Some(medicine.drug.name.clone()),
        Value::Allergy(allergy) => Some(allergy.substance.clone()),
        Value::Diagnosis(diagnosis) => Some(diagnosis.name.clone()),
        Value::Contact(contact) => Some(contact.name.clone()),
        Value::SpecialNeed(need) => Some(need.detail.clone()),
        Value::Identity(_)
        | Value::Wishes(_)
        | Value::Physician(_)
        | Value::TeamGoal(_)
        | Value::DayRhythm(_)
        | Value::Removed
        | Value::Unreadable => None,
    }
}

/// The author of a value that only a newer version can read.
fn nobody() -> api::WrittenView {
    api::WrittenView {
        author: api::AuthorView {
            member: api::MemberId(String::new()),
            name: String::new(),
            profession: api::Profession::Other(String::new()),
            facility: String::new(),
            mine: false,
        },
        at: api::Millis(0),
        clock_offset_ms: None,
        reason: None,
    }
}
