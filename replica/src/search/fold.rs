//! Folding of Japanese text for comparison. Not for display.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds text: compatibility forms (NFKC, so half-width kana and full-width digits too), lower case, hiragana,
/// voiced marks off, small kana large, long vowels dropped, old characters new, spaces and punctuation away.
///
/// ```
/// # use tendenko_replica::search::fold;
/// assert_eq!(fold("ｻﾄｳ ﾊﾅｺ"), fold("さとう　はなこ"));
/// assert_eq!(fold("オオノ"), fold("おーの"));
/// ```
pub fn fold(text: &str) -> String {
    folded(text, true)
}

/// As [`fold`], but for running text: a vowel after another is kept, because it may well begin the next word
/// (替えのおむつ). The long-vowel mark still makes no difference.
pub fn fold_text(text: &str) -> String {
    folded(text, false)
}

fn folded(text: &str, names: bool) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut vowel = None;
    for c in text.nfkc().flat_map(char::to_lowercase).map(modern).map(hiragana).flat_map(unmarked).map(hiragana) {
        let Some(c) = plain(c) else {
            // A long-vowel mark or a dash; between digits it separates, elsewhere it says nothing.
            if folded.ends_with(|last: char| last.is_ascii_digit()) {
                folded.push('-');
            }
            continue;
        };
        if !c.is_alphanumeric() {
            continue;
        }
        if names && lengthens(vowel, c) {
            continue;
        }
        vowel = vowel_of(c);
        folded.push(c);
    }
    folded
}

/// The ways a text may be meant: づ and ぢ sound like ず and じ, and are written both ways.
pub fn fold_variants(text: &str) -> Vec<String> {
    let first = fold(text);
    let composed: String = text.nfkc().map(hiragana).collect();
    let respelled = composed.replace('づ', "ず").replace('ぢ', "じ");
    let second = fold(&respelled);
    if second == first { vec![first] } else { vec![first, second] }
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        'ヽ' => 'ゝ',
        'ヾ' => 'ゞ',
        other => other,
    }
}

/// Without voiced and half-voiced marks. ゔ is written for ぶ.
fn unmarked(c: char) -> impl Iterator<Item = char> {
    let base = if c == 'ゔ' { 'ふ' } else { c };
    std::iter::once(base).nfd().filter(|c| !is_combining_mark(*c) && !is_variation_selector(*c))
}

/// Small kana large; `None` for the long-vowel mark and dashes.
fn plain(c: char) -> Option<char> {
    Some(match c {
        'ー' | '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => return None,
        'ぁ' => 'あ',
        'ぃ' => 'い',
        'ぅ' => 'う',
        'ぇ' => 'え',
        'ぉ' | 'を' => 'お',
        'っ' => 'つ',
        'ゃ' => 'や',
        'ゅ' => 'ゆ',
        'ょ' => 'よ',
        'ゎ' => 'わ',
        'ゐ' => 'い',
        'ゑ' => 'え',
        'ゕ' => 'か',
        'ゖ' => 'け',
        other => other,
    })
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn lengthens(before: Option<char>, c: char) -> bool {
    matches!(
        (before, c),
        (Some('あ'), 'あ')
            | (Some('い' | 'え'), 'い')
            | (Some('う' | 'お'), 'う')
            | (Some('え'), 'え')
            | (Some('お'), 'お')
    )
}

fn vowel_of(c: char) -> Option<char> {
    Some(match c {
        'あ' | 'か' | 'さ' | 'た' | 'な' | 'は' | 'ま' | 'や' | 'ら' | 'わ' => 'あ',
        'い' | 'き' | 'し' | 'ち' | 'に' | 'ひ' | 'み' | 'り' => 'い',
        'う' | 'く' | 'す' | 'つ' | 'ぬ' | 'ふ' | 'む' | 'ゆ' | 'る' => 'う',
        'え' | 'け' | 'せ' | 'て' | 'ね' | 'へ' | 'め' | 'れ' => 'え',
        'お' | 'こ' | 'そ' | 'と' | 'の' | 'ほ' | 'も' | 'よ' | 'ろ' => 'お',
        _ => return None,
    })
}

/// Old and variant characters of family names, as the one most keyboards give first.
fn modern(c: char) -> char {
    match c {
        '髙' => '高',
        '﨑' | '嵜' | '碕' => '崎',
        '邊' | '邉' => '辺',
        '齋' | '齊' | '斎' => '斉',
        '澤' => '沢',
        '廣' => '広',
        '國' => '国',
        '濱' | '濵' => '浜',
        '嶋' | '嶌' => '島',
        '櫻' => '桜',
        '惠' => '恵',
        '榮' => '栄',
        '眞' => '真',
        '德' => '徳',
        '瀨' => '瀬',
        '淵' | '渕' => '淵',
        '冨' => '富',
        '曾' => '曽',
        '龍' => '竜',
        '藏' => '蔵',
        '圓' => '円',
        '彌' => '弥',
        '壽' => '寿',
        '關' => '関',
        '學' => '学',
        '實' => '実',
        '靜' => '静',
        '條' => '条',
        '與' => '与',
        '來' => '来',
        '萬' => '万',
        '豐' => '豊',
        '鐵' => '鉄',
        '𠮷' => '吉',
        '柗' => '松',
        '舘' => '館',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_forgive_is_forgiven() {
        for (typed, kept) in [
            ("ｻﾄｳ", "サトウ"),
            ("さとう", "ｻﾄｳ"),
            ("さと", "サトー"),
            ("しようこ", "ショウコ"),
            ("はつとり", "ハットリ"),
            ("おの", "オオノ"),
            ("けいこ", "ケーコ"),
            ("かわはた", "カワバタ"),
            ("ヴ", "ブ"),
            ("ヷ", "ワ"),
            ("髙橋", "高橋"),
            ("渡邉", "渡辺"),
            ("１－２－３", "1-2-3"),
            ("いゝだ", "イヽダ"),
            ("ABC", "ａｂｃ"),
        ] {
            assert_eq!(fold(typed), fold(kept), "{typed} {kept}");
        }
        assert_ne!(fold("さとう"), fold("かとう"));
        assert_ne!(fold("まつ"), fold("ます"));
    }

    #[test]
    fn both_spellings_of_one_sound_are_variants() {
        assert!(fold_variants("みづほ").contains(&fold("みずほ")));
        assert_eq!(fold_variants("みずほ").len(), 1);
    }

    #[test]
    fn in_running_text_no_word_loses_its_first_vowel() {
        assert!(fold_text("替えのおむつ").contains(&fold_text("オムツ")));
        assert_eq!(fold_text("ﾍﾞｯﾄﾞｻｲﾄﾞ"), fold_text("べっどさいど"));
        assert_eq!(fold_text("データー"), fold_text("データ"));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "[ぁ-んァ-ヴーa-zA-Z0-9一-龥ｦ-ﾟ \\-]{0,24}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn katakana_and_hiragana_fold_alike(text in "[ぁ-ゖ]{0,16}") {
            let katakana: String = text.chars().map(|c| char::from_u32(c as u32 + 0x60).unwrap()).collect();
            prop_assert_eq!(fold(&katakana), fold(&text));
        }

        #[test]
        fn typing_on_narrows_down(text in "[ぁ-んァ-ヴー一-龥0-9 ]{1,16}", cut in 0usize..16) {
            let start: String = text.chars().take(cut).collect();
            prop_assert!(fold(&text).starts_with(&fold(&start)));
        }
    }
}
