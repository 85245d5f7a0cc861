//! What a team agrees on and learns, in words: on the patient's page, in the timeline, and side by side where two disagree.

use crate::{app::App, dates};
use tendenko_app_api::*;
use yew::prelude::*;

/// A goal.
pub fn goal_view(app: &App, goal: &GoalDraft) -> Html {
    let words = &app.words;
    html! {
        <div class="goal">
            <p class="goal-text free-text">{ &goal.description }</p>
            if !goal.note.is_empty() { <p class="free-text"><span class="quiet">{ words.t("goal-note") }{ "：" }</span>{ &goal.note }</p> }
            if let Some(due) = &goal.due_date { <p class="quiet">{ words.ta("goal-due", &[("date", &dates::long(due, words.lang))]) }</p> }
        </div>
    }
}

/// A rhythm of the day.
pub fn rhythm_view(app: &App, rhythm: &RhythmDraft) -> Html {
    html! {
        <ol class="rhythm">
            { for rhythm.items.iter().map(|item| html! {
                <li><time>{ &item.time }</time><b>{ app.words.activity(&item.activity) }</b><span>{ &item.note }</span></li>
            }) }
        </ol>
    }
}

/// A troubled moment.
pub fn behaviour_view(app: &App, said: &BehaviourDraft) -> Html {
    let words = &app.words;
    let line = |key: &str, text: &str| {
        (!text.is_empty())
            .then(|| html! { <div><dt>{ words.t(key) }</dt><dd class="free-text">{ text.to_owned() }</dd></div> })
    };
    html! {
        <div class="behaviour">
            <p class="care">{ for said.behaviours.iter().map(|code| html! { <span class="care-done">{ words.behaviour(code) }</span> }) }</p>
            <dl class="pairs">
                { for line("behaviour-what", &said.description) }
                { for line("behaviour-before", &said.antecedent) }
                { for line("behaviour-response", &said.response) }
                { for said.outcome.as_deref().and_then(|outcome| line("behaviour-outcome", &words.outcome(outcome))) }
            </dl>
        </div>
    }
}

/// Wishes.
pub fn wishes_view(app: &App, wishes: &WishesDraft) -> Html {
    let words = &app.words;
    html! {
        <div class="wishes">
            if wishes.dnar { <p><span class="mark mark-wishes">{ words.t("mark-dnar") }</span></p> }
            <p class="free-text">{ &wishes.text }</p>
            <p class="quiet">
                if let Some(date) = &wishes.decided_on { { words.ta("decided-on", &[("date", &dates::long(date, words.lang))]) }{ " " } }
                if let Some(with) = &wishes.decided_with { { words.ta("decided-with", &[("people", with)]) } }
            </p>
        </div>
    }
}
