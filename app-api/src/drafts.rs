//! Drafts: what is being written, kept in the sealed store at every keystroke, until it is saved or thrown away.
//!
//! A draft is its writer's alone and never leaves the tablet. There is one for each patient, writer and form ([`DraftName`]).

use std::collections::BTreeMap;

use crate::{Addressee, DocumentDraftName, DraftFile, EntryId, Measure, Millis, PatientId, PatientName, SheetName};
use serde::{Deserialize, Serialize};

/// A visit as it stands on the screen, field by field as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitForm {
    /// When it happened, where that was said; none = [`VisitForm::minutes_ago`].
    pub at: Option<Millis>,
    /// How many minutes ago it happened, where that is not said otherwise.
    pub minutes_ago: i64,
    /// Why.
    pub purpose: Option<String>,
    /// The text of each field that has one.
    pub texts: BTreeMap<Measure, String>,
    /// Care given.
    pub care: Vec<String>,
    /// In the writer's words.
    pub note: String,
    /// What stands under the headings of the profession's form, by name.
    pub sections: BTreeMap<String, String>,
    /// For whoever comes next; none = the part is closed.
    pub hand_over: Option<HandOverForm>,
    /// Why it is corrected.
    pub reason: String,
    /// Numbers that are hard to believe, as the writer has looked at them again.
    pub insisted: BTreeMap<Measure, String>,
}

impl VisitForm {
    /// The text of a field.
    pub fn text(&self, measure: Measure) -> &str {
        self.texts.get(&measure).map_or("", String::as_str)
    }

    /// Sets the text of a field.
    pub fn set_text(&mut self, measure: Measure, text: String) {
        put_or_remove(&mut self.texts, measure, text);
    }

    /// What stands under a heading.
    pub fn section(&self, name: &str) -> &str {
        self.sections.get(name).map_or("", String::as_str)
    }

    /// Sets what stands under a heading.
    pub fn set_section(&mut self, name: &str, text: String) {
        put_or_remove(&mut self.sections, name.to_owned(), text);
    }

    /// The writer has looked at these numbers again, as they are typed now.
    pub fn insist(&mut self, measures: impl IntoIterator<Item = Measure>) {
        for measure in measures {
            let text = self.text(measure).to_owned();
            self.insisted.insert(measure, text);
        }
    }

    /// Numbers that were looked at again and not typed anew since.
    pub fn insisted(&self) -> Vec<Measure> {
        self.insisted
            .iter()
            .filter(|(measure, text)| self.text(**measure) == *text)
            .map(|(measure, _)| *measure)
            .collect()
    }
}

fn put_or_remove<K: Ord>(texts: &mut BTreeMap<K, String>, key: K, text: String) {
    if text.is_empty() {
        texts.remove(&key);
    } else {
        texts.insert(key, text);
    }
}

/// A hand-over as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverForm {
    /// To whom.
    pub to: Addressee,
    /// To be read before anything else.
    pub urgent: bool,
    /// The text.
    pub text: String,
}

/// What a draft will be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftName {
    /// A visit, or the correction of this one.
    Visit(Option<EntryId>),
    /// A document.
    Document(DocumentDraftName),
    /// What a sheet sends.
    Sheet(SheetName),
}

/// Asks for the draft of the person at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which visit it corrects; none = a new one.
    pub correct: Option<EntryId>,
}

/// A draft as it was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What was typed; none = nothing yet.
    pub form: Option<VisitForm>,
    /// When it was last touched.
    pub at: Millis,
    /// Its photos, in the order in which they were added.
    pub photos: Vec<DraftFile>,
}

/// Keeps a draft, durably. One without anything in it, photos included, is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which visit it corrects.
    pub correct: Option<EntryId>,
    /// All of it.
    pub form: VisitForm,
}

/// Throws a draft away, with its photos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropDraft {
    /// About whom.
    pub patient: PatientId,
    /// Which visit it corrects.
    pub correct: Option<EntryId>,
}

/// Asks what the person at work has begun and not saved, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetDrafts {}

/// A draft in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftLine {
    /// About whom.
    pub patient: PatientName,
    /// What it will be.
    pub draft: DraftName,
    /// When it was last touched.
    pub at: Millis,
}

/// Asks for the sentences that the person at work writes again and again, the most useful first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPhrases {}

/// Never offers a sentence again, until it is written twice more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetPhrase {
    /// Which.
    pub phrase: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_anew_has_not_looked_again() {
        let mut form = VisitForm::default();
        form.set_text(Measure::Pulse, "400".into());
        form.insist([Measure::Pulse]);
        assert_eq!(form.insisted(), [Measure::Pulse]);
        form.set_text(Measure::Pulse, "40".into());
        assert_eq!(form.insisted(), []);
    }

    #[test]
    fn a_form_that_was_emptied_again_is_as_new() {
        let mut form = VisitForm::default();
        form.set_text(Measure::Pulse, "72".into());
        form.set_section("plan", "継続".into());
        form.set_text(Measure::Pulse, String::new());
        form.set_section("plan", String::new());
        assert_eq!(form, VisitForm::default());
    }
}
