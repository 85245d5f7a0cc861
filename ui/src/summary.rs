//! A patient in a few lines of plain text: what a QR code on paper holds, so that nobody has to type it again.
//!
//! A code that says less than the paper must say so: a list of medicines that ends somewhere would be taken for the whole list.

/// Bytes that a code of a size for paper holds well: the modules stay large enough for a telephone's camera.
const MOST: usize = 1_000;
/// What stands at the end when something was left away.
const CUT: &str = "（続きは紙面に）";

/// One line: what it is, and the facts.
pub struct Line {
    name: String,
    facts: Vec<String>,
}

impl Line {
    /// A line; empty facts are left out.
    pub fn new(name: &str, facts: impl IntoIterator<Item = String>) -> Self {
        let facts = facts.into_iter().map(|fact| fact.trim().to_owned()).filter(|fact| !fact.is_empty()).collect();
        Self { name: name.to_owned(), facts }
    }

    fn text(&self) -> String {
        let facts = self.facts.join("、");
        if self.name.is_empty() { facts } else { format!("{}: {facts}", self.name) }
    }
}

/// The lines that have something to say, as far as they fit, whole facts only.
pub fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().filter(|line| !line.facts.is_empty()) {
        let mut shorter = Line { name: line.name.clone(), facts: line.facts.clone() };
        let room = MOST - CUT.len();
        while !shorter.facts.is_empty() && text.len() + shorter.text().len() + 1 > room {
            shorter.facts.pop();
        }
        if !shorter.facts.is_empty() {
            text.push_str(&shorter.text());
            text.push('\n');
        }
        if shorter.facts.len() < line.facts.len() {
            text.push_str(CUT);
            return text;
        }
    }
    text.trim_end().to_owned()
}

/// The beginning of a text, marked where it was cut.
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, facts: &[&str]) -> Line {
        Line::new(name, facts.iter().map(|fact| (*fact).to_owned()))
    }

    #[test]
    fn lines_without_facts_are_left_out() {
        let lines = [line("", &["佐藤 ハル", "女"]), line("アレルギー", &[]), line("お薬", &["A錠 1錠", " "])];
        assert_eq!(text(&lines), "佐藤 ハル、女\nお薬: A錠 1錠");
    }

    #[test]
    fn what_does_not_fit_ends_with_a_whole_fact_and_says_that_there_is_more() {
        let drug = "レボドパ・カルビドパ配合錠 1日量 3錠 毎食後";
        let many = vec![drug; 40];
        let text = text(&[line("", &["佐藤 ハル"]), line("お薬", &many), line("病名", &["高血圧"])]);
        assert!(text.len() <= MOST, "{} bytes", text.len());
        assert!(text.ends_with(CUT), "{text}");
        let told = text.matches(drug).count();
        assert!(told > 3 && told < 40);
        assert!(!text.contains("病名"), "nothing stands behind the cut");
        assert_eq!(text.matches("配合錠").count(), told, "no half facts");
    }

    #[test]
    fn a_cut_text_is_marked() {
        assert_eq!(cut("お変わりなし", 3), "お変わ…");
        assert_eq!(cut("お変わり", 4), "お変わり");
    }
}
