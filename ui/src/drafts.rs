//! Visits that are being written. In memory only: what was typed survives a failed save, another screen, and a lock,
//! and is gone when the program ends. Nothing about a patient may reach the page's own storage, which is not sealed.

use crate::numbers;
use std::{cell::RefCell, collections::HashMap};
use tendenko_app_api::{
    Addressee, EntryId, HandOverDraft, Measure, MemberId, Millis, PatientId, VisitDraft, VisitView,
};

/// Whose draft about whom; a correction is a draft of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DraftKey {
    /// Who writes.
    pub member: MemberId,
    /// About whom.
    pub patient: PatientId,
    /// Which visit is corrected.
    pub correct: Option<EntryId>,
}

/// A visit as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VisitForm {
    /// When it happened, where that is fixed (a correction).
    pub at: Option<Millis>,
    /// How many minutes ago it happened, where it is not.
    pub minutes_ago: i64,
    /// Why.
    pub purpose: Option<String>,
    /// The text of each field, as typed.
    pub texts: [String; Measure::ALL.len()],
    /// Care given.
    pub care: Vec<String>,
    /// In the writer's words.
    pub note: String,
    /// For whoever comes next; none = the part is closed.
    pub hand_over: Option<HandOverForm>,
    /// Why it is corrected.
    pub reason: String,
}

/// A hand-over as it stands on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOverForm {
    /// To whom.
    pub to: Addressee,
    /// To be read before anything else.
    pub urgent: bool,
    /// The text.
    pub text: String,
}

fn place(measure: Measure) -> usize {
    Measure::ALL.iter().position(|other| *other == measure).unwrap_or(0)
}

impl VisitForm {
    /// A form that says what a recorded visit says.
    pub fn from_visit(at: Millis, visit: &VisitView) -> Self {
        let mut form = VisitForm {
            at: Some(at),
            purpose: visit.purpose.clone(),
            care: visit.care.clone(),
            note: visit.note.clone(),
            ..VisitForm::default()
        };
        for measure in Measure::ALL {
            if let Some(value) = visit.vitals.get(measure) {
                form.texts[place(measure)] = numbers::show(measure, value);
            }
        }
        form
    }

    /// The text of a field.
    pub fn text(&self, measure: Measure) -> &str {
        &self.texts[place(measure)]
    }

    /// Sets the text of a field.
    pub fn set_text(&mut self, measure: Measure, text: String) {
        self.texts[place(measure)] = text;
    }

    /// The visit it means, or the first field that cannot be a measurement.
    pub fn visit(&self, now: Millis) -> Result<VisitDraft, Measure> {
        let at = self.at.or((self.minutes_ago > 0).then(|| Millis(now.0 - self.minutes_ago * 60_000)));
        let mut visit = VisitDraft {
            at,
            purpose: self.purpose.clone(),
            care: self.care.clone(),
            note: self.note.trim().to_owned(),
            ..VisitDraft::default()
        };
        for measure in Measure::ALL {
            let value = numbers::value(measure, self.text(measure)).map_err(|()| measure)?;
            if !visit.vitals.set(measure, value) {
                return Err(measure);
            }
        }
        Ok(visit)
    }

    /// The hand-over it means; an empty one is none.
    pub fn hand_over(&self) -> Option<HandOverDraft> {
        let form = self.hand_over.as_ref()?;
        let text = form.text.trim();
        (!text.is_empty()).then(|| HandOverDraft { to: form.to.clone(), urgent: form.urgent, text: text.to_owned() })
    }
}

thread_local! {
    static DRAFTS: RefCell<HashMap<DraftKey, VisitForm>> = RefCell::new(HashMap::new());
}

/// The draft as it was left; none = nothing was typed.
pub fn get(key: &DraftKey) -> Option<VisitForm> {
    DRAFTS.with_borrow(|drafts| drafts.get(key).cloned())
}

/// Keeps a draft. One without anything in it is forgotten.
pub fn put(key: &DraftKey, form: &VisitForm) {
    DRAFTS.with_borrow_mut(|drafts| {
        if *form == VisitForm::default() {
            drafts.remove(key);
        } else {
            drafts.insert(key.clone(), form.clone());
        }
    });
}

/// Forgets a draft, because it was saved or thrown away.
pub fn forget(key: &DraftKey) {
    DRAFTS.with_borrow_mut(|drafts| drafts.remove(key));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(member: &str) -> DraftKey {
        DraftKey { member: MemberId(member.into()), patient: PatientId("p".into()), correct: None }
    }

    #[test]
    fn a_draft_stays_until_it_is_saved_and_is_its_writers_alone() {
        let form = VisitForm { note: "痛みが強い".into(), ..VisitForm::default() };
        put(&key("a"), &form);
        assert_eq!(get(&key("a")), Some(form));
        assert_eq!(get(&key("b")), None);
        forget(&key("a"));
        assert_eq!(get(&key("a")), None);
    }

    #[test]
    fn a_recorded_visit_comes_back_unchanged() {
        let mut visit =
            VisitView { note: "変わりなし".into(), care: vec!["excretion".into()], ..VisitView::default() };
        visit.vitals.set(Measure::Temperature, Some(365));
        visit.vitals.set(Measure::Weight, Some(482));
        visit.vitals.set(Measure::Systolic, Some(128));
        let draft = VisitForm::from_visit(Millis(5), &visit).visit(Millis(9)).expect("possible");
        assert_eq!(
            (draft.at, draft.vitals, draft.care, draft.note),
            (Some(Millis(5)), visit.vitals, visit.care, visit.note)
        );
    }

    #[test]
    fn the_first_impossible_field_is_named() {
        let mut form = VisitForm::default();
        form.set_text(Measure::Pulse, "7200".into());
        assert_eq!(form.visit(Millis(0)), Err(Measure::Pulse));
    }

    #[test]
    fn a_visit_of_an_hour_ago_carries_that_moment() {
        let form = VisitForm { minutes_ago: 60, ..VisitForm::default() };
        assert_eq!(form.visit(Millis(7_200_000)).expect("possible").at, Some(Millis(3_600_000)));
        assert_eq!(VisitForm::default().visit(Millis(7_200_000)).expect("possible").at, None);
    }
}
