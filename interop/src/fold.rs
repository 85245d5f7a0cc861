//! Folding of text for comparison: two spellings of one name become one.
//!
//! Folded text is compared and hashed, never shown and never stored.

use unicode_normalization::UnicodeNormalization;

/// NFKC (half-width kana and full-width letters become ordinary ones), no white space, lower case.
pub(crate) fn fold(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// [`fold`], then the old and variant forms of characters that are common in family names become the usual ones.
pub(crate) fn fold_name(text: &str) -> String {
    fold(text)
        .chars()
        .map(|c| match c {
            '髙' => '高',
            '﨑' | '嵜' | '㟢' => '崎',
            '邊' | '邉' => '辺',
            '齋' | '齊' | '斉' => '斎',
            '濵' | '濱' => '浜',
            '澤' => '沢',
            '德' => '徳',
            '廣' => '広',
            '櫻' => '桜',
            '嶋' | '嶌' => '島',
            '冨' => '富',
            '𠮷' => '吉',
            '惠' => '恵',
            '國' => '国',
            other => other,
        })
        .collect()
}

/// [`fold`], hiragana as katakana, every dash that stands for a long vowel as `ー`, middle dots left out.
pub(crate) fn katakana(text: &str) -> String {
    fold(text)
        .chars()
        .filter(|c| *c != '・')
        .map(|c| match c {
            'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
            '-' | '‐' | '―' | '−' | '–' | '—' => 'ー',
            other => other,
        })
        .collect()
}

/// [`katakana`], small kana as large ones (old systems cannot write small half-width kana everywhere).
pub(crate) fn fold_kana(text: &str) -> String {
    katakana(text)
        .chars()
        .map(|c| match c {
            'ァ' => 'ア',
            'ィ' => 'イ',
            'ゥ' => 'ウ',
            'ェ' => 'エ',
            'ォ' => 'オ',
            'ッ' => 'ツ',
            'ャ' => 'ヤ',
            'ュ' => 'ユ',
            'ョ' => 'ヨ',
            'ヮ' => 'ワ',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_spaces_and_scripts_fold_together() {
        assert_eq!(fold("ﾉﾙﾊﾞｽｸ錠 ２．５ｍｇ"), fold("ノルバスク錠2.5MG"));
        assert_eq!(fold_kana("きょうこ"), fold_kana("ｷﾖｳｺ"));
        assert_eq!(fold_kana("サトー　ジロウ"), fold_kana("ｻﾄｰｼﾞﾛｳ"));
        assert_ne!(fold_kana("サトウ"), fold_kana("サド"));
        assert_eq!(fold_name("髙橋 惠"), fold_name("高橋　恵"));
    }
}
