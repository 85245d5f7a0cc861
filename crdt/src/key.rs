//! Keys of the root map: `e/<entry id>` an event, `r/<name>` a register, `s/<set>/<item>` an item of a set.
//!
//! Item keys decide what counts as the same thing: two tablets that write the same allergy under two keys would show
//! it twice, and removing one would leave the other.

use crate::ids::EntryId;

/// What a key of the root map names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// An event.
    Event(EntryId),
    /// A register, by name.
    Register(&'a str),
    /// An item of a set.
    Item {
        /// The set.
        set: &'a str,
        /// The item's key within the set.
        item: &'a str,
    },
    /// Something of a newer version; left alone.
    Other,
}

impl<'a> Key<'a> {
    /// Reads a key. Never fails: what is not known is [`Key::Other`].
    pub fn parse(key: &'a str) -> Self {
        if let Some(id) = key.strip_prefix("e/") {
            // Only the spelling we write ourselves; another spelling of one id would be a second entry with its name.
            id.parse().ok().filter(|parsed: &EntryId| parsed.to_string() == id).map_or(Key::Other, Key::Event)
        } else if let Some(name) = key.strip_prefix("r/") {
            Key::Register(name)
        } else if let Some((set, item)) = key.strip_prefix("s/").and_then(|rest| rest.split_once('/')) {
            Key::Item { set, item }
        } else {
            Key::Other
        }
    }
}

pub(crate) fn event(id: EntryId) -> String {
    format!("e/{id}")
}

pub(crate) fn register(name: &str) -> String {
    format!("r/{name}")
}

pub(crate) fn item(set: &str, item: &str) -> String {
    format!("s/{set}/{item}")
}

pub mod item_key {
    //! Keys of set items, the same on every tablet for the same thing.

    use sha2::{Digest, Sha256};
    use unicode_normalization::UnicodeNormalization;

    use crate::ids::write_hex;
    use crate::medicine::Drug;
    use crate::person::{Allergy, Contact, Diagnosis, SpecialNeed, SpecialNeedKind};

    /// Longest item key in bytes; longer text is represented by its hash.
    pub(crate) const MAX: usize = 160;

    /// Text as a key: half and full width, upper and lower case, and spaces make no difference.
    pub fn normalised(text: &str) -> String {
        let folded: String =
            text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        // Lower-casing can undo composition; compose once more so that a key is stable under this function.
        let folded: String = folded.nfkc().collect();
        if folded.len() <= MAX - 16 {
            return folded;
        }
        let mut key = String::from("sha256:");
        // Writing into a String cannot fail.
        let _ = write_hex(&mut key, &Sha256::digest(folded.as_bytes())[..16]);
        key
    }

    /// Key of an allergy or adverse reaction: its substance.
    pub fn allergy(allergy: &Allergy) -> String {
        normalised(&allergy.substance)
    }

    /// Key of a diagnosis: its name.
    pub fn diagnosis(diagnosis: &Diagnosis) -> String {
        normalised(&diagnosis.name)
    }

    /// Key of a contact: the name.
    pub fn contact(contact: &Contact) -> String {
        normalised(&contact.name)
    }

    /// Key of a special need. A patient has one oxygen prescription, dialysis schedule or ventilator setting, so two
    /// concurrent ones are a conflict; implants and other needs may be several.
    pub fn special_need(need: &SpecialNeed) -> String {
        match &need.kind {
            kind @ (SpecialNeedKind::Oxygen | SpecialNeedKind::Dialysis | SpecialNeedKind::Ventilator) => {
                kind.as_str().to_owned()
            }
            kind => normalised(&format!("{}:{}", kind.as_str(), need.detail)),
        }
    }

    /// Key of a medicine: `system:code`, or the name where there is no code.
    pub fn medicine(drug: &Drug) -> String {
        match &drug.code {
            Some(code) if !code.value.trim().is_empty() => normalised(&format!("{}:{}", code.system, code.value)),
            _ => normalised(&drug.name),
        }
    }

    /// The key for the `n`th usage of one drug at the same time: `key`, `key#2`, `key#3` …
    pub fn nth(key: &str, n: usize) -> String {
        if n <= 1 { key.to_owned() } else { format!("{key}#{n}") }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn spelling_variants_of_one_substance_are_one_key() {
            for variant in ["ペニシリン G", "ﾍﾟﾆｼﾘﾝ Ｇ", "ペニシリンg", " ペニシリン\u{3000}G"]
            {
                assert_eq!(normalised(variant), "ペニシリンg", "{variant}");
            }
        }

        #[test]
        fn a_key_is_stable_and_bounded() {
            for text in ["İstanbul", "ǅ", &"長".repeat(500), "ﷺ", "a\u{0300}"] {
                let key = normalised(text);
                assert_eq!(normalised(&key), key, "{text}");
                assert!(nth(&key, 12).len() <= MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let id = EntryId::new([0xab; 16]);
        assert_eq!(Key::parse(&event(id)), Key::Event(id));
        assert_eq!(Key::parse(&register("identity")), Key::Register("identity"));
        assert_eq!(Key::parse(&item("allergy", "a/b")), Key::Item { set: "allergy", item: "a/b" });
        for other in
            ["", "e/", "e/xyz", "s/allergy", "x/y", &event(id).to_uppercase(), &format!("e/{}", "AB".repeat(16))]
        {
            assert_eq!(Key::parse(other), Key::Other, "{other}");
        }
    }
}
