//! The names of enumerated values, as they end a key of the words, a class of the stylesheet or a test id.

use tendenko_app_api::*;

/// Prefix of the key, and every name that may follow it: the words' test asks for each.
#[cfg(test)]
pub const ALL: &[(&str, &[&str])] = &[
    (
        "profession",
        &[
            "physician",
            "dentist",
            "pharmacist",
            "nurse",
            "care-manager",
            "helper",
            "therapist",
            "dietitian",
            "liaison",
            "municipality",
            "secretariat",
        ],
    ),
    ("sex", &["male", "female", "other", "unknown"]),
    ("basis", &["per-day", "per-dose", "total", "unstated"]),
    ("timing", &["morning", "noon", "evening", "bedtime", "as-needed", "external", "injection", "other"]),
    ("source", &["notebook", "prescription", "interview", "otc"]),
    ("need", &["oxygen", "dialysis", "ventilator", "implant", "other"]),
    ("allergy-kind", &["allergy", "adverse-reaction"]),
    (
        "kind",
        &[
            "visit",
            "note",
            "hand-over",
            "dispensing",
            "medicine-change",
            "medicine-observation",
            "lab-report",
            "test-request",
            "visit-plan",
            "visit-change",
            "team-goal",
            "day-rhythm",
            "behaviour",
            "wishes-change",
            "notebook-import",
            "site-access",
            "attachment",
            "document",
            "checklist-answer",
            "withdrawal",
            "card",
            "unknown",
        ],
    ),
    (
        "field",
        &[
            "name",
            "kana",
            "sex",
            "birth-date",
            "phone",
            "postal-code",
            "address",
            "blood-type",
            "relation",
            "remark",
            "diagnosis",
            "since",
            "need",
            "detail",
            "facility",
            "drug",
            "general-name",
            "source",
            "form",
            "since-day",
            "prescriber",
        ],
    ),
    ("action", &["started", "changed", "stopped", "resolved"]),
    ("effect", &["worked", "no-change", "worse", "suspected-reaction"]),
    ("scope", &["current", "year"]),
    ("not-said", &["not-dispensed", "changed-since", "undecided", "unfit", "allergy-detail", "detail", "character"]),
    ("form", &["internal", "as-needed", "external", "injection"]),
    ("warning", &["allergy", "adverse-reaction", "same-product", "same-ingredient"]),
    (
        "ground",
        &[
            "words-in-name",
            "words-in-general-name",
            "product-code",
            "product-name",
            "general-code",
            "general-name",
            "ingredient-code",
        ],
    ),
    (
        "subject",
        &[
            "identity",
            "medicine",
            "allergy",
            "diagnosis",
            "special-need",
            "wishes",
            "physician",
            "contact",
            "team-goal",
            "day-rhythm",
            "other",
        ],
    ),
    ("identity", &["name", "kana", "sex", "birth-date"]),
    ("encoding", &["shift-jis", "utf8"]),
    ("problem", &["unreachable", "unknown-relay", "unknown-tablet", "revoked", "version", "misbehaves", "other"]),
    ("path", &["hub", "edge", "tablet", "courier"]),
    ("site-reason", &["consultation", "emergency", "medicines", "identification", "other"]),
    ("tab", &["timeline", "medicines", "vitals", "labs", "documents", "team", "card"]),
    ("document", &["discharge-summary", "conference", "hospital-stay", "referral", "reply"]),
    ("letter", &["discharge-summary", "conference", "hospital-stay", "referral", "reply", "other"]),
    ("verdict", &["yes", "no", "unclear"]),
    ("lab", &["name", "value", "unit", "from", "to"]),
    ("period", &["month", "quarter", "year", "all"]),
    ("when", &["now", "30", "60", "120"]),
    ("phrase", &["unchanged", "medicines", "meals", "sleep"]),
    ("card", &["contact", "diagnosis", "need"]),
    ("add", &["contact", "diagnosis", "need", "physician"]),
    (
        "group",
        &["care", "hand-over", "medicines", "labs", "documents", "photos", "plan", "agreed", "behaviour", "site"],
    ),
    ("box", &["waiting", "written", "confirmed"]),
    ("box-empty", &["waiting", "written", "confirmed"]),
    ("goal", &["none", "several", "write", "rewrite"]),
    ("rhythm", &["none", "several", "write", "rewrite"]),
    ("visit-do", &["move", "drop", "restore", "edit", "end", "settle"]),
    ("purpose", &["regular", "medication", "condition", "discharge", "emergency"]),
];

macro_rules! names {
    ($($(#[$doc:meta])* $function:ident($type:ty) { $($pattern:pat => $name:literal),* $(,)? })*) => {
        $($(#[$doc])* pub fn $function(value: &$type) -> &'static str {
            match value { $($pattern => $name),* }
        })*
    };
}

names! {
    /// A profession; the bar beside an entry has its colour.
    profession(Profession) {
        Profession::Physician => "physician", Profession::Dentist => "dentist", Profession::Pharmacist => "pharmacist",
        Profession::Nurse => "nurse", Profession::CareManager => "care-manager", Profession::Helper => "helper",
        Profession::Therapist => "therapist", Profession::Dietitian => "dietitian", Profession::Liaison => "liaison",
        Profession::Municipality => "municipality", Profession::Secretariat => "secretariat", Profession::Other(_) => "other",
    }
    /// A sex.
    sex(Sex) { Sex::Male => "male", Sex::Female => "female", Sex::Other => "other", Sex::Unknown => "unknown" }
    /// What a dose counts.
    basis(DoseBasis) {
        DoseBasis::PerDay => "per-day", DoseBasis::PerDose => "per-dose", DoseBasis::Total => "total",
        DoseBasis::Unstated => "unstated",
    }
    /// When a medicine is taken.
    timing(Timing) {
        Timing::Morning => "morning", Timing::Noon => "noon", Timing::Evening => "evening", Timing::Bedtime => "bedtime",
        Timing::AsNeeded => "as-needed", Timing::External => "external", Timing::Injection => "injection",
        Timing::Other => "other",
    }
    /// Where a medicine is known from.
    source(Source) {
        Source::Notebook => "notebook", Source::Prescription => "prescription", Source::Interview => "interview",
        Source::Otc => "otc",
    }
    /// A special need.
    need(SpecialNeedKind) {
        SpecialNeedKind::Oxygen => "oxygen", SpecialNeedKind::Dialysis => "dialysis",
        SpecialNeedKind::Ventilator => "ventilator", SpecialNeedKind::Implant => "implant", SpecialNeedKind::Other => "other",
    }
    /// Allergy or adverse reaction.
    allergy_kind(AllergyKind) {
        AllergyKind::Allergy => "allergy", AllergyKind::AdverseReaction => "adverse-reaction",
    }
    /// A kind of entry.
    kind(EntryKind) {
        EntryKind::Visit => "visit", EntryKind::Note => "note", EntryKind::HandOver => "hand-over",
        EntryKind::Dispensing => "dispensing", EntryKind::MedicineChange => "medicine-change",
        EntryKind::MedicineObservation => "medicine-observation",
        EntryKind::LabReport => "lab-report", EntryKind::TestRequest => "test-request",
        EntryKind::VisitPlan => "visit-plan", EntryKind::VisitChange => "visit-change", EntryKind::TeamGoal => "team-goal",
        EntryKind::DayRhythm => "day-rhythm", EntryKind::Behaviour => "behaviour",
        EntryKind::WishesChange => "wishes-change", EntryKind::NotebookImport => "notebook-import",
        EntryKind::SiteAccess => "site-access", EntryKind::Attachment => "attachment", EntryKind::Document => "document",
        EntryKind::ChecklistAnswer => "checklist-answer", EntryKind::Withdrawal => "withdrawal", EntryKind::Card => "card", EntryKind::Unknown => "unknown",
    }
    /// A kind of document.
    document_kind(DocumentKind) {
        DocumentKind::DischargeSummary => "discharge-summary", DocumentKind::Conference => "conference",
        DocumentKind::HospitalStay => "hospital-stay", DocumentKind::Referral => "referral", DocumentKind::Reply => "reply",
        DocumentKind::Other(_) => "other",
    }
    /// What an answer comes to.
    verdict(Verdict) { Verdict::Yes => "yes", Verdict::No => "no", Verdict::Unclear => "unclear", Verdict::Other(_) => "other" }
    /// Which hand-overs.
    hand_over_box(HandOverBox) {
        HandOverBox::Waiting => "waiting", HandOverBox::Written => "written", HandOverBox::Confirmed => "confirmed",
    }
    /// How this tablet reaches the others.
    path(SyncPath) {
        SyncPath::Hub => "hub", SyncPath::Edge => "edge", SyncPath::Tablet => "tablet", SyncPath::Courier => "courier",
    }
    /// What was done to a medicine.
    action(MedicineAction) {
        MedicineAction::Started => "started", MedicineAction::Changed => "changed", MedicineAction::Stopped => "stopped",
        MedicineAction::Resolved => "resolved",
    }
    /// What came of a medicine.
    effect(Effect) {
        Effect::Worked => "worked", Effect::NoChange => "no-change", Effect::Worse => "worse",
        Effect::SuspectedReaction => "suspected-reaction",
    }
    /// 剤形
    form(MedicineForm) {
        MedicineForm::Internal => "internal", MedicineForm::AsNeeded => "as-needed", MedicineForm::External => "external",
        MedicineForm::Injection => "injection",
    }
    /// What goes into a notebook.
    scope(NotebookScope) { NotebookScope::Current => "current", NotebookScope::Year => "year" }
    /// Why something is not in a notebook's own records.
    why_not(WhyNot) {
        WhyNot::NotDispensed => "not-dispensed", WhyNot::ChangedSince => "changed-since", WhyNot::Undecided => "undecided",
        WhyNot::Unfit => "unfit", WhyNot::AllergyDetail => "allergy-detail", WhyNot::Detail => "detail",
        WhyNot::Character => "character",
    }
    /// What a warning is about.
    warning(WarningKind) {
        WarningKind::Allergy => "allergy", WarningKind::AdverseReaction => "adverse-reaction",
        WarningKind::SameProduct => "same-product", WarningKind::SameIngredient => "same-ingredient",
    }
    /// What a warning rests on.
    ground(BasisPlace) {
        BasisPlace::WordsInName => "words-in-name", BasisPlace::WordsInGeneralName => "words-in-general-name",
        BasisPlace::ProductCode => "product-code", BasisPlace::ProductName => "product-name",
        BasisPlace::GeneralCode => "general-code", BasisPlace::GeneralName => "general-name",
        BasisPlace::IngredientCode => "ingredient-code",
    }
    /// What a conflict is about.
    subject(ConflictSubject) {
        ConflictSubject::Identity => "identity", ConflictSubject::Medicine => "medicine",
        ConflictSubject::Allergy => "allergy", ConflictSubject::Diagnosis => "diagnosis",
        ConflictSubject::SpecialNeed => "special-need", ConflictSubject::Wishes => "wishes",
        ConflictSubject::Physician => "physician", ConflictSubject::Contact => "contact",
        ConflictSubject::TeamGoal => "team-goal", ConflictSubject::DayRhythm => "day-rhythm", ConflictSubject::Other => "other",
    }
    /// A field that tells people apart.
    identity(IdentityField) {
        IdentityField::Name => "name", IdentityField::Kana => "kana", IdentityField::Sex => "sex",
        IdentityField::BirthDate => "birth-date",
    }
    /// How a file is written.
    encoding(NotebookEncoding) { NotebookEncoding::ShiftJis => "shift-jis", NotebookEncoding::Utf8 => "utf8" }
    /// Why sync failed.
    problem(SyncProblem) {
        SyncProblem::Unreachable => "unreachable", SyncProblem::UnknownRelay => "unknown-relay",
        SyncProblem::UnknownTablet => "unknown-tablet", SyncProblem::Revoked => "revoked",
        SyncProblem::Version => "version", SyncProblem::Misbehaves => "misbehaves", SyncProblem::Other => "other",
    }
    /// Why a card is opened.
    site_reason(SiteReason) {
        SiteReason::Consultation => "consultation", SiteReason::Emergency => "emergency", SiteReason::Medicines => "medicines",
        SiteReason::Identification => "identification", SiteReason::Other(_) => "other",
    }
}

/// Which of the words for a source in the site's access entry: a known reason's name, or none for free words.
pub fn is_site_reason(name: &str) -> bool {
    ["consultation", "emergency", "medicines", "identification"].contains(&name)
}
