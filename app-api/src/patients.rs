//! 患者: finding one, and the card: what must be known at the door.

use crate::{IsoDate, MedicineView, Millis, PatientId, Sex, WrittenView};
use serde::{Deserialize, Serialize};

/// Finds patients of my facility's charts as the query is typed. An empty query gives the recent ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPatients {
    /// Kana in any form, romaji, kanji, birth date in any form, room, number, address.
    pub query: String,
    /// At most so many rows.
    pub limit: u16,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientList {
    /// Best match first.
    pub rows: Vec<PatientRow>,
    /// How many matched in all.
    pub total: u32,
    /// True when the rows are the recent ones, because nothing was asked.
    pub recent: bool,
}

/// A patient, named so that nobody is mistaken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientName {
    /// Identifier.
    pub id: PatientId,
    /// Name as written.
    pub name: String,
    /// Name in kana.
    pub kana: String,
    /// Age today, where the birth date is known.
    pub age: Option<u16>,
    /// Another patient on this tablet has the same name or the same kana (同姓同名注意).
    pub same_name: bool,
}

/// One row of a list of patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientRow {
    /// Who.
    pub patient: PatientName,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth_date: Option<IsoDate>,
    /// Address, to tell two people apart.
    pub address: String,
    /// Number of allergies and adverse reactions.
    pub allergies: u16,
    /// What cannot wait.
    pub special_needs: Vec<SpecialNeedView>,
    /// Do not attempt resuscitation is among the wishes.
    pub dnar: bool,
    /// Conflicts waiting.
    pub conflicts: u16,
    /// Entries by others that I have not seen.
    pub unread: u16,
    /// Hand-overs to me that I have not seen; also counted in `unread`.
    pub unread_hand_overs: u16,
    /// Earlier records are still on their way to this tablet.
    pub incomplete: bool,
}

/// Asks for the header that never scrolls away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPatientHeader {
    /// Whose.
    pub patient: PatientId,
}

/// The header of a patient's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientHeader {
    /// Who, with marks.
    pub row: PatientRow,
    /// Allergies and adverse reactions, as words.
    pub allergies: Vec<AllergyView>,
    /// Wishes; none = nobody wrote any down.
    pub wishes: Option<WishesView>,
    /// Two versions of the wishes wait for a decision: show that instead of one of them.
    pub wishes_conflict: bool,
    /// Last moment this tablet was up to date with the relay; none = never.
    pub as_of: Option<Millis>,
    /// False when this tablet may read only the card.
    pub chart: bool,
}

/// An allergy or an adverse reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllergyView {
    /// Names it in later commands; empty in a proposal.
    pub key: String,
    /// To what: `ペニシリン系`.
    pub substance: String,
    /// Which of the two.
    pub kind: AllergyKind,
    /// What happened: `発疹`.
    pub reaction: Option<String>,
    /// How bad, in the writer's words.
    pub severity: Option<String>,
    /// Since when it is known, as written.
    pub noted: Option<String>,
    /// Somebody removed it while somebody else confirmed it: both are in the conflicts.
    pub conflict: bool,
}

/// An allergy, or a harm that a medicine did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllergyKind {
    /// アレルギー
    Allergy,
    /// 副作用
    AdverseReaction,
}

/// Something that cannot wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialNeedView {
    /// Which.
    pub kind: SpecialNeedKind,
    /// Details: `2 L/分 鼻カニューレ`.
    pub detail: String,
}

/// What cannot wait in a disaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpecialNeedKind {
    /// 在宅酸素
    Oxygen,
    /// 透析
    Dialysis,
    /// 人工呼吸器
    Ventilator,
    /// ペースメーカー etc.
    Implant,
    /// Anything else; the detail says what.
    Other,
}

/// A person's wishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishesView {
    /// Do not attempt resuscitation.
    pub dnar: bool,
    /// In words.
    pub text: String,
    /// When they were decided.
    pub decided_on: Option<IsoDate>,
    /// Who took part in deciding.
    pub decided_with: Option<String>,
    /// Who wrote them down.
    pub written: WrittenView,
}

/// Asks for the whole card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCard {
    /// Whose.
    pub patient: PatientId,
}

/// The card on one page: what an evacuation site needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPage {
    /// Identity, allergies, wishes, special needs, data time.
    pub header: PatientHeader,
    /// Postal code, where known.
    pub postal_code: Option<String>,
    /// The patient's own telephone.
    pub phone: Option<String>,
    /// Blood type as written.
    pub blood_type: Option<String>,
    /// Emergency contacts.
    pub contacts: Vec<ContactView>,
    /// Diagnoses.
    pub diagnoses: Vec<DiagnosisView>,
    /// Current medicines.
    pub medicines: Vec<MedicineView>,
    /// The last day something was dispensed.
    pub last_dispensed: Option<IsoDate>,
    /// Primary physician.
    pub physician: Option<PhysicianView>,
    /// Numbers at facilities.
    pub numbers: Vec<LocalNumberView>,
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// Their name.
    pub name: String,
    /// Who they are to the patient.
    pub relation: String,
    /// Their telephone.
    pub phone: String,
    /// Anything to know before calling.
    pub note: String,
}

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosisView {
    /// As written.
    pub name: String,
    /// Since when, as written.
    pub since: Option<String>,
}

/// A primary physician.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicianView {
    /// Their name.
    pub name: String,
    /// Where.
    pub facility: String,
    /// Their telephone.
    pub phone: String,
}

/// The number a facility knows the patient by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalNumberView {
    /// Which facility.
    pub facility: String,
    /// Its number.
    pub number: String,
}

/// Adds an allergy or an adverse reaction. Adding the same again changes nothing. Errors: `field-required`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAllergy {
    /// Whose.
    pub patient: PatientId,
    /// To what.
    pub substance: String,
    /// Which of the two.
    pub kind: AllergyKind,
    /// What happened.
    pub reaction: Option<String>,
    /// How bad.
    pub severity: Option<String>,
}

/// Removes one that was wrong. Errors: `reason-required`, `no-such-entry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveAllergy {
    /// Whose.
    pub patient: PatientId,
    /// [`AllergyView::key`].
    pub key: String,
    /// Why it was wrong.
    pub reason: String,
}

/// Writes the wishes down. Errors: `reason-required`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetWishes {
    /// Whose.
    pub patient: PatientId,
    /// The wishes.
    pub wishes: WishesDraft,
    /// Why they are written now.
    pub reason: String,
}

/// Wishes as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishesDraft {
    /// Do not attempt resuscitation.
    pub dnar: bool,
    /// In words.
    pub text: String,
    /// When they were decided.
    pub decided_on: Option<IsoDate>,
    /// Who took part.
    pub decided_with: Option<String>,
}
