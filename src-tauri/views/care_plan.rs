//! Goal, rhythm of the day, troubled moments and wishes, both ways.

use std::collections::BTreeMap;

use tendenko_app_api as api;
use tendenko_crdt::{BehaviourEvent, DayRhythm, Event, EventBody, Outcome, RhythmItem, TeamGoal};

use super::people::millis;

/// A goal.
pub fn goal(goal: &TeamGoal) -> api::GoalDraft {
    api::GoalDraft { description: goal.description.clone(), note: goal.note.clone(), due_date: goal.due_date.clone() }
}

/// A rhythm of the day.
pub fn rhythm(rhythm: &DayRhythm) -> api::RhythmDraft {
    let line = |item: &RhythmItem| api::RhythmLine {
        time: item.time.clone(),
        activity: item.activity.as_str().to_owned(),
        note: item.note.clone(),
    };
    api::RhythmDraft { items: rhythm.items.iter().map(line).collect() }
}

/// A rhythm for the record: in the order of the day, without what says nothing.
pub fn rhythm_of(draft: api::RhythmDraft) -> DayRhythm {
    let mut items: Vec<RhythmItem> = draft
        .items
        .into_iter()
        .map(|line| RhythmItem {
            time: line.time.trim().to_owned(),
            activity: line.activity.trim().into(),
            note: line.note.trim().to_owned(),
            newer: Default::default(),
        })
        .filter(|item| !item.activity.as_str().is_empty())
        .collect();
    items.sort_by(|a, b| (&a.time, &a.activity).cmp(&(&b.time, &b.activity)));
    DayRhythm { items, ..DayRhythm::default() }
}

/// A troubled moment.
pub fn behaviour(event: &BehaviourEvent) -> api::BehaviourDraft {
    api::BehaviourDraft {
        behaviours: event.behaviours.iter().map(|one| one.as_str().to_owned()).collect(),
        description: event.description.clone(),
        antecedent: event.antecedent.clone(),
        response: event.response.clone(),
        outcome: event.outcome.as_ref().map(|outcome| outcome.as_str().to_owned()),
    }
}

/// A troubled moment for the record.
pub fn behaviour_of(draft: api::BehaviourDraft) -> BehaviourEvent {
    let text = |text: String| text.trim().to_owned();
    BehaviourEvent {
        behaviours: draft.behaviours.into_iter().map(Into::into).collect(),
        description: text(draft.description),
        antecedent: text(draft.antecedent),
        response: text(draft.response),
        outcome: draft.outcome.map(Into::into),
        newer: Default::default(),
    }
}

/// What was tried when each behaviour was seen, and whether it helped: the behaviour that was seen most often first. `events` are
/// newest first.
pub fn helped(events: &[&Event]) -> Vec<api::HelpedView> {
    let mut by_behaviour: BTreeMap<String, api::HelpedView> = BTreeMap::new();
    for event in events {
        let EventBody::Behaviour(said) = &event.body else { continue };
        for behaviour in &said.behaviours {
            let name = behaviour.as_str().to_owned();
            let of_behaviour = by_behaviour.entry(name.clone()).or_insert_with(|| api::HelpedView {
                behaviour: name,
                seen: 0,
                helped: Vec::new(),
                not_helped: Vec::new(),
            });
            of_behaviour.seen += 1;
            if said.response.is_empty() {
                continue;
            }
            let tried = api::TriedView {
                response: said.response.clone(),
                partly: said.outcome == Some(Outcome::Partly),
                at: millis(event.occurred_at),
                name: event.stamp.author.name.clone(),
            };
            match &said.outcome {
                Some(Outcome::Helped | Outcome::Partly) => of_behaviour.helped.push(tried),
                Some(Outcome::NotHelped) => of_behaviour.not_helped.push(tried),
                Some(Outcome::Other(_)) | None => {}
            }
        }
    }
    let mut all: Vec<_> = by_behaviour.into_values().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.seen));
    all.retain(|one| !one.helped.is_empty() || !one.not_helped.is_empty());
    all
}
