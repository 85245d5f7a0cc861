//! A form of text fields and choices, by name: what a card's parts are typed into.

use crate::{
    app::use_app,
    components::{Chips, text_of},
};
use std::{collections::BTreeMap, rc::Rc};
use yew::prelude::*;

/// What is typed, by field.
pub type Values = BTreeMap<&'static str, String>;

/// How a field is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Line,
    /// One line of digits and signs: a telephone number, a date.
    Digits,
    /// One of these, each with the prefix of its words' key.
    Choice(&'static str, &'static [&'static str]),
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; its words are `field-<name>`.
    pub name: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// It cannot be left empty.
    pub required: bool,
}

/// A line.
pub const fn line(name: &'static str) -> Field {
    Field { name, kind: Kind::Line, required: false }
}

/// A line that cannot be left empty.
pub const fn needed(name: &'static str) -> Field {
    Field { name, kind: Kind::Line, required: true }
}

/// A line of digits and signs.
pub const fn digits(name: &'static str) -> Field {
    Field { name, kind: Kind::Digits, required: false }
}

/// One of several.
pub const fn choice(name: &'static str, prefix: &'static str, of: &'static [&'static str]) -> Field {
    Field { name, kind: Kind::Choice(prefix, of), required: false }
}

/// Everything that cannot be left empty is there.
pub fn is_complete(fields: &[Field], values: &Values) -> bool {
    fields.iter().filter(|field| field.required).all(|field| !value(values, field.name).trim().is_empty())
}

/// What is typed into a field.
pub fn value<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).map_or("", String::as_str)
}

#[derive(Properties, PartialEq)]
pub struct FieldsProps {
    /// Which.
    pub fields: &'static [Field],
    /// As typed.
    pub values: Rc<Values>,
    /// Something was typed.
    pub on_values: Callback<Rc<Values>>,
}

/// A form of text fields and choices.
#[component]
pub fn Fields(props: &FieldsProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let set = |name: &'static str| {
        let (values, on_values) = (props.values.clone(), props.on_values.clone());
        move |text: String| {
            let mut next = (*values).clone();
            next.insert(name, text);
            on_values.emit(Rc::new(next));
        }
    };
    html! {
        <div class="fields">
            { for props.fields.iter().map(|field| {
                let (name, text) = (field.name, value(&props.values, field.name).to_owned());
                let label = words.t(&format!("field-{name}"));
                let set = set(name);
                match field.kind {
                    Kind::Choice(prefix, of) => {
                        let choices: Vec<_> = of.iter().map(|of| ((*of).to_owned(), words.t(&format!("{prefix}-{of}")))).collect();
                        html! {
                            <div class="field">
                                <span class="field-label">{ label.clone() }</span>
                                <Chips {choices} chosen={vec![text]} on_touch={Callback::from(set)} {label} testid={name} />
                            </div>
                        }
                    }
                    kind => html! {
                        <label class="field">
                            <span class="field-label">{ label }if field.required { <span class="required">{ words.t("required") }</span> }</span>
                            <input class="input" type="text" value={text} autocomplete="off" data-testid={format!("field-{name}")}
                                inputmode={(kind == Kind::Digits).then_some("tel")} oninput={move |event: InputEvent| set(text_of(&event))} />
                        </label>
                    },
                }
            }) }
        </div>
    }
}
