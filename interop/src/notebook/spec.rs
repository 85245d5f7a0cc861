//! The record table of the format: names, sizes, kinds and requirements of every field.
//!
//! One table serves the reader (which reports what does not fit), the writer (which refuses it) and the recognition of cut
//! texts (which asks whether the last record has all it must have). Sizes count cp932 bytes.

use super::codes::{
    Creator, DosageForm, DrugCodeKind, GeneralCodeKind, InformationKind, IngredientCodeKind, NotebookSex, RemarkKind,
    ScoreTable, UsageCodeKind,
};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Letters, digits, signs.
    Ascii,
    Digits,
    /// Exactly this many digits.
    FixedDigits(usize),
    Number,
    Date,
    Code(&'static [&'static str]),
}

/// When a field has to be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Always,
    /// Only in a text that goes to the patient (category 1).
    ToPatient,
    Free,
}

#[derive(Debug)]
pub(crate) struct FieldSpec {
    pub name_ja: &'static str,
    pub name_en: &'static str,
    pub kind: Kind,
    pub bytes: usize,
    pub need: Need,
}

#[derive(Debug)]
pub(crate) struct RecordSpec {
    pub number: &'static str,
    pub name_ja: &'static str,
    pub name_en: &'static str,
    /// First header number of the edition that has this record.
    pub since: u8,
    pub fields: &'static [FieldSpec],
}

impl RecordSpec {
    /// Number of the last field that must always be filled.
    pub fn last_required(&self) -> usize {
        self.fields.iter().rposition(|field| field.need == Need::Always).map_or(0, |index| index + 1)
    }
}

/// The table entry of a record number.
pub(crate) fn record(number: &str) -> Option<&'static RecordSpec> {
    RECORDS.iter().find(|record| record.number == number)
}

const fn field(name_ja: &'static str, name_en: &'static str, kind: Kind, bytes: usize, need: Need) -> FieldSpec {
    FieldSpec { name_ja, name_en, kind, bytes, need }
}

use Kind::{Ascii, Code, Date, Digits, FixedDigits, Number, Text};
use Need::{Always, Free, ToPatient};

const fn text(name_ja: &'static str, name_en: &'static str, bytes: usize, need: Need) -> FieldSpec {
    field(name_ja, name_en, Text, bytes, need)
}

const fn day(name_ja: &'static str, name_en: &'static str) -> FieldSpec {
    field(name_ja, name_en, Date, 8, Free)
}

const CREATOR: FieldSpec = field("レコード作成者", "record creator", Code(Creator::CODES), 1, Always);
const RP: FieldSpec = field("RP番号", "RP number", Digits, 3, Always);
const PREFECTURE: FieldSpec = field("都道府県コード", "prefecture code", FixedDigits(2), 2, ToPatient);
const SCORE_TABLE: FieldSpec = field("点数表コード", "score table code", Code(ScoreTable::CODES), 1, ToPatient);
const INSTITUTION_CODE: FieldSpec = field("医療機関コード", "institution code", FixedDigits(7), 7, ToPatient);
const POSTAL_CODE: FieldSpec = field("郵便番号", "postal code", Ascii, 8, Free);
const ADDRESS: FieldSpec = text("住所", "address", 800, Free);
const PHONE: FieldSpec = field("電話番号", "phone", Ascii, 13, Free);

const fn rec(
    number: &'static str,
    name_ja: &'static str,
    name_en: &'static str,
    fields: &'static [FieldSpec],
) -> RecordSpec {
    RecordSpec { number, name_ja, name_en, since: 1, fields }
}

const fn since(since: u8, record: RecordSpec) -> RecordSpec {
    RecordSpec { since, ..record }
}

pub(crate) const RECORDS: &[RecordSpec] = &[
    rec(
        "1",
        "患者情報",
        "patient",
        &[
            text("患者氏名", "name", 40, Always),
            field("性別", "sex", Code(NotebookSex::CODES), 1, Always),
            field("生年月日", "birth date", Date, 8, Always),
            POSTAL_CODE,
            ADDRESS,
            PHONE,
            text("緊急連絡先", "emergency contact", 800, Free),
            text("血液型", "blood type", 20, Free),
            field("体重", "weight", Number, 7, Free),
            text("患者氏名カナ", "kana name", 40, Free),
        ],
    ),
    rec(
        "2",
        "患者特記",
        "patient remark",
        &[
            field("特記種別", "remark type", Code(RemarkKind::CODES), 1, Always),
            text("特記内容", "remark", 120, Always),
            CREATOR,
        ],
    ),
    rec(
        "3",
        "一般用医薬品服用",
        "OTC medicine",
        &[
            text("薬品名", "medicine name", 120, Always),
            day("服用開始日", "start date"),
            day("服用終了日", "end date"),
            CREATOR,
            field("連番", "sequence number", Digits, 3, Free),
            field("JANコード", "JAN code", FixedDigits(13), 13, Free),
        ],
    ),
    since(
        8,
        rec(
            "31",
            "一般用医薬品成分",
            "OTC ingredient",
            &[
                field("連番", "sequence number", Digits, 3, Always),
                text("成分名", "ingredient", 256, Always),
                field("成分コード種別", "code type", Code(IngredientCodeKind::CODES), 1, Always),
                field("成分コード", "code", Ascii, 20, Free),
                CREATOR,
            ],
        ),
    ),
    rec("4", "手帳メモ", "notebook memo", &[text("メモ", "memo", 400, Always), day("入力日", "date"), CREATOR]),
    rec("5", "調剤等年月日", "dispensing date", &[field("調剤等年月日", "dispensing date", Date, 8, Always), CREATOR]),
    rec(
        "11",
        "調剤-医療機関等",
        "dispensing institution",
        &[
            text("医療機関等名称", "name", 120, Always),
            PREFECTURE,
            SCORE_TABLE,
            INSTITUTION_CODE,
            POSTAL_CODE,
            ADDRESS,
            PHONE,
            CREATOR,
        ],
    ),
    rec(
        "15",
        "調剤-医師・薬剤師",
        "dispensing doctor or pharmacist",
        &[text("医師・薬剤師氏名", "name", 40, Always), text("連絡先", "contact", 800, Free), CREATOR],
    ),
    rec(
        "51",
        "処方-医療機関",
        "prescribing institution",
        &[text("医療機関名称", "name", 120, Always), PREFECTURE, SCORE_TABLE, INSTITUTION_CODE, CREATOR],
    ),
    rec(
        "55",
        "処方-医師",
        "prescribing doctor",
        &[text("医師氏名", "name", 40, Always), text("診療科名", "department", 80, Free), CREATOR],
    ),
    rec(
        "201",
        "薬品",
        "drug",
        &[
            RP,
            text("薬品名称", "drug name", 120, Always),
            field("用量", "amount", Number, 12, ToPatient),
            text("単位名", "unit", 12, ToPatient),
            field("薬品コード種別", "code type", Code(DrugCodeKind::CODES), 1, ToPatient),
            field("薬品コード", "drug code", Ascii, 13, Free),
            CREATOR,
            text("一般名", "general name", 120, Free),
            field("一般名コード種別", "general-name code type", Code(GeneralCodeKind::CODES), 1, Free),
            field("一般名コード", "general-name code", Ascii, 12, Free),
        ],
    ),
    rec("281", "薬品補足", "drug supplement", &[RP, text("薬品補足情報", "supplement", 100, Always), CREATOR]),
    rec("291", "薬品服用注意", "drug caution", &[RP, text("内容", "caution", 400, Always), CREATOR]),
    rec(
        "301",
        "用法",
        "usage",
        &[
            RP,
            text("用法名称", "usage", 100, Free),
            field("調剤数量", "quantity", Digits, 3, ToPatient),
            text("調剤単位", "quantity unit", 100, ToPatient),
            field("剤型コード", "dosage form", Code(DosageForm::CODES), 2, ToPatient),
            field("用法コード種別", "usage code type", Code(UsageCodeKind::CODES), 1, ToPatient),
            field("用法コード", "usage code", Ascii, 16, Free),
            CREATOR,
        ],
    ),
    rec("311", "用法補足", "usage supplement", &[RP, text("用法補足情報", "supplement", 100, Always), CREATOR]),
    rec("391", "処方服用注意", "prescription caution", &[RP, text("内容", "caution", 400, Always), CREATOR]),
    rec("401", "服用注意", "caution", &[text("内容", "caution", 400, Always), CREATOR]),
    rec(
        "411",
        "医療機関等提供情報",
        "information from the institution",
        &[
            text("内容", "information", 400, Always),
            field("提供情報種別", "information type", Code(InformationKind::CODES), 2, Always),
            CREATOR,
        ],
    ),
    since(7, rec("421", "残薬確認", "leftover drugs", &[text("残薬の内容", "leftover drugs", 400, Always), CREATOR])),
    rec("501", "備考", "remark", &[text("備考情報", "remark", 400, Always), CREATOR]),
    rec(
        "601",
        "患者等記入",
        "entry by the patient",
        &[text("患者等記入情報", "entry", 400, Always), day("入力日", "date")],
    ),
    rec(
        "701",
        "かかりつけ薬剤師",
        "family pharmacist",
        &[
            text("かかりつけ薬剤師氏名", "name", 40, Always),
            text("勤務先薬局名称", "pharmacy", 120, Always),
            // Required by the table of the standard, left empty in its own printed examples.
            text("連絡先", "contact", 800, Free),
            day("担当開始日", "start date"),
            day("担当終了日", "end date"),
            CREATOR,
        ],
    ),
    rec(
        "911",
        "分割制御",
        "split control",
        &[
            field("データID", "data id", FixedDigits(14), 14, Always),
            field("分割数", "number of parts", Digits, 3, Always),
            field("分割番号", "part number", Digits, 3, Always),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_there_ends_where_the_format_says() {
        let last = |number: &str| record(number).expect(number).last_required();
        assert_eq!(last("1"), 3);
        assert_eq!(last("201"), 7);
        assert_eq!(last("301"), 8);
        assert_eq!(last("601"), 1);
        assert_eq!(last("911"), 3);
        assert!(record("6").is_none());
    }
}
