//! Writing a goal, a day, a troubled moment.

use crate::{
    app::use_app,
    components::{
        Chips, Icon, Sheet, area_field, button_class, failure, save_button, send_and_close, text_field, text_of,
    },
    dates,
};
use tendenko_app_api::*;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct GoalProps {
    /// Whose.
    pub patient: PatientId,
    /// What holds now: the new one takes its place.
    pub current: Vec<StatedView<GoalDraft>>,
    /// Closed.
    pub on_close: Callback<()>,
}

/// Writes the goal.
#[component]
pub fn GoalSheet(props: &GoalProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let now = props.current.last().map(|one| one.said.clone()).unwrap_or_default();
    let description = use_state(|| now.description.clone());
    let note = use_state(|| now.note.clone());
    let due = use_state(|| now.due_date.clone().unwrap_or_default());
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let save = {
        let (app, on_close, error) = (app.clone(), props.on_close.clone(), error.clone());
        let command = SetGoal {
            patient: props.patient.clone(),
            goal: GoalDraft {
                description: (*description).clone(),
                note: (*note).clone(),
                due_date: Some((*due).clone()).filter(|due| !due.trim().is_empty()),
            },
            seen: props.current.iter().map(|one| one.entry.clone()).collect(),
            reason: (*reason).clone(),
        };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    html! {
        <Sheet title={words.t("goal")} on_close={props.on_close.clone()} testid="goal-sheet">
            { area_field(words.t("goal-label"), "goal-description", "2", &description) }
            { area_field(words.t("goal-note"), "goal-note", "2", &note) }
            { text_field(words.t("goal-until"), "goal-due", &due) }
            { text_field(words.t("stated-reason"), "stated-reason", &reason) }
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", !description.trim().is_empty(), save) }
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
pub struct RhythmProps {
    /// Whose.
    pub patient: PatientId,
    /// What holds now: the new one takes its place.
    pub current: Vec<StatedView<RhythmDraft>>,
    /// Closed.
    pub on_close: Callback<()>,
}

/// What a day begins with where nothing is written yet.
const A_DAY: [(&str, &str); 6] =
    [("07:00", "get-up"), ("07:30", "meal"), ("12:00", "meal"), ("13:00", "nap"), ("18:00", "meal"), ("21:00", "bed")];

/// Writes the rhythm of the day, line by line.
#[component]
pub fn RhythmSheet(props: &RhythmProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let lines = use_state(|| match props.current.last() {
        Some(one) => one.said.items.clone(),
        None => {
            let line = |(time, activity): (&str, &str)| RhythmLine {
                time: time.to_owned(),
                activity: activity.to_owned(),
                note: String::new(),
            };
            A_DAY.map(line).into()
        }
    });
    let error = use_state(|| None::<ApiError>);
    let change = |place: usize, set: fn(&mut RhythmLine, String)| {
        let lines = lines.clone();
        move |text: String| {
            let mut next = (*lines).clone();
            if let Some(line) = next.get_mut(place) {
                set(line, text);
            }
            lines.set(next);
        }
    };
    let remove = |place: usize| {
        let lines = lines.clone();
        move |_: MouseEvent| {
            let mut next = (*lines).clone();
            next.remove(place);
            lines.set(next);
        }
    };
    let add = {
        let lines = lines.clone();
        move |_: MouseEvent| {
            let mut next = (*lines).clone();
            next.push(RhythmLine { activity: ACTIVITY_CODES[0].to_owned(), ..RhythmLine::default() });
            lines.set(next);
        }
    };
    let save = {
        let (app, on_close, error) = (app.clone(), props.on_close.clone(), error.clone());
        let items = lines
            .iter()
            .map(|line| RhythmLine { time: dates::time_of(&line.time).unwrap_or_default(), ..line.clone() })
            .collect();
        let command = SetRhythm {
            patient: props.patient.clone(),
            rhythm: RhythmDraft { items },
            seen: props.current.iter().map(|one| one.entry.clone()).collect(),
            reason: String::new(),
        };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    let ready = !lines.is_empty() && lines.iter().all(|line| dates::time_of(&line.time).is_some());
    html! {
        <Sheet title={words.t("rhythm")} on_close={props.on_close.clone()} testid="rhythm-sheet">
            <p class="quiet">{ words.t("rhythm-explain") }</p>
            <div class="rhythm-lines">
                { for lines.iter().enumerate().map(|(place, line)| {
                    let (time, activity, note) = (
                        change(place, |line, text| line.time = text),
                        change(place, |line, text| line.activity = text),
                        change(place, |line, text| line.note = text),
                    );
                    let chosen = move |event: Event| {
                        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                            activity(select.value());
                        }
                    };
                    let mut codes: Vec<String> = ACTIVITY_CODES.iter().map(|code| (*code).to_owned()).collect();
                    if !codes.contains(&line.activity) {
                        codes.push(line.activity.clone());
                    }
                    html! {
                        <div class="rhythm-line" data-testid="rhythm-line">
                            <input class="input input-time" inputmode="numeric" maxlength="5" value={line.time.clone()} aria-label={words.t("field-time")}
                                aria-invalid={dates::time_of(&line.time).is_none().to_string()}
                                oninput={move |event: InputEvent| time(text_of(&event))} data-testid="rhythm-time" />
                            <select class="input" onchange={chosen} aria-label={words.t("field-activity")} data-testid="rhythm-activity">
                                { for codes.iter().map(|code| html! { <option value={code.clone()} selected={*code == line.activity}>{ words.activity(code) }</option> }) }
                            </select>
                            <input class="input rhythm-note" value={line.note.clone()} aria-label={words.t("note")} placeholder={words.t("rhythm-note-hint")}
                                oninput={move |event: InputEvent| note(text_of(&event))} data-testid="rhythm-note" />
                            <button type="button" class={button_class("quiet")} onclick={remove(place)} aria-label={words.ta("rhythm-remove", &[("time", &line.time)])}><Icon name="close" /></button>
                        </div>
                    }
                }) }
            </div>
            <button type="button" class={button_class("plain")} onclick={add} data-testid="rhythm-add">{ words.t("rhythm-add") }</button>
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", ready, save) }
        </Sheet>
    }
}

#[derive(Properties, PartialEq)]
pub struct BehaviourProps {
    /// Whose.
    pub patient: PatientId,
    /// Closed.
    pub on_close: Callback<()>,
}

/// When it was, in minutes ago.
const AGO: [(u32, &str); 4] = [(0, "when-now"), (30, "when-30"), (60, "when-60"), (120, "when-120")];

/// Tells a troubled moment.
#[component]
pub fn BehaviourSheet(props: &BehaviourProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let behaviours = use_state(Vec::<String>::new);
    let (description, antecedent, response) = (use_state(String::new), use_state(String::new), use_state(String::new));
    let outcome = use_state(|| None::<String>);
    let minutes_ago = use_state(|| 0_u32);
    let error = use_state(|| None::<ApiError>);
    let toggle = {
        let behaviours = behaviours.clone();
        move |touched: String| {
            let mut next = (*behaviours).clone();
            if next.contains(&touched) {
                next.retain(|one| *one != touched);
            } else {
                next.push(touched);
            }
            behaviours.set(next);
        }
    };
    let set_outcome = {
        let outcome = outcome.clone();
        move |touched: String| outcome.set(if *outcome == Some(touched.clone()) { None } else { Some(touched) })
    };
    let set_ago = {
        let minutes_ago = minutes_ago.clone();
        move |touched: String| minutes_ago.set(touched.parse().unwrap_or_default())
    };
    let save = {
        let (app, on_close, error) = (app.clone(), props.on_close.clone(), error.clone());
        let command = RecordBehaviour {
            patient: props.patient.clone(),
            behaviour: BehaviourDraft {
                behaviours: (*behaviours).clone(),
                description: (*description).clone(),
                antecedent: (*antecedent).clone(),
                response: (*response).clone(),
                outcome: (*outcome).clone(),
            },
            minutes_ago: *minutes_ago,
        };
        move || send_and_close(&app, command.clone(), error.clone(), on_close.clone())
    };
    let kinds: Vec<_> = BEHAVIOUR_CODES.iter().map(|code| ((*code).to_owned(), words.behaviour(code))).collect();
    let outcomes: Vec<_> = OUTCOME_CODES.iter().map(|code| ((*code).to_owned(), words.outcome(code))).collect();
    let ago: Vec<_> = AGO.iter().map(|(minutes, key)| (minutes.to_string(), words.t(key))).collect();
    let ready = !behaviours.is_empty() || !description.trim().is_empty();
    html! {
        <Sheet title={words.t("behaviour-write")} on_close={props.on_close.clone()} testid="behaviour-sheet">
            <Chips choices={ago} chosen={vec![minutes_ago.to_string()]} on_touch={set_ago} label={words.t("when")} testid="behaviour-when" />
            <div class="field">
                <span class="field-label">{ words.t("behaviour-which") }</span>
                <Chips choices={kinds} chosen={(*behaviours).clone()} on_touch={toggle} label={words.t("behaviour-which")} testid="behaviour" />
            </div>
            { area_field(words.t("behaviour-what"), "behaviour-what", "2", &description) }
            { area_field(words.t("behaviour-before"), "behaviour-before", "2", &antecedent) }
            { area_field(words.t("behaviour-response"), "behaviour-response", "2", &response) }
            <div class="field">
                <span class="field-label">{ words.t("behaviour-outcome") }</span>
                <Chips choices={outcomes} chosen={outcome.iter().cloned().collect::<Vec<_>>()} on_touch={set_outcome} label={words.t("behaviour-outcome")} testid="outcome" />
            </div>
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            { save_button(&app, "sheet-save", ready, save) }
        </Sheet>
    }
}
