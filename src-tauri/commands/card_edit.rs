//! Registering a patient, and changing the card.

use tendenko_app_api::{self as api, ApiError, ErrorCode};
use tendenko_crdt::{
    Card, Contact, Diagnosis, DocumentError, Identity, Item, LocalNumber, Physician, SpecialNeed, Stamp, item_key,
};
use tendenko_replica::SaveError;
use tendenko_replica::search::{fold, parse_birth_date};

use super::patients::card_of;
use super::{Answer, patient};
use crate::error::{field_required, reading, saving};
use crate::tablet::Desk;
use crate::views::card::{self as views, need_kind_of, sex_of};
use crate::views::people::millis;

pub fn register(desk: &Desk, args: api::RegisterPatient) -> Answer<api::RegisterPatient> {
    let identity = identity_of(args.identity, Identity::default())?;
    if !args.is_another
        && let Some(known) = somebody_like(desk, &identity)?
    {
        return Err(ApiError::new(ErrorCode::MaybeSamePatient).with("patient", known));
    }
    let patient = desk.replica.create_patient(identity).map_err(|error| saving(&error))?;
    Ok(api::Registered { patient: api::PatientId(patient.to_string()) })
}

/// Somebody on this tablet with the same kana and birth date.
fn somebody_like(desk: &Desk, identity: &Identity) -> Result<Option<String>, ApiError> {
    let patients = desk.replica.patients().map_err(|error| reading(&error))?;
    let kana = fold(&identity.kana);
    let alike = patients.iter().find(|known| fold(&known.kana) == kana && known.birth_date == identity.birth_date);
    Ok(alike.map(|known| known.patient.to_string()))
}

pub fn draft(desk: &Desk, args: api::GetCardDraft) -> Answer<api::GetCardDraft> {
    let card = card_of(desk, patient(&args.patient)?)?;
    let identity = card.identity.any().map(|written| written.value.clone()).unwrap_or_default();
    Ok(api::CardDraft {
        identity: api::IdentityDraft {
            name: identity.name,
            kana: identity.kana,
            sex: views::sex(&identity.sex),
            birth_date: identity.birth_date.unwrap_or_default(),
            postal_code: identity.postal_code,
            address: identity.address,
            phone: identity.phone,
            blood_type: identity.blood_type.unwrap_or_default(),
            numbers: identity
                .numbers
                .into_iter()
                .map(|number| api::LocalNumberView { facility: number.facility, number: number.number })
                .collect(),
        },
        contacts: keyed(&card.contacts, views::contact),
        diagnoses: keyed(&card.diagnoses, views::diagnosis),
        needs: keyed(&card.special_needs, views::special_need),
        physician: card.primary_physician.any().map(|written| views::physician(&written.value)),
    })
}

fn keyed<T, V>(items: &[Item<T>], view: impl Fn(&T) -> V) -> Vec<api::Keyed<V>> {
    items.iter().filter_map(|item| Some(api::Keyed { key: item.key.clone(), value: view(item.any()?) })).collect()
}

pub fn change(desk: &Desk, args: api::ChangeCard) -> Answer<api::ChangeCard> {
    let patient = patient(&args.patient)?;
    let write = writing(desk, patient, args.change)?;
    let saved = desk.replica.edit(patient, |edit| {
        let stamp = edit.stamp();
        write(edit.card()?, &stamp)?;
        Ok(api::Saved { entry: None, at: millis(stamp.at) })
    });
    saved.map_err(|error| saving(&error))
}

type Write = Box<dyn FnOnce(&mut Card, &Stamp) -> Result<(), SaveError>>;

/// What a change does to the card, once everything about it is known to be in order.
fn writing(
    desk: &Desk,
    patient: tendenko_protocol::ids::PatientId,
    change: api::CardChange,
) -> Result<Write, ApiError> {
    Ok(match change {
        api::CardChange::Identity(draft) => {
            let card = card_of(desk, patient)?;
            // What this form does not show stays.
            let before = card.identity.any().map(|written| written.value.clone()).unwrap_or_default();
            let identity = identity_of(draft, before)?;
            Box::new(move |card, stamp| Ok(card.set_identity(identity, stamp, None).map(drop)?))
        }
        api::CardChange::Contact(change) => {
            let now = change.now.map(contact_of).transpose()?;
            replacing(change.was, now, item_key::contact, Card::remove_contact, Card::add_contact)
        }
        api::CardChange::Diagnosis(change) => {
            let now = change.now.map(diagnosis_of).transpose()?;
            replacing(change.was, now, item_key::diagnosis, Card::remove_diagnosis, Card::add_diagnosis)
        }
        api::CardChange::Need(change) => {
            let now = change.now.map(need_of).transpose()?;
            replacing(change.was, now, item_key::special_need, Card::remove_special_need, Card::add_special_need)
        }
        api::CardChange::Physician(physician) => {
            let physician = Physician {
                name: required(physician.name, "name")?,
                facility: tidy(physician.facility),
                phone: tidy(physician.phone),
                newer: Default::default(),
            };
            Box::new(move |card, stamp| Ok(card.set_primary_physician(physician, stamp, None).map(drop)?))
        }
    })
}

type Remove = fn(&mut Card, &str, &Stamp, Option<&str>) -> Result<bool, DocumentError>;
type Put<T> = fn(&mut Card, &str, T, &Stamp, Option<&str>) -> Result<bool, DocumentError>;

/// One of several is added, changed, or taken away. What has another key now leaves its old one.
fn replacing<T: 'static>(
    was: Option<String>,
    now: Option<T>,
    key: fn(&T) -> String,
    remove: Remove,
    put: Put<T>,
) -> Write {
    Box::new(move |card, stamp| {
        let key = now.as_ref().map(key);
        if let Some(was) = was.filter(|was| key.as_ref() != Some(was)) {
            remove(card, &was, stamp, None)?;
        }
        if let Some((now, key)) = now.zip(key) {
            put(card, &key, now, stamp, None)?;
        }
        Ok(())
    })
}

fn identity_of(draft: api::IdentityDraft, before: Identity) -> Result<Identity, ApiError> {
    let birth_date = match draft.birth_date.trim() {
        "" => None,
        // One of which no more is known than its beginning stays as it is.
        typed if before.birth_date.as_deref() == Some(typed) => before.birth_date,
        typed => Some(parse_birth_date(typed).ok_or_else(|| ApiError::new(ErrorCode::BirthDateUnreadable))?),
    };
    let number = |number: api::LocalNumberView| LocalNumber {
        facility: tidy(number.facility),
        number: tidy(number.number),
        newer: Default::default(),
    };
    Ok(Identity {
        name: required(draft.name, "name")?,
        kana: required(draft.kana, "kana")?,
        sex: sex_of(draft.sex, before.sex),
        birth_date,
        postal_code: tidy(draft.postal_code),
        address: tidy(draft.address),
        phone: tidy(draft.phone),
        blood_type: Some(tidy(draft.blood_type)).filter(|text| !text.is_empty()),
        numbers: draft.numbers.into_iter().map(number).filter(|number| !number.number.is_empty()).collect(),
        newer: before.newer,
    })
}

fn contact_of(contact: api::ContactView) -> Result<Contact, ApiError> {
    Ok(Contact {
        name: required(contact.name, "name")?,
        relation: tidy(contact.relation),
        phone: tidy(contact.phone),
        note: tidy(contact.note),
        newer: Default::default(),
    })
}

fn diagnosis_of(diagnosis: api::DiagnosisView) -> Result<Diagnosis, ApiError> {
    let since = diagnosis.since.map(tidy).filter(|since| !since.is_empty());
    Ok(Diagnosis { name: required(diagnosis.name, "diagnosis")?, code: None, since, newer: Default::default() })
}

fn need_of(need: api::SpecialNeedView) -> Result<SpecialNeed, ApiError> {
    Ok(SpecialNeed {
        kind: need_kind_of(need.kind),
        detail: required(need.detail, "detail")?,
        newer: Default::default(),
    })
}

fn tidy(text: String) -> String {
    text.trim().to_owned()
}

fn required(text: String, field: &str) -> Result<String, ApiError> {
    match text.trim() {
        "" => Err(field_required(field)),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(birth_date: &str) -> api::IdentityDraft {
        api::IdentityDraft {
            name: " 山田 花子 ".into(),
            kana: "ヤマダ ハナコ".into(),
            birth_date: birth_date.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_birth_date_is_read_in_any_form_and_never_guessed() {
        let read = |birth: &str| identity_of(typed(birth), Identity::default()).map(|identity| identity.birth_date);
        assert_eq!(read("S12.3.3"), Ok(Some("1937-03-03".into())));
        assert_eq!(read(" "), Ok(None));
        assert_eq!(read("きのう").unwrap_err().code, ErrorCode::BirthDateUnreadable);
        // Only the year is known, and stays so.
        let before = Identity { birth_date: Some("1937".into()), ..Identity::default() };
        assert_eq!(identity_of(typed("1937"), before).unwrap().birth_date, Some("1937".into()));
    }

    #[test]
    fn a_name_and_its_kana_are_needed() {
        assert_eq!(identity_of(typed(""), Identity::default()).unwrap().name, "山田 花子");
        let nameless = api::IdentityDraft { name: " ".into(), ..typed("") };
        assert_eq!(identity_of(nameless, Identity::default()).unwrap_err().params["field"], "name");
        let silent = api::IdentityDraft { kana: String::new(), ..typed("") };
        assert_eq!(identity_of(silent, Identity::default()).unwrap_err().params["field"], "kana");
    }
}
