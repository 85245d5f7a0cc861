//! The words of the screen: Fluent files in `locales/`, Japanese first.
//!
//! Both languages have the same keys and every key the source asks for exists; the tests below hold that. A key that
//! is missing all the same shows as the key itself, which is ugly and harmless.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use std::rc::Rc;
use tendenko_app_api::{
    ACTIVITY_CODES, ApiError, BEHAVIOUR_CODES, CARE_CODES, OUTCOME_CODES, PART_CODES, Profession, SECTION_CODES,
};

/// A language of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// 日本語
    Ja,
    /// English
    En,
}

impl Lang {
    /// As in `<html lang>` and in the stored preference.
    pub fn as_str(self) -> &'static str {
        match self {
            Lang::Ja => "ja",
            Lang::En => "en",
        }
    }
}

const JA: &[&str] = &[
    include_str!("../locales/ja/frame.ftl"),
    include_str!("../locales/ja/words.ftl"),
    include_str!("../locales/ja/chart.ftl"),
    include_str!("../locales/ja/patient.ftl"),
    include_str!("../locales/ja/work.ftl"),
    include_str!("../locales/ja/notebook.ftl"),
    include_str!("../locales/ja/errors.ftl"),
    include_str!("../locales/ja/nearby.ftl"),
    include_str!("../locales/ja/papers.ftl"),
    include_str!("../locales/ja/documents.ftl"),
    include_str!("../locales/ja/medicines.ftl"),
    include_str!("../locales/ja/labs.ftl"),
    include_str!("../locales/ja/team.ftl"),
];
const EN: &[&str] = &[
    include_str!("../locales/en/frame.ftl"),
    include_str!("../locales/en/words.ftl"),
    include_str!("../locales/en/chart.ftl"),
    include_str!("../locales/en/patient.ftl"),
    include_str!("../locales/en/work.ftl"),
    include_str!("../locales/en/notebook.ftl"),
    include_str!("../locales/en/errors.ftl"),
    include_str!("../locales/en/nearby.ftl"),
    include_str!("../locales/en/papers.ftl"),
    include_str!("../locales/en/documents.ftl"),
    include_str!("../locales/en/medicines.ftl"),
    include_str!("../locales/en/labs.ftl"),
    include_str!("../locales/en/team.ftl"),
];

/// The words of one language. Cheap to clone.
#[derive(Clone)]
pub struct Words {
    /// Which language.
    pub lang: Lang,
    bundle: Rc<FluentBundle<FluentResource>>,
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang
    }
}

impl Words {
    /// Reads the files that were built in. What cannot be read is left out; the tests find it.
    pub fn new(lang: Lang) -> Self {
        let (sources, id) = match lang {
            Lang::Ja => (JA, unic_langid::LanguageIdentifier::from_bytes(b"ja")),
            Lang::En => (EN, unic_langid::LanguageIdentifier::from_bytes(b"en")),
        };
        let mut bundle = FluentBundle::new(id.into_iter().collect());
        // The marks that isolate a value's writing direction show as boxes in some fonts, and nothing here is right-to-left.
        bundle.set_use_isolating(false);
        for source in sources {
            let resource = match FluentResource::try_new((*source).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self { lang, bundle: Rc::new(bundle) }
    }

    /// The words for a key.
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The words for a key with values.
    pub fn ta(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, FluentValue::from(*value));
        }
        self.format(key, Some(&args))
    }

    /// The words for a key with a count, which may choose a plural.
    pub fn tn(&self, key: &str, count: impl Into<u64>) -> String {
        let mut args = FluentArgs::new();
        args.set("n", FluentValue::from(count.into()));
        self.format(key, Some(&args))
    }

    fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }

    /// One plain sentence: what happened and what to do.
    pub fn error(&self, error: &ApiError) -> String {
        let values: Vec<_> = error
            .params
            .iter()
            .map(|(name, value)| {
                let shown = if name == "field" && self.has(&format!("field-{value}")) {
                    self.t(&format!("field-{value}"))
                } else {
                    value.clone()
                };
                (name.as_str(), shown)
            })
            .collect();
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ta(&format!("error-{}", error.code.as_str()), &values)
    }

    /// A span of time in its largest unit: nobody reads 525,600 minutes.
    pub fn span(&self, milliseconds: i64) -> String {
        let minutes = milliseconds.unsigned_abs() / 60_000;
        match minutes {
            0..120 => self.tn("span-minutes", minutes),
            120..2_880 => self.tn("span-hours", minutes / 60),
            _ => self.tn("span-days", minutes / 1_440),
        }
    }

    /// A profession.
    pub fn profession(&self, profession: &Profession) -> String {
        match profession {
            Profession::Other(words) => words.clone(),
            known => self.t(&format!("profession-{}", crate::names::profession(known))),
        }
    }

    /// Care given: a known code in this language, anything else as it was written.
    pub fn care(&self, code: &str) -> String {
        if CARE_CODES.contains(&code) { self.t(&format!("care-{code}")) } else { code.to_owned() }
    }

    /// What is done at a time of day: a known code in this language, anything else as it was written.
    pub fn activity(&self, code: &str) -> String {
        if ACTIVITY_CODES.contains(&code) { self.t(&format!("activity-{code}")) } else { code.to_owned() }
    }

    /// What was seen of somebody who was troubled: a known code in this language, anything else as it was written.
    pub fn behaviour(&self, code: &str) -> String {
        if BEHAVIOUR_CODES.contains(&code) { self.t(&format!("behaviour-{code}")) } else { code.to_owned() }
    }

    /// Whether something helped: a known code in this language, anything else as it was written.
    pub fn outcome(&self, code: &str) -> String {
        if OUTCOME_CODES.contains(&code) { self.t(&format!("outcome-{code}")) } else { code.to_owned() }
    }

    /// A heading of a form: a known code in this language, anything else as it was written.
    pub fn section(&self, name: &str) -> String {
        if SECTION_CODES.contains(&name) { self.t(&format!("section-{name}")) } else { name.to_owned() }
    }

    /// A heading of a document: a known code in this language, anything else as it was written.
    pub fn part(&self, name: &str) -> String {
        if PART_CODES.contains(&name) { self.t(&format!("part-{name}")) } else { name.to_owned() }
    }

    /// A problem of a notebook: a known code in this language, else the general sentence.
    pub fn notebook_problem(&self, code: &str) -> String {
        let key = format!("notebook-problem-{code}");
        if self.has(&key) { self.t(&key) } else { self.t("notebook-problem-other") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tendenko_app_api::{ErrorCode, Measure};

    fn keys(sources: &[&str]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for source in sources {
            if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
                panic!("{errors:?}");
            }
            for line in source.lines() {
                let Some((key, _)) = line.split_once(" =") else { continue };
                if key.starts_with(|c: char| c.is_ascii_lowercase()) {
                    assert!(keys.insert(key.to_owned()), "{key} is there twice");
                }
            }
        }
        keys
    }

    /// Every key that the source names in full: `t("…")`, `ta("…"`, `tn("…"`.
    fn keys_in_source() -> BTreeSet<String> {
        fn visit(folder: &std::path::Path, found: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(folder).expect("source folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    visit(&path, found);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).expect("source file");
                    for call in [".t(", ".ta(", ".tn("] {
                        for rest in text.split(call).skip(1) {
                            let literal = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                            found.extend(literal.map(|(key, _)| key.to_owned()));
                        }
                    }
                }
            }
        }
        let mut found = BTreeSet::new();
        visit(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
        found.retain(|key| {
            key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') && !key.is_empty()
        });
        found
    }

    /// Every key that the source puts together from a list of names.
    fn composed_keys() -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = ErrorCode::ALL.iter().map(|code| format!("error-{}", code.as_str())).collect();
        keys.extend(CARE_CODES.iter().map(|code| format!("care-{code}")));
        keys.extend(PART_CODES.iter().map(|code| format!("part-{code}")));
        keys.extend(ACTIVITY_CODES.iter().map(|code| format!("activity-{code}")));
        keys.extend(BEHAVIOUR_CODES.iter().map(|code| format!("behaviour-{code}")));
        keys.extend(OUTCOME_CODES.iter().map(|code| format!("outcome-{code}")));
        keys.extend(SECTION_CODES.iter().map(|code| format!("section-{code}")));
        keys.extend(Measure::ALL.iter().map(|measure| format!("measure-{}", measure.as_str())));
        for (prefix, names) in crate::names::ALL {
            keys.extend(names.iter().map(|name| format!("{prefix}-{name}")));
        }
        keys
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        let (ja, en) = (keys(JA), keys(EN));
        assert_eq!(ja.difference(&en).collect::<Vec<_>>(), Vec::<&String>::new(), "only in Japanese");
        assert_eq!(en.difference(&ja).collect::<Vec<_>>(), Vec::<&String>::new(), "only in English");
    }

    #[test]
    fn every_key_that_is_asked_for_exists() {
        let ja = keys(JA);
        let wanted: BTreeSet<String> = keys_in_source().union(&composed_keys()).cloned().collect();
        assert_eq!(wanted.difference(&ja).collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn every_problem_of_a_notebook_has_its_sentence() {
        let ja = keys(JA);
        for code in tendenko_interop::notebook::ProblemCode::ALL {
            assert!(ja.contains(&format!("notebook-problem-{}", code.name())), "{}", code.name());
        }
    }

    #[test]
    fn no_words_are_left_over() {
        let wanted: BTreeSet<String> = keys_in_source().union(&composed_keys()).cloned().collect();
        let open = ["field-", "notebook-problem-"];
        let left: Vec<_> = keys(JA)
            .into_iter()
            .filter(|key| !wanted.contains(key) && !open.iter().any(|prefix| key.starts_with(prefix)))
            .collect();
        assert_eq!(left, Vec::<String>::new());
    }

    #[test]
    fn values_are_filled_in_and_plurals_chosen() {
        let en = Words::new(Lang::En);
        assert!(en.tn("sync-unsent", 1u64).contains('1'));
        assert_ne!(en.tn("sync-unsent", 1u64).replace('1', "2"), en.tn("sync-unsent", 2u64));
        let ja = Words::new(Lang::Ja);
        let wrong = ApiError::new(ErrorCode::WrongSecret).with("wait_seconds", 8);
        assert!(ja.error(&wrong).contains('8'), "{}", ja.error(&wrong));
        let range = ApiError::new(ErrorCode::OutOfRange).with("field", "spo2").with("low", 30).with("high", 100);
        assert!(ja.error(&range).contains("SpO₂"), "{}", ja.error(&range));
    }
}
