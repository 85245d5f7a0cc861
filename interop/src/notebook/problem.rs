//! What is odd about a notebook, in words: for the screen, with the line, the record and the field.
//!
//! A problem never contains what the field said, so problems may be logged and counted.

use super::spec;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Odd, but nothing is lost or doubtful.
    Note,
    /// A person should look at it; the value stays as printed.
    Warning,
    /// What it concerns cannot be used and is left out of an import.
    Error,
}

/// One oddity, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Line number, first is 1.
    pub line: u32,
    /// Record number, e.g. `201`; empty for the first line.
    pub record: String,
    /// Field number, first is 1; `None` when the record as a whole is meant.
    pub field: Option<u8>,
    /// What is wrong.
    pub code: ProblemCode,
}

/// Defines the codes with their stable name, severity and both sentences.
macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident, $code:literal, $severity:ident, $ja:literal, $en:literal;)+) => {
        /// What is wrong. The stable names are those of [`ProblemCode::name`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)+
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// A name that stays the same between versions of the program.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            fn sentence_ja(self) -> &'static str {
                match self { $(Self::$variant => $ja,)+ }
            }

            fn sentence_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }
        }
    };
}

problem_codes! {
    /// The header names an edition that is not known.
    UnknownVersion, "unknown-version", Warning,
        "知らない版のお薬手帳データです。内容を確かめてください。",
        "This edition of the notebook format is not known. Check the content.";
    /// The header does not say who hands the text to whom.
    UnknownCategory, "unknown-category", Warning,
        "だれからだれへのデータか書かれていません。",
        "The text does not say whether it comes from the patient or goes to the patient.";
    /// A record number that is not in the format.
    UnknownRecord, "unknown-record", Note,
        "知らない種類の記録です。そのまま残します。",
        "This kind of record is not known. It is kept as it is.";
    /// More fields than the format has.
    ExtraFields, "extra-fields", Note,
        "項目の数が多すぎます。そのまま残します。",
        "There are more fields than the format has. They are kept as they are.";
    /// A required field is empty.
    FieldMissing, "field-missing", Warning,
        "必要な項目が空です。",
        "A required field is empty.";
    /// Without this field the record says nothing.
    EssentialMissing, "essential-missing", Error,
        "この項目が空のため、この記録は使えません。",
        "This field is empty, so the record cannot be used.";
    /// Longer than the format allows.
    FieldTooLong, "field-too-long", Note,
        "決められた長さより長い項目です。そのまま残します。",
        "The field is longer than the format allows. It is kept as it is.";
    /// Not the digits it should be.
    NotDigits, "not-digits", Warning,
        "数字であるはずの項目が、決められた桁数の数字ではありません。",
        "The field should be digits of a fixed length, and is not.";
    /// Not the plain letters and digits it should be.
    NotAscii, "not-ascii", Note,
        "半角英数字であるはずの項目です。",
        "The field should be plain letters and digits.";
    /// Not a number.
    NotANumber, "not-a-number", Warning,
        "数として読めません。書かれているとおりに表示します。",
        "This is not a number. It is shown as printed.";
    /// Not a date.
    InvalidDate, "invalid-date", Warning,
        "日付として読めません。",
        "This is not a date.";
    /// A date whose day is not in the era named with it.
    DateOutsideEra, "date-outside-era", Note,
        "その元号にない日付です。西暦に直して読みました。",
        "The day is not in the era named with it. It was converted all the same.";
    /// A code that is not in its table.
    UnlistedCode, "unlisted-code", Warning,
        "決められたコードではありません。",
        "The code is not in its table.";
    /// Bytes that are no character.
    UnreadableText, "unreadable-text", Error,
        "文字として読めない部分があるため、この記録は使えません。",
        "Some bytes are no characters, so the record cannot be used.";
    /// A character only its writer's system knows (外字).
    UserDefinedCharacter, "user-defined-character", Warning,
        "外字が使われていて、正しく表示できません。",
        "The text uses a user-defined character that cannot be shown.";
    /// A control character in a text.
    ControlCharacter, "control-character", Note,
        "表示できない制御文字が含まれています。",
        "The text contains a control character.";
    /// No record 1.
    PatientMissing, "patient-missing", Error,
        "患者の記録がないため、だれのお薬手帳か確かめられません。",
        "There is no patient record: whose notebook this is cannot be checked.";
    /// A record that may stand once stands again.
    RecordTwice, "record-twice", Warning,
        "一度だけのはずの記録がもう一度あります。はじめのものを使います。",
        "A record that may stand once stands again. The first one is used.";
    /// A dispensing record before any dispensing date.
    DateMissing, "date-missing", Error,
        "調剤日がないため、この調剤は取り込めません。",
        "There is no dispensing date, so this dispensing cannot be imported.";
    /// A dispensing without its institution.
    InstitutionMissing, "institution-missing", Warning,
        "調剤した薬局や医療機関の記録がありません。",
        "The dispensing does not say which institution dispensed.";
    /// A dispensing without drugs.
    NoDrugs, "no-drugs", Warning,
        "薬の記録がない調剤です。",
        "The dispensing has no drugs.";
    /// A group of drugs without a usage.
    UsageMissing, "usage-missing", Error,
        "用法の記録がないため、この薬は取り込めません。",
        "There is no usage record, so these drugs cannot be imported.";
    /// A group of drugs with two different usages.
    UsageTwice, "usage-twice", Error,
        "用法の記録が二つあり、どちらが正しいかわからないため、この薬は取り込めません。",
        "There are two different usage records; which one is right is not known, so these drugs cannot be imported.";
    /// The usage has no text although its form needs one.
    UsageTextMissing, "usage-text-missing", Note,
        "用法が書かれていません。",
        "The usage is not given.";
    /// A record of a group that has no drug.
    GroupWithoutDrug, "group-without-drug", Error,
        "対応する薬の記録がありません。",
        "There is no drug this record belongs to.";
    /// A supplement naming another group than the drug before it.
    OtherGroup, "other-group", Warning,
        "RP番号が直前の薬と合いません。",
        "The RP number is not that of the drug before it.";
    /// The dosage form is missing, so the amount may be per day, per dose or in all.
    MeaningUnknown, "meaning-unknown", Warning,
        "剤型がないため、用量が1日量か1回量か全量かわかりません。",
        "Without a dosage form the amount may be per day, per dose or in all.";
    /// A code type with no code.
    CodeMissing, "code-missing", Warning,
        "コードの種別があるのに、コードがありません。",
        "A code type is given, but no code.";
    /// A code said to be none.
    CodeWithoutKind, "code-without-kind", Note,
        "コードなしとされていますが、コードが書かれています。",
        "The code type says there is no code, but there is one.";
    /// An ingredient whose medicine is not there.
    IngredientWithoutMedicine, "ingredient-without-medicine", Warning,
        "対応する一般用医薬品の記録がありません。",
        "There is no OTC medicine this ingredient belongs to.";
    /// A part of a set.
    PartOfSet, "part-of-set", Warning,
        "分割されたお薬手帳の一部です。残りもそろえてください。",
        "This is one part of a split notebook. The other parts are needed.";
    /// The split control record makes no sense.
    SplitControlOdd, "split-control-odd", Error,
        "分割の番号が正しくありません。",
        "The split numbers make no sense.";
    /// Records behind the split control record.
    AfterSplitControl, "after-split-control", Warning,
        "分割制御の記録のあとに、まだ記録があります。",
        "There are records behind the split control record.";
    /// A part of a set was handed in twice.
    PartTwice, "part-twice", Note,
        "同じ部分が二度読み込まれました。一度だけ使います。",
        "The same part was read twice. It is used once.";
    /// A part repeats records of the part before it.
    PartRepeats, "part-repeats", Note,
        "前の部分と同じ記録がくり返されています。一度だけ使います。",
        "Records of an earlier part are repeated. They are used once.";
    /// Nothing but the patient.
    NothingInside, "nothing-inside", Warning,
        "患者のほかには何も書かれていません。",
        "There is nothing in it but the patient.";
}

impl Problem {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// One or two plain Japanese sentences: where, and what.
    pub fn message_ja(&self) -> String {
        let place = match (spec::record(&self.record), self.field) {
            (Some(record), Some(field)) => match record.fields.get(usize::from(field).saturating_sub(1)) {
                Some(found) => format!("「{}」の{}（{}-{field}）", record.name_ja, found.name_ja, self.record),
                None => format!("「{}」（{}-{field}）", record.name_ja, self.record),
            },
            (Some(record), None) => format!("「{}」（{}）", record.name_ja, self.record),
            (None, _) if self.record.is_empty() => "先頭行".to_owned(),
            (None, _) => format!("記録 {}", self.record),
        };
        format!("{}行目 {place}: {}", self.line, self.code.sentence_ja())
    }

    /// The same in English.
    pub fn message_en(&self) -> String {
        let place = match (spec::record(&self.record), self.field) {
            (Some(record), Some(field)) => match record.fields.get(usize::from(field).saturating_sub(1)) {
                Some(found) => format!("{}, {} ({}-{field})", record.name_en, found.name_en, self.record),
                None => format!("{} ({}-{field})", record.name_en, self.record),
            },
            (Some(record), None) => format!("{} ({})", record.name_en, self.record),
            (None, _) if self.record.is_empty() => "first line".to_owned(),
            (None, _) => format!("record {}", self.record),
        };
        format!("Line {}, {place}: {}", self.line, self.code.sentence_en())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_messages_say_where() {
        let names: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        let problem = Problem { line: 4, record: "201".into(), field: Some(6), code: ProblemCode::CodeMissing };
        assert_eq!(
            problem.message_ja(),
            "4行目 「薬品」の薬品コード（201-6）: コードの種別があるのに、コードがありません。"
        );
        assert!(problem.message_en().starts_with("Line 4, drug, drug code (201-6): "));
    }
}
