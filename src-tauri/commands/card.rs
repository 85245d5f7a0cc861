//! What is written onto the card by hand: allergies and wishes.

use tendenko_app_api as api;
use tendenko_crdt::{Allergy, EventBody, Wishes, WishesChange, item_key};
use tendenko_replica::{Edit, SaveError};

use super::medicines::record;
use super::{Answer, patient};
use crate::error::{field_required, reason, saving};
use crate::tablet::Desk;
use crate::views::card::{allergy_kind_of, wishes_of};
use crate::views::people::millis;

pub fn add_allergy(desk: &Desk, args: api::AddAllergy) -> Answer<api::AddAllergy> {
    let substance = args.substance.trim().to_owned();
    if substance.is_empty() {
        return Err(field_required("substance"));
    }
    let allergy = Allergy {
        substance,
        kind: allergy_kind_of(args.kind),
        reaction: filled(args.reaction),
        severity: filled(args.severity),
        noted: None,
        newer: Default::default(),
    };
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| {
        let stamp = edit.stamp();
        edit.card()?.add_allergy(&item_key::allergy(&allergy), allergy.clone(), &stamp, None)?;
        Ok(api::Saved { entry: None, at: millis(stamp.at) })
    });
    saved.map_err(|error| saving(&error))
}

pub fn remove_allergy(desk: &Desk, args: api::RemoveAllergy) -> Answer<api::RemoveAllergy> {
    let reason = reason(&args.reason)?;
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| {
        let stamp = edit.stamp();
        edit.card()?.remove_allergy(&args.key, &stamp, Some(reason))?;
        Ok(api::Saved { entry: None, at: millis(stamp.at) })
    });
    saved.map_err(|error| saving(&error))
}

pub fn set_wishes(desk: &Desk, args: api::SetWishes) -> Answer<api::SetWishes> {
    let reason = reason(&args.reason)?;
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| write_wishes(edit, wishes_of(args.wishes), reason));
    saved.map_err(|error| saving(&error))
}

/// Writes the wishes onto the card, over everything that stands there, and tells in the chart what they were before.
pub fn write_wishes(edit: &mut Edit<'_, '_>, after: Wishes, reason: &str) -> Result<api::Saved, SaveError> {
    let stamp = edit.stamp();
    let before: Vec<Wishes> = edit.card()?.wishes().values.into_iter().map(|written| written.value).collect();
    if !edit.card()?.set_wishes(after.clone(), &stamp, Some(reason))? {
        return Ok(api::Saved { entry: None, at: millis(stamp.at) });
    }
    let change = WishesChange { before, after, newer: Default::default() };
    let mut event = edit.event(EventBody::WishesChange(change))?;
    event.reason = Some(reason.to_owned());
    let entry = record(edit, event)?;
    Ok(api::Saved { entry: Some(api::EntryId(entry.to_string())), at: millis(stamp.at) })
}

/// What was typed, or nothing.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
