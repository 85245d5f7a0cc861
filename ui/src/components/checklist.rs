//! 確認事項: every question with all answers, who gave them and when. An answer is an entry of its own: nobody's overwrites another's.

use crate::{
    api::run,
    app::{Act, use_app},
    components::{Chips, button_class, failure, text_of, verdict, when, who},
    names,
};
use tendenko_app_api::*;
use yew::prelude::*;

const VERDICTS: [Verdict; 3] = [Verdict::Yes, Verdict::No, Verdict::Unclear];

#[derive(Properties, PartialEq)]
pub struct ChecklistProps {
    /// About whom.
    pub patient: PatientId,
    /// The version that asks.
    pub document: EntryId,
    /// Its questions.
    pub questions: Vec<Question>,
}

/// The questions of a document.
#[component]
pub fn Checklist(props: &ChecklistProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let open = props.questions.iter().filter(|question| question.answers.is_empty()).count() as u64;
    html! {
        <section class="panel" data-testid="checklist">
            <h3>{ words.t("checklist") }{ " " }
                if open > 0 { <span class="mark mark-unread" data-testid="open-questions">{ words.tn("questions-open", open) }</span> }
                else { <span class="mark mark-plain">{ words.t("questions-all-answered") }</span> }
            </h3>
            <ol class="questions">
                { for props.questions.iter().map(|question| html! {
                    <QuestionLine key={question.text.clone()} patient={props.patient.clone()} document={props.document.clone()} question={question.clone()} />
                }) }
            </ol>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct QuestionProps {
    patient: PatientId,
    document: EntryId,
    question: Question,
}

/// A question, its answers, and a place to answer.
#[component]
fn QuestionLine(props: &QuestionProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let answering = use_state(|| false);
    let chosen = use_state(|| None::<Verdict>);
    let text = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let begin = {
        let answering = answering.clone();
        move |_: MouseEvent| answering.set(true)
    };
    let choose = {
        let chosen = chosen.clone();
        move |name: String| chosen.set(VERDICTS.into_iter().find(|verdict| names::verdict(verdict) == name))
    };
    let typed = {
        let text = text.clone();
        move |event: InputEvent| text.set(text_of(&event))
    };
    let save = {
        let (app, props, error) =
            (app.clone(), (props.patient.clone(), props.document.clone(), props.question.text.clone()), error.clone());
        let (answering, chosen, text) = (answering.clone(), chosen.clone(), text.clone());
        move |_: MouseEvent| {
            let Some(verdict) = (*chosen).clone() else { return };
            let (patient, document, question) = props.clone();
            let after = (app.clone(), answering.clone(), chosen.clone(), text.clone(), error.clone());
            let command = AnswerQuestion { patient, document, question, verdict, text: text.trim().to_owned() };
            run(&app, command, move |answer| {
                let (app, answering, chosen, text, error) = after;
                match answer {
                    Ok(_) => {
                        app.dispatch(Act::Changed);
                        app.dispatch(Act::Toast(app.words.t("answer-saved")));
                        answering.set(false);
                        chosen.set(None);
                        text.set(String::new());
                        error.set(None);
                    }
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
    let choices = VERDICTS.iter().map(|one| (names::verdict(one).to_owned(), verdict(&app, one))).collect::<Vec<_>>();
    html! {
        <li class="question" data-testid="question">
            <p><b>{ &props.question.text }</b></p>
            { for props.question.answers.iter().map(|answer| html! {
                <p class="remark" data-testid="given-answer">
                    <span class="mark mark-plain">{ verdict(&app, &answer.verdict) }</span>{ " " }<span class="free-text">{ &answer.text }</span>{ " " }
                    <span class="quiet">{ who(&app, &answer.author) }{ " " }{ when(&app, answer.at) }</span>
                </p>
            }) }
            if *answering {
                <div class="question-answer">
                    <Chips {choices} chosen={chosen.iter().map(|one| names::verdict(one).to_owned()).collect::<Vec<_>>()} on_touch={choose}
                        label={props.question.text.clone()} testid="verdict" />
                    <textarea class="input" rows="2" value={(*text).clone()} oninput={typed} aria-label={words.t("answer-text")} placeholder={words.t("answer-text")} data-testid="answer-text" />
                    if let Some(refusal) = &*error { { failure(&app, refusal) } }
                    <button type="button" class={button_class("primary")} disabled={chosen.is_none()} onclick={save} data-testid="answer-save">{ words.t("answer-question-save") }</button>
                </div>
            } else {
                <button type="button" class={button_class("plain")} onclick={begin} data-testid="answer-question">
                    { if props.question.answers.is_empty() { words.t("answer-question") } else { words.t("answer-again") } }
                </button>
            }
        </li>
    }
}
