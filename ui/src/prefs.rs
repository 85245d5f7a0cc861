//! How this tablet's screen looks: language, text size, colours. Kept by the page; nothing about anybody is in it.

use crate::i18n::Lang;

const KEY: &str = "tendenko.screen";

/// Size of all text; everything scales with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSize {
    /// 小
    Small,
    /// 中
    Medium,
    /// 大
    Large,
}

/// Colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the tablet is set.
    Auto,
    /// Paper.
    Light,
    /// Night.
    Dark,
    /// Black, white and thick lines.
    Contrast,
}

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefs {
    /// Language.
    pub lang: Lang,
    /// Size of all text.
    pub size: TextSize,
    /// Colours.
    pub theme: Theme,
}

impl Default for Prefs {
    fn default() -> Self {
        Self { lang: Lang::Ja, size: TextSize::Medium, theme: Theme::Auto }
    }
}

impl TextSize {
    /// As in `data-size`.
    pub fn as_str(self) -> &'static str {
        match self {
            TextSize::Small => "small",
            TextSize::Medium => "medium",
            TextSize::Large => "large",
        }
    }
}

impl Theme {
    /// As in `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Contrast => "contrast",
        }
    }
}

impl Prefs {
    fn to_text(self) -> String {
        format!("{} {} {}", self.lang.as_str(), self.size.as_str(), self.theme.as_str())
    }

    /// Reads what [`Prefs::to_text`] wrote; what is not known becomes the default.
    fn from_text(text: &str) -> Self {
        let mut prefs = Prefs::default();
        for word in text.split_whitespace() {
            match word {
                "en" => prefs.lang = Lang::En,
                "small" => prefs.size = TextSize::Small,
                "large" => prefs.size = TextSize::Large,
                "light" => prefs.theme = Theme::Light,
                "dark" => prefs.theme = Theme::Dark,
                "contrast" => prefs.theme = Theme::Contrast,
                _ => {}
            }
        }
        prefs
    }

    /// What this tablet was set to.
    pub fn load() -> Self {
        let stored = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        stored.map_or_else(Prefs::default, |text| Prefs::from_text(&text))
    }

    /// Keeps it, and puts it on the page.
    pub fn keep(self) {
        if let Some(storage) = storage() {
            // A tablet that keeps nothing starts with the defaults next time; no more than that.
            let _ = storage.set_item(KEY, &self.to_text());
        }
        self.apply();
    }

    /// Puts it on the page.
    pub fn apply(self) {
        let root =
            web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
        if let Some(root) = root {
            for (name, value) in
                [("lang", self.lang.as_str()), ("data-size", self.size.as_str()), ("data-theme", self.theme.as_str())]
            {
                let _ = root.set_attribute(name, value);
            }
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_back() {
        for lang in [Lang::Ja, Lang::En] {
            for size in [TextSize::Small, TextSize::Medium, TextSize::Large] {
                for theme in [Theme::Auto, Theme::Light, Theme::Dark, Theme::Contrast] {
                    let prefs = Prefs { lang, size, theme };
                    assert_eq!(Prefs::from_text(&prefs.to_text()), prefs);
                }
            }
        }
        assert_eq!(Prefs::from_text("from another version"), Prefs::default());
    }
}
