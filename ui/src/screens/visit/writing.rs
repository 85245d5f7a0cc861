//! What is written in words: why, care given, the note with its phrases, and the sections of the profession's form.

use super::Change;
use crate::{
    api::{run, use_command},
    app::{App, use_app},
    components::{Chips, Icon, button_class, text_of},
};
use std::collections::BTreeMap;
use tendenko_app_api::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct WritingProps {
    /// The note as it stands.
    pub note: String,
    /// What stands under the headings, by name.
    pub sections: BTreeMap<String, String>,
    /// Whose form.
    pub profession: Profession,
    /// Something was chosen or typed.
    pub on_change: Callback<Change>,
    /// A text field has the focus now.
    pub on_focus: Callback<()>,
}

#[derive(Properties, PartialEq)]
pub struct PurposeProps {
    /// As it stands.
    pub purpose: Option<String>,
    /// Something was chosen.
    pub on_change: Callback<Change>,
}

/// Why somebody came.
#[component]
pub fn PurposePart(props: &PurposeProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let mut choices: Vec<_> = ["regular", "medication", "condition", "discharge", "emergency"]
        .into_iter()
        .map(|name| words.t(&format!("purpose-{name}")))
        .map(|text| (text.clone(), text))
        .collect();
    if let Some(purpose) = props.purpose.clone().filter(|purpose| choices.iter().all(|(known, _)| known != purpose)) {
        choices.push((purpose.clone(), purpose));
    }
    let touched = props.on_change.reform(|purpose: String| -> Change {
        Box::new(move |form| form.purpose = if form.purpose.as_ref() == Some(&purpose) { None } else { Some(purpose) })
    });
    html! {
        <section class="form-part">
            <h3>{ words.t("purpose") }</h3>
            <Chips {choices} chosen={props.purpose.iter().cloned().collect::<Vec<_>>()} on_touch={touched} label={words.t("purpose")} testid="purpose" />
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub struct CareProps {
    /// As it stands.
    pub care: Vec<String>,
    /// Who gives it.
    pub profession: Profession,
    /// Something was chosen.
    pub on_change: Callback<Change>,
}

/// Care given: what the profession does as a rule first, all else one touch away.
#[component]
pub fn CarePart(props: &CareProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let offered = care_for(&props.profession);
    let chip = |code: &str| (code.to_owned(), words.care(code));
    let mut first: Vec<_> = offered.iter().map(|code| chip(code)).collect();
    first.extend(props.care.iter().filter(|code| !offered.contains(&code.as_str())).map(|code| chip(code)));
    let others: Vec<_> =
        CARE_CODES.iter().filter(|code| first.iter().all(|(known, _)| known != *code)).map(|code| chip(code)).collect();
    let touched = props.on_change.reform(|code: String| -> Change {
        Box::new(move |form| match form.care.iter().position(|other| *other == code) {
            Some(place) => drop(form.care.remove(place)),
            None => form.care.push(code),
        })
    });
    html! {
        <section class="form-part">
            <h3>{ words.t("care-given") }</h3>
            <Chips choices={first} chosen={props.care.clone()} on_touch={touched.clone()} label={words.t("care-given")} testid="care" />
            <details class="more-care">
                <summary>{ words.t("more-care") }</summary>
                <Chips choices={others} chosen={props.care.clone()} on_touch={touched} label={words.t("more-care")} testid="care" />
            </details>
        </section>
    }
}

/// The note, its phrases, and the sections.
#[component]
pub fn Writing(props: &WritingProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let typed = props.on_change.reform(|event: InputEvent| -> Change {
        let text = text_of(&event);
        Box::new(move |form| form.note = text)
    });
    let phrase = use_callback(props.on_change.clone(), |phrase: String, change| {
        change.emit(Box::new(move |form| add_sentence(&mut form.note, &phrase)));
    });
    html! {
        <section class="form-part">
            <label class="field">
                <span class="field-label">{ words.t("note") }</span>
                <textarea class="input" rows="4" value={props.note.clone()} oninput={typed} data-testid="visit-note"
                    onfocus={props.on_focus.reform(|_: FocusEvent| ())} />
            </label>
            <Phrases on_phrase={phrase} />
            { sections_part(&app, props) }
        </section>
    }
}

/// Adds a sentence to a text, with what ends the one before.
fn add_sentence(text: &mut String, sentence: &str) {
    let ended = |text: &str| text.chars().next_back().is_none_or(|c| "。！？.!?".contains(c));
    let sentence = sentence.trim();
    let (stop, gap) = if sentence.is_ascii() { (".", " ") } else { ("。", "") };
    if !ended(text.trim_end()) {
        text.push_str(stop);
    }
    if text.chars().next_back().is_some_and(|c| !c.is_whitespace()) {
        text.push_str(gap);
    }
    text.push_str(sentence);
    if !ended(sentence) {
        text.push_str(stop);
    }
}

fn sections_part(app: &App, props: &WritingProps) -> Html {
    let own = sections_for(&props.profession);
    let names: Vec<&str> = own
        .iter()
        .copied()
        .chain(props.sections.keys().map(String::as_str).filter(|name| !own.contains(name)))
        .collect();
    if names.is_empty() {
        return html! {};
    }
    let field = |name: &str| {
        let (name, text) = (name.to_owned(), props.sections.get(name).cloned().unwrap_or_default());
        let heading = app.words.section(&name);
        let testid = format!("section-{name}");
        let typed = props.on_change.reform(move |event: InputEvent| -> Change {
            let (name, text) = (name.clone(), text_of(&event));
            Box::new(move |form| form.set_section(&name, text))
        });
        html! {
            <label class="field">
                <span class="field-label">{ heading }</span>
                <textarea class="input" rows="2" value={text} oninput={typed} data-testid={testid}
                    onfocus={props.on_focus.reform(|_: FocusEvent| ())} />
            </label>
        }
    };
    html! {
        <details class="more-care" open={!props.sections.is_empty()} data-testid="sections">
            <summary>{ app.words.t("sections") }</summary>
            { for names.into_iter().map(field) }
        </details>
    }
}

#[derive(Properties, PartialEq)]
struct PhrasesProps {
    on_phrase: Callback<String>,
}

/// Sentences to touch: those that the person at work writes again and again, then common ones. Any of the former can be forgotten.
#[component]
fn Phrases(props: &PhrasesProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let learnt = use_command(GetPhrases {});
    let forgotten = use_state(Vec::<String>::new);
    let learnt: Vec<String> = learnt
        .ready()
        .map(|learnt| learnt.iter().filter(|phrase| !forgotten.contains(phrase)).cloned().collect())
        .unwrap_or_default();
    let common = ["phrase-unchanged", "phrase-medicines", "phrase-meals", "phrase-sleep"].map(|key| words.t(key));
    let bare = |text: &str| text.trim().trim_end_matches(['。', '.']).to_owned();
    let is_new = |text: &String| learnt.iter().all(|known| bare(known) != bare(text));
    let choices: Vec<_> =
        learnt.iter().cloned().chain(common.into_iter().filter(is_new)).map(|text| (text.clone(), text)).collect();
    let forget = |phrase: &String| {
        let (app, phrase, forgotten) = (app.clone(), phrase.clone(), forgotten.clone());
        move |_: MouseEvent| {
            let (shown, gone) = (forgotten.clone(), phrase.clone());
            run(&app, ForgetPhrase { phrase: phrase.clone() }, move |answer| {
                if answer.is_ok() {
                    let mut all = (*shown).clone();
                    all.push(gone);
                    shown.set(all);
                }
            });
        }
    };
    html! {
        <>
            <Chips {choices} chosen={Vec::<String>::new()} on_touch={props.on_phrase.clone()} label={words.t("phrases")} testid="phrase" />
            if !learnt.is_empty() {
                <details class="more-care">
                    <summary>{ words.t("phrases-learnt") }</summary>
                    <ul class="phrases">
                        { for learnt.iter().map(|phrase| html! {
                            <li key={phrase.clone()}><span>{ phrase }</span>
                                <button type="button" class={classes!(button_class("quiet"), "button-small")} onclick={forget(phrase)}
                                    aria-label={words.ta("phrase-forget", &[("phrase", phrase)])}><Icon name="close" />{ words.t("forget") }</button>
                            </li>
                        }) }
                    </ul>
                </details>
            }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::add_sentence;

    #[test]
    fn sentences_stand_behind_each_other_whatever_was_typed() {
        for (before, after) in [
            ("", "眠れています。"),
            ("痛みあり", "痛みあり。眠れています。"),
            ("痛みあり。", "痛みあり。眠れています。"),
            ("痛みあり。\n", "痛みあり。\n眠れています。"),
        ] {
            let mut text = before.to_owned();
            add_sentence(&mut text, "眠れています");
            assert_eq!(text, after);
        }
        let mut text = String::from("Some pain");
        add_sentence(&mut text, "Sleeps well. ");
        assert_eq!(text, "Some pain. Sleeps well.");
    }
}
