//! Summary, card, search rows and conflicts of one patient, from the card.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use tendenko_crdt::{Card, CardView, Identity, Sex, SpecialNeedKind};
use tendenko_protocol::document::DocumentId;

use crate::conflicts;
use crate::search::{EDGE, fold, haystack, numbers, sex_code};
use crate::store::{StoreError, encode};

/// What a list shows of a patient, without what changes from member to member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredSummary {
    pub(crate) name: String,
    pub(crate) kana: String,
    pub(crate) sex: Sex,
    pub(crate) birth_date: Option<String>,
    pub(crate) address: String,
    pub(crate) allergies: Vec<String>,
    pub(crate) special_needs: Vec<String>,
    pub(crate) dnar: bool,
}

pub(super) fn update(connection: &Connection, document: DocumentId, card: &Card) -> Result<(), StoreError> {
    let patient = document.patient;
    let mut view = card.view();
    // Events are read from the timeline: a card of many years must not be rewritten with each of them.
    view.events = Vec::new();
    connection
        .prepare_cached(
            "INSERT INTO m_patients (patient, summary, card) VALUES (?1, ?2, ?3)
             ON CONFLICT (patient) DO UPDATE SET summary = excluded.summary, card = excluded.card",
        )?
        .execute(params![patient.0, encode(&summary(&view)), encode(&view)])?;
    search_rows(connection, document, &view)?;
    connection.prepare_cached("DELETE FROM m_conflicts WHERE document = ?1")?.execute([document.to_bytes()])?;
    for conflict in conflicts::of_card(document, &view) {
        connection
            .prepare_cached("INSERT INTO m_conflicts (patient, document, key, conflict) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![patient.0, document.to_bytes(), conflict.key, encode(&conflict)])?;
    }
    Ok(())
}

fn summary(view: &CardView) -> StoredSummary {
    let identity = view.identity.any().map(|written| written.value.clone()).unwrap_or_default();
    let mut allergies: Vec<String> = view
        .allergies
        .iter()
        .flat_map(|item| item.present().map(|(allergy, _)| words(&allergy.substance, allergy.reaction.as_deref())))
        .collect();
    allergies.dedup();
    let mut special_needs: Vec<String> = view
        .special_needs
        .iter()
        .flat_map(|item| item.present().map(|(need, _)| words(need_word(&need.kind), Some(&need.detail))))
        .collect();
    special_needs.dedup();
    StoredSummary {
        name: identity.name,
        kana: identity.kana,
        sex: identity.sex,
        birth_date: identity.birth_date,
        address: identity.address,
        allergies,
        special_needs,
        dnar: view.wishes.values.iter().any(|written| written.value.dnar),
    }
}

fn words(what: &str, detail: Option<&str>) -> String {
    match detail {
        Some(detail) if !detail.is_empty() => format!("{what}（{detail}）"),
        _ => what.to_owned(),
    }
}

fn need_word(kind: &SpecialNeedKind) -> &str {
    match kind {
        SpecialNeedKind::Oxygen => "酸素",
        SpecialNeedKind::Dialysis => "透析",
        SpecialNeedKind::Ventilator => "人工呼吸器",
        SpecialNeedKind::Implant => "植込み",
        SpecialNeedKind::Other(words) => words,
    }
}

fn search_rows(connection: &Connection, document: DocumentId, view: &CardView) -> Result<(), StoreError> {
    let patient = document.patient;
    connection.prepare_cached("DELETE FROM m_search WHERE patient = ?1")?.execute([patient.0])?;
    let nobody = Identity::default();
    let mut identities: Vec<&Identity> = view.identity.values.iter().map(|written| &written.value).collect();
    if identities.is_empty() {
        identities.push(&nobody);
    }
    for (variant, identity) in identities.iter().enumerate() {
        connection
            .prepare_cached(
                "INSERT INTO m_search (patient, variant, sort, same, birth, sex, haystack, numbers)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                patient.0,
                variant as i64,
                sort_key(identity),
                same_key(identity),
                identity.birth_date.as_deref().unwrap_or(""),
                sex_code(&identity.sex),
                haystack(identity),
                numbers(identity)
            ])?;
    }
    Ok(())
}

/// By kana, then by name: あいうえお順.
fn sort_key(identity: &Identity) -> String {
    format!("{}{EDGE}{}", fold(&identity.kana), fold(&identity.name))
}

/// Two patients with this in common are easily taken for each other.
fn same_key(identity: &Identity) -> String {
    if identity.kana.trim().is_empty() { fold(&identity.name) } else { fold(&identity.kana) }
}
