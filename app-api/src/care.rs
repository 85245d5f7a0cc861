//! Care given, as codes that every language of the screen has words for.

use crate::Profession;

/// Every code. What is not one of these in [`crate::VisitView::care`] is shown as it was written.
pub const CARE_CODES: &[&str] = &[
    "observation",
    "medication-check",
    "medication-set",
    "wound-care",
    "excretion",
    "bed-bath",
    "bathing",
    "oral-care",
    "meal",
    "fluids",
    "transfer",
    "rehabilitation",
    "suction",
    "oxygen-check",
    "catheter",
    "stoma",
    "tube-feeding",
    "injection",
    "foot-care",
    "cleaning",
    "shopping",
    "family-support",
    "side-effect-check",
    "leftover-count",
    "nutrition",
    "consultation",
];

/// The chips a profession is offered first, in order. All others stay one tap away.
pub fn care_for(profession: &Profession) -> &'static [&'static str] {
    match profession {
        Profession::Nurse => &[
            "observation",
            "medication-check",
            "medication-set",
            "wound-care",
            "excretion",
            "bed-bath",
            "oral-care",
            "oxygen-check",
            "suction",
            "catheter",
            "rehabilitation",
            "family-support",
        ],
        Profession::Pharmacist => {
            &["medication-check", "medication-set", "leftover-count", "side-effect-check", "family-support"]
        }
        Profession::Helper => &[
            "observation",
            "meal",
            "fluids",
            "excretion",
            "bathing",
            "bed-bath",
            "oral-care",
            "transfer",
            "cleaning",
            "shopping",
            "medication-check",
        ],
        Profession::Therapist => &["observation", "rehabilitation", "transfer", "family-support"],
        Profession::Dietitian => &["nutrition", "meal", "fluids", "observation"],
        Profession::Dentist => &["oral-care", "observation", "meal"],
        Profession::Physician => &["observation", "medication-check", "wound-care", "injection", "consultation"],
        _ => &["observation", "consultation", "family-support"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_is_a_known_code() {
        use Profession::*;
        for profession in [
            Physician,
            Dentist,
            Pharmacist,
            Nurse,
            CareManager,
            Helper,
            Therapist,
            Dietitian,
            Liaison,
            Municipality,
            Secretariat,
        ] {
            for code in care_for(&profession) {
                assert!(CARE_CODES.contains(code), "{code}");
            }
        }
    }
}
