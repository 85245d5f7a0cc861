//! 要確認: two values side by side, the same size, with who, when, why and where; a person decides.

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{
        Icon, PatientLine, ReasonField, RegimenFields, Sheet, button_class, dose_text, failure, is_whole, timings_text,
        written,
    },
    dates, groups, names,
};
use tendenko_app_api::*;
use yew::prelude::*;

use super::PatientTab;

#[derive(Properties, PartialEq)]
pub struct ConflictsProps {
    /// Of one patient; none = of all.
    pub patient: Option<PatientId>,
}

/// A decision that is being made.
#[derive(Clone, PartialEq)]
struct Decision {
    conflict: Conflict,
    choice: Choice,
}

/// What waits for a decision.
#[component]
pub fn Conflicts(props: &ConflictsProps) -> Html {
    let app = use_app();
    let conflicts = use_command(GetConflicts { patient: props.patient.clone() });
    let decision = use_state(|| None::<Decision>);
    let decide = {
        let decision = decision.clone();
        Callback::from(move |wanted| decision.set(Some(wanted)))
    };
    let close = {
        let decision = decision.clone();
        Callback::from(move |()| decision.set(None))
    };
    let back = {
        let app = app.clone();
        move |_| app.dispatch(Act::Back)
    };
    html! {
        <div class="page" data-testid="conflicts">
            <div class="page-head">
                <button type="button" class={button_class("quiet")} onclick={back.clone()} data-testid="back" aria-label={app.words.t("back")}><Icon name="back" /></button>
                <h1 class="page-title">{ app.words.t("conflicts") }</h1>
            </div>
            <p class="quiet">{ app.words.t("conflicts-explain") }</p>
            { conflicts.show(&app, |conflicts| html! {
                <>
                    if conflicts.is_empty() { <p class="empty" data-testid="conflicts-empty">{ app.words.t("conflicts-empty") }</p> }
                    { for conflicts.iter().map(|conflict| conflict_view(&app, conflict, &decide)) }
                    if !conflicts.is_empty() {
                        <button type="button" class={button_class("quiet")} onclick={back} data-testid="conflict-later">{ app.words.t("later") }</button>
                    }
                </>
            }) }
            if let Some(decision) = &*decision { <DecisionSheet decision={decision.clone()} on_close={close} /> }
        </div>
    }
}

fn conflict_view(app: &App, conflict: &Conflict, decide: &Callback<Decision>) -> Html {
    let words = &app.words;
    let lines: Vec<_> = conflict.values.iter().map(|value| lines(app, &value.value)).collect();
    let differing = groups::differing(&lines);
    let other = other_value(conflict).map(|choice| {
        let decision = Decision { conflict: conflict.clone(), choice };
        html! {
            <button type="button" class={button_class("plain")} onclick={decide.reform(move |_: MouseEvent| decision.clone())}
                data-testid="conflict-other">{ words.t("another-value") }</button>
        }
    });
    html! {
        <article key={format!("{}{}", conflict.patient.id, conflict.key)} class="conflict" data-testid="conflict" data-key={conflict.key.clone()}>
            <PatientLine patient={conflict.patient.clone()} tab={tab_of(conflict.subject)} />
            <h2>{ words.t(&format!("subject-{}", names::subject(&conflict.subject))) }<span class="conflict-title">{ &conflict.title }</span></h2>
            <div class="conflict-values">
                { for conflict.values.iter().zip(lines).map(|(value, lines)| {
                    let decision = Decision { conflict: conflict.clone(), choice: Choice::Value { id: value.id.clone() } };
                    html! {
                        <section key={value.id.clone()} class={classes!("conflict-value", format!("bar-{}", names::profession(&value.written.author.profession)))}
                            data-testid="conflict-value" data-value={value.id.clone()}>
                            { value_lines(lines, &differing) }
                            { written(app, &value.written) }
                            <button type="button" class={classes!(button_class("primary"), "button-wide")} data-testid="conflict-choose"
                                onclick={decide.reform(move |_: MouseEvent| decision.clone())}>{ words.t("this-one") }</button>
                        </section>
                    }
                }) }
            </div>
            { other.unwrap_or_default() }
        </article>
    }
}

/// Where on the patient's page what is in conflict stands.
fn tab_of(subject: ConflictSubject) -> PatientTab {
    match subject {
        ConflictSubject::TeamGoal | ConflictSubject::DayRhythm => PatientTab::Team,
        _ => PatientTab::Medicines,
    }
}

fn value_lines(lines: Vec<(String, String)>, differing: &[String]) -> Html {
    html! {
        <dl class="conflict-lines">
            { for lines.into_iter().map(|(label, text)| html! {
                <div class={classes!(differing.contains(&label).then_some("differs"))}><dt>{ label }</dt><dd>{ text }</dd></div>
            }) }
        </dl>
    }
}

/// What a value says, line by line, so that two can be compared at a glance.
fn lines(app: &App, value: &ConflictContent) -> Vec<(String, String)> {
    let words = &app.words;
    let date = |iso: &Option<String>| iso.as_deref().map(|iso| dates::long(iso, words.lang)).unwrap_or_default();
    let all = match value {
        ConflictContent::Medicine(medicine) => vec![
            (words.t("drug"), medicine.name.clone()),
            (words.t("amount"), dose_text(app, &medicine.dose)),
            (words.t("usage"), medicine.usage.clone()),
            (words.t("timing"), timings_text(app, &medicine.timings)),
            (words.t("since-label"), date(&medicine.since)),
            (words.t("source"), words.t(&format!("source-{}", names::source(&medicine.source)))),
        ],
        ConflictContent::Allergy(allergy) => vec![
            (words.t("substance"), allergy.substance.clone()),
            (words.t("allergy-which"), words.t(&format!("allergy-kind-{}", names::allergy_kind(&allergy.kind)))),
            (words.t("reaction"), allergy.reaction.clone().unwrap_or_default()),
        ],
        ConflictContent::Diagnosis(diagnosis) => {
            vec![(words.t("name"), diagnosis.name.clone()), (words.t("since-label"), date(&diagnosis.since))]
        }
        ConflictContent::SpecialNeed(need) => {
            vec![(words.t(&format!("need-{}", names::need(&need.kind))), need.detail.clone())]
        }
        ConflictContent::Contact(contact) => vec![
            (words.t("name"), contact.name.clone()),
            (words.t("relation"), contact.relation.clone()),
            (words.t("phone"), contact.phone.clone()),
            (words.t("note"), contact.note.clone()),
        ],
        ConflictContent::Physician(physician) => vec![
            (words.t("name"), physician.name.clone()),
            (words.t("facility"), physician.facility.clone()),
            (words.t("phone"), physician.phone.clone()),
        ],
        ConflictContent::Wishes(wishes) => vec![
            (words.t("mark-dnar"), if wishes.dnar { words.t("yes") } else { words.t("no") }),
            (words.t("wishes-text"), wishes.text.clone()),
            (words.t("wishes-on"), date(&wishes.decided_on)),
            (words.t("wishes-with"), wishes.decided_with.clone().unwrap_or_default()),
        ],
        ConflictContent::Identity(identity) => vec![
            (words.t("identity-name"), identity.name.clone()),
            (words.t("identity-kana"), identity.kana.clone()),
            (words.t("identity-sex"), words.t(&format!("sex-{}", names::sex(&identity.sex)))),
            (words.t("identity-birth-date"), date(&identity.birth_date)),
            (words.t("address"), identity.address.clone()),
            (words.t("phone"), identity.phone.clone()),
        ],
        ConflictContent::TeamGoal(goal) => vec![
            (words.t("goal-label"), goal.description.clone()),
            (words.t("goal-note"), goal.note.clone()),
            (words.t("goal-until"), date(&goal.due_date)),
        ],
        ConflictContent::DayRhythm(rhythm) => {
            let of = |item: &RhythmLine| {
                (item.time.clone(), format!("{} {}", words.activity(&item.activity), item.note).trim().to_owned())
            };
            rhythm.items.iter().map(of).collect()
        }
        ConflictContent::Removed => vec![(words.t("state"), words.t("removed"))],
        ConflictContent::Text(text) => vec![(words.t("note"), text.clone())],
    };
    all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// Where a person may write a value of their own: it starts with one of those that are there.
fn other_value(conflict: &Conflict) -> Option<Choice> {
    conflict.values.iter().find_map(|value| match &value.value {
        ConflictContent::Medicine(medicine) => {
            Some(Choice::Regimen(Regimen { dose: medicine.dose.clone(), usage: medicine.usage.clone() }))
        }
        _ => None,
    })
}

#[derive(Properties, PartialEq)]
struct DecisionProps {
    decision: Decision,
    on_close: Callback<()>,
}

/// The last step of a decision: what holds from now on, and why.
#[component]
fn DecisionSheet(props: &DecisionProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let conflict = &props.decision.conflict;
    let choice = use_state(|| props.decision.choice.clone());
    let reason = use_state(String::new);
    let error = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let save = {
        let (app, conflict, on_close) = (app.clone(), conflict.clone(), props.on_close.clone());
        let (choice, reason, error, busy) = (choice.clone(), reason.clone(), error.clone(), busy.clone());
        move |_| {
            busy.set(true);
            let text = reason.trim();
            let command = ResolveConflict {
                patient: conflict.patient.id.clone(),
                key: conflict.key.clone(),
                seen: conflict.values.iter().map(|value| value.id.clone()).collect(),
                choice: (*choice).clone(),
                reason: (!text.is_empty()).then(|| text.to_owned()),
            };
            let (after, on_close, error, busy) = (app.clone(), on_close.clone(), error.clone(), busy.clone());
            run(&app, command, move |answer| {
                busy.set(false);
                match answer {
                    Ok(_) => {
                        after.dispatch(Act::Changed);
                        after.dispatch(Act::Toast(after.words.t("conflict-resolved")));
                        on_close.emit(());
                    }
                    Err(refusal) => error.set(Some(refusal)),
                }
            });
        }
    };
    let set_reason = {
        let reason = reason.clone();
        move |text| reason.set(text)
    };
    let set_regimen = {
        let choice = choice.clone();
        move |regimen| choice.set(Choice::Regimen(regimen))
    };
    let chosen = match &*choice {
        Choice::Value { id } => {
            let value = conflict.values.iter().find(|value| value.id == *id);
            value.map(|value| value_lines(lines(&app, &value.value), &[])).unwrap_or_default()
        }
        Choice::Regimen(regimen) => html! { <RegimenFields regimen={regimen.clone()} on_change={set_regimen} /> },
        Choice::Wishes(_) => html! {},
    };
    let whole = match &*choice {
        Choice::Regimen(regimen) => is_whole(regimen),
        _ => true,
    };
    let ready = whole && !*busy && (!conflict.reason_required || !reason.trim().is_empty());
    html! {
        <Sheet title={words.t("decide-title")} on_close={props.on_close.clone()} testid="decision-sheet">
            <p><b>{ &conflict.patient.name }</b>{ " " }{ &conflict.title }</p>
            { chosen }
            if conflict.reason_required { <ReasonField text={(*reason).clone()} on_text={set_reason} /> }
            if let Some(refusal) = &*error { { failure(&app, refusal) } }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} disabled={!ready} onclick={save} data-testid="decision-save">
                { words.t("decide") }
            </button>
        </Sheet>
    }
}
