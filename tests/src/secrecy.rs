//! Looking for plaintext where there must be none.

use crate::scene::{ALLERGY, MEDICINE, PATIENT_KANA, PATIENT_NAME};

/// A sentence that drills record, to look for it afterwards.
pub const SECRET_NOTE: &str = "仏壇の引き出しに夕の薬が残っていた";

/// The first known word of the record that occurs in these bytes, as UTF-8 or UTF-16.
pub fn found_in(bytes: &[u8]) -> Option<&'static str> {
    words().into_iter().find(|word| forms(word).iter().any(|form| contains(bytes, form)))
}

/// What is looked for: longer than anything that occurs by chance.
fn words() -> [&'static str; 5] {
    [PATIENT_NAME, PATIENT_KANA, ALLERGY, MEDICINE, SECRET_NOTE]
}

fn forms(word: &str) -> [Vec<u8>; 3] {
    let utf16 = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [word.as_bytes().to_vec(), utf16, word.split(' ').next().unwrap_or(word).as_bytes().to_vec()]
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_found_where_they_are() {
        let page = format!("xx{SECRET_NOTE}yy");
        assert_eq!(found_in(page.as_bytes()), Some(SECRET_NOTE));
        assert_eq!(found_in(b"nothing of the kind"), None);
    }
}
