//! Is the notebook this patient's?

use tendenko_crdt::{CardView, Identity, Sex};

use crate::fold::{fold_kana, fold_name};
use crate::notebook::codes::NotebookSex;
use crate::notebook::model::Patient;

/// The result of comparing the patient in a notebook with a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Name and birth date agree, and nothing disagrees.
    Same,
    /// Something disagrees: probably somebody else's notebook.
    Different {
        /// What disagrees.
        differences: Vec<Difference>,
    },
    /// Nothing disagrees, but these could not be compared because one side is empty.
    NotEnough {
        /// What could not be compared.
        missing: Vec<IdentityField>,
    },
}

/// One field that disagrees, both sides as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: IdentityField,
    /// What the card says.
    pub card: String,
    /// What the notebook says.
    pub notebook: String,
}

/// A field of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityField {
    /// 氏名
    Name,
    /// カナ
    Kana,
    /// 生年月日
    BirthDate,
    /// 性別
    Sex,
}

impl IdentityField {
    /// The Japanese name.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::Name => "氏名",
            Self::Kana => "カナ",
            Self::BirthDate => "生年月日",
            Self::Sex => "性別",
        }
    }

    /// The English name.
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kana => "kana",
            Self::BirthDate => "birth date",
            Self::Sex => "sex",
        }
    }
}

/// Compares with every value the card's identity has: while two stand side by side, agreeing with one is enough.
pub(super) fn compare(patient: Option<&Patient>, card: &CardView) -> Match {
    let nothing = Match::NotEnough { missing: vec![IdentityField::Name, IdentityField::BirthDate] };
    let Some(patient) = patient else {
        return nothing;
    };
    card.identity
        .values
        .iter()
        .map(|written| compare_one(patient, &written.value))
        .min_by_key(|found| match found {
            Match::Same => 0,
            Match::NotEnough { missing } => missing.len(),
            Match::Different { differences } => 100 + differences.len(),
        })
        .unwrap_or(nothing)
}

fn compare_one(patient: &Patient, identity: &Identity) -> Match {
    let mut missing = Vec::new();
    let mut differences = Vec::new();
    let mut compare = |field, card: &str, notebook: &str, same: bool| {
        if card.is_empty() || notebook.is_empty() {
            if matches!(field, IdentityField::Name | IdentityField::BirthDate) {
                missing.push(field);
            }
        } else if !same {
            differences.push(Difference { field, card: card.to_owned(), notebook: notebook.to_owned() });
        }
    };
    // Some systems print the kana where the name belongs.
    let same_name = fold_name(&identity.name) == fold_name(&patient.name)
        || (!identity.kana.is_empty() && fold_kana(&identity.kana) == fold_kana(&patient.name));
    compare(IdentityField::Name, &identity.name, &patient.name, same_name);
    let same_kana = fold_kana(&identity.kana) == fold_kana(&patient.kana);
    compare(IdentityField::Kana, &identity.kana, &patient.kana, same_kana);

    let card_date = identity.birth_date.as_deref().unwrap_or("");
    let notebook_date = patient.birth_date.iso().unwrap_or_default();
    // The card may know only the year, or year and month.
    let same_date = notebook_date.starts_with(card_date);
    compare(IdentityField::BirthDate, card_date, &notebook_date, same_date);

    let card_sex = match identity.sex {
        Sex::Male => "男",
        Sex::Female => "女",
        _ => "",
    };
    let notebook_sex = match patient.sex {
        NotebookSex::Male => "男",
        NotebookSex::Female => "女",
        NotebookSex::Unlisted(_) => "",
    };
    compare(IdentityField::Sex, card_sex, notebook_sex, card_sex == notebook_sex);

    if !differences.is_empty() {
        Match::Different { differences }
    } else if !missing.is_empty() {
        Match::NotEnough { missing }
    } else {
        Match::Same
    }
}
