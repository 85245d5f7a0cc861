//! The code tables of the notebook format.
//!
//! Every table keeps what it does not know: `Unlisted` holds the text as printed, and an empty text when the field was
//! left out. Nothing is ever mapped to the nearest known value.

/// Defines a code table: an enum with its codes, and the way back to the printed code.
macro_rules! code_table {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// Not in the table, as printed; empty when the field was left out.
            Unlisted(String),
        }

        impl $name {
            /// The codes of the table.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// Reads a printed code.
            pub fn from_code(code: &str) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Unlisted(other.to_owned()),
                }
            }

            /// The code as printed.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Unlisted(code) => code,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unlisted(String::new())
            }
        }
    };
}

code_table! {
    /// The direction of the whole text (second field of the first line).
    Origin {
        /// From an institution or pharmacy to the patient.
        ToPatient = "1",
        /// From the patient to an institution or pharmacy.
        FromPatient = "2",
    }
}
code_table! {
    /// Sex of the patient.
    NotebookSex {
        /// Male.
        Male = "1",
        /// Female.
        Female = "2",
    }
}
code_table! {
    /// Who wrote a record.
    Creator {
        /// Staff of an institution or pharmacy.
        MedicalStaff = "1",
        /// The patient or someone near the patient.
        PatientSide = "2",
        /// Someone else.
        Other = "8",
        /// Not known.
        Unknown = "9",
    }
}
code_table! {
    /// What a remark about the patient is about (record 2).
    RemarkKind {
        /// Allergy.
        Allergy = "1",
        /// Side effect seen earlier.
        SideEffect = "2",
        /// Past illness.
        PastIllness = "3",
        /// Anything else.
        Other = "9",
    }
}
code_table! {
    /// The master a drug code is from (record 201).
    DrugCodeKind {
        /// No code.
        None = "1",
        /// Receipt computing code (レセプト電算コード).
        Receipt = "2",
        /// MHLW price list code (厚生労働省コード, 薬価基準収載医薬品コード).
        PriceList = "3",
        /// YJ code.
        Yj = "4",
        /// HOT code.
        Hot = "6",
    }
}
code_table! {
    /// The master a general-name code is from (record 201).
    GeneralCodeKind {
        /// No code.
        None = "1",
        /// General-name code (一般名コード).
        General = "2",
    }
}
code_table! {
    /// The master an ingredient code is from (record 31).
    IngredientCodeKind {
        /// No code.
        None = "1",
        /// Ingredient code of the Self-Medication Database Center.
        SelfMedication = "2",
    }
}
code_table! {
    /// The master a usage code is from (record 301).
    UsageCodeKind {
        /// No code.
        None = "1",
        /// JAMI usage code.
        Jami = "2",
    }
}
code_table! {
    /// Dosage form of a prescription group (record 301). It decides what the printed amount means.
    DosageForm {
        /// 内服.
        Internal = "1",
        /// 内滴.
        InternalDrops = "2",
        /// 屯服.
        AsNeeded = "3",
        /// 注射.
        Injection = "4",
        /// 外用.
        External = "5",
        /// 浸煎.
        Infusion = "6",
        /// 湯.
        Decoction = "7",
        /// 材料.
        Material = "9",
        /// その他.
        Other = "10",
    }
}
code_table! {
    /// Score table of an institution.
    ScoreTable {
        /// 医科.
        Medical = "1",
        /// 歯科.
        Dental = "3",
        /// 調剤.
        Pharmacy = "4",
    }
}
code_table! {
    /// Kind of an information from the institution (record 411).
    InformationKind {
        /// A drug with which a side effect occurred during admission.
        SideEffectDuringAdmission = "30",
        /// Medication status, and hints needed after discharge.
        AfterDischarge = "31",
        /// Anything else.
        Other = "99",
    }
}

/// What the amount printed with a drug is an amount of. Depends on the [`DosageForm`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AmountMeaning {
    /// Amount per day.
    PerDay,
    /// Amount each time.
    PerDose,
    /// Amount handed out in all.
    Total,
}

impl DosageForm {
    /// What the printed amount means with this form; `None` when the form is unlisted or was left out: then nobody may
    /// guess it.
    pub fn amount_meaning(&self) -> Option<AmountMeaning> {
        match self {
            Self::Internal | Self::Infusion | Self::Decoction => Some(AmountMeaning::PerDay),
            Self::AsNeeded => Some(AmountMeaning::PerDose),
            Self::InternalDrops | Self::Injection | Self::External | Self::Material | Self::Other => {
                Some(AmountMeaning::Total)
            }
            Self::Unlisted(_) => None,
        }
    }

    /// Whether the quantity of record 301 counts days.
    pub fn counts_days(&self) -> bool {
        matches!(self, Self::Internal | Self::Infusion | Self::Decoction)
    }

    /// The Japanese name, empty when unlisted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Internal => "内服",
            Self::InternalDrops => "内滴",
            Self::AsNeeded => "頓服",
            Self::Injection => "注射",
            Self::External => "外用",
            Self::Infusion => "浸煎",
            Self::Decoction => "湯",
            Self::Material => "材料",
            Self::Other => "その他",
            Self::Unlisted(_) => "",
        }
    }
}

impl DrugCodeKind {
    /// The name of the code system as stored with a drug; `None` when there is no code.
    pub fn system(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Receipt => Some("receipt"),
            Self::PriceList => Some("mhlw"),
            Self::Yj => Some("yj"),
            Self::Hot => Some("hot"),
            Self::Unlisted(code) if code.is_empty() => None,
            Self::Unlisted(code) => Some(code),
        }
    }
}
