//! 残薬・服薬の様子: written by anybody near the patient, and nothing else changes with it.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{EventBody, Item};

use super::{Answer, medicines, patient, patients, sheets};
use crate::error::{field_required, saving, too_long};
use crate::tablet::Desk;
use crate::views::observations::observation_of;
use crate::views::people::millis;

pub fn observe(desk: &Desk, args: api::ObserveMedicine) -> Answer<api::ObserveMedicine> {
    let patient = patient(&args.patient)?;
    let draft = checked(args.observation)?;
    let card = patients::card_of(desk, patient)?;
    let taken = card.medicines.iter().find(|item| item.key == args.key).and_then(Item::any);
    let name = match taken {
        Some(medicine) => medicine.drug.name.clone(),
        // What was stopped is still found in drawers.
        None => medicines::stopped(desk, &card, &medicines::history(desk, patient)?)
            .into_iter()
            .find(|stopped| stopped.key == args.key)
            .map(|stopped| stopped.name)
            .ok_or_else(|| ApiError::new(ErrorCode::NoSuchEntry))?,
    };
    let sheet = sheets::name(&args.patient, &api::SheetName::ObserveMedicine(args.key.clone()))?;
    let saved = desk.replica.edit_from_draft(&sheet, |edit| {
        let event = edit.event(EventBody::MedicineObservation(observation_of(args.key, name, draft)))?;
        let at = event.occurred_at;
        let id = medicines::record(edit, event)?;
        Ok(api::Saved { entry: Some(api::EntryId(id.to_string())), at: millis(at) })
    });
    saved.map_err(|error| saving(&error))
}

/// An observation that says something: a leftover with its unit, a judgement, or words.
fn checked(draft: api::ObservationDraft) -> Result<api::ObservationDraft, ApiError> {
    let tidy = |text: String| text.trim().to_owned();
    let leftover = draft.leftover.map(|leftover| api::LeftoverView {
        amount: tidy(leftover.amount),
        unit: tidy(leftover.unit),
        expected: leftover.expected.map(tidy).filter(|expected| !expected.is_empty()),
    });
    let counted = |leftover: &api::LeftoverView| !leftover.amount.is_empty() || leftover.expected.is_some();
    let draft =
        api::ObservationDraft { leftover: leftover.filter(counted), effect: draft.effect, text: tidy(draft.text) };
    if draft == api::ObservationDraft::default() {
        return Err(ApiError::new(ErrorCode::NothingToSave));
    }
    if let Some(api::LeftoverView { amount, unit, expected }) = &draft.leftover {
        for (field, text) in [("leftover", amount), ("unit", unit)] {
            if text.is_empty() {
                return Err(field_required(field));
            }
        }
        let expected = expected.as_ref().map_or(0, String::len);
        if amount.len().max(unit.len()).max(expected) > api::MAX_AMOUNT {
            return Err(too_long("leftover"));
        }
    }
    if draft.text.len() > api::MAX_OBSERVATION { Err(too_long("observation")) } else { Ok(draft) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::medicine_add::tests::{added, draft};
    use crate::commands::testing::{Office, admit};
    use crate::commands::{card, timeline};

    fn left(amount: &str, unit: &str) -> api::ObservationDraft {
        let leftover = api::LeftoverView { amount: amount.into(), unit: unit.into(), expected: None };
        api::ObservationDraft { leftover: Some(leftover), ..Default::default() }
    }

    #[test]
    fn half_an_observation_is_refused() {
        let code = |draft| checked(draft).map_err(|error| (error.code, error.params.get("field").cloned()));
        assert_eq!(code(left("", " ")), Err((ErrorCode::NothingToSave, None)));
        assert_eq!(code(left("12", " ")), Err((ErrorCode::FieldRequired, Some("unit".into()))));
        let expected = api::LeftoverView { expected: Some("6".into()), unit: "錠".into(), ..Default::default() };
        let only_expected = api::ObservationDraft { leftover: Some(expected), ..Default::default() };
        assert_eq!(code(only_expected), Err((ErrorCode::FieldRequired, Some("leftover".into()))));
        let long = api::ObservationDraft { text: "長".repeat(api::MAX_OBSERVATION), ..Default::default() };
        assert_eq!(code(long), Err((ErrorCode::TooLong, Some("observation".into()))));
        let judged = api::ObservationDraft { effect: Some(api::Effect::NoChange), ..Default::default() };
        assert!(code(judged).is_ok());
    }

    #[test]
    fn an_observation_stands_beside_the_medicine_and_in_the_timeline_and_changes_neither_list_nor_card() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let key = added(&desk, &patient, draft("ワルファリンK錠1mg"));
        let observed = |key: &str, observation| {
            observe(&desk, api::ObserveMedicine { patient: patient.clone(), key: key.into(), observation })
        };
        assert_eq!(observed("somewhere else", left("1", "錠")).unwrap_err().code, ErrorCode::NoSuchEntry);
        observed(&key, left("12", "錠")).unwrap();
        let suspected = api::ObservationDraft {
            effect: Some(api::Effect::SuspectedReaction),
            text: "歯ぐきからの出血".into(),
            leftover: None,
        };
        observed(&key, suspected).unwrap();

        let all = || medicines::all(&desk, api::GetMedicines { patient: patient.clone() }).unwrap();
        let (before, observations) = (all().current, all().observations);
        assert_eq!(observations.len(), 2);
        assert!(observations.iter().all(|entry| entry.observation.name == "ワルファリンK錠1mg"));
        let reaction = observations.iter().find(|entry| entry.observation.effect.is_some()).unwrap();
        assert!(reaction.not_on_card && before.iter().all(|medicine| medicine.warnings.is_empty()));

        // Only a person's touch makes it one of the card, and then it is not offered again.
        let add = api::AddAllergy {
            patient: patient.clone(),
            substance: reaction.observation.name.clone(),
            kind: api::AllergyKind::AdverseReaction,
            reaction: Some(reaction.observation.text.clone()),
            severity: None,
        };
        card::add_allergy(&desk, add).unwrap();
        assert!(all().observations.iter().all(|entry| !entry.not_on_card));
        assert_eq!(all().current[0].warnings[0].kind, api::WarningKind::AdverseReaction);

        let asked = api::GetTimeline {
            patient: patient.clone(),
            start: api::TimelineStart::Newest,
            filter: api::TimelineFilter {
                kinds: vec![api::EntryKind::MedicineObservation],
                words: "シュッケツ".into(),
                ..Default::default()
            },
            limit: 10,
            since: None,
        };
        assert_eq!(timeline::page(&desk, asked.clone()).unwrap().entries.len(), 0, "kanji is not kana");
        let filter = api::TimelineFilter { words: "グキから".into(), ..asked.filter.clone() };
        assert_eq!(timeline::page(&desk, api::GetTimeline { filter, ..asked }).unwrap().entries.len(), 1);
    }

    #[test]
    fn what_was_stopped_can_still_be_found_in_a_drawer() {
        let office = Office::open();
        let desk = office.at_work(office.nurse);
        let patient = admit(&desk);
        let key = added(&desk, &patient, draft("センノシド錠12mg"));
        medicines::stop(&desk, api::StopMedicine { patient: patient.clone(), key: key.clone(), reason: "下痢".into() })
            .unwrap();
        observe(&desk, api::ObserveMedicine { patient: patient.clone(), key, observation: left("30", "錠") }).unwrap();
        let all = medicines::all(&desk, api::GetMedicines { patient }).unwrap();
        assert_eq!(all.observations[0].observation.name, "センノシド錠12mg");
        let stopped = &all.stopped[0];
        assert_eq!((stopped.name.as_str(), stopped.stopped.reason.as_deref()), ("センノシド錠12mg", Some("下痢")));
        assert!(all.current.is_empty() && stopped.dose.is_some());
    }
}
