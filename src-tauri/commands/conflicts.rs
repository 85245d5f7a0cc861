//! 要確認: what waits for a person, and the decision.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Key, MedicationChange, MedicationChangeKind, Medicine, Presence};
use tendenko_replica::conflicts::Value;
use tendenko_replica::{Conflict, SaveError};

use super::patients::Rows;
use super::{Answer, card, medicines, patient};
use crate::error::{reading, reason, saving};
use crate::tablet::Desk;
use crate::views;
use crate::views::people::millis;

pub fn all(desk: &Desk, args: api::GetConflicts) -> Answer<api::GetConflicts> {
    let patient = args.patient.as_ref().map(patient).transpose()?;
    let rows = Rows::new(desk)?;
    let conflicts = desk.replica.conflicts(patient).map_err(|error| reading(&error))?;
    conflicts
        .iter()
        .map(|conflict| {
            let summary = desk.replica.patient(conflict.patient).map_err(|error| reading(&error))?;
            Ok(views::conflicts::conflict(&desk.viewer, rows.name(&summary), conflict))
        })
        .collect()
}

pub fn resolve(desk: &Desk, args: api::ResolveConflict) -> Answer<api::ResolveConflict> {
    let patient = patient(&args.patient)?;
    let changed = || ApiError::new(ErrorCode::ChangedMeanwhile);
    let conflicts = desk.replica.conflicts(Some(patient)).map_err(|error| reading(&error))?;
    let conflict = conflicts.into_iter().find(|conflict| conflict.key == args.key).ok_or_else(changed)?;
    if !same(&args.seen, conflict.values.iter().map(|value| views::conflicts::id(&value.value))) {
        return Err(changed());
    }
    let why = match (conflict.kind.needs_reason(), args.reason.as_deref()) {
        (true, given) => Some(reason(given.unwrap_or_default())?),
        (false, given) => given.map(str::trim).filter(|given| !given.is_empty()),
    };
    let chosen = chosen(&conflict, args.choice)?;
    match Key::parse(&conflict.key) {
        Key::Item { set: "medicine", item } => resolve_medicine(desk, &conflict, item, chosen, why.unwrap_or_default()),
        _ => {
            if let (Value::Wishes(wishes), Some(why)) = (&chosen, why) {
                let saved = desk.replica.edit(patient, |edit| card::write_wishes(edit, wishes.clone(), why));
                return saved.map_err(|error| saving(&error));
            }
            desk.replica.resolve(&conflict, chosen, why).map_err(|error| saving(&error))?;
            Ok(api::Saved { entry: None, at: millis(desk.clock.now()) })
        }
    }
}

/// A decision about a medicine is told in the chart too, in the same step.
fn resolve_medicine(
    desk: &Desk,
    conflict: &Conflict,
    item: &str,
    chosen: Value,
    why: &str,
) -> Answer<api::ResolveConflict> {
    let seen = conflict.values.iter().map(|value| &value.value);
    let saved = desk.replica.edit(conflict.patient, |edit| {
        let now = edit.card()?.medicine(item).presence;
        let values: Vec<Value> = now.values.iter().map(|written| value_of(&written.value)).collect();
        if now.unreadable > 0 || !same_values(seen, &values) {
            return Ok(None);
        }
        let stamp = edit.stamp();
        let after = match &chosen {
            Value::Medicine(medicine) => {
                edit.card()?.put_medicine(item, medicine.clone(), &stamp, Some(why))?;
                Some(medicine.clone())
            }
            _ => {
                edit.card()?.stop_medicine(item, &stamp, Some(why))?;
                None
            }
        };
        let before: Vec<Medicine> = now.values.iter().filter_map(|written| written.value.value().cloned()).collect();
        let change = MedicationChange {
            key: item.to_owned(),
            change: MedicationChangeKind::Resolved,
            before,
            after,
            newer: Default::default(),
        };
        medicines::told(edit, change, why).map(Some)
    });
    let saved: Option<api::Saved> = saved.map_err(|error: SaveError| saving(&error))?;
    saved.ok_or_else(|| ApiError::new(ErrorCode::ChangedMeanwhile))
}

/// What holds from now on.
fn chosen(conflict: &Conflict, choice: api::Choice) -> Result<Value, ApiError> {
    let none = || ApiError::new(ErrorCode::NoSuchEntry);
    match choice {
        api::Choice::Value { id } => {
            let found = conflict.values.iter().find(|value| views::conflicts::id(&value.value) == id);
            Ok(found.ok_or_else(none)?.value.clone())
        }
        api::Choice::Regimen(regimen) => {
            let regimen = medicines::checked(regimen)?;
            let base = conflict.values.iter().rev().find_map(|value| match &value.value {
                Value::Medicine(medicine) => Some(medicine),
                _ => None,
            });
            Ok(Value::Medicine(medicines::with_regimen(base.ok_or_else(none)?, regimen)))
        }
        api::Choice::Wishes(draft) => Ok(Value::Wishes(views::card::wishes_of(draft))),
    }
}

fn value_of(presence: &Presence<Medicine>) -> Value {
    match presence {
        Presence::Present(medicine) => Value::Medicine(medicine.clone()),
        Presence::Removed => Value::Removed,
    }
}

fn same_values<'a>(seen: impl Iterator<Item = &'a Value>, now: &[Value]) -> bool {
    let seen: Vec<String> = seen.map(views::conflicts::id).collect();
    same(&seen, now.iter().map(views::conflicts::id))
}

/// The same ids, in whatever order.
fn same(seen: &[String], now: impl Iterator<Item = String>) -> bool {
    let (mut seen, mut now) = (seen.to_vec(), now.collect::<Vec<_>>());
    seen.sort();
    now.sort();
    seen == now
}
