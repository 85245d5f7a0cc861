//! The content of a notebook, record by record, as typed values that keep the printed text.

use super::codes::{
    Creator, DosageForm, DrugCodeKind, GeneralCodeKind, InformationKind, IngredientCodeKind, NotebookSex, Origin,
    RemarkKind, ScoreTable, UsageCodeKind,
};
use super::value::{Amount, NotebookDate};

/// The number in the header: `JAHISTC08` is 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u8);

impl Version {
    /// The newest edition (Ver.2.5 and 2.6).
    pub const NEWEST: Self = Self(8);

    /// The edition this number stands for; `None` when it is not known.
    pub fn edition(self) -> Option<&'static str> {
        match self.0 {
            1 => Some("1.0"),
            2 => Some("1.1"),
            3 => Some("2.0"),
            4 => Some("2.1"),
            5 => Some("2.2"),
            6 => Some("2.3"),
            7 => Some("2.4"),
            8 => Some("2.5/2.6"),
            _ => None,
        }
    }
}

/// What a notebook says, without where it said it. This is what [`write`](super::write) takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotebookDraft {
    /// Who hands it to whom.
    pub origin: Origin,
    /// Record 1.
    pub patient: Option<Patient>,
    /// Records 2.
    pub remarks: Vec<PatientRemark>,
    /// Records 3 with their 31.
    pub otc: Vec<OtcMedicine>,
    /// Records 4.
    pub memos: Vec<Memo>,
    /// Records 5 to 601, newest first as a rule.
    pub dispensings: Vec<DispensingGroup>,
    /// Records 701.
    pub family_pharmacists: Vec<FamilyPharmacist>,
    /// Record 911.
    pub split: Option<Split>,
}

/// Record 1: the patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patient {
    /// Name.
    pub name: String,
    /// Sex.
    pub sex: NotebookSex,
    /// Birth date.
    pub birth_date: NotebookDate,
    /// Postal code.
    pub postal_code: String,
    /// Address.
    pub address: String,
    /// Phone.
    pub phone: String,
    /// Emergency contact, free text.
    pub emergency_contact: String,
    /// Blood type, free text.
    pub blood_type: String,
    /// Weight in kg.
    pub weight: Amount,
    /// Name in kana.
    pub kana: String,
}

/// Record 2: allergy, side effect, past illness or other remark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientRemark {
    /// What it is about.
    pub kind: RemarkKind,
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 3: a medicine bought without prescription, with its ingredients (records 31).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtcMedicine {
    /// Name of the product.
    pub name: String,
    /// First day taken.
    pub start: NotebookDate,
    /// Last day taken.
    pub end: NotebookDate,
    /// Who wrote it.
    pub creator: Creator,
    /// The number its ingredients name.
    pub sequence: String,
    /// JAN code of the package.
    pub jan: String,
    /// Ingredients.
    pub ingredients: Vec<Ingredient>,
}

/// Record 31: an ingredient of an OTC medicine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingredient {
    /// Name.
    pub name: String,
    /// The master of the code.
    pub code_kind: IngredientCodeKind,
    /// Code.
    pub code: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 4: a memo in the notebook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memo {
    /// The text.
    pub text: String,
    /// Its date.
    pub date: NotebookDate,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 5 with all that belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DispensingGroup {
    /// Day of dispensing.
    pub date: NotebookDate,
    /// Who wrote record 5.
    pub creator: Creator,
    /// Record 11: who dispensed.
    pub institution: Option<Institution>,
    /// Record 15.
    pub dispenser: Option<Dispenser>,
    /// Record 51: who prescribed. A hospital that dispenses itself leaves it out.
    pub prescriber: Option<Institution>,
    /// The groups of drugs that share a usage.
    pub prescriptions: Vec<PrescriptionGroup>,
    /// Records 401.
    pub cautions: Vec<Remark>,
    /// Records 411.
    pub information: Vec<Information>,
    /// Records 421.
    pub leftovers: Vec<Remark>,
    /// Records 501.
    pub remarks: Vec<Remark>,
    /// Records 601.
    pub patient_entries: Vec<PatientEntry>,
}

/// Records 11 and 51: an institution. Record 51 has no postal code, address and phone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Institution {
    /// Name.
    pub name: String,
    /// Prefecture, two digits.
    pub prefecture: String,
    /// Score table.
    pub score_table: ScoreTable,
    /// Seven digits, leading zeros count.
    pub code: String,
    /// Postal code.
    pub postal_code: String,
    /// Address.
    pub address: String,
    /// Phone.
    pub phone: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 15: the doctor or pharmacist who dispensed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dispenser {
    /// Name.
    pub name: String,
    /// Contact.
    pub contact: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 55: the doctor who prescribed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doctor {
    /// Name.
    pub name: String,
    /// Department.
    pub department: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// An RP: drugs (201) that share one usage (301).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrescriptionGroup {
    /// RP number; starts again at 1 in every dispensing.
    pub number: u16,
    /// The doctor named last before it.
    pub doctor: Option<Doctor>,
    /// Drugs.
    pub drugs: Vec<DrugLine>,
    /// How to take them. Absent only in damaged texts.
    pub usage: Option<Usage>,
    /// Further usages that contradict the first: nobody knows which one is right.
    pub other_usages: Vec<Usage>,
    /// Records 311.
    pub supplements: Vec<Remark>,
    /// Records 391.
    pub cautions: Vec<Remark>,
}

/// Record 201 with its supplements and cautions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrugLine {
    /// Name of the product.
    pub name: String,
    /// Amount; what it is an amount of is decided by the form in the group's usage.
    pub amount: Amount,
    /// Unit.
    pub unit: String,
    /// The master of the code.
    pub code_kind: DrugCodeKind,
    /// Code.
    pub code: String,
    /// Who wrote it.
    pub creator: Creator,
    /// General name.
    pub general_name: String,
    /// The master of the general-name code.
    pub general_code_kind: GeneralCodeKind,
    /// General-name code.
    pub general_code: String,
    /// Records 281.
    pub supplements: Vec<Remark>,
    /// Records 291.
    pub cautions: Vec<Remark>,
}

/// Record 301: how the drugs of a group are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Usage in words.
    pub text: String,
    /// Days, doses, or 1, depending on the form.
    pub quantity: Amount,
    /// Unit of the quantity, e.g. 日分.
    pub unit: String,
    /// Dosage form.
    pub form: DosageForm,
    /// The master of the usage code.
    pub code_kind: UsageCodeKind,
    /// Usage code.
    pub code: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// A text with its writer (records 281, 291, 311, 391, 401, 421, 501).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remark {
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 411: information from the institution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Information {
    /// The text.
    pub text: String,
    /// What kind.
    pub kind: InformationKind,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 601: what the patient wrote about this dispensing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientEntry {
    /// The text.
    pub text: String,
    /// Its date.
    pub date: NotebookDate,
}

/// Record 701: family pharmacist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FamilyPharmacist {
    /// Name.
    pub name: String,
    /// Pharmacy.
    pub pharmacy: String,
    /// Contact.
    pub contact: String,
    /// First day.
    pub start: NotebookDate,
    /// Last day.
    pub end: NotebookDate,
    /// Who wrote it.
    pub creator: Creator,
}

/// Record 911: this text is one part of several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Shared by all parts: 14 digits.
    pub id: String,
    /// How many parts there are.
    pub parts: u16,
    /// Which one this is, first is 1.
    pub part: u16,
}

impl PrescriptionGroup {
    /// Whether drugs and usage are complete and readable, so that they may be taken over. Anything else would be half a
    /// prescription.
    pub fn is_usable(&self) -> bool {
        let readable = |text: &String| !text.contains('\u{FFFD}');
        let usage = self
            .usage
            .as_ref()
            .is_some_and(|usage| [&usage.text, &usage.quantity.text, &usage.unit].into_iter().all(readable));
        usage
            // Groups without a number of their own cannot be told apart.
            && self.number != 0
            && self.other_usages.is_empty()
            && !self.drugs.is_empty()
            && self.drugs.iter().all(|drug| {
                !drug.name.is_empty()
                    && [&drug.name, &drug.amount.text, &drug.unit, &drug.code].into_iter().all(readable)
            })
    }
}
