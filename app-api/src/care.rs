//! Care given, and the headings of each profession's form, as codes that every language of the screen has words for.

use crate::{Measure, Profession};

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

/// Every heading of a form. What is not one of these in [`crate::NoteSection::name`] is shown as it was written.
pub const SECTION_CODES: &[&str] = &[
    "subjective",
    "objective",
    "assessment",
    "plan",
    "taking",
    "leftover",
    "side-effects",
    "proposal",
    "condition",
    "meals",
    "household",
    "training",
    "daily-living",
    "intention",
    "services",
    "issues",
    "oral-state",
    "oral-treatment",
    "intake",
    "swallowing",
    "guidance",
];

/// The headings of a profession's form, in order. A profession without a form of its own writes a free note.
pub fn sections_for(profession: &Profession) -> &'static [&'static str] {
    match profession {
        Profession::Nurse | Profession::Physician => &["subjective", "objective", "assessment", "plan"],
        Profession::Pharmacist => &["taking", "leftover", "side-effects", "proposal"],
        Profession::Helper => &["condition", "meals", "household"],
        Profession::Therapist => &["training", "daily-living", "assessment", "plan"],
        Profession::CareManager => &["intention", "services", "issues", "plan"],
        Profession::Dentist => &["oral-state", "oral-treatment", "plan"],
        Profession::Dietitian => &["intake", "swallowing", "guidance"],
        _ => &[],
    }
}

/// The measurements a profession takes as a rule; all others stay one tap away.
pub fn measures_for(profession: &Profession) -> &'static [Measure] {
    match profession {
        Profession::Nurse | Profession::Physician => &Measure::ALL,
        Profession::Helper => &[Measure::Temperature, Measure::Systolic, Measure::Diastolic, Measure::Pulse],
        Profession::Therapist => &[Measure::Systolic, Measure::Diastolic, Measure::Pulse, Measure::Spo2, Measure::Pain],
        Profession::Pharmacist => &[Measure::Systolic, Measure::Diastolic, Measure::Pulse],
        Profession::Dietitian => &[Measure::Weight, Measure::Glucose],
        Profession::Dentist => &[Measure::Systolic, Measure::Diastolic, Measure::Pulse, Measure::Spo2],
        _ => &[],
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
            for code in sections_for(&profession) {
                assert!(SECTION_CODES.contains(code), "{code}");
            }
        }
    }
}
