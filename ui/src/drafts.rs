//! Visits that are being written. What is typed is in the page's memory at once, and in the sealed store a moment later, at every keystroke:
//! a failed save, another screen, a lock, or a program that was killed takes nothing away. Nothing about a patient may reach the page's own
//! storage, which is not sealed; and a lock leaves nothing in memory.
//! How that goes on is [`crate::keeping`]'s.

pub use crate::keeping::{discard, forget, get, put, settle};
use crate::{
    api::call,
    keeping::{Keeping, Kept},
    numbers,
};
use std::rc::Rc;
use tendenko_app_api::*;

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

/// A form that says what a recorded visit says.
pub fn from_visit(at: Millis, visit: &VisitView) -> VisitForm {
    let mut form = VisitForm {
        at: Some(at),
        purpose: visit.purpose.clone(),
        care: visit.care.clone(),
        note: visit.note.clone(),
        ..VisitForm::default()
    };
    for measure in Measure::ALL {
        if let Some(value) = visit.vitals.get(measure) {
            form.set_text(measure, numbers::show(measure, value));
        }
    }
    for section in &visit.sections {
        form.set_section(&section.name, section.text.clone());
    }
    // What stands in the record was looked at when it was written.
    form.insist(visit.vitals.implausible());
    form
}

/// The visit a form means, with its sections in the order of the profession's form; or the first field that does not fit.
pub fn visit(form: &VisitForm, profession: &Profession, now: Millis) -> Result<VisitDraft, Measure> {
    let at = form.at.or((form.minutes_ago > 0).then(|| Millis(now.0 - form.minutes_ago * 60_000)));
    let mut visit = VisitDraft {
        at,
        purpose: form.purpose.clone(),
        care: form.care.clone(),
        note: form.note.trim().to_owned(),
        sections: Vec::new(),
        ..VisitDraft::default()
    };
    let own = sections_for(profession);
    let others = form.sections.keys().map(String::as_str).filter(|name| !own.contains(name));
    for name in own.iter().copied().chain(others) {
        let text = form.section(name).trim();
        if !text.is_empty() {
            visit.sections.push(NoteSection { name: name.to_owned(), text: text.to_owned() });
        }
    }
    for measure in Measure::ALL {
        let value = numbers::value(measure, form.text(measure)).map_err(|()| measure)?;
        if !visit.vitals.set(measure, value) {
            return Err(measure);
        }
    }
    Ok(visit)
}

/// The hand-over a form means; an empty one is none.
pub fn hand_over(form: &VisitForm) -> Option<HandOverDraft> {
    let form = form.hand_over.as_ref()?;
    let text = form.text.trim();
    (!text.is_empty()).then(|| HandOverDraft { to: form.to.clone(), urgent: form.urgent, text: text.to_owned() })
}

thread_local! {
    static DRAFTS: Rc<Keeping<DraftKey, VisitForm>> = Rc::default();
}

impl Kept for DraftKey {
    type Form = VisitForm;
    type Put = PutDraft;
    type Discard = DropDraft;

    fn put(&self, form: VisitForm) -> PutDraft {
        PutDraft { patient: self.patient.clone(), correct: self.correct.clone(), form }
    }

    fn discard(&self) -> DropDraft {
        DropDraft { patient: self.patient.clone(), correct: self.correct.clone() }
    }

    fn all() -> Rc<Keeping<Self, VisitForm>> {
        DRAFTS.with(Rc::clone)
    }
}

/// Reads a draft with its photos. What is in memory is newer than what was read.
pub async fn read(key: &DraftKey) -> Result<Draft, ApiError> {
    let mut draft = call(&GetDraft { patient: key.patient.clone(), correct: key.correct.clone() }).await?;
    draft.form = DraftKey::all().read(key, draft.form.take());
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_visit_comes_back_unchanged() {
        let mut recorded =
            VisitView { note: "変わりなし".into(), care: vec!["excretion".into()], ..VisitView::default() };
        recorded.vitals.set(Measure::Temperature, Some(365));
        recorded.vitals.set(Measure::Weight, Some(482));
        recorded.vitals.set(Measure::Systolic, Some(310));
        recorded.sections = vec![NoteSection { name: "plan".into(), text: "継続".into() }];
        let form = from_visit(Millis(5), &recorded);
        assert_eq!(form.insisted(), [Measure::Systolic]);
        let draft = visit(&form, &Profession::Nurse, Millis(9)).expect("fits");
        assert_eq!(
            (draft.at, draft.vitals, draft.care, draft.note, draft.sections),
            (Some(Millis(5)), recorded.vitals, recorded.care, recorded.note, recorded.sections)
        );
    }

    #[test]
    fn the_first_field_that_does_not_fit_is_named() {
        let mut form = VisitForm::default();
        form.set_text(Measure::Pulse, "72.5".into());
        assert_eq!(visit(&form, &Profession::Nurse, Millis(0)), Err(Measure::Pulse));
    }

    #[test]
    fn sections_stand_in_the_order_of_the_form_and_none_is_lost() {
        let mut form = VisitForm::default();
        for name in ["plan", "taking", "subjective"] {
            form.set_section(name, name.to_owned());
        }
        let draft = visit(&form, &Profession::Nurse, Millis(0)).expect("fits");
        let names: Vec<_> = draft.sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["subjective", "plan", "taking"]);
    }

    #[test]
    fn a_visit_of_an_hour_ago_carries_that_moment() {
        let at = |form: &VisitForm| visit(form, &Profession::Nurse, Millis(7_200_000)).expect("fits").at;
        assert_eq!(at(&VisitForm { minutes_ago: 60, ..VisitForm::default() }), Some(Millis(3_600_000)));
        assert_eq!(at(&VisitForm::default()), None);
    }
}
