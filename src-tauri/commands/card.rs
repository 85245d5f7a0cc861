//! What is written onto the card by hand: allergies and wishes.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{Allergy, item_key};

use super::{Answer, patient};
use crate::error::{reason, saving};
use crate::tablet::Desk;
use crate::views::card::{allergy_kind_of, wishes_of};
use crate::views::people::millis;

pub fn add_allergy(desk: &Desk, args: api::AddAllergy) -> Answer<api::AddAllergy> {
    let substance = args.substance.trim().to_owned();
    if substance.is_empty() {
        return Err(ApiError::new(ErrorCode::FieldRequired).with("field", "substance"));
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
    let saved = desk.replica.edit(patient(&args.patient)?, |edit| {
        let stamp = edit.stamp();
        edit.card()?.set_wishes(wishes_of(args.wishes), &stamp, Some(reason))?;
        Ok(api::Saved { entry: None, at: millis(stamp.at) })
    });
    saved.map_err(|error| saving(&error))
}

/// What was typed, or nothing.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
