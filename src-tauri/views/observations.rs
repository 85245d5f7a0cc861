//! 残薬・服薬の様子.

use tendenko_app_api as api;
use tendenko_crdt::{Effect, Leftover, MedicineObservation};

/// What was seen of a medicine. A judgement in a word that this version does not know stands before the text.
pub fn observation(seen: &MedicineObservation) -> api::ObservationView {
    let mut text = seen.text.clone();
    let effect = match &seen.effect {
        Some(Effect::Worked) => Some(api::Effect::Worked),
        Some(Effect::NoChange) => Some(api::Effect::NoChange),
        Some(Effect::Worse) => Some(api::Effect::Worse),
        Some(Effect::SuspectedReaction) => Some(api::Effect::SuspectedReaction),
        Some(Effect::Other(word)) => {
            text = format!("({word}) {text}");
            None
        }
        None => None,
    };
    let leftover = seen.leftover.as_ref().map(|leftover| api::LeftoverView {
        amount: leftover.amount.clone(),
        unit: leftover.unit.clone(),
        expected: leftover.expected.clone(),
    });
    api::ObservationView { key: seen.key.clone(), name: seen.name.clone(), leftover, effect, text }
}

/// The same for the record.
pub fn observation_of(key: String, name: String, draft: api::ObservationDraft) -> MedicineObservation {
    MedicineObservation {
        key,
        name,
        leftover: draft.leftover.map(|leftover| Leftover {
            amount: leftover.amount,
            unit: leftover.unit,
            expected: leftover.expected,
            newer: Default::default(),
        }),
        effect: draft.effect.map(|effect| match effect {
            api::Effect::Worked => Effect::Worked,
            api::Effect::NoChange => Effect::NoChange,
            api::Effect::Worse => Effect::Worse,
            api::Effect::SuspectedReaction => Effect::SuspectedReaction,
        }),
        text: draft.text,
        newer: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgement_of_a_newer_version_is_shown_in_its_own_word() {
        let seen = MedicineObservation {
            text: "よく眠れた".into(),
            effect: Some(Effect::Other("partly-worked".into())),
            ..Default::default()
        };
        let shown = observation(&seen);
        assert_eq!((shown.effect, shown.text.as_str()), (None, "(partly-worked) よく眠れた"));
    }

    #[test]
    fn what_was_typed_comes_back_as_it_was() {
        for effect in api::Effect::ALL {
            let leftover = api::LeftoverView { amount: "12".into(), unit: "錠".into(), expected: Some("6".into()) };
            let draft = api::ObservationDraft {
                leftover: Some(leftover.clone()),
                effect: Some(effect),
                text: "ふらつき".into(),
            };
            let shown = observation(&observation_of("k".into(), "薬".into(), draft));
            assert_eq!((shown.leftover, shown.effect, shown.text.as_str()), (Some(leftover), Some(effect), "ふらつき"));
        }
    }
}
