//! The card: identity, what harms, what cannot wait, wishes.

use tendenko_app_api as api;
use tendenko_crdt::{
    Allergy, AllergyKind, Contact, Diagnosis, Identity, Item, Physician, Sex, SpecialNeed, SpecialNeedKind, Wishes,
    Written,
};

use super::people::Viewer;

/// Allergies and adverse reactions that hold, also those under discussion.
pub fn allergies(items: &[Item<Allergy>]) -> Vec<api::AllergyView> {
    items
        .iter()
        .filter_map(|item| Some(api::AllergyView { conflict: item.is_conflict(), ..allergy(&item.key, item.any()?) }))
        .collect()
}

/// One allergy or adverse reaction.
pub fn allergy(key: &str, allergy: &Allergy) -> api::AllergyView {
    api::AllergyView {
        key: key.to_owned(),
        substance: allergy.substance.clone(),
        kind: match allergy.kind {
            AllergyKind::AdverseReaction => api::AllergyKind::AdverseReaction,
            // Whatever a newer version calls it, it is something to keep away from.
            AllergyKind::Allergy | AllergyKind::Other(_) => api::AllergyKind::Allergy,
        },
        reaction: allergy.reaction.clone(),
        severity: allergy.severity.clone(),
        noted: allergy.noted.clone(),
        conflict: false,
    }
}

/// The kind of an allergy for the record.
pub fn allergy_kind_of(kind: api::AllergyKind) -> AllergyKind {
    match kind {
        api::AllergyKind::Allergy => AllergyKind::Allergy,
        api::AllergyKind::AdverseReaction => AllergyKind::AdverseReaction,
    }
}

/// What cannot wait.
pub fn special_needs(items: &[Item<SpecialNeed>]) -> Vec<api::SpecialNeedView> {
    items.iter().filter_map(Item::any).map(special_need).collect()
}

/// One special need. A kind without a word on the screen keeps its own.
pub fn special_need(need: &SpecialNeed) -> api::SpecialNeedView {
    let (kind, detail) = match &need.kind {
        SpecialNeedKind::Oxygen => (api::SpecialNeedKind::Oxygen, need.detail.clone()),
        SpecialNeedKind::Dialysis => (api::SpecialNeedKind::Dialysis, need.detail.clone()),
        SpecialNeedKind::Ventilator => (api::SpecialNeedKind::Ventilator, need.detail.clone()),
        SpecialNeedKind::Implant => (api::SpecialNeedKind::Implant, need.detail.clone()),
        SpecialNeedKind::Other(word) if word.is_empty() || word == "other" => {
            (api::SpecialNeedKind::Other, need.detail.clone())
        }
        SpecialNeedKind::Other(word) => {
            (api::SpecialNeedKind::Other, format!("{word} {}", need.detail).trim().to_owned())
        }
    };
    api::SpecialNeedView { kind, detail }
}

/// The kind of a special need for the record.
pub fn need_kind_of(kind: api::SpecialNeedKind) -> SpecialNeedKind {
    match kind {
        api::SpecialNeedKind::Oxygen => SpecialNeedKind::Oxygen,
        api::SpecialNeedKind::Dialysis => SpecialNeedKind::Dialysis,
        api::SpecialNeedKind::Ventilator => SpecialNeedKind::Ventilator,
        api::SpecialNeedKind::Implant => SpecialNeedKind::Implant,
        api::SpecialNeedKind::Other => SpecialNeedKind::Other("other".into()),
    }
}

/// Wishes with their author.
pub fn wishes(viewer: &Viewer, written: &Written<Wishes>) -> api::WishesView {
    let api::WishesDraft { dnar, text, decided_on, decided_with } = wishes_draft(&written.value);
    api::WishesView { dnar, text, decided_on, decided_with, written: viewer.written(written) }
}

/// Wishes without an author.
pub fn wishes_draft(wishes: &Wishes) -> api::WishesDraft {
    api::WishesDraft {
        dnar: wishes.dnar,
        text: wishes.text.clone(),
        decided_on: wishes.decided_on.clone(),
        decided_with: wishes.decided_with.clone(),
    }
}

/// Wishes for the record.
pub fn wishes_of(draft: api::WishesDraft) -> Wishes {
    Wishes {
        dnar: draft.dnar,
        text: draft.text,
        decided_on: draft.decided_on,
        decided_with: draft.decided_with,
        newer: Default::default(),
    }
}

/// Who the patient is.
pub fn identity(identity: &Identity) -> api::IdentityView {
    api::IdentityView {
        name: identity.name.clone(),
        kana: identity.kana.clone(),
        sex: sex(&identity.sex),
        birth_date: identity.birth_date.clone(),
        address: identity.address.clone(),
        phone: identity.phone.clone(),
    }
}

/// Somebody to call.
pub fn contact(contact: &Contact) -> api::ContactView {
    api::ContactView {
        name: contact.name.clone(),
        relation: contact.relation.clone(),
        phone: contact.phone.clone(),
        note: contact.note.clone(),
    }
}

/// A diagnosis.
pub fn diagnosis(diagnosis: &Diagnosis) -> api::DiagnosisView {
    api::DiagnosisView { name: diagnosis.name.clone(), since: diagnosis.since.clone() }
}

/// A primary physician.
pub fn physician(physician: &Physician) -> api::PhysicianView {
    api::PhysicianView {
        name: physician.name.clone(),
        facility: physician.facility.clone(),
        phone: physician.phone.clone(),
    }
}

/// Sex.
pub fn sex(sex: &Sex) -> api::Sex {
    match sex {
        Sex::Male => api::Sex::Male,
        Sex::Female => api::Sex::Female,
        Sex::Other => api::Sex::Other,
        Sex::Unknown | Sex::Unrecognised(_) => api::Sex::Unknown,
    }
}

/// Sex for the record. What a newer version calls it stays, where the screen could only show that it is not known.
pub fn sex_of(sex: api::Sex, before: Sex) -> Sex {
    match sex {
        api::Sex::Male => Sex::Male,
        api::Sex::Female => Sex::Female,
        api::Sex::Other => Sex::Other,
        api::Sex::Unknown => match before {
            unknown @ Sex::Unrecognised(_) => unknown,
            _ => Sex::Unknown,
        },
    }
}

/// Age on a day, where the birth date is known; both are ISO dates, the birth date possibly only its beginning.
pub fn age(birth_date: &str, today: &str) -> Option<u16> {
    let year = |date: &str| date.get(..4)?.parse::<u16>().ok();
    let years = year(today)?.checked_sub(year(birth_date)?)?;
    let had_birthday = birth_date.len() < 10 || birth_date.get(5..)? <= today.get(5..)?;
    if had_birthday { Some(years) } else { years.checked_sub(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_without_a_word_of_its_own_is_shown_by_its_detail() {
        let shown = |word: &str| {
            let kind = SpecialNeedKind::Other(word.to_owned());
            special_need(&SpecialNeed { kind, detail: "胃ろう".to_owned(), newer: Default::default() }).detail
        };
        assert_eq!([shown("other"), shown("経管栄養")], ["胃ろう", "経管栄養 胃ろう"]);
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(age("1937-03-03", "2026-03-02"), Some(88));
        assert_eq!(age("1937-03-03", "2026-03-03"), Some(89));
        assert_eq!(age("1937", "2026-03-03"), Some(89));
        assert_eq!(age("2027-01-01", "2026-03-03"), None);
        assert_eq!(age("", "2026-03-03"), None);
    }
}
