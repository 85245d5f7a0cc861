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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_is_shown_with_the_basis_that_it_has() {
        use api::BasisPlace::*;
        let said = || "2171022".to_owned();
        for (basis, place) in [
            (Basis::WordsInName(said()), WordsInName),
            (Basis::WordsInGeneralName(said()), WordsInGeneralName),
            (Basis::ProductCode(said()), ProductCode),
            (Basis::ProductName(said()), ProductName),
            (Basis::GeneralCode(said()), GeneralCode),
            (Basis::GeneralName(said()), GeneralName),
            (Basis::IngredientCode(said()), IngredientCode),
        ] {
            let shown = warning(Warning { kind: WarningKind::SameIngredient, other: "ノルバスク".into(), basis });
            assert_eq!((shown.kind, shown.other.as_str()), (api::WarningKind::SameIngredient, "ノルバスク"));
            assert_eq!((shown.basis.place, shown.basis.shared), (place, said()));
        }
    }
}
