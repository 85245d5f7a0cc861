//! What the record says against a medicine.

use tendenko_app_api as api;
use tendenko_crdt::{Allergy, CardView};
use tendenko_interop::warnings::{Basis, Listed, Warning, WarningKind, warnings};

/// The allergies and adverse reactions of a card, every version of those under discussion.
pub fn allergies(card: &CardView) -> Vec<&Allergy> {
    card.allergies.iter().flat_map(|item| item.present().map(|(allergy, _)| allergy)).collect()
}

/// What stands against one medicine beside the others, the gravest first.
pub fn against(one: Listed<'_>, allergies: &[&Allergy], others: &[Listed<'_>]) -> Vec<api::WarningView> {
    warnings(one, allergies.iter().copied(), others).into_iter().map(warning).collect()
}

fn warning(warning: Warning) -> api::WarningView {
    let (place, shared) = match warning.basis {
        Basis::WordsInName(words) => (api::BasisPlace::WordsInName, words),
        Basis::WordsInGeneralName(words) => (api::BasisPlace::WordsInGeneralName, words),
        Basis::ProductCode(code) => (api::BasisPlace::ProductCode, code),
        Basis::ProductName(name) => (api::BasisPlace::ProductName, name),
        Basis::GeneralCode(code) => (api::BasisPlace::GeneralCode, code),
        Basis::GeneralName(name) => (api::BasisPlace::GeneralName, name),
        Basis::IngredientCode(code) => (api::BasisPlace::IngredientCode, code),
    };
    api::WarningView {
        kind: match warning.kind {
            WarningKind::Allergy => api::WarningKind::Allergy,
            WarningKind::AdverseReaction => api::WarningKind::AdverseReaction,
            WarningKind::SameProduct => api::WarningKind::SameProduct,
            WarningKind::SameIngredient => api::WarningKind::SameIngredient,
        },
        other: warning.other,
        basis: api::WarningBasis { place, shared },
    }
}
