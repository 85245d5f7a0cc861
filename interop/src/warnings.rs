//! What the record itself proves about a medicine: an allergy or adverse reaction that names it, and another medicine
//! with the same product or ingredient. Each warning carries its basis, so that whoever reads it can judge it.
//!
//! There is no database behind this: no interactions, no classes of medicines, no doses. What is not in the words and codes
//! of the record is not found, and the screen says so. Warnings are shown and never block.
//!
//! - *Words*: an allergy is free text (`ロキソニン錠 発疹`). Both texts are folded (width, case, hiragana, dashes), brackets with
//!   a maker's name and the words of salts and forms are left out, and what remains is compared word by word. A short word
//!   has to stand at the beginning: `ピリン系` is not found in アスピリン, which is none.
//! - *Codes*: the price-list code, the YJ code and the code of the 一般名 begin with the same seven characters: therapeutic
//!   class (4), then route and ingredient (3). Equal there means the same ingredient by the same route, whatever the maker,
//!   strength or form.
//! - Two medicines out of one dispensing were handed out together on purpose (2 tablets in the morning, 1 in the evening; 5 mg
//!   and 2.5 mg): they are not held against each other.

use tendenko_crdt::{Allergy, AllergyKind, CardView, Drug, Medicine};

use crate::fold::{fold, katakana};

/// Something to look at before a medicine is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is wrong.
    pub kind: WarningKind,
    /// The substance of the card, or the name of the other medicine.
    pub other: String,
    /// Why.
    pub basis: Basis,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// An allergy of the card.
    Allergy,
    /// An adverse reaction of the card.
    AdverseReaction,
    /// The same product is on the list.
    SameProduct,
    /// Another product with the same ingredient is on the list.
    SameIngredient,
}

/// What a warning rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// These words of the card are in the product's name.
    WordsInName(String),
    /// These words of the card are in the 一般名.
    WordsInGeneralName(String),
    /// The product's code.
    ProductCode(String),
    /// The product's name.
    ProductName(String),
    /// The code of the 一般名.
    GeneralCode(String),
    /// The 一般名.
    GeneralName(String),
    /// The first seven characters of the price-list or YJ code: route and ingredient.
    IngredientCode(String),
}

/// A medicine on the list, or one that is about to be.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Its key; empty where it has none yet.
    pub key: &'a str,
    /// What it is.
    pub medicine: &'a Medicine,
}

/// The medicines of a card, every version of those under discussion.
pub fn listed(card: &CardView) -> Vec<Listed<'_>> {
    card.medicines
        .iter()
        .flat_map(|item| item.present().map(|(medicine, _)| Listed { key: &item.key, medicine }))
        .collect()
}

/// Everything the record says against one medicine beside the others, the gravest first, each once.
pub fn warnings<'a>(
    one: Listed<'_>,
    allergies: impl IntoIterator<Item = &'a Allergy>,
    others: &[Listed<'_>],
) -> Vec<Warning> {
    let drug = &one.medicine.drug;
    let mut found: Vec<Warning> = allergies.into_iter().filter_map(|allergy| against(drug, allergy)).collect();
    for other in others.iter().filter(|other| other.key != one.key || one.key.is_empty()) {
        let together = one.medicine.dispensing.is_some() && one.medicine.dispensing == other.medicine.dispensing;
        if !together && let Some((kind, basis)) = same(drug, &other.medicine.drug) {
            found.push(Warning { kind, other: other.medicine.drug.name.clone(), basis });
        }
    }
    found.sort_by_key(|warning| warning.kind);
    found.dedup();
    found
}

/// An allergy or adverse reaction against a drug.
fn against(drug: &Drug, allergy: &Allergy) -> Option<Warning> {
    let general = drug.general_name.as_deref().unwrap_or_default();
    let basis = shared_words(&allergy.substance, &drug.name)
        .map(Basis::WordsInName)
        .or_else(|| shared_words(&allergy.substance, general).map(Basis::WordsInGeneralName))?;
    let kind = match allergy.kind {
        AllergyKind::AdverseReaction => WarningKind::AdverseReaction,
        AllergyKind::Allergy | AllergyKind::Other(_) => WarningKind::Allergy,
    };
    Some(Warning { kind, other: allergy.substance.clone(), basis })
}

/// What two drugs have in common, by the strongest proof there is.
fn same(one: &Drug, other: &Drug) -> Option<(WarningKind, Basis)> {
    use WarningKind::{SameIngredient, SameProduct};
    if let (Some(code), Some(other)) = (&one.code, &other.code)
        && code == other
        && is_code(&code.value)
    {
        return Some((SameProduct, Basis::ProductCode(code.value.clone())));
    }
    if !one.name.trim().is_empty() && katakana(&one.name) == katakana(&other.name) {
        return Some((SameProduct, Basis::ProductName(one.name.clone())));
    }
    if let (Some(code), Some(other)) = (&one.general_code, &other.general_code)
        && code == other
        && is_code(&code.value)
    {
        return Some((SameIngredient, Basis::GeneralCode(code.value.clone())));
    }
    let of_other: Vec<String> = ingredient_codes(other).collect();
    if let Some(code) = ingredient_codes(one).find(|code| of_other.contains(code)) {
        return Some((SameIngredient, Basis::IngredientCode(code)));
    }
    let general = |drug: &Drug| drug.general_name.as_deref().map(katakana).filter(|name| !name.is_empty());
    if let (Some(name), Some(of_other)) = (general(one), general(other))
        && name == of_other
    {
        return Some((SameIngredient, Basis::GeneralName(one.general_name.clone().unwrap_or_default())));
    }
    None
}

/// A code that says something: placeholders have no digit but zero.
fn is_code(value: &str) -> bool {
    value.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// The seven characters for route and ingredient of every code of a drug that has them.
fn ingredient_codes(drug: &Drug) -> impl Iterator<Item = String> {
    const TWELVE: [&str; 3] = ["yj", "mhlw", "general-name"];
    let codes = [&drug.code, &drug.general_code].into_iter().flatten();
    codes.filter(|code| TWELVE.contains(&code.system.as_str())).filter_map(|code| {
        let value = fold(&code.value);
        let beginning = value.get(..7)?;
        let whole = value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let digits = beginning.bytes().all(|byte| byte.is_ascii_digit());
        (whole && digits && is_code(beginning)).then(|| beginning.to_owned())
    })
}

/// The words that two names share, as they are compared; none where nothing certain is left.
fn shared_words(substance: &str, name: &str) -> Option<String> {
    let (whole, in_name) = (katakana(substance), katakana(name));
    if in_name.is_empty() {
        return None;
    }
    if whole == in_name || (whole.chars().count() >= 4 && in_name.contains(&whole)) {
        return Some(whole);
    }
    let of_name = words(name);
    words(substance).into_iter().find(|word| of_name.iter().any(|other| agree(word, other)))
}

/// Equal, or the shorter one is the beginning of the longer one, or long enough to be nothing else.
fn agree(one: &str, other: &str) -> bool {
    let (short, long) = if one.chars().count() <= other.chars().count() { (one, other) } else { (other, one) };
    match short.chars().count() {
        0 | 1 => false,
        2 => short == long,
        3 => long.starts_with(short),
        _ => long.contains(short),
    }
}

/// Salts, forms and the like: they say nothing about what it is. Longer ones first.
const NO_INGREDIENT: &[&str] = &[
    "臭化水素酸塩",
    "一水和物",
    "二水和物",
    "マレイン酸塩",
    "フマル酸塩",
    "コハク酸塩",
    "クエン酸塩",
    "メシル酸塩",
    "トシル酸塩",
    "ベシル酸塩",
    "アレルギー",
    "プレフィルドシリンジ",
    "カプセル",
    "ナトリウム",
    "カルシウム",
    "マグネシウム",
    "ドライシロップ",
    "シロップ",
    "クリーム",
    "ローション",
    "リン酸塩",
    "酒石酸塩",
    "酢酸塩",
    "硝酸塩",
    "硫酸塩",
    "塩酸塩",
    "マレイン酸",
    "フマル酸",
    "クエン酸",
    "リン酸",
    "カリウム",
    "水和物",
    "口腔内崩壊",
    "腸溶",
    "徐放",
    "配合",
    "点眼",
    "点鼻",
    "吸入",
    "軟膏",
    "坐剤",
    "細粒",
    "顆粒",
    "抗菌薬",
    "抗生物質",
    "抗生剤",
    "解熱剤",
    "鎮痛剤",
    "解熱鎮痛",
    "造影剤",
    "製剤",
    "副作用",
    "パップ",
    "テープ",
    "ゼリー",
    "注射",
    "塩酸",
    "硫酸",
    "酢酸",
    "錠",
    "散",
    "液",
    "系",
    "剤",
    "薬",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Katakana,
    Latin,
    Kanji,
    Other,
}

fn script(c: char) -> Script {
    match c {
        'ァ'..='ヺ' | 'ー' => Script::Katakana,
        'a'..='z' => Script::Latin,
        '\u{3400}'..='\u{9FFF}' | '々' => Script::Kanji,
        _ => Script::Other,
    }
}

/// What can be an ingredient or a brand in a name: stretches of one script, without makers, salts and forms.
fn words(text: &str) -> Vec<String> {
    let mut left = katakana(&without_brackets(text));
    for word in NO_INGREDIENT {
        left = left.replace(&katakana(word), " ");
    }
    let mut words: Vec<String> = Vec::new();
    let mut last = Script::Other;
    for c in left.chars() {
        let this = script(c);
        match words.last_mut() {
            Some(word) if this == last && this != Script::Other => word.push(c),
            _ if this != Script::Other => words.push(String::from(c)),
            _ => {}
        }
        last = this;
    }
    let least = |word: &String| if word.is_ascii() { 3 } else { 2 };
    words.retain(|word| word.chars().count() >= least(word));
    words
}

/// Without the maker's name in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut left = String::new();
    for c in text.chars() {
        match c {
            '「' | '｢' => depth += 1,
            '」' | '｣' => depth = depth.saturating_sub(1),
            c if depth == 0 => left.push(c),
            _ => {}
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use tendenko_crdt::{Code, DoseBasis, EntryId, Source};

    use super::*;

    fn drug(name: &str, general_name: Option<&str>, code: Option<(&str, &str)>) -> Drug {
        Drug {
            name: name.into(),
            general_name: general_name.map(Into::into),
            code: code.map(|(system, value)| Code { system: system.into(), value: value.into() }),
            ..Drug::default()
        }
    }

    fn medicine(drug: Drug) -> Medicine {
        Medicine {
            drug,
            amount: "1".into(),
            unit: "錠".into(),
            basis: DoseBasis::PerDay,
            usage: "1日1回朝食後".into(),
            timings: Vec::new(),
            form: "内服".into(),
            since: None,
            until: None,
            prescriber: None,
            source: Source::Notebook,
            note: None,
            dispensing: None,
            newer: Default::default(),
        }
    }

    fn allergy(substance: &str) -> Allergy {
        Allergy { substance: substance.into(), ..Allergy::default() }
    }

    fn words_of(substance: &str, name: &str, general: Option<&str>) -> Option<Basis> {
        against(&drug(name, general, None), &allergy(substance)).map(|warning| warning.basis)
    }

    #[test]
    fn an_allergy_is_found_whatever_the_width_script_form_or_maker() {
        let found = |word: &str| Some(Basis::WordsInName(word.into()));
        assert_eq!(words_of("ロキソニン錠60mg", "ロキソニンテープ１００ｍｇ", None), found("ロキソニン"));
        assert_eq!(words_of("ﾛｷｿﾌﾟﾛﾌｪﾝ", "ロキソプロフェンＮａ錠６０ｍｇ「サワイ」", None), found("ロキソプロフェン"));
        assert_eq!(
            words_of("ロキソプロフェンナトリウム水和物", "ロキソプロフェンNa錠60mg", None),
            found("ロキソプロフェン")
        );
        assert_eq!(words_of("りりか", "リリカカプセル25mg", None), found("リリカ"));
        assert_eq!(words_of("葛根湯", "ツムラ葛根湯エキス顆粒", None), found("葛根湯"));
        assert_eq!(words_of("塩化カリウム", "塩化カリウム徐放錠600mg", None), found("塩化カリウム"));
        assert_eq!(
            words_of("ペニシリン系抗菌薬", "ステルイズ水性懸濁筋注", Some("ベンジルペニシリンベンザチン水和物")),
            Some(Basis::WordsInGeneralName("ペニシリン".into()))
        );
    }

    #[test]
    fn what_only_looks_alike_is_not_found() {
        for (substance, name) in [
            ("ピリン系解熱剤", "バイアスピリン錠100mg"),
            ("ロキソプロフェンナトリウム水和物", "炭酸水素ナトリウム錠500mg"),
            ("塩酸ミノサイクリン", "塩酸ドネペジル錠5mg"),
            ("ロキソプロフェン錠「サワイ」", "アムロジピン錠5mg「サワイ」"),
            ("造影剤", "アムロジピン錠"),
            ("卵", "卵胞ホルモン"),
            ("サバ", "ツロブテロールテープ"),
            ("mg", "アムロジピン錠5mg"),
            ("", "アムロジピン錠5mg"),
        ] {
            assert_eq!(words_of(substance, name, None), None, "{substance} / {name}");
        }
        assert_eq!(words_of("卵", "", None), None);
    }

    #[test]
    fn an_adverse_reaction_is_told_from_an_allergy() {
        let reaction = Allergy { kind: AllergyKind::AdverseReaction, ..allergy("アムロジピン") };
        let found = against(&drug("アムロジピン錠5mg", None, None), &reaction).unwrap();
        assert_eq!((found.kind, found.other.as_str()), (WarningKind::AdverseReaction, "アムロジピン"));
    }

    #[test]
    fn the_same_is_told_by_the_strongest_proof() {
        let yj = |name: &str, code: &str| drug(name, Some("アムロジピンベシル酸塩"), Some(("yj", code)));
        let (one, other) =
            (yj("アムロジピン錠5mg「A」", "2171022F2010"), yj("アムロジピンOD錠2.5mg「B」", "2171022F3017"));
        assert_eq!(same(&one, &one).unwrap().1, Basis::ProductCode("2171022F2010".into()));
        let by_code = (WarningKind::SameIngredient, Basis::IngredientCode("2171022".into()));
        assert_eq!(same(&one, &other), Some(by_code.clone()));
        // The price list and the YJ code agree in what they say of the ingredient; a receipt code says nothing of it.
        let listed = drug("ノルバスク錠5mg", None, Some(("mhlw", "2171022F2029")));
        assert_eq!(same(&one, &listed), Some(by_code));
        assert_eq!(same(&one, &drug("ノルバスク錠5mg", None, Some(("receipt", "217102200")))), None);
        let spelt = drug("ノルバスク錠", Some("ｱﾑﾛｼﾞﾋﾟﾝﾍﾞｼﾙ酸塩"), None);
        assert_eq!(same(&one, &spelt).unwrap().1, Basis::GeneralName("アムロジピンベシル酸塩".into()));
        let general = |code: &str| Drug {
            general_code: Some(Code { system: "general-name".into(), value: code.into() }),
            ..drug("X", None, None)
        };
        let named = Drug { name: "Y".into(), ..general("2171022F1ZZZ") };
        assert_eq!(same(&general("2171022F1ZZZ"), &named).unwrap().1, Basis::GeneralCode("2171022F1ZZZ".into()));
        // Another route is another use: eye drops and tablets of one ingredient differ in the code.
        assert_eq!(same(&yj("a", "1149019F1000"), &drug("b", None, Some(("yj", "1319744Q1000")))), None);
        // Placeholders prove nothing.
        let zero = |name: &str| drug(name, None, Some(("yj", "0000000F0000")));
        assert_eq!(same(&zero("a"), &zero("b")), None);
        assert_eq!(same(&zero("a"), &drug("b", None, Some(("yj", "0000000F0001")))), None);
    }

    #[test]
    fn a_medicine_is_not_held_against_itself_nor_against_what_came_with_it() {
        let one = medicine(drug("アムロジピン錠5mg", None, Some(("yj", "2171022F2010"))));
        let other = medicine(drug("アムロジピン錠2.5mg", None, Some(("yj", "2171022F1000"))));
        let list = |one: &Medicine, other: &Medicine| {
            let listed = [Listed { key: "a", medicine: one }, Listed { key: "b", medicine: other }];
            warnings(listed[0], &[], &listed).len()
        };
        assert_eq!(list(&one, &other), 1);
        let together = |medicine: &Medicine| Medicine { dispensing: Some(EntryId::new([1; 16])), ..medicine.clone() };
        assert_eq!(list(&together(&one), &together(&other)), 0);
        assert_eq!(list(&together(&one), &other), 1);
        let proposed = Listed { key: "", medicine: &one };
        assert_eq!(warnings(proposed, &[], &[Listed { key: "a", medicine: &one }])[0].kind, WarningKind::SameProduct);
    }

    #[test]
    fn the_gravest_stands_first() {
        let one = medicine(drug("アムロジピン錠5mg", None, None));
        let twin = medicine(drug("アムロジピン錠5mg", None, None));
        let found = warnings(
            Listed { key: "a", medicine: &one },
            &[allergy("アムロジピン")],
            &[Listed { key: "b", medicine: &twin }],
        );
        assert_eq!(
            found.iter().map(|warning| warning.kind).collect::<Vec<_>>(),
            [WarningKind::Allergy, WarningKind::SameProduct]
        );
    }
}
