//! Which entries: by profession and by kind; and what of that holds now, to be taken back one by one.

use crate::{
    app::{App, use_app},
    components::{Chips, Icon, Sheet, button_class},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

/// Kinds that are looked for together.
const GROUPS: &[(&str, &[EntryKind])] = &[
    ("care", &[EntryKind::Visit, EntryKind::Note]),
    ("hand-over", &[EntryKind::HandOver]),
    (
        "medicines",
        &[EntryKind::Dispensing, EntryKind::MedicineChange, EntryKind::MedicineObservation, EntryKind::NotebookImport],
    ),
    ("labs", &[EntryKind::LabReport, EntryKind::TestRequest]),
    ("documents", &[EntryKind::Document, EntryKind::ChecklistAnswer]),
    ("photos", &[EntryKind::Attachment]),
    ("plan", &[EntryKind::VisitPlan, EntryKind::VisitChange]),
    ("agreed", &[EntryKind::TeamGoal, EntryKind::DayRhythm, EntryKind::WishesChange]),
    ("behaviour", &[EntryKind::Behaviour]),
    ("site", &[EntryKind::SiteAccess]),
];

const PROFESSIONS: [Profession; 11] = {
    use Profession::*;
    [
        Nurse,
        Physician,
        Pharmacist,
        CareManager,
        Helper,
        Therapist,
        Dentist,
        Dietitian,
        Liaison,
        Municipality,
        Secretariat,
    ]
};

#[derive(Properties, PartialEq)]
pub struct NarrowSheetProps {
    /// What holds now.
    pub filter: TimelineFilter,
    /// Something else is to hold.
    pub on_filter: Callback<TimelineFilter>,
    /// Closed.
    pub on_close: Callback<()>,
}

/// Chooses a profession and kinds; what is chosen holds at once.
#[component]
pub fn NarrowSheet(props: &NarrowSheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let filter = &props.filter;
    let professions =
        PROFESSIONS.iter().map(|one| (names::profession(one).to_owned(), words.profession(one))).collect::<Vec<_>>();
    let profession = {
        let (filter, on_filter) = (filter.clone(), props.on_filter.clone());
        move |touched: String| {
            let one = PROFESSIONS.iter().find(|one| names::profession(one) == touched).cloned();
            let profession = if filter.profession == one { None } else { one };
            on_filter.emit(TimelineFilter { profession, ..filter.clone() });
        }
    };
    let groups =
        GROUPS.iter().map(|(name, _)| ((*name).to_owned(), words.t(&format!("group-{name}")))).collect::<Vec<_>>();
    let chosen = GROUPS.iter().filter(|(_, kinds)| holds(filter, kinds)).map(|(name, _)| (*name).to_owned());
    let group = {
        let (filter, on_filter) = (filter.clone(), props.on_filter.clone());
        move |touched: String| {
            if let Some((_, kinds)) = GROUPS.iter().find(|(name, _)| *name == touched) {
                on_filter.emit(toggled(&filter, kinds));
            }
        }
    };
    html! {
        <Sheet title={words.t("narrow")} on_close={props.on_close.clone()} testid="narrow-sheet">
            <h3>{ words.t("narrow-kind") }</h3>
            <Chips choices={groups} chosen={chosen.collect::<Vec<_>>()} on_touch={group} label={words.t("narrow-kind")} testid="narrow-kind" />
            <h3>{ words.t("narrow-profession") }</h3>
            <Chips choices={professions} chosen={filter.profession.iter().map(|one| names::profession(one).to_owned()).collect::<Vec<_>>()}
                on_touch={profession} label={words.t("narrow-profession")} testid="narrow-profession" />
            <div class="buttons">
                <button type="button" class={button_class("primary")} onclick={props.on_close.reform(|_: MouseEvent| ())} data-testid="narrow-show">{ words.t("narrow-show") }</button>
                <button type="button" class={button_class("quiet")} data-testid="narrow-none" disabled={filter.profession.is_none() && filter.kinds.is_empty()}
                    onclick={ let filter = filter.clone(); props.on_filter.reform(move |_: MouseEvent| TimelineFilter { profession: None, kinds: Vec::new(), ..filter.clone() }) }>{ words.t("narrow-none") }</button>
            </div>
        </Sheet>
    }
}

/// What holds now, above the list; a touch takes it back.
pub fn narrowed(app: &App, filter: &TimelineFilter, on_filter: &Callback<TimelineFilter>) -> Html {
    let words = &app.words;
    let mut marks: Vec<(String, TimelineFilter)> = Vec::new();
    for (name, kinds) in GROUPS.iter().filter(|(_, kinds)| holds(filter, kinds)) {
        marks.push((words.t(&format!("group-{name}")), toggled(filter, kinds)));
    }
    if let Some(profession) = &filter.profession {
        marks.push((words.profession(profession), TimelineFilter { profession: None, ..filter.clone() }));
    }
    if !filter.words.trim().is_empty() {
        let without = TimelineFilter { words: String::new(), care: Vec::new(), ..filter.clone() };
        marks.push((words.ta("narrowed-words", &[("words", filter.words.trim())]), without));
    }
    if marks.is_empty() {
        return html! {};
    }
    html! {
        <div class="narrowed" role="group" aria-label={words.t("narrowed")} data-testid="narrowed">
            { for marks.into_iter().map(|(name, without)| html! {
                <button type="button" class="chip is-chosen" aria-label={words.ta("narrowed-remove", &[("what", &name)])}
                    onclick={on_filter.reform(move |_: MouseEvent| without.clone())}>{ name }<Icon name="close" /></button>
            }) }
        </div>
    }
}

fn holds(filter: &TimelineFilter, kinds: &[EntryKind]) -> bool {
    kinds.iter().all(|kind| filter.kinds.contains(kind))
}

fn toggled(filter: &TimelineFilter, kinds: &[EntryKind]) -> TimelineFilter {
    let mut filter = filter.clone();
    if holds(&filter, kinds) {
        filter.kinds.retain(|kind| !kinds.contains(kind));
    } else {
        filter.kinds.extend(kinds);
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_chosen_and_taken_back_as_a_whole() {
        let none = TimelineFilter::default();
        let (_, medicines) = GROUPS[2];
        let some = toggled(&none, medicines);
        assert!(holds(&some, medicines) && !holds(&some, GROUPS[0].1));
        assert_eq!(toggled(&some, medicines), none);
    }

    #[test]
    fn every_kind_that_is_written_can_be_looked_for() {
        let all: Vec<_> = GROUPS.iter().flat_map(|(_, kinds)| *kinds).collect();
        for kind in [
            EntryKind::Visit,
            EntryKind::Dispensing,
            EntryKind::SiteAccess,
            EntryKind::VisitPlan,
            EntryKind::Document,
            EntryKind::TeamGoal,
        ] {
            assert!(all.contains(&&kind), "{kind:?}");
        }
    }
}
