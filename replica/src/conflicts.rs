//! Conflicts as plain values, and the write that resolves one.
//!
//! A resolution is an ordinary write to the same key: it follows every value now visible, so it replaces them
//! all, on every tablet, and nothing is decided by a clock. Of statements ([`tendenko_crdt::current`]) it is a new one that
//! follows them.

use serde::{Deserialize, Serialize};
use tendenko_crdt::{
    Allergy, Card, CardView, Contact, DayRhythm, Diagnosis, DocumentError, Event, EventBody, Identity, Item, Medicine,
    Physician, Presence, Register, SpecialNeed, Stamp, TeamGoal, Wishes,
};
use tendenko_protocol::document::DocumentId;
use tendenko_protocol::ids::PatientId;

use crate::views::{Conflict, ConflictKind, ConflictValue};

/// One of the values in a conflict, or what a person decides instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)]
pub enum Value {
    /// Who the patient is.
    Identity(Identity),
    /// Wishes.
    Wishes(Wishes),
    /// Primary physician.
    Physician(Physician),
    /// A medicine.
    Medicine(Medicine),
    /// An allergy.
    Allergy(Allergy),
    /// A diagnosis.
    Diagnosis(Diagnosis),
    /// A contact.
    Contact(Contact),
    /// A special need.
    SpecialNeed(SpecialNeed),
    /// A team goal.
    TeamGoal(TeamGoal),
    /// A rhythm of the day.
    DayRhythm(DayRhythm),
    /// The item was taken off the card.
    Removed,
    /// A value that a newer version wrote and this one cannot read.
    Unreadable,
}

/// Every conflict of a card, with its values.
pub(crate) fn of_card(document: DocumentId, view: &CardView) -> Vec<Conflict> {
    let mut found = Found { document, conflicts: Vec::new() };
    found.register("r/identity", ConflictKind::Identity, &view.identity, Value::Identity);
    found.register("r/wishes", ConflictKind::Wishes, &view.wishes, Value::Wishes);
    found.register("r/primary-physician", ConflictKind::Physician, &view.primary_physician, Value::Physician);
    found.items("medicine", ConflictKind::Medicine, &view.medicines, Value::Medicine);
    found.items("allergy", ConflictKind::Allergy, &view.allergies, Value::Allergy);
    found.items("diagnosis", ConflictKind::Diagnosis, &view.diagnoses, Value::Diagnosis);
    found.items("contact", ConflictKind::Contact, &view.contacts, Value::Contact);
    found.items("special-need", ConflictKind::SpecialNeed, &view.special_needs, Value::SpecialNeed);
    found.conflicts
}

/// Kinds of statements of which one holds at a time. The key of their conflict is `f/` and the kind.
pub(crate) const FOLLOWED: [&str; 2] = ["team-goal", "day-rhythm"];

/// The conflict of statements that all hold. None where one of them is no statement.
pub(crate) fn of_statements(document: DocumentId, kind: &str, current: &[&Event]) -> Option<Conflict> {
    let value = |event: &Event| {
        let value = match &event.body {
            EventBody::TeamGoal(goal) => Value::TeamGoal(goal.clone()),
            EventBody::DayRhythm(rhythm) => Value::DayRhythm(rhythm.clone()),
            _ => Value::Unreadable,
        };
        ConflictValue { value, stamp: Some(event.stamp.clone()), reason: event.reason.clone() }
    };
    let of = match kind {
        "team-goal" => ConflictKind::TeamGoal,
        "day-rhythm" => ConflictKind::DayRhythm,
        _ => return None,
    };
    let values = current.iter().map(|event| value(event)).collect();
    Some(Conflict { patient: document.patient, document, key: format!("f/{kind}"), kind: of, values })
}

/// What states a choice anew, where the conflict is one of statements.
pub(crate) fn statement(key: &str, choice: &Value) -> Option<Result<EventBody, ResolveError>> {
    let kind = key.strip_prefix("f/")?;
    Some(match (kind, choice) {
        ("team-goal", Value::TeamGoal(goal)) => Ok(EventBody::TeamGoal(goal.clone())),
        ("day-rhythm", Value::DayRhythm(rhythm)) => Ok(EventBody::DayRhythm(rhythm.clone())),
        _ => Err(ResolveError::WrongKind),
    })
}

struct Found {
    document: DocumentId,
    conflicts: Vec<Conflict>,
}

impl Found {
    fn register<T: Clone>(
        &mut self,
        key: &str,
        kind: ConflictKind,
        register: &Register<T>,
        value: impl Fn(T) -> Value,
    ) {
        if !register.is_conflict() {
            return;
        }
        let values = register.values.iter().map(|written| ConflictValue {
            value: value(written.value.clone()),
            stamp: Some(written.stamp.clone()),
            reason: written.reason.clone(),
        });
        let unreadable = ConflictValue { value: Value::Unreadable, stamp: None, reason: None };
        let values = values.chain(std::iter::repeat_n(unreadable, register.unreadable)).collect();
        let patient: PatientId = self.document.patient;
        self.conflicts.push(Conflict { patient, document: self.document, key: key.to_owned(), kind, values });
    }

    fn items<T: Clone>(&mut self, set: &str, kind: ConflictKind, items: &[Item<T>], value: impl Fn(T) -> Value) {
        for item in items {
            self.register(&format!("s/{set}/{}", item.key), kind, &item.presence, |presence| match presence {
                Presence::Present(present) => value(present),
                Presence::Removed => Value::Removed,
            });
        }
    }
}

/// Why a choice could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The value is not of the kind this key holds.
    #[error("this value does not belong to what is in conflict: read the conflict again")]
    WrongKind,
    /// Medicines and wishes are not changed without saying why.
    #[error("a reason is needed for medicines and for wishes")]
    ReasonNeeded,
}

/// Writes the choice to the card, over every value now visible.
pub(crate) fn write(
    card: &mut Card,
    key: &str,
    choice: Value,
    stamp: &Stamp,
    reason: Option<&str>,
) -> Result<Result<bool, DocumentError>, ResolveError> {
    let set_item = match tendenko_crdt::Key::parse(key) {
        tendenko_crdt::Key::Item { set, item } => Some((set, item)),
        _ => None,
    };
    let needs_reason = key == "r/wishes" || matches!(set_item, Some(("medicine", _)));
    if needs_reason && reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(ResolveError::ReasonNeeded);
    }
    Ok(match (key, set_item, choice) {
        ("r/identity", _, Value::Identity(value)) => card.set_identity(value, stamp, reason),
        ("r/wishes", _, Value::Wishes(value)) => card.set_wishes(value, stamp, reason),
        ("r/primary-physician", _, Value::Physician(value)) => card.set_primary_physician(value, stamp, reason),
        (_, Some(("medicine", item)), Value::Medicine(value)) => card.put_medicine(item, value, stamp, reason),
        (_, Some(("medicine", item)), Value::Removed) => card.stop_medicine(item, stamp, reason),
        (_, Some(("allergy", item)), Value::Allergy(value)) => card.add_allergy(item, value, stamp, reason),
        (_, Some(("allergy", item)), Value::Removed) => card.remove_allergy(item, stamp, reason),
        (_, Some(("diagnosis", item)), Value::Diagnosis(value)) => card.add_diagnosis(item, value, stamp, reason),
        (_, Some(("diagnosis", item)), Value::Removed) => card.remove_diagnosis(item, stamp, reason),
        (_, Some(("contact", item)), Value::Contact(value)) => card.add_contact(item, value, stamp, reason),
        (_, Some(("contact", item)), Value::Removed) => card.remove_contact(item, stamp, reason),
        (_, Some(("special-need", item)), Value::SpecialNeed(value)) => {
            card.add_special_need(item, value, stamp, reason)
        }
        (_, Some(("special-need", item)), Value::Removed) => card.remove_special_need(item, stamp, reason),
        _ => return Err(ResolveError::WrongKind),
    })
}
