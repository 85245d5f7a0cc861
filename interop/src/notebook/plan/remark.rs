//! Remarks about the patient (record 2): allergies, side effects, past illnesses.

use tendenko_crdt::{Allergy, AllergyKind, CardView, item_key};
use unicode_normalization::UnicodeNormalization;

use super::{PlannedRemark, filled};
use crate::fold::fold;
use crate::notebook::codes::{Creator, Origin, RemarkKind};
use crate::notebook::model::NotebookDraft;

/// What a remark would become.
#[derive(Debug, Clone, PartialEq)]
pub enum RemarkProposal {
    /// An allergy or adverse reaction on the card, under this key.
    Allergy {
        /// Its key.
        key: String,
        /// The value.
        allergy: Allergy,
    },
    /// An illness of the past: shown, for a person to enter as a diagnosis if it still matters.
    PastIllness(String),
    /// Any other remark: shown.
    Other(String),
    /// The remark says that there is nothing (なし). It takes nothing off the card.
    NothingKnown(AllergyKind),
}

/// Texts that say there is nothing. Compared folded.
const NOTHING: [&str; 14] = [
    "なし",
    "無し",
    "無",
    "ナシ",
    "特になし",
    "特に無し",
    "特記なし",
    "特記事項なし",
    "アレルギーなし",
    "アレルギー無し",
    "アレルギー歴なし",
    "副作用なし",
    "副作用無し",
    "副作用歴なし",
];

pub(super) fn plan(content: &NotebookDraft, card: &CardView) -> Vec<PlannedRemark> {
    let mut planned: Vec<PlannedRemark> = Vec::new();
    for remark in &content.remarks {
        if remark.text.contains('\u{FFFD}') {
            continue;
        }
        let proposal = match remark.kind {
            RemarkKind::Allergy => allergy(&remark.text, AllergyKind::Allergy),
            RemarkKind::SideEffect => allergy(&remark.text, AllergyKind::AdverseReaction),
            RemarkKind::PastIllness => RemarkProposal::PastIllness(remark.text.clone()),
            RemarkKind::Other | RemarkKind::Unlisted(_) => RemarkProposal::Other(remark.text.clone()),
        };
        if planned.iter().any(|earlier| earlier.proposal == proposal) {
            continue;
        }
        let already_there = match &proposal {
            RemarkProposal::Allergy { key, .. } => card.allergies.iter().any(|item| item.key == *key),
            RemarkProposal::PastIllness(text) => {
                card.diagnoses.iter().any(|item| item.key == item_key::normalised(text))
            }
            RemarkProposal::Other(_) | RemarkProposal::NothingKnown(_) => false,
        };
        planned.push(PlannedRemark {
            proposal,
            already_there,
            patient_origin: content.origin == Origin::FromPatient || remark.creator == Creator::PatientSide,
        });
    }
    planned
}

fn allergy(text: &str, kind: AllergyKind) -> RemarkProposal {
    if NOTHING.contains(&fold(text).trim_end_matches('。')) {
        return RemarkProposal::NothingKnown(kind);
    }
    let (substance, reaction) = split_reaction(text);
    let allergy = Allergy { substance, kind, reaction, ..Allergy::default() };
    RemarkProposal::Allergy { key: item_key::allergy(&allergy), allergy }
}

/// `セフェム系（発熱）` is a substance and what it did. Anything less plain stays one text.
pub(crate) fn split_reaction(text: &str) -> (String, Option<String>) {
    let bracket = |c: char| matches!(c, '（' | '(');
    let inner =
        text.strip_suffix(['）', ')']).and_then(|rest| rest.split_once(bracket)).filter(|(substance, reaction)| {
            let plain = |part: &str| !part.trim().is_empty() && !part.nfkc().any(|c| matches!(c, '(' | ')'));
            plain(substance) && plain(reaction)
        });
    match inner {
        Some((substance, reaction)) => (substance.trim().to_owned(), filled(reaction.trim())),
        None => (text.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_substance() {
        for text in ["なし", "特になし。", "ﾅｼ", "アレルギーなし"] {
            assert!(matches!(allergy(text, AllergyKind::Allergy), RemarkProposal::NothingKnown(_)), "{text}");
        }
        assert!(matches!(allergy("なし（梨）", AllergyKind::Allergy), RemarkProposal::Allergy { .. }));
    }

    #[test]
    fn a_reaction_in_brackets_is_taken_apart() {
        assert_eq!(split_reaction("セフェム系（発熱）"), ("セフェム系".into(), Some("発熱".into())));
        assert_eq!(split_reaction("サバ(蕁麻疹)"), ("サバ".into(), Some("蕁麻疹".into())));
        assert_eq!(split_reaction("A（B（C））"), ("A（B（C））".into(), None));
        assert_eq!(split_reaction("（発疹）"), ("（発疹）".into(), None));
    }
}
