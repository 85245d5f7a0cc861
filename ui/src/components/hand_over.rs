//! 申し送り: one of them with who has read it, the one tap that confirms it, and saying or answering one.

use crate::{
    api::{run, use_command},
    app::{Act, App, use_app},
    components::{Icon, PatientLine, Sheet, addressee, button_class, failure, text_of, when, who},
    names, sayings,
};
use tendenko_app_api::*;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Who has read it, and when; nothing where nobody has.
pub fn read_by(app: &App, readers: &[ReadBy]) -> Html {
    if readers.is_empty() {
        return html! {};
    }
    html! {
        <ul class="read-by" aria-label={app.words.t("read-by")} data-testid="read-by">
            { for readers.iter().map(|reader| html! {
                <li><Icon name="check" /><b>{ &reader.author.name }</b><span class="quiet">{ app.words.t("confirmed") }{ " " }{ when(app, reader.at) }</span></li>
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
pub struct ConfirmButtonProps {
    /// About whom.
    pub patient: PatientId,
    /// Which hand-over.
    pub entry: EntryId,
}

/// 確認しました: one tap, and whoever wrote it will see it.
#[component]
pub fn ConfirmButton(props: &ConfirmButtonProps) -> Html {
    let app = use_app();
    let busy = use_state(|| false);
    let confirm = {
        let (app, busy) = (app.clone(), busy.clone());
        let command = ConfirmHandOver { patient: props.patient.clone(), entry: props.entry.clone() };
        move |_: MouseEvent| {
            busy.set(true);
            let (after, busy) = (app.clone(), busy.clone());
            run(&app, command.clone(), move |answer| match answer {
                Ok(()) => {
                    after.dispatch(Act::Changed);
                    after.dispatch(Act::Toast(after.words.t("confirm-done")));
                }
                Err(error) => {
                    busy.set(false);
                    after.dispatch(Act::Toast(after.words.error(&error)));
                }
            });
        }
    };
    html! {
        <button type="button" class={button_class("primary")} onclick={confirm} disabled={*busy} data-testid="confirm">
            <Icon name="check" />{ app.words.t("confirm") }
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct HandOverPanelProps {
    /// Which.
    pub line: HandOverView,
    /// Somebody wants to answer.
    pub on_answer: Callback<HandOverView>,
}

/// One hand-over in full.
#[component]
pub fn HandOverPanel(props: &HandOverPanelProps) -> Html {
    let app = use_app();
    let (words, line) = (&app.words, &props.line);
    let answer = {
        let line = line.clone();
        props.on_answer.reform(move |_: MouseEvent| line.clone())
    };
    html! {
        <article data-testid="hand-over" data-entry={line.entry.0.clone()}
            class={classes!("panel", "hand-over", format!("bar-{}", names::profession(&line.author.profession)))}>
            <PatientLine patient={line.patient.clone()} />
            <p class="hand-over-by">
                if line.urgent { <span class="mark mark-urgent">{ words.t("urgent") }</span> }
                { who(&app, &line.author) }<span>{ words.ta("hand-over-to", &[("to", &addressee(&app, &line.to))]) }</span>{ when(&app, line.at) }
                if line.sent != Sent::Acked { <span class="unsent">{ words.t("sent-pending") }</span> }
            </p>
            if let Some(answered) = &line.answered { { remark(&app, answered, words.t("answers")) } }
            <p class="free-text hand-over-text">{ &line.text }</p>
            { for line.answers.iter().map(|answer| remark(&app, answer, words.t("answered"))) }
            { read_by(&app, &line.read_by) }
            if line.author.mine && line.read_by.is_empty() { <p class="quiet" data-testid="not-read-yet">{ words.t("not-read-yet") }</p> }
            if !line.author.mine {
                <div class="buttons">
                    if line.waits { <ConfirmButton patient={line.patient.id.clone()} entry={line.entry.clone()} /> }
                    <button type="button" class={button_class("plain")} onclick={answer} data-testid="answer"><Icon name="answer" />{ words.t("answer") }</button>
                </div>
            }
        </article>
    }
}

fn remark(app: &App, remark: &Remark, which: String) -> Html {
    html! {
        <blockquote class="remark" data-testid="remark">
            <p class="quiet">{ which }{ " " }{ who(app, &remark.author) }{ " " }{ when(app, remark.at) }</p>
            <p class="free-text">{ &remark.text }</p>
        </blockquote>
    }
}

#[derive(Properties, PartialEq)]
pub struct AddresseeFieldProps {
    /// About whom it is: the people around that patient are offered.
    pub patient: PatientId,
    /// Who is chosen.
    pub to: Addressee,
    /// Somebody else is.
    pub on_to: Callback<Addressee>,
}

/// To whom: everybody, a profession, or a person.
#[component]
pub fn AddresseeField(props: &AddresseeFieldProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let team = use_command(GetTeam { patient: props.patient.clone() });
    let people: Vec<Addressee> = team
        .ready()
        .map(|team| {
            team.iter().map(|one| Addressee::Member { id: one.member.clone(), name: one.name.clone() }).collect()
        })
        .unwrap_or_default();
    let mut groups = vec![Addressee::Team];
    groups.extend(professions().into_iter().map(Addressee::Profession));
    let mut all = groups.clone();
    all.extend(people.iter().cloned());
    if !all.contains(&props.to) {
        all.push(props.to.clone());
    }
    let facility = |to: &Addressee| match (to, team.ready()) {
        (Addressee::Member { id, .. }, Some(team)) => {
            let found = team.iter().find(|one| one.member == *id);
            found.map(|one| format!("（{} {}）", words.profession(&one.profession), one.facility)).unwrap_or_default()
        }
        _ => String::new(),
    };
    let option = |place: usize, to: &Addressee| {
        html! {
            <option value={place.to_string()} selected={*to == props.to}>{ addressee(&app, to) }{ facility(to) }</option>
        }
    };
    let options = html! {
        <>
            { for all.iter().enumerate().take(groups.len()).map(|(place, to)| option(place, to)) }
            if all.len() > groups.len() {
                <optgroup label={words.t("to-person")}>
                    { for all.iter().enumerate().skip(groups.len()).map(|(place, to)| option(place, to)) }
                </optgroup>
            }
        </>
    };
    let chosen = {
        let (all, on_to) = (all.clone(), props.on_to.clone());
        move |event: Event| {
            let place =
                event.target_dyn_into::<HtmlSelectElement>().and_then(|select| select.value().parse::<usize>().ok());
            if let Some(to) = place.and_then(|place| all.get(place)) {
                on_to.emit(to.clone());
            }
        }
    };
    html! {
        <label class="field">
            <span class="field-label">{ words.t("to-whom") }</span>
            <select class="input" onchange={chosen} data-testid="hand-over-to">{ options }</select>
        </label>
    }
}

fn professions() -> Vec<Profession> {
    use Profession::*;
    vec![Nurse, Physician, Pharmacist, CareManager, Helper, Therapist, Dentist, Dietitian, Liaison, Municipality]
}

/// What is being said.
#[derive(Clone, PartialEq)]
pub struct Saying {
    /// About whom.
    pub patient: PatientId,
    /// The hand-over that is answered.
    pub answers: Option<HandOverView>,
}

/// What is being said on a screen with hand-overs: the way to answer one, and the sheet, where it is open.
#[hook]
pub fn use_answering() -> (Callback<HandOverView>, Html) {
    let saying = use_state(|| None::<Saying>);
    let answer = {
        let saying = saying.clone();
        Callback::from(move |line: HandOverView| {
            saying.set(Some(Saying { patient: line.patient.id.clone(), answers: Some(line) }));
        })
    };
    let close = {
        let saying = saying.clone();
        move |()| saying.set(None)
    };
    let sheet = html! { if let Some(saying) = &*saying { <SaySheet saying={saying.clone()} on_close={close} /> } };
    (answer, sheet)
}

#[derive(Properties, PartialEq)]
pub struct SaySheetProps {
    /// What is being said.
    pub saying: Saying,
    /// Said, or called off.
    pub on_close: Callback<()>,
}

/// Says something to whoever comes next, or answers.
#[component]
pub fn SaySheet(props: &SaySheetProps) -> Html {
    let app = use_app();
    let words = &app.words;
    let first_to = props.saying.answers.as_ref().map_or(Addressee::Team, |line| Addressee::Member {
        id: line.author.member.clone(),
        name: line.author.name.clone(),
    });
    let key: Option<sayings::Key> = app.me().map(|me| {
        let answers = props.saying.answers.as_ref().map(|line| line.entry.clone());
        (me.member.clone(), props.saying.patient.clone(), answers)
    });
    let draft = use_state(|| {
        let kept = key.as_ref().and_then(sayings::get);
        kept.unwrap_or_else(|| HandOverDraft { to: first_to, urgent: false, text: String::new() })
    });
    let keep = {
        let (draft, key) = (draft.clone(), key.clone());
        Callback::from(move |changed: HandOverDraft| {
            if let Some(key) = &key {
                sayings::put(key, &changed);
            }
            draft.set(changed);
        })
    };
    let refused = use_state(|| None::<ApiError>);
    let busy = use_state(|| false);
    let change = |set: fn(&mut HandOverDraft, String)| {
        let (draft, keep) = (draft.clone(), keep.clone());
        move |text: String| {
            let mut changed = (*draft).clone();
            set(&mut changed, text);
            keep.emit(changed);
        }
    };
    let to = {
        let (draft, keep) = (draft.clone(), keep.clone());
        move |to: Addressee| keep.emit(HandOverDraft { to, ..(*draft).clone() })
    };
    let text = Callback::from(change(|draft, text| draft.text = text)).reform(|event: InputEvent| text_of(&event));
    let urgent = Callback::from(change(|draft, checked| draft.urgent = checked == "true")).reform(|event: Event| {
        event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked()).to_string()
    });
    let say = {
        let (app, draft, refused, busy, on_close) =
            (app.clone(), draft.clone(), refused.clone(), busy.clone(), props.on_close.clone());
        let saying = props.saying.clone();
        move |_: MouseEvent| {
            busy.set(true);
            let command = HandOver {
                patient: saying.patient.clone(),
                draft: (*draft).clone(),
                answers: saying.answers.as_ref().map(|line| line.entry.clone()),
            };
            let (after, refused, busy) = (app.clone(), refused.clone(), busy.clone());
            let (on_close, key) = (on_close.clone(), key.clone());
            run(&app, command, move |answer| match answer {
                Ok(_) => {
                    if let Some(key) = &key {
                        sayings::forget(key);
                    }
                    on_close.emit(());
                    after.dispatch(Act::Changed);
                    let linked = after
                        .sync
                        .as_ref()
                        .is_some_and(|sync| !matches!(sync.state, SyncState::Offline | SyncState::Connecting));
                    let said = if linked { after.words.t("said") } else { after.words.t("said-will-send") };
                    after.dispatch(Act::Toast(said));
                }
                Err(error) => {
                    busy.set(false);
                    refused.set(Some(error));
                }
            });
        }
    };
    let title = match &props.saying.answers {
        Some(line) => words.ta("answer-to", &[("name", &line.author.name)]),
        None => words.t("say"),
    };
    html! {
        <Sheet {title} on_close={props.on_close.clone()} testid="say-sheet">
            if let Some(line) = &props.saying.answers {
                <blockquote class="remark"><p class="quiet">{ &line.patient.name }</p><p class="free-text">{ &line.text }</p></blockquote>
            }
            <AddresseeField patient={props.saying.patient.clone()} to={draft.to.clone()} on_to={to} />
            <label class="field">
                <span class="field-label">{ words.t("hand-over-text") }</span>
                <textarea class="input" rows="4" value={draft.text.clone()} oninput={text} data-testid="say-text" />
            </label>
            <label class="check">
                <input type="checkbox" checked={draft.urgent} onchange={urgent} data-testid="say-urgent" /><span>{ words.t("urgent-long") }</span>
            </label>
            if let Some(error) = &*refused { { failure(&app, error) } }
            <button type="button" class={classes!(button_class("primary"), "button-wide")} onclick={say} data-testid="say-save"
                disabled={*busy || draft.text.trim().is_empty()}>{ words.t("save") }</button>
        </Sheet>
    }
}
