//! Registering a patient, and changing the card in one place.

use crate::{ContactView, DiagnosisView, LocalNumberView, PatientId, PhysicianView, Sex, SpecialNeedView};
use serde::{Deserialize, Serialize};

/// Registers a patient. Errors: `field-required` (`name`, `kana`), `birth-date-unreadable`, `maybe-same-patient` (`patient`: their id),
/// `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterPatient {
    /// Who it is.
    pub identity: IdentityDraft,
    /// The person at work has looked: it is not the one who is here with the same name and birth date.
    pub is_another: bool,
}

/// A patient was registered: durable on this tablet before the answer was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Whom.
    pub patient: PatientId,
}

/// Who a patient is, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityDraft {
    /// 氏名
    pub name: String,
    /// 氏名カナ
    pub kana: String,
    /// 性別
    pub sex: Sex,
    /// 生年月日 in any form: `S12.3.3`, `昭和12年3月3日`, `1937/3/3`; empty = not known.
    pub birth_date: String,
    /// 郵便番号
    pub postal_code: String,
    /// 住所
    pub address: String,
    /// 電話
    pub phone: String,
    /// 血液型, as stated.
    pub blood_type: String,
    /// Numbers at facilities.
    pub numbers: Vec<LocalNumberView>,
}

impl Default for IdentityDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            kana: String::new(),
            sex: Sex::Unknown,
            birth_date: String::new(),
            postal_code: String::new(),
            address: String::new(),
            phone: String::new(),
            blood_type: String::new(),
            numbers: Vec::new(),
        }
    }
}

/// Asks what can be changed on a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCardDraft {
    /// Whose.
    pub patient: PatientId,
}

/// What can be changed on a card, with the keys under which things stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDraft {
    /// Who it is.
    pub identity: IdentityDraft,
    /// 緊急連絡先
    pub contacts: Vec<Keyed<ContactView>>,
    /// 傷病名
    pub diagnoses: Vec<Keyed<DiagnosisView>>,
    /// 特別な対応
    pub needs: Vec<Keyed<SpecialNeedView>>,
    /// かかりつけ医
    pub physician: Option<PhysicianView>,
}

/// Something on a card, and its key there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyed<T> {
    /// Its key.
    pub key: String,
    /// What it is.
    pub value: T,
}

/// Changes a card, in one durable step. Errors: `field-required`, `birth-date-unreadable`, `disk-full`, `save-failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCard {
    /// Whose.
    pub patient: PatientId,
    /// What.
    pub change: CardChange,
}

/// A change of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardChange {
    /// Who it is.
    Identity(IdentityDraft),
    /// 緊急連絡先
    Contact(ItemChange<ContactView>),
    /// 傷病名
    Diagnosis(ItemChange<DiagnosisView>),
    /// 特別な対応
    Need(ItemChange<SpecialNeedView>),
    /// かかりつけ医
    Physician(PhysicianView),
}

/// One thing of several: added (`was` none), changed, or taken away (`now` none).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemChange<T> {
    /// The key of what it was.
    pub was: Option<String>,
    /// What it is now.
    pub now: Option<T>,
}
