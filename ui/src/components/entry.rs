//! One entry of the timeline: who, when, what it says, and what it said before.

use crate::{
    app::{Act, App, Route, use_app},
    components::{
        ConfirmButton, DocumentOpen, FileView, WithdrawButton, behaviour_view, document_brief, dose, facts::clock_note,
        file_list, goal_view, lab_report, observation, plan_line, read_by, rhythm_view, test_request, verdict,
        vitals_line, when, who, wishes_view,
    },
    dates,
    drafts::{self, DraftKey},
    names,
};
use std::rc::Rc;
use tendenko_app_api::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A text longer than this many characters starts folded.
const FOLD_AT: usize = 80;
/// What is recorded so much later than it happened is marked.
const LATE_MS: i64 = 3 * 3_600_000;

#[derive(Properties, PartialEq)]
pub struct EntryProps {
    /// What was recorded.
    pub entry: Rc<TimelineEntry>,
    /// About whom.
    pub patient: PatientId,
    /// Its files are in the list by themselves, beside it.
    #[prop_or_default]
    pub files_beside: bool,
}

/// One entry of the timeline.
#[component]
pub fn EntryView(props: &EntryProps) -> Html {
    let app = use_app();
    let open = use_state(|| false);
    let (words, entry) = (&app.words, &props.entry);
    let kind = names::kind(&entry.body.kind());
    let toggle = {
        let open = open.clone();
        move |_| open.set(!*open)
    };
    let long = long_text(&entry.body).is_some_and(|text| text.chars().count() > FOLD_AT);
    let waits = waits_for_me(&app, entry);
    // A medicine's change says its reason itself; a correction's is told with what it said before.
    let why = entry.earlier.is_empty() && !matches!(entry.body, EntryBody::MedicineChange(_));
    let has_more = long || !entry.earlier.is_empty();
    let takes_back = entry.author.mine && is_short(&entry.body);
    let correct = match &entry.body {
        EntryBody::Visit(visit) if *open || !has_more => Some(correct_button(&app, props, visit)),
        _ => None,
    };
    html! {
        <div class={classes!("entry", entry.new.then_some("is-new"), format!("bar-{}", names::profession(&entry.author.profession)))}
            data-testid="entry" data-entry={entry.id.0.clone()} data-kind={kind} data-sent={sent_name(entry.sent)}>
            <header class="entry-head">
                <time class="entry-time">{ dates::clock(entry.at) }</time>
                <span class="entry-kind">{ words.t(&format!("kind-{kind}")) }</span>
                { who(&app, &entry.author) }
                if entry.new { <span class="mark mark-new" data-testid="new">{ words.t("unread") }</span> }
                if !entry.earlier.is_empty() { <span class="mark mark-corrected" data-testid="corrected">{ words.t("corrected") }</span> }
                if is_late(entry) {
                    <span class="mark mark-plain" data-testid="late">{ words.ta("recorded-late", &[("when", &dates::moment(entry.recorded_at, app.now()))]) }</span>
                }
                if entry.sent != Sent::Acked {
                    <span class="unsent" data-testid="unsent">{ if entry.sent == Sent::Sealed { words.t("sent-sealed") } else { words.t("sent-pending") } }</span>
                }
                { correct.unwrap_or_default() }
            </header>
            <div class={classes!("entry-body", (long && !*open).then_some("is-folded"))}>{ body(&app, &entry.body) }
                if let EntryBody::Attachment(file) = &entry.body { <FileView patient={props.patient.clone()} entry={entry.id.clone()} file={file.clone()} /> }
                if !props.files_beside { { file_list(&props.patient, &entry.files) } }
                if let Some(document) = document_of(entry) {
                    <DocumentOpen patient={props.patient.clone()} entry={document.clone()}><span>{ words.t("open-document") }</span></DocumentOpen>
                }
            </div>
            if let Some(reason) = entry.reason.as_ref().filter(|_| *open || why) {
                <p class="why"><span class="quiet">{ words.t("reason") }{ "：" }</span>{ reason }</p>
            }
            if *open {
                <p class="quiet">{ &entry.author.facility }{ " " }{ words.t("recorded-at") }{ " " }{ when(&app, entry.recorded_at) }</p>
                { for entry.earlier.iter().map(|earlier| html! {
                    <div class="earlier" data-testid="earlier-version">
                        <p class="quiet">{ words.t("before-correction") }{ " " }{ who(&app, &earlier.author) }{ " " }{ when(&app, earlier.recorded_at) }</p>
                        { body(&app, &earlier.body) }
                    </div>
                }) }
            }
            { clock_note(&app, entry.clock_offset_ms) }
            { read_by(&app, &entry.read_by) }
            if has_more || waits || takes_back {
                <div class="entry-actions">
                    if has_more {
                        <button type="button" class="button button-quiet button-small" onclick={toggle} aria-expanded={open.to_string()} data-testid="entry-open">
                            { if *open { words.t("show-less") } else if entry.earlier.is_empty() { words.t("show-all") } else { words.t("show-both-versions") } }
                        </button>
                    }
                    if waits { <ConfirmButton patient={props.patient.clone()} entry={entry.id.clone()} /> }
                    if takes_back { <WithdrawButton patient={props.patient.clone()} entry={entry.id.clone()} /> }
                </div>
            }
        </div>
    }
}

/// What is written in one go, and written again rather than corrected word by word.
fn is_short(body: &EntryBody) -> bool {
    matches!(body, EntryBody::MedicineObservation(_) | EntryBody::LabReport(_) | EntryBody::TestRequest(_))
}

/// Was it recorded long after it happened? A correction says so by itself, and a plan or an imported notebook is meant to.
fn is_late(entry: &TimelineEntry) -> bool {
    let told = matches!(entry.body, EntryBody::Visit(_) | EntryBody::Note { .. } | EntryBody::HandOver { .. });
    told && entry.earlier.is_empty() && entry.recorded_at.0 - entry.at.0 >= LATE_MS
}

/// A hand-over to the person at work that they have not confirmed.
fn waits_for_me(app: &App, entry: &TimelineEntry) -> bool {
    let (EntryBody::HandOver { to, .. }, Some(me)) = (&entry.body, app.me()) else { return false };
    let to_me = match to {
        Addressee::Team => true,
        Addressee::Profession(profession) => *profession == me.profession,
        Addressee::Member { id, .. } => *id == me.member,
    };
    to_me && !entry.author.mine && !entry.read_by.iter().any(|reader| reader.author.mine)
}

/// The document that an entry is, or is about.
fn document_of(entry: &TimelineEntry) -> Option<&EntryId> {
    match &entry.body {
        EntryBody::Document(_) => Some(&entry.id),
        EntryBody::ChecklistAnswer { document, .. } => Some(document),
        _ => None,
    }
}

fn sent_name(sent: Sent) -> &'static str {
    match sent {
        Sent::Pending => "pending",
        Sent::Sealed => "sealed",
        Sent::Acked => "acked",
    }
}

fn long_text(body: &EntryBody) -> Option<&str> {
    match body {
        EntryBody::Visit(visit) => Some(&visit.note),
        EntryBody::Note { text } | EntryBody::NotebookImport { text, .. } => Some(text),
        _ => None,
    }
}

fn correct_button(app: &App, props: &EntryProps, visit: &VisitView) -> Html {
    let (app, patient, entry) = (app.clone(), props.patient.clone(), props.entry.id.clone());
    let form = drafts::from_visit(props.entry.at, visit);
    let label = app.words.t("correct");
    let correct = move |_| {
        let Some(me) = app.me() else { return };
        let key = DraftKey { member: me.member.clone(), patient: patient.clone(), correct: Some(entry.clone()) };
        let (app, form, route) = (app.clone(), form.clone(), Route::Visit(patient.clone(), Some(entry.clone())));
        spawn_local(async move {
            // One that was begun before goes on as it was left.
            if !drafts::read(&key).await.is_ok_and(|begun| begun.form.is_some()) {
                drafts::put(&key, &form, |_| ());
            }
            app.dispatch(Act::Go(route));
        });
    };
    html! { <button type="button" class="button button-quiet button-small" onclick={correct} data-testid="correct">{ label }</button> }
}

fn body(app: &App, body: &EntryBody) -> Html {
    let words = &app.words;
    match body {
        EntryBody::Visit(visit) => html! {
            <>
                if let Some(purpose) = &visit.purpose { <p class="purpose">{ purpose }</p> }
                { vitals_line(app, &visit.vitals) }
                if !visit.care.is_empty() {
                    <p class="care">{ for visit.care.iter().map(|code| html! { <span class="care-done">{ words.care(code) }</span> }) }</p>
                }
                if !visit.note.is_empty() { <p class="free-text">{ &visit.note }</p> }
                if !visit.sections.is_empty() {
                    <dl class="sections">
                        { for visit.sections.iter().map(|section| html! { <><dt>{ words.section(&section.name) }</dt><dd class="free-text">{ &section.text }</dd></> }) }
                    </dl>
                }
            </>
        },
        EntryBody::Note { text } => html! { <p class="free-text">{ text }</p> },
        EntryBody::HandOver { to, urgent, text, answers } => html! {
            <>
                <p class="hand-over-to">
                    if *urgent { <span class="mark mark-urgent">{ words.t("urgent") }</span> }
                    { words.ta("hand-over-to", &[("to", &addressee(app, to))]) }
                    if answers.is_some() { <span class="mark mark-plain">{ words.t("an-answer") }</span> }
                </p>
                <p class="free-text">{ text }</p>
            </>
        },
        EntryBody::Dispensing(given) => dispensing(app, given),
        EntryBody::MedicineChange(change) => medicine_change(app, change),
        EntryBody::MedicineObservation(seen) => {
            html! { <><p><b class="drug">{ &seen.name }</b></p>{ observation(app, seen) }</> }
        }
        EntryBody::LabReport(report) => lab_report(app, report),
        EntryBody::TestRequest(request) => test_request(app, request),
        EntryBody::VisitPlan(plan) => plan_line(app, plan),
        EntryBody::VisitChange(change) => {
            let date = |iso: &str| dates::long(iso, words.lang);
            let said = match &change.moved_to {
                Some((to, time)) => {
                    words.ta("day-moved", &[("date", &date(&change.date)), ("to", &date(to)), ("time", time)])
                }
                None => words.ta("day-dropped", &[("date", &date(&change.date))]),
            };
            html! { <p>{ said }</p> }
        }
        EntryBody::TeamGoal(goal) => goal_view(app, goal),
        EntryBody::DayRhythm(rhythm) => rhythm_view(app, rhythm),
        EntryBody::Behaviour(said) => behaviour_view(app, said),
        EntryBody::WishesChange { before, after } => html! {
            <>
                { wishes_view(app, after) }
                { for before.iter().map(|before| html! {
                    <div class="earlier"><p class="quiet">{ words.t("wishes-before") }</p>{ wishes_view(app, before) }</div>
                }) }
            </>
        },
        EntryBody::NotebookImport { file_name, text } => html! {
            <><p>{ file_name }</p><pre class="raw-text">{ text }</pre></>
        },
        EntryBody::SiteAccess { reason } => {
            let known = names::is_site_reason(reason);
            let reason = if known { words.t(&format!("site-reason-{reason}")) } else { reason.clone() };
            html! { <p>{ words.ta("site-access-because", &[("reason", &reason)]) }</p> }
        }
        EntryBody::Attachment(_) => html! {},
        EntryBody::Document(document) => document_brief(app, document),
        EntryBody::ChecklistAnswer { question, verdict: told, text, .. } => html! {
            <>
                <p class="quiet">{ question }</p>
                <p><span class="mark mark-plain">{ verdict(app, told) }</span>{ " " }<span class="free-text">{ text }</span></p>
            </>
        },
        EntryBody::Withdrawal => html! { <p>{ words.t("withdrawn") }</p> },
        EntryBody::Unknown { .. } => html! { <p class="quiet">{ words.t("from-newer-version") }</p> },
    }
}

/// To whom a hand-over is addressed.
pub fn addressee(app: &App, to: &Addressee) -> String {
    match to {
        Addressee::Team => app.words.t("to-team"),
        Addressee::Profession(profession) => app.words.profession(profession),
        Addressee::Member { name, .. } => name.clone(),
    }
}

/// What was handed over, drug by drug. Names and usages wrap and are never cut.
pub fn dispensing(app: &App, given: &DispensingView) -> Html {
    let words = &app.words;
    html! {
        <div class="dispensing">
            <p>
                <b>{ words.ta("dispensed-on", &[("date", &dates::long(&given.dispensed_on, words.lang))]) }</b>
                <span class="source">{ words.t(&format!("source-{}", names::source(&given.source))) }</span>
            </p>
            <p class="quiet">
                if let Some(pharmacy) = &given.pharmacy { <span>{ pharmacy }</span>{ " " } }
                if let Some(prescriber) = &given.prescriber { <span>{ words.ta("prescribed-by", &[("who", prescriber)]) }</span> }
            </p>
            <ul class="facts">
                { for given.drugs.iter().map(|drug| html! {
                    <li class="card-medicine">
                        <b class="drug">{ &drug.name }</b>{ dose(app, &drug.dose) }<span>{ &drug.usage }</span>
                        if let Some(quantity) = &drug.quantity { <span>{ quantity }</span> }
                        { for drug.notes.iter().map(|note| html! { <span class="quiet">{ note }</span> }) }
                    </li>
                }) }
            </ul>
            { for given.notes.iter().map(|note| html! { <p class="free-text">{ note }</p> }) }
        </div>
    }
}

/// A change of a medicine: from what to what, and why.
pub fn medicine_change(app: &App, change: &MedicineChangeView) -> Html {
    let words = &app.words;
    let regimen = |regimen: &Regimen| html! { <span class="regimen">{ dose(app, &regimen.dose) }<span>{ &regimen.usage }</span></span> };
    html! {
        <div class="medicine-change">
            <p><b class="drug">{ &change.name }</b>{ " " }<span class="mark mark-plain">{ words.t(&format!("action-{}", names::action(&change.action))) }</span></p>
            <p class="from-to">
                if let Some(before) = &change.before { <span class="before">{ regimen(before) }</span> }
                if let Some(after) = &change.after { <span class="arrow" aria-hidden="true">{ "→" }</span>{ regimen(after) } }
            </p>
            if !change.reason.is_empty() { <p class="why"><span class="quiet">{ words.t("reason") }{ "：" }</span>{ &change.reason }</p> }
        </div>
    }
}
